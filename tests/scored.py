"""Scores of an artificial duet, and what is heard if they are played."""

import numpy as np
from duet import REED, STRING, play

from musisep.scores import Score, note_table

RATE = 8000
UPPER = [(587.3, 0.5), (659.3, 0.5), (740.0, 0.6), (659.3, 0.4)]
LOWER = [(220.0, 0.7), (246.9, 0.3), (196.0, 0.5), (207.7, 0.5)]
NAMES = ("reed", "string")


def score_of(*lines, names=NAMES):
    """Return lines of notes (f0_hz, seconds) that follow each other as a score."""
    rows = []
    for number, line in enumerate(lines):
        ends = np.cumsum([seconds for _, seconds in line])
        rows += [(end - seconds, end, f0_hz, number)
                 for (f0_hz, seconds), end in zip(line, ends, strict=True)]  # fmt: skip
    return Score(note_table(*np.array(rows).T), names)


def duet_score():
    """Return the score of `duet.duet`."""
    return score_of(UPPER, LOWER)


def played(score, timbres=(REED, STRING), cents=0.0):
    """Return what a score sounds like, [sample]."""
    audio = np.zeros(round(RATE * (score.notes.offset_s.max() + 0.1)))
    for note in score.notes:
        sound = play([(note.f0_hz * 2 ** (cents / 1200), note.offset_s - note.onset_s)],
                     timbres[note.instrument], RATE)  # fmt: skip
        begin = round(note.onset_s * RATE)
        audio[begin : begin + sound.size] += 0.2 * sound[: audio.size - begin]
    return audio


def rows(score):
    """Return onset, offset, pitch and name of each note, to be compared."""
    names = (*score.names, "nobody")
    return [(note.onset_s, note.offset_s, note.f0_hz, names[note.instrument])
            for note in score.notes]  # fmt: skip
