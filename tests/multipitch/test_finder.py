import numpy as np
import pytest

from musisep._util.constants import NONE
from musisep.multipitch.finder import Hypotheses, Prior, Proposals
from musisep.multipitch.joint import JointSearch


def test_a_prior_of_notes_names_their_instruments():
    shifts = np.arange(6.0).reshape(2, 3)
    prior = Prior.of_notes(shifts, np.array([[0, 1, NONE], [2, NONE, 0]]), np.array([1, 0, 2]))
    np.testing.assert_array_equal(prior.shifts, shifts)
    np.testing.assert_array_equal(prior.insts, [[1, 0, NONE], [2, NONE, 1]])
    nobody = Prior.of_notes(shifts, np.full((2, 3), NONE), np.zeros(0, int))
    np.testing.assert_array_equal(nobody.insts, np.full((2, 3), NONE))
    assert nobody.proposals is None


DICTIONARY = np.array([[1.0, 0.5], [0.3, 1.0]])
OFFERED = Hypotheses(np.zeros((3, 40, 2)), np.zeros((3, 40, 2)), np.zeros((3, 40)))


@pytest.mark.parametrize(
    ("search", "dictionary", "number", "same"),
    [
        (JointSearch(), DICTIONARY, 40, True),
        (JointSearch(), DICTIONARY.copy(), 40, True),
        (JointSearch(tones=2), DICTIONARY, 40, False),
        (JointSearch(candidates=9), DICTIONARY, 40, False),
        (JointSearch(), DICTIONARY[:, ::-1], 40, False),
        (JointSearch(), DICTIONARY[:1], 40, False),
        (JointSearch(), DICTIONARY, 39, False),
    ],
)
def test_proposals_are_those_of_the_same_search_only(search, dictionary, number, same):
    assert Proposals(JointSearch(), DICTIONARY, OFFERED).of(search, dictionary, number) == same
