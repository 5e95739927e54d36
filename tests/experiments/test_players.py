"""Which share of the tones goes to the right player."""

import numpy as np
import pytest


def tones(*rows):
    """Return a table of (time, instrument, MIDI pitch, amplitude)."""
    time, instrument, pitch, amplitude = np.transpose(rows)
    hz = 440 * 2 ** ((pitch - 69) / 12)
    return np.rec.fromarrays(
        (time, instrument.astype(int), hz, amplitude), names="time_s,instrument,f0_hz,amplitude"
    )


NOTES = [np.array([[0.0, 1.0, 60.0], [1.0, 2.0, 64.0]]), np.array([[0.5, 3.0, 67.2]])]


def test_tones_of_nobody_do_not_count():
    from players import right_share

    found = tones((0.5, 0, 60.3, 3), (1.5, 0, 67, 1), (0.7, 1, 67, 4), (0.7, 1, 55, 100))
    assert right_share(found, NOTES) == pytest.approx(7 / 8)
    late = tones((0.5, 0, 60, 3), (1.5, 1, 60, 9), (2.05, 0, 64, 2))  # at 1.5 s, 60 is over
    assert right_share(late, NOTES) == 1
    assert np.isnan(right_share(tones((0.5, 0, 50, 1)), NOTES))


def test_players_are_those_that_suit_the_whole_item():
    from players import right_share

    found = tones((0.5, 1, 60, 3), (1.5, 1, 64, 3), (0.7, 0, 67, 4), (1.5, 1, 67, 2))
    assert right_share(found, NOTES) == pytest.approx(10 / 12)
    three = tones((0.5, 2, 60, 3), (1.5, 1, 64, 1), (0.7, 0, 67, 4))
    assert right_share(three, NOTES) == pytest.approx(7 / 8)


def test_in_unison_either_is_right():
    from players import right_share

    notes = [np.array([[0.0, 1.0, 60.0]]), np.array([[0.0, 1.0, 60.0], [1.0, 2.0, 62.0]])]
    found = tones((0.5, 0, 60, 3), (0.5, 1, 60, 2), (1.5, 1, 62, 1))
    assert right_share(found, notes) == 1


def test_notes_of_a_score(scored):
    from items import read_item
    from players import true_notes

    reed, string = true_notes(read_item(scored))
    np.testing.assert_allclose(reed[:2], [[0, 0.5, 73.8], [0.5, 1, 75.8]])
    np.testing.assert_allclose(string[-1], [1.5, 2, 56.02])


def test_without_a_score_the_stems_tell_the_notes(item):
    from players import true_notes

    for own, (second, midi) in zip(true_notes(item), ((0.8, 76.0), (0.3, 57.0)), strict=True):
        (at,) = np.flatnonzero(np.abs(own[:, 0] - second) < 0.006)[:1]
        assert own[at, 2] == pytest.approx(midi, abs=0.1)


def test_kinds_of_items_without_a_score(folder, scored):
    from items import _kinds, read_item

    assert read_item(folder / "one").kinds == ("duo",)
    assert _kinds("hall-horn-viola", {}, np.zeros((2, 1, 1))) == ("hall",)
    assert _kinds("X1", {}, np.zeros((5, 1, 1))) == ("5 players",)


def test_a_score_may_tell_the_tuning_of_a_stem_alone():
    from items import _as_played

    stem = {"fine_tune_cents": -12, "notes": [{"onset": 1.0, "offset": 2.0, "midi": 60}]}
    np.testing.assert_allclose(_as_played(stem), [[1, 2, 59.88]])
    assert _as_played({"notes": []}).shape == (0, 3)
