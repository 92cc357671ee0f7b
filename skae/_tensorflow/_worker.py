"""One of several processes that train together: it obeys commands that come through a pipe.

Its environment holds TF_CONFIG, which tells it the others' addresses, and its rank. A process of
its own, because TensorFlow can join such a group only once and only before anything else.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import traceback
from functools import partial
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

import numpy as np
import tensorflow as tf

from skae._epochs import TrainerState
from skae._feed import Feed
from skae._shards import Task
from skae._tensorflow._shared_program import shared_program
from skae._tensorflow._train import Trainer


class Member:
    """Trains on its own rows, in step with the others."""

    def __init__(self, strategy: tf.distribute.Strategy, task: Task) -> None:
        rng = np.random.default_rng(task.seed)
        if task.feed_state is not None:
            rng.bit_generator.state = task.feed_state
        X = np.empty((0, task.shape[1]), task.dtype)
        if task.shape[0]:
            X = np.memmap(task.path, task.dtype, "r", shape=task.shape)
        feed = Feed(
            X,
            np.arange(len(X)),
            task.mean,
            task.scale,
            task.batch_size,
            task.shuffle,
            rng,
            task.plan.objective.corruption,
            task.n_normals,
            least_batches=task.least_batches,
        )
        compiled = partial(shared_program, strategy=strategy)
        self._trainer = Trainer(
            task.plan, task.weights, feed, task.solver_state, compiled=compiled, n_rows=task.n_rows
        )

    def epoch(self, rate: float) -> float:
        return self._trainer.epoch(rate)

    def epoch_and_weights(self, rate: float) -> tuple[float, tuple[np.ndarray, ...]]:
        return self._trainer.epoch(rate), self._trainer.weights

    def loss(self) -> float:
        return self._trainer.loss()

    def state(self) -> TrainerState:
        return self._trainer.state

    def feed_state(self) -> Any:
        return self._trainer.state.feed


def _listen(pipe: Connection, commands: SimpleQueue[Any]) -> None:
    """Pass commands on, and end the process when whoever gives them has ended."""
    while True:
        try:
            commands.put(pickle.loads(pipe.recv_bytes()))
        except (EOFError, OSError):
            # The main thread may be waiting for others inside TensorFlow, for ever.
            os._exit(0)


def main(descriptor: int) -> None:
    pipe = Connection(descriptor)
    commands: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, commands), daemon=True).start()
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    member: Any = None
    while True:
        name, argument = commands.get()
        try:
            if name == "begin":
                member, answer = Member(strategy, argument), None
            else:
                answer = getattr(member, name)(*argument)
        except Exception:
            pipe.send((None, traceback.format_exc()))
        else:
            pipe.send((answer, None))


if __name__ == "__main__":
    main(int(sys.argv[1]))
