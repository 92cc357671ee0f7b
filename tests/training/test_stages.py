"""The stages of a fit: when training leaves its initialization."""

import numpy as np
import pandas as pd
import pytest

from skae import AutoencoderTransformer
from skae._training import schedule


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize(
    ("n_rows", "of_text", "leaves"), [(80, True, True), (80, False, False), (40, True, False)]
)
def test_only_beside_categories_any_gain_is_enough(n_rows, of_text, leaves, monkeypatch):
    monkeypatch.setattr(schedule, "is_significant_gain", lambda *_: False)
    z = np.random.default_rng(0).uniform(-2, 2, n_rows)
    X = pd.DataFrame({"a": z, "b": z**2, "c": np.sin(3 * z), "d": z > 0})
    X = X.astype({"d": "str" if of_text else "float"})
    fitted = AutoencoderTransformer(1, column_scaling=True, max_iter=12, random_state=0).fit(X)
    assert min(fitted.validation_loss_curve_) < fitted.validation_loss_curve_[0]
    assert (fitted.best_iter_ > 0) == leaves
