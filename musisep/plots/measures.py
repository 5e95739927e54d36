"""Pictures of how measures are distributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from musisep.plots.style import LABELS_HEIGHT_IN, PALETTE, WIDTH_IN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BOX_HEIGHT_IN = 0.35
BOX_HEIGHT = 0.6
FEW = 5
"""Fewer values are drawn as points."""


def measures_figure(values: Mapping[str, Mapping[str, Sequence[float]]]) -> "Figure":
    """Draw how measures are distributed: a panel for each measure, a box for each stem.

    Boxes reach from quartile to quartile, with the median in them, whiskers from the least value to
    the greatest. Few values are points.

    Parameters
    ----------
    values : mapping of str to mapping of str to sequence of float
        Values by measure and stem, in dB; what is not finite is left out.

    Returns
    -------
    matplotlib.figure.Figure
        With a panel for each measure.

    Raises
    ------
    ValueError
        If there is nothing to draw.

    Examples
    --------
    >>> from musisep.plots import measures_figure
    >>> values = {"flute": [4.1, 6.0, 7.2], "horn": [2.5, 3.0, 5.5]}
    >>> figure = measures_figure({"SDR": values, "SIR": values})
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['SDR', 'SIR']
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['flute', 'horn']
    """
    from matplotlib.figure import Figure

    stems = list(dict.fromkeys(stem for measured in values.values() for stem in measured))
    if not stems:
        raise ValueError(f"values={dict(values)} must have one measure of one stem at least")
    height = BOX_HEIGHT_IN * len(stems) + 2 * LABELS_HEIGHT_IN
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    panels = figure.subplots(1, len(values), sharey=True, squeeze=False)[0]
    for axes, (measure, measured) in zip(panels, values.items(), strict=True):
        for place, stem in enumerate(stems):
            found = np.asarray(measured.get(stem, ()), dtype=np.float64)
            finite = found[np.isfinite(found)]
            if finite.size >= FEW:
                _draw_box(axes, finite, place)
            else:
                axes.plot(finite, np.full(finite.size, place), "o", color=PALETTE[0], alpha=0.7)
        axes.set_title(measure, loc="left", fontsize="medium")
        axes.set_xlabel("dB")
        axes.grid(axis="x", alpha=0.4)
    panels[0].set_yticks(range(len(stems)), stems, parse_math=False)
    panels[0].set_ylim(len(stems) - 0.5, -0.5)
    return figure


def _draw_box(axes: "Axes", values: NDArray[np.float64], place: float) -> None:
    """Draw quartiles, median and extremes; `Axes.boxplot` is called otherwise in each version."""
    least, lower, median, upper, greatest = np.percentile(values, (0, 25, 50, 75, 100))
    axes.barh(place, upper - lower, BOX_HEIGHT, left=lower, fill=False, edgecolor=PALETTE[0])
    half = BOX_HEIGHT / 2
    axes.plot([median, median], [place - half, place + half], color=PALETTE[1])
    for ends in ((least, lower), (upper, greatest)):
        axes.plot(ends, [place, place], color=PALETTE[0])
