"""Stacks: one layer at a time is what separate autoencoders are; the cache; fine-tuning."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits

from skae import AutoencoderTransformer, StackedAutoencoder
from skae._data.rows import ArrayRows
from skae._data.split import Split
from skae._network.backend import ACTIVATIONS
from skae._plan.plan import Stage
from skae._training.model import initial_model
from skae._training.stages import LayerByLayer
from tests.learning import assert_learned

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = load_digits().data
FIXED = {"hidden_layer_sizes": (32, 16), "max_iter": 10, "layer_max_iter": 8, "random_state": 0}


def fitted(n_components=8, **params):
    return StackedAutoencoder(n_components, **FIXED | params).fit(X)


@pytest.mark.slow
def test_each_layer_learns_and_its_curve_is_kept(learning_seed):
    stacked = fitted(random_state=learning_seed)
    assert [len(curve) for curve in stacked.stage_loss_curves_] == [8, 8, 8]
    for curve in stacked.stage_loss_curves_:
        assert_learned(curve[-1] / curve[0], below=1)
    assert stacked.n_iter_ == len(stacked.loss_curve_) == 10
    # The fine-tuning begins where the layers have come to, far below a random start.
    fixed = {"hidden_layer_sizes": (32, 16), "max_iter": 1, "random_state": learning_seed}
    plain = AutoencoderTransformer(8, init="he", **fixed).fit(X)
    assert_learned(stacked.loss_curve_[0] / plain.loss_curve_[0], below=0.6)


@pytest.mark.slow
def test_fine_tuning_improves_on_the_layers(learning_seed):
    layers = fitted(fine_tune=False, random_state=learning_seed)
    assert layers.n_iter_ == 0
    assert layers.loss_curve_ == []
    assert np.isnan(layers.loss_)
    assert_learned(layers.score(X), above=0.4)
    tuned = fitted(max_iter=30, random_state=learning_seed)
    assert_learned(tuned.score(X), above=layers.score(X) + 0.1)


@pytest.mark.parametrize("init", ["glorot", pytest.param("he", marks=pytest.mark.slow)])
@pytest.mark.slow
def test_the_first_layer_is_an_autoencoder_of_one_layer(init, learning_seed):
    fixed = {"init": init, "random_state": learning_seed}
    stacked = fitted(fine_tune=False, **fixed)
    alone = AutoencoderTransformer(
        32, hidden_layer_sizes=(), code_activation="elu", max_iter=8, **fixed
    ).fit(X)
    ratio = stacked.stage_loss_curves_[0][-1] / alone.loss_curve_[-1]
    # Weights and batches are drawn anew: over twenty seeds the ratio deviates by 0.06.
    assert_learned(ratio, above=0.7, below=1.4)


@pytest.mark.parametrize("activation", sorted(set(ACTIVATIONS) - {"identity"}))
def test_layers_compose_to_the_whole(activation):
    """Decoding layer by layer, each in its own units, is what the whole network computes."""
    rng = np.random.default_rng(0)
    stacked = StackedAutoencoder(5, hidden_layer_sizes=(12,), activation=activation, init="he")
    model = initial_model(ArrayRows(X), 5, "he", stacked._plan, rng)
    split = Split(ArrayRows(X), np.arange(len(X)), np.arange(0))
    layers, parts = LayerByLayer(model, split, "he", rng), []
    for i in range(2):
        alone, below = layers.part(Stage(layer=i))
        parts.append(alone.codec(alone.weights))
        layers.put(i, alone)
    whole = layers.model.codec(layers.model.weights)
    below = parts[0].encode(X)
    assert_allclose(layers._split.X[:], below, rtol=1e-4, atol=1e-5)
    codes = parts[1].encode(below) / parts[1].scale
    assert_allclose(whole.encode(X) / whole.scale, codes, rtol=1e-3, atol=1e-4)
    back = parts[0].decode(parts[1].decode(parts[1].encode(below)))
    assert_allclose(whole.decode(whole.encode(X)), back, rtol=1e-3, atol=1e-3)


def test_the_whole_is_told_of_the_cut_as_the_top_layer_alone():
    rng = np.random.default_rng(0)
    stacked = StackedAutoencoder(5, hidden_layer_sizes=(12,), init="he", ordered=True)
    model = initial_model(ArrayRows(X), 5, "he", stacked._plan, rng)
    split = Split(ArrayRows(X), np.arange(len(X)), np.arange(0))
    layers, parts = LayerByLayer(model, split, "he", rng), []
    for i in range(2):
        alone, _ = layers.part(Stage(layer=i))
        _, decoder = alone.plan.network.split(alone.weights, np.transpose)
        for told in decoder.cut_biases + decoder.cut_scales:
            told[...] = rng.normal(scale=0.3, size=told.shape)
        parts.append(alone.codec(alone.weights))
        layers.put(i, alone)
    codes = parts[1].encode(parts[0].encode(X))[:, :2]
    back = parts[0].decode(parts[1].truncated(2).decode(codes))
    whole = layers.model.codec(layers.model.weights)
    codes = whole.encode(X)[:, :2]
    assert_allclose(whole.truncated(2).decode(codes), back, rtol=1e-3, atol=1e-3)


def test_the_cache_is_one_matrix_as_wide_as_the_widest_hidden_layer():
    rng = np.random.default_rng(0)
    stacked = StackedAutoencoder(4, hidden_layer_sizes=(16, 24, 8), init="he")
    model = initial_model(ArrayRows(X), 4, "he", stacked._plan, rng)
    layers = LayerByLayer(model, Split(ArrayRows(X), np.arange(len(X)), np.arange(0)), "he", rng)
    caches = []
    for i in range(4):
        alone, below = layers.part(Stage(layer=i))
        assert below.X.shape[1] == (64, 16, 24, 8)[i]
        layers.put(i, alone)
        caches.append(layers._cache)
    assert all(cache is caches[0] for cache in caches)
    assert caches[0].shape == (len(X), 24)
    assert caches[0].dtype == np.float32


def test_a_warm_start_and_partial_fit_go_on_with_the_whole(learning_seed):
    stacked = fitted(warm_start=True)
    curves = stacked.stage_loss_curves_
    stacked.fit(X)
    assert stacked.stage_loss_curves_ == curves
    assert len(stacked.loss_curve_) == 20
    stacked.partial_fit(X)
    assert len(stacked.loss_curve_) == 21
    begun = StackedAutoencoder(8, **FIXED | {"random_state": learning_seed})
    for _ in range(20):
        begun.partial_fit(X)
    assert_learned(begun.score(X), above=0.2)


@pytest.mark.usefixtures("untrained")
def test_a_share_of_the_variance_chooses_the_codes():
    assert 5 < fitted(0.7, max_iter=1, layer_max_iter=1).n_components_ < 12


def test_two_fits_are_the_same_bits():
    for one, other in zip(fitted().weights_, fitted().weights_, strict=True):
        assert_array_equal(one, other)


def test_tied_weights_are_refused():
    with pytest.raises(ValueError, match="tied_weights=True"):
        StackedAutoencoder(tied_weights=True).fit(X)


@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize("hidden", [(), (3,)])
def test_codes_may_be_wider_than_what_is_below(hidden):
    X = np.random.default_rng(0).random((24, 4))
    stacked = StackedAutoencoder(6, hidden_layer_sizes=hidden, max_iter=2, layer_max_iter=2)
    assert stacked.fit(X).transform(X).shape == (24, 6)


@pytest.mark.usefixtures("without_xla")
def test_layers_are_validated_by_the_codes_of_a_validation_set():
    """A copy of the training set as the validation set has the same codes below each layer."""
    quick = {"max_iter": 1, "layer_max_iter": 1, "learning_rate": lambda epoch: 0.0}
    stacked = StackedAutoencoder(2, hidden_layer_sizes=(4,), **quick, random_state=0)
    seen = []

    def held_out(split):
        seen.append((split.X, split.X_val))
        return honest(split)

    honest = Split.held_out
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Split, "held_out", held_out)
        stacked.fit(X[:50], X_val=X[:50])
    assert [rows.shape[1] for rows, _ in seen] == [X.shape[1], 4, X.shape[1]]
    for rows, others in seen:
        assert_array_equal(rows[:], others[:])
