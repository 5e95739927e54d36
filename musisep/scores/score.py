"""A score: a table of notes, and the names of the instruments that play them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.messages import shown
from musisep.stems import stem_names

NOTE_TYPE = [
    ("onset_s", "f8"), ("offset_s", "f8"), ("f0_hz", "f8"), ("level_db", "f8"),
    ("instrument", "i8"), ("certainty", "f8"),
]  # fmt: skip
"""Columns of a table of notes and their types."""
NOBODY = -1
"""Instrument of a note that nobody plays: it was found, and is none."""

NoteTable = np.recarray[Any, Any]


def note_table(
    onset_s: ArrayLike,
    offset_s: ArrayLike,
    f0_hz: ArrayLike,
    instrument: ArrayLike,
    *,
    level_db: ArrayLike = np.nan,
    certainty: ArrayLike = np.nan,
) -> "NoteTable":
    """Return a table of notes, in the order of onsets, then of pitches.

    Parameters
    ----------
    onset_s, offset_s : array_like, float [note]
        Begins and ends of notes, in seconds.
    f0_hz : array_like, float [note]
        Fundamental frequencies, in Hz; NaN for a rest.
    instrument : array_like, int [note]
        Numbers of the instruments, from 0 on, or `NOBODY`.
    level_db : array_like, float [note], optional
        Root mean square, in dB; NaN if unknown.
    certainty : array_like, float [note], optional
        Probability that the instrument plays the note; NaN if unknown.

    Returns
    -------
    recarray [note]
        Table with the columns `NOTE_TYPE`.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> from musisep.scores import NOBODY, note_table
    >>> notes = note_table([0.5, 0.0], [1.0, 0.5], [440.0, 330.0], [0, NOBODY])
    >>> notes.f0_hz.tolist()  # in the order of onsets
    [330.0, 440.0]
    >>> notes.instrument.tolist()
    [-1, 0]
    """
    columns = np.broadcast_arrays(
        *map(np.atleast_1d, (onset_s, offset_s, f0_hz, level_db, instrument, certainty))
    )
    table = np.recarray(columns[0].shape, dtype=NOTE_TYPE)
    for (name, _), column in zip(NOTE_TYPE, columns, strict=True):
        table[name] = column
    return in_order(table)


def chosen(table: "NoteTable", which: NDArray[Any]) -> "NoteTable":
    """Return a copy of some of the notes."""
    return table[which].view(np.recarray)


def in_order(*tables: "NoteTable") -> "NoteTable":
    """Return the notes of all tables in the order of onsets, then of pitches."""
    table = np.concatenate(tables).view(np.recarray)
    order = np.lexsort((table.instrument, table.f0_hz, table.onset_s))
    return table[order].view(np.recarray)


@dataclass(frozen=True, eq=False)
class Score:
    """Notes of a recording, and who plays them.

    A rest, whose pitch is NaN, says that its instrument plays nothing in that time. A note of
    `NOBODY` says that nobody plays this pitch in that time. Both are of use where a separation is
    corrected.

    Parameters
    ----------
    notes : recarray [note]
        Table with the columns `NOTE_TYPE`; they are put in the order of onsets.
    names : sequence of str
        Names of the instruments, at least one.

    Raises
    ------
    ValueError
        If a column lacks, a time or pitch is out of its range, an offset is not after its onset,
        or an instrument has no name.

    Examples
    --------
    >>> from musisep import Score
    >>> from musisep.scores import note_table
    >>> notes = note_table([0.0, 1.0], [1.0, 2.5], [440.0, 660.0], [0, 1])
    >>> score = Score(notes, ("clarinet", "horn"))
    >>> len(score)
    2
    >>> score.excerpt(0.5, 2.0).notes.onset_s.tolist()
    [0.0, 0.5]
    """

    notes: "NoteTable"
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what is no score."""
        columns = [name for name, _ in NOTE_TYPE]
        names = getattr(getattr(self.notes, "dtype", None), "names", None)
        if names is None or not set(columns) <= set(names) or self.notes.ndim != 1:
            raise ValueError(f"notes={shown(self.notes)} must have columns {', '.join(columns)}")
        object.__setattr__(self, "names", tuple(stem_names(len(self.names), self.names)))
        if not self.names:
            raise ValueError("names must be those of the instruments, one at least")
        notes: Any = self.notes.view(np.recarray)
        wrong = {
            "must begin at 0 s or later": ~(np.isfinite(notes.onset_s) & (notes.onset_s >= 0)),
            "must end after it begins": ~(np.isfinite(notes.offset_s - notes.onset_s))
            | ~(notes.offset_s > notes.onset_s),
            "must have a pitch above 0 Hz": ~np.isnan(notes.f0_hz)
            & ~((notes.f0_hz > 0) & np.isfinite(notes.f0_hz)),
            f"must be of an instrument from 0 to {len(self.names) - 1}, or of {NOBODY}": (
                (notes.instrument < NOBODY) | (notes.instrument >= len(self.names))
            ),
            "is a rest, which must be of an instrument": np.isnan(notes.f0_hz)
            & (notes.instrument == NOBODY),
        }
        for fault, where in wrong.items():
            if where.any():
                number = int(np.flatnonzero(where)[0])
                raise ValueError(f"notes[{number}]={notes[number].tolist()} {fault}")
        object.__setattr__(self, "notes", in_order(notes))

    def __len__(self) -> int:
        """Return the number of notes and rests."""
        return len(self.notes)

    def excerpt(self, start_s: float, end_s: float) -> "Score":
        """Return what sounds between two times, as seen from the first.

        Parameters
        ----------
        start_s, end_s : float
            Times in seconds.

        Returns
        -------
        Score
            With the same names; notes are cut at both times.
        """
        notes: Any = self.notes.copy()
        notes.onset_s = np.maximum(notes.onset_s - start_s, 0.0)
        notes.offset_s = np.minimum(notes.offset_s, end_s) - start_s
        return Score(notes[notes.offset_s > notes.onset_s], self.names)
