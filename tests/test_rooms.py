"""Import boundaries: light to import, light to predict with, one package for TensorFlow."""

import ast
import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from tests.fresh import in_fresh_process

ROOT = Path(skae.__file__).parent
HEAVY = "{'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"


def imports(path, everywhere=True):
    """Yield what a file imports: everywhere in it, or when it is imported itself."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.name)
def test_only_one_package_imports_tensorflow(path):
    if path.parent.name != "_tensorflow":
        roots = {name.split(".")[0] for name in imports(path)}
        assert not roots & {"tensorflow", "keras"}


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.name)
def test_only_pictures_import_matplotlib_and_only_to_draw(path):
    names = imports(path, everywhere=path.parent.name != "plotting")
    assert "matplotlib" not in {name.split(".")[0] for name in names}


# A package imports only from those before it.
PACKAGES = (
    "_plan",
    "_data",
    "_network",
    "_training",
    "_tensorflow",
    "_distributed",
    "_forest",
    "_estimators",
    "_exchange",
    "datasets",
    "plotting",
)


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_one_way(package):
    allowed = {"_version", *PACKAGES[: PACKAGES.index(package) + 1]}
    for path in (ROOT / package).glob("*.py"):
        inner = {name.split(".")[1] for name in imports(path) if name.startswith("skae.")}
        assert inner <= allowed, path.name


@pytest.mark.usefixtures("untrained")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fresh_process_imports_and_serves_without_tensorflow(tmp_path):
    X = np.random.default_rng(0).standard_normal((60, 6))
    autoencoder = skae.AutoencoderTransformer(2, max_iter=2, init="he", whiten=True)
    pipeline = make_pipeline(StandardScaler(), autoencoder).fit(X)
    (tmp_path / "pipeline.pkl").write_bytes(pickle.dumps((pipeline, X)))
    code = f"""
import pickle, sys
import skae.datasets, skae.keras, skae.onnx, skae.plotting
print({HEAVY})
pipeline, X = pickle.load(open({str(tmp_path / "pipeline.pkl")!r}, 'rb'))
codes = pipeline.transform(X)
pipeline.inverse_transform(codes)
skae.ForestAutoencoder(2, n_estimators=2).fit(X).reconstruct(X)
print({HEAVY}, float(codes.sum()), pipeline.score(X))
"""
    imported, served = in_fresh_process(code).splitlines()
    assert imported == "set()"
    assert served.startswith("set()")
    codes_sum, score = map(float, served.split()[1:])
    assert codes_sum == pytest.approx(pipeline.transform(X).sum(), abs=1e-9)
    assert score == pytest.approx(pipeline.score(X))


def test_the_map_names_every_file():
    described = (ROOT.parent / "docs" / "architecture.md").read_text()
    missing = [path.name for path in ROOT.rglob("*.py") if path.name not in described]
    assert missing == []
