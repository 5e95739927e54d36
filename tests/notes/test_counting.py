from pathlib import Path

import numpy as np
import pytest
from chords import OCTAVE, notes_of
from lines import notes_of as tracked
from lines import tones

from musisep._util.constants import NONE
from musisep.notes import counting, players
from musisep.notes.counting import FEATURES, Counted, TextureCounting, Textures, features
from musisep.notes.sound import NoteSound

LEFT = np.array([0.5, 0.3])
SIZE = NoteSound().features


def three():
    """Three notes of ten frames: the first two begin together, the third as the second goes on."""
    notes = notes_of(
        [0, 0, 10], [10, 20, 10], OCTAVE / 12 * np.array([40, 30, 20]), [1, 4, 1],
        np.zeros((3, SIZE)), np.zeros((3, SIZE), bool), [[0, 1], [1, 2]], [8, 6],
    )  # fmt: skip
    numbers = np.full((25, 2), NONE)
    numbers[:10, 0], numbers[:20, 1], numbers[10:20, 0] = 0, 1, 2
    return notes._replace(numbers=numbers)


def told(notes):
    return dict(zip(FEATURES, features(notes, LEFT, 1), strict=True))


def test_the_likeliest_number_is_the_answer():
    counted = Counted(np.array([0.1, 0.2, 0.4, 0.3]))
    assert (counted.number, counted.certainty, counted.second) == (3, 0.4, 4)
    even = Counted(np.full(4, 0.25))
    assert (even.number, even.certainty, even.second) == (1, 0.25, 2)


def test_what_is_told_of_a_recording():
    own = told(three())
    assert own["together"] == pytest.approx((8 + 6) / 40)
    alike, _ = players.fitted().pairs(three())
    first, second = 1 / (1 + np.exp(alike))
    assert own["apart"] == pytest.approx((8 * first + 6 * second) / 14)
    assert own["rate"] == pytest.approx(np.log(3 / 0.25))
    assert (own["three"], own["four"]) == (0, 0)
    assert (own["left1"], own["left2"]) == (0.5, 0.3)


def test_notes_that_never_sound_together_are_told_as_well():
    alone = three()._replace(pairs=np.zeros((0, 2), int), together=np.zeros(0))
    own = told(alone)
    assert own["together"] == own["apart"] == 0


def test_frames_of_three_and_four_notes_count_by_their_amplitude():
    notes = three()
    numbers = np.full((4, 4), NONE)
    numbers[0], numbers[1, :3], numbers[2, :2] = [0, 1, 2, 2], [0, 1, 2], [0, 2]
    own = told(notes._replace(numbers=numbers))
    weights = np.sqrt([7, 6, 2])
    assert own["four"] == pytest.approx(weights[0] / weights.sum())
    assert own["three"] == pytest.approx(weights[:2].sum() / weights.sum())


def test_more_players_are_worth_it_where_notes_of_two_sounds_go_together():
    rng = np.random.default_rng(0)
    values = np.tile(rng.normal(0, 2, (2, SIZE)), (20, 1))
    onsets = np.repeat(20 * np.arange(20), 2)
    pairs = np.arange(40).reshape(-1, 2)
    shifts = OCTAVE / 12 * np.tile([40, 20], 20) + rng.normal(0, 3, 40)
    notes = notes_of(
        onsets, [20] * 40, shifts, [1] * 40, values, values != 0, pairs, [20] * 20
    )._replace(numbers=np.zeros((400, 0), int))
    own = told(notes)
    assert own["second"] > 3 > own["third"]


def test_notes_that_nobody_plays_are_left_out():
    notes = three()
    played = np.zeros(2 * SIZE + 1)
    played[-1] = 1.0  # by pitch, in octaves above the middle
    factors = np.zeros((len(FEATURES), 4))
    factors[FEATURES.index("rate")] = [0, 1, 2, 3]
    octaves = players.inputs(notes)[:, -1]
    for left_out in range(4):
        bias = -np.append(np.sort(octaves), 9)[left_out] + 1e-9
        textures = Textures(played, bias, factors, np.zeros(4))
        found = TextureCounting(textures)(notes, LEFT).probabilities
        odds = np.log(max(3 - left_out, 1) / 0.25) * np.arange(4)
        np.testing.assert_allclose(found, np.exp(odds) / np.exp(odds).sum())


def test_the_fitted_model_takes_a_line_for_one_and_four_lines_for_more():
    steps = np.repeat([0, 2, 4, 5, 4, 2, 0, 3], 30)
    line = 60 + 5 * steps
    one = TextureCounting()(tracked(tones(line)), np.array([0.1, 0.1]))
    four = tracked(tones(*(line[::-1] + high for high in (0, 36, 73, 112))))
    many = TextureCounting()(four, np.array([0.7, 0.5]))
    assert one.number == 1
    assert many.number >= 3
    for counted in (one, many):
        assert counted.probabilities.shape == (4,)
        assert counted.probabilities.sum() == pytest.approx(1)


def test_without_notes_all_numbers_are_equally_likely():
    nothing = tracked(tones(np.full(50, np.nan)))
    np.testing.assert_array_equal(TextureCounting()(nothing, LEFT).probabilities, [0.25] * 4)


def test_the_same_notes_give_the_same_answer():
    notes = tracked(
        tones(60 + 5 * np.repeat([0, 2, 4, 5], 30), 20 + 5 * np.repeat([7, 5, 4, 0], 30))
    )
    first, second = (TextureCounting()(notes, LEFT).probabilities for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"restarts": 0}, "restarts=0 must be an integer of at least 1"),
        ({"textures": 3}, "textures=3 must be a Textures"),
    ],
)
def test_wrong_parameters_are_refused(options, match):
    with pytest.raises(ValueError, match=match):
        TextureCounting(**options)


def test_what_are_no_notes_is_refused():
    with pytest.raises(ValueError, match="notes=3 must be a Notes"):
        TextureCounting()(3, LEFT)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("factors", np.zeros((10, 3))),
        ("constants", np.full(4, np.nan)),
        ("played_bias", np.ones(1)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, wrong):
    arrays = {field: np.asarray(value) for field, value in counting.fitted()._asdict().items()}
    assert counting.from_arrays(arrays).factors.shape == (len(FEATURES), 4)
    with pytest.raises(ValueError, match=f"{name} must be finite numbers of the shape"):
        counting.from_arrays(arrays | {name: wrong})


def test_the_fitted_file_tells_where_it_comes_from():
    with np.load(Path(counting.__file__).with_name("counting.npz")) as arrays:
        assert "e16_counting.py" in str(arrays["source"])
        assert arrays["played"].size == 2 * SIZE + 1
