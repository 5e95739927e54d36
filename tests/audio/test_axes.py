"""Times of frames and frequencies of bins, on all transforms; copies of transforms."""

import copy
import pickle

import numpy as np
import pytest

from musisep.audio import (
    CQT,
    HarmonicCQT,
    LogMelSpectrogramTransform,
    MelSpectrogramTransform,
    MFCCTransform,
    SpectralFeatureTransform,
    SpectralTransform,
    VariableQ,
)

RATE, HOP = 8000, 100
LARGEST_PICKLE = 2000
SIZES = {"sample_rate": RATE, "n_fft": 512, "hop_length": HOP, "center": False}
BINS = {"sr": RATE, "hop_length": HOP, "fmin": 220.0, "n_bins": 24, "center": False}
TRANSFORMS = {
    "stft": (SpectralTransform(**SIZES).stft, SpectralTransform(**SIZES)),
    "mel": (MelSpectrogramTransform(**SIZES, n_mels=20),) * 2,
    "log mel": (LogMelSpectrogramTransform(**SIZES, n_mels=20),) * 2,
    "mfcc": (MFCCTransform(**SIZES, n_mels=20),) * 2,
    "features": (
        lambda x: SpectralFeatureTransform(("spectral_rolloff",), **SIZES)(x)["spectral_rolloff"],
        SpectralFeatureTransform(("spectral_rolloff",), **SIZES),
    ),
    "cqt": (CQT(**BINS, bins_per_octave=12),) * 2,
    "harmonic cqt": (HarmonicCQT(**BINS, harmonics=(1, 2), bins_per_semitone=1),) * 2,
    "variable q": (
        VariableQ(RATE, [400.0, 800.0], 0.02, HOP).forward,
        VariableQ(RATE, [400.0, 800.0], 0.02, HOP),
    ),
}


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - {"mfcc", "features"}))
def test_a_click_is_loudest_at_its_time(name):
    apply, transform = TRANSFORMS[name]
    click = np.zeros(RATE)
    click[3000] = 1
    values = np.abs(np.exp(apply(click)) if name in ("mel", "log mel") else apply(click))
    loudness = values.reshape(-1, values.shape[-1]).sum(axis=0)
    times = transform.times_s(values.shape[-1])
    assert times.shape == loudness.shape
    assert abs(times[loudness.argmax()] - 3000 / RATE) <= HOP / RATE


@pytest.mark.parametrize("name", ["stft", "mel", "log mel", "cqt", "harmonic cqt", "variable q"])
def test_a_tone_is_loudest_at_its_frequency(name):
    apply, transform = TRANSFORMS[name]
    hz = transform.frequencies_hz
    hz = hz[0] if name == "harmonic cqt" else hz
    tone = np.sin(2 * np.pi * hz[hz.size // 2] * np.arange(RATE) / RATE)
    values = np.abs(apply(tone)) if np.iscomplexobj(apply(tone)) else apply(tone)
    values = values[0] if name == "harmonic cqt" else values
    assert hz[values[:, values.shape[1] // 2].argmax()] == hz[hz.size // 2]


def test_features_have_the_frequencies_of_their_spectra():
    _, transform = TRANSFORMS["features"]
    np.testing.assert_allclose(transform.frequencies_hz, np.fft.rfftfreq(512, 1 / RATE))


def test_frames_are_timed_by_their_middles():
    np.testing.assert_allclose(TRANSFORMS["stft"][1].times_s(2), [256 / RATE, 356 / RATE])
    centred = SpectralTransform(512, HOP, sample_rate=RATE)
    np.testing.assert_array_equal(centred.times_s(3), np.array([0, HOP, 2 * HOP]) / RATE)
    with pytest.raises(ValueError, match="frames=-1 must be"):
        centred.times_s(-1)


def test_without_a_sample_rate_there_are_no_hertz_and_no_seconds():
    transform = SpectralTransform(512)
    assert not hasattr(transform, "frequencies_hz")
    with pytest.raises(AttributeError, match="times_s must be asked of a transform with a sample"):
        transform.times_s(3)
    with pytest.raises(ValueError, match="sample_rate=0 must be"):
        SpectralTransform(512, sample_rate=0)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_copies_are_made_of_the_parameters_alone(name):
    apply, transform = TRANSFORMS[name]
    signal = np.random.default_rng(0).standard_normal(RATE)
    expected = apply(signal)
    pickled = pickle.dumps(transform)
    assert len(pickled) < LARGEST_PICKLE
    for again in (pickle.loads(pickled), copy.deepcopy(transform)):
        assert repr(again) == repr(transform)
        method = {"stft": "stft", "variable q": "forward"}.get(name, "__call__")
        found = getattr(again, method)(signal)
        found = found["spectral_rolloff"] if name == "features" else found
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("rate", [22050.0, np.float32(22050), np.int32(22050)])
def test_rates_may_be_floats_without_a_fraction(rate):
    mel = MelSpectrogramTransform(sample_rate=rate)
    cqt = CQT(**{**BINS, "sr": rate}, bins_per_octave=12)
    harmonic = HarmonicCQT(**{**BINS, "sr": rate}, harmonics=(1,), bins_per_semitone=1)
    for found in (
        mel.sample_rate, cqt.sr, harmonic.sr, SpectralTransform(8, sample_rate=rate).sample_rate,
        SpectralFeatureTransform(sample_rate=rate).sample_rate,
        VariableQ(rate, [400.0], 0.02, HOP).sample_rate,
    ):  # fmt: skip
        assert found == 22050 and type(found) is int


@pytest.mark.parametrize("rate", [22050.5, np.inf, np.nan, True, "22050", 0.0])
def test_other_rates_are_refused(rate):
    with pytest.raises(ValueError, match="must be an integer of at least 1"):
        MelSpectrogramTransform(sample_rate=rate)
    with pytest.raises(ValueError, match="must be an integer of at least 1"):
        CQT(**{**BINS, "sr": rate}, bins_per_octave=12)


def test_a_given_window_is_copied():
    window = np.hanning(64)
    transform = SpectralTransform(64, 16, window=window)
    signal = np.random.default_rng(0).standard_normal(300)
    expected = transform.stft(signal)
    window[:] = 0
    for again in (transform, copy.deepcopy(transform), pickle.loads(pickle.dumps(transform))):
        np.testing.assert_array_equal(again.stft(signal), expected)
