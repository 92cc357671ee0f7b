"""Fits on real clusters: separate processes, real workers, real faults."""

import errno
import gc
import mmap
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from unittest import mock

import joblib
import numpy as np
import psutil
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV

from skae import AutoencoderTransformer, StackedAutoencoder
from skae._data.batches import Feed
from skae._data.rows import ArrayRows
from skae._distributed import links, shards, watch
from skae._plan.objectives import LOSSES
from skae._plan.plan import Objective, Plan, Solver
from skae._training.checkpoint import ProgressFile
from skae._training.initialization import random_weights
from skae._training.protocols import Job
from tests.fresh import ROOT
from tests.networks import dense_network

distributed = pytest.importorskip("distributed")
import dask  # noqa: E402
from dask import array  # noqa: E402

from skae._data.dask_rows import DaskRows  # noqa: E402
from skae.distributed import SharedTrainer, fit, shares_of  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="workers are stopped and killed as POSIX has it"),
    # A cluster that is closed leaves event loops and sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

X = np.random.default_rng(0).standard_normal((192, 6)) @ np.diag([3.0, 2, 1, 1, 1, 1])
FAST = {
    "hidden_layer_sizes": (),
    "solver": "sgd",
    "batch_size": 16,
    "learning_rate": "cosine",
    "max_iter": 4,
    "random_state": 0,
    "shuffle": False,
    "early_stopping": False,
}
BLOCKS = array.from_array(X, chunks=(96, 6))


@contextmanager
def workers(n, **more):
    with (
        # A cluster closes for good what was lost this long ago and has no worker at that moment:
        # one killed by a later test, and about to come back. The usual 15 s are a few tests.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"}),
        distributed.LocalCluster(
            n_workers=n, threads_per_worker=1, dashboard_address=":0", silence_logs=50, **more
        ) as cluster,
        distributed.Client(cluster, security=cluster.security, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def client():
    with workers(2) as client, client.as_current():
        yield client


@pytest.fixture(scope="module")
def plain(client):
    """Fit on two workers without an interruption."""
    return fit(AutoencoderTransformer(2, **FAST), BLOCKS, client=client)


def same(a, b):
    return all(np.array_equal(*pair) for pair in zip(a.weights_, b.weights_, strict=True))


def in_batches_of(n_workers, batch_size=16):
    """Return the rows in the order in which workers with equal shares put them together."""
    shares = np.split(np.arange(len(X)), n_workers)
    steps = len(X) // batch_size
    return np.concatenate([np.split(share, steps)[i] for i in range(steps) for share in shares])


def test_two_workers_take_the_steps_of_one_process(plain):
    alone = AutoencoderTransformer(2, **FAST).fit(X[in_batches_of(2)])
    assert plain.loss_curve_ == pytest.approx(alone.loss_curve_, rel=1e-5)
    for ours, one in zip(plain.weights_, alone.weights_, strict=True):
        np.testing.assert_allclose(ours, one, atol=1e-4)


def test_two_workers_count_weights_as_one_process_does(client):
    weights = np.random.default_rng(0).uniform(0.5, 9.0, len(X))
    given = clone(AutoencoderTransformer(2, **FAST)), BLOCKS
    together = fit(*given, sample_weight=array.from_array(weights, chunks=50), client=client)
    order = in_batches_of(2)
    alone = AutoencoderTransformer(2, **FAST).fit(X[order], sample_weight=weights[order])
    assert together.loss_curve_ == pytest.approx(alone.loss_curve_, rel=1e-5)
    for ours, one in zip(together.weights_, alone.weights_, strict=True):
        np.testing.assert_allclose(ours, one, atol=1e-4)


@pytest.fixture
def certificate(tmp_path):
    """Return what makes a key and a certificate signed by itself, as Dask takes them."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl, to make certificates")

    def made(name):
        key, signed = (str(tmp_path / f"{name}.{kind}") for kind in ("key", "pem"))
        how = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=skae"
        command = ["openssl", "req", *how.split(), "-keyout", key, "-out", signed]
        subprocess.run(command, check=True, capture_output=True)
        files = {f"tls_{who}_cert": signed for who in ("client", "worker", "scheduler")}
        files |= {f"tls_{who}_key": key for who in ("client", "worker", "scheduler")}
        return distributed.Security(tls_ca_file=signed, require_encryption=True, **files)

    return made


def test_four_workers_with_certificates_take_the_steps_of_one_process(certificate, monkeypatch):
    # In two exchanges, as many gradients go.
    monkeypatch.setattr(links, "SMALL", 0)
    estimator = AutoencoderTransformer(2, **FAST)
    # In this process, for speed; what they say to each other is encrypted all the same.
    with workers(4, security=certificate("ours"), processes=False) as client:
        together = fit(clone(estimator), array.from_array(X, chunks=(48, 6)), client=client)
        assert all(worker.startswith("tls://") for worker in client.nthreads())
        address = client.scheduler.address
        theirs = certificate("theirs").get_connection_args("client")
        for to, arguments in (address, theirs), (address, {}), (address.replace("tls", "tcp"), {}):
            # In the event loop that is there: on a busy machine a new one may start too late.
            with pytest.raises((OSError, TimeoutError, TypeError)):
                client.sync(distributed.comm.connect, to, timeout=1, **arguments)
    alone = clone(estimator).fit(X[in_batches_of(4)])
    for ours, one in zip(together.weights_, alone.weights_, strict=True):
        np.testing.assert_allclose(ours, one, atol=1e-4)


def test_an_ordinary_fitted_estimator_comes_back(client, plain):
    assert plain.transform(X).shape == (192, 2)
    assert len(plain.loss_curve_) == 4
    assert plain.score(X) > 0.6
    # Nothing is left on the workers.
    assert client.run(_what_is_left) == {worker: [] for worker in client.nthreads()}


def _what_is_left(dask_worker):
    folder = dask_worker.local_directory
    gc.collect()  # tracebacks of a failed fit hold it in circles
    return [*shards._shards, *(name for name in os.listdir(folder) if "skae" in name)]


def _kill_worker():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def in_epoch_3(monkeypatch):
    """Call a function when the third epoch is about to begin."""

    def do(function):
        epoch, begun = SharedTrainer.epoch, []

        def and_call(self, rate):
            begun.append(rate)
            if len(begun) == 3:
                function()
            return epoch(self, rate)

        monkeypatch.setattr(SharedTrainer, "epoch", and_call)

    return do


def listening(client):
    """Return addresses at which the cluster's processes and their children listen, and this one."""
    pids = {os.getpid(), *client.run(os.getpid).values()}
    pids |= {child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)}
    sockets = psutil.net_connections("inet")
    return {(s.pid, *s.laddr) for s in sockets if s.pid in pids and s.status == "LISTEN"}


# How a client of gRPC, such as that of TensorFlow, greets a server, and something senseless.
STRANGERS = [
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0",
    np.random.default_rng(0).bytes(1000),
]


def answers_to_strangers(addresses):
    """Return what the workers answer to those who do not speak as Dask does."""
    for address in addresses:
        host, port = address.removeprefix("tcp://").split(":")
        for words in STRANGERS:
            with socket.create_connection((host, int(port)), timeout=10) as stranger:
                stranger.sendall(words)
                with stranger.makefile("rb") as answer:
                    yield answer.read()  # to the end: the worker hangs up


def test_a_fit_opens_no_port_and_strangers_are_refused(client, plain, in_epoch_3):
    before, during, answers = listening(client), [], []

    def look():
        during.append(listening(client))
        answers.extend(answers_to_strangers(client.nthreads()))

    in_epoch_3(look)
    # Strangers do the fit no harm either.
    assert same(fit(AutoencoderTransformer(2, **FAST), BLOCKS), plain)
    assert during == [before]
    ours = set(client.run(os.getpid).values())
    assert {host for pid, host, _ in before if pid in ours} == {"127.0.0.1"}
    # Dask's own greeting, at the most.
    assert len(answers) == 2 * len(STRANGERS)
    assert all(b"pickle-protocol" in answer for answer in answers if answer)


def test_two_fits_at_once(client, plain):
    with ThreadPoolExecutor(4) as pool:
        fits = [
            pool.submit(fit, AutoencoderTransformer(2, **FAST), BLOCKS, client=client)
            for _ in range(4)
        ]
        assert all(same(each.result(60), plain) for each in fits)


def test_a_killed_worker_ends_the_fit_which_goes_on_later(client, plain, in_epoch_3, tmp_path):
    worker = max(client.nthreads())
    began = []

    def kill():
        began.append(time.monotonic())
        client.submit(_kill_worker, workers=[worker], pure=False, retries=0)

    in_epoch_3(kill)
    estimator = AutoencoderTransformer(2, **FAST).fit(X)
    before = estimator.weights_
    estimator.set_params(checkpoint=tmp_path)
    with pytest.raises(RuntimeError, match=rf"has lost 1 of the 2 workers .*{worker}") as caught:
        fit(estimator, BLOCKS)
    assert time.monotonic() - began[0] < 30
    assert "memory" not in str(caught.value)
    assert estimator.weights_ is before
    client.wait_for_workers(2, timeout=30)
    assert same(fit(estimator, BLOCKS), plain)


def test_a_worker_ended_for_lack_of_memory(client, in_epoch_3):
    worker = max(client.nthreads())

    def kill():
        # As Dask's nanny does it.
        client.log_event("worker-restart-memory", {"worker": worker, "pid": 1, "rss": 1})
        client.submit(_kill_worker, workers=[worker], pure=False, retries=0)

    in_epoch_3(kill)
    # Where rows are shuffled and some set aside.
    settings = {**FAST, "shuffle": True, "early_stopping": True}
    with pytest.raises(
        RuntimeError, match=rf"{worker} was ended by Dask for lack of memory.*memory_limit"
    ):
        fit(AutoencoderTransformer(2, **settings), array.from_array(X, chunks=(48, 6)))
    client.wait_for_workers(2, timeout=30)


class CutShortError(Exception):
    """Ends a fit in the middle."""


# Workers that train, none being this process; a fit goes on with one less than before, or without
# any, or the other way round.
@pytest.mark.parametrize(("before", "after", "rows"), [(2, 1, X), (2, 0, BLOCKS), (0, 2, BLOCKS)])
def test_a_fit_goes_on_elsewhere(before, after, rows, client, plain, monkeypatch, tmp_path, capsys):
    threads, write = client.nthreads(), ProgressFile.write

    def fitted(n_workers):
        estimator = AutoencoderTransformer(2, **FAST, checkpoint=tmp_path, verbose=True)
        if not n_workers:
            with dask.config.set(scheduler="threads"):
                return estimator.fit(rows)
        monkeypatch.setattr(client, "nthreads", lambda: dict(sorted(threads.items())[:n_workers]))
        return fit(estimator, rows, client=client)

    def and_end(self, *progress):
        write(self, *progress)
        if len(progress[0].loss_curve) == 2:
            raise CutShortError

    with monkeypatch.context() as cutting:
        cutting.setattr(ProgressFile, "write", and_end)
        with pytest.raises(CutShortError):
            fitted(before)
    capsys.readouterr()
    resumed = fitted(after)
    assert capsys.readouterr().out.startswith("Iteration 3,")
    # The batches are others, the rows are the same.
    assert resumed.loss_curve_ == pytest.approx(plain.loss_curve_, rel=0.1)
    assert not list(tmp_path.iterdir())


def _patch(what, by):
    mock.patch(what, by).start()


@pytest.fixture
def patch(client):
    """Replace something on the worker of the last rank, until the end of the test."""
    worker = max(client.nthreads())
    yield lambda what, by: client.run(_patch, what, by, workers=[worker])
    client.run(mock.patch.stopall, workers=[worker])


def _fail(*_):
    raise MemoryError("Unable to allocate 9 GB")


def test_a_worker_without_memory(client, patch):
    patch("skae._distributed.shards.Shard.epoch", _fail)
    match = rf"{max(client.nthreads())} does not have enough .*allocate 9 GB.*memory_limit"
    with pytest.raises(RuntimeError, match=match):
        fit(AutoencoderTransformer(2, **FAST), BLOCKS)


@pytest.mark.parametrize("package", ["skae", "tensorflow"])
def test_a_worker_with_another_version(package, client, patch):
    patch(f"{package}.__version__", "0.0.1")
    version = sys.modules[package].__version__
    match = rf"(?i){package} 0\.0\.1 is installed .*{max(client.nthreads())}.*{version} here"
    with pytest.raises(RuntimeError, match=match):
        fit(AutoencoderTransformer(2, **FAST), BLOCKS)


def _without_tensorflow(name):
    if name.startswith("skae._tensorflow"):
        raise ModuleNotFoundError(f"No module named {name}")
    return sys.modules[name]


def test_a_worker_without_tensorflow(client, patch):
    patch("importlib.import_module", _without_tensorflow)
    match = rf"TensorFlow is not installed .*{max(client.nthreads())}.*Install it"
    with pytest.raises(ImportError, match=match):
        fit(AutoencoderTransformer(2, **FAST), array.from_array(X, chunks=(48, 6)))


def _pause(dask_worker):
    dask_worker.memory_manager.memory_pause_fraction = False
    dask_worker.status = distributed.Status.paused


def _unpause(dask_worker):
    dask_worker.memory_manager.memory_pause_fraction = 0.8
    dask_worker.status = distributed.Status.running


def test_a_worker_that_dask_pauses(client, in_epoch_3, monkeypatch):
    monkeypatch.setattr(watch, "SILENT_SECONDS", 1.5)
    worker = max(client.nthreads())
    in_epoch_3(partial(client.run, _pause, workers=[worker]))
    try:
        with pytest.raises(RuntimeError, match=rf"{worker}, .*was paused .*lack of memory"):
            fit(AutoencoderTransformer(2, **FAST), BLOCKS)
    finally:
        client.run(_unpause, workers=[worker])


def test_a_paused_worker_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(watch, "SILENT_SECONDS", 0.0)
    client, worker = mock.Mock(), "tcp://10.0.0.1:1"
    news = {"last_seen": 1.0, "status": "paused", "memory_limit": 4e9}
    client.sync.side_effect = [{"workers": {worker: news}}, TimeoutError]
    with pytest.raises(
        RuntimeError, match=rf"{worker}, .*was paused .*4\.0 GB.*unchanged by this call"
    ):
        watch.Watch(client, "fit", [worker]).poll()


def test_the_validation_loss_can_be_interrupted():
    def check():
        raise CutShortError

    plan = Plan(
        dense_network(activation="tanh", output="identity"),
        Objective(LOSSES["squared_error"], 0.0, ()),
        Solver("sgd", 0.0, False, 0.0),
    )
    rng = np.random.default_rng(0)
    weights = random_weights(plan.network, "he", rng)
    feed = Feed(ArrayRows(X[:, :5]), np.arange(len(X)), np.zeros(5), 1.0, 16, False, rng)
    with pytest.raises(CutShortError):
        SharedTrainer(mock.Mock(), [], Job(plan, weights, feed, None, check, False)).loss_on(
            feed, weights
        )


def a_shard(folder, n_rows=4):
    folder.mkdir()
    return shards.Shard("tcp://10.0.0.1:1", mock.Mock(), (n_rows, 6), X.dtype, folder)


def test_a_full_disk(monkeypatch, tmp_path):
    if hasattr(os, "posix_fallocate"):
        # Room is there before anything is written.
        shard = a_shard(tmp_path / "real", 100_000)
        about = shard.path.stat()
        assert about.st_blocks * 512 >= about.st_size == 100_000 * 6 * 8
    full = mock.Mock(side_effect=OSError(errno.ENOSPC, "No space left on device"))
    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(
        OSError, match=r"need .* GB in .*No space left.*Free disk space.*local_directory"
    ):
        a_shard(tmp_path / "full")
    assert not (tmp_path / "full").exists()


def test_rows_are_read_where_memory_cannot_be_advised(monkeypatch, tmp_path):
    """As on Windows, which also has no way to ask for room."""
    monkeypatch.delattr(mmap, "MADV_DONTNEED", raising=False)
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    shard = a_shard(tmp_path / "rows")
    shards.write_rows(shard, X, np.array([5, 3]), 0)
    shards.write_rows(shard, X, np.array([9, 0]), 2)
    rows, forget = shard._mapped()
    forget()
    assert np.array_equal(rows, X[[5, 3, 9, 0]])


def test_a_stopped_worker_ends_the_fit(client, plain, in_epoch_3, monkeypatch):
    assert watch.SILENT_SECONDS <= 30
    monkeypatch.setattr(watch, "SILENT_SECONDS", 1.5)
    worker = max(client.nthreads())
    pid = client.run(os.getpid)[worker]
    in_epoch_3(lambda: os.kill(pid, signal.SIGSTOP))
    try:
        with pytest.raises(RuntimeError, match=rf"{worker}, .*no heartbeat for 1\.5 s"):
            fit(AutoencoderTransformer(2, **FAST), BLOCKS)
    finally:
        os.kill(pid, signal.SIGCONT)
    # It lets go of what it held, and is as good as before.
    assert same(fit(AutoencoderTransformer(2, **FAST), BLOCKS), plain)
    gc.collect()
    nothing, until = {worker: [] for worker in client.nthreads()}, time.monotonic() + 10
    while client.run(_what_is_left) != nothing and time.monotonic() < until:
        time.sleep(0.1)  # Dask lets go of results when it comes to it
    assert client.run(_what_is_left) == nothing


def test_layers_one_by_one(client):
    settings = {**FAST, "hidden_layer_sizes": (4,), "layer_max_iter": 3}
    shared = fit(StackedAutoencoder(2, **settings), BLOCKS)
    alone = StackedAutoencoder(2, **settings).fit(X[in_batches_of(2)])
    (first, second), (first_alone, second_alone) = (
        each.stage_loss_curves_ for each in (shared, alone)
    )
    assert first == pytest.approx(first_alone, rel=1e-4)
    # The codes below are shared out in smaller blocks, and so come in another order.
    assert second == pytest.approx(second_alone, rel=0.02)
    assert shared.score(X) == pytest.approx(alone.score(X), abs=0.01)


def test_a_validation_set_of_its_own(client):
    settings = {
        **FAST,
        "early_stopping": True,
        "init": lambda rng, layer: np.eye(*layer.kernel_shape),
    }
    settings["learning_rate"] = lambda epoch: 0.01 / (1 + epoch)
    shared = fit(AutoencoderTransformer(2, **settings), BLOCKS, X_val=BLOCKS[:20])
    alone = AutoencoderTransformer(2, **settings).fit(X[in_batches_of(2)], X_val=X[:20])
    assert shared.validation_loss_curve_ == pytest.approx(alone.validation_loss_curve_, rel=1e-4)


def test_a_fit_inside_of_a_shared_one_is_an_ordinary_one(client, plain, in_epoch_3):
    inner = []
    in_epoch_3(lambda: inner.append(AutoencoderTransformer(2, **FAST).fit(X)))
    assert same(fit(AutoencoderTransformer(2, **FAST), BLOCKS), plain)
    assert same(inner[0], AutoencoderTransformer(2, **FAST).fit(X))


def test_what_it_does_not_train(client):
    with pytest.raises(TypeError, match=r"trains autoencoders of skae"):
        fit("PCA", X)
    with pytest.raises(ValueError, match="'alpha' parameter"):
        fit(AutoencoderTransformer(2, alpha=-1.0), X)
    with pytest.raises(ValueError, match=r"X is a masked array: 1 of its values"):
        fit(AutoencoderTransformer(2), np.ma.masked_equal(X, X[0, 0]))
    with pytest.raises(TypeError, match=r"Sparse data was passed for X.*toarray"):
        fit(AutoencoderTransformer(2), sparse.csr_matrix(X))


def test_shares_are_even(client):
    rows = np.delete(np.arange(192), [3, 100])
    blocks = DaskRows(array.from_array(X, chunks=(24, 6)))
    shares = shares_of(client, blocks, rows)
    assert sorted(shares) == sorted(client.nthreads())
    sizes = [sum(len(chosen) for _, chosen in share) for share in shares.values()]
    assert sum(sizes) == 190
    assert abs(sizes[0] - sizes[1]) <= 24
    taken = [24 * i + chosen for share in shares.values() for i, chosen in share]
    assert np.array_equal(np.sort(np.concatenate(taken)), rows)


def test_persisted_blocks_stay_where_they_are(client):
    persisted = array.from_array(X, chunks=(24, 6)).persist()
    distributed.wait(persisted)
    shares = shares_of(client, DaskRows(persisted), np.arange(192))
    held = client.who_has(distributed.futures_of(persisted))
    holding = {key[1]: holders for key, holders in held.items()}
    moved = [i for worker, share in shares.items() for i, _ in share if worker not in holding[i]]
    most = max(sum(worker in holders for holders in held.values()) for worker in shares)
    assert len(moved) == most - 4  # no more than even shares ask for


@pytest.mark.parametrize("kind", ["grid", "halving"])
def test_searches_by_joblib(kind, client):
    autoencoder = AutoencoderTransformer(2, **FAST)
    if kind == "grid":
        search = GridSearchCV(autoencoder, {"alpha": [0.0, 10.0]}, cv=2)
    else:
        strengths = {"alpha": np.logspace(-3, 1, 9)}
        search = HalvingRandomSearchCV(autoencoder, strengths, n_candidates=3, cv=2, random_state=0)
    here = clone(search).fit(X)
    with joblib.parallel_config(backend="dask", client=client):
        there = clone(search).fit(X)
    for name in ("mean_test_score", "param_alpha"):
        np.testing.assert_allclose(
            np.asarray(there.cv_results_[name], float), np.asarray(here.cv_results_[name], float)
        )
    threads = client.run(_threads_of_tensorflow)
    assert set(threads.values()) <= {None, "1"}  # as many as the worker has


def _threads_of_tensorflow():
    return os.environ.get("TF_NUM_INTRAOP_THREADS")


def namespaces_work():
    """Return whether the test is asked for, by a variable, and whether the system allows it."""
    if "SKAE_TEST_HOSTS" not in os.environ:
        return False
    if os.name != "posix" or os.geteuid() or not shutil.which("ip"):
        return False
    made = subprocess.run(["ip", "netns", "add", "skae-try"], check=False, capture_output=True)
    subprocess.run(["ip", "netns", "del", "skae-try"], check=False, capture_output=True)
    return made.returncode == 0


@pytest.mark.skipif(not namespaces_work(), reason="needs SKAE_TEST_HOSTS=1 and root")
def test_across_two_hosts(tmp_path):
    """Two hosts with addresses of their own and a cable between them."""

    def ip(command):
        subprocess.run(["ip", *command.split()], check=True)

    def on(host, *command, **more):
        return ["ip", "netns", "exec", host, sys.executable, *command]

    processes = []
    try:
        for host in ("skae-a", "skae-b"):
            ip(f"netns add {host}")
            ip(f"-n {host} link set lo up")
        ip("link add skae-a type veth peer name skae-b")
        for i, host in enumerate(("skae-a", "skae-b"), 1):
            ip(f"link set {host} netns {host}")
            ip(f"-n {host} addr add 10.77.0.{i}/24 dev {host}")
            ip(f"-n {host} link set {host} up")
        scheduler = "tcp://10.77.0.1:8786"
        dask = ("-m", "distributed.cli.dask_scheduler"), ("-m", "distributed.cli.dask_worker")
        starts = [
            on("skae-a", *dask[0], "--host", "10.77.0.1", "--no-dashboard"),
            *(
                on(host, *dask[1], scheduler, "--host", f"10.77.0.{i}", "--no-dashboard")
                for i, host in enumerate(("skae-a", "skae-b"), 1)
            ),
        ]
        for start in starts:
            processes.append(
                subprocess.Popen(
                    start, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
        code = f"""
import numpy as np
from distributed import Client
from sklearn.base import clone
from dask import array
from skae.distributed import fit
from tests.test_distributed import BLOCKS, FAST, AutoencoderTransformer, X, in_batches_of
with Client({scheduler!r}, timeout=60) as client:
    client.wait_for_workers(2, timeout=60)
    print(sorted(client.nthreads()))
    estimator = AutoencoderTransformer(2, **FAST)
    together = fit(clone(estimator), BLOCKS)
alone = clone(estimator).fit(X[in_batches_of(2)])
print(max(np.abs(a - b).max() for a, b in zip(together.weights_, alone.weights_)))
"""
        ended = subprocess.run(
            on("skae-a", "-c", code), cwd=ROOT, capture_output=True, text=True, timeout=150
        )
        assert ended.returncode == 0, ended.stderr
        workers, difference = ended.stdout.splitlines()
        assert "10.77.0.1" in workers
        assert "10.77.0.2" in workers
        assert float(difference) < 1e-4
    finally:
        for process in processes:
            process.terminate()
            process.wait()
        for host in ("skae-a", "skae-b"):
            subprocess.run(["ip", "netns", "del", host], check=False)
