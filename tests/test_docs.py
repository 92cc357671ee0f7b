"""Code on the pages runs: every python block, page by page, as a reader would paste it."""

import re
from importlib.util import find_spec

import pytest
from matplotlib import pyplot as plt

from tests.fresh import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # As many figures as a page likes.
    pytest.mark.filterwarnings("ignore:More than 20 figures:RuntimeWarning"),
]

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Pages that the gallery and the API reference generate are no one's to mend.
GENERATED = {"_build", "auto_examples", "generated"}


def pages():
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        name = path.relative_to(ROOT)
        if not GENERATED & set(name.parts) and BLOCK.search(path.read_text()):
            yield str(name)


@pytest.mark.parametrize("page", list(pages()))
def test_its_code_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / page).read_text()
    namespace = {"__name__": "__main__"}
    for block in BLOCK.finditer(text):
        if "callback" in block[1] and not find_spec("sklearn.callback"):
            pytest.skip("the rest of the page needs sklearn.callback, of scikit-learn 1.9")
        # Blank lines before it, so that a traceback names the line of the page.
        above = text.count("\n", 0, block.start(1))
        exec(compile("\n" * above + block[1], ROOT / page, "exec"), namespace)
    plt.close("all")
