"""Words of other packages: every refusal, and every missing attribute, says what to write."""

import copy
import pickle
import re
from inspect import signature

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA, IncrementalPCA, KernelPCA, TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import has_fit_parameter

import skae
from skae._estimators.words import (
    ATTRIBUTES,
    KEYWORDS,
    VALUES,
    WITHOUT_COUNTERPART,
    one_of,
    whereabouts,
)
from skae.keras import KerasAutoencoder, to_keras
from skae.onnx import to_onnx
from tests.fresh import ROOT

pytestmark = pytest.mark.usefixtures("untrained")

X = np.random.default_rng(0).uniform(size=(30, 4))
PLAIN = skae.AutoencoderTransformer()
KINDS = {name: getattr(skae, name) for name in skae.__all__ if name[0].isupper()}


class ReLU:
    """An object of another package, as PyTorch's."""


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({"activation": "sigmoid"}, "Write activation='logistic'."),
        ({"activation": "ReLU"}, "Write activation='relu'."),
        ({"activation": ReLU()}, "Write activation='relu'."),
        ({"activation": np.tanh}, "Write activation='tanh'."),
        ({"code_activation": "linear"}, "Write code_activation='identity'."),
        ({"output_activation": None}, "Write output_activation='identity'."),
        ({"activation": "swish"}, "Write 'gelu', which is close to it."),
        ({"loss": "mse"}, "Write loss='squared_error'."),
        ({"loss": "binary-crossentropy"}, "Write loss='binary_crossentropy'."),
        ({"init": "he_normal"}, "Write init='he'."),
        ({"solver": "SGD"}, "Write solver='sgd'."),
        ({"solver": "full"}, "Write 'adam': this is what trains"),
        ({"learning_rate": 0.01}, "Write learning_rate_init=0.01: learning_rate is how"),
        ({"n_components": "mle"}, "Write n_components=0.95"),
        ({"batch_size": None}, "Write batch_size='auto'."),
        ({"n_iter_no_change": None}, "Write n_iter_no_change=np.inf."),
        ({"random_state": np.random.default_rng(0)}, "Write random_state=0"),
        ({"loss": "hinge"}, "Got 'hinge' instead."),
    ],
)
def test_a_value_is_translated(given, advice):
    with pytest.raises(InvalidParameterError) as refusal:
        skae.AutoencoderTransformer(**given).fit(X)
    assert advice in str(refusal.value)


def test_translations_are_what_parameters_take():
    allowed, taken = {}, set()
    for kind in set(KINDS.values()) - {skae.ForestAutoencoder}:  # it has words of its own
        taken |= kind().get_params(deep=False).keys() | signature(kind.fit).parameters.keys()
        for name, constraints in kind._parameter_constraints.items():
            for each in constraints:
                allowed.setdefault(name, set()).update(getattr(each, "options", ()))
    for name, words in VALUES.items():
        for word, ours in words.items():
            assert word == word.lower()
            assert word not in allowed[name]
            assert ours in allowed[name] or ours.startswith(("'", f"{name}=", "early_stopping="))
    assert not (KEYWORDS.keys() | WITHOUT_COUNTERPART.keys()) & taken
    assert {ours.split(" of ")[0] for ours in KEYWORDS.values()} <= taken


@pytest.mark.parametrize("kind", [skae.AutoencoderTransformer, skae.RecurrentAutoencoder])
def test_a_keyword_is_translated(kind):
    with pytest.raises(TypeError, match=r"argument 'epochs'\. 'epochs' is max_iter here\.$"):
        kind(epochs=3)
    with pytest.raises(TypeError, match=r"'n_neighbors' has no counterpart here: codes keep"):
        kind(2, n_neighbors=15)
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'nonsense'$"):
        kind(nonsense=3)
    with pytest.raises(TypeError, match=r"'validation_data' is X_val of fit here\.$"):
        kind().fit(X, validation_data=(X, X))


def test_a_parameter_of_a_network_names_it():
    with pytest.raises(TypeError, match=r"Write network=ConvolutionalNetwork\(filters=\.\.\.\)\.$"):
        skae.DenoisingAutoencoder(filters=3)
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'cell'$"):
        skae.ConvolutionalAutoencoder(cell="gru")


@pytest.mark.parametrize("kind", [skae.AutoencoderClassifier, skae.AutoencoderOutlierDetector])
def test_a_keyword_is_translated_where_an_autoencoder_is_inside(kind):
    where = "here" if hasattr(kind(), "learning_rate_init") else "of its autoencoder"
    with pytest.raises(TypeError, match=rf"'lr' is learning_rate_init {where}\."):
        kind(lr=1)
    with pytest.raises(TypeError, match=r"'latent_dim' is n_components of its autoencoder\.$"):
        kind(latent_dim=2)
    with pytest.raises(TypeError, match=r"'beta' is kl_weight of VariationalAutoencoder here\.$"):
        kind(beta=2)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_unknown_keywords_of_fit_are_refused(kind):
    if not has_fit_parameter(kind(), "sample_weight"):
        assert kind in (skae.ForestAutoencoder, skae.AutoencoderImputer)
        with pytest.raises(TypeError, match=r"argument 'sample_weight'\. All samples have"):
            kind().fit(X, sample_weight=X[:, 0])
    has_epochs = kind is not skae.ForestAutoencoder
    advice = "; 'epochs' is max_iter" if has_epochs else r"\.$"
    with pytest.raises(TypeError, match=f"Parameters are the constructor's{advice}"):
        kind().fit(X, X[:, 0], epochs=3)


def test_allowed_values_are_in_the_order_in_which_they_are_documented():
    for allowed in (one_of("bca"), copy.deepcopy(one_of("bca"))):
        assert str(allowed) == "a str among {'b', 'c', 'a'}"
        assert allowed.is_satisfied_by("c")
    assert list(PLAIN._parameter_constraints["solver"][0].options) == [
        "adam", "adamw", "sgd", "rmsprop"
    ]  # fmt: skip
    assert not one_of("ab").is_satisfied_by(["a"])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_constraints_can_be_copied(kind):
    constraints = kind._parameter_constraints
    for again in (copy.deepcopy(constraints), pickle.loads(pickle.dumps(constraints))):
        assert again.keys() == constraints.keys()


@pytest.mark.parametrize(
    "pca",
    [
        PCA(2),
        IncrementalPCA(2),
        TruncatedSVD(2),
        KernelPCA(2, kernel="rbf", fit_inverse_transform=True),
    ],
    ids=lambda pca: type(pca).__name__,
)
def test_every_attribute_of_pca_is_there_or_advised_about(pca):
    ours = set(dir(skae.AutoencoderTransformer)) | set(documented_attributes())
    page = (ROOT / "docs" / "from_pca.md").read_text()
    cells = re.findall(r"^\| (.*?) \|", page.split("## Other names")[0], re.MULTILINE)
    on_page = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    # What a fit sets, and what is there as a method or property.
    for name in {name for name in dir(pca.fit(X)) if name[0] != "_"} - pca.get_params().keys():
        assert name in ours or name in ATTRIBUTES or name in OWN_TO_PCA, name
        assert name in on_page, name


# batch_size_ is a batch of IncrementalPCA, n_features_ an older name.
OWN_TO_PCA = {"batch_size_"}


def documented_attributes(kind=skae.AutoencoderTransformer):
    """Return the attributes that the docstring of a kind lists."""
    text = kind.__doc__.split("Attributes\n")[1]
    heads = [line.split(" : ")[0] for line in text.split("\n") if " : " in line]
    return [name.strip() for head in heads for name in head.split(",")]


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_missing_attribute_says_what_to_use(name):
    assert not hasattr(PLAIN, name)
    with pytest.raises(AttributeError) as error:
        getattr(PLAIN, name)
    assert str(error.value) == (
        f"'AutoencoderTransformer' object has no attribute '{name}'. {ATTRIBUTES[name]}."
    )


@pytest.mark.parametrize("kind", [*KINDS.values(), KerasAutoencoder], ids=lambda k: k.__name__)
def test_advice_names_what_is_there(kind):
    is_head = hasattr(kind, "_with_head")
    there = dir(skae.AutoencoderTransformer if is_head else kind)
    there += documented_attributes(skae.AutoencoderTransformer if is_head else kind)
    for name, told in getattr(kind, "_attribute_advice", {}).items():
        assert told.startswith("See its autoencoder_: ") == is_head
        told = told.removeprefix("See its autoencoder_: ")
        told = told.replace("explained_variance_ratio_.sum() of PCA", "")
        used = re.findall(r"\b[a-z_]+_\b", told) + re.findall(r"(?<![\w.])[a-z_]+(?=\()", told)
        assert set(used) <= set(there), name


def test_advice_about_heads_and_models_of_keras():
    with pytest.raises(
        AttributeError, match=r"'coefs_'\. See its autoencoder_: encoder_coefs_ and"
    ):
        skae.AutoencoderClassifier().coefs_  # noqa: B018
    keras = KerasAutoencoder(None, None)
    with pytest.raises(AttributeError, match=r"'coefs_'$"):
        keras.coefs_  # noqa: B018
    with pytest.raises(AttributeError, match=r"components_'\. No code has one direction in X"):
        keras.components_  # noqa: B018


def test_other_attributes_are_missing_as_ever():
    with pytest.raises(AttributeError, match=r"object has no attribute 'weights_'$") as error:
        PLAIN.weights_  # noqa: B018
    assert error.value.name == "weights_"
    for again in (clone(PLAIN), copy.deepcopy(PLAIN), pickle.loads(pickle.dumps(PLAIN))):
        assert repr(again) == repr(PLAIN)
    assert "AutoencoderTransformer" in PLAIN._repr_html_()
    for unfitted in (PLAIN, skae.AutoencoderClassifier()):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            unfitted.transform(X)


@pytest.fixture(scope="module")
def pipeline():
    autoencoder = skae.AutoencoderTransformer(
        2, hidden_layer_sizes=(), solver="sgd", learning_rate="cosine", max_iter=1
    )
    return make_pipeline(PCA(3), autoencoder).fit(X)


def test_exports_of_a_pipeline_say_how(pipeline):
    with pytest.raises(TypeError, match=r"got Pipeline\. Give the autoencoder alone, pipeline\[-1"):
        to_keras(pipeline)
    with pytest.raises(TypeError, match=r"whole pipeline by skl2onnx\.to_onnx\(pipeline, X\[:1\]"):
        to_onnx(pipeline)
    with pytest.raises(TypeError, match=r"got PCA\.$"):
        to_keras(pipeline[0])
    detector = skae.AutoencoderOutlierDetector(pipeline[-1]).fit(pipeline[:-1].transform(X))
    assert whereabouts(detector) == " Give its autoencoder_."


def test_without_a_number_of_codes_there_are_as_many_as_pca_has():
    quick = {"hidden_layer_sizes": (), "solver": "sgd", "learning_rate": "cosine", "max_iter": 1}
    for rows in (X, X[:3]):
        fitted = skae.AutoencoderTransformer(None, **quick).fit(rows)
        assert fitted.n_components_ == PCA().fit(rows).n_components_
        assert fitted.score(rows) == pytest.approx(1.0, abs=1e-4)
    # A later call with fewer rows goes on with the codes that there are.
    assert fitted.partial_fit(X[:2]).n_components_ == 3
    fitted.set_params(warm_start=True).fit(X[:2])
    assert fitted.n_components_ == 3


def test_a_property_keeps_its_own_error():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        skae.AutoencoderTransformer().hidden_activations(X)
