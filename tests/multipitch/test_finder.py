import numpy as np
import pytest

from musisep._util.constants import NONE
from musisep.multipitch.finder import Hypotheses, Prior, Proposals
from musisep.multipitch.joint import JointSearch
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
