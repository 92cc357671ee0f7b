"""Sphinx builds the documentation by this; nothing here needs a network."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent / "extensions"))

import skae

project = "skae"
author = "The skae developers"
copyright = author
version = release = skae.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "myst_parser",
    "sphinx_design",
    "sphinx_copybutton",
    "docstrings",
    "gallery",
    "links",
    "mathml",
]
exclude_patterns = ["_build", "_templates", "extensions", "images/README*"]
templates_path = ["_templates"]

# Formulas are MathML, converted at build time by the extension of this name.
html_math_renderer = "mathml"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "alphabetical"
maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"
# The template of a class lists its methods.
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    # Sections and order are those of examples/index.rst.
    "copyfile_regex": r"index\.rst$",
    "within_subsection_order": "gallery.place",
    "minigallery_sort_order": "gallery.place",
    "abort_on_example_error": True,
    # Examples at a time: most of them use one core for most of their time.
    "parallel": 2,
    # Times of a shared machine say nothing.
    "min_reported_time": float("inf"),
    "write_computation_times": False,
    "download_all_examples": False,
    "show_signature": False,
    "image_srcset": ["2x"],
    # As wide as most figures are, in proportion.
    "thumbnail_size": (400, 220),
    "remove_config_comments": True,
    "doc_module": ("skae",),
    "backreferences_dir": "generated/backreferences",
}

html_theme = "pydata_sphinx_theme"
html_title = "skae"
html_static_path = ["_static"]
html_css_files = ["skae.css"]
html_show_sourcelink = False
html_copy_source = False
html_context = {"default_mode": "light"}
html_theme_options = {
    "navbar_end": [],
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "show_toc_level": 2,
    "show_nav_level": 1,
    # Pages of cards need the width more than a list of their headings.
    "secondary_sidebar_items": {"**": ["page-toc"], "auto_examples/index": [], "guide/index": []},
    "footer_start": ["copyright"],
    "footer_end": [],
    "back_to_top_button": False,
}
# Pages of a single level would have an empty one.
html_sidebars = {page: [] for page in ("index", "get_started", "kinds", "faq")}

# Links into other projects' pages need their inventories, and so a network.
if os.environ.get("READTHEDOCS"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "sklearn": ("https://scikit-learn.org/stable/", None),
        "numpy": ("https://numpy.org/doc/stable/", None),
        "matplotlib": ("https://matplotlib.org/stable/", None),
    }
