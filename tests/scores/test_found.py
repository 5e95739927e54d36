"""Tones become notes as a musician would write them."""

import numpy as np
import pytest

from musisep.scores.found import BEGIN_LATE_S, END_LATE_S, notes_of_tones
from musisep.tones.table import TONE_TYPE

HOP_S = 0.01
COLUMNS = np.array([[1.0, 0.6], [0.0, 0.8]])


def tones(*notes):
    """Tones of notes (instrument, first frame, end, pitch in semitones above 440 Hz, amplitude)."""
    table = []
    for inst, first, end, pitch, amp in notes:
        frames = np.arange(first, end)
        hz = 440 * 2 ** (np.broadcast_to(pitch, frames.shape) / 12)
        table += [(frame * HOP_S, inst, f0_hz, a, 0.0)
                  for frame, f0_hz, a in zip(frames, hz, np.broadcast_to(amp, frames.shape),
                                             strict=True)]  # fmt: skip
    return np.array(sorted(table), TONE_TYPE).view(np.recarray)


def found(*notes, **options):
    return notes_of_tones(tones(*notes), COLUMNS, HOP_S, **options)


def test_a_note_begins_and_ends_where_it_is_played_and_has_pitch_and_level():
    (note,) = found((1, 100, 200, 2.0, 0.5))
    assert note.onset_s == pytest.approx(1.0 - BEGIN_LATE_S)
    assert note.offset_s == pytest.approx(2.0 - END_LATE_S)
    assert note.f0_hz == pytest.approx(440 * 2 ** (2 / 12))
    assert note.level_db == pytest.approx(20 * np.log10(0.5 / 2**0.5))  # its column has norm 1
    assert note.instrument == 1 and np.isnan(note.certainty)


def test_pitches_and_certainties_are_means_by_amplitude():
    loud, soft = np.repeat([1.0, 0.5], 50), np.repeat([0.9, 0.3], 50)
    (note,) = found((0, 0, 100, np.repeat([0.2, -0.1], 50), loud), certainties=soft)
    assert 12 * np.log2(note.f0_hz / 440) == pytest.approx(0.1)
    assert note.certainty == pytest.approx(0.7)
    assert note.onset_s == 0  # nothing begins before the recording


def test_a_step_of_pitch_is_another_note_and_vibrato_is_none():
    step = found((0, 0, 100, np.repeat([0.0, 1.0], 50), 1.0))
    assert len(step) == 2
    vibrato = 0.5 * np.sin(2 * np.pi * 6 * np.arange(100) * HOP_S)
    assert len(found((0, 0, 100, vibrato, 1.0))) == 1


def test_a_repeated_note_is_two():
    assert len(found((0, 0, 50, 0.0, np.linspace(1, 0.2, 50)),
                     (0, 50, 100, 0.0, np.linspace(1, 0.2, 50)))) == 2  # fmt: skip


def test_notes_of_a_chord_are_apart_and_those_of_instruments_too():
    chord = found((0, 0, 50, 0.0, 1.0), (0, 10, 60, 4.0, 1.0), (1, 0, 60, 0.0, 1.0))
    assert sorted(chord.instrument) == [0, 0, 1]
    assert sorted(np.rint(12 * np.log2(chord.f0_hz / 440))) == [0, 0, 4]


def test_short_and_soft_notes_are_left_out():
    assert len(found((0, 0, 50, 0.0, 1.0), (0, 100, 105, 5.0, 1.0))) == 1
    assert len(found((0, 0, 50, 0.0, 1.0), (0, 100, 150, 5.0, 0.008))) == 1
    assert len(found((0, 0, 50, 0.0, 1.0), (1, 100, 150, 5.0, 0.008))) == 2  # of another


def test_silence_has_no_notes():
    assert len(found()) == 0
