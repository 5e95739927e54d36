import dataclasses
import inspect

import numpy as np
import pytest
import scipy.fft
from peers import librosa

from musisep.audio.mel import (
    LogMelSpectrogramTransform,
    MelSpectrogramTransform,
    MFCCTransform,
    amplitude_to_db,
    mel_spectrogram,
    melscale_fbanks,
    mfcc,
)
from musisep.audio.stft import get_transform

RATE = 22050
SIZES = {"sample_rate": RATE, "n_fft": 1024, "hop_length": 300, "n_mels": 40}


def noise(*shape: int, kind: type = np.float64) -> np.ndarray:
    # Loud, then soft, so that a dynamic range is exceeded.
    fade = np.logspace(0, -6, shape[-1])
    return (np.random.default_rng(1).standard_normal(shape) * fade).astype(kind)


def librosa_mel(signal, **parameters):
    return librosa.feature.melspectrogram(y=signal, sr=RATE, dtype=np.float64, **parameters)


@pytest.mark.parametrize("power", [1.0, 2.0, 1.5])
@pytest.mark.parametrize(
    ("n_fft", "hop_length", "win_length"), [(1024, 300, None), (1023, 100, 700), (2048, 512, 1024)]
)
@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
def test_mel_equals_librosa(power, n_fft, hop_length, win_length, pad_mode):
    signal = noise(2, 5000)
    sizes = {"n_fft": n_fft, "hop_length": hop_length, "win_length": win_length, "n_mels": 30}
    ours = mel_spectrogram(
        signal,
        sample_rate=RATE,
        **sizes,
        f_min=30.0,
        f_max=9000.0,
        power=power,
        norm="slaney",
        mel_scale="slaney",
        center_pad_mode=pad_mode,
        output_scale="linear",
    )
    theirs = librosa_mel(signal, **sizes, fmin=30.0, fmax=9000.0, power=power, pad_mode=pad_mode)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_mel_equals_librosa_on_the_other_scale_without_centring():
    signal = noise(5000)
    parameters = {"center": False, "norm": None}
    ours = MelSpectrogramTransform(**SIZES, **parameters, output_scale="linear")(signal)
    theirs = librosa_mel(signal, n_fft=1024, hop_length=300, n_mels=40, htk=True, **parameters)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_mel_is_its_definition():
    signal = noise(4000)
    transform = MelSpectrogramTransform(**SIZES, power=1.0)
    magnitudes = np.abs(transform.transform.stft(signal))
    weights = melscale_fbanks(513, 0.0, RATE / 2, 40, RATE)
    np.testing.assert_allclose(transform.spectrogram(signal), magnitudes, rtol=1e-12)
    np.testing.assert_allclose(transform(signal, "linear"), weights.T @ magnitudes, rtol=1e-10)


def test_parameters_reach_the_short_time_transform():
    parameters = {
        "win_length": 700,
        "window_fn": "hamming",
        "periodic": False,
        "center": True,
        "center_pad_mode": "constant",
        "center_tail_pad": "minimal",
    }
    transform = MelSpectrogramTransform(**SIZES, **parameters, normalized="window").transform
    same = get_transform(
        n_fft=1024, hop_length=300, **parameters, normalized="window", sample_rate=RATE
    )
    assert transform is same
    parameters |= {**SIZES, "f_min": 50.0, "f_max": 5000.0, "norm": None, "mel_scale": "htk"}
    del parameters["periodic"]
    mel = MFCCTransform(**parameters, top_db=30.0).mel
    assert {name: getattr(mel, name) for name in parameters} == parameters
    assert (mel.top_db, mel.power, mel.output_scale) == (30.0, 2.0, "db")


@pytest.mark.parametrize("normalized", [True, "frame_length", "window"])
def test_normalized_spectra(normalized):
    signal = noise(3000)
    plain = mel_spectrogram(signal, **SIZES, output_scale="linear")
    scaled = mel_spectrogram(signal, **SIZES, output_scale="linear", normalized=normalized)
    squares = 384 if normalized == "window" else 1024  # 3/8 of the samples of a Hann window
    np.testing.assert_allclose(scaled * squares, plain, rtol=1e-12)


@pytest.mark.parametrize("power", [1.0, 2.0, 0.5])
def test_decibels_of_powers_and_magnitudes(power):
    signal = noise(6000)
    transform = MelSpectrogramTransform(**SIZES, power=power)
    mel = transform(signal, output_scale="linear")
    levels = 20 / power * np.log10(np.maximum(mel, 1e-10))
    assert levels.min() < levels.max() - 80
    np.testing.assert_allclose(transform(signal), np.maximum(levels, levels.max() - 80), atol=1e-9)
    free = dataclasses.replace(transform, top_db=None)
    np.testing.assert_allclose(free(signal), levels, atol=1e-9)


def test_decibels_of_magnitudes_equal_the_function():
    signal = noise(6000)
    transform = MelSpectrogramTransform(**SIZES, power=1.0)
    expected = amplitude_to_db(transform(signal, "linear"), stype="magnitude")
    np.testing.assert_allclose(transform(signal), expected, rtol=1e-12)


@pytest.mark.parametrize("mode", ["per_example", "torchaudio_compat"])
def test_mode_decides_whose_maximum_counts(mode):
    pair = np.stack([noise(4000), 1e-6 * noise(4000)])
    transform = MelSpectrogramTransform(**SIZES, mode=mode)
    assert (transform(pair)[1].max() == transform(pair[1]).max()) == (mode == "per_example")
    expected = amplitude_to_db(transform(pair, to_db=False), mode=mode)
    np.testing.assert_allclose(transform(pair), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("log_mode", "formula"),
    [
        ("clamp", lambda mel: np.log(np.maximum(mel, 0.02))),
        ("add", lambda mel: np.log(mel + 0.02)),
        ("log1p", lambda mel: np.log(1 + 50 * mel)),
    ],
)
def test_logarithms(log_mode, formula):
    signal = noise(4000)
    parameters = {**SIZES, "log_mode": log_mode, "log_amin": 0.02, "log_multiplier": 50.0}
    log_mel = LogMelSpectrogramTransform(**parameters)
    mel = log_mel(signal, output_scale="linear")
    np.testing.assert_allclose(log_mel(signal), formula(mel), rtol=1e-9, atol=1e-12)
    same = mel_spectrogram(signal, **parameters, output_scale="log")
    np.testing.assert_array_equal(log_mel(signal), same)


def test_scale_of_a_call():
    signal = noise(3000)
    transform = MelSpectrogramTransform(**SIZES, output_scale="log")
    for to_db, scale in ((True, "db"), (False, "linear")):
        expected = mel_spectrogram(signal, **SIZES, output_scale=scale)
        np.testing.assert_array_equal(transform(signal, to_db=to_db), expected)
        np.testing.assert_array_equal(transform.mel_spectrogram(signal, scale), expected)
        np.testing.assert_array_equal(
            transform.scaled(transform(signal, "linear"), scale), expected
        )
    with pytest.raises(ValueError, match="output_scale='db' and to_db=True must not both be given"):
        transform(signal, "db", to_db=True)
    with pytest.raises(ValueError, match="output_scale='dB' must be one of"):
        transform(signal, "dB")
    with pytest.raises(ValueError, match="output_scale='dB' must be one of"):
        transform.scaled(np.ones((40, 3)), "dB")


@pytest.mark.parametrize("scale", ["db", "log", "linear"])
def test_precision_stays(scale):
    single, double = noise(2, 4000, kind=np.float32), noise(2, 4000)
    transform = MelSpectrogramTransform(**SIZES, output_scale=scale)
    assert transform(single).dtype == np.float32
    assert transform.spectrogram(single).dtype == np.float32
    assert transform((1000 * double).astype(np.int16)).dtype == np.float64
    np.testing.assert_allclose(transform(single), transform(double), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("workers", [1, 2])
def test_channels_are_computed_one_by_one(workers):
    batch = noise(2, 3, 30000)
    with scipy.fft.set_workers(workers):
        mel, coefficients = mel_spectrogram(batch, **SIZES), mfcc(batch, **SIZES)
    assert mel.shape == (2, 3, 40, 101)
    assert coefficients.shape == (2, 3, 20, 101)
    for index in np.ndindex(2, 3):
        np.testing.assert_array_equal(mel[index], mel_spectrogram(batch[index], **SIZES))
        np.testing.assert_array_equal(coefficients[index], mfcc(batch[index], **SIZES))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_silence(kind):
    silence = np.zeros(4000, dtype=kind)
    np.testing.assert_array_equal(mel_spectrogram(silence, **SIZES, output_scale="linear"), 0)
    np.testing.assert_allclose(mel_spectrogram(silence, **SIZES), -100, rtol=1e-6)
    tiny = LogMelSpectrogramTransform(**SIZES, log_mode="add", log_amin=1e-60)
    assert np.isfinite(tiny(silence)).all()
    coefficients = mfcc(silence, **SIZES)
    np.testing.assert_allclose(coefficients[0], -100 * np.sqrt(40), rtol=1e-6)
    np.testing.assert_allclose(coefficients[1:], 0, atol=1e-3)


@pytest.mark.parametrize("length", [1, 2, 511, 1023])
def test_signals_shorter_than_a_window(length):
    signal = noise(length)
    mel = mel_spectrogram(signal, **SIZES, output_scale="linear")
    magnitudes = np.abs(MelSpectrogramTransform(**SIZES).transform.stft(signal))
    expected = melscale_fbanks(513, 0.0, RATE / 2, 40, RATE).T @ magnitudes**2
    np.testing.assert_allclose(mel, expected, rtol=1e-10)
    assert mfcc(signal, **SIZES).shape == (20, 1 + length // 300)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(9000,), (2, 4000), (2, 3, 700)])
@pytest.mark.parametrize("parameters", [{}, {"output_scale": "log"}, {"power": 1.5, "top_db": 9.0}])
def test_spectrograms_give_what_their_signals_give(kind, shape, parameters):
    signal = noise(*shape, kind=kind)
    transform = MelSpectrogramTransform(**{**SIZES, "n_fft": 600, "hop_length": 20}, **parameters)
    expected, spectra = transform(signal), transform.transform.stft(signal)
    for given in (spectra, np.ascontiguousarray(spectra), transform.spectrogram(signal)):
        before = given.copy()
        found = transform.from_spectrogram(given)
        assert found.dtype == kind
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(given, before)
    with scipy.fft.set_workers(2):
        np.testing.assert_array_equal(transform.from_spectrogram(spectra), expected)
    linear = transform.from_spectrogram(spectra, to_db=False)
    np.testing.assert_array_equal(linear, transform(signal, "linear"))


def test_coefficients_and_functions_of_a_spectrogram():
    signal = noise(2, 5000)
    transform = MFCCTransform(**SIZES, lifter=5)
    powers, spectra = transform.mel.spectrogram(signal), transform.mel.transform.stft(signal)
    for given in (powers, spectra):
        np.testing.assert_array_equal(transform.from_spectrogram(given), transform(signal))
        np.testing.assert_array_equal(mfcc(spectrogram=given, lifter=5, **SIZES), transform(signal))
        np.testing.assert_array_equal(
            mel_spectrogram(spectrogram=given, **SIZES), mel_spectrogram(signal, **SIZES)
        )
    rounded = np.rint(1e6 * powers)
    np.testing.assert_array_equal(
        transform.from_spectrogram(rounded.astype(np.int64)), transform.from_spectrogram(rounded)
    )


@pytest.mark.parametrize("function", [mel_spectrogram, mfcc])
def test_refuses_what_is_no_spectrogram(function):
    for wrong in (np.ones(513), np.ones((512, 4)), np.ones((4, 513)), 1.0):
        with pytest.raises(ValueError, match=r"spectrogram of shape=.* frequencies=513, frame"):
            function(spectrogram=wrong, **SIZES)
    with pytest.raises(ValueError, match=r"spectrogram with a value of -80 must be at least 0"):
        function(spectrogram=np.full((513, 2), -80), **SIZES)
    with pytest.raises(ValueError, match=r"spectrogram of dtype=.* must hold numbers"):
        function(spectrogram=np.full((513, 2), "a"), **SIZES)
    with pytest.raises(ValueError, match=r"^x and spectrogram must not both be given"):
        function(noise(3000), spectrogram=np.ones((513, 2)), **SIZES)
    with pytest.raises(ValueError, match=r"^x=None must be a signal, unless a spectrogram"):
        function(**SIZES)


def test_signatures_show_the_parameters():
    for function, of in ((mel_spectrogram, MelSpectrogramTransform), (mfcc, MFCCTransform)):
        shown = inspect.signature(function).parameters
        expected = inspect.signature(of).parameters
        assert list(shown) == ["x", "spectrogram", *expected]
        assert all(shown[name].default == p.default for name, p in expected.items())
        inspect.signature(function).bind(np.ones(9), sample_rate=8000, f_max=3000.0)


def test_filters_beyond_half_the_sample_rate_are_silent():
    levels = mel_spectrogram(noise(3000), **SIZES, f_max=float(RATE), output_scale="linear")
    centres = MelSpectrogramTransform(**SIZES, f_max=float(RATE)).frequencies_hz
    assert centres[-1] > RATE / 2
    weights = melscale_fbanks(513, 0.0, float(RATE), 40, RATE)
    powers = MelSpectrogramTransform(**SIZES).spectrogram(noise(3000))
    np.testing.assert_allclose(levels, weights.T @ powers, rtol=1e-10)
    assert not levels[-1].any() and levels[0].all()


def test_refuses_signals_without_a_frame():
    with pytest.raises(ValueError, match=r"x .* must have at least one sample"):
        mel_spectrogram([], **SIZES)
    with pytest.raises(ValueError, match=r"x .* must have at least 1024 samples"):
        mfcc(np.ones(1023), **SIZES, center=False)


def test_input_stays():
    signal = noise(3000)
    before = signal.copy()
    mel = mel_spectrogram(signal, **SIZES, output_scale="linear")
    np.testing.assert_array_equal(signal, before)
    copy = mel.copy()
    MFCCTransform(**SIZES).from_mel(mel)
    np.testing.assert_array_equal(mel, copy)


SCALES = [
    {"output_scale": "linear"},
    {"output_scale": "db", "top_db": None},
    {"output_scale": "db", "top_db": 20.0},
    *({"output_scale": "log", "log_mode": mode, "log_amin": 0.5} for mode in ("clamp", "add")),
    {"output_scale": "log", "log_mode": "log1p", "log_multiplier": 10.0},
]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
def test_the_derivative_is_that_of_the_spectrogram(scale, power, pad_mode):
    parameters = {**SIZES, "n_fft": 256, "hop_length": 100, "n_mels": 12, "normalized": "window"}
    transform = MelSpectrogramTransform(
        **parameters, **scale, power=power, center_pad_mode=pad_mode
    )
    rng = np.random.default_rng(2)
    signal = rng.standard_normal(900) * np.logspace(0, -1.5, 900)
    mel, pullback = transform.linearized(signal)
    np.testing.assert_allclose(mel, transform(signal), rtol=1e-12)
    weights = rng.standard_normal(mel.shape)
    gradient = pullback(weights)
    for step in (*rng.standard_normal((3, 900)), *np.eye(900)[[0, 5, 450, 899]]):
        ahead, behind = transform(signal + 1e-6 * step), transform(signal - 1e-6 * step)
        expected = np.vdot(weights, ahead - behind) / 2e-6
        tolerance = 1e-6 * np.linalg.norm(gradient) * np.linalg.norm(step)
        np.testing.assert_allclose(gradient @ step, expected, rtol=0, atol=tolerance)
    other = rng.standard_normal(mel.shape)
    np.testing.assert_allclose(pullback(weights + 3 * other), gradient + 3 * pullback(other))


def test_levels_out_of_range_go_with_the_maximum_and_raised_ones_stay():
    levels = MelSpectrogramTransform(**SIZES, top_db=30.0)
    mel, pullback = levels.linearized(noise(3000))
    raised, loudest = mel <= mel.max() - 30, mel == mel.max()
    assert raised.any() and loudest.sum() == 1
    np.testing.assert_allclose(pullback(1.0 * raised), raised.sum() * pullback(1.0 * loudest))
    clamped = LogMelSpectrogramTransform(**SIZES, log_amin=1.0)
    mel, pullback = clamped.linearized(noise(3000))
    raised = mel == 0
    assert raised.any() and not raised.all()
    np.testing.assert_array_equal(pullback(1.0 * raised), 0)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_derivatives_keep_the_precision_and_those_of_silence_are_none(scale, power, kind):
    transform = MelSpectrogramTransform(**SIZES, **scale, power=power)
    mel, pullback = transform.linearized(noise(3000, kind=kind))
    assert mel.dtype == kind and pullback(np.ones_like(mel)).dtype == kind
    exact = transform.linearized(noise(3000))[1]
    expected = exact(np.ones(mel.shape))
    assert np.linalg.norm(pullback(np.ones_like(mel)) - expected) < 0.01 * np.linalg.norm(expected)
    with scipy.fft.set_workers(2):
        np.testing.assert_array_equal(exact(np.ones(mel.shape)), expected)
    mel, pullback = transform.linearized(np.zeros(3000, kind))
    np.testing.assert_array_equal(mel, transform(np.zeros(3000, kind)))
    np.testing.assert_array_equal(pullback(np.ones_like(mel)), 0)


def test_derivatives_are_of_one_channel():
    with pytest.raises(ValueError, match=r"shape=\(2, 3000\) must be one channel"):
        MelSpectrogramTransform(**SIZES).linearized(noise(2, 3000))
    with pytest.raises(ValueError, match=r"x .* must have at least one sample"):
        MelSpectrogramTransform(**SIZES).linearized([])


def test_defaults():
    mel, coefficients = MelSpectrogramTransform(), MFCCTransform()
    assert (mel.sample_rate, mel.n_fft, mel.hop_length, mel.n_mels) == (24000, 2048, 240, 128)
    assert (mel.norm, mel.mel_scale, mel.power, mel.output_scale) == (None, "htk", 2.0, "db")
    assert LogMelSpectrogramTransform().output_scale == "log"
    assert (coefficients.sample_rate, coefficients.n_mfcc) == (22050, 20)
    assert coefficients(np.ones(513)).shape == (20, 2)
    assert mel.filterbank is MelSpectrogramTransform().filterbank


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_rate": 0}, "sample_rate=0 must be an integer of at least 1"),
        ({"n_fft": 0}, "n_fft=0 must be an integer of at least 1"),
        ({"hop_length": 0}, "hop_length=0 must be"),
        ({"win_length": 2049}, "win_length=2049 must be"),
        ({"n_mels": 0}, "n_mels=0 must be"),
        ({"f_min": 12000.0}, "f_min=12000.0 < f_max=12000.0"),
        ({"f_min": 12000.0, "f_max": 13000.0}, "f_min < sample_rate / 2=12000.0"),
        ({"power": 0.0}, "power=0.0 must be finite and above 0"),
        ({"norm": "l2"}, "norm='l2' must be one of"),
        ({"mel_scale": "mel"}, "mel_scale='mel' must be one of"),
        ({"top_db": -80.0}, "top_db=-80.0 must be at least 0"),
        ({"output_scale": "log10"}, "output_scale='log10' must be one of"),
        ({"log_amin": 0.0}, "log_amin=0.0 must be finite and above 0"),
        ({"log_mode": "max"}, "log_mode='max' must be one of"),
        ({"log_multiplier": -1.0}, "log_multiplier=-1.0 must be finite and above 0"),
        ({"mode": "batch"}, "mode='batch' must be one of"),
        ({"window_fn": "round"}, "window_fn='round'"),
        ({"center_pad_mode": "edge"}, "center_pad_mode='edge' must be one of"),
        ({"center_tail_pad": "none"}, "center_tail_pad='none' must be one of"),
        ({"power": "2"}, "power='2' must be"),
        ({"power": None}, "power=None must be"),
        ({"top_db": [80]}, r"top_db=\[80\] must be a finite number"),
        ({"f_min": [0]}, r"f_min=\[0\] must be a finite number"),
        ({"f_max": "high"}, "f_max='high' must be a finite number"),
        ({"norm": ["slaney"]}, r"norm=\['slaney'\] must be one of"),
        ({"window_fn": ["hann"]}, r"window_fn=\['hann'\]"),
        ({"center": 1}, "center=1 must be True or False"),
        ({"n_mels": True}, "n_mels=True must be an integer"),
        ({"normalized": "energy"}, "normalized='energy' must be one of"),
    ],
)
def test_mel_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        MelSpectrogramTransform(**change)


def test_refuses_what_is_no_signal_and_no_flag():
    transform = MFCCTransform(**SIZES)
    for wrong in (np.ones(2000) * 1j, None, "signal"):
        for function in (transform, transform.mel, transform.mel.scaled):
            arguments = (wrong, "db") if function == transform.mel.scaled else (wrong,)
            with pytest.raises(ValueError, match="must hold real numbers"):
                function(*arguments)
    with pytest.raises(ValueError, match="to_db='no' must be True or False"):
        transform.mel(np.ones(2000), to_db="no")


def test_numpy_numbers_count_as_numbers():
    signal = noise(3000)
    ours = MFCCTransform(
        n_mels=np.int8(127), n_mfcc=np.uint8(5), n_fft=np.int16(1024), hop_length=np.int16(300),
        lifter=np.int8(100), top_db=np.float32(60),
    )  # fmt: skip
    plain = MFCCTransform(n_mels=127, n_mfcc=5, n_fft=1024, hop_length=300, lifter=100, top_db=60.0)
    np.testing.assert_array_equal(ours(signal), plain(signal))
    third = MelSpectrogramTransform(power=np.float32(3), **SIZES)
    np.testing.assert_array_equal(third(signal), mel_spectrogram(signal, power=3, **SIZES))


def test_unknown_parameters_are_refused():
    for function in (mel_spectrogram, mfcc):
        with pytest.raises(TypeError, match=rf"^{function.__name__}\(\) got .* 'fmax'"):
            function(np.ones(100), fmax=8000.0)
    with pytest.raises(TypeError, match="output_scale"):
        LogMelSpectrogramTransform(output_scale="db")


@pytest.mark.parametrize("gradient", [3.0, np.ones((2, 2)), "text", None])
def test_gradients_have_the_shape_of_the_values(gradient):
    transform = MelSpectrogramTransform(8000, n_fft=64, n_mels=8)
    _, pullback = transform.linearized(np.ones(100))
    with pytest.raises(ValueError, match=r"^gradient "):
        pullback(gradient)
