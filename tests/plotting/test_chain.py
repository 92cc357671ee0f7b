"""What pictures see of a pipeline: which steps can be inverted, and the names of its columns."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skae.plotting import ManifoldDisplay, ReconstructionDisplay, TopActivationsDisplay
from skae.plotting._chain import Chain

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.uniform(1, 2, size=(30, 3)), columns=[*"abc"])


def chain_of(*steps, X=X):
    pipeline = make_pipeline(*steps).fit(X)
    return pipeline, Chain.of(pipeline, "caller", "transform", X=X)


def with_gaps():
    return X.mask(RNG.uniform(size=X.shape) < 0.2)


def test_scaling_is_undone():
    pipeline, chain = chain_of(StandardScaler(), PCA(2))
    assert_allclose(chain.pictured(X), X)
    assert_allclose(
        chain.decoded(pipeline.transform(X)), pipeline.inverse_transform(pipeline.transform(X))
    )
    assert chain.column_names(X) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("steps", "rows"),
    [
        ((FunctionTransformer(np.log), PCA(2)), X),
        ((SimpleImputer(), PCA(2)), with_gaps()),
        ((OneHotEncoder(sparse_output=False), PCA(2)), pd.DataFrame({"a": ["x", "y", "z"] * 9})),
        ((ColumnTransformer([("s", StandardScaler(), ["c", "a"])]), PCA(2)), X),
    ],
    ids=["no inverse function", "an inverse in name", "text", "no inverse"],
)
def test_else_the_picture_shows_what_the_estimator_sees(steps, rows):
    pipeline, chain = chain_of(*steps, X=rows)
    assert not chain.inverts
    assert_allclose(chain.pictured(rows), pipeline[:-1].transform(rows))
    for display in (ReconstructionDisplay, TopActivationsDisplay, ManifoldDisplay):
        assert display.from_estimator(pipeline, rows).figure_


def test_columns_are_called_what_they_are():
    columns = ColumnTransformer([("s", StandardScaler(), ["c", "a"])], remainder="passthrough")
    assert chain_of(columns, PCA(2))[1].column_names(X) == ("s__c", "s__a", "remainder__b")
    assert chain_of(FunctionTransformer(np.log), PCA(2))[1].column_names(X) == ()
    assert chain_of(PCA(2))[1].column_names(X.to_numpy()) == ("a", "b", "c")


def test_sparse_rows_are_drawn():
    rows = OneHotEncoder().fit_transform(RNG.integers(4, size=(30, 2)))
    svd = TruncatedSVD(2).fit(rows)
    display = ReconstructionDisplay.from_estimator(svd, rows, samples=[3])
    assert_allclose(display.original, rows[[3]].toarray())


def test_what_stands_in_an_estimator_is_named():
    class Searched(PCA):
        best_estimator_ = PCA()

    with pytest.raises(TypeError, match="Give its best_estimator_"):
        Chain.of(Searched(2).fit(X), "caller", "loss_curve_")
