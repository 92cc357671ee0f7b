"""Give XLA the compiled programs of earlier processes, and keep new ones for later processes.

XLA has a cache of its own, for all programs of a process. A file in it that is damaged or cannot be
written ends the call of a program with an error. So it gets a directory in TensorFlow's file system
in memory, which is filled and emptied here around the first call of a program of skae. The user's
own programs never reach the disk, and are not read from there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any, TypeVar

from skae._tensorflow.program_cache import ProgramCache, processor

T = TypeVar("T")
# Number of the format of what is kept, see `packed`.
FORMAT = 2
FOLDER = "ram://skae-programs"
FLAGS = f"--tf_xla_persistent_cache_directory={FOLDER} --tf_xla_persistent_cache_device_types=CPU"


@contextmanager
def xla_flags() -> Iterator[None]:
    """Context in which XLA reads where its cache is; processes started later do not see it."""
    before = os.environ.get("TF_XLA_FLAGS")
    os.environ["TF_XLA_FLAGS"] = f"{before or ''} {FLAGS}".strip()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TF_XLA_FLAGS"]
        else:
            os.environ["TF_XLA_FLAGS"] = before


class RejectedProgramError(Exception):
    """A kept program is not what XLA wrote, and has been removed. The session cannot be used."""


class KeptPrograms:
    """Reads and writes the programs that XLA compiles, named by their content.

    Parameters
    ----------
    tf : module
        TensorFlow, imported while `xla_flags` were set.
    cache : ProgramCache
    """

    def __init__(self, tf: Any, cache: ProgramCache) -> None:
        self._tf, self._cache, self._loading = tf, cache, Lock()
        build = tf.version.VERSION, tf.version.GIT_VERSION, tf.version.COMPILER_VERSION
        # What XLA and oneDNN read, except for settings of messages.
        settings = sorted(
            pair
            for pair in os.environ.items()
            if pair[0].startswith(("TF_", "XLA_")) and not pair[0].startswith("TF_CPP_")
        )
        self._of_this_process = [FORMAT, build, processor(), settings, n_processors()]

    def named(self, graph: Any, threads: int) -> tuple[Any, str]:
        """Return an equal graph whose functions are named by its content, and that name.

        TensorFlow numbers functions in the order in which a process traces them, and XLA takes
        programs with other names for others.
        """
        tf, proto = self._tf, graph.as_graph_def()
        functions = proto.library.function
        old = sorted((f.signature.name for f in functions), key=_base_and_number)
        _rename(proto, {name: f"{_base_and_number(name)[0]}_{i}" for i, name in enumerate(old)})
        ordered = sorted(functions, key=lambda f: f.signature.name)
        content = hashlib.sha256(repr([*self._of_this_process, threads]).encode())
        for each in (*ordered, proto.versions, *proto.node):
            content.update(each.SerializeToString(deterministic=True))
        name = f"skae_{content.hexdigest()}"
        _rename(proto, {f.signature.name: f"{name}_{i}" for i, f in enumerate(ordered)})
        with tf.Graph().as_default() as same:
            tf.graph_util.import_graph_def(proto, name="")
        return same, name

    def call(self, name: str, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function that compiles the program of this name, or finds it compiled.

        Raises
        ------
        RejectedProgramError
            Another session will compile it.
        """
        kept = self._kept(name)
        if not kept:
            result = function(*arguments)
        else:
            # Another thread must not write the files while XLA reads them.
            with self._loading:
                self._fill(kept)
                try:
                    result = function(*arguments)
                except self._tf.errors.OpError as error:
                    self._cache.remove(name)
                    raise RejectedProgramError from error
                finally:
                    self._empty(kept)
        # If it was compiled just now, XLA has written it.
        self._keep(name)
        return result

    def _kept(self, name: str) -> dict[str, bytes]:
        """Return XLA's files for the program of this name; none if it is not kept."""
        content = self._cache.read(name)
        return {} if content is None else unpacked(content)

    def _fill(self, files: dict[str, bytes]) -> None:
        self._tf.io.gfile.makedirs(FOLDER)
        for file, content in files.items():
            with self._tf.io.gfile.GFile(f"{FOLDER}/{file}", "wb") as opened:
                opened.write(content)

    def _empty(self, files: Iterable[str]) -> None:
        for file in files:
            with suppress(self._tf.errors.OpError):
                self._tf.io.gfile.remove(f"{FOLDER}/{file}")

    def _keep(self, name: str) -> None:
        """Move the files of the program of this name to the disk, if XLA has written any."""
        gfile, files, new = self._tf.io.gfile, [], {}
        # No folder: this version reads the flags at another time, or compiled for a GPU.
        with suppress(self._tf.errors.OpError):
            files = gfile.listdir(FOLDER)
        for file in files:
            # Another thread may have moved it.
            with suppress(self._tf.errors.OpError):
                with gfile.GFile(f"{FOLDER}/{file}", "rb") as opened:
                    content = opened.read()
                if name.encode() in content:
                    new[file] = content
        if new:
            self._empty(new)
            # Another thread, or an earlier process, may have kept others of them.
            self._cache.write(name, packed({**self._kept(name), **new}))


def packed(files: dict[str, bytes]) -> bytes:
    """Return files as bytes: a line with their names and sizes, and what is in them.

    XLA writes one for each function that it compiles by itself. A program may have several.
    """
    sizes = {file: len(content) for file, content in files.items()}
    return json.dumps(sizes).encode() + b"\n" + b"".join(files.values())


def unpacked(content: bytes) -> dict[str, bytes]:
    """Undo `packed`."""
    sizes, _, left = content.partition(b"\n")
    files = {}
    for file, size in json.loads(sizes).items():
        files[file], left = left[:size], left[size:]
    return files


def n_processors() -> int:
    """Return how many processors XLA would divide its loops among."""
    affinity = getattr(os, "sched_getaffinity", None)
    return (os.cpu_count() or 1) if affinity is None else len(affinity(0))


def _base_and_number(name: str) -> tuple[str, int]:
    """Return the name of a function without the number that TensorFlow appends, and this."""
    base, number = re.fullmatch(r"(.*?)_?(\d*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
    return base, int(number or 0)


def _rename(proto: Any, names: dict[str, str]) -> None:
    """Give the functions of a graph other names, everywhere."""
    nodes = list(proto.node)
    for function in proto.library.function:
        function.signature.name = names[function.signature.name]
        nodes += function.node_def
    for node in nodes:
        node.op = names.get(node.op, node.op)
        node.ClearField("experimental_debug_info")
        # It names the gradient of a call by another of these numbers.
        node.attr.pop("_gradient_op_type", None)
        for value in node.attr.values():
            if value.HasField("func"):
                value.func.name = names.get(value.func.name, value.func.name)
            for function in value.list.func:
                function.name = names.get(function.name, function.name)
