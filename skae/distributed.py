"""Distributed training: data parallel on the workers of a Dask cluster."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any
from uuid import uuid4

import numpy as np

from skae._data.batches import Feed
from skae._data.checks import check_dense
from skae._data.dask_rows import is_dask
from skae._data.rows import ArrayRows, Rows, rows_in_a_block, taken
from skae._distributed import shards as worker_side
from skae._distributed.workers import Workers
from skae._estimators.base import BaseAutoencoder
from skae._estimators.engine import local_trainer
from skae._training.protocols import Job, MeanLoss, TrainerState


def fit(
    estimator: BaseAutoencoder,
    X: Any,
    *,
    sample_weight: Any = None,
    X_val: Any = None,
    sample_weight_val: Any = None,
    client: Any = None,
) -> BaseAutoencoder:
    """Fit an autoencoder on the workers of a Dask cluster (data parallel).

    Each Dask worker trains on its share of the samples, and the gradients are averaged over all
    workers in every step. The weights are those that one process would reach with the same
    batches. Everything else works as in ``estimator.fit``: center, scale and principal axes
    (computed on the workers), validation set, schedules, callbacks, checkpoints.

    Gradients travel over Dask's own connections between the workers; no other port is opened. They
    are as safe as the cluster: anyone who reaches an unsecured Dask cluster can run any code on
    it. Secure it by `distributed.Security`, which encrypts all connections and requires
    certificates.

    Layers that are trained one by one, as in `StackedAutoencoder`, are also trained on the workers,
    and the codes of the layers below are kept in this process.

    `batch_size` is the total over all workers; each contributes its share. Samples are shuffled
    within each worker's share. Penalties on a batch as a whole, such as that of
    `SparseAutoencoder`, are computed on each worker's share of it.

    Parameters
    ----------
    estimator : estimator instance
        Any autoencoder of skae.

    X : dask array or dataframe, or array-like, of shape (n_samples, n_features)
        Persisted blocks are used on the worker that holds them, as far as the workers' shares stay
        even; others are computed by the worker to which they are assigned. The training samples
        are kept in a file in the worker's local directory during the fit. Other data are cut
        into at most 240 blocks, of 16 rows or more.

    sample_weight : array-like or dask array of shape (n_samples,), default=None
        Weights of the samples, as in ``estimator.fit``. The calling process holds them in memory.

    X_val : array-like or dask collection of shape (n_validation, n_features), default=None
        Validation set for early stopping, as in ``estimator.fit``. The calling process holds it in
        memory and computes its loss.

    sample_weight_val : array-like of shape (n_validation,), default=None
        Weights of the samples of X_val.

    client : distributed.Client, default=None
        The cluster; None is the current client.

    Returns
    -------
    estimator : estimator instance
        The same estimator, fitted.

    Raises
    ------
    ImportError
        If Dask is missing here, or skae or TensorFlow on a worker.
    RuntimeError
        If a worker has another version of skae or TensorFlow than this process, is lost, is silent
        for 30 seconds, or runs out of memory. The state of an earlier fit is kept, and with
        `checkpoint` set the next call continues from the last epoch.
    OSError
        If a worker has no disk space for its samples.
    TypeError
        If X is sparse, or the estimator is not an autoencoder of skae.
    ValueError
        If X or a parameter is invalid.

    Examples
    --------
    >>> from dask import array  # doctest: +SKIP
    >>> from distributed import Client
    >>> from skae import AutoencoderTransformer
    >>> from skae.distributed import fit
    >>> client = Client(n_workers=4, threads_per_worker=2)  # doctest: +SKIP
    >>> X = array.random.normal(size=(10_000_000, 200)).persist()  # doctest: +SKIP
    >>> autoencoder = fit(AutoencoderTransformer(8, batch_size=4096), X)  # doctest: +SKIP
    """
    try:
        import dask.array  # noqa: F401
        from distributed import default_client
    except ImportError as error:
        raise ImportError(
            f"skae.distributed.fit needs dask and distributed ({error}): pip install 'skae[dask]'."
        ) from error

    client = default_client() if client is None else client
    if not isinstance(estimator, BaseAutoencoder):
        raise TypeError(
            f"skae.distributed.fit trains autoencoders of skae, got {estimator!r}. For a pipeline, "
            "fit the steps before it, and give it their output."
        )
    if estimator.precision != "float32":
        raise ValueError(
            f"skae.distributed.fit trains in float32 only, got precision={estimator.precision!r}. "
            "Set precision='float32'."
        )
    if not is_dask(X):
        X = _in_blocks(np.asarray(check_dense(X)))
    with client.as_current():
        _check_versions(client)
        held_out = {"X_val": X_val, "sample_weight_val": sample_weight_val}
        trainers = partial(_shared_trainer, client)
        return estimator._fit_by(trainers, X, sample_weight=sample_weight, **held_out)


def _in_blocks(X: np.ndarray) -> Any:
    """Return a dask array of the blocks that rows are cut into."""
    from dask import array

    return array.from_array(X, chunks=(rows_in_a_block(len(X)), *X.shape[1:]))


def _check_versions(client: Any) -> None:
    """Refuse workers on which other code would train."""

    # Travels as code, not by its name, because it asks whether there is a skae at all.
    def versions(n_threads: int | None) -> tuple[dict[str, str], str, str]:
        # Dask tells its workers OMP_NUM_THREADS=1, for NumPy in each of many tasks.
        if n_threads and "tensorflow" not in sys.modules:
            os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(n_threads))
        found, reason = {}, ""
        try:
            for name, first in (("skae", "skae"), ("tensorflow", "skae._tensorflow.quiet")):
                importlib.import_module(first)
                found[name] = importlib.import_module(name).__version__
        except ImportError as error:
            reason = str(error)
        return found, sys.executable, reason

    threads = client.nthreads()
    workers = Workers(client, "", list(threads))
    here, *_ = versions(None)
    there = workers.results(versions, [(n_threads,) for n_threads in threads.values()])
    for worker, (found, python, reason) in zip(threads, there, strict=True):
        for name, version in here.items():
            where = f"where the Dask worker {worker} runs, which is to train"
            shown = "TensorFlow" if name == "tensorflow" else name
            if name not in found:
                raise ImportError(
                    f"{shown} is not installed {where} ({reason}). Install it there, for {python}, "
                    "as on the other workers."
                )
            if found[name] != version:
                raise RuntimeError(
                    f"{shown} {found[name]} is installed {where}, and {version} here. Install "
                    f"{shown} {version} there, for {python}."
                )


@contextmanager
def _shared_trainer(client: Any, job: Job) -> Iterator[SharedTrainer]:
    """Train on a cluster, a share of the rows on each worker."""
    feed, X = job.feed, job.feed.X
    shares = shares_of(client, X, feed.rows)
    name, n = f"skae-{uuid4().hex}", len(shares)
    batch_size = -(-feed.batch_size // n)
    n_rows = [sum(len(chosen) for _, chosen in share) for share in shares.values()]
    workers, shards = Workers(client, name, list(shares), job.check), []
    try:
        shards = workers.submit(
            worker_side.open_shard,
            [
                (name, rank, workers.addresses, (size, X.shape[1]), X.dtype)
                for rank, size in enumerate(n_rows)
            ],
        )
        workers.wait(shards)
        workers.wait(*_written(client, shards, X, shares))
        n_batches = -(-max(n_rows) // batch_size)
        weights = [_weights(X, share) for share in shares.values()]
        jobs = workers.scatter(list(_jobs(job, weights, batch_size, n_batches)))
        given = [(each, feed.n_rows) for each in jobs]
        workers.results(
            worker_side.call,
            [(shard, "begin", each) for shard, each in zip(shards, given, strict=True)],
        )
        yield SharedTrainer(workers, shards, job)
    finally:
        # Outside the tasks, which may be waiting for one another.
        workers.run(worker_side.close_shards, name)
        # On those that do not answer now, as soon as they do.
        for shard in shards:
            shard.release()


def _weights(X: Rows, share: list[tuple[int, np.ndarray]]) -> np.ndarray | None:
    """Return the weights of the rows of a worker's share, if rows have weights."""
    return taken(X.weights, np.concatenate([X.bounds[i] + chosen for i, chosen in share]))


def _jobs(
    job: Job, weights: list[np.ndarray | None], batch_size: int, n_batches: int
) -> Iterator[Job]:
    """Yield the job of each worker, which has the rows itself, but not their weights."""
    state, n = job.state, len(weights)
    # Another number of workers goes on with the weights, but not with the same shuffling.
    feeds = state.feeds if state is not None and len(state.feeds or ()) == n else None
    seed = int(job.feed.rng.integers(2**63))
    for rank, of_rows in enumerate(weights):
        feed = replace(
            job.feed,
            X=ArrayRows(
                np.empty((0, job.feed.X.shape[1]), job.feed.X.dtype),
                job.feed.X.has_missing,
                of_rows,
            ),
            rows=np.arange(0),
            batch_size=batch_size,
            rng=np.random.default_rng([seed, rank]),
            min_batches=n_batches,
        )
        if state is not None:
            state = state._replace(feeds=feeds and [feeds[rank]])
        yield replace(job, feed=feed, state=state, check=lambda: None, verbose=False)


def shares_of(client: Any, X: Rows, rows: np.ndarray) -> dict[str, list[tuple[int, np.ndarray]]]:
    """Return for each worker its blocks, and the rows of each that are to be trained on.

    A block stays where it is held unless that worker has its share already; the others go to the
    worker with the fewest rows, in the order of the rows.
    """
    from distributed import futures_of

    cuts = np.searchsorted(rows, X.bounds)
    chosen = [
        rows[begin:end] - first
        for begin, end, first in zip(cuts[:-1], cuts[1:], X.bounds[:-1], strict=True)
    ]
    left = {i for i, some in enumerate(chosen) if some.size}
    workers = sorted(client.nthreads())[: len(left)]
    fair = -(-len(rows) // len(workers))
    shares: dict[str, list[int]] = {worker: [] for worker in workers}
    sizes = dict.fromkeys(workers, 0)

    def give(i: int, worker: str) -> None:
        shares[worker].append(i)
        sizes[worker] += len(chosen[i])
        left.remove(i)

    futures = futures_of(X.collection)
    for (_, i, *_), holders in sorted(client.who_has(futures).items() if futures else ()):
        for worker in holders:
            if i in left and worker in sizes and sizes[worker] + len(chosen[i]) <= fair:
                give(i, worker)
    for i in sorted(left):
        give(i, min(workers, key=sizes.__getitem__))
    return {worker: [(i, chosen[i]) for i in sorted(share)] for worker, share in shares.items()}


def _written(
    client: Any, shards: list[Any], X: Rows, shares: dict[str, list[tuple[int, np.ndarray]]]
) -> tuple[list[Any], list[str]]:
    """Let each worker compute the blocks of its share and write them into its file.

    Return futures of that, and the worker of each.
    """
    from dask import delayed

    blocks, futures, of = X.blocks, [], []
    for shard, (worker, share) in zip(shards, shares.items(), strict=True):
        begins = np.cumsum([0, *(len(chosen) for _, chosen in share)])
        writes = [
            delayed(worker_side.write_rows, pure=False)(shard, blocks[i], chosen, int(begin))
            for (i, chosen), begin in zip(share, begins, strict=False)
        ]
        futures += client.compute(writes, workers=[worker], allow_other_workers=False)
        of += [worker] * len(writes)
    return futures, of


class SharedTrainer:
    """A trainer whose epochs run on the workers of a cluster.

    Parameters
    ----------
    workers : Workers
    shards : list of Future
        What each worker trains on.
    job : Job
    """

    def __init__(self, workers: Workers, shards: list[Any], job: Job) -> None:
        self._workers, self._shards, self._job = workers, shards, job
        self.weights = job.weights if job.state is None else job.state.weights

    def epoch(self, rate: float) -> MeanLoss:
        """Pass once over the rows of all workers and return the mean training loss."""
        (loss, self.weights), *_ = self._call("epoch_and_weights", "epoch", rate)
        return loss

    def loss(self) -> MeanLoss:
        """Return the mean training loss without moving."""
        return self._call("loss", "loss")[0]

    def loss_on(self, feed: Feed, weights: tuple[np.ndarray, ...]) -> MeanLoss:
        """Return the mean training loss of weights on other rows here, the L2 term left out."""
        plan = self._job.plan.without_l2()
        job = replace(self._job, plan=plan, weights=weights, feed=feed, state=None)
        with local_trainer(job) as trainer:
            return trainer.loss()

    @property
    def state(self) -> TrainerState:
        """What the first rank remembers, with the state of each rank's feed."""
        state, *feeds = self._call("state", "feeds")
        return state._replace(feeds=[*state.feeds, *chain(*feeds)])

    def _call(self, of_first: str, of_others: str, *arguments: Any) -> list[Any]:
        """Let all do the same, and the first rank send what need not come from each."""
        first, *others = self._shards
        calls = [(first, of_first), *((shard, of_others) for shard in others)]
        return self._workers.results(worker_side.call, [(*each, arguments) for each in calls])
