"""Ctrl-C, deferred until training can be stopped cleanly, and then passed on to the caller."""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from types import TracebackType
from typing import Any

INTERRUPTED = "Training interrupted by user; the best weights so far are kept."

# Modules whose functions only pass a call on to a method `fit`, and do not count as callers.
PASS_ON = {
    "sklearn.base",
    "sklearn.utils._set_output",
    "skae._estimators.base",
    "skae._estimators.locks",
    "skae._estimators.words",
    "skae.distributed",
}


class DeferredInterrupt:
    """Context that defers the first Ctrl-C until `check` raises it, but not a second one.

    TensorFlow's conversions to NumPy do not survive a KeyboardInterrupt that arises inside them.
    The context does nothing outside the main thread, where Python delivers no signals, and if the
    program handles SIGINT by itself.

    Attributes
    ----------
    pressed : bool
        Whether Ctrl-C was pressed since the context began.
    """

    def __enter__(self) -> DeferredInterrupt:
        self.pressed = self._pending = False
        self._replaces = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self._replaces:
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._replaces:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        # A search would treat the error as a failed score, and continue.
        if self._pending and isinstance(error, Exception):
            raise KeyboardInterrupt from error

    def _note(self, *_: object) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = self._pending = True

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed and not raised yet."""
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt


def pass_on_interrupt() -> None:
    """Warn that Ctrl-C has interrupted the calling `fit`; raise unless it is the outermost call.

    It is the outermost call if the program itself has called it: from its top level, or through
    functions of its main module only. Otherwise a search or a pipeline must stop as well.

    Raises
    ------
    KeyboardInterrupt
        If other code than the program's main module has called `fit`.
    """
    is_outermost = _called_by_program(sys._getframe(1).f_back)
    try:
        warnings.warn(INTERRUPTED, stacklevel=2)
    finally:
        if not is_outermost:
            raise KeyboardInterrupt(INTERRUPTED)


def _called_by_program(frame: Any) -> bool:
    """Return whether all callers of a method are in the main module, up to its top level."""
    while frame is not None:
        module = frame.f_globals.get("__name__")
        if module == "__main__" and frame.f_locals is frame.f_globals:
            return True
        if module != "__main__" and module not in PASS_ON:
            return False
        frame = frame.f_back
    return False


def fit_until_interrupted(estimator: Any, X: Any, **validation: Any) -> bool:
    """Fit a fresh estimator inside another one; return whether Ctrl-C has interrupted it.

    `validation` may hold `X_val`.

    Raises
    ------
    KeyboardInterrupt
        If the estimator is not fitted yet, so that the other one cannot continue.
    """
    try:
        estimator.fit(X, **validation)
    except KeyboardInterrupt:
        is_fitted = getattr(estimator, "__sklearn_is_fitted__", None)
        if is_fitted is None or not is_fitted():
            raise
        return True
    return False
