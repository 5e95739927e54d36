"""A small data set of two instruments, of which a model can be trained within seconds."""

import numpy as np
from duet import REED, STRING, play

from musisep.io.files import write
from musisep.models import edit_config

RATE = 8000
QUICK = {"excerpt_s": 2.0, "excerpts": 1, "mixtures": 1, "audio_s": 0.5, "restarts": 1}
"""Values of a configuration."""
PLAYED = {"clarinet": (REED, 500), "cello": (STRING, 160)}
"""Harmonics, and the lowest pitch in Hz."""


def line(number, name):
    """A line of notes that no other number has, [sample]."""
    amplitudes, lowest_hz = PLAYED[name]
    steps = np.random.default_rng(number).integers(0, 9, 6)
    notes = [(lowest_hz * 2 ** (step / 12), 0.25) for step in steps]
    return 0.2 * play(notes, amplitudes, RATE)


def song(folder, number):
    """Write the stems of a recording."""
    for name in PLAYED:
        write(folder / f"{name}.wav", line(number, name), RATE, subtype="PCM_16")


def data_set(root, songs=3):
    """Write a data set; return its folder."""
    for number in range(songs):
        song(root / "train" / f"song{number}", number)
    return root


def model(folder, **values):
    """Make the folder of a model that is learned quickly; return it."""
    edit_config(folder, {**QUICK, **values})
    return folder
