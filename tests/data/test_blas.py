"""One thread of BLAS around small products, and the old number after them."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skae import AutoencoderTransformer
from skae._data.blas import MANY_PRODUCTS, threads_for
from skae._training.validation import Validation
from tests.programs import without_xla


def n_threads():
    """Numbers of threads of the BLAS libraries."""
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads():
    if not n_threads():
        pytest.skip("BLAS of a kind whose threads threadpoolctl does not know")
    with threadpool_limits(2, user_api="blas"):
        yield


def test_few_products_have_one_thread_and_many_have_all():
    with threads_for(MANY_PRODUCTS - 1):
        assert n_threads() == {1}
    assert n_threads() == {2}
    for n_products in (0, MANY_PRODUCTS):
        with threads_for(n_products):
            assert n_threads() == {2}


def test_an_error_restores_the_number_of_threads():
    with pytest.raises(ValueError, match="inside"), threads_for(1):
        raise ValueError("inside")
    assert n_threads() == {2}


def test_several_threads_restore_the_number_of_threads():
    entered, leave = threading.Event(), threading.Event()

    def other():
        with threads_for(1):
            entered.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with threads_for(1):
        thread.start()
        assert entered.wait(60)
    leave.set()
    thread.join(60)
    assert n_threads() == {2}


def test_a_small_fit_validates_with_one_thread(monkeypatch):
    seen, losses = [], Validation.losses

    def counted(self, weights):
        seen.append(n_threads())
        return losses(self, weights)

    monkeypatch.setattr(Validation, "losses", counted)
    X = np.random.default_rng(0).standard_normal((60, 5))
    with without_xla():
        AutoencoderTransformer(2, hidden_layer_sizes=4, max_iter=1, random_state=0).fit(X)
    assert seen
    assert all(each == {1} for each in seen)
    assert n_threads() == {2}
