"""One thread for small products of matrices by NumPy and SciPy.

After a product, the threads of OpenBLAS wait for the next one for some time without sleeping, and
take cores from the compiled program, which runs in between.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

# One core takes some 10 ms for as many multiplications: of fewer, threads cost more than they gain.
MANY_PRODUCTS = 1 << 28


@cache
def _libraries() -> ThreadpoolController:
    """Return the BLAS libraries of this process, which take milliseconds to find."""
    return ThreadpoolController().select(user_api="blas")


def threads_for(n_products: int) -> AbstractContextManager[Any]:
    """Return a context for products of so many multiplications, again and again or once.

    If they are few, BLAS has one thread in it, in the whole process: where several fits run at a
    time, until the first of them ends. 0 is none at all, and changes nothing.
    """
    return _libraries().limit(limits=1) if 0 < n_products < MANY_PRODUCTS else nullcontext()
