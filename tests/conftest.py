"""What all tests share."""

import os

# scikit-learn skips its array API check without this, and SciPy reads it at import.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Figures are drawn without a screen.
os.environ.setdefault("MPLBACKEND", "agg")
