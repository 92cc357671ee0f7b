"""The only room that imports TensorFlow; nothing outside `fit` enters it but for layers that NumPy
lacks. Entering it says at once where TensorFlow is not installed, and loads nothing yet.
"""

import os
from importlib.util import find_spec

if find_spec("tensorflow") is None:
    raise ModuleNotFoundError(
        "TensorFlow is not installed here, and skae needs it to fit, for Keras models, and to "
        "encode and decode with convolutional or recurrent layers. Install it by `pip install "
        "tensorflow`, or do this where it is installed. Other fitted estimators need NumPy alone.",
        name="tensorflow",
    )

# At its first import TensorFlow reports, on every machine, on CPU instructions, XLA and absent
# GPUs. Who wants to read that sets the level before; errors are printed anyway.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
