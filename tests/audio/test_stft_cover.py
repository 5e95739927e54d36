import numpy as np
import pytest
import scipy.fft

from musisep.audio import blocks
from musisep.audio.stft import SpectralTransform

SYMMETRIC_HANN = np.hanning(16)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape)


def reached(transform, frames: int, length: int) -> np.ndarray:
    """Which samples have a weight, window by window."""
    weights = np.zeros(length + 3 * transform.n_fft + frames * transform.hop)
    for frame in range(frames):
        begin = frame * transform.hop - transform.lead + transform.n_fft
        weights[begin : begin + transform.n_fft] += transform.frame_window**2
    return weights[transform.n_fft : transform.n_fft + length] > 1e-15


@pytest.mark.parametrize("length", [69, 100, 100_000])
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_the_frames_do_not_reach_is_0(center, length, kind):
    transform = SpectralTransform(16, 4, window_fn="hamming", center=center)
    spectrum = transform.stft(noise(2, 60).astype(kind))
    reach = 68 if center else 60
    found = transform.istft(spectrum, length)
    np.testing.assert_array_equal(found[:, :reach], transform.istft(spectrum, reach))
    assert found.shape == (2, length) and found.dtype == kind
    assert not found[:, reach:].any()


def test_zeros_at_the_end_of_the_last_window_count_as_not_reached():
    transform = SpectralTransform(32, 4, window=SYMMETRIC_HANN, win_length=16)
    spectrum = transform.stft(noise(60))
    found = transform.istft(spectrum, 80)
    np.testing.assert_allclose(found[:60], noise(60), atol=1e-12)
    assert found[66] != 0 and not found[67:].any()


@pytest.mark.parametrize(
    ("parameters", "length", "message"),
    [
        (
            {"n_fft": 64, "hop_length": 64},
            300,
            r"sample 32 of length=300 lies under no window: decrease hop_length=64 for a window "
            r"of 63 samples above 0; istft\(\.\.\., safety='off'\) makes it 0$",
        ),
        (
            {"n_fft": 8, "hop_length": 2, "center": False},
            14,
            r"sample 0 of length=14 lies under no window, as the window begins with zeros: give "
            r"center=True, or a window without zeros, such as Hamming's; istft",
        ),
        (
            {"n_fft": 8, "hop_length": 9, "window_fn": "rect", "center": False},
            44,
            r"sample 8 of length=44 lies under no window: decrease hop_length=9 .* of 8 samples",
        ),
        ({"n_fft": 8, "hop_length": 2, "window": np.zeros(8)}, 9, r"sample 0 .* of 0 samples"),
    ],
)
def test_the_cause_of_lost_samples_is_told(parameters, length, message):
    transform = SpectralTransform(**parameters)
    signal = noise(length)
    spectrum = transform.stft(signal)
    for call in (
        lambda: transform.istft(spectrum, length),
        lambda: transform.istft_adjoint(signal),
        lambda: transform.map_spectra(signal, lambda _, spectra: spectra, ()),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    transform.map_spectra(signal, lambda _, spectra: spectra, (), adjoint=True)


@pytest.mark.parametrize("points", [2**17, 64])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(
    "parameters",
    [
        {"hop_length": 16},
        {"hop_length": 23},
        {"hop_length": 4, "center": False},
        {"hop_length": 4, "center": False, "window": SYMMETRIC_HANN},
        {"hop_length": 11, "window_fn": "rect", "win_length": 8},
        {"hop_length": 4, "window": np.zeros(16)},
    ],
)
def test_samples_under_no_window_may_be_0(parameters, kind, points, monkeypatch):
    monkeypatch.setattr(blocks, "CACHE_POINTS", points)
    transform = SpectralTransform(16, **parameters)
    signal = noise(2, 300).astype(kind)
    spectrum = transform.stft(signal)
    covered = reached(transform, spectrum.shape[-1], 300)
    assert not covered.all()
    found = transform.istft(spectrum, 300, safety="off")
    np.testing.assert_allclose(found[:, covered], signal[:, covered], atol=1e-3)
    assert not found[:, ~covered].any()
    same = transform.map_spectra(signal, lambda _, spectra: spectra, (2,), safety="off")
    np.testing.assert_allclose(same, found, atol=1e-6)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(
    "parameters",
    [
        {"hop_length": 16, "normalized": "window"},
        {"hop_length": 23},
        {"hop_length": 4, "center": False},
        {"hop_length": 5, "window_fn": "hamming", "center": False},
    ],
)
@pytest.mark.parametrize("n_fft", [16, 15, 1, 2])
def test_the_adjoint_of_the_inverse_knows_of_the_zeros(parameters, n_fft, workers, monkeypatch):
    monkeypatch.setattr(blocks, "CACHE_POINTS", 100)
    transform = SpectralTransform(n_fft, **parameters)
    signal = noise(2, 303)
    shape = 2, transform.bins, transform.frame_count(303)
    spectrum = noise(*shape) + 1j * noise(3, *shape)[2]
    with scipy.fft.set_workers(workers):
        left = np.vdot(signal, transform.istft(spectrum, 303, safety="off"))
        gradient = transform.istft_adjoint(signal, safety="off")
    right = np.vdot(gradient, spectrum).real
    assert abs(left - right) <= 1e-12 * np.linalg.norm(gradient) * np.linalg.norm(spectrum)
    np.testing.assert_array_equal(transform.istft_adjoint(signal, safety="off"), gradient)


def test_safety_has_two_values():
    transform = SpectralTransform(16, 4)
    for call in (
        lambda: transform.istft(transform.stft(noise(60)), safety="auto"),
        lambda: transform.istft_adjoint(noise(60), safety=True),
        lambda: transform.map_spectra(noise(60), lambda _, spectra: spectra, (), safety=None),
        lambda: transform.map_spectra(noise(60), print, (), adjoint=True, safety=None),
    ):
        with pytest.raises(ValueError, match=r"^safety=.* must be one of \('always', 'off'\)"):
            call()


def test_a_window_of_a_whole_frame_takes_no_account_of_win_length():
    whole = SpectralTransform(16, 4, window=SYMMETRIC_HANN + 1)
    short = SpectralTransform(16, 4, win_length=8, window=SYMMETRIC_HANN + 1)
    np.testing.assert_array_equal(short.stft(noise(100)), whole.stft(noise(100)))
