"""The parts of TensorFlow's interface, such as `tf.data`, each loaded at its first use.

TensorFlow's package imports them all, and for them more than a thousand modules, of which dense
training uses few.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

PARTS = "tensorflow._api.v2."
# The only module that asks `tensorflow` for its package `distribute`, and must not get the part.
RPC = "tensorflow.python.distribute.experimental.rpc.rpc_ops"

# Parts import modules of TensorFlow, and these import no parts: so no thread that waits for this
# lock holds the lock of a module that a part needs.
_loading = threading.RLock()


# Names with underscores that only a loaded part has. Who looks for others in all modules, such as
# `__wrapped__`, loads nothing.
_OF_LOADED = ("__all__", "__dict__", "__doc__")


def _needs_loading(name: str) -> bool:
    return name in _OF_LOADED or not name.startswith("__")


class _Part(ModuleType):
    """A module that is loaded when one of its names is asked for, as `importlib.util.LazyLoader`'s.

    Unlike those, other threads wait until it is.
    """

    def __getattribute__(self, name: str) -> Any:
        if _needs_loading(name):
            _load(self)
        return ModuleType.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        # Loading would undo it. The import of a part of the part sets it, too, and loads nothing.
        if _needs_loading(name) and not isinstance(value, ModuleType):
            _load(self)
        ModuleType.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        _load(self)
        ModuleType.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        _load(self)
        return list(ModuleType.__dir__(self))

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        # cloudpickle knows modules by their very type, and pickles them by their names.
        return import_module, (self.__name__,)


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
        # With a target, a module that is there is reloaded: at once.
        if target is not None or not name.startswith(PARTS):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _FirstUse(spec.loader)
        return spec


def make_parts_lazy() -> None:
    """Call it before TensorFlow is imported. Parts of parts are found later: the finder stays."""
    sys.meta_path.insert(0, _Finder())


def keep_in_place(package: ModuleType) -> None:
    """Import the package's own packages that have the name of a part, such as `tensorflow.lite`.

    Imported later, by this part or by a user, they would take its place in the package.
    """
    folder = os.path.dirname(package.__file__ or "")
    names = [name.removeprefix(PARTS) for name in sys.modules if name.startswith(PARTS)]
    parts = {
        name: getattr(package, name)
        for name in names
        if name in vars(package) and os.path.isfile(os.path.join(folder, name, "__init__.py"))
    }
    for name in parts:
        import_module(f"{package.__name__}.{name}")
    with suppress(ImportError):
        import_module(RPC)
    for name, part in parts.items():
        setattr(package, name, part)
