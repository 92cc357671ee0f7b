"""Sections of the gallery, in the order in which a newcomer reads the examples."""

import re
from functools import cache
from pathlib import Path

from sphinx.util.docutils import SphinxDirective

EXAMPLES = Path(__file__).parents[2] / "examples"


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


def setup(app):
    """Register the directive."""
    app.add_directive("examples", Examples)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
