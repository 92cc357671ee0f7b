"""joblib's backend "skae": searches whose fits run in threads of this process."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from joblib import cpu_count, register_parallel_backend
from joblib.parallel import SequentialBackend, ThreadingBackend

from skae._data.blas import one_thread


class FitsInThreads(ThreadingBackend):
    """Threads, at most one for each core, in each of which BLAS has one thread.

    ``with joblib.parallel_config("skae", n_jobs=2):`` lets a search, `cross_val_score` or any other
    loop of scikit-learn's train several autoencoders at a time. They share compiled programs,
    which release Python's lock.
    """

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Return the number of threads."""
        return min(super().effective_n_jobs(n_jobs), cpu_count())

    def start_call(self) -> None:
        """Give BLAS one thread: several of them wait without sleeping, on cores of other fits."""
        self._limits = ExitStack()
        self._limits.enter_context(one_thread())

    def stop_call(self) -> None:
        """Give BLAS its threads back."""
        self._limits.close()

    def get_nested_backend(self) -> tuple[Any, None]:
        """Return the backend of a search in a search: all cores are taken."""
        return SequentialBackend(nesting_level=(self.nesting_level or 0) + 1), None


register_parallel_backend("skae", FitsInThreads)
