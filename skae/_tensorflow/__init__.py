"""The only room that imports TensorFlow; nothing outside `fit` enters it.

What TensorFlow reads from the environment when it is imported is set here before.
"""

import os

# At its first import TensorFlow reports, on every machine, on CPU instructions, XLA and absent
# GPUs. Who wants to read that sets the level before; errors are printed anyway.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# joblib and Dask tell their workers by this variable how many cores are theirs. TensorFlow would
# take all of them in each worker.
if "OMP_NUM_THREADS" in os.environ:
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", os.environ["OMP_NUM_THREADS"])

# Where programs compiled by XLA are kept for the next process.
if os.environ.get("SKAE_PROGRAM_CACHE"):
    os.environ["TF_XLA_FLAGS"] = " ".join(
        [
            os.environ.get("TF_XLA_FLAGS", ""),
            f"--tf_xla_persistent_cache_directory={os.environ['SKAE_PROGRAM_CACHE']}",
            "--tf_xla_persistent_cache_device_types=CPU",
        ]
    ).strip()
