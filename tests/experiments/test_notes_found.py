"""The script that counts the notes that are found, and those that are given to their player."""

from types import SimpleNamespace

import numpy as np
import pytest

from musisep.scores import note_table

HIGH = np.array([[0.0, 1.0, 69.0], [1.0, 2.0, 71.0], [2.0, 3.0, 72.0]])
LOW = np.array([[0.0, 2.0, 50.0], [2.0, 3.0, 48.2]])


@pytest.fixture
def script(experiments):
    import e25_notes

    return e25_notes


def moved(notes, onset_s=0.0, offset_s=0.0, semitones=0.0):
    return np.add(notes, [onset_s, offset_s, semitones])


def test_what_is_played_is_found_whatever_the_order_of_the_instruments(script):
    assert script.scores([HIGH, LOW], [LOW, HIGH]) == ((1.0, 1.0), (1.0, 1.0))


def test_notes_may_be_off_by_50_ms_and_50_cents_and_end_a_fifth_of_their_length_off(script):
    for found, onset, both in (
        (moved(HIGH, 0.049, 0.0, 0.49), 1, 1),
        (moved(HIGH, 0.051, 0.0, 0.0), 0, 0),
        (moved(HIGH, 0.0, 0.0, -0.51), 0, 0),
        (moved(HIGH, 0.0, 0.19, 0.0), 1, 1),
        (moved(HIGH, 0.0, 0.21, 0.0), 1, 0),
    ):
        assert script.scores([HIGH], [found]).any_player == (onset, both)


def test_a_note_of_the_wrong_player_is_found_but_not_right(script):
    swapped = [np.concatenate([HIGH[:2], LOW[1:]]), np.concatenate([LOW[:1], HIGH[2:]])]
    found = script.scores([HIGH, LOW], swapped)
    assert found.any_player == (1.0, 1.0)
    assert found.right_player == (pytest.approx(3 / 5), pytest.approx(3 / 5))
    assert script.scores([HIGH, LOW], [np.concatenate([HIGH, LOW])], who=False) == (
        (1.0, 1.0), None
    )  # fmt: skip


def test_missing_and_superfluous_notes_count(script):
    assert script.scores([HIGH], [HIGH[:1]]).any_player[0] == pytest.approx(2 / 4)
    assert script.scores([HIGH[:1]], [HIGH]).any_player[0] == pytest.approx(2 / 4)
    assert script.scores([HIGH], [HIGH[:0]]) == ((0.0, 0.0), (0.0, 0.0))
    assert script.scores([HIGH[:0]], [HIGH[:0]]).any_player == (0.0, 0.0)


def test_an_item_is_separated_and_its_notes_are_those_of_its_length(script, monkeypatch):
    item = SimpleNamespace(
        mixture=np.zeros((1, 2500)), sample_rate=1000, stems=[0, 0],
        notes=[HIGH, np.concatenate([LOW, [[2.6, 3.0, 60.0], [1.0, 1.0, 60.0]]])],
    )  # fmt: skip
    played = np.concatenate([HIGH, LOW])
    hz = 440 * 2 ** ((played[:, 2] - 69) / 12)
    table = note_table(played[:, 0], played[:, 1], hz, [1, 1, 1, 0, 0])
    monkeypatch.setattr(script, "read_item", lambda folder: item)
    called = {}

    def separate(mixture, sample_rate, **options):
        called.update(options)
        return SimpleNamespace(notes=table)

    monkeypatch.setattr(script.musisep, "separate", separate)
    assert script.separated("folder") == ((1.0, 1.0), (1.0, 1.0))
    assert called == {"instruments": 2, "seed": 0}


def test_rows_are_means_and_what_is_unknown_is_left_out(script):
    known = [script.Scores((1.0, 0.5), (0.5, 0.2)), script.Scores((0.5, 0.5), (0.5, 0.4))]
    assert script.row("some", "a", known) == ["some", "a", "2", "75", "50", "50", "30"]
    unknown = [script.Scores((1.0, 0.5), None)]
    assert script.row("some", "b", unknown) == ["some", "b", "1", "100", "50", "", ""]
