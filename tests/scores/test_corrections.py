"""Corrections: the difference that was made to notes, and no more; later ones win."""

import numpy as np
import pytest

from musisep.scores import NOBODY, Score, note_table
from musisep.scores.corrections import corrections, joined

NAMES = ("horn", "oboe")
FOUND = [(0, 1, 440, 0), (1, 2, 220, 1), (2, 3, 330, 0), (3, 4, 247, 1)]
REST = np.nan


def score(rows, names=NAMES):
    columns = np.array(rows, float).reshape(-1, 4).T
    return Score(note_table(*columns[:3], columns[3].astype(int)), names)


def rows(score):
    """Onset, offset, pitch (None for a rest), number of the instrument."""
    return [
        (begin, end, None if np.isnan(hz) else hz, player)
        for begin, end, hz, _, player, _ in score.notes.tolist()
    ]


def of(*changes, found=FOUND):
    """What is certain since the first of the notes that were found is these."""
    return rows(corrections(score(found), score([*changes, *found[1:]])))


def test_what_was_not_edited_is_no_correction():
    assert of(FOUND[0]) == []
    assert of((0.019, 1.019, 440 * 2 ** (0.5 / 12), 0)) == []  # editors round


def test_notes_are_given_added_and_taken_away():
    assert of((0, 1, 440, 1)) == [(0, 1, 440, 1)]
    assert of() == [(0, 1, 440, NOBODY)]
    assert of(FOUND[0], (0, 2, 880, 1)) == [(0, 2, 880, 1)]
    assert of((0, 1, 220, 0)) == [(0, 1, 220, 0), (0, 1, 440, NOBODY)]
    assert of(FOUND[0], (3, 9, REST, 0)) == [(3, 9, None, 0)]


def test_a_note_that_was_trimmed_is_none_where_it_was_cut_off_only():
    assert of((0, 0.6, 440, 0)) == [(0, 0.6, 440, 0), (0.6, 1, 440, NOBODY)]
    assert of((0.2, 1, 440, 0)) == [(0, 0.2, 440, NOBODY), (0.2, 1, 440, 0)]
    assert of((0, 1.5, 440, 0)) == [(0, 1.5, 440, 0)]
    assert of((0, 0.5, 440, 0), (0.5, 1, 440, 1)) == [(0, 0.5, 440, 0), (0.5, 1, 440, 1)]


def test_instruments_may_be_named_in_another_order():
    edited = score([(a, b, hz, 1 - k) for a, b, hz, k in FOUND], names=NAMES[::-1])
    assert rows(corrections(score(FOUND), edited)) == []


def test_other_instruments_and_other_notes_are_refused():
    with pytest.raises(ValueError, match="there is no instrument 'tuba', but horn, oboe"):
        corrections(score(FOUND), score(FOUND, names=("horn", "tuba")))
    slow = score([(2 * a + 1, 2 * b + 1, hz, k) for a, b, hz, k in FOUND])
    for edited in slow, score([]):
        with pytest.raises(ValueError, match="has none of the notes that were found"):
            corrections(score(FOUND), edited)


def test_a_few_notes_may_all_be_wrong():
    assert len(corrections(score(FOUND[:2]), score([(5, 6, 100, 0)]))) == 3
    assert len(corrections(score([]), score(FOUND))) == 4


@pytest.mark.parametrize(
    ("earlier", "later", "left"),
    [
        ([(0, 9, 440, 0)], [(0, 9, 440, NOBODY)], []),
        ([(0, 9, 440, 0)], [(0, 9, 440, 1)], []),
        ([(0, 9, 440, 0)], [(0, 9, 220, NOBODY)], [(0, 9, 440, 0)]),
        ([(0, 9, 440, NOBODY)], [(2, 3, 440, 0)], [(0, 2, 440, NOBODY), (3, 9, 440, NOBODY)]),
        ([(0, 9, REST, 0)], [(2, 3, 440, 0)], [(0, 2, None, 0), (3, 9, None, 0)]),
        ([(0, 9, REST, 0)], [(2, 3, 440, 1)], [(0, 9, None, 0)]),
        ([(0, 9, 440, 0)], [(5, 20, REST, 0)], [(0, 5, 440, 0)]),
        ([(0, 9, 440, 0)], [(5, 20, REST, 1)], [(0, 9, 440, 0)]),
        ([(0, 9, 440, 0)], [(4, 6, 440, 1), (2, 5, REST, 0)], [(0, 2, 440, 0), (6, 9, 440, 0)]),
        ([(0, 9, 440, 0)], [], [(0, 9, 440, 0)]),
        ([], [(0, 9, 440, 0)], []),
    ],
)
def test_later_corrections_win_where_they_contradict_and_there_only(earlier, later, left):
    both = rows(joined(score(earlier), score(later)))
    assert set(both) == set(left + rows(score(later)))
    assert len(both) == len(left) + len(later)
