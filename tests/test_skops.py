"""Without pickle: skops stores every estimator, and is told to trust skae, and trees in forests."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skops.io.exceptions import UntrustedTypesFoundException

from skae import AutoencoderTransformer, ForestAutoencoder, VariationalAutoencoder
from skae._estimators import versions
from skae.networks import ConvolutionalNetwork
from tests.stored.store import estimators, results

X = np.random.default_rng(0).uniform(size=(40, 16))
Y = (X[:, 0] > 0.5).astype(int)

pytestmark = pytest.mark.usefixtures("untrained")


class Foreign(TransformerMixin, BaseEstimator):
    """A step that is neither scikit-learn's nor skae's."""


def of_skae(stored):
    """Return the types to trust, as the page on serving does."""
    unknown = skops.io.get_untrusted_types(data=stored)
    return [name for name in unknown if name.startswith(("skae.", "sklearn."))]


def fitted(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(X, Y)


ON_IMAGES = VariationalAutoencoder(2, network=ConvolutionalNetwork(filters=2), max_iter=1)


@pytest.mark.parametrize(
    "estimator", [*estimators(), ON_IMAGES], ids=lambda each: type(each).__name__
)
def test_every_estimator_is_stored_and_loaded(estimator):
    stored = skops.io.dumps(fitted(estimator))
    loaded = skops.io.loads(stored, trusted=of_skae(stored))
    assert_allclose(results(loaded, X), results(estimator, X), rtol=1e-6)


CATEGORIES = pd.CategoricalDtype([3, 1, 2], ordered=True)
TABLE = pd.DataFrame(
    {
        "number": X[:, 0],
        "text": np.where(Y, "high", "low"),
        "level": pd.Series(np.tile([3, 1], 20)).astype(CATEGORIES),
        "flag": X[:, 1] > 0.5,
        "count": pd.array([1, None] * 20, dtype="Int8"),
    }
).rename_axis(columns="feature")
POLARS = pl.DataFrame(
    {"number": X[:, 0], "text": np.where(Y, "high", "low")},
    schema_overrides={"text": pl.Enum(["high", "low", "none"])},
)


@pytest.mark.parametrize(
    "table", [TABLE, TABLE[["number"]], POLARS], ids=["mixed", "one", "polars"]
)
@pytest.mark.parametrize("kind", [AutoencoderTransformer, ForestAutoencoder])
def test_estimators_of_data_frames_are_stored_and_give_the_same_ones_back(kind, table):
    if kind is ForestAutoencoder and "count" in table:
        table = table.drop(columns="count")  # It takes no missing values.
    estimator = kind(1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        stored = skops.io.dumps(estimator.fit(table))
    loaded = skops.io.loads(stored, trusted=of_skae(stored))
    back, same = estimator.reconstruct(table), loaded.reconstruct(table)
    assert same.equals(back)
    assert list(same.dtypes) == list(table.dtypes)
    assert list(same.columns) == list(table.columns)


def test_a_pipeline_a_newer_version_and_what_is_not_trusted(monkeypatch):
    pipeline = fitted(make_pipeline(StandardScaler(), estimators()[0]))
    stored = skops.io.dumps(pipeline)
    loaded = skops.io.loads(stored, trusted=of_skae(stored))
    assert_allclose(loaded.transform(X), pipeline.transform(X), rtol=1e-6)
    with pytest.raises(UntrustedTypesFoundException, match=r"skae\.base\.Network"):
        skops.io.loads(stored, trusted=[])
    pipeline.set_params(standardscaler=Foreign())
    foreign = skops.io.dumps(pipeline)
    with pytest.raises(UntrustedTypesFoundException, match=r"test_skops\.Foreign"):
        skops.io.loads(foreign, trusted=of_skae(foreign))
    monkeypatch.setattr(versions, "STAMPS", {**versions.STAMPS, "_skae_version": "99.0"})
    newer = skops.io.dumps(pipeline[-1])
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"stored by skae 99\.0"):
        skops.io.loads(newer, trusted=of_skae(newer))
