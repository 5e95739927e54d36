"""A separation of an artificial duet, as a page shows it."""

import numpy as np
from duet import REED, SAMPLE_RATE, STRING, duet

from musisep.instruments.naming import Likeness
from musisep.result import Separation
from musisep.scores import note_table
from musisep.settings import Settings
from musisep.tones.dictionary import Dictionary

ONSETS_S = np.array([0.0, 0.5, 1.0, 1.6, 0.0, 0.7, 1.0, 1.5])
OFFSETS_S = np.array([0.5, 1.0, 1.6, 2.0, 0.7, 1.0, 1.5, 2.0])
F0_HZ = np.array([587.3, 659.3, 740.0, 659.3, 220.0, 246.9, 196.0, 207.7])
PLAYERS = np.repeat([0, 1], 4)


def duet_notes():
    """Return the notes of the duet; two are doubtful."""
    certainty = np.array([0.99, 0.4, 0.98, 0.97, 0.95, np.nan, 0.96, 0.99])
    level_db = np.linspace(-12, -20, 8)
    return note_table(ONSETS_S, OFFSETS_S, F0_HZ, PLAYERS, level_db=level_db, certainty=certainty)


def duet_separation(copies=1, channels=1):
    """Return a separation of so many duets, one after the other, with a small residual."""
    stems = np.tile(duet()[:, np.newaxis], (1, channels, copies))
    noise = 1e-3 * np.random.default_rng(0).standard_normal(stems.shape[1:])
    tones = np.recarray(1, dtype=[("time_s", "f8"), ("instrument", "i8"), ("f0_hz", "f8")])
    return Separation(
        stems=stems,
        mixture=stems.sum(axis=0) + noise,
        sample_rate=SAMPLE_RATE,
        dictionary=Dictionary(np.stack([REED, STRING], axis=1)),
        tones=tones,
        settings=Settings(instruments=2),
        unexplained=0.1,
        certainty=np.array([0.99, 0.9]),
        likenesses=[[Likeness("clarinet", 0.8)], [Likeness("cello", 0.6)]],
    )
