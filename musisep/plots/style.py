"""What pictures have in common: sizes, colours, panels, files."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from io import BytesIO
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

from musisep.io.files import replacing

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN, PANEL_HEIGHT_IN = 9.0, 2.2
LABELS_HEIGHT_IN = 0.6
DOTS_PER_INCH = 120
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Colours of instruments: those of Okabe and Ito (2008), which the colour-blind tell apart, but for
yellow, which white paper hides. The first four differ most."""
HATCHES = ("", "////", "....")
"""Patterns of instruments beyond the colours, which begin anew."""


def colour_of(instrument: int) -> str:
    """Return the colour of an instrument.

    Parameters
    ----------
    instrument : int
        Number of the instrument, from 0 on.

    Returns
    -------
    str
        Colour of `PALETTE`, which begins anew after the last one.

    Examples
    --------
    >>> from musisep.plots import colour_of
    >>> colour_of(0), colour_of(7)
    ('#0072B2', '#0072B2')
    """
    return PALETTE[instrument % len(PALETTE)]


def hatch_of(instrument: int) -> str:
    """Return the pattern of an instrument; none for as many as there are colours."""
    return HATCHES[instrument // len(PALETTE) % len(HATCHES)]


def stacked(panels: int, *, sharey: bool = False) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels below each other, which share their horizontal axis."""
    from matplotlib.figure import Figure

    height = PANEL_HEIGHT_IN * panels + LABELS_HEIGHT_IN
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    grid = figure.subplots(panels, sharex=True, sharey=sharey, squeeze=False)
    return figure, list(grid[:, 0])


def set_title(axes: Axes, title: str) -> None:
    """Put a title at the left above a panel; it is taken literally."""
    axes.set_title(title, loc="left", fontsize="medium", parse_math=False)


def add_legend(figure: Figure, handles: Iterable[Artist], titles: Iterable[str]) -> None:
    """Put a legend above a figure; titles are taken literally."""
    handles, titles = list(handles), list(titles)
    legend = figure.legend(
        handles, [str(number) for number in range(len(titles))], loc="outside upper left",
        ncols=min(len(titles), 6), frameon=False,
    )  # fmt: skip
    for text, title in zip(legend.get_texts(), titles, strict=True):
        text.set_parse_math(False)
        text.set_text(title)  # given before, a title with "_" in front would be left out


def picture_suffixes() -> tuple[str, ...]:
    """Return the suffixes of pictures that `save_figure` writes.

    Returns
    -------
    tuple of str
        Suffixes that matplotlib knows, each with its dot.

    Examples
    --------
    >>> from musisep.plots import picture_suffixes
    >>> {".png", ".pdf", ".svg"} <= set(picture_suffixes())
    True
    """
    from matplotlib.figure import Figure

    return tuple(f".{name}" for name in sorted(Figure().canvas.get_supported_filetypes()))


def save_figure(
    figure: Figure, path: str | os.PathLike[str], *, dpi: float = DOTS_PER_INCH
) -> None:
    """Write a figure whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Figure to draw.
    path : str or path
        The file; its suffix names the format: ``.png``, ``.pdf``, ``.svg``, ... Missing
        folders are made.
    dpi : float, optional
        Dots per inch, of spectrograms in ``.pdf`` and ``.svg`` as well.

    Raises
    ------
    ValueError
        If matplotlib does not know the format, or `dpi` is not above 0.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.plots import curve_figure, save_figure
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "pictures" / "curve.png"
    ...     save_figure(curve_figure({"notes": [0.5, 0.2, 0.1]}), path)
    ...     path.read_bytes()[1:4]
    b'PNG'
    """
    if not (isinstance(dpi, Real) and 0 < dpi < math.inf):
        raise ValueError(f"dpi={dpi!r} must be a number above 0")
    path = Path(path)
    with replacing(path) as temporary:
        figure.savefig(temporary, format=path.suffix.removeprefix("."), dpi=dpi)


def figure_bytes(figure: Figure, format: str = "png") -> bytes:
    """Return the content of the file that `save_figure` would write, to be put into a page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Figure to draw.
    format : str, optional
        Suffix of the format, without its dot.

    Returns
    -------
    bytes
        Content of the file.

    Raises
    ------
    ValueError
        If matplotlib does not know the format.

    Examples
    --------
    >>> from musisep.plots import curve_figure, figure_bytes
    >>> figure_bytes(curve_figure({"notes": [0.5, 0.2, 0.1]}), "svg")[:5]
    b'<?xml'
    """
    content = BytesIO()
    figure.savefig(content, format=format, dpi=DOTS_PER_INCH)
    return content.getvalue()
