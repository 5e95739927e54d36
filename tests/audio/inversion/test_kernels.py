import numpy as np
import pytest

from musisep.audio.inversion._kernels import (
    accelerate,
    compare,
    find_peaks,
    follow_peaks,
    integrate_gradients,
    reflect_magnitudes,
    set_magnitudes,
    turn,
    weave,
)

RNG = np.random.default_rng(2)
KINDS = pytest.mark.parametrize("kind", [np.float32, np.float64])
BOTH = pytest.mark.parametrize("compiled", [True, False])


def spectra(kind):
    values = RNG.standard_normal((3, 7)) + 1j * RNG.standard_normal((3, 7))
    values[1, 2:4] = 0
    return values.astype(np.result_type(kind, np.complex64))


def magnitudes(kind):
    values = RNG.random((3, 7)).astype(kind)
    values[0, 1] = values[1, 2] = 0
    return values


def with_phases_of(values, wanted):
    size = np.abs(values)
    return wanted * values / np.where(size > 0, size, 1)


def pick(kernel, compiled):
    return kernel if compiled else kernel.py_func


def assert_close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=20 * np.finfo(found.dtype).eps)


@BOTH
@KINDS
def test_magnitudes_are_set(compiled, kind):
    values, wanted = spectra(kind), magnitudes(kind)
    expected = with_phases_of(values, wanted)
    pick(set_magnitudes, compiled)(values, wanted)
    assert_close(values, expected)
    np.testing.assert_array_equal(values[1, 2:4], 0)
    assert values[0, 1] == 0


@BOTH
@KINDS
def test_phases_go_further_in_the_direction_of_the_last_change(compiled, kind):
    values, former, wanted = spectra(kind), spectra(kind), magnitudes(kind)
    before = values.copy()
    expected = with_phases_of(values - 0.25 * former, wanted)
    pick(accelerate, compiled)(values, former, wanted, kind(0.25))
    assert_close(values, expected)
    np.testing.assert_array_equal(former, before)
    np.testing.assert_array_equal(values[1, 2:4], 0)  # in both


@BOTH
@KINDS
@pytest.mark.parametrize("rho", [0.0, 0.3, 1.0])
def test_a_step_with_multipliers_is_its_definition(compiled, kind, rho):
    consistent, state, wanted = spectra(kind), spectra(kind), magnitudes(kind)
    near = (rho * state + consistent) / (1 + rho)
    expected = state - near + with_phases_of(2 * near - state, wanted)
    pick(reflect_magnitudes, compiled)(consistent, state, wanted, kind(rho))
    assert_close(state, expected)
    np.testing.assert_array_equal(consistent, state)
    np.testing.assert_array_equal(state[1, 2:4], 0)


@BOTH
@KINDS
def test_frames_are_woven(compiled, kind):
    frames, window = RNG.random((4, 6)).astype(kind), RNG.random(6).astype(kind)
    before, gains = RNG.random(15).astype(kind), RNG.random(15).astype(kind)
    total, kept = before.copy(), before.copy()
    for t, frame in enumerate(frames):
        total[3 * t : 3 * t + 6] += window * frame
    total *= gains
    total[[1, 13]] = total[[5, 12]]
    beyond, mirrored = np.array([1, 13]), np.array([5, 12])
    expected = [window * total[3 * t : 3 * t + 6] for t in range(4)]
    pick(weave, compiled)(frames, before, gains, window, 3, beyond, mirrored)
    assert_close(frames, np.array(expected))
    np.testing.assert_array_equal(before, kept)


def regions(row):
    """Starts of the regions of peaks, their ends and the peaks, of values that are nowhere 0."""
    rises = np.diff(row) > 0
    starts = np.flatnonzero(np.r_[True, False, rises[1:] & ~rises[:-1]])
    for start, stop in zip(starts, [*starts[1:], row.size], strict=True):
        yield start, stop, start + row[start:stop].argmax()


@BOTH
@KINDS
def test_peaks_take_the_bins_down_to_the_valleys(compiled, kind):
    values = RNG.random((5, 40)).astype(kind) + kind(0.01)
    peaks, turns = np.full(values.shape, -1, np.int32), np.full(values.shape, kind(np.nan))
    pick(find_peaks, compiled)(values, 0.7, peaks, turns)
    for t, row in enumerate(values.astype(float)):
        for start, stop, peak in regions(row):
            place = peak
            if 0 < peak < row.size - 1:
                low, middle, high = np.log(row[peak - 1 : peak + 2])
                place = peak + (high - low) / 2 / (2 * middle - low - high)
            np.testing.assert_array_equal(peaks[t, start:stop], peak)
            off = (turns[t, start:stop] - 0.7 * place + 0.5) % 1 - 0.5
            np.testing.assert_allclose(off, 0, atol=1e-4 if kind == np.float32 else 1e-11)
    assert ((turns >= 0) & (turns <= 1)).all()


@BOTH
def test_a_gaussian_peak_is_where_it_is_and_silence_on_the_bins(compiled):
    values = np.exp(-0.3 * (np.arange(20) - [[8.3], [8.4]]) ** 2)
    values[:, 15:] = 0
    peaks, turns = np.full(values.shape, -1, np.int32), np.full(values.shape, np.nan)
    pick(find_peaks, compiled)(values, 0.05, peaks, turns)
    np.testing.assert_array_equal(
        peaks, np.r_[np.full(15, 8), np.arange(15, 20)][None].repeat(2, 0)
    )
    np.testing.assert_allclose(turns[:, :15], np.outer([0.415, 0.42], np.ones(15)))
    np.testing.assert_allclose(turns[:, 15:], 0.05 * np.arange(15, 20)[None].repeat(2, 0))


@BOTH
@KINDS
def test_a_peak_beside_what_is_almost_silent_is_on_its_bin(compiled, kind):
    values = np.array([[0, np.finfo(kind).smallest_subnormal, 1, 0.5, 0.1]], kind)
    peaks, turns = np.zeros(values.shape, np.int32), np.zeros_like(values)
    with np.errstate(over="ignore"):
        pick(find_peaks, compiled)(values, 0.25, peaks, turns)
    np.testing.assert_array_equal(turns, np.full((1, 5), 0.5))


@BOTH
@KINDS
def test_turns_of_peaks_add_up(compiled, kind):
    peaks = RNG.integers(0, 8, (6, 8)).astype(np.int32)
    turns = RNG.random((6, 8)).astype(kind)
    expected = turns.astype(float)
    for t in range(1, 6):
        expected[t] += expected[t - 1][peaks[t]]
    pick(follow_peaks, compiled)(peaks, turns)
    off = (turns - expected + 0.5) % 1 - 0.5
    np.testing.assert_allclose(off, 0, atol=8 * np.finfo(kind).eps)
    assert ((turns >= 0) & (turns <= 1)).all()


@BOTH
@KINDS
def test_turns_of_peaks_become_phasors(compiled, kind):
    peaks = np.array([[1, 1, 1, 4, 4], [0, 2, 2, 2, 2]], np.int32)
    turns = RNG.random((2, 5)).astype(kind)[[[0], [1]], peaks]
    factors = spectra(kind)[0, :5]
    phasors = np.full((2, 5), np.nan, factors.dtype)
    pick(turn, compiled)(peaks, turns, factors, phasors)
    assert_close(phasors, factors * np.exp(2j * np.pi * turns))


@BOTH
def test_gradients_are_integrated_from_the_loudest_point_of_each_region(compiled):
    t, f = np.mgrid[:6, :9].astype(float)
    surface = 0.3 * t - 0.2 * f + 0.05 * t * f + 0.01 * t**2 - 0.02 * f**2
    logs = -((t - 3) ** 2) - (f - 1) ** 2 / 4
    logs[:, 5:] = -((t[:, 5:] - 1) ** 2) - (f[:, 5:] - 7) ** 2 - 1
    logs[:, 4] = -50
    phases = RNG.random(logs.shape)
    start, known = phases.copy(), np.zeros(logs.shape, bool)
    order = np.argsort(-logs, axis=None, kind="stable")
    pick(integrate_gradients, compiled)(
        logs, order, -49.0, 0.3 + 0.05 * f + 0.02 * t, -0.2 + 0.05 * t - 0.04 * f, phases, known
    )
    for part, peak in ((np.s_[:, :4], (3, 1)), (np.s_[:, 5:], (1, 7))):
        np.testing.assert_allclose(phases[part] - start[peak], surface[part] - surface[peak])
    np.testing.assert_array_equal(phases[:, 4], start[:, 4])
    np.testing.assert_array_equal(known, logs > -49)


@BOTH
def test_a_point_is_reached_from_its_loudest_neighbour(compiled):
    # The gradient is none: over the louder neighbour at (0, 1) the way has 10, else 0.
    logs, by_time = np.array([[0.0, -1.0], [-3.0, -2.0]]), np.array([[0.0, 10.0], [0.0, 10.0]])
    phases, known = np.zeros((2, 2)), np.zeros((2, 2), bool)
    order = np.argsort(-logs, axis=None, kind="stable")
    pick(integrate_gradients, compiled)(logs, order, -9.0, by_time, np.zeros((2, 2)), phases, known)
    np.testing.assert_array_equal(phases, [[0, 0], [0, 10]])


@BOTH
@KINDS
def test_differences_are_scaled_and_their_squares_summed_in_double_precision(compiled, kind):
    found, wanted = RNG.random((2, 4, 6)).astype(kind)
    difference = np.full(found.shape, kind(np.nan))
    total = pick(compare, compiled)(found, wanted, 3.0, difference)
    expected = 3 * (found.astype(float) - wanted)
    np.testing.assert_allclose(difference, expected, atol=1e-6 if kind == np.float32 else 1e-15)
    assert total == pytest.approx(np.square(expected).sum(), rel=1e-6)
