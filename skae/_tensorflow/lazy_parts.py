"""The parts of TensorFlow's interface, such as `tf.data`, each loaded at its first use.

TensorFlow's package imports them all, and for them more than a thousand modules, of which dense
training uses few.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

PARTS = "tensorflow._api.v2."

# Parts import modules of TensorFlow, and these import no parts: so no thread that waits for this
# lock holds the lock of a module that a part needs.
_loading = threading.RLock()


class _Part(ModuleType):
    """A module that is loaded when one of its names is asked for, as `importlib.util.LazyLoader`'s.

    Unlike those, other threads wait until it is, and who looks for names such as `__wrapped__` in
    all modules loads nothing.
    """

    def __getattr__(self, name: str) -> Any:
        if name == "__all__" or not name.startswith("__"):
            _load(self)
        return ModuleType.__getattribute__(self, name)

    def __dir__(self) -> list[str]:
        _load(self)
        return list(ModuleType.__dir__(self))


class _FirstUse(Loader):
    """The loader of a part until it is loaded by `loader`."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Part(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module empty: `_load` fills it."""


def _load(part: _Part) -> None:
    with _loading:
        spec = part.__spec__
        assert spec is not None
        if not isinstance(first_use := spec.loader, _FirstUse):
            # Loaded by another thread meanwhile, or a part that asks for its own names.
            return
        part.__loader__ = spec.loader = first_use.loader
        try:
            first_use.loader.exec_module(part)
        except BaseException:
            part.__loader__ = spec.loader = first_use
            raise
        part.__class__ = ModuleType  # type: ignore[assignment]
        # Those of `tf.compat.v1` put a wrapper in their place.
        parent, _, name = spec.name.rpartition(".")
        setattr(sys.modules[parent], name, sys.modules[spec.name])


class _Finder(MetaPathFinder):
    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(PARTS):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _FirstUse(spec.loader)
        return spec


def make_parts_lazy() -> None:
    """Call it before TensorFlow is imported. Parts of parts are found later: the finder stays."""
    sys.meta_path.insert(0, _Finder())
