"""Any mixture of parameters, valid or not, fits or is refused by an error that names one."""

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from sklearn.base import clone

import skae

# Reaching max_iter is documented. So is a loss that is not finite any more, of numbers too large,
# and a network whose units are dead.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Maximum number of epochs",
    "ignore:The loss is not finite in epoch",
    "ignore:precision='bfloat16' makes this fit no faster",
    "ignore:The reconstruction",
)

X = np.random.default_rng(0).random((24, 4))
# What one parameter or another takes, or does not quite take.
ODD = [None, "", "auto", True, np.True_, 0, 1, 2, 3, -1, 0.5, 1.0, 1.5, -0.5, 1e-300, 1e300]
ODD += [np.nan, np.inf, -np.inf, np.int64(2), np.float32(0.5), 10**30, 1j, "elu", "sgd", "2", b"2"]
ODD += [(), [], (2,), [3, 2], (0,), (2.5,), ("2",), ((2,),), (2, None), np.array([2, 2]), {}, {2}]
ODD += [np.array(2), np.array([[2]]), np.random.RandomState(0), np.random.default_rng(0), object]
ACTIVATIONS = ["identity", "relu", "softplus", "logistic", "swish"]
USUAL = {
    "n_components": [1, 3, 0.7, 6],
    "hidden_layer_sizes": [(), 3, (3, 2)],
    "activation": ACTIVATIONS,
    "code_activation": ACTIVATIONS,
    "output_activation": ACTIVATIONS,
    "loss": ["squared_error", "absolute_error", "huber", "binary_crossentropy", "mse"],
    "init": ["pca", "he", "glorot", "random"],
    "tied_weights": [False, True],
    "standardize": [False, True],
    "alpha": [0, 0.1, 10],
    "solver": ["adam", "adamw", "rmsprop", "lbfgs"],
    "batch_size": [1, 5, 64, 1000],
    "precision": ["float32", "bfloat16", "float16"],
    "learning_rate": ["constant", "cosine", "exponential", "invscaling"],
    "validation_fraction": [0.01, 0.99],
    "max_iter": [1, 2],
    "image_shape": [(2, 2), (4, 1, 1), (2, 2, 1), (3, 3)],
    "sequence_shape": [(2, 2), (4, 1), (3, 3)],
    "kernel_size": [(1, 3), 9],
    "strides": [(1, 2), 9],
    "padding": ["same", "valid", ["valid", "same"], "full"],
    "pooling": [(1, 2), [2, 1], 9],
    "corruption": ["dropout", "masking", "swap", "poisson"],
    "penalty": ["kl", "l1", "topk", "l2"],
    "layer_max_iter": [1, 2],
    "contamination": [0.1, 0.5],
    "freeze": [True],
}
SMALL = skae.AutoencoderTransformer(2, hidden_layer_sizes=(), max_iter=1)
# What bounds the work, where nothing else is drawn.
LEAST = {"autoencoder": SMALL, "max_iter": 2}
LOSS = "The loss is not finite in epoch 1 at the learning rate"
KINDS = {name: getattr(skae, name) for name in skae.__all__ if name[0].isupper()}


@st.composite
def parameters(draw, kind):
    """Draw values for some parameters of a kind, most of them such as it is meant to take."""
    names = draw(st.lists(st.sampled_from(sorted(kind().get_params(deep=False))), max_size=4))
    drawn = {}
    for name in names:
        if name == "autoencoder":
            values = [SMALL, None, SMALL.set_params, "PCA", 3]
        elif draw(st.integers(0, 2)):
            values = USUAL.get(name, ODD)
        else:
            values = ODD
        drawn[name] = draw(st.sampled_from(values))
    for name in ("max_iter", "layer_max_iter"):
        if isinstance(drawn.get(name), int) and drawn[name] > 3:
            drawn[name] = 2
    return drawn


@pytest.fixture
def no_training(monkeypatch, untrained):
    """Take everything but compiled programs seriously, which would cost a second each."""

    def served(network, maps, n_parts):
        width = network.n_components if maps == "encode" else network.n_features
        return lambda weights, rows: np.full((len(rows), width), 0.5, np.float32)

    monkeypatch.setattr("skae._tensorflow.serve._compiled", served)


def check(kind, drawn):
    """Fit, or get an error that names a parameter."""
    drawn = {name: LEAST[name] for name in LEAST.keys() & kind().get_params(deep=False)} | drawn
    estimator = kind(**drawn)
    before = dict(vars(estimator))
    refusal = None
    try:
        estimator.fit(X, np.arange(len(X)) % 2)
    except (ValueError, TypeError) as error:
        refusal = str(error)
    event("fitted" if refusal is None else "refused")
    if refusal is not None:
        # Noise within its bounds may be too large for the loss, which is measured by NumPy here.
        assert any(name in refusal for name in drawn) or LOSS in refusal, refusal
        assert vars(estimator) == before
    elif hasattr(estimator, "transform"):
        assert np.isfinite(estimator.transform(X)).all()


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize("name", KINDS)
def test_any_parameters(name):
    @given(parameters(KINDS[name]))
    def fits_or_is_refused(drawn):
        check(KINDS[name], drawn)

    fits_or_is_refused()


# Numbers and switches compile nothing, so that training can be part of it.
POSITIVE = [1e-300, 1e-20, 1e-3, 0.5, 1.0, 1e3, 1e20, 1e300]
NUMBERS = {
    "alpha": [0.0, *POSITIVE],
    "learning_rate_init": POSITIVE,
    "momentum": [0.0, 0.9, 1 - 1e-16],
    "tol": [0.0, *POSITIVE],
    "n_iter_no_change": [1, 10, np.inf],
    "validation_fraction": [1e-300, 0.1, 0.5, 1 - 1e-16],
    "early_stopping": [False, True],
    "learning_rate": ["constant", "adaptive", "cosine", "exponential"],
    "shuffle": [False, True],
    "whiten": [False, True],
    "init": ["he", "glorot", "lecun"],
    "n_components": [0.1, 0.3],
    "random_state": [None, 0, 2**32 - 1],
    "noise_level": [0.0, *POSITIVE[:-1]],
    "contraction": [0.0, *POSITIVE],
    "kl_weight": [0.0, *POSITIVE],
    "sparsity_weight": [0.0, *POSITIVE],
    "sparsity_target": [1e-300, 0.1, 1 - 1e-16],
}
TRAINED = [
    skae.AutoencoderTransformer(1, solver="sgd"),
    skae.DenoisingAutoencoder(1),
    skae.ContractiveAutoencoder(1),
    skae.SparseAutoencoder(1),
    skae.VariationalAutoencoder(1),
]


@st.composite
def numbers(draw):
    """Draw a kind and some of its numbers."""
    kind = draw(st.sampled_from(TRAINED))
    names = sorted(NUMBERS.keys() & kind.get_params())
    chosen = draw(st.lists(st.sampled_from(names), max_size=4, unique=True))
    numbers = {name: draw(st.sampled_from(NUMBERS[name])) for name in chosen}
    return clone(kind).set_params(hidden_layer_sizes=(), max_iter=3, batch_size=8, **numbers)


@given(numbers())
def test_any_numbers_train(estimator):
    refusal = ""
    try:
        codes = estimator.fit(X).transform(X)
    except ValueError as error:
        refusal = str(error)
    event(refusal[:20] or "fitted")
    if refusal:
        assert LOSS in refusal
    else:
        assert np.isfinite(codes).all()
