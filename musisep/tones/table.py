"""Tones as a table, in seconds and hertz."""

from typing import Any

import numpy as np

from musisep.audio.frontend import Grid
from musisep.tones.peaks import Peaks

TONE_TYPE = [
    ("time_s", "f8"), ("instrument", "i8"), ("f0_hz", "f8"), ("amplitude", "f8"),
    ("inharmonicity", "f8"),
]  # fmt: skip
"""Columns of the table and their types."""


def tone_table(tones: Peaks, grid: Grid) -> "np.recarray[Any, Any]":
    """Return the tones that sound, (frame, tone) on a grid, in the order of time."""
    frame, place = np.nonzero(tones.amps > 0)
    table = np.recarray(frame.size, dtype=TONE_TYPE)
    table.time_s = frame * grid.hop_length / grid.sample_rate
    table.instrument = tones.insts[frame, place]
    table.f0_hz = grid.axis.hz(tones.shifts[frame, place])
    table.amplitude = tones.amps[frame, place]
    table.inharmonicity = tones.spreads[frame, place]
    return table
