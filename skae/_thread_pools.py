"""Tell TensorFlow, at the import of skae, that each of its sessions has threads of its own.

TensorFlow reads this at the first operation of a process. Afterwards all sessions share the threads
of the first one, and convolutional and recurrent networks, whose operations skae gives one thread
each, train more slowly and to other bits.
"""

import os

os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")
