import numpy as np
import pytest
from dictsep import naive
from hypothesis import given
from hypothesis import strategies as st

from musisep.dictsep import decode
from musisep.dictsep.decode import NOBODY, Decoder, Guide
from musisep.dictsep.pursuit import calc_harscale
from musisep.dictsep.search import NONE, Hypotheses, JointSearch
from musisep.dictsep.tones import ToneModel

M, HAR, FSIGMA = 240, 5, 1.9
MODEL = ToneModel(FSIGMA, calc_harscale(100, 1600, M), M)
FIRST = np.array([1.0, 0.6, 0.5, 0.3, 0.2])
INST_DICT = np.stack([FIRST, FIRST * [1.0, 1.2, 0.9, 1.2, 0.9]], axis=1)
SEARCH = JointSearch(MODEL)


def spectrum(amps, shifts, inst_dict):
    params = np.array([amps, shifts, [FSIGMA] * 2, [0.0] * 2])
    return naive.magnitudes(params, [0, 1], inst_dict, MODEL.harscale, 1, M)


def two_lines(seed=0, frames=24):
    """Frames of two lines of nearly the same timbre, which wavers, and the lines' shifts."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)
    shifts = np.stack([40 + 0.3 * time, 75 + 4 * np.sin(time / 3)], axis=1)
    spectra = [
        spectrum([1.0, 1.0], pair, INST_DICT * np.exp(rng.normal(0, 0.15, INST_DICT.shape)))
        for pair in shifts
    ]
    return np.array(spectra), shifts


def random_offers(rng, frames=4, number=3, places=2):
    shifts = rng.uniform(0, 100, (frames, number, places))
    shifts[:, 1:] = shifts[:1, 1:] + rng.uniform(-4, 4, (frames, number - 1, places))
    amps = rng.uniform(0.1, 1, shifts.shape) * rng.integers(0, 3, shifts.shape)
    costs = rng.uniform(0, 1, (frames, number))
    costs[rng.uniform(0, 1, costs.shape) < 0.2] = np.inf
    costs[:, 0] = rng.uniform(0, 1, frames)
    return shifts, amps, costs


@given(
    seed=st.integers(0, 10**6),
    jump=st.sampled_from([0.0, 0.1, 0.5]),
    onset=st.sampled_from([0.0, 0.2, 0.7]),
)
def test_cheapest_path_is_the_best_of_all_paths(seed, jump, onset):
    arguments = *random_offers(np.random.default_rng(seed)), jump, onset, 3.0, 30.0
    np.testing.assert_array_equal(decode.cheapest_path(*arguments), naive.cheapest_path(*arguments))


def test_without_prices_every_frame_takes_its_cheapest():
    shifts, amps, costs = random_offers(np.random.default_rng(0), frames=50)
    path = decode.cheapest_path(shifts, amps, costs, 0.0, 0.0, 3.0, 30.0)
    np.testing.assert_array_equal(path, costs.argmin(1))


def test_path_of_one_frame():
    shifts, amps, costs = random_offers(np.random.default_rng(0), frames=1)
    path = decode.cheapest_path(shifts, amps, costs, 1.0, 1.0, 3.0, 30.0)
    np.testing.assert_array_equal(path, costs.argmin(1))


def offers(*frames, gains=None):
    """Offers of frames of hypotheses of shifts; None is silence."""
    shifts = np.array(frames, dtype=float)
    amps = np.where(np.isnan(shifts), 0.0, 1.0)
    gains = np.ones(shifts.shape[:2]) if gains is None else np.array(gains, dtype=float)
    return Hypotheses(np.nan_to_num(shifts), amps, gains)


def test_crossings_count_instruments_in_the_order_that_is_less_usual():
    offered = offers(
        [[10, 30], [30, 10], [10, None]],
        [[12, 30], [30, 30], [None, None]],
        [[50, 30], [30, 50], [None, 10]],
        gains=[[5, 1, 1], [5, 1, 1], [9, 1, 1]],
    )
    found = decode.crossings(offered, np.array([0, 1]))
    np.testing.assert_array_equal(found, [[0, 1, 0], [0, 0, 0], [1, 0, 0]])


def test_louder_frames_decide_what_order_is_usual():
    offered = offers([[10, 30]], [[12, 30]], [[50, 30]], gains=[[5], [5], [90]])
    found = decode.crossings(offered, np.array([0, 1]))
    np.testing.assert_array_equal(found, [[1], [1], [0]])


def test_tones_of_one_instrument_do_not_cross():
    offered = offers([[10, 30, 20]], [[30, 10, 20]], gains=[[5], [1]])
    np.testing.assert_array_equal(decode.crossings(offered, np.array([0, 0, 1])), [[0], [2]])
    np.testing.assert_array_equal(decode.crossings(offered, np.array([0, 0, 0])), [[0], [0]])


def test_a_hypothesis_that_does_not_exist_does_not_vote():
    offered = offers([[10, 30]], [[10, 30]], gains=[[0.1], [NONE]])
    np.testing.assert_array_equal(decode.crossings(offered, np.array([0, 1])), [[0], [0]])


@pytest.mark.parametrize("seed", range(3))
def test_a_sequence_tells_lines_apart_where_single_frames_do_not(seed):
    frames, shifts = two_lines(seed)
    single = SEARCH(frames, INST_DICT)
    right = np.all(np.abs(single.shifts - shifts) < 2, axis=1)
    swapped = np.all(np.abs(single.shifts - shifts[:, ::-1]) < 2, axis=1)
    assert right.sum() >= 3 and swapped.sum() >= 3
    decoded = Decoder(SEARCH)(frames, INST_DICT)
    np.testing.assert_array_equal(decoded.insts, [[0, 1]] * len(frames))
    order = slice(None) if abs(decoded.shifts[0, 0] - shifts[0, 0]) < 2 else slice(None, None, -1)
    np.testing.assert_allclose(decoded.shifts, shifts[:, order], atol=2)


def test_free_of_charge_it_is_joint_search():
    frames, _ = two_lines()
    free = Decoder(SEARCH, jump=0, onset=0, crossing=0)
    np.testing.assert_array_equal(
        free(frames, INST_DICT).get_array(), SEARCH(frames, INST_DICT).get_array()
    )


def test_jobs_change_no_bit_and_the_level_changes_no_tone():
    frames, _ = two_lines(frames=70)
    one, two = (Decoder(SEARCH)(frames, INST_DICT, jobs) for jobs in (1, 2))
    assert one.get_array().tobytes() == two.get_array().tobytes()
    louder = Decoder(SEARCH)(1000 * frames, INST_DICT)
    np.testing.assert_allclose(louder.shifts, one.shifts, atol=1e-2)
    np.testing.assert_allclose(louder.amps, 1000 * one.amps, rtol=1e-2)


def test_rests_and_silence_stay_silent():
    frames, _ = two_lines()
    frames[8:16] = 0
    decoded = Decoder(SEARCH)(frames, INST_DICT)
    np.testing.assert_array_equal(decoded.amps[8:16], 0)
    assert np.all(decoded.amps[:8] > 0.5) and np.all(decoded.amps[16:] > 0.5)
    silence = Decoder(SEARCH)(np.zeros((4, M)), INST_DICT)
    np.testing.assert_array_equal(silence.amps, np.zeros((4, 2)))


def test_a_line_that_rests_has_no_tone():
    frames, shifts = two_lines()
    frames[8:16] = [spectrum([1.0, 0.0], pair, INST_DICT) for pair in shifts[8:16]]
    decoded = Decoder(SEARCH)(frames, INST_DICT)
    assert np.all(decoded.amps[8:16].min(axis=1) < 0.01)


def test_one_frame_and_the_model():
    frames, shifts = two_lines(frames=1)
    decoder = Decoder(SEARCH)
    assert decoder.model is MODEL
    np.testing.assert_allclose(np.sort(decoder(frames, INST_DICT).shifts), shifts, atol=2)


def test_no_frames_have_no_tones():
    found = decode.Decoder(JointSearch(MODEL))(np.zeros((0, MODEL.m)), INST_DICT)
    assert found.amps.shape == (0, 2)


CONTRADICTION, UNISON, NOVELTY = 0.25, 0.06, 0.11


def possible_prices(shifts, amps, insts, guide, near):
    """Least and greatest price of the tones of each hypothesis.

    They differ only where several other instruments are near, of which but some sound there.
    """
    least, greatest = np.zeros((2, *shifts.shape[:2]))
    for frame, hypothesis, place in np.argwhere(amps > 0):
        here, sounding = shifts[frame, hypothesis], amps[frame, hypothesis] > 0
        prices = []
        for shift, inst in zip(guide.shifts[frame], guide.insts[frame], strict=True):
            if inst != NOBODY and abs(shift - here[place]) < near:
                there = np.any(sounding & (insts == inst) & (np.abs(here - shift) < near))
                own = inst == insts[place]
                prices.append(0.0 if own else UNISON if there else CONTRADICTION)
        if 0.0 in prices:
            prices = [0.0]
        least[frame, hypothesis] += min(prices, default=NOVELTY)
        greatest[frame, hypothesis] += max(prices, default=NOVELTY)
    return least, greatest


@given(seed=st.integers(0, 10**6))
def test_tones_that_the_guide_does_not_give_have_their_prices(seed):
    rng = np.random.default_rng(seed)
    insts = np.array([0, 0, 1, 2])
    shifts, amps = rng.uniform(0, 40, (5, 4, 4)), rng.integers(0, 2, (5, 4, 4)) * 0.5
    guide = Guide(rng.uniform(0, 40, (5, 6)), rng.integers(-1, 3, (5, 6)))
    start = rng.uniform(0, 1, (5, 4))
    costs = start.copy()
    prices = CONTRADICTION, UNISON, NOVELTY
    decode.add_contradictions(shifts, amps, insts, *guide, 4.0, *prices, costs)
    least, greatest = possible_prices(shifts, amps, insts, guide, 4.0)
    assert np.all(costs > start + least - 1e-12) and np.all(costs < start + greatest + 1e-12)


@pytest.mark.parametrize(
    ("shifts", "price"),
    [
        ([10, None, 20], 0),  # as the guide says
        ([20, None, None], CONTRADICTION),
        ([20, None, 20], UNISON),
        ([20, None, 90], CONTRADICTION + NOVELTY),  # the other is not there
        ([None, 10, None], CONTRADICTION),
        ([10, 10, None], UNISON),
        ([10, 10, 10], 2 * UNISON),
        ([10, 20, 20], UNISON),
        ([30, None, 40], 2 * NOVELTY),  # at 40 it is known of nobody
        ([None, None, None], 0),
    ],
)
def test_who_sounds_as_well_decides_the_price_of_a_tone(shifts, price):
    offered, insts = offers([shifts]), np.arange(3)
    guide = Guide(np.array([[10.0, 20, 40]]), np.array([[0, 2, NOBODY]]))
    costs = np.zeros((1, 1))
    decode.add_contradictions(
        *offered[:2], insts, *guide, 4.0, CONTRADICTION, UNISON, NOVELTY, costs
    )  # fmt: skip
    assert costs[0, 0] == pytest.approx(price)


def test_a_guide_of_notes_names_their_players():
    shifts = np.arange(6.0).reshape(2, 3)
    guide = Guide.of(shifts, np.array([[0, 1, -1], [2, -1, 0]]), np.array([1, 0, 2]))
    np.testing.assert_array_equal(guide.shifts, shifts)
    np.testing.assert_array_equal(guide.insts, [[1, 0, NOBODY], [2, NOBODY, 1]])
    nobody = Guide.of(shifts, np.full((2, 3), -1), np.zeros(0, int))
    np.testing.assert_array_equal(nobody.insts, np.full((2, 3), NOBODY))


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_guide_decides_who_plays_when_the_columns_are_alike(order):
    frames, shifts = two_lines()
    alike = np.stack([FIRST, FIRST], axis=1)
    insts = np.broadcast_to(order, shifts.shape)
    found = Decoder(SEARCH)(frames, alike, guide=Guide(shifts, insts))
    np.testing.assert_allclose(found.shifts, shifts[:, order], atol=2)


def test_a_guide_that_knows_nobody_is_no_crossing_price():
    frames, shifts = two_lines()
    nobody = Guide(shifts, np.full(shifts.shape, NOBODY))
    found = Decoder(SEARCH, novelty=0)(frames, INST_DICT, guide=nobody)
    free = Decoder(SEARCH, crossing=0)(frames, INST_DICT)
    np.testing.assert_array_equal(found.get_array(), free.get_array())


def test_where_novelty_is_dear_only_known_tones_are_found():
    frames, shifts = two_lines()
    guide = Guide(shifts[:, 1:], np.zeros((len(shifts), 1), int))

    def found(novelty):  # among all combinations, even those of single tones
        decoder = Decoder(SEARCH, 400, contradiction=10, unison=10, novelty=novelty)
        return decoder(frames, INST_DICT, guide=guide)

    dear, free = found(10), found(0)
    np.testing.assert_allclose(dear.shifts[:, 0], shifts[:, 1], atol=2)
    np.testing.assert_array_equal(dear.amps > 0, [[True, False]] * len(frames))
    np.testing.assert_allclose(free.shifts, shifts[:, ::-1], atol=2)


@pytest.mark.parametrize(("dear", "together"), [("contradiction", True), ("unison", False)])
def test_instruments_meet_where_unisons_are_cheap(dear, together):
    odd = np.where(np.arange(HAR) % 2, 0.02, FIRST)
    inst_dict = np.stack([odd, np.where(np.arange(HAR) % 2, 0.7, 0.05)], axis=1)
    frames = np.tile(spectrum([1.0, 0.8], [60.0, 60.0], inst_dict), (6, 1))
    guide = Guide(np.full((6, 1), 60.0), np.zeros((6, 1), int))
    prices = {"contradiction": 0, "unison": 0, "novelty": 0, dear: 10}
    found = Decoder(SEARCH, **prices)(frames, inst_dict, guide=guide)
    met = np.all((np.abs(found.shifts - 60) < 2) & (found.amps > 0.4), axis=1)
    np.testing.assert_array_equal(met, together)


def test_silence_is_the_loss_without_tones():
    rng = np.random.default_rng(0)
    frames = rng.uniform(0, 1, (150, M))  # more than a block
    expected = [naive.loss(np.zeros((4, 0)), [], INST_DICT, 1, 1, 0.5, frame) for frame in frames]
    np.testing.assert_allclose(Decoder(SEARCH).silence(frames), expected)
