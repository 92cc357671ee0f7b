"""Every example runs headless; with few epochs here, with all of them in the gallery."""

import runpy
import warnings

import matplotlib.pyplot as plt
import pytest
from sklearn.exceptions import ConvergenceWarning

from skae._training.schedule import Schedule
from tests.fresh import ROOT

MOST_EPOCHS = 2
EXAMPLES = sorted((ROOT / "examples").glob("plot_*.py"))


def short(name, initial, max_iter):
    return Schedule(name, initial, min(max_iter, MOST_EPOCHS))


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_runs_and_draws(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MNIST", raising=False)
    text = example.read_text()
    if "sklearn.callback" in text:
        pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from 1.9 on")
    monkeypatch.setattr("skae._training.epochs.Schedule", short)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        # plt.show() has nothing to show on.
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
        runpy.run_path(str(example), run_name="__main__")
    assert plt.get_fignums()
    plt.close("all")
    assert len(text.splitlines()) < 80
