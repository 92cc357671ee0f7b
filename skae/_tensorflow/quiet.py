"""Import TensorFlow without its messages about the machine.

The messages are not filtered if TensorFlow was imported before, or if TF_CPP_MIN_LOG_LEVEL is 0
or 1.
"""

import os
import sys

from skae._tensorflow.messages import without_harmless_messages

if "tensorflow" in sys.modules or os.environ["TF_CPP_MIN_LOG_LEVEL"] in ("0", "1"):
    import tensorflow as tf
else:
    with without_harmless_messages():
        import tensorflow as tf

        # If there is no GPU, TensorFlow prints a message when it first searches for one.
        tf.config.list_physical_devices()

__all__ = ["tf"]
