"""What checks the built site: links and anchors that exist, nothing from another host."""

import re

import pytest

from tests.fresh import ROOT


@pytest.fixture
def faults(tmp_path, monkeypatch):
    """Build a site of two pages and a style sheet, and say what is wrong with it."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "extensions")
    import links

    def of(body="", style=""):
        (tmp_path / "guide").mkdir()
        (tmp_path / "index.html").write_text(
            f'<link rel="stylesheet" href="skae.css?v=1"><p id="here">{body}</p>'
        )
        (tmp_path / "guide" / "plain.html").write_text('<h1 id="top-of-it">Plain</h1>')
        (tmp_path / "skae.css").write_text(style)
        return [fault for _, fault in links.faults(tmp_path)]

    return of


@pytest.mark.parametrize(
    "body",
    [
        '<a href="guide/plain.html">',
        '<a href="guide/plain.html#top-of-it">',
        '<a href="#here">',
        '<a href="#">',
        '<a href="https://scikit-learn.org/stable/#there">',
        '<a href="mailto:someone@skae.local">',
        '<img src="data:image/png;base64,AAAA">',
        '<img src="skae.css" srcset="skae.css, skae.css 2x">',
    ],
)
def test_what_exists_is_fine(body, faults):
    assert faults(body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="guide/gone.html">', "does not exist"),
        ('<a href="/index.html">', "does not exist"),
        ('<a href="guide/plain.html#gone">', "leads to an anchor that does not exist"),
        ('<a href="#gone">', "leads to an anchor that does not exist"),
        ('<img src="gone.png">', "does not exist"),
        ('<img src="skae.css" srcset="skae.css, gone.png 2x">', "does not exist"),
        ('<img src="https://other.local/a.png">', "from another host"),
        ('<script src="//other.local/a.js"></script>', "from another host"),
        ('<link rel="preload stylesheet" href="https://other.local/a.css">', "from another host"),
        ('<p style="background: url(https://other.local/a.png)">', "from another host"),
    ],
)
def test_what_does_not_is_a_fault(body, fault, faults):
    (found,) = faults(body)
    assert fault in found


@pytest.mark.parametrize(
    ("style", "fault"),
    [
        ("@font-face { src: url('gone.woff2') }", "gone.woff2 does not exist"),
        ('@import "https://other.local/a.css";', "from another host"),
        ("p { background: url(https://other.local/a.png) }", "from another host"),
    ],
)
def test_style_sheets_load_too(style, fault, faults):
    (found,) = faults(style=style)
    assert fault in found


def test_every_example_is_in_a_section_of_the_gallery():
    listed = re.findall(r"^ +(plot_\w+)$", (ROOT / "examples" / "index.rst").read_text(), re.M)
    assert sorted(listed) == sorted(path.stem for path in (ROOT / "examples").glob("plot_*.py"))


def test_every_figure_on_the_pages_is_described():
    for path in (ROOT / "docs").rglob("*.md"):
        for figure in re.findall(r"```{(?:image|figure)}[^`]*```", path.read_text()):
            assert re.search(r"^:alt: \S", figure, re.M), f"{path.name}: {figure}"
