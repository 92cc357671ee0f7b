"""What all tests share."""

import os
import signal

import pytest
from hypothesis import settings

from tests import learning
from tests.programs import untrained, without_xla

# Ten thousand cases in all are asked for by --hypothesis-profile=long.
settings.register_profile("suite", max_examples=15, derandomize=True, database=None, deadline=None)
settings.register_profile("long", max_examples=650, database=None, deadline=None)
settings.load_profile("suite")

# scikit-learn skips its array API check without this, and SciPy reads it at import.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Tests compile what they test, and write nothing into the user's caches.
os.environ.setdefault("SKAE_PROGRAM_CACHE", "off")
# Shells start programs in the background with Ctrl-C ignored, and so they would leave it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Figures are drawn without a screen.
os.environ.setdefault("MPLBACKEND", "agg")
# pytest's processes share the cores, instead of each taking all: the suite takes a tenth less.
n_processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
if n_processes > 1:
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, os.cpu_count() // n_processes)))


@pytest.fixture(params=learning.seeds(), ids=lambda seed: f"seed{seed}")
def learning_seed(request):
    """Return the `random_state` of a fit whose result is compared with a bound."""
    return request.param


@pytest.fixture(name="untrained")
def _untrained():
    """Let the fits of a test keep their initial weights and compile nothing."""
    with untrained():
        yield


@pytest.fixture(name="without_xla")
def _without_xla():
    """Let the fits of a test train by TensorFlow's own kernels."""
    with without_xla():
        yield


@pytest.fixture(scope="module")
def module_without_xla():
    """Let all fits of a module train by TensorFlow's own kernels."""
    with without_xla():
        yield


def pytest_collection_modifyitems(items):
    """Mark the tests of what was learned, for `tests/learned_margins.py`, and examples as slow."""
    for item in items:
        if isinstance(item, pytest.DoctestItem):
            item.add_marker("slow")
        if "learning_seed" in getattr(item, "fixturenames", ()):
            item.add_marker("learned")
