"""Lessons: the notes of a recording whose stems are known, and who plays them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musisep._util.constants import NONE, TINY
from musisep.instruments.profiles import (
    BANDS,
    MOST_NAMES,
    MOST_NUMBERS,
    bands_of,
    rows_of,
    text_array,
    text_of,
)
from musisep.io.archives import reading_arrays, save_arrays
from musisep.names import canonical
from musisep.notes.players import sizes
from musisep.notes.tracking import Notes
from musisep.tones.peaks import Floats, Ints

TEXTS = ("instruments", "players")
"""Fields that are names."""


class Lesson(NamedTuple):
    """Notes of a recording, and who plays them.

    Attributes
    ----------
    instruments : tuple of str
        What plays each reference, as `musisep.names.canonical` has it.
    players : tuple of str
        Who plays each, or on which instrument: what the notes of one tell counts once.
    rows : ndarray, shape (note, input)
        See `musisep.instruments.profiles.rows_of`.
    sizes : ndarray, shape (note,)
        How much each counts.
    owners : ndarray of int, shape (note,)
        The reference whose note it is, or `NONE` if that is not clear.
    bands : ndarray of int, shape (note,)
        Bands of pitch.
    harmonics : ndarray, shape (note, harmonic)
        Amplitudes in the reference whose note it is, relative to the loudest; 0 if it is nobody's.
    """

    instruments: tuple[str, ...]
    players: tuple[str, ...]
    rows: Floats
    sizes: Floats
    owners: Ints
    bands: Ints
    harmonics: Floats

    @classmethod
    def of_notes(
        cls,
        notes: Notes,
        owners: Ints,
        harmonics: Floats,
        instruments: Sequence[str],
        players: Sequence[str],
    ) -> Lesson:
        """Return the lesson of notes, with attributes as above; names become canonical."""
        return cls(
            tuple(map(canonical, instruments)),
            tuple(players),
            rows_of(notes),
            sizes(notes) if len(owners) else np.zeros(0),
            owners,
            bands_of(notes),
            harmonics / np.maximum(harmonics.max(axis=1, keepdims=True), TINY),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a ``.npz`` file whole or not at all; OSError if that is impossible."""
        texts = {name: text_array(getattr(self, name)) for name in TEXTS}
        save_arrays(path, {**self._asdict(), **texts})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Lesson:
        """Read what `save` wrote, trusting nothing in the file.

        Raises
        ------
        OSError
            If the file cannot be read, or is no regular file.
        ValueError
            If it holds no lesson.
        """
        with reading_arrays(path, "lesson") as read:
            instruments, players = (text_of(read(name, MOST_NAMES)) for name in TEXTS)
            arrays = {name: read(name, MOST_NUMBERS) for name in cls._fields if name not in TEXTS}
            lesson = cls(instruments, players, *arrays.values())
            notes, references = len(lesson.sizes), len(lesson.instruments)
            right = (
                all(len(array) == notes for array in arrays.values())
                and [array.ndim for array in arrays.values()] == [2, 1, 1, 1, 2]
                and all(np.isfinite(array).all() for array in arrays.values())
                and len(lesson.players) == references
                and within(lesson.owners, NONE, references - 1)
                and within(lesson.bands, 0, len(BANDS))
            )
            if not right:
                raise ValueError("shapes do not fit")
        return lesson


def within(numbers: Ints, least: int, most: int) -> bool:
    """Tell whether all numbers are from `least` to `most`."""
    return bool(((numbers >= least) & (numbers <= most)).all())
