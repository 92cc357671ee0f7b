"""The only room that imports TensorFlow; nothing outside `fit` enters it but for layers that NumPy
lacks. Entering it says at once where TensorFlow is not installed, and loads nothing yet. What
TensorFlow reads from the environment when it is imported is set here before.
"""

import os
from importlib.util import find_spec

from skae._tensorflow.program_cache import keep_programs

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

# joblib and Dask tell their workers by this variable how many cores are theirs. TensorFlow would
# take all of them in each worker.
if "OMP_NUM_THREADS" in os.environ:
    for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(threads, os.environ["OMP_NUM_THREADS"])

# A session says for itself how many threads an operation has, instead of all sharing the first's.
os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")

if os.environ.get("SKAE_PROGRAM_CACHE"):
    keep_programs(os.environ["SKAE_PROGRAM_CACHE"])
