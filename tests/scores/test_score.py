"""A score refuses what is none, keeps an order, and has excerpts."""

import numpy as np
import pytest
from scored import duet_score

from musisep.scores import NOBODY, Score, note_table

NAN = np.nan


def test_notes_are_in_the_order_of_onsets_then_of_pitches():
    notes = note_table([1.0, 0.5, 0.5], [2, 2, 2], [100, 300, 200], [0, 1, 0], level_db=[1, 2, 3])
    np.testing.assert_array_equal(notes.f0_hz, [200, 300, 100])
    np.testing.assert_array_equal(notes.instrument, [0, 1, 0])
    np.testing.assert_array_equal(notes.level_db, [3, 2, 1])
    assert np.isnan(notes.certainty).all()


@pytest.mark.parametrize(
    ("note", "fault"),
    [
        ((-0.1, 1, 440, 0), "must begin at 0 s or later"),
        ((NAN, 1, 440, 0), "must begin at 0 s or later"),
        ((0, NAN, 440, 0), "must end after it begins"),
        ((0, np.inf, 440, 0), "must end after it begins"),
        ((1, 1, 440, 0), "must end after it begins"),
        ((0, 1, 0, 0), "must have a pitch above 0 Hz"),
        ((0, 1, np.inf, 0), "must have a pitch above 0 Hz"),
        ((0, 1, 440, 2), "must be of an instrument from 0 to 1, or of -1"),
        ((0, 1, 440, -2), "must be of an instrument from 0 to 1, or of -1"),
        ((0, 1, NAN, NOBODY), "is a rest, which must be of an instrument"),
    ],
)
def test_what_is_no_note_is_refused_by_its_number(note, fault):
    good, wrong = note_table(0, 0.5, 220, 1), note_table(*note)
    notes = np.concatenate((good, wrong)).view(np.recarray)
    with pytest.raises(ValueError, match=rf"notes\[1\]=.* {fault}$"):
        Score(notes, ("a", "b"))


@pytest.mark.parametrize(
    ("notes", "names", "match"),
    [
        (np.zeros(3), ("a",), "must have columns onset_s, offset_s"),
        (None, ("a",), "must have columns"),
        (note_table([], [], [], []), (), "names must be those of the instruments, one at least"),
        (note_table([], [], [], []), ("a", "a"), "a"),
        (note_table([], [], [], []), ("a/b",), "a/b"),
    ],
)
def test_what_is_no_score_is_refused(notes, names, match):
    with pytest.raises(ValueError, match=match):
        Score(notes, names)


def test_an_excerpt_has_what_sounds_in_it_from_its_begin_on():
    score = duet_score()
    part = score.excerpt(0.6, 1.2)
    assert part.names == score.names
    found = [tuple(note)[:3] for note in part.notes.tolist()]
    expected = [(0.0, 0.1, 220.0), (0.0, 0.4, 659.3), (0.1, 0.4, 246.9), (0.4, 0.6, 196.0),
                (0.4, 0.6, 740.0)]  # fmt: skip
    assert sorted(found) == [pytest.approx(note) for note in expected]
    assert score.notes.onset_s[0] == 0 and len(score) == 8  # which is as it was
    assert len(score.excerpt(10, 20)) == 0
