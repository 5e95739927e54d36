import warnings

import numpy as np
import pytest
import scipy.fft

from musisep.audio import blocks, logfreq
from musisep.audio.logfreq import (
    LogAxis,
    log_spectrogram,
    mel_magnitudes,
    pursuit_magnitudes,
)

RATE = 16000
AXIS = LogAxis(50, 8000, 500)
each = pytest.mark.parametrize("front_end", ["cqt", "pursuit", "mel"])


def sinusoid(hz, amplitude, samples=RATE):
    return amplitude * np.sin(2 * np.pi * hz * np.arange(samples) / RATE + 0.3)


def spectrogram(signal, front_end, hop_length=400, **options):
    return log_spectrogram(
        signal, RATE, AXIS, hop_length=hop_length, front_end=front_end, **options
    )


def gaussian(centre, height, sigma, bins=AXIS.bins):
    return height * np.exp(-0.5 * ((np.arange(bins) - centre) / sigma) ** 2)


def test_axis():
    axis = LogAxis(20, 20480, 1024)
    assert axis.bins_per_octave == pytest.approx(102.4)
    assert axis.harscale == pytest.approx(102.4 / np.log(2))
    assert axis.frequencies_hz.shape == (1024,)
    assert axis.frequencies_hz[0] == pytest.approx(20)
    assert axis.frequencies_hz[512] == pytest.approx(640)
    assert axis.hz(1024) == pytest.approx(20480)
    np.testing.assert_allclose(axis.position(axis.hz([-3.5, 7.25])), [-3.5, 7.25])
    with pytest.raises(ValueError, match=r"hz=0.0 must be above 0"):
        axis.position([440, 0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 100, 10), "fmin_hz=0 and fmax_hz=100"),
        ((100, 100, 10), "fmin_hz=100 and fmax_hz=100"),
        ((1, np.nan, 10), "fmax_hz=nan must be a finite number"),
        ((1, np.inf, 10), "fmax_hz=inf must be a finite number"),
        ((20, 100, 1), "bins=1 must be an integer of at least 2"),
        ((20, 100, 2.5), "bins=2.5 must be an integer of at least 2"),
        ((None, 100, 2), "fmin_hz=None must be a finite number"),
    ],
)
def test_axis_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        LogAxis(*arguments)


@pytest.mark.parametrize("front_end, lowest_hz", [("cqt", 120), ("pursuit", 120), ("mel", 187.3)])
@pytest.mark.parametrize("hz", ["lowest", 440.7, 3000, 7000])
def test_a_sinusoid_is_a_gaussian_of_its_amplitude(front_end, lowest_hz, hz):
    hz = lowest_hz if hz == "lowest" else hz
    frame = spectrogram(sinusoid(hz, 0.3), front_end)[:, 20]
    np.testing.assert_allclose(frame, gaussian(AXIS.position(hz), 0.3, 6 / np.pi), atol=0.02 * 0.3)


@each
def test_sigma_bins_is_the_width(front_end):
    frame = spectrogram(sinusoid(1000, 1), front_end, sigma_bins=4.0)[:, 20]
    np.testing.assert_allclose(frame, gaussian(AXIS.position(1000), 1, 4), atol=0.03)


@each
def test_two_tones_of_different_loudness(front_end):
    frame = spectrogram(sinusoid(500, 0.5) + sinusoid(750, 0.005), front_end)[:, 20]
    for hz, amplitude in ((500, 0.5), (750, 0.005)):
        around = slice(int(AXIS.position(hz)) - 8, int(AXIS.position(hz)) + 9)
        expected = gaussian(AXIS.position(hz), amplitude, 6 / np.pi)
        np.testing.assert_allclose(frame[around], expected[around], atol=0.03 * amplitude)


@each
@pytest.mark.parametrize("length", [1, 2, 399, 400, 1000])
def test_any_length(front_end, length):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silence = spectrogram(np.zeros(length), front_end)
        sound = spectrogram(np.random.default_rng(0).standard_normal(length), front_end)
    assert silence.shape == sound.shape == (500, 1 + length // 400)
    assert not silence.any()
    assert np.isfinite(sound).all()
    assert (sound >= 0).all()


@pytest.mark.parametrize("front_end", ["cqt", "pursuit"])
def test_beyond_the_ends_is_silence(front_end):
    found = spectrogram(np.cos(np.pi / 8 * np.arange(16001)), front_end).max(0)
    np.testing.assert_allclose(found[[0, -1]], 0.5, atol=0.1)


@each
def test_a_constant_shows_only_at_the_ends(front_end):
    frame = spectrogram(np.ones(2 * RATE), front_end)[:, 40]
    assert np.isfinite(frame).all()
    assert frame.max() < 1e-6


@each
def test_a_later_signal_is_later(front_end):
    signal = sinusoid(700, 1, 3000) * np.hanning(3000)
    found = spectrogram(np.pad(signal, (8000, 5000)), front_end)
    later = spectrogram(np.pad(signal, (8000 + 3 * 400, 5000 - 3 * 400)), front_end)
    np.testing.assert_allclose(later[:, 3:], found[:, :-3], rtol=0, atol=1e-5)
    assert found[:, 24].max() > 0.8


@each
def test_loudness_is_a_factor(front_end):
    signal = np.random.default_rng(1).standard_normal(3000)
    found = spectrogram(signal, front_end)
    np.testing.assert_allclose(spectrogram(1e-4 * signal, front_end), 1e-4 * found, atol=1e-12)


@each
def test_leading_axes_are_independent_and_the_signal_left_alone(front_end):
    signal = np.random.default_rng(2).standard_normal((2, 3, 900))
    copy = signal.copy()
    found = spectrogram(signal, front_end)
    assert found.shape == (2, 3, 500, 3)
    np.testing.assert_array_equal(found[1, 2], spectrogram(signal[1, 2], front_end))
    np.testing.assert_array_equal(signal, copy)


@pytest.mark.parametrize("front_end", ["pursuit", "mel"])
def test_blocks_and_threads_change_nothing(front_end, monkeypatch):
    signal = np.random.default_rng(3).standard_normal(9000)
    whole = spectrogram(signal, front_end)
    monkeypatch.setattr(blocks, "CACHE_POINTS", 3 * 4500)
    with scipy.fft.set_workers(2):
        found = spectrogram(signal, front_end)
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-12)


@each
def test_single_precision_stays_single(front_end):
    signal = np.random.default_rng(3).standard_normal(900).astype(np.float32)
    found = spectrogram(signal, front_end)
    assert found.dtype == np.float32
    expected = spectrogram(signal.astype(float), front_end)
    assert expected.dtype == np.float64
    np.testing.assert_array_equal(found, expected.astype(np.float32))


def test_gamma_widens_by_hertz():
    frame = spectrogram(sinusoid(1000, 1), "cqt", gamma_hz=30)[:, 20]
    hz = AXIS.frequencies_hz
    sigmas = 6 / np.pi / AXIS.harscale * hz + 30
    np.testing.assert_allclose(frame, np.exp(-0.5 * ((hz - 1000) / sigmas) ** 2), atol=1e-6)


def test_the_front_end_is_looked_up_by_its_name(monkeypatch):
    def fill(signal, sample_rate, axis, hop_length, sigma_bins, result, gamma_hz=0.0):
        result[:] = 1 + gamma_hz

    monkeypatch.setitem(logfreq.FRONT_ENDS, "cqt", fill)
    assert (spectrogram(np.ones(9), "cqt") == 1).all()
    assert (spectrogram(np.ones(9), "cqt", gamma_hz=2) == 3).all()


def test_pursuit_does_not_silence_what_is_not_finite():
    signal = sinusoid(440, 1.0, 8000)
    signal[4000] = np.nan
    found = spectrogram(signal, "pursuit")
    assert np.isnan(found[:, 10]).all()
    assert np.isfinite(found[:, [0, -1]]).all()


def test_below_its_resolution_mel_is_as_wide_as_the_window_makes_it():
    frame = spectrogram(sinusoid(70, 1), "mel")[:, 20]
    # a window of 46 ms, and half a bin of its transform over 12 standard deviations
    sigma_hz = np.hypot(1 / (2 * np.pi * 0.046), 0.5 / (12 * 0.046))
    distance = (AXIS.frequencies_hz - 70) / sigma_hz
    np.testing.assert_allclose(frame, np.exp(-0.5 * distance**2), atol=0.02)


def test_mel_adds_amplitudes_that_the_window_resolves():
    wide = {"sigma_bins": 12.0}  # 240 Hz at 2000 Hz; the tones are 14 peaks apart
    both = spectrogram(sinusoid(1950, 0.4) + sinusoid(2050, 0.4), "mel", **wide)[:, 20]
    np.testing.assert_allclose(both.max(), 0.8 * np.exp(-0.5 * (50 / 243) ** 2), rtol=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"signal": []}, r"signal of shape=\(0,\) must have at least one sample"),
        ({"front_end": "fft"}, "front_end='fft' must be one of .*'cqt', .*'pursuit'"),
        ({"hop_length": 0}, "hop_length=0 must be an integer of at least 1"),
        ({"sigma_bins": -1.0}, "sigma_bins=-1.0 must be finite and above 0"),
        ({"gamma_hz": 5, "front_end": "mel"}, "gamma_hz=5.0 must be 0 for front_end='mel'"),
        ({"gamma_hz": 5, "front_end": "pursuit"}, "gamma_hz=5.0 must be 0 .*'pursuit'"),
        ({"gamma_hz": -5}, "gamma_hz=-5.0 must be at least 0"),
        ({"gamma_hz": "5"}, "gamma_hz='5' must be a finite number"),
        ({"front_end": ["cqt"]}, r"front_end=\['cqt'\] must be one of"),
        ({"signal": np.ones(9, complex)}, "signal of dtype=complex128 must hold real numbers"),
        ({"signal": None}, "signal of dtype=object must hold real numbers"),
        ({"sample_rate": 15999}, "fmax_hz=8000 must be at most half of sample_rate=15999"),
    ],
)
def test_refuses(options, message):
    defaults = {"signal": np.ones(9), "sample_rate": RATE, "axis": AXIS, "hop_length": 3}
    with pytest.raises(ValueError, match=message):
        log_spectrogram(**{**defaults, **options})


@pytest.mark.parametrize("fill", [pursuit_magnitudes, mel_magnitudes])
def test_a_longer_window_separates_closer_tones(fill):
    signal = sinusoid(400, 1) + sinusoid(416, 1)
    contrast = []
    for window_sigma_s in (0.01, 0.05):
        result = np.empty((AXIS.bins, 41))
        fill(signal, RATE, AXIS, 400, 1.0, result, window_sigma_s)
        low, valley, high = AXIS.position([400, 408, 416]).round().astype(int)
        contrast.append(min(result[low, 20], result[high, 20]) - result[valley, 20])
    assert contrast[0] < 0 < contrast[1]
    with pytest.raises(ValueError, match="window_sigma_s=0 must be finite and above 0"):
        fill(signal, RATE, AXIS, 400, 1.0, result, 0)


@pytest.mark.parametrize("value", ["text", None, [1j], [[1.0], [1.0, 2.0]]])
def test_places_on_an_axis_are_real_numbers(value):
    with pytest.raises(ValueError, match=r"^position "):
        AXIS.hz(value)
    with pytest.raises(ValueError, match=r"^hz "):
        AXIS.position(value)


def test_places_beyond_any_axis_are_refused():
    with pytest.raises(ValueError, match=r"position=1e\+305 must be less"):
        AXIS.hz([0.0, 1e305])
    assert np.shape(AXIS.hz(3)) == np.shape(AXIS.position(60.0)) == ()


@pytest.mark.parametrize("axis", [None, 3, "linear", LogAxis])
def test_what_is_no_axis_is_refused(axis):
    with pytest.raises(ValueError, match=r"^axis=.* must be a LogAxis"):
        log_spectrogram(np.zeros(900), RATE, axis, hop_length=100)


def test_a_front_end_that_fills_nothing_leaves_zeros_and_widths_have_a_limit():
    axis = LogAxis(100.0, 3000.0, 40)
    given = {"signal": np.ones(1200), "sample_rate": 8000, "axis": axis, "hop_length": 100}
    found = log_spectrogram(**given, front_end=lambda *_: None)
    np.testing.assert_array_equal(found, np.zeros((40, 13)))
    with pytest.raises(ValueError, match=r"^sigma_bins=1e\+300 must be at most 10000"):
        log_spectrogram(**given, front_end="mel", sigma_bins=1e300)
