"""An interpreter that ends finalizes the user's objects, and does not look at TensorFlow's."""

import asyncio
import gc
import io
import subprocess
import sys

import pytest

from skae._tensorflow import leaving
from skae._tensorflow.leaving import leave_quickly
from tests.fresh import ROOT, in_fresh_process


class Finalized:
    def __del__(self):
        pass


class Inherits(Finalized):
    pass


def suspended():
    try:
        yield 1
    finally:
        print("done")


@pytest.fixture
def freezes(monkeypatch):
    """Return whether nothing but the given objects keeps Python from freezing all."""

    def check(*objects):
        frozen = []
        with monkeypatch.context() as patch:
            patch.setattr(leaving.gc, "get_objects", lambda: list(objects))
            patch.setattr(leaving.gc, "freeze", lambda: frozen.append(True))
            leave_quickly()
        return bool(frozen)

    return check


def test_objects_without_a_finalizer_are_passed_over(freezes, tmp_path):
    (tmp_path / "read").write_text("text")
    with open(tmp_path / "read") as reading, open(tmp_path / "closed", "w") as closed:
        closed.close()
        assert freezes([], {}, sys, Finalized, io.BytesIO(), reading, reading.buffer, closed)
    assert freezes(sys.__stdout__, sys.__stderr__, sys.__stdin__)
    ended = suspended()
    list(ended)
    assert freezes(ended)


def test_a_finalizer_that_may_do_something_is_kept(freezes, tmp_path):
    assert not freezes([], Finalized())
    assert not freezes(Inherits())
    with open(tmp_path / "text", "w") as text, open(tmp_path / "bytes", "wb") as binary:
        assert not freezes(text)
        assert not freezes(binary)
    begun = suspended()
    next(begun)
    assert not freezes(begun)
    sleep = asyncio.sleep(0)
    assert not freezes(sleep)
    sleep.close()
    broken = io.TextIOWrapper(io.BytesIO())
    broken.detach()
    assert not freezes(broken)


def test_collections_that_are_being_debugged_stay(freezes):
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        assert not freezes()
    finally:
        gc.set_debug(0)


IMPORT = """
import atexit, gc
atexit.register(lambda: print(gc.get_freeze_count() > 0))
import skae._tensorflow.quiet
"""
CYCLE = """
class Writes:
    def __init__(self):
        self.file, self.me = open({path!r}, "w"), self
        self.file.write("kept")
    def __del__(self):
        self.file.close()
"""


@pytest.mark.slow
def test_the_import_of_tensorflow_is_left_quickly():
    assert in_fresh_process(IMPORT) == "True"


@pytest.mark.slow
@pytest.mark.parametrize("before", [True, False])
def test_a_file_in_a_cycle_is_written(before, tmp_path):
    path = tmp_path / "file"
    made = CYCLE.format(path=str(path)) + "\nwrites = Writes()\n"
    code = made + IMPORT if before else IMPORT + made
    assert in_fresh_process(code) == "False"
    assert path.read_text() == "kept"


@pytest.mark.slow
def test_tensorflow_imported_by_the_user_is_left_as_ever():
    code = "import tensorflow\n" + IMPORT
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert ended.stdout == "False\n"
