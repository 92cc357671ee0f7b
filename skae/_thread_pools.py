"""Tell TensorFlow, at the import of skae, that each of its sessions has threads of its own.

TensorFlow reads this at the first operation of a process, and never again. If it is not set then,
all sessions share the threads of that operation. An operation of a convolutional or recurrent
network, for which skae asks for one thread, then has several: such networks train more slowly, and
to other bits.
"""

import os

os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")
