"""What is told in seconds and hertz becomes what is expected of frames."""

from dataclasses import dataclass

import numpy as np
import pytest
from melodies import MODEL

from musisep._util.constants import NONE
from musisep.learning.from_notes import NotesLearner
from musisep.learning.given import GivenDictionary
from musisep.learning.told import FIRM, NOVEL, WEAK, Told, Trust, expected_on, with_expected
from musisep.multipitch.viterbi import Viterbi
from musisep.scores import NOBODY, Score, note_table
from musisep.scores.found import BEGIN_LATE_S, END_LATE_S

TIMES_S = np.arange(300) * 0.01
NAMES = ("a", "b")


def score(*notes):
    return Score(note_table(*np.array(notes, float).T), NAMES)


def spans(told):
    return [(TIMES_S[begin], TIMES_S[end]) for begin, end in zip(told.begins, told.ends,
                                                                 strict=True)]  # fmt: skip


def test_notes_are_at_the_pitch_and_near_the_time_of_their_tones():
    trust = Trust(early_s=0.05, late_s=0.1, weight=7, demand=0.25)
    told = expected_on(score((1, 2, MODEL.lowest_hz * 2, 1)), TIMES_S, MODEL, trust)
    assert spans(told) == [(pytest.approx(0.95), pytest.approx(2.1))]
    assert told.shifts == pytest.approx(MODEL.octave)
    assert (told.insts, told.weights, told.demands, told.firm) == (1, 7, 0.25, False)


def test_rests_are_silent_where_the_note_before_has_rung_out_and_the_next_is_not_found_yet():
    told = expected_on(score((1, 2, np.nan, 1)), TIMES_S, MODEL, FIRM)
    ((begin, end),) = spans(told)
    assert begin == pytest.approx(1 + END_LATE_S, abs=0.011)
    assert end == pytest.approx(2 + BEGIN_LATE_S, abs=0.011)
    assert told.rests.all() and told.firm.all()


def test_what_nobody_plays_is_gone_from_where_it_was_found_to_where_it_rang_out():
    told = expected_on(score((1, 2, 440, NOBODY)), TIMES_S, MODEL, FIRM)
    ((begin, end),) = spans(told)
    assert begin == pytest.approx(1 + BEGIN_LATE_S, abs=0.011)
    assert end == pytest.approx(2 + END_LATE_S, abs=0.011)
    assert told.insts == NONE


def test_what_sounds_in_no_frame_is_left_out():
    told = expected_on(score((1, 2, 440, 0), (9, 10, 440, 0)), TIMES_S, MODEL, Trust())
    assert told.begins.size == 1
    gaps_s = np.concatenate((TIMES_S[:90], TIMES_S[250:]))  # of excerpts
    assert expected_on(score((1, 2, 440, 0)), gaps_s, MODEL, WEAK).begins.size == 0


def test_corrections_are_firm_and_what_was_not_corrected_is_weak():
    one = score((1, 2, 440, 0))
    told = Told(one, one, one).expected(TIMES_S, MODEL)
    assert told.firm.tolist() == [False, True, False] and told.complete
    assert told.weights[1] > told.weights[0] > told.weights[2]
    assert told.demands[1] > told.demands[0] > told.demands[2] == 0
    assert not Told(corrections=one).expected(TIMES_S, MODEL).complete


def test_nothing_is_told_of_nothing():
    assert not Told() and Told().expected(TIMES_S, MODEL) is None
    assert Told(edited=score((1, 2, 440, 0)))


def test_all_parts_learn_what_is_expected_and_others_stay_what_they_are():
    complete = Told(score((1, 2, 440, 0))).expected(TIMES_S, MODEL)
    learner = with_expected(NotesLearner(), complete)
    assert learner.expected is complete and learner.finder.expected is complete
    assert learner.prices.novelty == pytest.approx(NotesLearner().prices.novelty + NOVEL)
    some = Told(corrections=score((1, 2, 440, 0))).expected(TIMES_S, MODEL)
    assert with_expected(Viterbi(), some).prices == Viterbi().prices
    given = with_expected(GivenDictionary(np.ones((3, 2)), Viterbi(), NotesLearner()), some)
    assert given.finder.expected is some and given.learner.expected is some

    @dataclass(frozen=True)
    class Other:
        """A part of somebody else."""

        size: int = 3

    for part in (len, Other()):
        assert with_expected(part, some) == part
