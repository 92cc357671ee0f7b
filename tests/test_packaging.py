"""What pyproject.toml and the files beside it promise holds together."""

import re
import subprocess
import tomllib

import pytest
import yaml

import skae
from tests.fresh import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT, SETUPTOOLS = PYPROJECT["project"], PYPROJECT["tool"]["setuptools"]
REQUIREMENTS = [
    *PROJECT["dependencies"],
    *(each for extra in PROJECT["optional-dependencies"].values() for each in extra),
]


def test_every_package_is_shipped_and_typed():
    folders = {path.parent for path in (ROOT / "skae").rglob("*.py")}
    assert SETUPTOOLS["packages"]["find"]["include"] == ["skae", "skae.*"]
    # Without it a folder would not be found.
    assert all((folder / "__init__.py").exists() for folder in folders)
    assert SETUPTOOLS["package-data"] == {"skae": ["py.typed"]}
    assert (ROOT / "skae" / "py.typed").exists()


def test_an_editable_install_is_a_path():
    # .ci/package tries it, in a folder that holds the clone; this is what setuptools goes by.
    assert SETUPTOOLS["package-dir"] == {"": "."}


@pytest.mark.parametrize("requirement", [r for r in REQUIREMENTS if not r.startswith("skae[")])
def test_every_requirement_has_a_lower_bound(requirement):
    assert re.fullmatch(r"[\w-]+(\[[\w,]+\])?>=[\d.]+(,<[\d.]+)?", requirement)


def test_extras_are_quoted():
    """A shell such as zsh takes bare brackets for a pattern."""
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "skae").rglob("*.py")]
    bare = re.compile(r"pip install [^\"'`\n]*\[")
    assert [str(path) for path in texts if bare.search(path.read_text())] == []


def test_the_version_to_cite_is_this_one():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == skae.__version__


def test_every_supported_version_is_checked():
    checks = yaml.safe_load((ROOT / ".github" / "workflows" / "checks.yml").read_text())["jobs"]
    matrix = checks["run"]["strategy"]["matrix"]
    named = "Programming Language :: Python :: "
    pythons = [each.removeprefix(named) for each in PROJECT["classifiers"] if named in each]
    assert matrix["python"] == [each for each in pythons if re.fullmatch(r"3\.\d+", each)]
    asked = [each["requirement"] for each in matrix["include"]]
    (oldest,) = (each for each in PROJECT["dependencies"] if each.startswith("scikit-learn"))
    assert asked[0] == oldest.replace(">=", "==") + ".*"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no checkout")
def test_pictures_that_examples_write_are_no_changes():
    for example in (ROOT / "examples").glob("*.py"):
        for picture in re.findall(r'savefig\(Path\("(.+?)"\)', example.read_text()):
            ignored = subprocess.run(["git", "check-ignore", "-q", picture], cwd=ROOT, check=False)
            assert ignored.returncode == 0, picture
