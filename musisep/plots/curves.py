"""Pictures of how far a learning has come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from musisep.plots.style import add_legend, colour_of, stacked

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curve_figure(curves: Mapping[str, ArrayLike]) -> Figure:
    """Draw what is left unexplained while a dictionary is learned.

    Parameters
    ----------
    curves : mapping of str to array_like, float [turn]
        Shares by title, from 0 to 1, after each turn, as `musisep.Separation.curve`; several may
        have different numbers of turns.

    Returns
    -------
    matplotlib.figure.Figure
        One panel with all curves, in percent, over how much is learned.

    Raises
    ------
    ValueError
        If there is no curve, or one has no turn.

    Examples
    --------
    >>> from musisep.plots import curve_figure
    >>> figure = curve_figure({"six restarts": [0.5, 0.2, 0.1], "one": [0.5, 0.3]})
    >>> [line.get_ydata().tolist() for line in figure.axes[0].lines]
    [[50.0, 20.0, 10.0], [50.0, 30.0]]
    """
    shares = {title: np.asarray(curve, dtype=np.float64) for title, curve in curves.items()}
    if not shares or any(curve.ndim != 1 or not curve.size for curve in shares.values()):
        found = {title: curve.shape for title, curve in shares.items()}
        raise ValueError(f"curves={found} must be one at least, of one turn at least")
    figure, (axes,) = stacked(1)
    for number, curve in enumerate(shares.values()):
        done = 100 * np.arange(1, curve.size + 1) / curve.size
        axes.plot(done, 100 * curve, ".-", color=colour_of(number))
    axes.set_xlabel("learned in %")
    axes.set_ylabel("left unexplained in %")
    axes.set_xlim(0, 102)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.4)
    add_legend(figure, axes.lines, shares)
    return figure
