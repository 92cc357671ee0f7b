"""Monitor the workers of a cluster while they train together."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from skae._distributed import shards

# A worker that has not sent a heartbeat for this time has stopped; one that Dask has paused for
# this time, for lack of memory, will not go on by itself.
SILENT_SECONDS = 30.0
# A longer gap between two polls does not count as silence: this process may have slept itself.
GAP_SECONDS = 5.0
# A lost worker that last reported this share of its memory limit may have run out of memory.
FULL_MEMORY_SHARE = 0.7
# Timeout of a call on workers.
ANSWER_SECONDS = 10.0

RESUME_HINT = (
    "The estimator is unchanged by this call. With its parameter checkpoint set to a "
    "directory, the next fit resumes after the last epoch."
)

MORE_MEMORY = (
    "Give each worker more memory (memory_limit of LocalCluster, --memory-limit of dask worker), "
    "use more workers, or lower batch_size or hidden_layer_sizes."
)


class Watch:
    """Detects workers of a fit that are lost, silent, or short of memory.

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
        # The last report of each worker, its time, and when the worker last was not paused.
        self._info: dict[str, dict[str, Any]] = {worker: {} for worker in workers}
        self._last_heard = dict.fromkeys(workers, time.monotonic())
        self._last_running = dict(self._last_heard)
        self._last_poll = time.monotonic()
        self.answering = list(workers)

    def poll(self) -> None:
        """Raise RuntimeError if a worker cannot go on."""
        try:
            found = self._client.sync(
                self._client.scheduler.identity, n_workers=-1, callback_timeout=SILENT_SECONDS
            )["workers"]
        except (OSError, TimeoutError) as error:
            self.answering = []
            raise RuntimeError(
                f"The cluster's scheduler {self._client.scheduler.address} has not answered for "
                f"{SILENT_SECONDS:g} s ({error}). {RESUME_HINT}"
            ) from error
        now = time.monotonic()
        if (gap := now - self._last_poll) > GAP_SECONDS:
            for times in (self._last_heard, self._last_running):
                times.update({worker: when + gap for worker, when in times.items()})
        self._last_poll = now
        self.answering = [worker for worker in self._info if worker in found]
        lost = sorted(set(self._info) - set(found))
        if lost:
            raise RuntimeError(self._lost_message(lost))
        for worker, before in self._info.items():
            self._info[worker] = info = found[worker]
            if info["last_seen"] != before.get("last_seen"):
                self._last_heard[worker] = now
                if info["status"] != "paused":
                    self._last_running[worker] = now
        silent = [
            worker for worker, when in self._last_heard.items() if now - when > SILENT_SECONDS
        ]
        if silent:
            self.answering = [worker for worker in self._info if worker not in silent]
            raise RuntimeError(
                f"{_named(silent)}, which took part in the fit, sent no heartbeat for "
                f"{SILENT_SECONDS:g} s: it has stopped or has lost its network connection. Resume "
                f"or end it, and fit again. {RESUME_HINT}"
            )
        paused = [
            worker for worker, when in self._last_running.items() if now - when > SILENT_SECONDS
        ]
        if paused:
            self._refuse_paused(paused)

    def _refuse_paused(self, paused: list[str]) -> None:
        """Raise RuntimeError if a paused worker has not begun the step that the others wait for."""
        at_work = call_on_workers(self._client, paused, shards.is_training, self._name)
        waiting = [worker for worker in paused if not at_work.get(worker)]
        if waiting:
            raise RuntimeError(
                f"{_named(waiting)}, which took part in the fit, was paused by Dask for lack of "
                f"memory{self._limits(waiting)}. {MORE_MEMORY} {RESUME_HINT}"
            )

    def _lost_message(self, lost: list[str]) -> str:
        message = (
            f"The cluster has lost {len(lost)} of the {len(self._info)} workers that were training "
            f"together ({', '.join(lost)})."
        )
        events = self._client.get_events("worker-restart-memory") or ()
        ended = sorted({event["worker"] for _, event in events} & set(lost))
        if full := ended or [each for each in lost if self._memory_share(each) > FULL_MEMORY_SHARE]:
            why = "was ended by Dask" if ended else "may have been ended"
            message += f" {_named(full)} {why} for lack of memory{self._limits(full)}. "
            message += MORE_MEMORY
        return f"{message} Fit again on the remaining workers. {RESUME_HINT}"

    def _memory_share(self, worker: str) -> float:
        """Return the share of its memory limit that a worker used at its last report."""
        limit = self._info[worker].get("memory_limit")
        used = self._info[worker].get("metrics", {}).get("memory", 0)
        return used / limit if limit else 0.0

    def _limits(self, workers: list[str]) -> str:
        limits = {worker: self._info[worker].get("memory_limit") for worker in workers}
        told = ", ".join(f"{limit / 1e9:.1f} GB" for limit in limits.values() if limit)
        return f" (allowed: {told})" if told else ""


def call_on_workers(
    client: Any, workers: list[str], function: Callable[..., Any], *arguments: Any
) -> dict[str, Any]:
    """Call a function on workers, even while they run tasks.

    Return the results of those that answer.
    """

    async def run() -> dict[str, Any]:
        return await client.run(function, *arguments, workers=workers, on_error="ignore")

    with suppress(OSError, TimeoutError):
        return client.sync(run, callback_timeout=ANSWER_SECONDS)
    return {}


def _named(workers: list[str]) -> str:
    return f"The Dask worker{'s' * (len(workers) > 1)} {', '.join(workers)}"
