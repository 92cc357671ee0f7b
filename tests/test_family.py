"""Every kind through the same day: fit, encode, decode, search, pipeline, pickle, a second fit."""

import inspect
import json
import pickle
import re

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae._tensorflow.program import program
from skae.base import BaseAutoencoder
from tests.fresh import ROOT, in_fresh_process
from tests.learning import assert_learned

X, Y = load_digits(return_X_y=True)
X, Y = X[:500] / 16, Y[:500]
FIXED = {"max_iter": 8, "learning_rate": "cosine", "random_state": 0}

# Each kind with a parameter of its own, or of all, to search over.
KINDS = [
    (skae.AutoencoderTransformer(6, hidden_layer_sizes=(16,)), {"activation": ["elu", "tanh"]}),
    (skae.ContractiveAutoencoder(6, hidden_layer_sizes=(16,)), {"contraction": [0.01, 0.1]}),
    (
        skae.ConvolutionalAutoencoder(6, image_shape=(8, 8), filters=(4,)),
        {"kernel_size": [3, 5]},
    ),
    (skae.DenoisingAutoencoder(6, hidden_layer_sizes=(16,)), {"noise_level": [0.1, 0.3]}),
    (
        skae.RecurrentAutoencoder(6, sequence_shape=(8, 8), hidden_layer_sizes=8),
        {"cell": ["gru", "lstm"]},
    ),
    (
        skae.SparseAutoencoder(20, hidden_layer_sizes=(), penalty="topk"),
        {"n_active": [2, 5]},
    ),
    (
        skae.StackedAutoencoder(6, hidden_layer_sizes=(16,), layer_max_iter=3),
        {"layer_max_iter": [2, 4]},
    ),
    (skae.VariationalAutoencoder(6, hidden_layer_sizes=(16,)), {"kl_weight": [0.1, 1.0]}),
]
KINDS = [(kind.set_params(**FIXED), grid) for kind, grid in KINDS]
each_kind = pytest.mark.parametrize(
    ("kind", "grid"), KINDS, ids=[type(kind).__name__ for kind, _ in KINDS]
)


def test_no_kind_is_left_out():
    transformers = {
        name for name in skae.__all__[:-1] if issubclass(getattr(skae, name), BaseAutoencoder)
    }
    assert transformers == {type(kind).__name__ for kind, _ in KINDS}
    described = (ROOT / "docs" / "kinds.md").read_text()
    assert all(f"`{name}`" in described for name in skae.__all__ if name[0] != "_")


@each_kind
def test_codes_and_rows(kind, grid, learning_seed):
    kind = clone(kind).set_params(random_state=learning_seed).fit(X)
    codes = kind.transform(X)
    assert codes.shape == (500, kind.n_components_)
    back = kind.inverse_transform(codes)
    assert back.shape == X.shape
    assert_allclose(kind.reconstruct(X), back, atol=1e-5)
    errors = ((X - back) ** 2).sum(axis=1)
    assert_allclose(-kind.score_samples(X), errors, rtol=1e-3, atol=1e-5)
    expected = 1 - errors.sum() / ((X - X.mean(axis=0)) ** 2).sum()
    assert kind.score(X) == pytest.approx(expected, abs=1e-4)
    assert_learned(kind.score(X), above=0.1)
    assert_learned(kind.partial_fit(X).score(X), above=0.1)


# PCA's codes are good without any training, so that scores alone do not tell of it.
@each_kind
def test_training_lowers_the_loss_from_the_start_of_pca(kind, grid, learning_seed):
    kind = clone(kind).set_params(random_state=learning_seed, max_iter=16)
    trained = clone(kind).set_params(learning_rate_init=0.01).fit(X)
    assert_learned(trained.loss_curve_[-1] / trained.loss_curve_[0], below=0.97)
    idle = clone(kind).set_params(learning_rate_init=1e-12).fit(X)
    assert_learned(idle.score(X), above=0.15)


@each_kind
def test_noise_is_not_learnt_for_the_validation_set(kind, grid, learning_seed):
    noise = np.random.default_rng(0).uniform(size=(200, 64))
    kind = clone(kind).set_params(random_state=learning_seed, learning_rate_init=0.01)
    fitted = kind.set_params(max_iter=16).fit(noise)
    assert_learned(fitted.validation_loss_curve_[-1] / fitted.loss_curve_[-1], above=1.05)


@each_kind
def test_the_same_seed_gives_the_same_bits_and_compiles_nothing_anew(kind, grid):
    first = clone(kind).fit(X)
    compiled = program.cache_info().misses
    for one, other in zip(first.weights_, clone(kind).fit(X).weights_, strict=True):
        assert_array_equal(one, other)
    clone(kind).set_params(random_state=1, learning_rate_init=0.002, alpha=0.1).fit(X[:400])
    assert program.cache_info().misses == compiled


@each_kind
def test_in_a_pipeline_a_search_and_a_data_frame(kind, grid, learning_seed):
    kind = clone(kind).set_params(random_state=learning_seed)
    pipeline = make_pipeline(StandardScaler(), clone(kind), LogisticRegression(max_iter=1000))
    name = type(kind).__name__.lower()
    search = GridSearchCV(pipeline, {f"{name}__{k}": v for k, v in grid.items()}, cv=2)
    assert_learned(search.fit(X, Y).best_score_, above=0.35)
    frame = clone(kind).set_output(transform="pandas").fit_transform(X)
    assert frame.columns[0] == f"{name}0"
    # A search needs no scorer.
    assert_learned(GridSearchCV(clone(kind), grid, cv=2).fit(X).best_score_, above=0.0)


@pytest.mark.slow
def test_a_fresh_process_loads_them_and_fits_the_same_bits(tmp_path):
    """One process for all, since each start of TensorFlow takes seconds."""
    fitted = {type(kind).__name__: clone(kind).fit(X) for kind, _ in KINDS}
    (tmp_path / "kinds.pkl").write_bytes(pickle.dumps((fitted, X)))
    code = f"""
import json, pickle, sys
import joblib
from sklearn.base import clone
from skae._network.backend import NUMPY

def serve(kinds, rows):
    return {{
        name: [float(abs(kind.transform(rows)).sum()), float(kind.score(rows))]
        for name, kind in kinds.items()
    }}

fitted, X = pickle.load(open({str(tmp_path / "kinds.pkl")!r}, "rb"))
served = serve({{name: kind for name, kind in fitted.items() if NUMPY.computes(kind.network_)}}, X)
needed_tensorflow = "tensorflow" in sys.modules
others = {{name: kind for name, kind in fitted.items() if name not in served}}
served |= serve(others, X.reshape(-1, 8, 8))
bits = {{
    name: joblib.hash(clone(fitted[name]).fit(X).weights_)
    for name in ("AutoencoderTransformer", "ConvolutionalAutoencoder")
}}
print(json.dumps([served, needed_tensorflow, bits]))
"""
    served, needed_tensorflow, bits = json.loads(in_fresh_process(code).splitlines()[-1])
    assert not needed_tensorflow
    for name, kind in fitted.items():
        expected = [np.abs(kind.transform(X)).sum(), kind.score(X)]
        assert served[name] == pytest.approx(expected, rel=1e-4)
    assert bits == {name: joblib.hash(fitted[name].weights_) for name in bits}


@pytest.mark.parametrize("name", skae.__all__[:-1])
def test_references_are_numbered_once(name):
    text = getattr(skae, name).__doc__
    numbers = [int(number) for number in re.findall(r"\.\. \[(\d+)\]", text)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {int(number) for number in re.findall(r"\[(\d+)\]_", text)} <= set(numbers)


@pytest.mark.parametrize("name", skae.__all__[:-1])
def test_docstrings_name_every_parameter_with_its_default(name):
    kind = getattr(skae, name)
    for parameter in inspect.signature(kind).parameters.values():
        lines = [
            line
            for line in kind.__doc__.splitlines()
            if line.strip().startswith(f"{parameter.name} : ")
        ]
        assert len(lines) == 1, (name, parameter.name)
        default = lines[0].rsplit("default=", 1)[1]
        # NaN is itself, but does not equal itself.
        assert eval(default, {"np": np}) in (parameter.default,), (name, parameter.name)
