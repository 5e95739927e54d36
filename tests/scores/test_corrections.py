"""What was corrected is the difference; later corrections win."""

import numpy as np
import pytest
from scored import NAMES, duet_score, rows

from musisep.scores import NOBODY, Score, note_table
from musisep.scores.corrections import corrections, joined
from musisep.scores.files import load_score, save_score
from musisep.scores.score import chosen, in_order

FOUND = duet_score()


def edited(**columns):
    """The notes as they were found, but for columns of some by their numbers."""
    notes = FOUND.notes.copy()
    for name, changes in columns.items():
        for number, value in changes.items():
            notes[name][number] = value
    return Score(notes, NAMES)


def without(*numbers):
    return Score(chosen(FOUND.notes, ~np.isin(np.arange(len(FOUND)), numbers)), NAMES)


def with_notes(*others):
    return Score(in_order(FOUND.notes, note_table(*np.array(others).T)), NAMES)


def score(*notes):
    return Score(note_table(*np.array(notes, float).reshape(-1, 4).T), NAMES)


def close(score, *expected):
    for row, wanted in zip(rows(score), expected, strict=True):
        assert row[3] == wanted[3]
        assert row[:3] == pytest.approx(wanted[:3], rel=1e-6, nan_ok=True)
    return True


@pytest.mark.parametrize("name", ["notes.csv", "notes.mid"])
def test_files_that_were_not_edited_correct_nothing(tmp_path, name):
    save_score(FOUND, tmp_path / name)
    assert len(corrections(FOUND, load_score(tmp_path / name, NAMES))) == 0


def test_rounding_of_editors_is_no_correction():
    moved = edited(onset_s={2: 0.515}, offset_s={2: 1.01}, f0_hz={3: 246.9 * 2 ** (0.4 / 12)})
    assert len(corrections(FOUND, moved)) == 0


def test_a_note_that_is_given_to_another_is_its():
    found = corrections(FOUND, edited(instrument={2: 1}))
    assert close(found, (0.5, 1.0, 659.3, "string"))
    assert found.names == NAMES


def test_a_note_that_is_deleted_is_nobodys():
    assert close(corrections(FOUND, without(3)), (0.7, 1.0, 246.9, "nobody"))


def test_notes_and_rests_that_are_added_are_known():
    found = corrections(FOUND, with_notes((0.2, 0.4, 330, 0), (1.5, 2, np.nan, 1)))
    assert close(found, (0.2, 0.4, 330, "reed"), (1.5, 2, np.nan, "string"))


def test_a_note_that_is_moved_is_gone_where_it_was():
    found = corrections(FOUND, edited(f0_hz={3: 246.9 * 2 ** (2 / 12)}))
    assert close(
        found, (0.7, 1.0, 246.9, "nobody"), (0.7, 1.0, 246.9 * 2 ** (2 / 12), "string")
    )


def test_each_note_stands_for_one():
    twice = corrections(FOUND, with_notes((0.7, 1.0, 246.9, 0)))
    assert close(twice, (0.7, 1.0, 246.9, "reed"))
    unison = Score(note_table(0, 1, [440, 440.0], [0, 1]), NAMES)
    assert len(corrections(unison, unison)) == 0
    both = corrections(unison, Score(chosen(unison.notes, np.array([True, False])), NAMES))
    assert close(both, (0, 1, 440, "nobody"))


def test_the_names_of_a_file_may_have_another_order_or_lack():
    swapped = Score(FOUND.notes.copy(), ("string", "reed"))
    swapped.notes.instrument[:] = 1 - swapped.notes.instrument
    assert len(corrections(FOUND, swapped)) == 0
    one = Score(note_table(0, 0.7, 220, 0), ("string",))
    assert len(corrections(FOUND, one)) == len(FOUND) - 1


def test_an_instrument_that_was_not_found_is_refused():
    other = Score(FOUND.notes, ("reed", "horn"))
    with pytest.raises(ValueError, match="^there is no instrument 'horn', but reed, string$"):
        corrections(FOUND, other)


@pytest.mark.parametrize(
    ("later", "kept"),
    [
        ((0.5, 1.5, 443, 1), False),  # of the same pitch, then
        ((0.5, 1.5, 443, NOBODY), False),
        ((1.0, 2.0, 440, 1), True),  # afterwards
        ((0.5, 1.5, 494, 1), True),
        ((0.5, 1.5, np.nan, 0), False),  # it rests
        ((0.5, 1.5, np.nan, 1), True),
    ],
)
def test_later_corrections_win_where_they_contradict(later, kept):
    earlier = (0.0, 1.0, 440.0, 0)
    result = joined(score(earlier), score(later))
    assert len(result) == 1 + kept and result.names == NAMES
    assert later[1] in result.notes.offset_s


def test_a_note_that_is_given_later_interrupts_a_rest():
    rests = score((0, 1, np.nan, 0), (2, 3, np.nan, 0), (0, 1, np.nan, 1))
    result = joined(rests, score((0.2, 0.8, 440, 0), (2, 3, 330, 0), (0, 3, 220, NOBODY)))
    assert sorted(rows(result), key=lambda row: (row[3], row[0], row[1])) == [
        (0, 3, 220, "nobody"), (0, 0.2, pytest.approx(np.nan, nan_ok=True), "reed"),
        (0.2, 0.8, 440, "reed"), (0.8, 1, pytest.approx(np.nan, nan_ok=True), "reed"),
        (2, 3, 330, "reed"), (0, 1, pytest.approx(np.nan, nan_ok=True), "string"),
    ]  # fmt: skip
