"""Pictures of waveforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from musisep.plots.style import PALETTE, set_title, stacked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_POINTS = 2000
"""Of a waveform."""


def waveform_figure(
    panels: Mapping[str, ArrayLike], sample_rate: int, *, start_s: float = 0.0
) -> "Figure":
    """Draw waveforms below each other, on common scales.

    Parameters
    ----------
    panels : mapping of str to array_like, float [channel, sample] or [sample]
        Signals of one length by title; channels are averaged.
    sample_rate : int
        Sample rate in Hz, above 0.
    start_s : float, optional
        Time of the first sample, in seconds.

    Returns
    -------
    matplotlib.figure.Figure
        Independent of the state of `matplotlib.pyplot`. Of many samples, least and greatest values
        are drawn.

    Raises
    ------
    ValueError
        If there are no panels or samples, or lengths differ.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.plots import waveform_figure
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> figure = waveform_figure({"sine": sine, "soft sine": 0.1 * sine}, 8000, start_s=2.0)
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['sine', 'soft sine']
    >>> figure.axes[0].dataLim.intervalx.round(2).tolist()  # in seconds
    [2.0, 3.0]
    """
    signals = {title: np.atleast_2d(signal).mean(axis=0) for title, signal in panels.items()}
    lengths = {len(signal) for signal in signals.values()}
    if len(lengths) != 1 or not min(lengths):
        raise ValueError(f"panels={list(signals)} must have signals of one length, at least 1")
    (samples,) = lengths
    edges = np.unique(np.linspace(0, samples, min(samples, MOST_POINTS) + 1).astype(int))[:-1]
    figure, grid = stacked(len(signals), sharey=True)
    for axes, (title, signal) in zip(grid, signals.items(), strict=True):
        least, most = (extreme.reduceat(signal, edges) for extreme in (np.minimum, np.maximum))
        axes.fill_between(
            start_s + edges / sample_rate, least, most, linewidth=0.5, color=PALETTE[0]
        )
        set_title(axes, title)
        axes.grid(axis="y", alpha=0.4)
    grid[-1].set_xlabel("time in s")
    return figure
