"""Pictures; the only place that imports matplotlib, and only when a picture is drawn."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep.audio.logfreq import LogAxis
from musisep.io.files import replacing
from musisep.stems import MIXTURE, stem_names
from musisep.tones.dictionary import Dictionary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from musisep.result import Separation

WIDTH_IN, PANEL_HEIGHT_IN = 9.0, 2.2
LABELS_HEIGHT_IN = 0.6
DOTS_PER_INCH = 120
MOST_POINTS = 2000
"""Of a waveform."""
BAR_WIDTH = 0.7
"""Of the bar of a harmonic, of which the next one is 1 away."""
BOX_HEIGHT_IN = 0.35
BOX_HEIGHT = 0.6
FEW = 5
"""Fewer values are drawn as points."""
MODEL = "model"
"""Title of the panel that shows what the tones sound like together."""


def spectrogram_figure(
    panels: Mapping[str, ArrayLike],
    axis: LogAxis,
    hop_s: float,
    *,
    start_s: float = 0.0,
    range_db: float = 60.0,
) -> "Figure":
    """Draw log-frequency spectrograms below each other, on common scales.

    Parameters
    ----------
    panels : mapping of str to array, shape (log-frequency bin, frame)
        Magnitudes by title, all of one shape.
    axis : LogAxis
        The frequencies of the bins.
    hop_s : float > 0
        Time between frames, in seconds.
    start_s : float
        Time of the first frame, in seconds.
    range_db : float > 0
        What is that far below the loudest point of all panels is drawn as silence.

    Returns
    -------
    matplotlib.figure.Figure
        Independent of the state of `matplotlib.pyplot`.

    Raises
    ------
    ValueError
        If there are no panels or frames, or shapes disagree with each other or with the axis.
    """
    from matplotlib.figure import Figure

    levels = _levels_db(panels, axis, range_db)
    height = PANEL_HEIGHT_IN * len(levels) + LABELS_HEIGHT_IN
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    grid = figure.subplots(len(levels), sharex=True, squeeze=False)[:, 0]
    for axes, (title, level) in zip(grid, levels.items(), strict=True):
        bins, frames = level.shape
        times = (start_s - hop_s / 2, start_s + (frames - 0.5) * hop_s)
        image = axes.imshow(
            level, cmap="magma", vmin=-range_db, vmax=0, aspect="auto", origin="lower",
            extent=(*times, -0.5, bins - 0.5),
        )  # fmt: skip
        axes.set_title(title, loc="left", fontsize="medium", parse_math=False)
        _label_octaves(axes, axis)
    grid[-1].set_xlabel("time in s")
    figure.supylabel("frequency in Hz", fontsize="medium")
    figure.colorbar(image, ax=list(grid), label="level in dB", pad=0.01)
    return figure


def dictionary_figure(amplitudes: ArrayLike, *, range_db: float = 60.0) -> "Figure":
    """Draw what instruments sound like: the levels of the harmonics, as bars.

    Parameters
    ----------
    amplitudes : array, shape (harmonic, instrument)
        Relative amplitudes in [0, 1], as in `musisep.Dictionary`; 1 is 0 dB.
    range_db : float > 0
        Harmonics that are further than that below 1 have no bar.

    Returns
    -------
    matplotlib.figure.Figure
        With a panel for each instrument, independent of the state of `matplotlib.pyplot`.

    Raises
    ------
    ValueError
        If the amplitudes are none of a dictionary.
    """
    from matplotlib.figure import Figure

    columns = Dictionary(np.asarray(amplitudes)).amplitudes.T
    heights = range_db + 20 * np.log10(np.maximum(columns, 10 ** (-range_db / 20)))
    orders = np.arange(1, columns.shape[1] + 1)
    height = PANEL_HEIGHT_IN * len(columns) + LABELS_HEIGHT_IN
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    grid = figure.subplots(len(columns), sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, title, bars in zip(grid, stem_names(len(columns)), heights, strict=True):
        axes.bar(orders, bars, BAR_WIDTH, bottom=-range_db)
        axes.set_title(title, loc="left", fontsize="medium")
        axes.grid(axis="y", alpha=0.4)
        axes.set_axisbelow(True)
    grid[0].set_ylim(-range_db, 3)
    grid[0].set_xlim(0.5, orders[-1] + 0.5)
    grid[0].xaxis.get_major_locator().set_params(integer=True)
    grid[-1].set_xlabel("harmonic")
    figure.supylabel("level in dB", fontsize="medium")
    return figure


def waveform_figure(
    panels: Mapping[str, ArrayLike], sample_rate: int, *, start_s: float = 0.0
) -> "Figure":
    """Draw waveforms below each other, on common scales.

    Parameters
    ----------
    panels : mapping of str to array, shape (channel, sample) or (sample,)
        Signals of one length by title; channels are averaged.
    sample_rate : int > 0
        In Hz.
    start_s : float
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
    """
    from matplotlib.figure import Figure

    signals = {title: np.atleast_2d(signal).mean(axis=0) for title, signal in panels.items()}
    lengths = {len(signal) for signal in signals.values()}
    if len(lengths) != 1 or not min(lengths):
        raise ValueError(f"panels={list(signals)} must have signals of one length, at least 1")
    (samples,) = lengths
    edges = np.unique(np.linspace(0, samples, min(samples, MOST_POINTS) + 1).astype(int))[:-1]
    height = PANEL_HEIGHT_IN * len(signals) + LABELS_HEIGHT_IN
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    grid = figure.subplots(len(signals), sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, (title, signal) in zip(grid, signals.items(), strict=True):
        least, most = (extreme.reduceat(signal, edges) for extreme in (np.minimum, np.maximum))
        axes.fill_between(start_s + edges / sample_rate, least, most, linewidth=0.5, edgecolor="C0")
        axes.set_title(title, loc="left", fontsize="medium", parse_math=False)
        axes.grid(axis="y", alpha=0.4)
    grid[-1].set_xlabel("time in s")
    return figure


def separation_figure(
    separation: "Separation", frames: slice = slice(None), *, range_db: float = 60.0
) -> "Figure":
    """Draw log-frequency spectrograms of a mixture, of its model, and of its stems.

    The model is what the tones that were found sound like with the columns of the dictionary.

    Parameters
    ----------
    separation : Separation
        What `musisep.separate` returned.
    frames : slice
        Which frames to draw.
    range_db : float > 0
        As for `spectrogram_figure`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no such frames.
    """
    from musisep.masking.synthesis import synthesise
    from musisep.masking.voices import Voices
    from musisep.stages import make_stages
    from musisep.tones.peaks import places
    from musisep.tones.table import tones_from_table

    settings, number = separation.settings, len(separation.stems)
    front_end = (separation.parts or make_stages(settings)).front_end
    panels = {}
    for name, signal in zip(
        (MIXTURE, *separation.names), (separation.mixture, *separation.stems), strict=True
    ):
        magnitudes, level, grid = front_end(signal, separation.sample_rate)
        panels[name] = level * magnitudes[frames].T
    _, counts = np.unique(separation.tones[["time_s", "instrument"]], return_counts=True)
    own = places(number, int(counts.max(initial=1)))
    tones = tones_from_table(separation.tones, grid, len(magnitudes), own, grid.sigma_bins)[frames]
    voices = Voices.of(tones, separation.dictionary.amplitudes)
    alone = tones.of_instruments(np.zeros_like(tones.insts))  # one instrument with all columns
    voices = voices._replace(tones=alone, instruments=1)
    model = synthesise(voices, grid.axis.harscale, settings.pexp, grid.axis.bins)[0].T
    first, _, step = frames.indices(len(magnitudes))
    hop_s = grid.hop_length / grid.sample_rate
    return spectrogram_figure(
        {MIXTURE: panels.pop(MIXTURE), MODEL: model, **panels}, grid.axis, step * hop_s,
        start_s=first * hop_s, range_db=range_db,
    )  # fmt: skip


def measures_figure(values: Mapping[str, Mapping[str, Sequence[float]]]) -> "Figure":
    """Draw how measures are distributed: a panel for each measure, a box for each stem.

    Boxes reach from quartile to quartile, with the median in them, whiskers from the least value to
    the greatest. Few values are points.

    Parameters
    ----------
    values : mapping of str to mapping of str to sequence of float
        By measure and stem, in dB; what is not finite is left out.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is nothing to draw.
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
                axes.plot(finite, np.full(finite.size, place), "o", color="C0", alpha=0.7)
        axes.set_title(measure, loc="left", fontsize="medium")
        axes.set_xlabel("dB")
        axes.grid(axis="x", alpha=0.4)
    panels[0].set_yticks(range(len(stems)), stems, parse_math=False)
    panels[0].set_ylim(len(stems) - 0.5, -0.5)
    return figure


def _draw_box(axes: "Axes", values: NDArray[np.float64], place: float) -> None:
    """Draw quartiles, median and extremes; `Axes.boxplot` is called otherwise in each version."""
    least, lower, median, upper, greatest = np.percentile(values, (0, 25, 50, 75, 100))
    axes.barh(place, upper - lower, BOX_HEIGHT, left=lower, fill=False, edgecolor="C0")
    half = BOX_HEIGHT / 2
    axes.plot([median, median], [place - half, place + half], color="C1")
    for ends in ((least, lower), (upper, greatest)):
        axes.plot(ends, [place, place], color="C0")


def picture_suffixes() -> tuple[str, ...]:
    """Return the suffixes of pictures that `save_figure` writes."""
    from matplotlib.figure import Figure

    return tuple(f".{name}" for name in sorted(Figure().canvas.get_supported_filetypes()))


def save_figure(figure: "Figure", path: str | os.PathLike[str]) -> None:
    """Write a figure whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to draw.
    path : str or path
        The file; its suffix names the format: ``.png``, ``.pdf``, ``.svg``, ... Missing
        folders are made.

    Raises
    ------
    ValueError
        If matplotlib does not know the format.
    OSError
        If the file cannot be written.
    """
    path = Path(path)
    with replacing(path) as temporary:
        figure.savefig(temporary, format=path.suffix.removeprefix("."), dpi=DOTS_PER_INCH)


def _levels_db(
    panels: Mapping[str, ArrayLike], axis: LogAxis, range_db: float
) -> dict[str, NDArray[np.float64]]:
    """Levels relative to the loudest point of all panels, from -range_db to 0."""
    magnitudes = {title: np.asarray(values, dtype=np.float64) for title, values in panels.items()}
    shapes = {values.shape for values in magnitudes.values()}
    shape = shapes.pop() if len(shapes) == 1 else ()
    if len(shape) != 2 or shape[0] != axis.bins or not shape[1]:
        found = {title: values.shape for title, values in magnitudes.items()}
        raise ValueError(f"panels={found} must have one shape, ({axis.bins}, frames > 0)")
    loudest = max(float(values.max()) for values in magnitudes.values()) or 1.0
    quietest = 10 ** (-range_db / 20)
    return {
        title: 20 * np.log10(np.maximum(values / loudest, quietest))
        for title, values in magnitudes.items()
    }


def _label_octaves(axes: "Axes", axis: LogAxis) -> None:
    """Put a label on each power of two times 100 Hz."""
    lowest = math.ceil(math.log2(axis.fmin_hz / 100))
    highest = math.ceil(math.log2(axis.fmax_hz / 100))
    labelled_hz = [100 * 2.0**octave for octave in range(lowest, highest)]
    axes.set_yticks(axis.position(labelled_hz), [f"{hz:g}" for hz in labelled_hz])
