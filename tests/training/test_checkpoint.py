"""An interrupted fit resumes from its checkpoint, and ends as if nothing had happened."""

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skae import (
    AutoencoderTransformer,
    DenoisingAutoencoder,
    StackedAutoencoder,
    VariationalAutoencoder,
)
from skae._training.checkpoint import ProgressFile, _load, _store
from tests.fresh import ROOT

X = np.random.default_rng(0).standard_normal((120, 6)) @ np.diag([3.0, 2, 1, 1, 1, 1])
FAST = {"solver": "sgd", "learning_rate": "cosine", "max_iter": 3, "random_state": 0}


pytestmark = pytest.mark.usefixtures("module_without_xla")


class CutShortError(Exception):
    """Stands for a fit's end in the middle, where a process could not go on with the test."""


@pytest.fixture
def cut_after(monkeypatch):
    """Let fits end right after so many epochs have been written, or never."""
    write = ProgressFile.write

    def cut(n):
        left = n

        def and_end(self, *progress):
            nonlocal left
            write(self, *progress)
            left -= 1
            if left == 0:
                raise CutShortError

        monkeypatch.setattr(ProgressFile, "write", and_end)

    return cut


def same(a, b):
    return all(np.array_equal(*pair) for pair in zip(a.weights_, b.weights_, strict=True))


@pytest.mark.parametrize(
    "estimator",
    [
        AutoencoderTransformer(2, hidden_layer_sizes=(), **FAST),
        AutoencoderTransformer(2, hidden_layer_sizes=(), early_stopping=False, init="he", **FAST),
        AutoencoderTransformer(
            2, **{**FAST, "learning_rate": "adaptive", "max_iter": 6}, n_iter_no_change=1, tol=9.0
        ),
        DenoisingAutoencoder(2, hidden_layer_sizes=(), **FAST),
        AutoencoderTransformer(2, hidden_layer_sizes=(), ordered=True, **FAST),
        # Noise for the codes, and a penalty on the rows set aside.
        VariationalAutoencoder(2, hidden_layer_sizes=(), **FAST),
        StackedAutoencoder(2, hidden_layer_sizes=(4,), layer_max_iter=3, **{**FAST, "max_iter": 2}),
    ],
    ids=lambda estimator: f"{type(estimator).__name__}-{estimator.learning_rate}-{estimator.init}",
)
def test_ends_with_the_weights_of_an_uninterrupted_fit(estimator, cut_after, tmp_path):
    plain = clone(estimator).fit(X)
    n_written = plain.n_iter_ + sum(map(len, getattr(plain, "stage_loss_curves_", ())))
    resumed = clone(estimator).set_params(checkpoint=tmp_path)
    for n in range(1, n_written + 1):
        cut_after(n)
        with pytest.raises(CutShortError):
            clone(resumed).fit(X)
        cut_after(np.inf)
        fitted = clone(resumed).fit(X)
        assert same(fitted, plain)
        assert fitted.loss_curve_ == plain.loss_curve_
        assert fitted.validation_loss_curve_ == plain.validation_loss_curve_
        assert fitted.best_iter_ == plain.best_iter_
        assert not list(tmp_path.iterdir())  # nothing is left of a fit that is done


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_killed_process(tmp_path, capsys):
    script = f"""
import os, signal
from tests.training.test_checkpoint import FAST, AutoencoderTransformer, ProgressFile, X
write = ProgressFile.write
def and_die(self, *progress):
    write(self, *progress)
    if len(progress[0].loss_curve) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
ProgressFile.write = and_die
AutoencoderTransformer(2, checkpoint={str(tmp_path)!r}, **FAST).fit(X)
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL
    fitted = AutoencoderTransformer(2, checkpoint=tmp_path, verbose=True, **FAST).fit(X)
    assert capsys.readouterr().out.startswith("Iteration 3,")
    assert same(fitted, AutoencoderTransformer(2, **FAST).fit(X))


def test_without_a_seed_the_same_fit_goes_on(cut_after, tmp_path, capsys):
    estimator = AutoencoderTransformer(2, **{**FAST, "random_state": None}, checkpoint=tmp_path)
    cut_after(2)
    with pytest.raises(CutShortError):
        estimator.fit(X)
    cut_after(np.inf)
    estimator.set_params(verbose=True).fit(X)
    assert capsys.readouterr().out.startswith("Iteration 3,")


def test_other_parameters_or_rows_begin_anew(cut_after, tmp_path):
    estimator = AutoencoderTransformer(2, **FAST, checkpoint=tmp_path)
    cut_after(2)
    with pytest.raises(CutShortError):
        estimator.fit(X)
    cut_after(np.inf)
    for other, rows in [
        (clone(estimator).set_params(alpha=1.0), X),
        (estimator, X + 1.0),
        (estimator, np.float32(X)),
    ]:
        fitted = clone(other).fit(rows)
        assert same(fitted, clone(other).set_params(checkpoint=None).fit(rows))
    # Looking on, or keeping the files elsewhere, is no other fit.
    assert same(clone(estimator).set_params(verbose=True).fit(X), clone(estimator).fit(X))
    assert not list(tmp_path.iterdir())


def test_an_edited_function_or_another_validation_set_begins_anew(cut_after, tmp_path):
    def draw(width):
        return lambda rng, layer: rng.normal(scale=width, size=layer.kernel_shape)

    quick = {**FAST, "hidden_layer_sizes": ()}
    fixed = {"init": draw(0.1), "learning_rate": lambda epoch: 0.01}
    estimator = AutoencoderTransformer(2, **{**quick, **fixed}, checkpoint=tmp_path)
    cut_after(2)
    with pytest.raises(CutShortError):
        estimator.fit(X, X_val=X[:20])
    cut_after(np.inf)
    for other, X_val in [
        ({"init": draw(0.2)}, X[:20]),
        ({"learning_rate": lambda epoch: 0.02}, X[:20]),
        ({}, X[:30]),
    ]:
        fitted = clone(estimator).set_params(**other).fit(X, X_val=X_val)
        plain = clone(estimator).set_params(**other, checkpoint=None).fit(X, X_val=X_val)
        assert same(fitted, plain)
    # Functions are known by what they return.
    estimator.set_params(init=draw(0.1)).fit(X, X_val=X[:20])
    assert not list(tmp_path.iterdir())


def test_a_warm_start_goes_on_too(cut_after, tmp_path):
    def fitted():
        return AutoencoderTransformer(2, warm_start=True, **FAST, checkpoint=tmp_path).fit(X)

    plain = fitted().fit(X)
    estimator = fitted()
    cut_after(1)
    with pytest.raises(CutShortError):
        estimator.fit(X)
    assert len(estimator.loss_curve_) == 3  # what was fitted is kept
    cut_after(np.inf)
    assert same(estimator.fit(X), plain)
    assert estimator.loss_curve_ == plain.loss_curve_


def test_a_search_shares_a_directory(tmp_path):
    grid = {"alpha": [0.0, 1.0]}
    search = GridSearchCV(AutoencoderTransformer(2, **FAST, checkpoint=tmp_path), grid, cv=2)
    plain = GridSearchCV(AutoencoderTransformer(2, **FAST), grid, cv=2).fit(X)
    scores = search.fit(X).cv_results_["mean_test_score"]
    assert np.array_equal(scores, plain.cv_results_["mean_test_score"])
    assert not list(tmp_path.iterdir())


def damaged(content, rng):
    """Yield what a file may become: shorter, longer, flipped, something else."""
    yield from (b"", content[: len(content) // 2], content[:-1], content + b"\0", b"{}")
    for _ in range(40):
        place = rng.integers(len(content))
        flipped = content[place] ^ (1 << rng.integers(8))
        yield content[:place] + bytes([flipped]) + content[place + 1 :]
        yield content[:place]
        yield content[:place] + rng.bytes(rng.integers(1, 9)) + content[place:]


@pytest.mark.parametrize("name", ["start", "stage-0-"])
def test_a_damaged_file(name, cut_after, tmp_path):
    estimator = AutoencoderTransformer(2, hidden_layer_sizes=(), **FAST, checkpoint=tmp_path)
    cut_after(1)
    with pytest.raises(CutShortError):
        estimator.fit(X)
    cut_after(np.inf)
    (path,) = tmp_path.glob(f"*/{name}*")
    content = path.read_bytes()
    message = rf"checkpoint .*{path.name} cannot be read \(.*\)\. Remove .* to restart this fit"
    for changed in damaged(content, np.random.default_rng(0)):
        path.write_bytes(changed)
        with pytest.raises(ValueError, match=message):
            _load(path)
    with pytest.raises(ValueError, match=message):
        estimator.fit(X)
    assert not hasattr(estimator, "weights_")
    path.write_bytes(content)
    estimator.fit(X)


def test_the_file_of_another_fit_stage_or_network(cut_after, tmp_path):
    estimator = AutoencoderTransformer(2, hidden_layer_sizes=(), **FAST, checkpoint=tmp_path)
    for alpha in (0.0, 1.0):
        cut_after(1)
        with pytest.raises(CutShortError):
            estimator.set_params(alpha=alpha).fit(X)
    cut_after(np.inf)
    one, other = sorted(tmp_path.glob("*/stage-0-*"))
    content = other.read_bytes()
    other.write_bytes(one.read_bytes())
    with pytest.raises(
        ValueError, match=r"cannot be read \(it is damaged, or this fit did not write"
    ):
        estimator.set_params(alpha=0.0).fit(X), estimator.set_params(alpha=1.0).fit(X)
    other.write_bytes(content)
    file = ProgressFile(other, other.with_name("start.checkpoint"), {})
    with pytest.raises(ValueError, match=r"cannot be read \(its weights have other shapes"):
        file.read((np.zeros((3, 2)),))


def test_equal_fits_at_the_same_time(tmp_path):
    """Each ends with the weights of one alone, and the last one leaves nothing behind."""
    estimator = AutoencoderTransformer(2, hidden_layer_sizes=(), **FAST)
    plain = clone(estimator).fit(X)
    estimator.set_params(checkpoint=tmp_path)
    with ThreadPoolExecutor(4) as pool:
        fits = list(pool.map(lambda _: clone(estimator).fit(X), range(20)))
    assert all(same(fitted, plain) for fitted in fits)
    assert [fitted.loss_curve_ for fitted in fits] == [plain.loss_curve_] * 20
    assert not list(tmp_path.iterdir())
    estimator.set_params(random_state=None)
    with ThreadPoolExecutor(4) as pool:
        fits = list(pool.map(lambda _: clone(estimator).fit(X), range(20)))
    assert all(len(fitted.loss_curve_) == 3 for fitted in fits)
    assert not list(tmp_path.iterdir())


def test_a_fit_goes_on_while_equal_ones_end(monkeypatch, tmp_path):
    """As on a host that shares the directory and knows of no other."""
    estimator = AutoencoderTransformer(2, hidden_layer_sizes=(), **FAST, checkpoint=tmp_path)
    write, done = ProgressFile.write, []

    def and_another_ends(self, *progress):
        if not done:
            done.append(True)
            clone(estimator).fit(X)
            assert not list(tmp_path.iterdir())
        write(self, *progress)
        assert {path.name[:6] for path in tmp_path.glob("*/*")} == {"start.", "stage-"}

    monkeypatch.setattr(ProgressFile, "write", and_another_ends)
    fitted = clone(estimator).fit(X)
    assert same(fitted, clone(estimator).set_params(checkpoint=None).fit(X))
    assert not list(tmp_path.iterdir())


def test_files_vanish_at_any_moment(tmp_path):
    """Fits that are equal write, read and remove; nothing but what one wrote is ever read."""
    told = {"values": np.arange(1000.0)}
    path = tmp_path / "fit" / "stage"

    def work(i):
        for _ in range(30):
            _store(path, told)
            read = _load(path)
            assert read is None or np.array_equal(read["values"], told["values"])
            if i % 2:
                shutil.rmtree(path.parent, ignore_errors=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_a_directory_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("no directory")
    estimator = AutoencoderTransformer(2, **FAST, checkpoint=tmp_path / "file")
    with pytest.raises(OSError, match=r"checkpoint .* cannot be written .* set checkpoint"):
        estimator.fit(X)
    with pytest.raises(ValueError, match="'checkpoint' parameter"):
        estimator.set_params(checkpoint=3).fit(X)


# NumPy before 2.2 leaves an archive that it cannot write to the garbage collector.
@pytest.mark.filterwarnings("ignore:.*ZipFile:pytest.PytestUnraisableExceptionWarning")
def test_a_full_disk(tmp_path):
    resource = pytest.importorskip("resource")
    estimator = AutoencoderTransformer(2, **FAST).fit(X)
    before = estimator.weights_
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The system refuses files beyond a size as it refuses those beyond the disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"cannot be written .*Free disk space there"):
            estimator.set_params(checkpoint=tmp_path).fit(X)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert estimator.weights_ is before
    assert [path.name for path in tmp_path.glob("*/*")] == ["start.checkpoint"]


def test_a_path_that_is_not_a_file_is_refused(tmp_path):
    place = tmp_path / "start.checkpoint"
    os.mkfifo(place)
    with pytest.raises(ValueError, match="it is not a file"):
        _load(place)
