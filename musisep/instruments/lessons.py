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

    Parameters
    ----------
    instruments : tuple of str
        What plays each reference, as `musisep.names.canonical` has it.
    players : tuple of str
        Who plays each, or on which instrument: what the notes of one tell counts once.
    rows : ndarray [note, input]
        See `musisep.instruments.profiles.rows_of`.
    sizes : ndarray [note]
        How much each counts.
    owners : ndarray of int [note]
        The reference whose note it is, or `NONE` if that is not clear.
    bands : ndarray of int [note]
        Bands of pitch.
    harmonics : ndarray [note, harmonic]
        Amplitudes in the reference whose note it is, relative to the loudest; 0 if it is nobody's.

    Examples
    --------
    A lesson is kept in a file. Here its three notes are of the oboe, of the tuba, and of nobody:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.instruments import Lesson
    >>> owners, bands = np.array([0, 1, -1]), np.array([5, 2, 3])
    >>> numbers = np.zeros((3, 4)), np.ones(3), owners, bands, np.ones((3, 10))
    >>> lesson = Lesson(("oboe", "tuba"), ("Ann", "Bob"), *numbers)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lesson.save(Path(folder, "lesson.npz"))
    ...     again = Lesson.load(Path(folder, "lesson.npz"))
    >>> again.players, again.owners.tolist()
    (('Ann', 'Bob'), [0, 1, -1])
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
        """Return the lesson of notes; names become canonical.

        Parameters
        ----------
        notes : Notes
            Notes whose sound was measured.
        owners : ndarray of int [note]
            The reference whose note each is, or `NONE`.
        harmonics : ndarray [note, harmonic]
            Amplitudes in that reference; 0 if there is none.
        instruments, players : sequence of str
            What plays each reference, and who.

        Returns
        -------
        Lesson
            The lesson.
        """
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
        """Write a ``.npz`` file whole or not at all.

        Parameters
        ----------
        path : path
            Name of the file.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        texts = {name: text_array(getattr(self, name)) for name in TEXTS}
        save_arrays(path, {**self._asdict(), **texts})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Lesson:
        """Read what `save` wrote, trusting nothing in the file.

        Parameters
        ----------
        path : path
            Name of the file.

        Returns
        -------
        Lesson
            The lesson.

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
