import warnings

import numpy as np
import pytest

from musisep.audio.cqt.constantq import constant_q, constant_q_blocks, inverse_constant_q

RATE = 8000
FREQUENCIES = np.geomspace(100, 3900, 12)
BANDWIDTH = 0.03


def noise(*shape):
    return np.random.default_rng(3).standard_normal(shape)


def transform(signal, hop_length, frequencies=FREQUENCIES, **options):
    return constant_q(signal, RATE, frequencies, BANDWIDTH, hop_length, **options)


def test_every_hop_samples_the_same_transform():
    signal = noise(501)
    np.testing.assert_allclose(
        transform(signal, 1)[:, ::7], transform(signal, 7), rtol=0, atol=1e-10
    )


def test_blocks_are_the_transform():
    signal = noise(999)
    whole = np.full((12, 25), np.nan, complex)
    for block, values in constant_q_blocks(signal, RATE, FREQUENCIES, BANDWIDTH, 40, gamma_hz=9):
        whole[block] = values
    np.testing.assert_array_equal(whole, transform(signal, 40, gamma_hz=9))


def test_the_end_does_not_reach_the_beginning():
    signal = np.zeros(4000)
    signal[3900:] = noise(100)
    assert np.abs(transform(signal, 100)[:, :5]).max() < 1e-10


@pytest.mark.parametrize("gamma_hz", [0, 30])
@pytest.mark.parametrize("amplitude", [0.01, 2.5])
def test_a_sinusoid_has_its_amplitude_and_phase(amplitude, gamma_hz):
    time_s = np.arange(8000) / RATE
    frequency = FREQUENCIES[5]
    signal = amplitude * np.cos(2 * np.pi * frequency * time_s + 0.4)
    found = transform(signal, 100, gamma_hz=gamma_hz)[5]
    expected = amplitude * np.exp(1j * (2 * np.pi * frequency * time_s[::100] + 0.4))
    np.testing.assert_allclose(found[20:60], expected[20:60], rtol=1e-7)


def test_gamma_is_the_width_where_there_is_no_bandwidth():
    time_s = np.arange(8000) / RATE
    signal = np.cos(2 * np.pi * 1000 * time_s)
    found = constant_q(signal, RATE, [900, 960, 1000, 1030], 0, 100, gamma_hz=40)[:, 40]
    np.testing.assert_allclose(
        np.abs(found), np.exp(-0.5 * (np.array([100, 40, 0, 30]) / 40) ** 2), rtol=1e-7
    )


def test_leading_axes_are_independent_and_the_signal_left_alone():
    signal = noise(2, 3, 300)
    copy = signal.copy()
    found = transform(signal, 40)
    assert found.shape == (2, 3, 12, 8)
    np.testing.assert_array_equal(found[1, 2], transform(signal[1, 2], 40))
    np.testing.assert_array_equal(signal, copy)


@pytest.mark.parametrize("length", [1, 2, 99])
def test_short_signals_and_silence(length):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silence = transform(np.zeros(length), 40)
        impulse = transform(np.ones(length), 40)
        nothing = inverse(silence, 40, length)
    assert silence.shape == impulse.shape == (12, 1 + length // 40)
    assert not silence.any()
    assert impulse.any()
    assert nothing.shape == (length,)
    assert not nothing.any()


def test_single_precision_stays_single():
    signal = noise(300).astype(np.float32)
    found = transform(signal, 40)
    assert found.dtype == np.complex64
    np.testing.assert_array_equal(found, transform(signal.astype(float), 40).astype(np.complex64))
    blocks = constant_q_blocks(signal, RATE, FREQUENCIES, BANDWIDTH, 40)
    assert {values.dtype for _, values in blocks} == {np.dtype(np.complex64)}
    assert inverse(found, 40, 300).dtype == np.float32


DENSE = np.geomspace(100, 3900, 200)


def inverse(coefficients, hop_length, length, frequencies=FREQUENCIES, **options):
    return inverse_constant_q(
        coefficients, RATE, frequencies, BANDWIDTH, hop_length, length, **options
    )


def in_band(signal, low=150, high=3500):
    hz = np.fft.rfftfreq(signal.shape[-1], 1 / RATE)
    return np.fft.irfft(np.fft.rfft(signal) * ((hz >= low) & (hz <= high)), signal.shape[-1])


@pytest.mark.parametrize("gamma_hz", [0, 20])
@pytest.mark.parametrize(("length", "hop_length"), [(3001, 20), (1500, 33)])
def test_inverse_gives_back_what_the_bins_see(length, hop_length, gamma_hz):
    signal = noise(2, length)
    coefficients = transform(signal, hop_length, DENSE, gamma_hz=gamma_hz)
    found = inverse(coefficients, hop_length, length, DENSE, gamma_hz=gamma_hz, iterations=30)
    assert found.shape == signal.shape
    error = np.linalg.norm(in_band(found - signal)) / np.linalg.norm(in_band(signal))
    assert error < 2e-3
    np.testing.assert_allclose(
        found[1],
        inverse(coefficients[1], hop_length, length, DENSE, gamma_hz=gamma_hz, iterations=30),
    )


def test_inverse_is_the_least_squares_solution():
    frequencies, length = np.geomspace(20, 4000, 180), 60
    matrix = np.stack([transform(row, 10, frequencies).ravel() for row in np.eye(length)], axis=1)
    coefficients = noise(180, 7) * 1j + noise(180, 7)[::-1]  # of no signal
    stacked = np.concatenate([matrix.real, matrix.imag])
    target = np.concatenate([coefficients.ravel().real, coefficients.ravel().imag])
    best = np.linalg.norm(stacked @ np.linalg.lstsq(stacked, target)[0] - target)
    found = inverse(coefficients, 10, length, frequencies, iterations=300)
    assert best <= np.linalg.norm(stacked @ found - target) < best * (1 + 1e-9)


def test_preconditioning_helps_where_the_response_varies():
    signal = in_band(noise(3000))
    arguments = RATE, DENSE, 0, 40, 3000
    coefficients = constant_q(signal, RATE, DENSE, 0, 40, gamma_hz=40)
    few = inverse_constant_q(coefficients, *arguments, gamma_hz=40, iterations=8)
    assert np.linalg.norm(in_band(few - signal)) < 0.01 * np.linalg.norm(in_band(signal))


def test_tolerance_ends_the_iteration():
    coefficients = transform(noise(900), 30, DENSE)
    rough = inverse(coefficients, 30, 900, DENSE, tolerance=0.5)
    np.testing.assert_array_equal(rough, inverse(coefficients, 30, 900, DENSE, iterations=1))
    fine = inverse(coefficients, 30, 900, DENSE)
    assert np.linalg.norm(fine - rough) > 0.01 * np.linalg.norm(fine)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"length": 0}, "length=0 must be an integer of at least 1"),
        ({"length": 7}, r"shape=\(12, 4\) must be of .*=\(..., 12, 3\) for length=7"),
        ({"coefficients": np.ones(4)}, r"shape=\(4,\) must be of .*=\(..., 12, 4\)"),
        ({"iterations": 0}, "iterations=0 must be an integer of at least 1"),
        ({"tolerance": 0.0}, "tolerance=0.0 must be finite and above 0"),
        ({"tolerance": np.nan}, "tolerance=nan must be a finite number"),
        ({"tolerance": np.inf}, "tolerance=inf must be a finite number"),
        ({"length": 9.0}, "length=9.0 must be an integer of at least 1"),
        ({"iterations": 1.5}, "iterations=1.5 must be an integer of at least 1"),
        ({"coefficients": np.full((12, 4), np.nan)}, "dtype=float64 must be finite numbers"),
        ({"coefficients": np.full((12, 4), "a")}, "coefficients of dtype=<U1 must be finite"),
        ({"gamma_hz": -1}, "gamma_hz=-1.0 must be at least 0"),
    ],
)
def test_inverse_refuses(arguments, message):
    defaults = {
        "coefficients": np.ones((12, 4)),
        "sample_rate": RATE,
        "frequencies_hz": FREQUENCIES,
        "bandwidth": 0.1,
        "hop_length": 3,
        "length": 9,
    }
    with pytest.raises(ValueError, match=message):
        inverse_constant_q(**{**defaults, **arguments})


def test_refuses_impossible_parameters():
    with pytest.raises(ValueError, match=r"bandwidth=0\.0 and gamma_hz=0\.0 must be"):
        constant_q(np.ones(9), RATE, FREQUENCIES, 0, 3)
    with pytest.raises(ValueError, match=r"signal of shape=\(0,\) must have at least one sample"):
        transform([], 3)
