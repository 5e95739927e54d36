"""Whose notes are, and the share of them that goes to the right player."""

import numpy as np
import pytest


@pytest.fixture
def owners(experiments):
    import owners

    return owners


@pytest.fixture(scope="module")
def found(experiments, scored):
    import owners

    return owners.recording(scored)


def test_a_score_has_tones_near_its_notes_in_time_and_pitch(owners):
    score = [{"onset": 1.0, "offset": 2.0, "midi": 60, "cents": 50}]
    seconds = np.array([0.9, 0.95, 1.5, 2.2, 2.4, 1.5, 1.5, 1.5])
    pitch = np.array([60.5] * 5 + [61.0, 59.8, 61.2])
    wanted = [False, True, True, True, False, True, False, False]
    np.testing.assert_array_equal(owners.in_score(score, seconds, pitch), wanted)
    assert not owners.in_score([], seconds, pitch).any()


def test_notes_belong_to_who_plays_them(found):
    notes = found.notes
    assert (found.kind, found.number) == ("duo", 2)
    assert notes.shifts.size == found.owner.size == found.ghost.size == found.amount.size
    midi = 69 + 12 * np.log2(notes.lowest_hz * 2 ** (notes.shifts / notes.octave) / 440)
    played = ~found.ghost
    assert found.amount[played].sum() > 0.9 * found.amount.sum()
    assert np.unique(found.owner[played]).tolist() == [0, 1]
    np.testing.assert_array_equal(found.owner[played], midi[played] < 66)


def test_what_the_score_has_not_is_a_ghost_of_the_loudest_stem(owners, scored, tmp_path):
    import json
    import shutil

    item = shutil.copytree(scored, tmp_path / "other")
    score = json.loads((item / "score.json").read_text())
    for stem in score["stems"]:
        stem["notes"] = [note for note in stem["notes"] if note["midi"] != 57]
    (item / "score.json").write_text(json.dumps(score))
    found = owners.recording(item)
    notes = found.notes
    midi = 69 + 12 * np.log2(notes.lowest_hz * 2 ** (notes.shifts / notes.octave) / 440)
    first = np.abs(midi - 57) < 0.5
    assert first.any() and found.ghost[first].all() and (found.owner[first] == 1).all()
    assert not found.ghost[(midi > 73) & (midi < 79)].any()


def test_the_share_is_that_of_played_amplitude_by_the_best_names(owners, found):
    size = found.owner.size
    amount, ghost = np.arange(1.0, size + 1), np.arange(size) == size - 1

    def exchanged(notes, instruments, rng):
        insts = 1 - found.owner
        insts[0] = found.owner[0]  # the one that is wrong
        insts[-1] = found.owner[-1]  # nobody plays it
        return 0.0, insts

    own = found._replace(amount=amount, ghost=ghost)
    assert owners.right_share(own, exchanged) == pytest.approx(1 - 1 / amount[:-1].sum())


def test_the_share_is_that_of_the_answer_of_highest_value(owners, found):
    own = found._replace(ghost=np.zeros(found.owner.size, bool))
    answers = iter([(1.0, 0 * found.owner), (3.0, found.owner), (2.0, 0 * found.owner)])
    assert owners.right_share(own, lambda *_: next(answers)) == pytest.approx(1)
