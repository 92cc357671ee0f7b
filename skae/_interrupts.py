"""Ctrl-C, put off to where training can be stopped cleanly."""

from __future__ import annotations

import signal
import threading
import warnings
from types import TracebackType

INTERRUPTED = "Training interrupted by user; the best weights so far are kept."


class DeferredInterrupt:
    """Within this context Ctrl-C waits until `check` raises it, or is a warning at the end.

    TensorFlow's conversions to NumPy do not survive a KeyboardInterrupt that arises inside them.
    Outside the main thread, where Python delivers no signals, this does nothing.
    """

    def __enter__(self) -> DeferredInterrupt:
        self._pending = False
        self._replaces = threading.current_thread() is threading.main_thread()
        if self._replaces:
            self._handler = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._replaces:
            signal.signal(signal.SIGINT, self._handler)
        if self._pending and error is None:
            warnings.warn(INTERRUPTED, stacklevel=2)

    def _note(self, *_: object) -> None:
        self._pending = True

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed since the context began."""
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt
