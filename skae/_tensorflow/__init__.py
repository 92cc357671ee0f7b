"""The only package that imports TensorFlow. Outside `fit`, it is used only for layers that NumPy
cannot compute. Importing this package raises an error if TensorFlow is not installed, but does not
load it. The environment variables that TensorFlow reads at its import are set here first.
"""

import os
from importlib.util import find_spec

if find_spec("tensorflow") is None:
    raise ModuleNotFoundError(
        "TensorFlow is not installed here, but skae needs it to fit, for Keras models, and to "
        "encode and decode with convolutional or recurrent layers. Install it by `pip install "
        "tensorflow`, or do this where it is installed. Other fitted estimators need only NumPy.",
        name="tensorflow",
    )

# At its first import TensorFlow prints messages about CPU instructions, XLA and missing GPUs. Set
# TF_CPP_MIN_LOG_LEVEL to see these messages; errors are always printed.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# joblib and Dask limit the number of cores of their workers by this variable. TensorFlow ignores it
# and would use all cores in each worker.
if "OMP_NUM_THREADS" in os.environ:
    for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(threads, os.environ["OMP_NUM_THREADS"])
