"""What is told of notes reaches the parts, and the stems are as it was told."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from duet import SAMPLE_RATE, duet
from reported import F0_HZ, OFFSETS_S, ONSETS_S, PLAYERS

import musisep
from musisep._util.constants import NONE
from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.learning.told import FIRM, NOVEL, Told, Trust, expected_on, with_expected
from musisep.multipitch.viterbi import Viterbi
from musisep.scores import NOBODY, Score, note_table
from musisep.stages import make_stages
from musisep.tones.model import ToneModel

NAMES = ("reed", "string")
SCORE = Score(note_table(ONSETS_S, OFFSETS_S, F0_HZ, PLAYERS), NAMES)
TIMES_S = np.arange(0, 2, 0.01)


@pytest.fixture(scope="module")
def model():
    _, _, grid = LogFrequencyFrontEnd()(duet().sum(axis=0)[None], SAMPLE_RATE)
    return ToneModel.on(grid)


def score(*rows):
    columns = np.array(rows, float).T
    return Score(note_table(*columns[:3], columns[3].astype(int)), NAMES)


def test_notes_become_frames_and_bins(model):
    told = expected_on(score((0.5, 1, 440, 1), (0.5, 1, 880, NOBODY)), TIMES_S, model, FIRM)
    assert told.begins.tolist() == [50, 54]  # what is no note begins later, as notes are heard
    assert told.ends.tolist() == [108, 108]
    assert told.insts.tolist() == [1, NONE]
    assert np.diff(told.shifts)[0] == pytest.approx(model.harscale * np.log(2))
    assert told.firm.all()


def test_notes_of_a_score_may_sound_early_and_late_and_rests_are_between_them(model):
    both = score((0.5, 1, 440, 1), (1.2, 1.5, np.nan, 1))
    told = expected_on(both, TIMES_S, model, Trust(early_s=0.1, late_s=0.2))
    np.testing.assert_array_equal(told.begins, [40, 128])
    np.testing.assert_array_equal(told.ends, [120, 154])


def test_what_is_before_or_behind_the_frames_is_left_out(model):
    told = expected_on(score((0, 1, 440, 1), (5, 6, 440, 0)), 3 + TIMES_S, model, FIRM)
    assert told.begins.size == 0
    assert expected_on(score((5, 6, 440, 0)), 5 + TIMES_S, model, FIRM).ends.tolist() == [108]


def test_only_a_score_tells_nearly_all(model):
    assert Told().expected(TIMES_S, model) is None
    assert not Told()
    assert not Told(corrections=SCORE, edited=SCORE).expected(TIMES_S, model).complete
    both = Told(score=SCORE, corrections=SCORE).expected(TIMES_S, model)
    assert both.complete
    assert both.firm.tolist() == [False] * 8 + [True] * 8


def test_parts_and_what_they_are_made_of_are_told(model):
    told = Told(score=SCORE).expected(TIMES_S, model)
    parts = make_stages(musisep.Settings(), None)
    learner, finder = with_expected(parts.learner, told), with_expected(parts.finder, told)
    assert learner.expected is told
    assert finder.expected is told
    assert finder.prices.novelty == parts.finder.prices.novelty + NOVEL
    assert isinstance(finder, Viterbi)

    @dataclass(frozen=True)
    class Wrapping:
        learner: object = field(default_factory=lambda: parts.learner)

    assert with_expected(Wrapping(), told).learner.expected is told
    assert with_expected(len, told) is len


def share(separation, begin_s, end_s):
    """The share of the energy of each stem in a stretch."""
    part = slice(round(begin_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE))
    energies = np.square(separation.stems[:, 0, part]).sum(axis=1)
    return energies / energies.sum()


@pytest.fixture(scope="module")
def mixture():
    return duet().sum(axis=0)


def separated(mixture, **told):
    return musisep.separate(mixture, SAMPLE_RATE, instruments=2, **told)


def test_a_score_separates_the_duet_as_it_says(mixture):
    swapped = Score(note_table(ONSETS_S, OFFSETS_S, F0_HZ, 1 - PLAYERS), NAMES[::-1])
    for told, true in ((SCORE, duet()), (swapped, duet()[::-1])):
        separation = separated(mixture, score=told)
        assert tuple(separation.names) == told.names
        errors = separation.stems[:, 0] - true
        assert np.all(np.square(errors).sum(axis=1) < 0.1 * np.square(true).sum(axis=1))


def test_a_note_that_is_corrected_is_its_instruments(mixture):
    notes = SCORE.notes.copy()
    notes.instrument[np.isclose(notes.f0_hz, 246.9)] = 0
    told = {"corrections": score((0.7, 1.0, 246.9, 0)), "edited": Score(notes, NAMES)}
    separation = separated(mixture, tones=2, **told)
    assert share(separation, 0.75, 0.95)[0] > 0.9
    assert 0.2 < share(separation, 0.1, 0.4)[0] < 0.8


def test_an_instrument_that_rests_plays_nothing(mixture):
    for player in 0, 1:
        rests = score((1.0, 1.6, np.nan, player))
        separation = separated(mixture, tones=2, corrections=rests)
        assert share(separation, 1.1, 1.5)[player] < 0.1


def test_a_pitch_that_nobody_plays_is_not_found(mixture):
    told = score((0, 2, 740, NOBODY))
    f0_hz = separated(mixture, corrections=told).tones.f0_hz
    assert np.abs(12 * np.log2(f0_hz / 740)).min() > 0.2
    f0_hz = separated(mixture).tones.f0_hz
    assert np.abs(12 * np.log2(f0_hz / 740)).min() < 0.2


def test_corrections_behind_the_end_are_refused(mixture):
    late = score((100, 101, 440, 0))
    for name in "corrections", "edited":
        match = f"{name} has a note at 100 s, but the recording ends at 2 s"
        with pytest.raises(ValueError, match=match):
            separated(mixture, **{name: late})


def test_scores_of_other_instruments_or_methods_are_refused(mixture):
    with pytest.raises(ValueError, match="score is of 2 instruments, reed, string; make them"):
        musisep.separate(mixture, SAMPLE_RATE, instruments=3, score=SCORE)
    with pytest.raises(ValueError, match="score is of use with method='notes'"):
        separated(mixture, score=SCORE, method="adam")
    with pytest.raises(ValueError, match="must be a Score"):
        separated(mixture, score=SCORE.notes)
