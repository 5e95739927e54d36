import numpy as np
import pytest
from patterned import INST_DICT, M, spectrum
from patterned import MODEL as PATTERNED

from musisep._util.constants import NONE
from musisep.multipitch.finder import Hypotheses, Prior, Proposals, without_rounding
from musisep.multipitch.greedy import GreedyPursuit
from musisep.multipitch.joint import JointSearch
from musisep.multipitch.viterbi import Viterbi
from musisep.tones.model import ToneModel


def test_a_prior_of_notes_names_their_instruments():
    shifts = np.arange(6.0).reshape(2, 3)
    prior = Prior.of_notes(shifts, np.array([[0, 1, NONE], [2, NONE, 0]]), np.array([1, 0, 2]))
    np.testing.assert_array_equal(prior.shifts, shifts)
    np.testing.assert_array_equal(prior.insts, [[1, 0, NONE], [2, NONE, 1]])
    nobody = Prior.of_notes(shifts, np.full((2, 3), NONE), np.zeros(0, int))
    np.testing.assert_array_equal(nobody.insts, np.full((2, 3), NONE))
    assert nobody.proposals is None


DICTIONARY = np.array([[1.0, 0.5], [0.3, 1.0]])
FRAMES = np.random.default_rng(0).uniform(size=(200, 30))
MODEL = ToneModel(1.5, 20, 30)
OFFERED = Hypotheses(np.zeros((200, 40, 2)), np.zeros((200, 40, 2)), np.zeros((200, 40)))


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ({}, True),
        ({"dictionary": DICTIONARY.copy(), "frames": FRAMES.copy()}, True),
        ({"search": JointSearch(tones=2)}, False),
        ({"search": JointSearch(candidates=9)}, False),
        ({"dictionary": DICTIONARY[:, ::-1]}, False),
        ({"dictionary": DICTIONARY[:1]}, False),
        ({"number": 39}, False),
        ({"frames": np.roll(FRAMES, 3, axis=1)}, False),
        ({"frames": FRAMES[1:]}, False),
        ({"model": ToneModel(1.5, 20, 30, 2)}, False),
    ],
)
def test_proposals_are_those_of_the_same_search_only(asked, same):
    usual = {"search": JointSearch(), "frames": FRAMES, "dictionary": DICTIONARY, "model": MODEL}
    known = Proposals.made(**usual, hypotheses=OFFERED)
    assert known.of(**{**usual, "number": 40, **asked}) == same


FINDERS = {"joint": JointSearch(), "viterbi": Viterbi(), "greedy": GreedyPursuit()}


@pytest.mark.parametrize("finder", FINDERS.values(), ids=FINDERS)
def test_frames_that_hold_only_rounding_have_no_tones(finder):
    rounding = 1e-15 * np.random.default_rng(0).uniform(size=(3, M))
    frames = np.vstack([rounding, spectrum([1.0], [60.0], [0]), np.zeros(M)])
    sounding = finder(frames, INST_DICT, PATTERNED).amps.max(axis=1) > 0
    np.testing.assert_array_equal(sounding, [False, False, False, True, False])


@pytest.mark.parametrize("finder", FINDERS.values(), ids=FINDERS)
def test_tones_stay_on_the_axis(finder):
    beyond = np.exp(-0.5 * ((np.arange(M) - M - np.arange(0.0, 20, 2)[:, None]) / 3) ** 2)
    frames = beyond / beyond.max(axis=1, keepdims=True)
    found = finder(frames, INST_DICT, PATTERNED)
    assert found.amps.any()
    assert 0 <= found.shifts.min() <= found.shifts.max() <= M - 1


def test_frames_without_rounding_are_left_as_they_are():
    assert without_rounding(FRAMES) is FRAMES
    quiet = np.array([[1e-11, 0.0], [1e-13, 0.0], [0.0, 1.0]])
    np.testing.assert_array_equal(without_rounding(quiet), [[1e-11, 0], [0, 0], [0, 1]])
    assert without_rounding(np.zeros((0, 3))).shape == (0, 3)
