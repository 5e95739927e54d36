import re
import warnings

import numpy as np
import pytest
import scipy.fft
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import ShortTimeFFT

from musisep.audio import blocks
from musisep.audio.stft import SpectralTransform
from musisep.audio.windows import gaussian_window

WINDOWS = ("hann", "hamming", "rect", ("kaiser", 8.0), ("gaussian", 30.0))
PADDINGS = (("reflect", "symmetric"), ("constant", "symmetric"), ("constant", "minimal"))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape)


def complex_noise(*shape: int) -> np.ndarray:
    return noise(2, *shape)[0] + 1j * noise(3, *shape)[2]


def naive_stft(signal, transform):
    """Frames one by one from the definition."""
    pad = transform.n_fft // 2 if transform.center else 0
    padded = np.pad(signal, pad, mode=transform.center_pad_mode) if pad else signal
    if transform.center_tail_pad == "minimal":
        starts = range(0, len(signal), transform.hop_length)
        padded = np.append(padded, np.zeros(transform.n_fft))
    else:
        starts = range(0, len(padded) - transform.n_fft + 1, transform.hop_length)
    window = transform.frame_window
    return np.stack([np.fft.rfft(window * padded[s : s + transform.n_fft]) for s in starts], 1)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("n_fft", [16, 15, 1])
@pytest.mark.parametrize("length", [1, 7, 17, 35, 40, 101])
@pytest.mark.parametrize("points", [2**17, 64])
def test_equals_the_definition(padding, n_fft, length, points, monkeypatch):
    monkeypatch.setattr(blocks, "CACHE_POINTS", points)
    mode, tail = padding
    transform = SpectralTransform(
        n_fft, 5, win_length=min(n_fft, 11), center_pad_mode=mode, center_tail_pad=tail
    )
    signal = noise(length)
    expected = naive_stft(signal, transform)
    assert transform.frame_count(length) == expected.shape[1]
    np.testing.assert_allclose(transform.stft(signal), expected, atol=1e-13)
    with scipy.fft.set_workers(2):
        np.testing.assert_allclose(transform.stft(signal), expected, atol=1e-13)


@pytest.mark.parametrize("hop", [1, 7, 16, 40])
def test_equals_scipy(hop):
    """ShortTimeFFT counts phases from the middle of a frame and has frames at both ends."""
    signal = noise(203)
    transform = SpectralTransform(32, hop, window_fn="hamming", center_pad_mode="constant")
    peer = ShortTimeFFT(transform.frame_window, hop, fs=1, phase_shift=None)
    expected = peer.stft(signal, p0=0, p1=transform.frame_count(203))
    np.testing.assert_allclose(transform.stft(signal), expected, atol=1e-13)


@pytest.mark.parametrize("n_fft", [64, 65])
def test_frames_are_centred(n_fft):
    impulse = np.zeros(200)
    impulse[3 * 20] = 1
    transform = SpectralTransform(n_fft, 20, window=gaussian_window(n_fft, 4))
    energy = (np.abs(transform.stft(impulse)) ** 2).sum(0)
    assert energy.argmax() == 3
    assert energy[2] == pytest.approx(energy[4])


@pytest.mark.parametrize(
    ("length", "hop", "symmetric", "minimal"), [(100, 10, 11, 10), (101, 10, 11, 11), (1, 4, 1, 1)]
)
def test_the_shortest_tail_has_a_frame_for_each_begun_hop(length, hop, symmetric, minimal):
    for tail, frames in (("symmetric", symmetric), ("minimal", minimal)):
        transform = SpectralTransform(16, hop, center_pad_mode="constant", center_tail_pad=tail)
        assert transform.stft(noise(length)).shape == (9, frames)


def test_sinusoid_has_its_amplitude_over_the_window_sum():
    transform = SpectralTransform(512, 100, window_fn=("kaiser", 9.0))
    signal = 0.7 * np.cos(2 * np.pi * 37 * np.arange(4000) / 512)
    spectrum = np.abs(transform.stft(signal))[:, 20]
    assert spectrum.argmax() == 37
    assert 2 * spectrum[37] / transform.frame_window.sum() == pytest.approx(0.7, rel=1e-3)


@pytest.mark.parametrize("kind", [True, "frame_length", "window"])
def test_normalized_spectra(kind):
    plain, scaled = (SpectralTransform(24, 5, normalized=value) for value in (False, kind))
    window = plain.frame_window
    divisor = np.sqrt(np.sum(window**2)) if kind == "window" else np.sqrt(24)
    signal = noise(100)
    np.testing.assert_allclose(scaled.stft(signal), plain.stft(signal) / divisor, atol=1e-14)
    np.testing.assert_allclose(scaled.istft(scaled.stft(signal), 100), signal, atol=1e-14)


def test_layouts():
    transform = SpectralTransform(16, 4)
    signal = noise(3, 50)
    frequency_first = transform.stft(signal)
    frame_first = transform.stft(signal, output_layout="bnf")
    np.testing.assert_array_equal(frame_first, frequency_first.swapaxes(1, 2))
    assert frame_first.flags.c_contiguous
    back = transform.istft(frame_first, 50, input_layout="bnf")
    np.testing.assert_array_equal(back, transform.istft(frequency_first, 50))
    adjoint = transform.stft_adjoint(frame_first, 50, input_layout="bnf")
    np.testing.assert_array_equal(adjoint, transform.stft_adjoint(frequency_first, 50))
    gradient = transform.istft_adjoint(signal, output_layout="bnf")
    np.testing.assert_array_equal(gradient, transform.istft_adjoint(signal).swapaxes(1, 2))
    assert gradient.flags.c_contiguous
    for call in (transform.stft_adjoint, transform.istft):
        with pytest.raises(ValueError, match="input_layout='nbf' must be one of"):
            call(frame_first, 50, input_layout="nbf")
    with pytest.raises(ValueError, match="output_layout='fbn' must be one of"):
        transform.istft_adjoint(signal, output_layout="fbn")
    with pytest.raises(ValueError, match="layout='fbn' must be one of"):
        transform.stft(signal, output_layout="fbn")


@settings(max_examples=500)
@given(
    length=st.integers(1, 400),
    n_fft=st.integers(1, 90),
    divisor=st.integers(2, 8),
    window_fn=st.sampled_from(WINDOWS),
    padding=st.sampled_from(PADDINGS),
    normalized=st.sampled_from([False, True, "window"]),
    periodic=st.booleans(),
)
def test_round_trip(length, n_fft, divisor, window_fn, padding, normalized, periodic):
    transform = SpectralTransform(
        n_fft, max(1, n_fft // divisor - 1), window_fn=window_fn, periodic=periodic,
        center_pad_mode=padding[0], center_tail_pad=padding[1], normalized=normalized,
    )  # fmt: skip
    signal = noise(length)
    try:
        back = transform.istft(transform.stft(signal), length)
    except ValueError as error:  # a symmetric window of 0, 1, 0 with a hop of 2 has no inverse
        assert "lies under no window" in str(error)
        assert transform.hop_length > 1 or transform.frame_window.max() == 0
        return
    assert np.linalg.norm(back - signal) <= 1e-13 * np.linalg.norm(signal)


def test_round_trip_in_blocks(monkeypatch):
    signal = noise(2, 3, 1000)
    transform = SpectralTransform(64, 13)
    whole = transform.istft(transform.stft(signal), 1000)
    monkeypatch.setattr(blocks, "CACHE_POINTS", 64 * 5)
    np.testing.assert_allclose(whole, signal, atol=1e-12)
    np.testing.assert_allclose(transform.istft(transform.stft(signal), 1000), whole, atol=1e-15)


@pytest.mark.parametrize(("n_fft", "center"), [(16, True), (15, True), (16, False)])
def test_length_that_is_left_out_is_the_shortest(n_fft, center):
    transform = SpectralTransform(n_fft, 4, window_fn="hamming", center=center)
    signal = noise(60)
    spectrum = transform.stft(signal)
    back = transform.istft(spectrum)
    assert transform.frame_count(len(back)) == spectrum.shape[1]
    assert transform.frame_count(len(back) - 1) == spectrum.shape[1] - 1
    np.testing.assert_allclose(back, signal[: len(back)], atol=1e-13)


def test_any_length_that_the_frames_reach():
    transform = SpectralTransform(16, 4)
    spectrum = transform.stft(noise(60))
    for length in (1, 30, 61, 67):
        back = transform.istft(spectrum, length)
        assert back.shape == (length,)
        np.testing.assert_allclose(back[:60], noise(60)[:length], atol=1e-12)
    with pytest.raises(ValueError, match="length=0 must be an integer of at least 1"):
        transform.istft(spectrum, 0)


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


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("n_fft", [16, 15])
@pytest.mark.parametrize("normalized", [False, "window"])
@pytest.mark.parametrize("length", [3, 101])
def test_adjoints(padding, n_fft, normalized, length, monkeypatch):
    monkeypatch.setattr(blocks, "CACHE_POINTS", 8 * n_fft)
    transform = SpectralTransform(
        n_fft, 4, window_fn="hamming", normalized=normalized,
        center_pad_mode=padding[0], center_tail_pad=padding[1],
    )  # fmt: skip
    signal = noise(2, length)
    spectrum = complex_noise(2, transform.bins, transform.frame_count(length))

    left = np.vdot(spectrum, transform.stft(signal)).real
    right = np.vdot(transform.stft_adjoint(spectrum, length), signal)
    assert abs(left - right) <= 1e-12 * np.linalg.norm(spectrum) * np.linalg.norm(signal)

    left = np.vdot(signal, transform.istft(spectrum, length))
    right = np.vdot(transform.istft_adjoint(signal), spectrum).real
    assert abs(left - right) <= 1e-12 * np.linalg.norm(spectrum) * np.linalg.norm(signal)


def test_adjoints_leave_their_arguments_alone_and_keep_float32():
    transform = SpectralTransform(16, 4)
    signal = noise(50).astype(np.float32)
    copy = signal.copy()
    spectrum = transform.istft_adjoint(signal)
    np.testing.assert_array_equal(signal, copy)
    assert spectrum.dtype == np.complex64
    assert transform.stft_adjoint(spectrum, 50).dtype == np.float32
    with pytest.raises(ValueError, match=r"frame=13 must have 11 for length=40"):
        transform.stft_adjoint(spectrum, 40)


def test_without_centring_frames_begin_on_the_hop():
    transform = SpectralTransform(8, 3, window_fn="rect", center=False)
    signal = noise(14)
    expected = np.stack([np.fft.rfft(signal[s : s + 8]) for s in (0, 3, 6)], 1)
    np.testing.assert_allclose(transform.stft(signal), expected, atol=1e-13)
    np.testing.assert_allclose(transform.istft(expected, 14), signal, atol=1e-13)
    with pytest.raises(ValueError, match=r"signal of shape=\(7,\) must have at least 8 samples"):
        transform.stft(noise(7))


@pytest.mark.parametrize("leading", [(), (2,), (2, 3), (0,)])
def test_leading_axes(leading):
    transform = SpectralTransform(16, 4)
    assert transform.istft_adjoint(noise(*leading, 500)).shape == (*leading, 9, 126)
    signal = noise(*leading, 50)
    spectrum = transform.stft(signal)
    assert spectrum.shape == (*leading, 9, 13)
    assert transform.istft(spectrum, 50).shape == signal.shape
    for index in np.ndindex(leading):
        np.testing.assert_array_equal(spectrum[index], transform.stft(signal[index]))


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
    signal = np.arange(50, dtype=np.int16)
    spectrum = 2.0**15 * transform.stft(signal)
    copy = spectrum.copy()
    np.testing.assert_allclose(transform.istft(spectrum, 50), signal, atol=1e-12)
    np.testing.assert_array_equal(signal, np.arange(50))
    np.testing.assert_array_equal(spectrum, copy)


def test_strided_signals_are_accepted():
    transform = SpectralTransform(16, 4)
    signal = noise(50, 2)
    expected = transform.stft(np.ascontiguousarray(signal.T))
    np.testing.assert_array_equal(transform.stft(signal.T), expected)


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_fft": 0}, "n_fft=0 must be an integer of at least 1"),
        ({"hop_length": 2.5}, "hop_length=2.5 must be an integer of at least 1"),
        ({"win_length": 17}, "win_length=17 must be at most n_fft=16"),
        ({"n_fft": True}, "n_fft=True must be an integer"),
        ({"center": "no"}, "center='no' must be True or False"),
        ({"normalized": ["window"]}, "normalized=.'window'. must be one of"),
        ({"window_fn": "hat"}, "window_fn='hat'"),
        ({"window": np.ones(15)}, r"shape=\(15,\) must be finite and have 16 samples"),
        ({"window": np.ones(15), "win_length": 8}, "have 8 samples or 16 samples"),
        ({"center_pad_mode": "wrap"}, "center_pad_mode='wrap' must be one of .*reflect"),
        ({"center_tail_pad": "none"}, "center_tail_pad='none' must be one of .*minimal"),
        ({"center_tail_pad": "minimal"}, "must go with center_pad_mode='constant'"),
        ({"normalized": "ortho"}, "normalized='ortho' must be one of .*'window'"),
    ],
)
def test_refuses_impossible_parameters(arguments, message):
    with pytest.raises(ValueError, match=message):
        SpectralTransform(**{"n_fft": 16, "hop_length": 4, **arguments})


def test_refuses_impossible_spectra_and_signals():
    transform = SpectralTransform(16, 4)
    for shape in ((10, 12), (9,)):
        with pytest.raises(ValueError, match=rf"shape={re.escape(str(shape))} .* have 9 frequenc"):
            transform.istft(np.zeros(shape, complex), 40)
    with pytest.raises(ValueError, match="frames=0 must be an integer of at least 1"):
        transform.istft(np.zeros((9, 0), complex), 40)
    with pytest.raises(ValueError, match="dtype=complex128 must hold real numbers"):
        transform.stft(np.zeros(40, complex))
    with pytest.raises(ValueError, match="dtype=object must hold real numbers"):
        transform.stft(None)
    with pytest.raises(ValueError, match=r"shape=\(2, 40\) must be one channel"):
        transform.each_block(np.zeros((2, 40)), print)
    with pytest.raises(ValueError, match=r"signal of shape=\(0,\) must have at least one sample"):
        transform.stft([])
    minimal = SpectralTransform(16, 4, center_pad_mode="constant", center_tail_pad="minimal")
    with pytest.raises(ValueError, match="length=None must be given with center_tail_pad"):
        minimal.istft(np.zeros((9, 10), complex))


def test_other_types_of_numbers():
    transform = SpectralTransform(np.int16(16), np.uint8(4))
    signal = noise(60_000).astype(">f4")
    spectrum = transform.stft(signal)
    assert spectrum.dtype == np.complex64
    np.testing.assert_array_equal(spectrum, transform.stft(signal.astype(np.float32)))


@pytest.mark.parametrize(("kind", "rtol"), [(np.float64, 1e-9), (np.float32, 1e-3)])
@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_windows_may_be_of_any_scale(scale, kind, rtol):
    transform = SpectralTransform(16, 4, window=scale * np.hanning(18)[1:-1])
    signal = (1e-8 * noise(100) / scale**0.5).astype(kind)
    found = transform.istft(transform.stft(signal), 100)
    np.testing.assert_allclose(found, signal, atol=rtol * np.abs(signal).max())
