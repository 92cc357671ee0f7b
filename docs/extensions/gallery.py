"""Sections of the gallery, in the order in which a newcomer reads the examples."""

import re
from functools import cache
from itertools import count
from pathlib import Path

from sphinx.util.docutils import SphinxDirective

EXAMPLES = Path(__file__).parents[2] / "examples"
ALT = re.compile(r"^( +:alt:).*$", re.MULTILINE)


@cache
def order() -> list[str]:
    """Return the names that `examples/index.rst` lists, from first to last."""
    return re.findall(r"^ +(plot_\w+)$", (EXAMPLES / "index.rst").read_text(), re.MULTILINE)


def place(path) -> int:
    """Return the place of an example: the key by which sphinx-gallery sorts."""
    name = Path(path).stem
    if name not in order():
        raise ValueError(f"{name} is in no section of examples/index.rst: list it there.")
    return order().index(name)


class Examples(SphinxDirective):
    """A heading, the thumbnails of the examples below it, and their place in the side bar."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self):
        """Write the section from what sphinx-gallery and Sphinx offer."""
        heading = self.arguments[0]
        names = [f"   {name}" for name in self.content]
        paths = [f"   ../{EXAMPLES.name}/{name}.py" for name in self.content]
        toctree = [".. toctree::", "   :hidden:", f"   :caption: {heading}", "", *names, ""]
        thumbnails = [".. minigallery::", "", *paths, ""]
        lines = [heading, "-" * len(heading), "", *toctree, *thumbnails]
        self.state_machine.insert_input(lines, self.get_source_info()[0])
        return []


def describe(app, docname, source):
    """Describe figures by the question that they answer: sphinx-gallery lists what it finds."""
    if docname.startswith("auto_examples/plot_"):
        title = re.search(r"^=+\n(.+)\n=+$", source[0], re.MULTILINE)[1]
        numbers = count(1)
        source[0] = ALT.sub(lambda found: f"{found[1]} Figure {next(numbers)}: {title}", source[0])


def setup(app):
    """Register the directive, and look at the pages of examples before they are read."""
    app.add_directive("examples", Examples)
    app.connect("source-read", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
