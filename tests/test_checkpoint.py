"""A fit that is cut short goes on where it was, and ends as if nothing had happened."""

import os
import signal
import subprocess
import sys

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
from skae._checkpoint import ProgressFile
from tests.fresh import ROOT

X = np.random.default_rng(0).standard_normal((120, 6)) @ np.diag([3.0, 2, 1, 1, 1, 1])
FAST = {"solver": "sgd", "learning_rate": "cosine", "max_iter": 3, "random_state": 0}


class CutShortError(Exception):
    """Stands for a fit's end in the middle, where a process could not go on with the test."""


@pytest.fixture
def cut_after(monkeypatch):
    """Let fits end right after so many epochs have been written, or never."""
    write = ProgressFile.write

    def cut(n):
        left = n

        def and_end(self, progress):
            nonlocal left
            write(self, progress)
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
        # Noise for the codes, and a penalty on the rows set aside.
        VariationalAutoencoder(2, hidden_layer_sizes=(), **FAST),
        StackedAutoencoder(2, hidden_layer_sizes=(4,), **{**FAST, "max_iter": 2}),
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


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_killed_process(tmp_path, capsys):
    script = f"""
import os, signal
from tests.test_checkpoint import FAST, AutoencoderTransformer, ProgressFile, X
write = ProgressFile.write
def and_die(self, progress):
    write(self, progress)
    if len(progress.history.loss_curve) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
ProgressFile.write = and_die
AutoencoderTransformer(2, checkpoint={str(tmp_path)!r}, **FAST).fit(X)
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL
    fitted = AutoencoderTransformer(2, checkpoint=tmp_path, verbose=True, **FAST).fit(X)
    assert capsys.readouterr().out.startswith("Iteration 3,")
    assert same(fitted, AutoencoderTransformer(2, **FAST).fit(X))


def test_without_a_seed_the_same_fit_goes_on(cut_after, tmp_path):
    estimator = AutoencoderTransformer(2, **{**FAST, "random_state": None}, checkpoint=tmp_path)
    cut_after(2)
    with pytest.raises(CutShortError):
        estimator.fit(X)
    before = ProgressFile(next(tmp_path.glob("*/stage-0.npz"))).read(())
    cut_after(np.inf)
    assert estimator.fit(X).loss_curve_[:2] == before.history.loss_curve


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


@pytest.mark.parametrize("name", ["stage-0.npz", "start.json"])
@pytest.mark.parametrize("kept", [0, 0.5])
def test_a_truncated_file(name, kept, cut_after, tmp_path):
    estimator = AutoencoderTransformer(2, **FAST, checkpoint=tmp_path)
    cut_after(1)
    with pytest.raises(CutShortError):
        estimator.fit(X)
    (path,) = tmp_path.glob(f"*/{name}")
    os.truncate(path, int(kept * path.stat().st_size))
    with pytest.raises(ValueError, match=rf"checkpoint .*{name} cannot be read.* Remove .* anew"):
        estimator.fit(X)
    assert not hasattr(estimator, "weights_")


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
        with pytest.raises(OSError, match=r"cannot be written .*Make room there"):
            estimator.set_params(checkpoint=tmp_path).fit(X)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert estimator.weights_ is before
    assert [path.name for path in tmp_path.glob("*/*")] == ["start.json"]
