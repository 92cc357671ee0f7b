"""Formulas as MathML, converted at build time: a page needs no script to show them."""

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.util import logging

logger = logging.getLogger(__name__)


def converted(node, as_block):
    """Return the MathML of a formula, or its source where the converter does not know it."""
    try:
        return latex2mathml.tex2mathml(node.astext(), as_block=as_block)
    except MathError as error:
        logger.warning("cannot convert the formula %r: %s", node.astext(), error, location=node)
        return None


def inline(translator, node):
    """Write a formula in the text."""
    mathml = converted(node, as_block=False)
    translator.body.append(mathml or f"<code>{translator.encode(node.astext())}</code>")
    raise nodes.SkipNode


def block(translator, node):
    """Write a formula on lines of its own."""
    mathml = converted(node, as_block=True)
    translator.body.append(
        f'<div class="math-block">{mathml}</div>\n'
        if mathml
        else f"<pre>{translator.encode(node.astext())}</pre>\n"
    )
    raise nodes.SkipNode


def setup(app):
    """Register the renderer, which `html_math_renderer` chooses."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(inline, None), block_renderers=(block, None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
