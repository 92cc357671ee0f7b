"""Fits of one estimator in several threads, one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from threading import Lock, RLock
from typing import Any
from weakref import WeakKeyDictionary

# Not attributes of the estimators, which could then not be copied or stored.
_locks: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
_of_locks = Lock()


def one_at_a_time(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let calls of a method of one estimator wait for each other.

    scikit-learn keeps what callbacks know of a fit on the estimator, and has it removed at the
    end, after the method itself. A second fit at that time would lose its own.
    """

    @wraps(method)
    def waiting(estimator: Any, *args: Any, **kwargs: Any) -> Any:
        with _of_locks:
            lock = _locks.setdefault(estimator, RLock())
        with lock:
            return method(estimator, *args, **kwargs)

    return waiting


def _forget() -> None:
    """Drop the locks in a process just forked, in which nobody is left to release them."""
    global _locks, _of_locks
    _locks, _of_locks = WeakKeyDictionary(), Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
