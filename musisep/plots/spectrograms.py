"""Pictures of spectrograms, on logarithmic and linear axes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep.audio.logfreq import LogAxis
from musisep.plots.style import set_title, stacked

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class LinearAxis(NamedTuple):
    """Frequencies of the bins of a short-time Fourier transform: bin i is at ``i * step_hz``.

    Parameters
    ----------
    bins : int
        Number of bins, from 0 Hz on.
    step_hz : float
        Distance between one and the next, in Hz.

    Examples
    --------
    >>> from musisep.plots import LinearAxis
    >>> axis = LinearAxis(bins=1025, step_hz=44100 / 2048)
    >>> (axis.bins - 1) * axis.step_hz
    22050.0
    """

    bins: int
    step_hz: float


Axis = LogAxis | LinearAxis


def spectrogram_figure(
    panels: Mapping[str, ArrayLike],
    axis: Axis,
    hop_s: float,
    *,
    start_s: float = 0.0,
    range_db: float = 60.0,
) -> Figure:
    """Draw spectrograms below each other, on common scales.

    Parameters
    ----------
    panels : mapping of str to array_like, float [bin, frame]
        Magnitudes by title, all of one shape.
    axis : LogAxis or LinearAxis
        Frequencies of the bins.
    hop_s : float
        Time between frames, in seconds, above 0.
    start_s : float, optional
        Time of the first frame, in seconds.
    range_db : float, optional
        What is that far below the loudest point of all panels is drawn as silence; above 0, in dB.

    Returns
    -------
    matplotlib.figure.Figure
        Independent of the state of `matplotlib.pyplot`.

    Raises
    ------
    ValueError
        If there are no panels or frames, or shapes disagree with each other or with the axis.

    Examples
    --------
    A second of a sine of 440 Hz:

    >>> import numpy as np
    >>> from musisep.audio.stft import SpectralTransform
    >>> from musisep.plots import LinearAxis, spectrogram_figure
    >>> transform = SpectralTransform(n_fft=256, hop_length=80)
    >>> magnitudes = np.abs(transform.stft(np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)))
    >>> figure = spectrogram_figure({"A4": magnitudes}, LinearAxis(129, 8000 / 256), hop_s=0.01)
    >>> axes = figure.axes[0]
    >>> axes.get_title(loc="left"), [round(float(time_s), 2) for time_s in axes.get_xlim()]
    ('A4', [-0.01, 1.0])
    """
    levels = _levels_db(checked_panels(panels, axis), range_db)
    return drawn(levels, axis, hop_s, start_s, (-range_db, 0.0), "magma", "level in dB")


def drawn(
    panels: Mapping[str, NDArray[np.float64]],
    axis: Axis,
    hop_s: float,
    start_s: float,
    limits: tuple[float, float],
    cmap: str,
    meaning: str,
) -> Figure:
    """Draw values [bin, frame] below each other; `limits` have the ends of the `cmap`."""
    figure, grid = stacked(len(panels))
    for axes, (title, values) in zip(grid, panels.items(), strict=True):
        bins, frames = values.shape
        times = (start_s - hop_s / 2, start_s + (frames - 0.5) * hop_s)
        unit = 1.0 if isinstance(axis, LogAxis) else axis.step_hz
        axes.set_facecolor("lightgray")  # seen where there is no value
        image = axes.imshow(
            values, cmap=cmap, vmin=limits[0], vmax=limits[1], aspect="auto", origin="lower",
            extent=(*times, -0.5 * unit, (bins - 0.5) * unit),
        )  # fmt: skip
        set_title(axes, title)
        if isinstance(axis, LogAxis):
            _label_octaves(axes, axis)
        else:
            axes.set_ylim(bottom=0)
    grid[-1].set_xlabel("time in s")
    figure.supylabel("frequency in Hz", fontsize="medium")
    figure.colorbar(image, ax=grid, label=meaning, pad=0.01)
    return figure


def checked_panels(panels: Mapping[str, ArrayLike], axis: Axis) -> dict[str, NDArray[np.float64]]:
    """Return panels as arrays [bin, frame]; ValueError if they are not of one shape and axis."""
    values = {title: np.asarray(panel, dtype=np.float64) for title, panel in panels.items()}
    shapes = {panel.shape for panel in values.values()}
    shape = shapes.pop() if len(shapes) == 1 else ()
    if len(shape) != 2 or shape[0] != axis.bins or not shape[1]:
        found = {title: panel.shape for title, panel in values.items()}
        raise ValueError(f"panels={found} must have one shape, ({axis.bins}, frames > 0)")
    return values


def _levels_db(
    magnitudes: Mapping[str, NDArray[np.float64]], range_db: float
) -> dict[str, NDArray[np.float64]]:
    """Levels relative to the loudest point of all panels, from -range_db to 0."""
    loudest = max(float(values.max()) for values in magnitudes.values()) or 1.0
    quietest = 10 ** (-range_db / 20)
    return {
        title: 20 * np.log10(np.maximum(values / loudest, quietest))
        for title, values in magnitudes.items()
    }


def _label_octaves(axes: Axes, axis: LogAxis) -> None:
    """Put a label on each power of two times 100 Hz."""
    lowest = math.ceil(math.log2(axis.fmin_hz / 100))
    highest = math.ceil(math.log2(axis.fmax_hz / 100))
    labelled_hz = [100 * 2.0**octave for octave in range(lowest, highest)]
    axes.set_yticks(axis.position(labelled_hz), [f"{hz:g}" for hz in labelled_hz])
