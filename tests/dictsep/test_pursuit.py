import math

import numpy as np
import pytest
from dictsep import naive
from hypothesis import given
from hypothesis import strategies as st

from musisep.dictsep import pursuit
from musisep.dictsep.pursuit import GreedyPursuit, Peaks
from musisep.dictsep.tones import ToneModel

M, HAR, FSIGMA = 240, 5, 1.9
HARSCALE = pursuit.calc_harscale(100, 1600, M)
MODEL = ToneModel(FSIGMA, HARSCALE, M)
BASESHIFT = MODEL.baseshift(HAR)
INST_DICT = np.array([[1.0, 0.3, 0.6, 0.1, 0.05], [0.4, 1.0, 0.1, 0.7, 0.5]]).T
PEAKS = Peaks([1.0, 0.5], [40.3, 71.8], [2.0, 1.8], [1e-3, 5e-4], [0, 1])


def frame(peaks=PEAKS):
    return naive.magnitudes(peaks.params, peaks.insts, INST_DICT, HARSCALE, 1, M)


def patterns(inst_dict=INST_DICT, qexp=0.5):
    return pursuit.gen_inst_spect(BASESHIFT, FSIGMA, inst_dict, HARSCALE, 1, qexp, M)


# Peaks


def test_array_round_trip():
    array = PEAKS.get_array()
    np.testing.assert_array_equal(array, [1, 0.5, 40.3, 71.8, 2, 1.8, 1e-3, 5e-4])
    back = Peaks.from_array(array, PEAKS.insts)
    for name in ("amps", "shifts", "sigmas", "spreads", "insts"):
        np.testing.assert_array_equal(getattr(back, name), getattr(PEAKS, name))
    assert back.insts.dtype == np.int64


def test_peaks_of_many_frames():
    peaks = Peaks(*np.arange(24.0).reshape(4, 3, 2), [[0, 1]] * 3)
    assert len(peaks) == 2
    assert peaks.params.shape == (3, 4, 2)
    assert peaks.get_array().shape == (3, 8)
    np.testing.assert_array_equal(peaks.params[1, :, 0], [2, 8, 14, 20])
    np.testing.assert_array_equal(peaks[1].get_array(), peaks.get_array()[1])
    np.testing.assert_array_equal(
        Peaks.from_array(peaks.get_array(), peaks.insts).params, peaks.params
    )


def test_no_peaks():
    empty = Peaks.empty()
    assert len(empty) == 0
    assert empty.get_array().shape == (0,)
    assert empty.params.shape == (4, 0)
    assert len(Peaks.from_array([], [])) == 0
    assert not np.any(pursuit.inst_shift(empty, INST_DICT, HARSCALE, 1, M, 0))
    np.testing.assert_array_equal(empty.merged(PEAKS).get_array(), PEAKS.get_array())


def test_a_copy_is_independent():
    original = Peaks([1.0], [2.0], [3.0], [4.0], [0])
    copy = original.copy()
    for array in (copy.amps, copy.shifts, copy.sigmas, copy.spreads, copy.insts):
        array += 1
    np.testing.assert_array_equal(original.get_array(), [1, 2, 3, 4])
    np.testing.assert_array_equal(original.insts, [0])


def test_merged_appends_and_index_selects():
    merged = PEAKS.merged(Peaks([0.1], [5], [2], [0], [1]))
    np.testing.assert_array_equal(merged.shifts, [40.3, 71.8, 5])
    np.testing.assert_array_equal(merged.insts, [0, 1, 1])
    chosen = merged[merged.insts == 1]
    np.testing.assert_array_equal(chosen.amps, [0.5, 0.1])
    np.testing.assert_array_equal(chosen.spreads, [5e-4, 0])


def test_peaks_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"differ in shape: .*\(2,\)"):
        Peaks([1.0, 2.0], [3.0], [1.0], [0.0], [0])


# Spectra and their loss


@pytest.mark.parametrize("pexp", [1, 2])
def test_spectra_on_both_axes(pexp):
    for found, harscale in (
        (pursuit.inst_shift(PEAKS, INST_DICT, HARSCALE, pexp, M, 2), HARSCALE),
        (pursuit.inst_scale(PEAKS, INST_DICT, pexp, M, 2), 0),
    ):
        expected = naive.magnitudes(PEAKS.params, PEAKS.insts, INST_DICT, harscale, pexp, M)
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_n_counts_the_tones_that_sound():
    first = pursuit.inst_shift(PEAKS, INST_DICT, HARSCALE, 1, M, 1)
    np.testing.assert_allclose(first, frame(PEAKS[:1]), rtol=1e-10)


def test_an_octave_is_a_shift_by_a_quarter_of_four_octaves():
    spectrum = frame(Peaks([1.0], [0.0], [FSIGMA], [0.0], [1]))
    assert spectrum.argmax() == M // 4


def central_difference(function, x, index, step):
    ahead, behind = x.copy(), x.copy()
    ahead[index] += step
    behind[index] -= step
    return (function(ahead) - function(behind)) / (2 * step)


@pytest.mark.parametrize("pexp", [1.0, 2.0])
@pytest.mark.parametrize("qexp", [0.5, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_gradients_against_central_differences(pexp, qexp, seed):
    rng = np.random.default_rng(seed)
    y, inst_dict = rng.uniform(0, 1, M), rng.uniform(0.1, 1, (HAR, 2))
    insts = np.array([0, 1, 1])
    array = np.concatenate(
        [rng.uniform(0.3, 1, 3), rng.uniform(80, 170, 3), rng.uniform(1.6, 3, 3), [0, 1e-3, 2e-3]]
    )
    arguments = HARSCALE, pexp, qexp, M, 3, y
    steps = np.repeat([1e-5, 1e-5, 1e-5, 1e-8], 3)

    def of_array(x):
        return pursuit.inst_shift_obj(x, insts, inst_dict, *arguments)

    def of_dict(x):
        return pursuit.inst_shift_obj(array, insts, x, *arguments)

    assert of_array(array) == pytest.approx(
        naive.loss(array.reshape(4, 3), insts, inst_dict, HARSCALE, pexp, qexp, y), rel=1e-10
    )
    found = pursuit.inst_shift_grad(array, insts, inst_dict, *arguments)
    expected = [central_difference(of_array, array, i, steps[i]) for i in range(12)]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    found = pursuit.inst_shift_dict_grad(array, insts, inst_dict, *arguments)
    expected = [central_difference(of_dict, inst_dict, i, 1e-5) for i in np.ndindex(HAR, 2)]
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-6, atol=1e-6)


def test_arguments_of_the_loss_are_not_changed():
    array, y = PEAKS.get_array(), frame()
    for function in (pursuit.inst_shift_obj, pursuit.inst_shift_grad, pursuit.inst_shift_dict_grad):
        function(array, PEAKS.insts, INST_DICT, HARSCALE, 1, 0.5, M, 2, y)
    np.testing.assert_array_equal(array, PEAKS.get_array())
    np.testing.assert_array_equal(y, frame())


@pytest.mark.parametrize("insts", [[0, 2], [-1, 0]])
def test_instruments_without_a_column_are_refused(insts):
    peaks = Peaks(PEAKS.amps, PEAKS.shifts, PEAKS.sigmas, PEAKS.spreads, insts)
    with pytest.raises(ValueError, match=f"{min(insts)} to {max(insts)} must lie in 0 to 1"):
        pursuit.inst_shift(peaks, INST_DICT, HARSCALE, 1, M, 2)


def test_bad_spectra_and_dictionaries_are_refused():
    arguments = PEAKS.get_array(), PEAKS.insts
    with pytest.raises(ValueError, match=r"y\.shape=\(3,\) must be \(m=240,\)"):
        pursuit.inst_shift_obj(*arguments, INST_DICT, HARSCALE, 1, 0.5, M, 2, np.ones(3))
    with pytest.raises(ValueError, match=r"y\.min\(\)=-1\.0 must be at least 0"):
        pursuit.inst_shift_obj(*arguments, INST_DICT, HARSCALE, 1, 0.5, M, 2, -np.ones(M))
    with pytest.raises(ValueError, match=r"inst_dict\.shape=\(5,\) must be"):
        pursuit.inst_shift(PEAKS, INST_DICT[:, 0], HARSCALE, 1, M, 2)


# Axis, bounds, patterns


def test_calc_harscale():
    assert pursuit.calc_harscale(20, 20480, 1024) == pytest.approx(102.4 / math.log(2))


@pytest.mark.parametrize(
    ("minfreq", "maxfreq", "numfreqs", "message"),
    [
        (0, 10, 5, "minfreq=0 and maxfreq=10 must satisfy"),
        (10, 10, 5, "0 < minfreq < maxfreq"),
        (float("nan"), 10, 5, "minfreq=nan"),
        (1, 10, 0, "numfreqs=0 must be at least 1"),
    ],
)
def test_axes_without_length_are_refused(minfreq, maxfreq, numfreqs, message):
    with pytest.raises(ValueError, match=message):
        pursuit.calc_harscale(minfreq, maxfreq, numfreqs)


def test_make_bounds():
    assert pursuit.make_bounds(2.0, 2) == [
        *[(0, None)] * 4, *[(1.6, 3.0)] * 2, *[(0, 2e-3)] * 2
    ]  # fmt: skip


def test_baseshift_holds_the_widest_tone():
    tone = Peaks([1.0], [0.0], [1.5 * FSIGMA], [2e-3], [0])
    spectrum = pursuit.inst_shift(tone, np.ones((HAR, 1)), HARSCALE, 1, 2 * BASESHIFT, 1)
    assert np.any(spectrum) and not np.any(spectrum[BASESHIFT:])


@pytest.mark.parametrize("qexp", [0.5, 1.0])
def test_gen_inst_spect(qexp):
    found = patterns(qexp=qexp)
    assert found.shape == (M + BASESHIFT, 2)
    for inst in range(2):
        tone = [[1.0], [BASESHIFT], [FSIGMA], [0.0]], [inst]
        expected = naive.magnitudes(*tone, INST_DICT, HARSCALE, 1, M + BASESHIFT)
        np.testing.assert_allclose(
            found[:, inst], (expected + 1e-7) ** qexp - 1e-7**qexp, rtol=1e-9, atol=1e-15
        )
        assert found[BASESHIFT, inst] == pytest.approx(INST_DICT[0, inst] ** qexp, rel=1e-3)


def test_correlations_are_direct_sums():
    roots = np.random.default_rng(0).standard_normal((3, M))
    found = pursuit.correlations(roots, patterns(), BASESHIFT)
    assert found.shape == (3, 2, M)
    for row, root in zip(found, roots, strict=True):
        expected = naive.correlations(root, patterns(), BASESHIFT)
        np.testing.assert_allclose(row, expected, rtol=0, atol=1e-12)


# Selectors


@pytest.mark.parametrize("inst", [0, 1])
@pytest.mark.parametrize("shift", [0, 3, 60, 110])
def test_fft_selector_finds_a_tone(inst, shift):
    y = frame(Peaks([0.7], [shift], [FSIGMA], [0.0], [inst]))
    amps, shifts, insts = pursuit.fft_selector(y, 1, BASESHIFT, patterns(), 0.5)
    if shift == 60:
        np.testing.assert_allclose(amps, [0.7], rtol=0.01)
    np.testing.assert_allclose(shifts, [shift], atol=1)
    np.testing.assert_array_equal(insts, [inst])


@pytest.mark.parametrize("prenum", [1, 7, 10**4])
def test_fft_selector_gives_the_best_positive_correlations_first(prenum):
    y = np.random.default_rng(0).standard_normal(M)
    norms = np.linalg.norm(patterns(), axis=0)
    scores = naive.correlations(np.sign(y) * np.sqrt(np.abs(y)), patterns() / norms, BASESHIFT)
    amps, shifts, insts = pursuit.fft_selector(y, prenum, BASESHIFT, patterns(), 0.5)
    expected = np.sort(scores[scores > 0])[::-1][:prenum]
    found = scores[insts, shifts.astype(int)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    np.testing.assert_allclose(amps, (expected / norms[insts]) ** 2, rtol=1e-9)
    assert len(set(zip(shifts, insts, strict=True))) == len(expected)


def test_fft_selector_finds_nothing_in_silence_or_with_silent_instruments():
    assert pursuit.fft_selector(np.zeros(M), 3, BASESHIFT, patterns(), 0.5)[0].size == 0
    silent = patterns(INST_DICT * [1, 0])
    insts = pursuit.fft_selector(frame(), M, BASESHIFT, silent, 0.5)[2]
    assert insts.size and not np.any(insts)


def naive_max_selector(y, prenum, n):
    peaks = []
    for i in range(len(y)):
        interval = [y[j] for j in range(i - n // 2, i - n // 2 + n) if 0 <= j < len(y)]
        if y[i] > 0 and y[i] == max(interval):
            peaks.append((-y[i], i))
    return [(-height, i, 0) for height, i in sorted(peaks)[:prenum]]


@given(
    y=st.lists(st.integers(-3, 9), min_size=1, max_size=30),
    prenum=st.integers(1, 8),
    n=st.integers(1, 12),
)
def test_max_selector(y, prenum, n):
    found = pursuit.max_selector(np.array(y, float), prenum, n)
    assert list(zip(*found, strict=True)) == naive_max_selector(y, prenum, n)


# Greedy pursuit


def pursue(y, num=2, runs=4, beta=0.9, init=None, prenum=1, inst_dict=INST_DICT):
    selector_args = BASESHIFT, patterns(inst_dict), 0.5
    return pursuit.peak_pursuit(
        y, num, prenum, runs, inst_dict, FSIGMA, HARSCALE, pursuit.fft_selector, selector_args,
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
    bounds = np.array(pursuit.make_bounds(FSIGMA, len(peaks)), dtype=float)
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
    found = GreedyPursuit(MODEL)(frames, INST_DICT, jobs)
    np.testing.assert_array_equal(found.insts, [[0, 1]] * 4)
    np.testing.assert_allclose(found.shifts[:2], [[40.3, 71.8], [90, 20]], atol=0.1)
    np.testing.assert_allclose(found.amps, [[1, 0.5], [0.8, 0.6], [0, 0.5], [0, 0]], atol=0.03)


def test_greedy_pursuit_of_two_tones_of_one_instrument():
    chord = Peaks([1.0, 0.7], [40.3, 62.0], [2.0, 2.0], [0.0, 0.0], [0, 0])
    found = GreedyPursuit(MODEL, tones=2)(frame(chord)[None], INST_DICT)
    np.testing.assert_array_equal(found.insts, [[0, 0, 1, 1]])
    np.testing.assert_allclose(found.shifts[0, :2], [40.3, 62], atol=0.1)
    np.testing.assert_allclose(found.amps[0], [1, 0.7, 0, 0], atol=0.03)


def test_shapes_that_do_not_fit_the_number_of_tones_are_refused():
    with pytest.raises(ValueError, match=r"insts.shape=\(1,\) must be \(8,\) and \(2,\)"):
        pursuit.inst_shift_obj(np.ones(8), [0], np.ones((3, 1)), 50.0, 1, 0.5, 20, 2, np.ones(20))
