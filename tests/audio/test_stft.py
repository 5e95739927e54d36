import warnings

import numpy as np
import pytest
import scipy.fft
from hypothesis import given
from hypothesis import strategies as st

from musisep.audio import stft as module
from musisep.audio.stft import SpectralTransform, gaussian_window, overlap_add

WINDOWS = ("hann", "hamming", "rect", ("kaiser", 8.0), ("gaussian", 30.0))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape)


def naive_stft(signal, transform):
    """Frames one by one from the definition."""
    left, right = transform.lead, transform.n_fft
    padded = np.pad(signal, (left, right), mode=transform.center_pad_mode)
    window = transform.frame_window
    starts = range(0, len(signal) + 1, transform.hop_length)
    return np.stack([np.fft.rfft(window * padded[s : s + transform.n_fft]) for s in starts], 1)


@pytest.mark.parametrize("mode", ["reflect", "constant"])
@pytest.mark.parametrize("n_fft", [16, 15])
@pytest.mark.parametrize("length", [17, 35, 40, 101])
def test_equals_the_definition(mode, n_fft, length, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_POINTS", 4 * n_fft)
    transform = SpectralTransform(n_fft, 5, win_length=11, center_pad_mode=mode)
    signal = noise(length)
    spectrum = transform.stft(signal)
    assert spectrum.shape == (n_fft // 2 + 1, 1 + length // 5)
    assert transform.frame_count(length) == spectrum.shape[1]
    np.testing.assert_allclose(spectrum, naive_stft(signal, transform), atol=1e-13)


@pytest.mark.parametrize("n_fft", [64, 65])
def test_frames_are_centred(n_fft):
    impulse = np.zeros(200)
    impulse[3 * 20] = 1
    transform = SpectralTransform(n_fft, 20, window=gaussian_window(n_fft, 4))
    energy = (np.abs(transform.stft(impulse)) ** 2).sum(0)
    assert energy.argmax() == 3
    assert energy[2] == pytest.approx(energy[4])


def test_a_short_window_stands_in_the_middle():
    window = SpectralTransform(16, 4, window=np.arange(1.0, 12.0), win_length=11).frame_window
    np.testing.assert_array_equal(window, [0, 0, *range(1, 12), 0, 0, 0])


def test_sinusoid_has_its_amplitude_over_the_window_sum():
    transform = SpectralTransform(512, 100, window_fn=("kaiser", 9.0))
    signal = 0.7 * np.cos(2 * np.pi * 37 * np.arange(4000) / 512)
    spectrum = np.abs(transform.stft(signal))[:, 20]
    assert spectrum.argmax() == 37
    assert 2 * spectrum[37] / transform.frame_window.sum() == pytest.approx(0.7, rel=1e-3)


@given(
    length=st.integers(1, 300),
    n_fft=st.integers(4, 70),
    divisor=st.integers(3, 8),
    window_fn=st.sampled_from(WINDOWS),
    mode=st.sampled_from(["reflect", "constant"]),
)
def test_round_trip(length, n_fft, divisor, window_fn, mode):
    transform = SpectralTransform(
        n_fft, max(1, n_fft // divisor), window_fn=window_fn, center_pad_mode=mode
    )
    signal = noise(length)
    back = transform.istft(transform.stft(signal), length)
    np.testing.assert_allclose(back, signal, rtol=0, atol=1e-12)


def test_round_trip_in_blocks(monkeypatch):
    signal = noise(2, 3, 1000)
    transform = SpectralTransform(64, 13)
    whole = transform.istft(transform.stft(signal), 1000)
    monkeypatch.setattr(module, "BLOCK_POINTS", 64 * 5)
    np.testing.assert_allclose(whole, signal, atol=1e-12)
    np.testing.assert_allclose(transform.istft(transform.stft(signal), 1000), whole, atol=1e-15)


def test_inverse_of_an_inconsistent_spectrum_is_the_least_squares_solution():
    transform = SpectralTransform(16, 4)
    spectrum = transform.stft(noise(40))
    spectrum = spectrum * np.random.default_rng(2).uniform(size=spectrum.shape)
    signal = transform.istft(spectrum, 40)

    def distance(candidate):
        difference = scipy.fft.irfft(transform.stft(candidate) - spectrum, axis=0)
        # the padding belongs to no sample: compare only what lies on the signal
        where = 4 * np.arange(11) + np.arange(-8, 8)[:, None]
        return (difference[(where >= 0) & (where < 40)] ** 2).sum()

    for direction in np.eye(40)[::7]:
        assert distance(signal) < distance(signal + 1e-3 * direction)
        assert distance(signal) < distance(signal - 1e-3 * direction)


def test_without_centring_frames_begin_on_the_hop():
    transform = SpectralTransform(8, 3, window_fn="rect", center=False)
    signal = noise(14)
    expected = np.stack([np.fft.rfft(signal[s : s + 8]) for s in (0, 3, 6)], 1)
    np.testing.assert_allclose(transform.stft(signal), expected, atol=1e-13)
    np.testing.assert_allclose(transform.istft(expected, 14), signal, atol=1e-13)
    with pytest.raises(ValueError, match=r"sample 14 of length=15"):
        transform.istft(transform.stft(noise(15)), 15)
    with pytest.raises(ValueError, match=r"length=7 must be at least 8"):
        transform.stft(noise(7))


def test_float32_stays_float32():
    transform = SpectralTransform(64, 16)
    signal = noise(500).astype(np.float32)
    spectrum = transform.stft(signal)
    back = transform.istft(spectrum, 500)
    assert spectrum.dtype == np.complex64
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, signal, atol=1e-5)


def test_integers_are_accepted_and_inputs_left_alone():
    transform = SpectralTransform(16, 4)
    signal = np.arange(50)
    spectrum = transform.stft(signal)
    copy = spectrum.copy()
    np.testing.assert_allclose(transform.istft(spectrum, 50), signal, atol=1e-12)
    np.testing.assert_array_equal(signal, np.arange(50))
    np.testing.assert_array_equal(spectrum, copy)


def test_a_given_window_is_copied():
    window = np.hanning(32)
    transform = SpectralTransform(32, 8, window=window)
    before = transform.stft(noise(100))
    window[:] = 0
    np.testing.assert_array_equal(transform.stft(noise(100)), before)


@pytest.mark.parametrize("length", [1, 2, 30])
@pytest.mark.parametrize("mode", ["reflect", "constant"])
def test_silence_stays_silence(length, mode):
    transform = SpectralTransform(64, 16, center_pad_mode=mode)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spectrum = transform.stft(np.zeros(length))
        back = transform.istft(spectrum, length)
    assert not spectrum.any()
    assert not back.any()
    assert back.shape == (length,)


def test_refuses_hops_that_leave_samples_without_a_window():
    transform = SpectralTransform(64, 64)
    message = r"sample 32 of length=300 .*hop_length=64 for n_fft=64.*window='hann'"
    with pytest.raises(ValueError, match=message):
        transform.istft(transform.stft(noise(300)), 300)


def test_refuses_a_window_that_is_zero():
    transform = SpectralTransform(8, 2, window=np.zeros(8))
    with pytest.raises(ValueError, match=r"sample 0 of length=9.*window=given"):
        transform.istft(transform.stft(noise(9)), 9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_fft": 0}, "n_fft=0 must be an integer of at least 1"),
        ({"hop_length": 2.5}, "hop_length=2.5 must be an integer of at least 1"),
        ({"win_length": 17}, "win_length=17 must be an integer from 1 to n_fft=16"),
        ({"window_fn": "hat"}, "window_fn='hat'"),
        ({"window": np.ones(15)}, r"shape=\(15,\) must be finite and of shape .*\(16,\)"),
        ({"window": np.full(16, np.nan)}, "must be finite"),
        ({"center_pad_mode": "wrap"}, "center_pad_mode='wrap' must be one of .*reflect"),
    ],
)
def test_refuses_impossible_parameters(arguments, message):
    with pytest.raises(ValueError, match=message):
        SpectralTransform(**{"n_fft": 16, "hop_length": 4, **arguments})


def test_refuses_a_spectrum_of_the_wrong_shape():
    transform = SpectralTransform(16, 4)
    with pytest.raises(ValueError, match=r"in \(frequency, frame\)=\(9, 11\) for length=40"):
        transform.istft(np.zeros((9, 12), complex), 40)
    with pytest.raises(ValueError, match="length=0 must be at least 1"):
        transform.stft([])


def test_gaussian_window():
    for length in (12, 13):
        window = gaussian_window(length, 3)
        deviation = length / 6
        assert window.argmax() == length // 2
        assert window.max() == 1
        assert window[length // 2 + 2] == pytest.approx(np.exp(-2 / deviation**2))
        np.testing.assert_allclose(window[length // 2 :][:6], window[length // 2 :: -1][:6])
    with pytest.raises(ValueError, match="length=0"):
        gaussian_window(0, 3)
    with pytest.raises(ValueError, match="sigmas=0"):
        gaussian_window(5, 0)


@pytest.mark.parametrize("start", [-20, -3, 0, 4, 50])
def test_overlap_add_leaves_out_what_lies_outside(start):
    frames, window, signal = noise(4, 6), noise(6), noise(12)
    expected = np.pad(signal, 60)
    for t, frame in enumerate(frames):
        expected[60 + start + 2 * t :][:6] += window * frame
    for function in (overlap_add, overlap_add.py_func):
        result = signal.copy()
        function(frames, window, 2, start, result)
        np.testing.assert_allclose(result, expected[60:72], atol=1e-14)
