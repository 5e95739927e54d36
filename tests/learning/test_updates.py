import numpy as np
import pytest
from dictsep import naive
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from musisep.dictsep import columns
from musisep.dictsep.columns import (
    LEAST,
    QUIET,
    audible,
    dict_grads,
    evenly,
    falling,
    fit_columns,
    fit_pitches,
    normalized,
    smoothed,
    unexplained,
)
from musisep.dictsep.search import BLOCK
from musisep.dictsep.synthesis import all_instruments, synth_instruments
from musisep.dictsep.tones import Peaks, ToneModel

M, OCTAVE, FSIGMA, HAR = 420, 60, 1.5, 6
SEMITONE = OCTAVE / 12
TRUE = np.array([[1, 0.5, 0.6, 0.3, 0.4, 0.2], [0.6, 1, 0.3, 0.5, 0, 0.3]]).T
EXPONENTS = pytest.mark.parametrize(("pexp", "qexp"), [(1, 0.5), (1, 1), (2, 0.5), (1, 0.35)])


def model(pexp=1.0, qexp=0.5):
    return ToneModel(FSIGMA, OCTAVE / np.log(2), M, pexp, qexp)


MODEL = model()


def tones(shifts, amps, insts):
    """Tones of one width, of [frame, tone] each; what lacks an axis is alike along it."""
    amps, shifts, insts = np.broadcast_arrays(amps, np.asarray(shifts, dtype=float), insts)
    return Peaks(amps, shifts, np.full(amps.shape, FSIGMA), np.zeros(amps.shape), insts)


def random_tones(rng, frames=4, number=3, instruments=2):
    """Tones whose harmonics overlap; a place has another instrument in every frame."""
    shape = frames, number
    return Peaks(
        rng.uniform(0.1, 1, shape), rng.uniform(0, 0.6 * M, shape),
        rng.uniform(0.8, 1.5, shape) * FSIGMA, rng.uniform(0, 1e-3, shape),
        rng.integers(0, instruments, shape),
    )  # fmt: skip


def spectra(peaks, inst_dict, own=MODEL):
    """Frames of what the tones sound like, [frame, bin]."""
    spects = synth_instruments(peaks, inst_dict, own.harscale, own.pexp, M)
    return np.ascontiguousarray(all_instruments(spects, own.pexp).T)


def random_case(seed, own):
    """Frames, tones, and a wrong dictionary: exact tones, noisy ones, or only noise."""
    rng = np.random.default_rng(seed)
    peaks = random_tones(rng, rng.integers(1, 12), rng.integers(1, 5))
    frames = spectra(peaks, rng.uniform(0, 1, (HAR, 2)), own)
    if seed % 3 == 1:
        frames *= rng.uniform(0.3, 1.7, frames.shape)
    elif seed % 3 == 2:
        frames = rng.uniform(0, 1, frames.shape) * rng.integers(0, 2, frames.shape)
    return frames, peaks, rng.uniform(0.01, 1, (HAR, 2))


def summed(function, frames, peaks, own):
    """Sum over the frames of a function of the roots of what sounds and of the frame, by naive."""

    def of_dictionary(inst_dict):
        total = 0.0
        for params, insts, frame in zip(peaks.params, peaks.insts, frames, strict=True):
            spectrum = naive.magnitudes(params, insts, inst_dict, own.harscale, own.pexp, M)
            total += function((spectrum + naive.EPS) ** own.qexp, (frame + naive.EPS) ** own.qexp)
        return total

    return of_dictionary


@EXPONENTS
def test_gradients_are_those_of_the_two_parts_of_the_loss(pexp, qexp):
    own = model(pexp, qexp)
    frames, peaks, inst_dict = random_case(1, own)
    higher, lower = dict_grads(own, frames, peaks, inst_dict)
    for found, part in (
        (higher, lambda sounding, heard: np.sum(sounding * heard)),
        (lower, lambda sounding, heard: 0.5 * np.sum(sounding**2)),
        (lower - higher, lambda sounding, heard: 0.5 * np.sum((sounding - heard) ** 2)),
    ):
        expected = naive.gradient(summed(part, frames, peaks, own), inst_dict)
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7 * np.abs(expected).max())


def test_gradients_of_frames_are_their_sum_and_jobs_change_no_byte():
    rng = np.random.default_rng(0)
    peaks = random_tones(rng, 2 * BLOCK + 10)
    frames = spectra(peaks, TRUE) * rng.uniform(0.3, 1.7, (len(peaks.amps), M))
    one, two, three = (dict_grads(MODEL, frames, peaks, TRUE, jobs) for jobs in (1, 2, 3))
    assert one.tobytes() == two.tobytes() == three.tobytes()
    single = [
        dict_grads(MODEL, frames[i : i + 1], peaks[i : i + 1], TRUE) for i in range(len(frames))
    ]
    np.testing.assert_allclose(one, np.sum(single, axis=0), rtol=1e-10)


def test_instruments_beyond_the_dictionary_are_refused():
    peaks = tones([[100.0]], 1.0, 2)
    for function in (dict_grads, unexplained):
        with pytest.raises(ValueError, match="instrument numbers 2 to 2 must lie in 0 to 1"):
            function(MODEL, np.ones((1, M)), peaks, TRUE)


@EXPONENTS
@pytest.mark.parametrize("level", [0.1, 3.0])
def test_one_update_finds_harmonics_that_overlap_no_others(pexp, qexp, level):
    own, rng = model(pexp, qexp), np.random.default_rng(0)
    shifts = rng.uniform(20, 200, (10, 1))
    peaks = tones(shifts, rng.uniform(0.2, 1, (10, 1)), np.arange(10)[:, None] % 2)
    start = level * TRUE * rng.uniform(0.2, 5, TRUE.shape)
    found = fit_columns(own, spectra(peaks, TRUE, own), peaks, start, 1)
    np.testing.assert_allclose(found, TRUE, rtol=1e-4)


def test_updates_disentangle_harmonics_that_overlap():
    rng = np.random.default_rng(1)
    peaks = random_tones(rng, 100)
    frames = spectra(peaks, TRUE)
    found = fit_columns(MODEL, frames, peaks, np.full(TRUE.shape, 0.5), 40)
    np.testing.assert_allclose(found, TRUE, atol=0.01)
    assert unexplained(MODEL, frames, peaks, found) < 1e-3


@EXPONENTS
@pytest.mark.parametrize("seed", range(6))
def test_no_update_raises_the_loss(pexp, qexp, seed, monkeypatch):
    own, improved = model(pexp, qexp), []
    frames, peaks, start = random_case(seed, own)

    def noting(own, frames, peaks, inst_dict, *jobs):
        improved.append(inst_dict)
        return dict_grads(own, frames, peaks, inst_dict, *jobs)

    monkeypatch.setattr(columns, "dict_grads", noting)
    fit_columns(own, frames, peaks, start, 12)
    left = [unexplained(own, frames, peaks, inst_dict) for inst_dict in improved]
    assert len(left) == 12 and left[-1] < left[0]
    assert np.all(np.diff(left) <= 1e-12 * left[0])


def test_zeros_stay():
    frames, peaks, start = random_case(0, MODEL)
    start[[0, 3], [0, 1]] = 0
    found = fit_columns(MODEL, frames, peaks, start, 5)
    np.testing.assert_array_equal(found == 0, start == 0)
    start[:, 1] = 0
    found = fit_columns(MODEL, frames, peaks, start, 5)
    np.testing.assert_array_equal(found[:, 1], 0)
    assert found[:, 0].max() == 1


def test_columns_without_tones_stay_as_they_are():
    rng = np.random.default_rng(0)
    peaks = tones(rng.uniform(0, 200, (20, 2)), [1.0, 0.0], [0, 1])
    start = np.stack([np.full(HAR, 0.5), np.linspace(0.4, 0.1, HAR)], axis=1)
    found = fit_columns(MODEL, spectra(peaks, TRUE), peaks, start, 10)
    np.testing.assert_allclose(found[:, 0], TRUE[:, 0], rtol=1e-3)
    np.testing.assert_allclose(found[:, 1], start[:, 1] / 0.4)


@pytest.mark.parametrize("frames", [0, 3])
def test_no_updates_and_no_tones_change_nothing_but_the_scale(frames):
    silent = tones(np.ones((frames, 2)), 0.0, [0, 1])
    start = 0.5 * TRUE
    for updates in (0, 4):
        found = fit_columns(MODEL, np.zeros((frames, M)), silent, start, updates)
        np.testing.assert_allclose(found, TRUE)


def pitched(semitones, rng, amps=(0.3, 1.0)):
    """Tones of instrument k at ``semitones[k]``, every pair four times, out of tune."""
    pairs = np.array([[one, other] for one in semitones[0] for other in semitones[1]] * 4)
    shifts = SEMITONE * (pairs + rng.uniform(-0.4, 0.4, pairs.shape))
    return tones(shifts, rng.uniform(*amps, pairs.shape), [0, 1]), pairs


def test_columns_of_pitches_are_found():
    rng = np.random.default_rng(0)
    peaks, pairs = pitched([(24, 26, 29), (8, 11, 26)], rng)
    true = TRUE[:, [0, 0, 0, 1, 1, 1]] * np.exp(rng.normal(0, 0.5, (HAR, 6)))
    numbers = np.searchsorted([24, 26, 29], pairs[:, 0]), np.searchsorted([8, 11, 26], pairs[:, 1])
    insts = np.stack([numbers[0], 3 + numbers[1]], axis=1)
    own = Peaks(peaks.amps, peaks.shifts, peaks.sigmas, peaks.spreads, insts)
    frames = spectra(own, true)
    found = fit_pitches(MODEL, frames, peaks, TRUE)
    np.testing.assert_array_equal(found.owners, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(found.peaks.insts, insts)
    np.testing.assert_array_equal(found.peaks.params, peaks.params)
    np.testing.assert_allclose(found.columns, true, rtol=0.2, atol=1e-12)
    before = unexplained(MODEL, frames, peaks, TRUE)
    assert unexplained(MODEL, frames, *found[:2]) < 0.02 * before


@given(seed=st.integers(0, 10**6))
def test_tones_of_one_semitone_of_one_instrument_share_a_column(seed):
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 6), 3
    insts = rng.permutation(3) + np.zeros(shape, int)  # every instrument has tones
    peaks = tones(rng.uniform(0, 40, shape), rng.integers(0, 2, shape), insts)
    found = fit_pitches(MODEL, spectra(peaks, TRUE[:, [0, 1, 0]]), peaks, TRUE[:, [0, 1, 0]])
    np.testing.assert_array_equal(found.owners[found.peaks.insts], insts)
    keys = list(zip(insts.flat, np.rint(peaks.shifts / SEMITONE).flat, strict=True))
    together = set(zip(keys, found.peaks.insts.flat, strict=True))
    assert len(together) == len(set(keys)) == len(found.owners) == found.columns.shape[1]


def test_columns_that_fit_stay_the_instruments():
    peaks, _ = pitched([(24, 26, 29), (8, 11)], np.random.default_rng(0))
    found = fit_pitches(MODEL, spectra(peaks, TRUE), peaks, TRUE)
    np.testing.assert_allclose(found.columns, TRUE[:, found.owners], rtol=1e-6, atol=1e-300)


def test_harmonics_beyond_the_axis_are_those_of_the_instrument():
    louder = TRUE[:, :1] * [[1], [3], [0.3], [1], [3], [3]]
    peaks = tones([[310.0], [315.0], [40.0]], 1.0, 0)
    low = spectra(peaks[2:], TRUE[:, :1])
    frames = np.concatenate([spectra(peaks[:2], louder), low])
    found = fit_pitches(MODEL, frames, peaks, TRUE[:, :1]).columns
    np.testing.assert_allclose(found[:3, 1:], louder[:3].repeat(2, axis=1), rtol=0.05)
    np.testing.assert_array_equal(found[4:, 1:], TRUE[4:, :1].repeat(2, axis=1))


def test_hidden_harmonics_stay_near_those_of_the_instrument():
    fifth = OCTAVE * np.log2(1.5)  # the harmonics 2 and 4 of the upper are 3 and 6 of the lower
    true = np.stack([TRUE[:, 0], TRUE[:, 0] * [0.4, 2.5, 2.5, 2.5, 0.4, 2.5]], axis=1)
    peaks = tones([[100.0, 100 + fifth]] * 3, [1.0, 0.01], [0, 1])
    found = fit_pitches(MODEL, spectra(peaks, true), peaks, TRUE[:, [0, 0]])
    np.testing.assert_allclose(found.columns[:, 0], TRUE[:, 0], rtol=0.05)
    np.testing.assert_allclose(found.columns[[0, 2, 4], 1], true[[0, 2, 4], 1], rtol=0.1)
    np.testing.assert_allclose(found.columns[[1, 3], 1], TRUE[[1, 3], 0], rtol=0.1)


def test_a_pitch_that_is_hardly_heard_keeps_the_column_of_the_instrument():
    other = TRUE[:, :1] * np.array([[0.4, 2.5] * 3]).T

    def heard(amp):
        peaks = tones([[100.0], [200.0]], [[1.0], [amp]], 0)
        frames = np.concatenate([spectra(peaks[:1], TRUE[:, :1]), spectra(peaks[1:], other)])
        return fit_pitches(MODEL, frames, peaks, TRUE[:, :1]).columns[:, 1:]

    np.testing.assert_allclose(heard(1e-3), TRUE[:, :1], rtol=0.1)
    np.testing.assert_allclose(heard(1.0), other, rtol=0.1)


def test_jobs_change_no_byte_of_any_columns():
    rng = np.random.default_rng(0)
    peaks = tones(rng.uniform(0, 200, (2 * BLOCK + 10, 2)), rng.uniform(0.3, 1, 2), [0, 1])
    frames = spectra(peaks, TRUE) * rng.uniform(0.5, 1.5, (len(peaks.amps), M))
    for fit in (
        lambda jobs: fit_columns(MODEL, frames, peaks, TRUE, 2, jobs),
        lambda jobs: fit_pitches(MODEL, frames, peaks, TRUE, jobs).columns,
    ):
        assert fit(1).tobytes() == fit(2).tobytes() == fit(3).tobytes()


def test_silence_keeps_the_columns():
    silent = tones(np.ones((3, 2)), 0.0, [0, 1])
    found = fit_pitches(MODEL, np.zeros((3, M)), silent, TRUE)
    np.testing.assert_allclose(found.columns, TRUE, atol=1e-300)
    np.testing.assert_array_equal(found.owners, [0, 1])


@pytest.mark.parametrize("frames", [0, 3])
def test_instruments_without_tones_have_no_columns(frames):
    peaks = tones(np.full((frames, 1), 100.0), 1.0, 1)
    found = fit_pitches(MODEL, spectra(peaks, TRUE), peaks, TRUE)
    np.testing.assert_array_equal(found.owners, [1] * (frames > 0))


def test_unexplained_is_the_share_of_the_loss_of_silence():
    rng = np.random.default_rng(0)
    peaks = random_tones(rng, BLOCK + 20, 2)
    frames, wrong = spectra(peaks, TRUE), np.clip(TRUE + 0.1, 0, 1)
    losses = [
        naive.loss(params, insts, wrong, MODEL.harscale, 1, 0.5, frame)
        for params, insts, frame in zip(peaks.params, peaks.insts, frames, strict=True)
    ]
    silence = [naive.loss(np.zeros((4, 0)), [], wrong, 1, 1, 0.5, frame) for frame in frames]
    left = unexplained(MODEL, frames, peaks, wrong)
    assert left == pytest.approx(np.sum(losses) / np.sum(silence), rel=1e-6)
    assert unexplained(MODEL, frames, peaks, TRUE) == pytest.approx(0, abs=1e-9)


def test_silent_tones_leave_all_and_silence_leaves_nothing():
    silent = tones(np.ones((5, 2)), 0.0, [0, 1])
    frames = np.random.default_rng(0).uniform(0, 1, (5, M))
    assert unexplained(MODEL, frames, silent, TRUE) == pytest.approx(1)
    assert unexplained(MODEL, 0 * frames, silent, TRUE) == 0
    assert unexplained(MODEL, frames[:0], silent[:0], TRUE) == 0


def test_normalized_columns_have_maximum_one_and_zeros_stay():
    found = normalized(np.array([[0.2, 4, 0, 1e-300], [0.4, 0, 0, 0]]))
    np.testing.assert_allclose(found, [[0.5, 1, 0, 1], [1, 0, 0, 0]])


COLUMNS = st.tuples(st.integers(1, 12), st.integers(1, 3)).flatmap(
    lambda shape: arrays(float, shape, elements=st.sampled_from([0, 1e-6, 1e-3, 0.02, 0.3, 1]))
)


@given(COLUMNS)
def test_smoothed_and_falling_columns_have_maximum_one(inst_dict):
    for shape in (smoothed, falling):
        before = inst_dict.copy()
        found = shape(inst_dict)
        assert found.shape == inst_dict.shape
        np.testing.assert_allclose(found.max(axis=0), 1)
        assert found.min() > 0
        np.testing.assert_array_equal(inst_dict, before)


@given(COLUMNS)
def test_falling_columns_do_not_rise_and_fall_once_and_for_all(inst_dict):
    found = falling(inst_dict)
    assert np.all(np.diff(found, axis=0) <= 0)
    np.testing.assert_allclose(falling(found), found, rtol=1e-12)


@given(COLUMNS)
def test_columns_that_fall_stay_as_they_are(inst_dict):
    fallen = -np.sort(-np.maximum(inst_dict, LEAST), axis=0)
    np.testing.assert_allclose(falling(fallen), fallen / fallen[0], rtol=1e-12)


@given(COLUMNS)
def test_falling_columns_are_the_nearest_in_decibels(inst_dict):
    levels = np.log(np.maximum(inst_dict, LEAST))
    found = np.log(falling(inst_dict))
    for column, own in zip(levels.T, found.T, strict=True):
        size = column.size
        nearest = [  # the minimax formula of isotonic regression
            min(max(column[i : j + 1].mean() for j in range(k, size)) for i in range(k + 1))
            for k in range(size)
        ]
        np.testing.assert_allclose(own - own[0], np.array(nearest) - nearest[0], atol=1e-9)


def test_smoothed_harmonics_are_means_in_decibels():
    levels = np.array([0.0, -4, 0, -4, 0, -2, -4, -6])
    expected = [-1, -2, -2, -2, -1.5, -2, -4, -6]  # the line goes on after the last
    found = np.log(smoothed(np.exp(levels)[:, None]))[:, 0]
    np.testing.assert_allclose(found, np.array(expected) + 1)


def test_what_is_lower_than_the_least_counts_as_the_least():
    low = np.array([[1, 0, 1, 1e-9]]).T
    for shape in (smoothed, falling):
        np.testing.assert_array_equal(shape(low), shape(np.maximum(low, LEAST)))


def test_quiet_frames_are_not_audible():
    frames = np.ones((6, 4))
    frames[[1, 4]] *= np.array([[0.9], [1.1]]) * QUIET
    np.testing.assert_array_equal(audible(frames), [0, 2, 3, 4, 5])
    np.testing.assert_array_equal(audible(1e-9 * frames), [0, 2, 3, 4, 5])
    assert audible(0 * frames).size == audible(frames[:0]).size == 0


@given(size=st.integers(0, 60), number=st.integers(1, 70))
def test_evenly_drawn_indices_keep_order_ends_and_distance(size, number):
    indices = 3 * np.arange(size) + 7
    found = evenly(indices, number)
    assert found.size == min(size, number)
    assert set(found) <= set(indices)
    steps = np.diff(found) // 3
    assert np.all(steps > 0)
    if found.size > 1:
        assert found[0] == indices[0] and found[-1] == indices[-1]
        assert steps.max() - steps.min() <= 1
