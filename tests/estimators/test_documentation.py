"""The "?" of scikit-learn's HTML representation: off without an address, else to a page."""

import re
from email.message import Message
from importlib.metadata import PackageNotFoundError

import pytest
from sklearn.base import BaseEstimator

import skae
import skae.keras
from skae._estimators import documentation
from tests.fresh import ROOT

ESTIMATORS = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (skae, skae.keras)
    for name in module.__all__
    if isinstance(getattr(module, name), type) and issubclass(getattr(module, name), BaseEstimator)
}


@pytest.fixture
def installed(monkeypatch):
    """Say which addresses the installed package names."""

    def with_addresses(*urls):
        metadata = Message()
        for url in urls:
            metadata["Project-URL"] = url
        monkeypatch.setattr(documentation, "metadata", lambda package: metadata)
        documentation.documentation.cache_clear()

    yield with_addresses
    documentation.documentation.cache_clear()


def made(name):
    return ESTIMATORS[name](*((None, None) if name == "skae.keras.KerasAutoencoder" else ()))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_documentation_to_its_page(name, installed):
    installed("Source, https://code.local", "Documentation, https://skae.local/stable/")
    page = f"https://skae.local/stable/generated/{name}.html"
    assert made(name)._get_doc_link() == page
    assert f'href="{page}"' in made(name)._repr_html_()


def test_these_pages_exist():
    pages = re.split(r"currentmodule:: ", (ROOT / "docs" / "api.md").read_text())[1:]
    names = {
        f"{page.split()[0]}.{name}"
        for page in pages
        for name in re.findall(r"^ +(\w+)$", page, re.M)
    }
    assert set(ESTIMATORS) <= names


@pytest.mark.parametrize("name", ESTIMATORS)
def test_nothing_documentation_without_an_address(name, installed):
    installed("Source, https://code.local")
    assert made(name)._get_doc_link() == ""
    assert "local" not in made(name)._repr_html_()


def test_nor_where_the_package_is_not_installed(installed, monkeypatch):
    installed()

    def missing(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(documentation, "metadata", missing)
    assert skae.AutoencoderTransformer()._get_doc_link() == ""


def test_nor_a_class_of_ones_own(installed):
    installed("Documentation, https://skae.local")
    own = type("Own", (skae.AutoencoderTransformer,), {"__module__": "elsewhere"})
    assert own()._get_doc_link() == ""
