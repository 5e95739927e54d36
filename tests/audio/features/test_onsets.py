import inspect

import numpy as np
import pytest
from peers import librosa

from musisep.audio.features import onset_strength, onset_strength_multi
from musisep.audio.mel import MelSpectrogramTransform

RATE = 22050
SIZES = {"n_fft": 512, "hop_length": 100, "n_mels": 20}


def clicks(*shape: int) -> np.ndarray:
    signal = 1e-7 * np.random.default_rng(4).standard_normal(shape)
    signal[..., ::1500] += 1
    return signal


@pytest.mark.parametrize("parameters", [{}, {"lag": 3}, {"lag": 2, "max_size": 3}])
@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
@pytest.mark.parametrize("center", [True, False])
def test_equals_librosa(parameters, pad_mode, center):
    signal = clicks(5000)
    padding = {"center": center, "center_pad_mode": pad_mode}
    bands = onset_strength_multi(signal, sample_rate=RATE, **SIZES, **padding, **parameters)
    mean = onset_strength(signal, sample_rate=RATE, **SIZES, **padding, **parameters)
    frames = {"sr": RATE, "n_fft": 512, "hop_length": 100, "center": center}
    mel = librosa.feature.melspectrogram(
        y=signal, n_mels=20, pad_mode=pad_mode, dtype=np.float64, **frames
    )
    peer = {"S": librosa.power_to_db(mel), **frames, **parameters}
    each = [slice(b, b + 1) for b in range(20)]
    expected = librosa.onset.onset_strength_multi(channels=each, **peer)
    np.testing.assert_allclose(bands, expected, atol=1e-8)
    np.testing.assert_allclose(mean, librosa.onset.onset_strength(**peer), atol=1e-8)


def test_passes_parameters_of_the_filters_on():
    signal = clicks(3000)
    filters = {"norm": None, "mel_scale": "htk", "f_min": 50.0, "f_max": 6000.0, "top_db": 30.0}
    ours = onset_strength(signal, sample_rate=RATE, **SIZES, **filters)
    frames = {"sr": RATE, "n_fft": 512, "hop_length": 100}
    mel = librosa.feature.melspectrogram(
        y=signal,
        n_mels=20,
        pad_mode="reflect",
        dtype=np.float64,
        norm=None,
        htk=True,
        fmin=50.0,
        fmax=6000.0,
        **frames,
    )
    levels = librosa.power_to_db(mel, top_db=30.0)
    np.testing.assert_allclose(ours, librosa.onset.onset_strength(S=levels, **frames), atol=1e-8)


def test_each_signal_of_a_batch_has_its_own_onsets():
    batch = (clicks(2, 3, 2000) * np.array([[1.0], [1e-3], [1e-6]])).astype(np.float32)
    result = onset_strength_multi(batch, **SIZES)
    assert result.shape == (2, 3, 20, 21)
    assert result.dtype == onset_strength(batch).dtype == np.float32
    assert onset_strength(batch, **SIZES).shape == (2, 3, 21)
    np.testing.assert_array_equal(result[1, 2], onset_strength_multi(batch[1, 2], **SIZES))


@pytest.mark.parametrize("length", [1, 2, 300, 600])
@pytest.mark.parametrize("lag", [1, 3, 50])
def test_silence_and_short_signals(length, lag):
    for signal in (np.zeros(length), np.full(length, 0.5)):
        result = onset_strength(signal, lag=lag, n_fft=512, hop_length=100, n_mels=20)
        assert result.shape == (1 + length // 100,)
        assert (result >= 0).all()
    assert not onset_strength(np.zeros(length), lag=lag).any()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lag": 0}, "lag=0 .* at least 1"),
        ({"max_size": 0}, "max_size=0 .* at least 1"),
        ({"hop_length": 0}, "hop_length=0 .* at least 1"),
        ({"n_mels": 0}, "n_mels=0 .* at least 1"),
        ({"lag": True}, "lag=True must be an integer"),
        ({"top_db": -1}, "top_db=-1 .* at least 0"),
    ],
)
def test_refuses(parameters, message):
    with pytest.raises(ValueError, match=message):
        onset_strength(np.zeros(100), **parameters)


@pytest.mark.parametrize(("hop", "same"), [(None, 128), (np.int8(100), 100)])
def test_hops_of_any_kind(hop, same):
    signal = np.random.default_rng(5).standard_normal(3000)
    result = onset_strength(signal, n_fft=512, hop_length=hop, lag=np.uint8(2))
    expected = onset_strength(signal, n_fft=512, hop_length=same, lag=2)
    np.testing.assert_array_equal(result, expected)


def test_onsets_are_in_decibels_only():
    for function in (onset_strength, onset_strength_multi):
        for name in ("output_scale", "log_amin", "log_mode", "log_multiplier"):
            with pytest.raises(TypeError, match=rf"^{function.__name__}\(\) got .* '{name}'"):
                function(np.zeros(100), **{name: "linear"})


def test_too_loud_for_single_precision_is_refused():
    with pytest.raises(ValueError, match=r"x has a peak of 1e\+30, .* in float32"):
        onset_strength(np.full(3000, 1e30, dtype=np.float32))


@pytest.mark.parametrize("function", [onset_strength, onset_strength_multi])
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_spectrograms_give_what_their_signals_give(function, power):
    signal = clicks(2, 5000)
    expected = function(signal, power=power, **SIZES)
    spectra = MelSpectrogramTransform(n_fft=512, hop_length=100).transform.stft(signal)
    found = function(spectrogram=spectra, power=power, **SIZES)
    np.testing.assert_array_equal(found, expected)
    found = function(spectrogram=np.abs(spectra), power=power, **SIZES)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    for kind in (np.complex64, np.float32):
        assert function(spectrogram=np.abs(spectra).astype(kind), **SIZES).dtype == np.float32


@pytest.mark.parametrize("function", [onset_strength, onset_strength_multi])
def test_refuses_what_is_no_spectrogram(function):
    with pytest.raises(ValueError, match="x and spectrogram must not both be given"):
        function(clicks(3000), spectrogram=np.ones((257, 3)), **SIZES)
    with pytest.raises(ValueError, match="x=None must be a signal, unless a spectrogram is given"):
        function(**SIZES)
    with pytest.raises(ValueError, match="spectrogram with a value of -60 must be at least 0"):
        function(spectrogram=np.full((257, 3), -60.0), **SIZES)


def test_signatures_show_the_parameters():
    for function in (onset_strength, onset_strength_multi):
        shown = inspect.signature(function).parameters
        assert list(shown)[:2] == ["x", "spectrogram"]
        assert {"lag", "max_size", "n_mels", "f_max", "top_db", "center_pad_mode"} <= set(shown)
        assert shown["sample_rate"].default == 22050 and shown["norm"].default == "slaney"
        assert "parameters" not in shown and "output_scale" not in shown
        inspect.signature(function).bind(np.zeros(9), n_mels=30, lag=2)
