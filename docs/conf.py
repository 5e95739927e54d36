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
    "sphinx-mathjax-offline",  # formulas without a network
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "docstrings",
    "figures",
    "sounds",
]
# Results are included by other pages, notebooks become the gallery.
exclude_patterns = ["_build", "notebooks", "results"]

html_theme = "pydata_sphinx_theme"
html_title = f"musisep {version}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
}

# What stands between single backticks is linked if a page documents it (_ext/docstrings.py).
default_role = "py:obj"
# A reference to a name that no page documents is a warning.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(collections|concurrent|numpy|pathlib|tqdm|typing)\..*")]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"special-members": "__call__"}
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "notebooks",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/\d\d_",
    "within_subsection_order": "FileNameSortKey",
    # Figures of musisep.plots, which pyplot does not manage, are the last expression of a block.
    "image_scrapers": ("matplotlib", "gallery.unmanaged_figures"),
    "ignore_repr_types": "matplotlib",
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": 3600,  # pages do not depend on the machine
    "write_computation_times": False,
    "copyfile_regex": "",
}
