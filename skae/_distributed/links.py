"""Sums over the workers of a shared fit (all-reduce), sent over Dask's connections.

This module opens no port: a worker connects to the others as Dask's own code does, to the address
at which Dask's worker listens anyway, with the encryption and certificates that the cluster
requires (`distributed.Security`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

# The name of the handler with which Dask's workers accept a connection.
OPERATION = "skae_link"
# Vectors up to this size, in bytes, are sent whole to all workers: one exchange takes half the time
# of two. Two exchanges send less data if there are more than two workers.
SMALL = 1 << 16


class LinkLostError(RuntimeError):
    """The connection to another worker of the fit broke, as a consequence of its failure."""


class Links:
    """The connections of one rank to all other ranks.

    Parameters
    ----------
    worker : distributed.Worker
    fit : str
        The fit's name.
    rank : int
    addresses : list of str
        Addresses of the Dask workers, in the order of their ranks.
    """

    def __init__(self, worker: Any, fit: str, rank: int, addresses: Sequence[str]) -> None:
        self._fit, self._rank, self._addresses = fit, rank, addresses
        self._loop = worker.loop.asyncio_loop
        self._security = worker.security.get_connection_args("worker")
        self._comms: dict[int, Any] = {}
        self._is_closed = False
        self._changed = asyncio.Event()

    def open(self) -> None:
        """Connect to the lower ranks, and wait for connections from the higher ones."""
        self._in_loop(self._open())

    async def _open(self) -> None:
        from distributed.comm import connect

        for rank in range(self._rank):
            request = {"op": OPERATION, "fit": self._fit, "rank": rank, "caller": self._rank}
            try:
                self._comms[rank] = await connect(self._addresses[rank], **self._security)
                await self._comms[rank].write({**request, "reply": False})
            except OSError as error:
                raise self._lost(rank, error) from None
        while len(self._comms) < len(self._addresses) - 1:
            if self._is_closed:
                raise LinkLostError("The fit was ended while its workers were connecting.")
            self._changed.clear()
            await self._changed.wait()

    async def accept(self, comm: Any, caller: int) -> None:
        """Hold a connection that another rank has opened, until the end of the fit."""
        self._comms[caller] = comm
        self._changed.set()
        while not self._is_closed:
            self._changed.clear()
            await self._changed.wait()

    def close(self) -> None:
        """Close all connections; a thread that waits for a sum gets an error."""
        # Without a running loop, Dask's worker and its connections have ended already.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._close)

    def _close(self) -> None:
        self._is_closed = True
        self._changed.set()
        for comm in self._comms.values():
            comm.abort()

    def sum(self, vector: np.ndarray) -> np.ndarray:
        """Return the sum of the vectors of all ranks, identical to the bit on each rank."""
        if len(self._addresses) == 1:
            return vector
        return self._in_loop(self._sum(vector))

    def _in_loop(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _sum(self, vector: np.ndarray) -> np.ndarray:
        n = len(self._addresses)
        if n == 2 or vector.nbytes <= SMALL:
            return _added(await self._exchange([vector] * n))
        # Each rank sums one slice and sends the result to the others.
        slices = np.array_split(vector, n)
        mine = _added(await self._exchange(slices))
        return np.concatenate(await self._exchange([mine] * n))

    async def _exchange(self, parts: list[np.ndarray]) -> list[np.ndarray]:
        """Send each rank its part, and return the parts that this rank receives."""
        received = await asyncio.gather(
            *(self._swap(rank, part) for rank, part in enumerate(parts))
        )
        return list(received)

    async def _swap(self, rank: int, part: np.ndarray) -> np.ndarray:
        from distributed.protocol import to_serialize

        if rank == self._rank:
            return part
        try:
            # Writing does not block: data that the socket cannot send at once is queued.
            await self._comms[rank].write({"part": to_serialize(part)})
            message = await self._comms[rank].read()
        except OSError as error:
            raise self._lost(rank, error) from None
        return message["part"]

    def _lost(self, rank: int, error: OSError) -> LinkLostError:
        ours, theirs = self._addresses[self._rank], self._addresses[rank]
        return LinkLostError(
            f"The connection between the Dask workers {ours} and {theirs} broke: {error}"
        )


def _added(parts: list[np.ndarray]) -> np.ndarray:
    """Add in the order of the ranks, so that rounding is the same on all ranks."""
    total = parts[0] + parts[1]
    for part in parts[2:]:
        total += part
    return total
