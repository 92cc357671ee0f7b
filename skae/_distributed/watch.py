"""Looking after the workers of a cluster while they train together."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from skae._distributed import shards

# A worker of which the cluster has heard nothing for so many seconds has stopped; one that Dask has
# paused for so long, for want of memory, will not go on by itself.
SILENT = 30.0
# A time as long as this between two looks does not count: this process may have slept itself.
UNWATCHED = 5.0
# Who used this share of the memory allowed when last heard of may have ended for want of it.
FULL = 0.7
# How long workers are waited for that are asked something, in seconds.
ANSWER = 10.0

AGAIN = (
    "The estimator is as it was before this call. With its parameter checkpoint set to a "
    "directory, the next fit goes on from the last epoch."
)

MORE_MEMORY = (
    "Give each worker more memory (memory_limit of LocalCluster, --memory-limit of dask worker), "
    "let more workers share the rows, or lower batch_size or hidden_layer_sizes."
)


class Watch:
    """Says which of a fit's workers are lost, silent, or short of memory.

    Parameters
    ----------
    client : distributed.Client
    name : str
        The fit's name on the workers.
    workers : list of str
        Their addresses.
    """

    def __init__(self, client: Any, name: str, workers: list[str]) -> None:
        self._client, self._name = client, name
        # What was heard of each worker at last, and when that was; and when it was not paused.
        self._news: dict[str, dict[str, Any]] = {worker: {} for worker in workers}
        self._heard = dict.fromkeys(workers, time.monotonic())
        self._running = dict(self._heard)
        self._looked = time.monotonic()
        self.answering = list(workers)

    def look(self) -> None:
        """Raise RuntimeError if a worker cannot go on."""
        try:
            found = self._client.sync(
                self._client.scheduler.identity, n_workers=-1, callback_timeout=SILENT
            )["workers"]
        except (OSError, TimeoutError) as error:
            self.answering = []
            raise RuntimeError(
                f"The cluster's scheduler {self._client.scheduler.address} has not answered for "
                f"{SILENT:g} s ({error}). {AGAIN}"
            ) from error
        now = time.monotonic()
        if (gap := now - self._looked) > UNWATCHED:
            for times in (self._heard, self._running):
                times.update({worker: when + gap for worker, when in times.items()})
        self._looked = now
        self.answering = [worker for worker in self._news if worker in found]
        lost = sorted(set(self._news) - set(found))
        if lost:
            raise RuntimeError(self._of_lost(lost))
        for worker, before in self._news.items():
            self._news[worker] = news = found[worker]
            if news["last_seen"] != before.get("last_seen"):
                self._heard[worker] = now
                if news["status"] != "paused":
                    self._running[worker] = now
        silent = [worker for worker, when in self._heard.items() if now - when > SILENT]
        if silent:
            self.answering = [worker for worker in self._news if worker not in silent]
            raise RuntimeError(
                f"{_the(silent)}, which took part in the fit, gave no sign of life for "
                f"{SILENT:g} s: stopped, or cut off from the network. Let it go on or end it, and "
                f"fit again. {AGAIN}"
            )
        paused = [worker for worker, when in self._running.items() if now - when > SILENT]
        if paused:
            self._refuse_paused(paused)

    def _refuse_paused(self, paused: list[str]) -> None:
        """Raise RuntimeError if a paused worker has not begun what the others wait for."""
        at_work = answers(self._client, paused, shards.is_at_work, self._name)
        waiting = [worker for worker in paused if not at_work.get(worker)]
        if waiting:
            raise RuntimeError(
                f"{_the(waiting)}, which took part in the fit, was paused by Dask for want of "
                f"memory{self._limits(waiting)}. {MORE_MEMORY} {AGAIN}"
            )

    def _of_lost(self, lost: list[str]) -> str:
        message = (
            f"The cluster has lost {len(lost)} of the {len(self._news)} workers that were training "
            f"together ({', '.join(lost)})."
        )
        events = self._client.get_events("worker-restart-memory") or ()
        ended = sorted({event["worker"] for _, event in events} & set(lost))
        if full := ended or [worker for worker in lost if self._share(worker) > FULL]:
            why = "was ended by Dask" if ended else "may have been ended"
            message += f" {_the(full)} {why} for want of memory{self._limits(full)}. "
            message += MORE_MEMORY
        return f"{message} Fit again on those that are left. {AGAIN}"

    def _share(self, worker: str) -> float:
        """Return the share of the memory allowed that a worker used when last heard of."""
        limit = self._news[worker].get("memory_limit")
        used = self._news[worker].get("metrics", {}).get("memory", 0)
        return used / limit if limit else 0.0

    def _limits(self, workers: list[str]) -> str:
        limits = {worker: self._news[worker].get("memory_limit") for worker in workers}
        told = ", ".join(f"{limit / 1e9:.1f} GB" for limit in limits.values() if limit)
        return f" (allowed: {told})" if told else ""


def answers(
    client: Any, workers: list[str], function: Callable[..., Any], *arguments: Any
) -> dict[str, Any]:
    """Call a function on workers, in spite of tasks that they work on.

    Return its results on those that answer.
    """

    async def run() -> dict[str, Any]:
        return await client.run(function, *arguments, workers=workers, on_error="ignore")

    with suppress(OSError, TimeoutError):
        return client.sync(run, callback_timeout=ANSWER)
    return {}


def _the(workers: list[str]) -> str:
    return f"The Dask worker{'s' * (len(workers) > 1)} {', '.join(workers)}"
