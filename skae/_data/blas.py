"""One thread for small products of matrices by NumPy and SciPy.

After a product, the threads of OpenBLAS wait for the next one for some time without sleeping, and
take cores from the compiled program, which runs in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController

# One core needs about 10 ms for this many. Below it, more threads cost more than they gain.
MANY_PRODUCTS = 1 << 28

# Held by the only one who limits threads: another would take the limit for the original number.
_is_limited = Lock()


@cache
def _libraries() -> ThreadpoolController:
    """Return the BLAS libraries of this process, which take milliseconds to find."""
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread() -> Iterator[None]:
    """Return a context in which BLAS has one thread, in the whole process.

    Where several ask for it at a time, until the first one of them ends.
    """
    if not _is_limited.acquire(blocking=False):
        yield
        return
    try:
        with _libraries().limit(limits=1):
            yield
    finally:
        _is_limited.release()


def threads_for(n_products: int) -> AbstractContextManager[None]:
    """Return a context for products of so many multiplications, again and again or once.

    If they are few, BLAS has one thread in it. 0 is none at all, and changes nothing.
    """
    return one_thread() if 0 < n_products < MANY_PRODUCTS else nullcontext()
