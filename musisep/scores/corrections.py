"""What was corrected: the difference between notes that were found and those that were edited."""

from typing import Any

import numpy as np

from musisep._util.constants import NONE
from musisep.scores.naming import number_of
from musisep.scores.score import NOBODY, NoteTable, Score, chosen, in_order
from musisep.tones.peaks import Floats, Ints

SAME_S = 0.02
"""Begins, and ends, of one note are so near in seconds: editors round."""
SAME_SEMITONES = 0.51
"""So are its pitches: MIDI rounds."""
FEW = 3
"""All of so many notes may be corrected."""


def corrections(found: Score, edited: Score) -> Score:
    """Return what is certain since notes were edited.

    Parameters
    ----------
    found : Score
        Notes as they were found.
    edited : Score
        The same notes after they were corrected, with names of these instruments.

    Returns
    -------
    Score
        With the names of `found`: notes that were added or given to another instrument, as notes of
        theirs; those that were deleted, as notes of `NOBODY`, but for the time in which another
        note has their pitch since, as if they were made shorter; rests.

    Raises
    ------
    ValueError
        If an instrument was edited that was not found, or no note is left as it was found.

    Examples
    --------
    The second note was given to the horn, and the third was deleted:

    >>> from musisep.scores import Score, note_table
    >>> from musisep.scores.corrections import corrections
    >>> names = ("flute", "horn")
    >>> found = Score(note_table([0, 1, 2], [1, 2, 3], [440, 550, 660], [0, 0, 1]), names)
    >>> edited = Score(note_table([0, 1], [1, 2], [440, 550], [0, 1]), names)
    >>> certain = corrections(found, edited).notes
    >>> certain.f0_hz.tolist(), certain.instrument.tolist()
    ([550.0, 660.0], [1, -1])
    """
    notes: Any = edited.notes.copy()
    notes.instrument = _renamed(edited, found.names)[notes.instrument]
    matched = same_notes(notes, found.notes)
    kept = matched != NONE
    unchanged = kept.copy()
    unchanged[kept] = notes.instrument[kept] == found.notes.instrument[matched[kept]]
    gone = np.ones(len(found.notes), np.bool_)
    gone[matched[kept]] = False
    if gone.all() and (gone.size > FEW or (gone.size and not len(notes))):
        raise ValueError(
            "has none of the notes that were found; name the notes of this recording, as they were "
            "found but for what is wrong"
        )
    nobodys = _left(chosen(found.notes, gone), notes)
    nobodys.instrument = NOBODY
    return Score(in_order(chosen(notes, ~unchanged), nobodys), found.names)


def joined(earlier: Score, later: Score) -> Score:
    """Return earlier corrections and later ones, which win where they contradict.

    Parameters
    ----------
    earlier, later : Score
        Corrections of one recording, as `corrections` returns them.

    Returns
    -------
    Score
        With the names of the earlier ones.

    Examples
    --------
    A note that had been deleted is one of the horn after all:

    >>> from musisep.scores import NOBODY, Score, note_table
    >>> from musisep.scores.corrections import joined
    >>> earlier = Score(note_table([0, 1], [1, 2], [440, 550], [0, NOBODY]), ("flute", "horn"))
    >>> later = Score(note_table([1], [2], [550], [1]), ("flute", "horn"))
    >>> joined(earlier, later).notes.instrument.tolist()
    [0, 1]
    """
    return Score(in_order(_left(earlier.notes, later.notes), later.notes), earlier.names)


def same_notes(notes: NoteTable, others: NoteTable) -> Ints:
    """Return which of the others each note is, whoever plays it; `NONE` if it is none.

    Each is one note at most; the nearest in time goes first.
    """
    result = np.full(len(notes), NONE)
    order = np.argsort(others.onset_s, kind="stable")
    onsets = others.onset_s[order]
    low = np.searchsorted(onsets, notes.onset_s - SAME_S, "left")
    high = np.searchsorted(onsets, notes.onset_s + SAME_S, "right")
    pairs: list[tuple[float, int, int]] = []
    for number, (first, last) in enumerate(zip(low, high, strict=True)):
        near = order[first:last]
        distance = _distance(notes[number], chosen(others, near))
        pairs += [
            (float(far), number, int(other))
            for far, other in zip(distance, near, strict=True)
            if far < 1
        ]
    taken = np.zeros(len(others), np.bool_)
    for _, number, other in sorted(pairs):
        if result[number] == NONE and not taken[other]:
            result[number], taken[other] = other, True
    return result


def _left(notes: NoteTable, others: NoteTable) -> NoteTable:
    """Return what is left of notes in the time in which none of the others contradicts them.

    Notes of one pitch contradict each other, and rests the notes of their instrument.
    """
    others = in_order(others)
    sources: list[int] = []
    spans: list[tuple[float, float]] = []
    rests = np.isnan(others.f0_hz)
    for number, note in enumerate(notes):
        same = np.abs(12 * np.log2(others.f0_hz / note.f0_hz)) < SAME_SEMITONES
        own = others.instrument == note.instrument
        against = own if np.isnan(note.f0_hz) else same | (rests & own)
        begin = note.onset_s
        for other in others[against & (others.offset_s > begin)]:
            _add(spans, begin, min(other.onset_s, note.offset_s))
            begin = max(begin, other.offset_s)
        _add(spans, begin, note.offset_s)
        sources += [number] * (len(spans) - len(sources))
    left: Any = chosen(notes, np.array(sources, np.int64))
    left.onset_s, left.offset_s = np.array(spans).reshape(-1, 2).T
    return in_order(left)


def _add(spans: list[tuple[float, float]], begin_s: float, end_s: float) -> None:
    """Add a span, unless it takes no time to speak of."""
    if end_s - begin_s > SAME_S:
        spans.append((begin_s, end_s))


def _distance(note: np.record, others: NoteTable) -> Floats:
    """Return how far other notes are, from 0 to 1 for those that are the same."""
    times = np.maximum(
        np.abs(others.onset_s - note.onset_s), np.abs(others.offset_s - note.offset_s)
    )
    pitches = np.abs(12 * np.log2(others.f0_hz / note.f0_hz))
    both_rest = np.isnan(others.f0_hz) & np.isnan(note.f0_hz)
    pitches = np.where(both_rest, 0.0, np.where(np.isnan(pitches), np.inf, pitches))
    other_player = 0.01 * (others.instrument != note.instrument)
    return np.asarray(np.maximum(times / SAME_S, pitches / SAME_SEMITONES) + other_player)


def _renamed(score: Score, names: tuple[str, ...]) -> Ints:
    """Return the numbers that the instruments of a score have among names; the last: `NOBODY`."""
    return np.array([*(number_of(name, names) for name in score.names), NOBODY])
