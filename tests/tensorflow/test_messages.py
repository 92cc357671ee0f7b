"""A first fit writes nothing to standard error, and no error is lost."""

import os
import signal
import subprocess
import sys

import pytest

from tests.fresh import ROOT

FIT = """
import numpy as np
from skae import AutoencoderTransformer
X = np.random.default_rng(0).standard_normal((40, 3))
AutoencoderTransformer(1, hidden_layer_sizes=(), learning_rate="cosine", max_iter=2).fit(X)
"""
# As TensorFlow 2.21 writes them.
LINES = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795282653.261156   21176 port.cc:153] oneDNN custom operations are on.
W0000 00:00:1795282653.262359   21176 xla/computation_placer.cc:177] already registered.
E0000 00:00:1795282653.9538   1 cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)
E0000 00:00:1795282653.9538   1 cpu_aot_loader.cc:220] feature +prefer-no-gather is not  supported
E0000 00:00:1795282653.9538   1 cpu_aot_loader.cc:220] feature +avx512fp16 is not  supported
E0000 00:00:1795282653.9538   1 cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (803)
F0000 00:00:1795282653.9538   1 cpu.cc:34] The library was compiled to use AVX instructions.
"""
# Without the package, which imports scikit-learn.
IMPORT = """
import runpy
messages = runpy.run_path("skae/_tensorflow/messages.py")
without_harmless_messages = messages["without_harmless_messages"]
"""
LOSES_NONE = f"""
import os, sys
{IMPORT}
with without_harmless_messages():
    os.write(2, {LINES!r}.encode())
    print("a thread's line", file=sys.stderr)
    END
print("afterwards", file=sys.stderr)
"""


def run(code, **environment):
    before = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=before | environment,
    )


@pytest.mark.slow
def test_a_first_fit_prints_nothing():
    ended = run(FIT)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.slow
def test_programs_from_the_cache_print_nothing(tmp_path):
    for _ in range(2):
        ended = run(FIT, SKAE_PROGRAM_CACHE=str(tmp_path))
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert list(tmp_path.iterdir())


@pytest.mark.parametrize("end", ["pass", "raise OSError('disk')", "os.abort()"])
def test_errors_are_kept(end):
    ended = run(LOSES_NONE.replace("END", end))
    kept = ended.stderr.splitlines()
    assert kept[:4] == [*LINES.splitlines()[5:], "a thread's line"]
    if end == "pass":
        assert kept[4:] == ["afterwards"]
    elif end == "os.abort()":
        assert ended.returncode == -signal.SIGABRT
    else:
        assert kept[-1] == "OSError: disk"


def test_without_grep_nothing_is_filtered():
    ended = run("import os; os.environ['PATH'] = ''" + LOSES_NONE.replace("END", "pass"))
    assert ended.stderr == LINES + "a thread's line\nafterwards\n"


def test_standard_error_may_be_closed():
    code = f"""
import os
os.close(2)
{IMPORT}
with without_harmless_messages():
    print("done")
"""
    assert run(code).stdout == "done\n"
