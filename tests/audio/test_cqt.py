import warnings

import numpy as np
import pytest

from musisep.audio import cqt
from musisep.audio.cqt import constant_q, constant_q_blocks, fold_gaussians

RATE = 8000
FREQUENCIES = np.geomspace(100, 3900, 12)
BANDWIDTH = 0.03


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape)


def transform(signal, hop_length, frequencies=FREQUENCIES):
    return constant_q(signal, RATE, frequencies, BANDWIDTH, hop_length)


def naive(signal, hop_length):
    """Definition with uncut Gaussians and a padding of its own."""
    spectrum = np.fft.fft(signal, len(signal) + 5000)
    hz = np.arange(spectrum.size) * RATE / spectrum.size
    times_s = np.arange(1 + len(signal) // hop_length) * hop_length / RATE
    result = []
    for frequency in FREQUENCIES:
        weight = np.exp(-0.5 * ((hz - frequency) / (BANDWIDTH * frequency)) ** 2)
        terms = np.exp(2j * np.pi * np.outer(times_s, hz)) * (spectrum * weight)
        result.append(2 / spectrum.size * terms.sum(1))
    return np.array(result)


@pytest.mark.parametrize("hop_length", [31, 64, 101, 509, 2503])
def test_equals_the_definition(hop_length):
    signal = noise(2011)
    expected = naive(signal, hop_length)
    found = transform(signal, hop_length)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


def test_every_hop_samples_the_same_transform():
    signal = noise(501)
    np.testing.assert_allclose(
        transform(signal, 1)[:, ::7], transform(signal, 7), rtol=0, atol=1e-10
    )


def test_pieces_and_blocks_change_nothing(monkeypatch):
    signal = noise(30000)
    whole = transform(signal, 50)
    monkeypatch.setattr(cqt, "PIECE_SAMPLES", 4500)
    monkeypatch.setattr(cqt, "BLOCK_POINTS", 500)
    blocks = list(constant_q_blocks(signal, RATE, FREQUENCIES, BANDWIDTH, 50))
    assert len({block[1].start for block, _ in blocks}) > 3
    assert len({block[0].start for block, _ in blocks}) > 3
    found = transform(signal, 50)
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-9 * np.abs(whole).max())


def test_the_end_does_not_reach_the_beginning():
    signal = np.zeros(4000)
    signal[3900:] = noise(100)
    assert np.abs(transform(signal, 100)[:, :5]).max() < 1e-10


@pytest.mark.parametrize("amplitude", [0.01, 2.5])
def test_a_sinusoid_has_its_amplitude_and_phase(amplitude):
    time_s = np.arange(8000) / RATE
    frequency = FREQUENCIES[5]
    found = transform(amplitude * np.cos(2 * np.pi * frequency * time_s + 0.4), 100)[5]
    expected = amplitude * np.exp(1j * (2 * np.pi * frequency * time_s[::100] + 0.4))
    np.testing.assert_allclose(found[20:60], expected[20:60], rtol=1e-7)


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
    assert silence.shape == impulse.shape == (12, 1 + length // 40)
    assert not silence.any()
    assert impulse.any()


@pytest.mark.parametrize("bandwidth", [0.02, 0.4])
def test_fold_equals_numpy(bandwidth):
    spectrum = noise(60) + 1j * noise(60)[::-1]
    centres = np.array([3.0, 17.3, 30.0])
    offsets = np.arange(-300, 300)
    expected = np.zeros((3, 12), complex)
    for row, centre in zip(expected, centres, strict=True):
        z = (offsets - centre) / (bandwidth * centre)
        weight = np.where(np.abs(z) <= cqt.CUT_SIGMAS, np.exp(-0.5 * z**2), 0)
        np.add.at(row, offsets % 12, weight * spectrum[offsets % 60])
    for function in (fold_gaussians, fold_gaussians.py_func):
        folded = np.zeros((3, 12), complex)
        function(spectrum, centres, bandwidth, folded)
        np.testing.assert_allclose(folded, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"signal": []}, r"signal of shape=\(0,\) must have at least one sample"),
        ({"signal": 1.0}, r"signal of shape=\(\)"),
        ({"hop_length": 0}, "hop_length=0 must be at least 1"),
        ({"bandwidth": 0.0}, "bandwidth=0.0 must be positive"),
        ({"bandwidth": np.inf}, "bandwidth=inf must be positive and finite"),
        ({"bandwidth": np.nan}, "bandwidth=nan must be positive"),
        ({"frequencies_hz": []}, r"frequencies_hz of shape=\(0,\)"),
        ({"frequencies_hz": 100.0}, r"frequencies_hz of shape=\(\)"),
        ({"frequencies_hz": [0, 100]}, "frequencies_hz from 0 to 100 must be above 0"),
        ({"frequencies_hz": [100, 4001]}, "to 4001 must be above 0 .* sample_rate=8000"),
    ],
)
def test_refuses_impossible_parameters(arguments, message):
    defaults = {
        "signal": np.ones(9),
        "sample_rate": RATE,
        "frequencies_hz": FREQUENCIES,
        "bandwidth": 0.1,
        "hop_length": 3,
    }
    with pytest.raises(ValueError, match=message):
        constant_q(**{**defaults, **arguments})
