"""Docstrings as Sphinx can read them, whatever they are in the source."""

import re

REFERENCE = re.compile(r":(?:ref|term):`([^`<]+?)\s*(?:<[^`>]+>)?`")
TYPE = re.compile(r"^\s*\w.* : .*\(.*_[,)]")


def readable(app, what, name, obj, options, lines):
    """Change what would be links that lead nowhere."""
    # What comes from scikit-learn points into its user guide and its gallery, which are not here.
    if (getattr(obj, "__module__", None) or "").startswith("sklearn."):
        paragraphs = "\n".join(lines).split("\n\n")
        text = "\n\n".join(each for each in paragraphs if "sphx_glr_" not in each)
        lines[:] = REFERENCE.sub(r"\1", text).split("\n")
    # In a shape such as (n_samples, n_components_) the last underscore is no mark of a link.
    lines[:] = [re.sub(r"_([,)])", r"\\_\1", line) if TYPE.match(line) else line for line in lines]


def setup(app):
    """Look at docstrings before numpydoc does."""
    app.connect("autodoc-process-docstring", readable, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
