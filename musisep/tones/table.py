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
    """Return the tones that sound as a table, in the order of time.

    Parameters
    ----------
    tones : Peaks [frame, tone]
        Tones on the grid; those of amplitude 0 are left out.
    grid : Grid
        Where the frames and bins lie.

    Returns
    -------
    recarray [row]
        With the columns ``time_s`` in seconds, ``instrument``, ``f0_hz`` in Hz, ``amplitude`` and
        ``inharmonicity``.

    Raises
    ------
    ValueError
        If a parameter is of another class or shape.

    Examples
    --------
    A tone is at bin 12, an octave above 110 Hz, in the second of two frames:

    >>> from musisep.audio.frontend import Grid
    >>> from musisep.audio.logfreq import LogAxis
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.table import tone_table
    >>> grid = Grid(LogAxis(110.0, 880.0, 36), hop_length=100, sample_rate=8000, sigma_bins=1.0)
    >>> tones = Peaks([[0.0], [0.5]], [[0.0], [12.0]], [[1.0], [1.0]], [[0.0], [0.0]], [[0], [0]])
    >>> table = tone_table(tones, grid)
    >>> table.time_s.tolist(), table.f0_hz.round(3).tolist(), table.amplitude.tolist()
    ([0.0125], [220.0], [0.5])
    """
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
    table : recarray [row]
        As `tone_table` makes it, in any order. Tones of one instrument in one frame keep theirs.
    grid : Grid
        Where the frames and bins lie.
    frames : int
        Number of frames.
    places : ndarray of int [place]
        Instrument of each place of a frame, for instance from `musisep.tones.peaks.places`.
    sigma : float
        Width of all tones in bins, which the table does not hold.

    Returns
    -------
    Peaks [frame, place]
        With amplitude 0 where there is no tone.

    Raises
    ------
    ValueError
        If a tone lies outside of the frames, or an instrument has fewer places than tones, or a
        parameter is of another kind.

    Examples
    --------
    A tone of a table is moved up by an octave:

    >>> from musisep.audio.frontend import Grid
    >>> from musisep.audio.logfreq import LogAxis
    >>> from musisep.tones.peaks import Peaks, places
    >>> from musisep.tones.table import tone_table, tones_from_table
    >>> grid = Grid(LogAxis(110.0, 880.0, 36), hop_length=100, sample_rate=8000, sigma_bins=1.0)
    >>> table = tone_table(Peaks([[0.5]], [[12.0]], [[1.0]], [[0.0]], [[0]]), grid)
    >>> table.f0_hz *= 2
    >>> tones = tones_from_table(table, grid, frames=1, places=places(1, 1), sigma=1.0)
    >>> tones.shifts.round(6).tolist()
    [[24.0]]
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
    table : recarray [row]
        As `tone_table` makes it.
    instrument : int
        Its number, from 0 on.

    Returns
    -------
    low : float
        Frequency in Hz; below it are 5 % of the summed amplitude at most, see `PITCH_RANGE`.
    high : float
        Frequency in Hz; above it are 5 % of the summed amplitude at most. In the place of both
        stands None if there are no tones.

    Raises
    ------
    ValueError
        If the table or the number is of another kind.

    Examples
    --------
    A soft tone, three octaves above the others, does not count:

    >>> import numpy as np
    >>> from musisep.tones.table import TONE_TYPE, pitch_range_hz
    >>> table = np.zeros(4, dtype=TONE_TYPE)
    >>> table["f0_hz"] = [200.0, 210.0, 220.0, 1760.0]
    >>> table["amplitude"] = [1.0, 1.0, 1.0, 0.1]
    >>> pitch_range_hz(table, instrument=0)
    (200.0, 220.0)
    """
    table = _checked_table(table)
    tones = table[table["instrument"] == at_least("instrument", instrument, 0)]
    tones = tones[np.argsort(tones["f0_hz"])]
    heard = np.cumsum(tones["amplitude"])
    if not heard.size or not heard[-1] > 0:
        return None
    low, high = tones["f0_hz"][np.searchsorted(heard, np.array(PITCH_RANGE) * heard[-1])]
    return float(low), float(high)
