"""Pictures of ``musisep.plots`` in a gallery of sphinx-gallery.

sphinx-gallery shows the figures of ``matplotlib.pyplot``; those of ``musisep.plots`` are none of
these. A notebook shows such a figure if it is the last expression of a cell, and so does a gallery
with `unmanaged_figures` among its ``image_scrapers`` and ``"matplotlib"`` as its
``ignore_repr_types``.
"""

from typing import Any
from weakref import WeakSet

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

shown: WeakSet[Figure] = WeakSet()
"""Figures that have been shown: a block without a last expression still has that of another."""


def unmanaged_figures(
    block: tuple[Any, ...], block_vars: dict[str, Any], gallery_conf: dict[str, Any]
) -> str:
    """Save the figure that is the last expression of a block of code, if pyplot does not have it.

    Parameters are those of any image scraper of sphinx-gallery.

    Returns
    -------
    str
        The image in reStructuredText; empty if there is none.
    """
    last = block_vars["example_globals"].get("___")
    if not isinstance(last, Figure) or last.canvas.manager is not None or last in shown:
        return ""
    shown.add(last)
    path = str(next(block_vars["image_path_iterator"]))
    last.savefig(path, format="png")
    return str(figure_rst([path], gallery_conf["src_dir"]))
