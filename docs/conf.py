"""Configuration of the documentation, which ``sphinx-build -W docs docs/_build`` makes."""

import os

# Kernels stay plain functions, with signatures and docstrings that autodoc can read.
os.environ["NUMBA_DISABLE_JIT"] = "1"

import musisep

project = "musisep"
author = "the musisep developers"
project_copyright = "2026, the musisep developers"
version = release = musisep.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.viewcode", "numpydoc"]
exclude_patterns = ["_build", "notebooks", "results"]  # results are included by other pages
html_theme = "alabaster"
html_static_path = ["_static"]  # whose custom.css the theme loads
html_theme_options = {
    "description": "One track per instrument from one recording",
    "page_width": "1200px",  # lines of code have up to 100 letters
    "body_max_width": "900px",
}

autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
