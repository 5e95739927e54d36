import naive
import numpy as np
import pytest
import scipy.fft
from hypothesis import given
from hypothesis import strategies as st
from sounding import frames_of

from musisep.multipitch import greedy
from musisep.multipitch.greedy import GreedyPursuit
from musisep.tones.model import ToneModel, calc_harscale, make_bounds
from musisep.tones.peaks import Peaks
from musisep.tones.spectra import gen_inst_spect

M, HAR, FSIGMA = 240, 5, 1.9
HARSCALE = calc_harscale(100, 1600, M)
MODEL = ToneModel(FSIGMA, HARSCALE, M)
BASESHIFT = MODEL.baseshift(HAR)
INST_DICT = np.array([[1.0, 0.3, 0.6, 0.1, 0.05], [0.4, 1.0, 0.1, 0.7, 0.5]]).T
PEAKS = Peaks([1.0, 0.5], [40.3, 71.8], [2.0, 1.8], [1e-3, 5e-4], [0, 1])


def frame(peaks=PEAKS):
    return naive.magnitudes(peaks.params, peaks.insts, INST_DICT, HARSCALE, 1, M)


def patterns(inst_dict=INST_DICT, qexp=0.5):
    return gen_inst_spect(BASESHIFT, FSIGMA, inst_dict, HARSCALE, 1, qexp, M)


def test_correlations_are_direct_sums_with_patterns_of_unit_norm():
    roots = np.random.default_rng(0).standard_normal((3, M))
    correlation = greedy.Correlation(patterns(), BASESHIFT, M)
    norms = np.linalg.norm(patterns(), axis=0)
    np.testing.assert_allclose(correlation.norms, norms, rtol=1e-12)
    found = correlation(roots)
    assert found.shape == (3, 2, M)
    for row, root in zip(found, roots, strict=True):
        expected = naive.correlations(root, patterns() / norms, BASESHIFT)
        np.testing.assert_allclose(row, expected, rtol=0, atol=1e-12)


@given(values=st.lists(st.integers(-3, 3), min_size=1, max_size=30), number=st.integers(0, 40))
def test_the_highest_values_come_first_and_of_equal_ones_the_first(values, number):
    expected = sorted(range(len(values)), key=lambda i: (-values[i], i))[:number]
    np.testing.assert_array_equal(greedy._highest(np.array(values, float), number), expected)


# Selectors


@pytest.mark.parametrize("inst", [0, 1])
@pytest.mark.parametrize("shift", [0, 3, 60, 110])
def test_fft_selector_finds_a_tone(inst, shift):
    y = frame(Peaks([0.7], [shift], [FSIGMA], [0.0], [inst]))
    amps, shifts, insts = greedy.fft_selector(y, 1, BASESHIFT, patterns(), 0.5)
    if shift == 60:
        np.testing.assert_allclose(amps, [0.7], rtol=0.01)
    np.testing.assert_allclose(shifts, [shift], atol=1)
    np.testing.assert_array_equal(insts, [inst])


def naive_maxima(scores):
    """Local maxima of each row; of equal neighbours the first."""
    padded = np.pad(scores, ((0, 0), (1, 1)), constant_values=-np.inf)
    return (scores > padded[:, :-2]) & (scores >= padded[:, 2:])


@pytest.mark.parametrize("prenum", [1, 7, 10**4])
def test_fft_selector_gives_the_highest_positive_maxima_first(prenum):
    y = np.random.default_rng(0).standard_normal(M)
    norms = np.linalg.norm(patterns(), axis=0)
    scores = naive.correlations(np.sign(y) * np.sqrt(np.abs(y)), patterns() / norms, BASESHIFT)
    amps, shifts, insts = greedy.fft_selector(y, prenum, BASESHIFT, patterns(), 0.5)
    expected = np.sort(scores[(scores > 0) & naive_maxima(scores)])[::-1][:prenum]
    found = scores[insts, shifts.astype(int)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    np.testing.assert_allclose(amps, (expected / norms[insts]) ** 2, rtol=1e-9)
    assert len(set(zip(shifts, insts, strict=True))) == len(expected)


def test_fft_selector_finds_two_tones_and_not_two_bins_of_one():
    _, shifts, insts = greedy.fft_selector(frame(), 2, BASESHIFT, patterns(), 0.5)
    np.testing.assert_allclose(shifts, [40, 72], atol=1)
    np.testing.assert_array_equal(insts, [0, 1])


def test_fft_selector_finds_nothing_in_silence_or_with_silent_instruments():
    assert greedy.fft_selector(np.zeros(M), 3, BASESHIFT, patterns(), 0.5)[0].size == 0
    silent = patterns(INST_DICT * [1, 0])
    insts = greedy.fft_selector(frame(), M, BASESHIFT, silent, 0.5)[2]
    assert insts.size and not np.any(insts)


@pytest.mark.parametrize("prenum", [1, 2, 5])
def test_each_instrument_proposes_its_highest_correlation(prenum):
    y = np.random.default_rng(1).standard_normal(M)
    norms = np.linalg.norm(patterns(), axis=0)
    scores = naive.correlations(np.sign(y) * np.sqrt(np.abs(y)), patterns() / norms, BASESHIFT)
    correlation = greedy.Correlation(patterns(), BASESHIFT, M)
    amps, shifts, insts = correlation.select_each(y, prenum, 0.5)
    order = np.argsort(-scores.max(axis=1))[:prenum]
    np.testing.assert_array_equal(insts, order)
    np.testing.assert_array_equal(shifts, scores.argmax(axis=1)[order])
    np.testing.assert_allclose(amps, (scores.max(axis=1) / norms)[order] ** 2, rtol=1e-9)


def test_silent_instruments_propose_nothing():
    correlation = greedy.Correlation(patterns(INST_DICT * [1, 0]), BASESHIFT, M)
    assert correlation.select_each(frame(), 2, 0.5)[2].tolist() == [0]
    assert correlation.select_each(np.zeros(M), 2, 0.5)[0].size == 0


def test_the_pursuit_does_not_end_because_the_wrong_instrument_correlates_best():
    """With the best proposal of all alone, it finds both tones in 65 % of these frames."""
    columns = np.array([[1, 0.7, 0.5, 0.3, 0.2], [1, 0.2, 0.15, 0.05, 0.02]]).T
    rng = np.random.default_rng(0)
    shape = 60, 2
    tones = Peaks(
        rng.uniform(0.3, 1, shape), rng.uniform(0, 0.6 * M, shape), np.full(shape, FSIGMA),
        np.zeros(shape), np.broadcast_to([0, 1], shape),
    )  # fmt: skip
    found = GreedyPursuit()(frames_of(tones, columns, MODEL), columns, MODEL)
    assert np.mean((np.abs(found.shifts - tones.shifts) < 1).all(axis=1)) > 0.95


def naive_max_selector(y, prenum, n):
    peaks = []
    for i in range(len(y)):
        interval = [y[j] for j in range(len(y)) if abs(i - j) <= n / 2]
        if y[i] > 0 and y[i] == max(interval):
            peaks.append((-y[i], i))
    return [(-height, i, 0) for height, i in sorted(peaks)[:prenum]]


@given(
    y=st.lists(st.integers(-3, 9), min_size=1, max_size=30),
    prenum=st.integers(1, 8),
    n=st.integers(1, 12),
)
def test_max_selector(y, prenum, n):
    found = greedy.max_selector(np.array(y, float), prenum, n)
    assert list(zip(*found, strict=True)) == naive_max_selector(y, prenum, n)


@pytest.mark.parametrize("n", [2, 3, 4, 9])
def test_a_slope_has_one_peak_for_any_interval(n):
    amps, shifts, insts = greedy.max_selector(np.minimum(np.arange(20), 11.5 - np.arange(20)), 9, n)
    assert (amps.tolist(), shifts.tolist(), insts.tolist()) == ([5.5], [6.0], [0])


# Greedy pursuit


def pursue(y, num=2, runs=4, beta=0.9, init=None, prenum=1, inst_dict=INST_DICT):
    selector_args = BASESHIFT, patterns(inst_dict), 0.5
    return greedy.peak_pursuit(
        y, num, prenum, runs, inst_dict, FSIGMA, HARSCALE, greedy.fft_selector, selector_args,
        1, 0.5, beta, init,
    )  # fmt: skip


def assert_recovered(found, expected=PEAKS, atol=0.05):
    order = np.argsort(found.shifts)
    np.testing.assert_allclose(found.shifts[order], expected.shifts, atol=atol)
    np.testing.assert_allclose(found.amps[order], expected.amps, rtol=atol)
    np.testing.assert_array_equal(found.insts[order], expected.insts)


def test_pursuit_recovers_two_tones():
    y = frame()
    peaks, reconstruction = pursue(y)
    assert_recovered(peaks)
    np.testing.assert_allclose(reconstruction, frame(peaks), rtol=1e-9)
    np.testing.assert_allclose(reconstruction, y, atol=0.01)


def test_num_limits_the_tones_and_keeps_the_loud_one():
    peaks, _ = pursue(frame(), num=1)
    np.testing.assert_allclose(peaks.shifts, [40.3], atol=0.3)


def test_what_is_left_of_many_proposals_is_fitted_again():
    peaks, reconstruction = pursue(frame(PEAKS[:1]), num=1, prenum=4, runs=1)
    assert_recovered(peaks, PEAKS[:1])
    np.testing.assert_allclose(reconstruction, frame(peaks), rtol=1e-9)


def test_tones_stay_within_their_bounds():
    far = Peaks([1.0, 0.5], [40.0, 72.0], [9.0, 0.5], [0.1, 0.01], [0, 1])
    peaks, _ = pursue(frame(far) + 0.001, init=far, runs=1, beta=99)
    bounds = np.array(make_bounds(FSIGMA, len(peaks)), dtype=float)
    assert len(peaks) == 2
    assert np.all(peaks.get_array() >= bounds[:, 0])
    assert not np.any(peaks.get_array() > bounds[:, 1])


def test_a_run_that_does_not_reduce_the_residual_is_undone():
    y, init = frame() + 0.001, PEAKS[:1]
    peaks, reconstruction = pursue(y, init=init, beta=0.01)
    np.testing.assert_array_equal(peaks.get_array(), init.get_array())
    np.testing.assert_allclose(reconstruction, frame(init), rtol=1e-9)
    assert len(pursue(y, init=init, beta=0.9)[0]) == 2


def test_pursuit_starts_from_init():
    start = Peaks([0.4], [71], [FSIGMA], [0], [1])
    assert_recovered(pursue(frame(), init=start, runs=1)[0])
    np.testing.assert_array_equal(start.get_array(), [0.4, 71, FSIGMA, 0])
    unchanged, _ = pursue(frame(), init=start, runs=0)
    np.testing.assert_array_equal(unchanged.get_array(), start.get_array())


def test_tones_come_loudest_first():
    rng = np.random.default_rng(0)
    for _ in range(30):
        amps, shifts = rng.uniform(0.1, 1, 3), rng.uniform(0, 150, 3)
        y = frame(Peaks(amps, shifts, [2] * 3, [0] * 3, [0, 1, 1])) + rng.uniform(0, 0.05, M)
        peaks, _ = pursue(y, num=3, runs=6, beta=1)
        assert np.all(np.diff(peaks.amps) <= 0)


@pytest.mark.parametrize("level", [0.0, 1e-300])
def test_silence_has_no_tones(level):
    peaks, reconstruction = pursue(np.full(M, level))
    assert len(peaks) == 0
    assert reconstruction.shape == (M,) and not np.any(reconstruction)


@pytest.mark.parametrize("jobs", [1, 2])
def test_greedy_pursuit_gives_each_instrument_its_places(jobs):
    other = Peaks([0.8, 0.6], [90.0, 20.0], [2.0, 2.0], [0.0, 0.0], [0, 1])
    alone = Peaks([0.5], [60.0], [2.0], [0.0], [1])
    frames = np.array([frame(), frame(other), frame(alone), np.zeros(M)])
    with scipy.fft.set_workers(jobs):
        found = GreedyPursuit()(frames, INST_DICT, MODEL)
    np.testing.assert_array_equal(found.insts, [[0, 1]] * 4)
    np.testing.assert_allclose(found.shifts[:2], [[40.3, 71.8], [90, 20]], atol=0.1)
    np.testing.assert_allclose(found.amps, [[1, 0.5], [0.8, 0.6], [0, 0.5], [0, 0]], atol=0.03)


def test_greedy_pursuit_of_two_tones_of_one_instrument():
    chord = Peaks([1.0, 0.7], [40.3, 62.0], [2.0, 2.0], [0.0, 0.0], [0, 0])
    found = GreedyPursuit(tones=2)(frame(chord)[None], INST_DICT, MODEL)
    np.testing.assert_array_equal(found.insts, [[0, 0, 1, 1]])
    np.testing.assert_allclose(found.shifts[0, :2], [40.3, 62], atol=0.1)
    np.testing.assert_allclose(found.amps[0], [1, 0.7, 0, 0], atol=0.03)


def test_most_limits_the_tones_of_all_instruments():
    found = GreedyPursuit(most=1)(frame()[None], INST_DICT, MODEL)
    np.testing.assert_array_equal(found.amps > 0, [[True, False]])


def test_integers_are_floats_to_the_pursuit():
    arguments = frame(), 2, 1, 4, INST_DICT
    selector = greedy.fft_selector, (BASESHIFT, patterns(), 0.5)
    kernel = greedy._kernels.fit_tones
    greedy.peak_pursuit(*arguments, 2.0, 86.0, *selector, 1.0, 1.0)
    before = len(kernel.signatures)
    greedy.peak_pursuit(*arguments, 2, 86, *selector, 1, 1)
    assert len(kernel.signatures) == before


def test_of_one_instrument_no_more_than_its_tones_stay():
    trio = Peaks([1.0, 0.7, 0.4], [40.3, 62.0, 100.0], [2.0] * 3, [0.0] * 3, [0, 0, 1])
    selector = greedy.fft_selector, (BASESHIFT, patterns(), 0.5)
    arguments = frame(trio), 2, 1, 8, INST_DICT, FSIGMA, HARSCALE, *selector, 1, 0.5, 1
    both, _ = greedy.peak_pursuit(*arguments)
    np.testing.assert_array_equal(both.insts, [0, 0])
    single, reconstruction = greedy.peak_pursuit(*arguments, init=trio, tone_num=1)
    assert np.bincount(single.insts).max() == 1
    np.testing.assert_allclose(reconstruction, frame(single), rtol=1e-9)
    kept = greedy.loudest(trio, 3, 1)
    np.testing.assert_array_equal(kept.shifts, [40.3, 100])
    np.testing.assert_array_equal(greedy.loudest(trio, 1, 3).shifts, [40.3])
