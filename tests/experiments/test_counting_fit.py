"""The fit of how many instruments play."""

import numpy as np
import pytest
from lines import MODEL, notes_of, tones

from musisep._util.constants import NONE


@pytest.fixture
def fit(experiments):
    import e16_counting

    return e16_counting


def test_a_note_is_played_if_a_score_has_it_for_long_enough(fit):
    notes = notes_of(tones([MODEL.octave] * 100, [2.4 * MODEL.octave] * 100))  # 110, 290 Hz
    for begin, end, midi, wanted in (
        (0, 1, 45, True), (0, 1, 46, False), (0, 1, 45.4, True), (1, 2, 45, False),
        (0.7, 2, 45, False), (0.5, 2, 45, True),
    ):  # fmt: skip
        scores = [np.array([[begin, end, midi]]), np.zeros((0, 3))]
        np.testing.assert_array_equal(fit.in_scores(notes, scores), [wanted, False])


def test_the_odds_are_found_again(fit):
    rng = np.random.default_rng(0)
    rows = rng.normal(3, 2, (6000, 2))
    odds = rows @ np.array([[0.0, 0.7, -0.4], [0.0, -0.2, 0.5]]) + np.array([0.0, -1, 0.5])
    classes = (odds + rng.gumbel(size=odds.shape)).argmax(axis=1)
    factors, constants = fit.logistic(rows, classes, np.ones(6000), 1e-3)
    found = rows @ factors + constants
    np.testing.assert_allclose(found - found[:, :1], odds - odds[:, :1], atol=0.5)


def test_each_number_has_its_share_of_the_weights(fit):
    rng = np.random.default_rng(0)
    for counts in ((50, 50, 50, 50), (10, 20, 40, 80)):
        numbers = np.repeat([1, 2, 3, 4], counts)
        rows = rng.normal(0, 1e-12, (numbers.size, 3))
        _, constants = fit.fit_numbers(rows, numbers)
        odds = np.exp(constants)
        np.testing.assert_allclose(odds / odds.sum(), fit.SHARES, atol=0.01)


def test_solos_are_stems(fit, scored):
    both, solo = fit.recording(scored), fit.recording(scored, solo=True)
    assert (both.number, solo.number) == (2, 1)
    assert both.played.sum() > solo.played.sum() > 0
    for own in (both, solo):
        assert own.left.shape == (2,) and own.notes.numbers.max() > NONE
        assert np.isfinite(fit.told(own, np.zeros(133), 1.0)).all()
    assert solo.left[0] < both.left[0]
