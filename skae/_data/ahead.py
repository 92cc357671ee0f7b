"""Results of calls; a thread computes the next one in advance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


def computed_ahead(calls: Iterable[Callable[[], T]]) -> Iterator[T]:
    """Yield the results of calls. A thread computes the next one while the last is in use.

    It runs in the caller's context, which holds Dask's current client.
    """
    context = copy_context()
    with ThreadPoolExecutor(1, thread_name_prefix="skae-blocks") as pool:
        coming: Future[T] | None = None
        for call in calls:
            following = pool.submit(context.run, call)
            if coming is not None:
                yield coming.result()
            coming = following
        if coming is not None:
            yield coming.result()
