"""One thread for small products of matrices by NumPy and SciPy.

After a product, the threads of OpenBLAS wait for the next one for some time without sleeping, and
take cores from the compiled program, which runs in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController

# One core needs about 10 ms for this many. Below it, more threads cost more than they gain.
MANY_PRODUCTS = 1 << 28


@cache
def _libraries() -> ThreadpoolController:
    """Return the BLAS libraries of this process, which take milliseconds to find."""
    return ThreadpoolController().select(user_api="blas")


class _OneThread:
    """One thread of BLAS as long as anybody asks for it.

    Only the first one to ask sets the limit: another would take it for the original number.
    """

    def __init__(self) -> None:
        self._lock, self._n_asking, self._limit = Lock(), 0, ExitStack()

    def ask(self) -> None:
        libraries = _libraries()
        with self._lock:
            if not self._n_asking:
                self._limit.enter_context(libraries.limit(limits=1))
            self._n_asking += 1

    def leave(self) -> None:
        with self._lock:
            self._n_asking -= 1
            if not self._n_asking:
                self._limit.close()


_one_thread = _OneThread()


@contextmanager
def one_thread() -> Iterator[None]:
    """Return a context in which BLAS has one thread, in the whole process.

    Where several ask for it at a time, until the last one of them ends.
    """
    _one_thread.ask()
    try:
        yield
    finally:
        _one_thread.leave()


def threads_for(n_products: int) -> AbstractContextManager[None]:
    """Return a context for products of so many multiplications, again and again or once.

    If they are few, BLAS has one thread in it. 0 is none at all, and changes nothing.
    """
    return one_thread() if 0 < n_products < MANY_PRODUCTS else nullcontext()
