"""A separation of two sinusoids, as if it had been made."""

import numpy as np

import musisep
from musisep.tones.table import TONE_TYPE

RATE = 16_000


def two_sinusoids():
    """A separation of 400 and 1600 Hz, on two channels, with the true stems and tones."""
    steps = np.arange(RATE) / RATE
    tones = [0.5 * np.sin(2 * np.pi * hz * steps) for hz in (400, 1600)]
    stems = np.stack([[tones[0], 0 * steps], [0 * steps, tones[1]]])
    hop = round(0.0116 * RATE)
    times = np.arange(1 + RATE // hop) * hop / RATE
    table = np.rec.array(
        [(t, k, hz, 0.5 / 2**0.5, 0) for t in times for k, hz in enumerate((400, 1600))],
        dtype=TONE_TYPE,
    )
    return musisep.Separation(
        stems, stems.sum(axis=0), RATE, musisep.Dictionary(np.ones((1, 2))), table,
        musisep.Settings(), 0.0,
    )  # fmt: skip
