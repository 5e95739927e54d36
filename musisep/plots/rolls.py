"""Piano rolls: notes over time, coloured by instrument."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from musisep._util.pitches import pitch_name
from musisep.plots.style import LABELS_HEIGHT_IN, WIDTH_IN, add_legend, colour_of, hatch_of
from musisep.scores.score import NOBODY, NoteTable, Score

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

THICKNESS = 0.8
"""Of a note, in semitones."""
LIGHTEST = 0.25
"""Opacity of a note of which nothing is certain."""
SEMITONE_IN = 0.09
LEAST_SEMITONES = 24
"""A roll is so high at least."""
NAMED = (0, 4, 7)
"""Pitches of an octave that have a name on the axis."""
NOBODY_COLOUR = "#999999"


def roll_figure(
    notes: NoteTable, names: Sequence[str], *, start_s: float = 0.0, stop_s: float | None = None
) -> Figure:
    """Draw notes over time and pitch, with a colour for each instrument.

    The less certain it is who plays a note, the lighter it is; a note of which that is not known
    is not lighter. Notes of nobody are grey; rests are not drawn.

    Parameters
    ----------
    notes : recarray [note]
        Table with the columns `musisep.scores.NOTE_TYPE`, as `musisep.Separation.notes`.
    names : sequence of str
        Names of the instruments.
    start_s : float, optional
        From when on to draw, in seconds.
    stop_s : float, optional
        Until when, in seconds; default: the end of the last note.

    Returns
    -------
    matplotlib.figure.Figure
        Independent of the state of `matplotlib.pyplot`.

    Raises
    ------
    ValueError
        If it is no table of notes of these instruments, or nothing lies between the times.

    Examples
    --------
    >>> from musisep.plots import roll_figure
    >>> from musisep.scores import note_table
    >>> notes = note_table([0.0, 0.5], [0.5, 2.0], [440.0, 330.0], [0, 1])
    >>> figure = roll_figure(notes, ["flute", "horn"])
    >>> axes = figure.axes[0]
    >>> axes.get_xlabel(), axes.get_ylabel(), float(axes.get_xlim()[1])
    ('time in s', 'pitch', 2.0)
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    notes = Score(notes, tuple(names)).notes
    notes = notes[np.isfinite(notes.f0_hz)]
    end_s = float(notes.offset_s.max(initial=start_s + 1)) if stop_s is None else stop_s
    if not start_s < end_s:
        raise ValueError(f"{start_s=} must be before {stop_s=}")
    notes = notes[(notes.offset_s > start_s) & (notes.onset_s < end_s)]
    pitches = 69 + 12 * np.log2(notes.f0_hz / 440)
    low, high = _range(pitches)
    height = SEMITONE_IN * (high - low) + 2 * LABELS_HEIGHT_IN
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    axes = figure.subplots()
    titles = dict(enumerate(names))
    if (notes.instrument == NOBODY).any():
        titles[NOBODY] = "nobody"
    for instrument in titles:
        own = notes.instrument == instrument
        _draw_notes(axes, notes[own], pitches[own], instrument)
    axes.set_xlim(start_s, end_s)
    axes.set_ylim(low, high)
    _name_pitches(axes, low, high)
    axes.set_xlabel("time in s")
    axes.set_ylabel("pitch")
    axes.set_axisbelow(True)
    axes.grid(axis="x", alpha=0.4)
    add_legend(figure, [Patch(**_style(instrument)) for instrument in titles], titles.values())
    return figure


def _style(instrument: int) -> dict[str, Any]:
    """Return how the notes of an instrument look: colours of face and edge, and pattern."""
    colour, hatch = colour_of(instrument), hatch_of(instrument)
    if instrument == NOBODY:
        colour, hatch = NOBODY_COLOUR, "xxxx"
    edge = "white" if hatch else colour  # patterns have the colour of the edge
    return {"facecolor": colour, "edgecolor": edge, "hatch": hatch or None, "linewidth": 0.5}


def _draw_notes(axes: Axes, notes: NoteTable, pitches: Floats, instrument: int) -> None:
    """Draw the notes of one instrument."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    style = _style(instrument)
    sure = np.clip(np.where(np.isnan(notes.certainty), 1.0, notes.certainty), 0, 1)
    colours = np.tile(to_rgba(style.pop("facecolor")), (len(notes), 1))
    colours[:, 3] = LIGHTEST + (1 - LIGHTEST) * sure
    left, right = notes.onset_s, notes.offset_s
    below, above = pitches - THICKNESS / 2, pitches + THICKNESS / 2
    corners = np.stack([[left, left, right, right], [below, above, above, below]])  # [xy, 4, note]
    axes.add_collection(PolyCollection(list(corners.T), facecolors=colours, **style))


def _range(pitches: Floats) -> tuple[float, float]:
    """Return the ends of the axis of pitches, which are whole octaves apart or more."""
    if not pitches.size:
        return 60 - LEAST_SEMITONES / 2, 60 + LEAST_SEMITONES / 2
    low, high = math.floor(pitches.min()) - 1.5, math.ceil(pitches.max()) + 1.5
    missing = max(0.0, LEAST_SEMITONES - (high - low))
    return low - missing / 2, high + missing / 2


def _name_pitches(axes: Axes, low: float, high: float) -> None:
    """Put names on the C, E and G of each octave, for all there is no room, and a line below C."""
    midis = range(math.ceil(low), math.floor(high) + 1)
    named = [midi for midi in midis if midi % 12 in NAMED]
    axes.set_yticks(named, [pitch_name(midi) for midi in named], fontsize="small")
    for midi in midis:
        if midi % 12 == 0:
            axes.axhline(midi - 0.5, color="0.75", linewidth=0.8, zorder=0)
