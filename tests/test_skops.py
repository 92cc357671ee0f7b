"""Without pickle: skops stores every estimator, of types that the page on serving names."""

import re
import warnings

import numpy as np
import pytest
import skops.io
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skops.io.exceptions import UntrustedTypesFoundException

from skae import _storage
from tests.fresh import ROOT
from tests.stored.store import estimators, results

X = np.random.default_rng(0).uniform(size=(40, 16))
Y = (X[:, 0] > 0.5).astype(int)
PAGE = (ROOT / "docs" / "serving.md").read_text()
DOCUMENTED = set(re.findall(r'^    "(skae\.[\w.]+)",$', PAGE, re.MULTILINE))


def fitted(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(X, Y)


@pytest.mark.parametrize("estimator", estimators(), ids=lambda each: type(each).__name__)
def test_every_estimator_is_stored_and_loaded(estimator):
    stored = skops.io.dumps(fitted(estimator))
    own = f"{type(estimator).__module__}.{type(estimator).__name__}"
    assert set(skops.io.get_untrusted_types(data=stored)) <= DOCUMENTED | {own}
    assert own in DOCUMENTED
    loaded = skops.io.loads(stored, trusted=sorted(DOCUMENTED))
    assert_allclose(results(loaded, X), results(estimator, X), rtol=1e-6)


def test_a_pipeline_and_a_file_that_is_not_trusted(tmp_path, monkeypatch):
    pipeline = fitted(make_pipeline(StandardScaler(), estimators()[0]))
    skops.io.dump(pipeline, tmp_path / "pipeline.skops")
    with pytest.raises(UntrustedTypesFoundException, match=r"skae\._plan\.Network"):
        skops.io.load(tmp_path / "pipeline.skops", trusted=[])
    loaded = skops.io.load(tmp_path / "pipeline.skops", trusted=sorted(DOCUMENTED))
    assert_allclose(loaded.transform(X), pipeline.transform(X), rtol=1e-6)
    monkeypatch.setattr(_storage, "STAMPS", {**_storage.STAMPS, "_skae_version": "99.0"})
    newer = skops.io.dumps(pipeline)
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"stored by skae 99\.0"):
        skops.io.loads(newer, trusted=sorted(DOCUMENTED))
