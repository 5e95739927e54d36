"""Hints are evidence of who plays a note."""

import numpy as np
import pytest
from lessons_of import lesson_of

from musisep.learning import hinted
from musisep.learning.hinted import Hinted, at_sides, beyond, leading
from musisep.notes.assignment import Assigned

NOTES = lesson_of(seed=20)[1]


def chords(*shifts, pairs=(), together=(), lengths=10):
    """Notes of these pitches in bins, of which pairs sound together for so many frames."""
    size = len(shifts)
    return NOTES.chosen(np.arange(NOTES.shifts.size) < size)._replace(
        shifts=np.array(shifts, float), pairs=np.array(pairs, int).reshape(-1, 2),
        together=np.array(together, float), lengths=np.full(size, lengths), known=None,
    )  # fmt: skip


def test_notes_lose_by_each_semitone_beyond_a_range_up_to_a_limit():
    semitone = NOTES.octave / 12
    notes = chords(*(semitone * k for k in (-9, -1, 0, 5, 12, 14)))
    known = beyond(notes, NOTES.lowest_hz, 2 * NOTES.lowest_hz)
    np.testing.assert_allclose(
        known, np.minimum([9 * 3, 3, 0, 0, 0, 2 * 3], hinted.MOST_OUTSIDE), atol=1e-9
    )


@pytest.mark.parametrize(("sign", "gain"), [(1, [-1, 1, 0, 0]), (-1, [1, -1, 0, 0])])
def test_the_lead_is_above_or_below_all_that_sounds_with_it(sign, gain):
    notes = chords(10, 20, 30, 5, pairs=[(0, 1)], together=[10])
    np.testing.assert_allclose(leading(notes, sign), hinted.LEADING * np.array(gain))


def test_a_note_in_the_middle_is_no_lead_and_a_short_meeting_tells_little():
    notes = chords(10, 20, 30, pairs=[(0, 1), (1, 2)], together=[10, 1])
    np.testing.assert_allclose(leading(notes, 1.0), hinted.LEADING * np.array([-1, -0.1, 0.1]))


def test_notes_lose_at_the_other_side():
    left, middle, right = at_sides(np.array([1.0, 1j, -1.0]), [-1.0, 0.0, 1.0])
    np.testing.assert_allclose(left, [0, -0.5 * hinted.SIDED, -hinted.SIDED], atol=1e-9)
    np.testing.assert_allclose(middle, [-0.5 * hinted.SIDED, 0, -0.5 * hinted.SIDED], atol=1e-9)
    np.testing.assert_allclose(right, left[::-1], atol=1e-9)


def test_all_hints_are_told_to_the_assignment():
    def assignment(notes, instruments, rng):
        told.append(notes.known)
        return Assigned(0.0, np.zeros(notes.shifts.size, int))

    told, rng = [], np.random.default_rng(0)
    notes = chords(10, 20, pairs=[(0, 1)], together=[10])._replace(sides=np.array([1.0, -1.0]))
    for hints in (
        {},
        {"ranges": [None, (1.0, 2.0)]},
        {"lead": "low"},
        {"positions": [-1.0, 1.0]},
    ):
        Hinted(assignment, **hints)(notes, 2, rng)
    nothing, ranges, lead, sides = told
    assert not nothing.any()
    assert not ranges[:, 0].any() and (ranges[:, 1] < 0).all()
    assert lead[0, 0] > 0 > lead[1, 0] and not lead[:, 1].any()
    assert sides.argmax(axis=1).tolist() == [0, 1]
    Hinted(assignment, positions=[-1.0, 1.0])(notes._replace(sides=None), 2, rng)
    assert not told[-1].any()  # of one channel
