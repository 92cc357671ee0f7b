"""A network of one's own, made from public names: what it computes, and that kinds take it.

`tests/test_pairs.py` takes every kind on it through the day.
"""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skae import AutoencoderTransformer
from skae._tensorflow.backend import TENSORFLOW, on_xla
from skae.onnx import to_onnx
from tests import own_network
from tests.fresh import ROOT
from tests.learning import assert_learned
from tests.own_network import SoftSplits, SoftTreeNetwork

X = load_digits().data[:400]
LONG = {"max_iter": 60, "learning_rate": "cosine"}


@pytest.fixture(scope="module")
def fitted():
    network = SoftTreeNetwork(depth=2)
    return AutoencoderTransformer(4, network=network, random_state=0, **LONG).fit(X)


def test_the_documented_example_is_this_one():
    page = (ROOT / "docs" / "own_kind.md").read_text()
    shown = re.findall(r"```{literalinclude} (.+)\n(?::.+\n)*:start-at: (.+)\n```", page)[2]
    path = Path(own_network.__file__)
    assert (ROOT / "docs" / shown[0]).resolve() == path
    assert path.read_text().split('"""', 2)[2].lstrip().startswith(shown[1])


def test_every_leaf_has_the_product_of_the_gates_on_its_path():
    layer, rng = SoftSplits(3, 2), np.random.default_rng(0)
    kernel, bias, rows = (rng.standard_normal(shape) for shape in ((3, 3), 3, (5, 3)))
    root, left, right = (1 / (1 + np.exp(-(rows @ kernel + bias)))).T
    weights = [root * left, root * (1 - left), (1 - root) * right, (1 - root) * (1 - right)]
    expected = [weight[:, np.newaxis] * rows for weight in weights]
    out = layer.forward(np, kernel, bias, rows)
    assert_allclose(out, np.hstack([*expected, np.transpose(weights)]))
    arrays = (array.astype(np.float32) for array in (kernel, bias, rows))
    assert_allclose(TENSORFLOW.apply(layer, *arrays), out, atol=1e-6)


def test_it_starts_as_pca_for_any_gates():
    idle = {"max_iter": 1, "learning_rate_init": 1e-12}
    for seed in (0, 1):
        network = SoftTreeNetwork(depth=2)
        start = AutoencoderTransformer(4, network=network, random_state=seed, **idle).fit(X)
        assert np.abs(start.encoder_coefs_[0]).max() > 0.1
        assert_allclose(np.abs(start.transform(X)), np.abs(PCA(4).fit_transform(X)), atol=1e-2)


def test_it_learns_more_than_pca(learning_seed):
    tree = AutoencoderTransformer(
        4, network=SoftTreeNetwork(depth=2), random_state=learning_seed, **LONG
    ).fit(X)
    assert_learned(tree.score(X) - PCA(4).fit(X).explained_variance_ratio_.sum(), above=0.05)


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_xla_compiles_it_and_onnx_has_it(fitted, part):
    reference = pytest.importorskip("onnx.reference")
    assert on_xla(fitted.network_)
    codes = fitted.transform(X[:5])
    given, expected = (X[:5], codes) if part == "encoder" else (codes, fitted.reconstruct(X[:5]))
    name = "X" if part == "encoder" else "codes"
    run = reference.ReferenceEvaluator(to_onnx(fitted, part)).run
    assert_allclose(run(None, {name: np.float32(given)})[0], expected, rtol=1e-3, atol=1e-3)
