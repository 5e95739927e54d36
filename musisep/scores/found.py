"""The notes of a separation, made of its tones."""

import math
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d

from musisep._util.checks import above_zero
from musisep._util.constants import NONE, TINY
from musisep.notes._kernels import tracking as _kernels
from musisep.notes.tracking import NoteTracking
from musisep.scores.score import NoteTable, note_table
from musisep.tones.peaks import Floats, Ints

BEGIN_LATE_S, END_LATE_S = 0.035, 0.08
"""Tones are found so long after a note begins and ends, as their window is long and rooms ring on:
medians of `experiments/e29_note_times.py` on recordings of the part train."""
GLIDE = 0.45
"""Semitones that the pitch of a line may move from frame to frame."""
SMOOTH_S = 0.15
"""Vibrato is smoothed over so many seconds before a line is cut where its pitch changes."""
STEP = 0.55
"""Semitones from the mean of a note at which another one begins."""
SHORTEST_S = 0.06
"""Shorter notes are left out."""
SOFT_DB = 40.0
"""So are those that are so much softer than the loudest of their instrument."""


def notes_of_tones(
    tones: "np.recarray[Any, Any]",
    columns: Floats,
    hop_s: float,
    certainties: Floats | None = None,
) -> "NoteTable":
    """Return the notes that tones make.

    Tones of an instrument in successive frames are a note while their pitch stays within half a
    semitone, but for vibrato, and they do not become twice as loud at once.

    Parameters
    ----------
    tones : recarray
        As `musisep.tones.table.tone_table` makes it.
    columns : ndarray, shape (harmonic, instrument)
        The dictionary, which tells how loud a tone is.
    hop_s : float
        Seconds between frames.
    certainties : ndarray, shape (tone,), optional
        Probability that the instrument of a tone plays it.

    Returns
    -------
    recarray, shape (note,)
        With the columns `musisep.scores.NOTE_TYPE`: pitches are means weighted by amplitude, levels
        the root mean square of the harmonics, certainties means weighted by amplitude.
    """
    hop_s = above_zero("hop_s", hop_s)
    parts = [
        _of_one(tones[own], hop_s, None if certainties is None else certainties[own])
        for own in (tones.instrument == k for k in range(columns.shape[1]))
    ]
    onsets, offsets, pitches, amps, sure = map(np.concatenate, zip(*parts, strict=True))
    insts = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    norms = np.linalg.norm(columns, axis=0) / math.sqrt(2)
    return note_table(
        onsets, offsets, np.exp(pitches), insts,
        level_db=20 * np.log10(np.maximum(amps * norms[insts], TINY)), certainty=sure,
    )  # fmt: skip


def _of_one(
    tones: "np.recarray[Any, Any]", hop_s: float, certainties: Floats | None
) -> tuple[Floats, ...]:
    """Return begins and ends in seconds, log pitches, amplitudes and certainties of one's notes."""
    if not tones.size:
        return tuple(np.zeros((5, 0)))
    frame = np.rint(tones.time_s / hop_s).astype(np.int64)
    order = np.lexsort((-tones.amplitude, frame))
    frame, amps, semitones = frame[order], tones.amplitude[order], 12 * np.log2(tones.f0_hz[order])
    line = _lines(frame, amps, semitones)
    by_line = np.lexsort((frame, line))
    note = np.empty_like(line)
    note[by_line] = _cut(line[by_line], semitones[by_line], max(1, round(SMOOTH_S / hop_s)))
    size = int(note.max()) + 1
    first, last = np.full(size, frame[-1]), np.zeros(size, np.int64)
    np.minimum.at(first, note, frame)
    np.maximum.at(last, note, frame)
    weights, counts = np.bincount(note, amps, size), np.bincount(note, minlength=size)
    level = np.sqrt(np.bincount(note, amps**2, size) / counts)
    log_hz = np.bincount(note, amps * semitones, size) / weights * math.log(2) / 12
    sure = np.full(order.size, np.nan) if certainties is None else certainties[order]
    sure = np.bincount(note, amps * sure, size) / weights
    kept = (counts * hop_s >= SHORTEST_S) & (level >= level.max() * 10 ** (-SOFT_DB / 20))
    begins = np.maximum(first * hop_s - BEGIN_LATE_S, 0.0)
    ends = np.maximum((last + 1) * hop_s - END_LATE_S, begins + hop_s)
    parts = begins, ends, log_hz, level, sure
    return tuple(part[kept] for part in parts)


def _lines(frame: Ints, amps: Floats, semitones: Floats) -> Ints:
    """Return the line of each tone: tones that follow each other, whose pitch does not jump."""
    place = np.arange(frame.size) - np.searchsorted(frame, frame)
    here = frame - frame[0], place
    table = np.zeros((2, int(here[0][-1]) + 1, int(place.max()) + 1))
    table[0][here], table[1][here] = amps, semitones
    numbers = np.full(table.shape[1:], NONE)
    _kernels.link(table[0], table[1], GLIDE, NoteTracking.gap_frames, NoteTracking.rise, numbers)
    return np.asarray(numbers[here])


def _cut(line: Ints, semitones: Floats, width: int) -> Ints:
    """Return numbers of notes: lines, in their order, are cut where their pitch changes."""
    note = np.zeros(line.size, np.int64)
    number, begins = 0, np.flatnonzero(np.diff(line, prepend=NONE))
    for begin, end in zip(begins, [*begins[1:], line.size], strict=True):
        smooth = uniform_filter1d(semitones[begin:end], width, mode="nearest")
        total, size = 0.0, 0
        for at, pitch in enumerate(smooth.tolist(), int(begin)):
            if size and abs(pitch - total / size) > STEP:
                number, total, size = number + 1, 0.0, 0
            total, size, note[at] = total + pitch, size + 1, number
        number += 1
    return note
