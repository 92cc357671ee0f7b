"""The Dask workers of a shared fit, called together and monitored while they work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import wait as wait_for
from contextlib import suppress
from typing import Any

from skae._distributed.links import LinkLostError
from skae._distributed.watch import MORE_MEMORY, RESUME_HINT, Watch, call_on_workers

# How often to poll the cluster while it trains.
POLL_SECONDS = 1.0


class Workers:
    """Dask workers that work together.

    Parameters
    ----------
    client : distributed.Client
    fit : str
        The fit's name.
    addresses : list of str
        In the order of the ranks.
    check : callable
        Called while the driver waits; an exception that it raises ends the fit.
    """

    def __init__(
        self,
        client: Any,
        fit: str,
        addresses: list[str],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._client, self._check, self.addresses = client, check, addresses
        self._watch = Watch(client, fit, addresses)

    def submit(self, function: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> list[Any]:
        """Return futures of a function's results on each worker, one set of arguments each."""
        return [
            self._client.submit(function, *each, workers=[worker], pure=False)
            for worker, each in zip(self.addresses, arguments, strict=True)
        ]

    def results(self, function: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> list[Any]:
        """Return a function's results on each worker, once all are done."""
        futures = self.submit(function, arguments)
        try:
            self.wait(futures)
            return self._call_client(self._client.gather, futures)
        finally:
            # An error's traceback would keep the futures, and they keep their tasks' data.
            for future in futures:
                future.release()

    def scatter(self, values: list[Any]) -> list[Any]:
        """Send one value to each worker, and return futures of them."""
        return [
            self._call_client(self._client.scatter, value, workers=[worker], hash=False)
            for worker, value in zip(self.addresses, values, strict=True)
        ]

    def _call_client(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return the result of a client's method, and poll the workers meanwhile."""

        async def do() -> Any:
            return await method(*args, **kwargs)

        coming = asyncio.run_coroutine_threadsafe(do(), self._client.loop.asyncio_loop)
        try:
            while not wait_for([coming], POLL_SECONDS).done:
                self._watch.poll()
            return coming.result()
        finally:
            coming.cancel()

    def wait(self, futures: list[Any], of: list[str] | None = None) -> None:
        """Wait until all futures are done; raise an error if a worker cannot go on.

        `of` lists the worker of each future, by default one future for each worker.
        """
        from distributed import wait

        of, failed_before = of or self.addresses, False
        while True:
            self._check()
            with suppress(TimeoutError):
                wait(futures, timeout=POLL_SECONDS)
            failed = [
                (future.exception(), worker)
                for future, worker in zip(futures, of, strict=True)
                if future.status == "error"
            ]
            if not failed and all(future.done() for future in futures):
                return
            self._watch.poll()
            # The cause of a failure may arrive after its consequences.
            causes = [each for each in failed if not isinstance(each[0], LinkLostError)]
            if causes or failed_before:
                raise _with_worker(*(causes + failed)[0])
            if failed:
                failed_before = True
                time.sleep(POLL_SECONDS)

    def run(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a function on all workers that answer, even while they run tasks."""
        call_on_workers(self._client, self._watch.answering, function, *arguments)


def _with_worker(error: BaseException, worker: str) -> BaseException:
    """Return a worker's error with the worker's name added."""
    if isinstance(error, MemoryError):
        message = f"The Dask worker {worker} does not have enough memory for the fit: {error}."
        return RuntimeError(f"{message} {MORE_MEMORY} {RESUME_HINT}")
    error.add_note(f"This was raised on the Dask worker {worker}.")
    return error
