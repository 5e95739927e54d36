"""What was corrected: the difference between notes that were found and those that were edited."""

from typing import Any

import numpy as np

from musisep._util.constants import NONE
from musisep.scores.score import NOBODY, NoteTable, Score, chosen, in_order
from musisep.tones.peaks import Floats, Ints

SAME_S = 0.02
"""Begins, and ends, of one note are so near in seconds: editors round."""
SAME_SEMITONES = 0.51
"""So are its pitches: MIDI rounds."""


def corrections(found: Score, edited: Score) -> Score:
    """Return what is certain since notes were edited.

    Parameters
    ----------
    found : Score
        What was found.
    edited : Score
        The same after it was corrected, with names of these instruments.

    Returns
    -------
    Score
        With the names of `found`: notes that were added or given to another instrument, as notes of
        theirs; those that were deleted, as notes of `NOBODY`; rests.

    Raises
    ------
    ValueError
        If an instrument was edited that was not found.
    """
    notes: Any = edited.notes.copy()
    notes.instrument = _renamed(edited, found.names)[notes.instrument]
    matched = same_notes(notes, found.notes)
    kept = matched != NONE
    unchanged = kept.copy()
    unchanged[kept] = notes.instrument[kept] == found.notes.instrument[matched[kept]]
    gone = np.ones(len(found.notes), np.bool_)
    gone[matched[kept]] = False
    nobodys = chosen(found.notes, gone)
    nobodys.instrument = NOBODY
    return Score(in_order(chosen(notes, ~unchanged), nobodys), found.names)


def joined(earlier: Score, later: Score) -> Score:
    """Return earlier corrections and later ones, which win where they contradict."""
    new, rests = later.notes, np.isnan(earlier.notes.f0_hz)
    old = in_order(chosen(earlier.notes, ~rests), _cut(chosen(earlier.notes, rests), new))
    kept = np.ones(len(old), np.bool_)
    for note in new[~np.isnan(new.f0_hz)]:
        together = (old.onset_s < note.offset_s) & (old.offset_s > note.onset_s)
        same = np.abs(12 * np.log2(old.f0_hz / note.f0_hz)) < SAME_SEMITONES
        kept &= ~(together & same)
    for note in new[np.isnan(new.f0_hz)]:
        together = (old.onset_s < note.offset_s) & (old.offset_s > note.onset_s)
        kept &= ~(together & (old.instrument == note.instrument))
    return Score(in_order(chosen(old, kept), new), earlier.names)


def _cut(rests: NoteTable, notes: NoteTable) -> NoteTable:
    """Return rests without the times in which their instruments play notes."""
    for note in notes[~np.isnan(notes.f0_hz)]:
        own = rests.instrument == note.instrument
        before, after = chosen(rests, own), chosen(rests, own)
        before.offset_s = np.minimum(before.offset_s, note.onset_s)
        after.onset_s = np.maximum(after.onset_s, note.offset_s)
        rests = in_order(chosen(rests, ~own), before, after)
        rests = chosen(rests, rests.offset_s > rests.onset_s)
    return rests


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
    for name in score.names:
        if name not in names:
            raise ValueError(f"there is no instrument {name!r}, but {', '.join(names)}")
    return np.array([*(names.index(name) for name in score.names), NOBODY])
