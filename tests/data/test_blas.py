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


pytestmark = pytest.mark.skipif(
    not n_threads(), reason="BLAS of a kind whose threads threadpoolctl does not know"
)


@pytest.fixture
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        yield


@pytest.mark.usefixtures("two_threads")
def test_few_products_have_one_thread_and_many_have_all():
    with threads_for(MANY_PRODUCTS - 1):
        assert n_threads() == {1}
    assert n_threads() == {2}
    for n_products in (0, MANY_PRODUCTS):
        with threads_for(n_products):
            assert n_threads() == {2}


@pytest.mark.usefixtures("two_threads")
def test_an_error_restores_the_number_of_threads():
    with pytest.raises(ValueError, match="inside"), threads_for(1):
        raise ValueError("inside")
    assert n_threads() == {2}


@pytest.mark.parametrize("first_leaves_first", [True, False])
def test_several_threads_restore_the_number_of_threads(first_leaves_first):
    before = n_threads()
    entered = {name: threading.Event() for name in ("first", "second")}
    leave = {name: threading.Event() for name in entered}

    def limited(name):
        with threads_for(1):
            entered[name].set()
            leave[name].wait(60)

    threads = {name: threading.Thread(target=limited, args=(name,)) for name in entered}
    for name, thread in threads.items():
        thread.start()
        assert entered[name].wait(60)
    assert n_threads() == {1}
    for name in sorted(threads, reverse=not first_leaves_first):
        # Until the last one leaves.
        assert n_threads() == {1}
        leave[name].set()
        threads[name].join(60)
    assert n_threads() == before


@pytest.mark.usefixtures("two_threads")
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
