"""scikit-learn's callbacks, where it has them: from 1.9 on, and experimental there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sklearn

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """In place of scikit-learn's mixin: there are no callbacks to tell of a fit."""

        @property
        def set_callbacks(self) -> Callable[..., Any]:
            raise AttributeError(
                f"{type(self).__name__} has set_callbacks from scikit-learn 1.9 on; this is "
                f"scikit-learn {sklearn.__version__}. Upgrade it, or do without callbacks: "
                "verbose=True prints a line after each epoch, and loss_curve_ holds the losses."
            )

        def _init_callback_context(self, **_: Any) -> NoCallbacks:
            return NoCallbacks()

    class NoCallbacks:
        """In place of scikit-learn's `CallbackContext`, for a fit or an epoch."""

        def subcontext(self, **_: Any) -> NoCallbacks:
            return self

        def call_on_fit_task_begin(self, **_: Any) -> NoCallbacks:
            return self

        def call_on_fit_task_end(self, **_: Any) -> bool:
            return False
