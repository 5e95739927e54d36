"""Tones as a table, in seconds and hertz, and back."""

from typing import Any

import numpy as np

from musisep._util.checks import above_zero, at_least, instance
from musisep._util.messages import shown
from musisep.audio.arrays import as_integers
from musisep.audio.frontend import Grid
from musisep.tones._kernels import AMP, SHIFT, SIGMA, SPREAD
from musisep.tones.checks import check_tones
from musisep.tones.peaks import Ints, Peaks

TONE_TYPE = [
    ("time_s", "f8"), ("instrument", "i8"), ("f0_hz", "f8"), ("amplitude", "f8"),
    ("inharmonicity", "f8"),
]  # fmt: skip
"""Columns of the table and their types."""
PITCH_RANGE = (0.05, 0.95)
"""The pitch range leaves out what is below and above these shares of the summed amplitude."""

Table = np.recarray[Any, Any]


def tone_table(tones: Peaks, grid: Grid) -> "Table":
    """Return the tones that sound, (frame, tone) on a grid, in the order of time."""
    check_tones("tones", tones)
    instance("grid", grid, Grid)
    frame, place = np.nonzero(tones.amps > 0)
    table = np.recarray(frame.size, dtype=TONE_TYPE)
    table.time_s = frame * grid.hop_length / grid.sample_rate
    table.instrument = tones.insts[frame, place]
    table.f0_hz = grid.axis.hz(tones.shifts[frame, place])
    table.amplitude = tones.amps[frame, place]
    table.inharmonicity = tones.spreads[frame, place]
    return table


def tones_from_table(table: "Table", grid: Grid, frames: int, places: Ints, sigma: float) -> Peaks:
    """Return the tones of a table as a grid has them; the inverse of `tone_table`.

    Parameters
    ----------
    table : recarray
        As `tone_table` makes it, in any order. Tones of one instrument in one frame keep theirs.
    grid : Grid
        Where the frames and bins lie.
    frames : int
        Number of frames.
    places : ndarray of int, shape (place,)
        Instrument of each place of a frame, for instance from `musisep.tones.peaks.places`.
    sigma : float
        Width of all tones in bins, which the table does not hold.

    Returns
    -------
    Peaks, shape (frame, place)
        With amplitude 0 where there is no tone.

    Raises
    ------
    ValueError
        If a tone lies outside of the frames, or an instrument has fewer places than tones, or a
        parameter is of another kind.
    """
    table, places = _checked_table(table), as_integers(places, "places")
    instance("grid", grid, Grid)
    frames, sigma = at_least("frames", frames, 0), above_zero("sigma", sigma)
    if places.ndim != 1:
        raise ValueError(f"places of shape={places.shape} must be [place]")
    frame = np.rint(table.time_s * grid.sample_rate / grid.hop_length).astype(np.int64)
    if frame.size and not 0 <= frame.min() <= frame.max() < frames:
        raise ValueError(f"table: frames {frame.min()} to {frame.max()} must lie below {frames=}")
    instrument = np.asarray(table.instrument, dtype=np.int64)
    group = frame * (instrument.max(initial=0) + 1) + instrument
    order = np.argsort(group, kind="stable")
    rank = np.empty(order.size, dtype=np.int64)  # among the tones of an instrument in a frame
    rank[order] = np.arange(order.size) - np.searchsorted(group[order], group[order])
    by_instrument = np.argsort(places, kind="stable")
    first, end = (
        np.searchsorted(places[by_instrument], instrument, side) for side in ("left", "right")
    )
    without = np.flatnonzero(first + rank >= end)
    if without.size:
        raise ValueError(f"table[{without[0]}] finds no place in its frame: places={places}")
    place = by_instrument[first + rank]
    params = np.zeros((frames, 4, len(places)))
    params[:, SIGMA] = sigma
    params[frame, AMP, place] = table.amplitude
    params[frame, SHIFT, place] = grid.axis.position(table.f0_hz)
    params[frame, SPREAD, place] = table.inharmonicity
    return Peaks.from_params(params, places)


def _checked_table(table: "Table") -> "Table":
    """Refuse what is no table of finite numbers, as `tone_table` makes it; ValueError."""
    columns = [name for name, _ in TONE_TYPE]
    names = table.dtype.names if isinstance(table, np.ndarray) and table.ndim == 1 else None
    if names is None or not set(columns) <= set(names):
        raise ValueError(f"table={shown(table)} must have the columns {', '.join(columns)}")
    for name in columns:
        if not np.isfinite(table[name]).all():
            raise ValueError(f"table[{name!r}] must be finite")
    return table.view(np.recarray)


def pitch_range_hz(table: "Table", instrument: int) -> tuple[float, float] | None:
    """Return between which fundamental frequencies nearly all of an instrument's tones are.

    Parameters
    ----------
    table : recarray
        As `tone_table` makes it.
    instrument : int

    Returns
    -------
    low, high : float
        In Hz; between them are all but `PITCH_RANGE` of the summed amplitude. None if there are
        no tones.
    """
    table = _checked_table(table)
    tones = table[table["instrument"] == at_least("instrument", instrument, 0)]
    tones = tones[np.argsort(tones["f0_hz"])]
    heard = np.cumsum(tones["amplitude"])
    if not heard.size or not heard[-1] > 0:
        return None
    low, high = tones["f0_hz"][np.searchsorted(heard, np.array(PITCH_RANGE) * heard[-1])]
    return float(low), float(high)
