"""Every kind on every network."""

import pickle

import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV

import skae
from skae._tensorflow.program import program
from skae.networks import ConvolutionalNetwork, DenseNetwork, RecurrentNetwork
from tests.learning import assert_learned
from tests.own_network import SoftTreeNetwork
from tests.sklearn_checks import checks_of

IMAGES = load_digits().images[:300] / 16
X = IMAGES.reshape(300, 64)
FIXED = {"max_iter": 8, "learning_rate": "cosine", "learning_rate_init": 0.005, "random_state": 0}
KINDS = [
    skae.AutoencoderTransformer(6),
    skae.ContractiveAutoencoder(6),
    skae.DenoisingAutoencoder(6),
    skae.SparseAutoencoder(20, penalty="topk", n_active=4),
    skae.StackedAutoencoder(6, layer_max_iter=8),
    skae.VariationalAutoencoder(6),
]
NETWORKS = {
    DenseNetwork(hidden_layer_sizes=(16,)): {"network__hidden_layer_sizes": [(), 16]},
    ConvolutionalNetwork(filters=4): {"network__filters": [2, 4]},
    RecurrentNetwork(hidden_layer_sizes=8): {"network__cell": ["gru", "lstm"]},
    SoftTreeNetwork(depth=2): {"network__depth": [1, 2]},
}
# Recurrent layers and soft trees have no mirror; recurrent layers cannot be differentiated twice.
IMPOSSIBLE = {
    ("StackedAutoencoder", "SoftTreeNetwork"): "A layer trained alone needs its mirror",
    ("StackedAutoencoder", "RecurrentNetwork"): "A layer trained alone needs its mirror",
    ("ContractiveAutoencoder", "RecurrentNetwork"): "cannot differentiate them twice",
}
# These cover the rest: one for each hook of a kind that meets layers.
QUICK = {
    ("ContractiveAutoencoder", "ConvolutionalNetwork"),
    ("StackedAutoencoder", "ConvolutionalNetwork"),
    ("VariationalAutoencoder", "RecurrentNetwork"),
}
# Other parameters than the default ones that a pair needs.
PARAMETERS = {("ContractiveAutoencoder", "SoftTreeNetwork"): {"tied_weights": False}}


def name_of(pair):
    return tuple(type(part).__name__ for part in pair)


PAIRS = [
    pytest.param(
        clone(kind).set_params(
            network=network, **FIXED, **PARAMETERS.get(name_of((kind, network)), {})
        ),
        grid,
        id="-".join(name_of((kind, network))),
        marks=[] if name_of((kind, network)) in QUICK else [pytest.mark.slow],
    )
    for kind in KINDS
    for network, grid in NETWORKS.items()
    if name_of((kind, network)) not in IMPOSSIBLE
]
each_pair = pytest.mark.parametrize(("pair", "grid"), PAIRS)


def taken(pair):
    """Return the samples as the pair's network takes them."""
    return X if pair.network.shape_parameter is None else IMAGES


@each_pair
def test_codes_and_rows(pair, grid, learning_seed):
    pair, samples = clone(pair).set_params(random_state=learning_seed), taken(pair)
    codes = pair.fit(samples).transform(samples)
    assert codes.shape == (300, pair.n_components_)
    back = pair.inverse_transform(codes)
    assert back.shape == samples.shape
    assert_allclose(pair.reconstruct(samples), back, atol=1e-5)
    assert_allclose(pair.transform(X), codes, atol=1e-6)
    assert_learned(pair.score(samples), above=0.1)


# Those that do not train layers alone, and keep all codes.
@pytest.mark.parametrize(
    ("pair", "grid"),
    [pair for pair in PAIRS if not pair.id.startswith(("StackedA", "SparseA"))],
)
@pytest.mark.usefixtures("untrained")
def test_the_start_is_pca(pair, grid):
    pair = clone(pair).fit(X)
    pca = PCA(6, svd_solver="full").fit(X)
    expected = pca.inverse_transform(pca.transform(X))
    assert_allclose(pair.reconstruct(X), expected, atol=1e-3)


@each_pair
def test_the_same_seed_gives_the_same_bits_and_compiles_nothing_anew(pair, grid):
    samples = taken(pair)
    first = clone(pair).fit(samples)
    compiled = program.cache_info().misses
    for one, other in zip(first.weights_, clone(pair).fit(samples).weights_, strict=True):
        assert_array_equal(one, other)
    clone(pair).set_params(random_state=1, learning_rate_init=0.002).fit(samples[:200])
    assert program.cache_info().misses == compiled


@pytest.mark.slow
@each_pair
def test_a_search_reaches_the_network(pair, grid):
    search = GridSearchCV(clone(pair).set_params(max_iter=1), grid, cv=2).fit(taken(pair))
    (name, _), best = *grid.items(), search.best_estimator_
    assert best.get_params()[name] == search.best_params_[name]
    assert best.network is not pair.network
    stored = pickle.loads(pickle.dumps(best))
    assert_array_equal(stored.transform(X), best.transform(X))


@pytest.mark.parametrize(("names", "reason"), IMPOSSIBLE.items(), ids="-".join)
def test_what_cannot_be_paired_says_why(names, reason):
    network = next(each for each in NETWORKS if type(each).__name__ == names[1])
    kind = getattr(skae, names[0])(network=network)
    with pytest.raises(ValueError, match=reason):
        kind.fit(X)


FEW_STEPS = {"max_iter": 2, "batch_size": 10, "learning_rate_init": 0.001}
# `tests/test_common.py` checks every kind on dense layers, and soft trees are such to the checks.
CHECKED = [
    clone(pair).set_params(**FEW_STEPS)
    for pair, _ in (each.values for each in PAIRS)
    if isinstance(pair.network, ConvolutionalNetwork | RecurrentNetwork)
]


@pytest.mark.slow
@pytest.mark.usefixtures("module_without_xla")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("estimator", "check"), checks_of(CHECKED, drawn=object))
def test_estimator_checks(estimator, check):
    check(estimator)
