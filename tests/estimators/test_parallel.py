"""joblib's backend "skae": the scores of a serial search, and BLAS as it was after it."""

import joblib
import numpy as np
import pytest
from joblib.parallel import SequentialBackend
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score

from skae import AutoencoderTransformer
from tests.data.test_blas import n_threads, two_threads  # noqa: F401  (a fixture)

X = load_digits().data[:300]
SMALL = AutoencoderTransformer(
    3, hidden_layer_sizes=(6,), learning_rate="cosine", max_iter=3, batch_size=32, random_state=0
)


def test_a_search_has_the_scores_of_a_serial_one():
    search = GridSearchCV(SMALL, {"alpha": [0.01, 0.1, 1.0]}, cv=3, refit=False)
    serial = search.fit(X).cv_results_["mean_test_score"]
    with joblib.parallel_config("skae", n_jobs=2):
        parallel = search.fit(X).cv_results_["mean_test_score"]
    np.testing.assert_allclose(parallel, serial, rtol=0, atol=1e-9)


@pytest.mark.skipif(not n_threads(), reason="BLAS whose threads threadpoolctl does not know")
@pytest.mark.parametrize("fails", [False, True])
def test_blas_has_one_thread_in_it_alone(fails, two_threads):  # noqa: F811
    seen = []

    def scored(estimator, X):
        seen.append(n_threads())
        if fails:
            raise ValueError("no score")
        return 0.0

    with joblib.parallel_config("skae", n_jobs=2):
        if fails:
            with pytest.raises(ValueError, match="no score"):
                cross_val_score(SMALL, X, cv=2, scoring=scored, error_score="raise")
        else:
            cross_val_score(SMALL, X, cv=2, scoring=scored)
    assert set(map(tuple, seen)) == {(1,)}
    assert n_threads() == {2}


def test_threads_are_as_many_as_cores_and_a_search_in_a_search_has_none():
    def inner():
        backend, _ = joblib.parallel.get_active_backend()
        return type(backend)

    with joblib.parallel_config("skae", n_jobs=1000):
        outer, n_jobs = joblib.parallel.get_active_backend()
        assert outer.effective_n_jobs(n_jobs) == joblib.cpu_count()
        seen = joblib.Parallel(n_jobs=2)(joblib.delayed(inner)() for _ in range(2))
    if joblib.cpu_count() > 1:
        assert seen == [SequentialBackend] * 2
