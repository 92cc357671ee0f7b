"""TensorFlow, imported without its messages on the machine.

Who has imported it before, or asks for its messages by TF_CPP_MIN_LOG_LEVEL, gets them.
"""

import os
import sys

from skae._tensorflow.messages import without_harmless_messages

if "tensorflow" in sys.modules or os.environ["TF_CPP_MIN_LOG_LEVEL"] in ("0", "1"):
    import tensorflow as tf
else:
    with without_harmless_messages():
        import tensorflow as tf

        # Where there is no GPU, TensorFlow says so when it looks for one first.
        tf.config.list_physical_devices()

__all__ = ["tf"]
