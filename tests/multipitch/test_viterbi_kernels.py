import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musisep._util.constants import NONE
from musisep.multipitch._kernels import viterbi as kernels
from musisep.multipitch.finder import Hypotheses, Prior

CONTRADICTION, UNISON, NOVELTY = 0.25, 0.06, 0.11


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
    np.testing.assert_array_equal(
        kernels.cheapest_path(*arguments), naive.cheapest_path(*arguments)
    )


def test_without_prices_every_frame_takes_its_cheapest():
    shifts, amps, costs = random_offers(np.random.default_rng(0), frames=50)
    path = kernels.cheapest_path(shifts, amps, costs, 0.0, 0.0, 3.0, 30.0)
    np.testing.assert_array_equal(path, costs.argmin(1))


def test_path_of_one_frame():
    shifts, amps, costs = random_offers(np.random.default_rng(0), frames=1)
    path = kernels.cheapest_path(shifts, amps, costs, 1.0, 1.0, 3.0, 30.0)
    np.testing.assert_array_equal(path, costs.argmin(1))


def offers(*frames, gains=None):
    """Offers of frames of hypotheses of shifts; None is silence."""
    shifts = np.array(frames, dtype=float)
    amps = np.where(np.isnan(shifts), 0.0, 1.0)
    gains = np.ones(shifts.shape[:2]) if gains is None else np.array(gains, dtype=float)
    return Hypotheses(np.nan_to_num(shifts), amps, gains)


def possible_prices(shifts, amps, insts, prior, near):
    """Least and greatest price of the tones of each hypothesis.

    They differ only where several other instruments are near, of which but some sound there.
    """
    least, greatest = np.zeros((2, *shifts.shape[:2]))
    for frame, hypothesis, place in np.argwhere(amps > 0):
        here, sounding = shifts[frame, hypothesis], amps[frame, hypothesis] > 0
        prices = []
        for shift, inst in zip(prior.shifts[frame], prior.insts[frame], strict=True):
            if inst != NONE and abs(shift - here[place]) < near:
                there = np.any(sounding & (insts == inst) & (np.abs(here - shift) < near))
                own = inst == insts[place]
                prices.append(0.0 if own else UNISON if there else CONTRADICTION)
        if 0.0 in prices:
            prices = [0.0]
        least[frame, hypothesis] += min(prices, default=NOVELTY)
        greatest[frame, hypothesis] += max(prices, default=NOVELTY)
    return least, greatest


@given(seed=st.integers(0, 10**6))
def test_tones_that_the_prior_does_not_give_have_their_prices(seed):
    rng = np.random.default_rng(seed)
    insts = np.array([0, 0, 1, 2])
    shifts, amps = rng.uniform(0, 40, (5, 4, 4)), rng.integers(0, 2, (5, 4, 4)) * 0.5
    prior = Prior(rng.uniform(0, 40, (5, 6)), rng.integers(-1, 3, (5, 6)))
    start = rng.uniform(0, 1, (5, 4))
    costs = start.copy()
    prices = CONTRADICTION, UNISON, NOVELTY
    demands = np.zeros(prior.shifts.shape)
    kernels.add_contradictions(shifts, amps, insts, *prior[:2], demands, 4.0, *prices, costs)
    least, greatest = possible_prices(shifts, amps, insts, prior, 4.0)
    assert np.all(costs > start + least - 1e-12) and np.all(costs < start + greatest + 1e-12)


@pytest.mark.parametrize(
    ("shifts", "price"),
    [
        ([10, None, 20], 0),  # as the prior says
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
    prior = Prior(np.array([[10.0, 20, 40]]), np.array([[0, 2, NONE]]))
    costs = np.zeros((1, 1))
    kernels.add_contradictions(
        *offered[:2], insts, *prior[:2], np.zeros((1, 3)), 4.0, CONTRADICTION, UNISON, NOVELTY,
        costs,
    )  # fmt: skip
    assert costs[0, 0] == pytest.approx(price)


@pytest.mark.parametrize(
    ("shifts", "price"),
    [
        ([10, None, 20], 0),
        ([None, None, 20], 5),
        ([90, None, 20], 5 + NOVELTY),
        ([None, 10, 20], 5 + CONTRADICTION),
    ],
)
def test_a_tone_that_does_not_sound_costs_what_it_demands(shifts, price):
    offered, costs = offers([shifts]), np.zeros((1, 1))
    prior = Prior(np.array([[10.0, 20, 40]]), np.array([[0, 2, NONE]]))
    kernels.add_contradictions(
        *offered[:2], np.arange(3), *prior[:2], np.array([[5.0, 0, 5]]), 4.0, CONTRADICTION, UNISON,
        NOVELTY, costs,
    )  # fmt: skip
    assert costs[0, 0] == pytest.approx(price)
