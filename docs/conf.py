"""Sphinx configuration: `make docs`."""

import inspect
import re
import sys
import tempfile
from pathlib import Path

import skastro

sys.path.insert(0, str(Path(__file__).parent))
import layers

layers.draw(Path(__file__).parent / "generated" / "layers.svg")

project = "skastro"
author = "The skastro developers"
version = release = skastro.__version__
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "sg_execution_times.rst"]
templates_path = ["_templates"]
suppress_warnings = ["config.cache"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
default_role = "literal"

autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_validation_checks = {"GL08"}
numpydoc_validation_exclude = {r"\.__"}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skastro",),
    "capture_repr": ("_repr_html_",),
    "reset_argv": lambda gallery_conf, script_vars: [tempfile.mkdtemp(prefix="skastro-docs-")],
    "remove_config_comments": True,
    "show_memory": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "skastro"
html_show_sourcelink = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
}


def skip_member(app, what, name, member, skip, options):
    """Leave out what scikit-learn documents, and attributes that the class describes itself."""
    function = getattr(member, "fget", None) or getattr(member, "func", None) or member
    owner = getattr(function, "__module__", None) or ""
    if callable(function) and not owner.startswith("skastro"):
        return True
    if what == "class" and not callable(function):
        return True
    return True if not inspect.getdoc(function) and not inspect.isfunction(member) else None


def repair_docstring(app, what, name, obj, options, lines):
    """Show data as text, and keep names such as n_features_in_ from being read as links."""
    if what == "data" and obj.__doc__ == type(obj).__doc__:
        lines[:] = ["::", "", *("   " + line for line in str(obj).splitlines())]
    lines[:] = [re.sub(r"\((\w+)_,", r"(\1\\_,", line) for line in lines]


def setup(app):
    """Connect the choice of members and the repair of docstrings."""
    app.connect("autodoc-skip-member", skip_member)
    app.connect("autodoc-process-docstring", repair_docstring, priority=900)
