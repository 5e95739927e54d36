"""Artificial lessons: notes of two instruments that sound different."""

import numpy as np
from chords import made_notes

from musisep.instruments import Lesson, ProfileFit
from musisep.instruments.profiles import bands_of, rows_of
from musisep.notes.players import sizes

SOUNDS = {"oboe": [2.0, 0.0, 0.5], "tuba": [-2.0, 1.0, 0.5]}
RANGES = {"oboe": (28, 40), "tuba": (6, 18)}


def lesson_of(instruments=("oboe", "tuba"), seed=0, chords=12, noise=0.4, players=None):
    """A lesson, its notes and their owners."""
    notes, owners = made_notes(
        [SOUNDS[name] for name in instruments], [RANGES[name] for name in instruments], seed,
        chords, noise,
    )  # fmt: skip
    harmonics = np.where(owners[:, None] == 0, [1.0, 0.5, 0.25], [0.5, 1.0, 0.1])
    players = players or tuple(f"{seed} {name}" for name in instruments)
    return (
        Lesson(
            instruments, players, rows_of(notes), sizes(notes), owners, bands_of(notes), harmonics
        ),
        notes,
        owners,
    )


def profiles_of(count=6, **options):
    """Profiles that are learned from artificial lessons."""
    return ProfileFit(**options)([lesson_of(seed=seed)[0] for seed in range(count)])
