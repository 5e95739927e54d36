"""Configuration of the documentation, which ``sphinx-build -W docs docs/_build`` makes."""

import sys
from pathlib import Path

import musisep

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "musisep"
author = "the musisep developers"
project_copyright = "2026, the musisep developers"
version = release = musisep.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
    "docstrings",
    "figures",
]
exclude_patterns = ["_build", "notebooks", "results"]  # results are included by other pages

html_theme = "pydata_sphinx_theme"
html_title = f"musisep {version}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "navigation_with_keys": False,
}

autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
