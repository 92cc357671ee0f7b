"""The only room that imports TensorFlow; nothing outside `fit` enters it."""

import os

# At its first import TensorFlow reports, on every machine, on CPU instructions, XLA and absent
# GPUs. Who wants to read that sets the level before; errors are printed anyway.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
