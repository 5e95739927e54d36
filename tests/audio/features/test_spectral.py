import dataclasses
import inspect
import pickle

import numpy as np
import pytest
import scipy.fft
from peers import librosa

from musisep.audio import features
from musisep.audio.features import SpectralFeatureTransform, spectral_features
from musisep.audio.features.descriptors import chroma
from musisep.audio.features.functions import FrameSettings
from musisep.audio.mel import mfcc

RATE = 22050
NAMES = (
    "chroma_stft",
    "spectral_centroid",
    "spectral_bandwidth",
    "spectral_rolloff",
    "spectral_contrast",
    "mfcc",
)
SMALL = {"n_fft": 512, "hop_length": 200}
ROWS = {"chroma_stft": 12, "spectral_contrast": 7, "mfcc": 20}


def music(*shape: int, kind: type = np.float64) -> np.ndarray:
    """Rising tone and noise that fade by more than the usual 80 dB, with a pause."""
    time = np.arange(shape[-1]) / RATE
    noise = np.random.default_rng(1).standard_normal(shape)
    signal = np.sin(2 * np.pi * (300 + 2000 * time) * time) + 0.01 * noise
    signal[..., shape[-1] // 2 : shape[-1] * 3 // 4] = 0
    return (signal * np.logspace(0, -6, shape[-1])).astype(kind)


def single(name: str, signal, **settings):
    if name == "mfcc":
        return spectral_features(signal, include=(name,), **settings)[name]
    return getattr(features, name)(signal, **settings)


CASES = [
    ("chroma_stft", {}, {"norm": 2}),
    ("chroma_stft", {"norm": np.inf}, {}),
    ("chroma_stft", {"norm": 1}, {"norm": 1}),
    ("chroma_stft", {"norm": None}, {"norm": None}),
    ("chroma_stft", {"norm": -np.inf}, {"norm": -np.inf}),
    ("chroma_stft", {"norm": 0}, {"norm": 0}),
    ("chroma_stft", {"n_chroma": 24, "tuning": 0.3}, {"n_chroma": 24, "norm": 2, "tuning": 0.3}),
    ("spectral_centroid", {}, {}),
    ("spectral_bandwidth", {}, {}),
    ("spectral_bandwidth", {"p": 1.5}, {"p": 1.5}),
    ("spectral_rolloff", {}, {}),
    ("spectral_rolloff", {"roll_percent": 0.3}, {"roll_percent": 0.3}),
    ("spectral_contrast", {}, {}),
    ("spectral_contrast", *2 * ({"n_bands": 3, "fmin": 500.0, "quantile": 0.4},)),
    ("mfcc", {}, {"dtype": np.float64}),
    ("mfcc", *2 * ({"n_mfcc": 13, "n_mels": 40, "lifter": 22},)),
]
SIZES = [
    {"n_fft": 1024, "hop_length": 300},
    {"n_fft": 1023, "hop_length": 100, "win_length": 700},
    {"n_fft": 2048, "hop_length": 512, "center": False},
]


@pytest.mark.parametrize(("name", "ours", "theirs"), CASES)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
def test_equals_librosa(name, ours, theirs, sizes, pad_mode):
    signal = music(6000)
    result = single(name, signal, sample_rate=RATE, center_pad_mode=pad_mode, **sizes, **ours)
    if name == "chroma_stft":
        theirs = {"tuning": 0.0, "dtype": np.float64, **theirs}
    if name == "mfcc":
        theirs = {"dtype": np.float64, **theirs}
    peer = getattr(librosa.feature, name)
    expected = peer(y=signal, sr=RATE, pad_mode=pad_mode, **sizes, **theirs)
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_a_bundle_holds_what_single_functions_return_in_the_order_asked_for():
    signal = music(4000)
    names = ("spectral_rolloff", "mfcc", "chroma_stft", "spectral_centroid")
    bundle = spectral_features(signal, include=names, **SMALL)
    assert tuple(bundle) == names
    for name, values in bundle.items():
        np.testing.assert_allclose(values, single(name, signal, **SMALL), rtol=1e-12)
    np.testing.assert_allclose(bundle["mfcc"], mfcc(signal, **SMALL), rtol=1e-9, atol=1e-9)


def test_a_bundle_passes_every_parameter_on():
    signal = music(3900)  # a multiple of the hop: one frame less with minimal padding
    sizes = {"n_fft": 600, "hop_length": 150, "win_length": 500, "window_fn": "hamming"}
    sizes |= {"sample_rate": 16000, "center_pad_mode": "constant", "center_tail_pad": "minimal"}
    mel = {"n_mfcc": 8, "n_mels": 30, "f_min": 100.0, "f_max": 5000.0, "top_db": 40.0, "lifter": 5}
    bundle = spectral_features(
        signal,
        **sizes,
        **mel,
        n_chroma=10,
        chroma_norm=1,
        tuning=0.2,
        bandwidth_p=3.0,
        roll_percent=0.5,
        n_bands=3,
        contrast_fmin=300.0,
        contrast_quantile=0.1,
        mel_norm=None,
        mel_scale="htk",
        dct_norm=None,
    )
    assert tuple(bundle) == NAMES
    assert bundle["mfcc"].shape == (8, 26)
    expected = {
        "chroma_stft": features.chroma_stft(signal, n_chroma=10, norm=1, tuning=0.2, **sizes),
        "spectral_centroid": features.spectral_centroid(signal, **sizes),
        "spectral_bandwidth": features.spectral_bandwidth(signal, p=3.0, **sizes),
        "spectral_rolloff": features.spectral_rolloff(signal, roll_percent=0.5, **sizes),
        "spectral_contrast": features.spectral_contrast(
            signal, n_bands=3, fmin=300.0, quantile=0.1, **sizes
        ),
        "mfcc": mfcc(signal, norm=None, mel_scale="htk", dct_norm=None, **mel, **sizes),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(bundle[name], values, rtol=1e-9, atol=1e-9)


def test_a_transform_is_the_function_with_its_parameters_kept():
    signal = music(3000)
    transform = SpectralFeatureTransform(include=["mfcc", "spectral_contrast"], **SMALL)
    assert transform.include == ("mfcc", "spectral_contrast")
    expected = spectral_features(signal, include=transform.include, **SMALL)
    for result in (transform(signal), transform.extract(signal)):
        assert list(result) == list(expected)
        for name in result:
            np.testing.assert_array_equal(result[name], expected[name])
    with pytest.raises(dataclasses.FrozenInstanceError):
        transform.n_fft = 3  # type: ignore[misc]


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16])
def test_each_signal_of_a_batch_has_its_own_features(kind):
    batch = (1000 * music(2, 3, 2500)).astype(kind)
    result = spectral_features(batch, **SMALL)
    for name, values in result.items():
        assert values.dtype == (np.float32 if kind == np.float32 else np.float64)
        assert values.shape == (2, 3, ROWS.get(name, 1), 13)
        np.testing.assert_array_equal(values[1, 2], single(name, batch[1, 2], **SMALL))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_spectrograms_give_what_their_signals_give(kind):
    signal = music(2, 60000, kind=kind)
    transform = SpectralFeatureTransform(**SMALL)
    expected, spectra = transform(signal), transform.transform.stft(signal)
    for given in (spectra, np.ascontiguousarray(spectra)):
        for name, values in transform.from_spectrogram(given).items():
            assert values.dtype == kind
            np.testing.assert_array_equal(values, expected[name])
            np.testing.assert_array_equal(single(name, None, spectrogram=given, **SMALL), values)
    with scipy.fft.set_workers(2):
        two = transform.from_spectrogram(spectra)
    for name, values in transform.from_spectrogram(np.abs(spectra)).items():
        np.testing.assert_array_equal(two[name], expected[name])
        # Beside a share that is just reached, rounding moves the rolloff by a bin.
        if name != "spectral_rolloff":
            rtol = 1e-3 if kind == np.float32 else 1e-9
            np.testing.assert_allclose(values, expected[name], rtol=rtol, atol=rtol)


def test_magnitudes_are_meant_for_all_features():
    magnitudes = np.abs(SpectralFeatureTransform(**SMALL).transform.stft(music(3000)))
    found = spectral_features(spectrogram=magnitudes, chroma_norm=None, sample_rate=RATE, **SMALL)
    frames = {"sr": RATE, "n_fft": 512}
    chroma = librosa.feature.chroma_stft(
        S=magnitudes**2, norm=None, tuning=0.0, dtype=np.float64, **frames
    )
    centroid = librosa.feature.spectral_centroid(S=magnitudes, **frames)
    np.testing.assert_allclose(found["chroma_stft"], chroma, rtol=1e-9)
    np.testing.assert_allclose(found["spectral_centroid"], centroid, rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_refuses_what_is_no_spectrogram(name):
    wrong = np.full((257, 3), -1.0)
    with pytest.raises(ValueError, match="spectrogram with a value of -1 must be at least 0"):
        single(name, None, spectrogram=wrong, **SMALL)
    with pytest.raises(ValueError, match=r"spectrogram of shape=\(3, 257\) .* frequencies=257"):
        single(name, None, spectrogram=-wrong.T, **SMALL)
    with pytest.raises(ValueError, match="x and spectrogram must not both be given"):
        single(name, music(600), spectrogram=-wrong, **SMALL)
    with pytest.raises(ValueError, match="x=None must be a signal, unless a spectrogram is given"):
        single(name, None, **SMALL)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_chroma_by_its_minimum_and_by_its_count(kind):
    magnitudes = np.random.default_rng(3).random((257, 4)).astype(kind)
    magnitudes[:, 3] = 0
    energies = features.chroma_stft(spectrogram=magnitudes, norm=None, **SMALL)
    lowest = features.chroma_stft(spectrogram=magnitudes, norm=-np.inf, **SMALL)
    np.testing.assert_allclose(lowest[:, :3], energies[:, :3] / energies[:, :3].min(0), rtol=1e-6)
    counted = features.chroma_stft(spectrogram=magnitudes, norm=0, **SMALL)
    np.testing.assert_allclose(counted, energies / 12, rtol=1e-6)
    assert lowest.dtype == counted.dtype == kind
    assert not lowest[:, 3].any()
    energies = np.array([[3, 0, 0], [1.5, 2, 0], [2, 4, 0]], dtype=kind)
    by_count, by_minimum = (
        chroma(RATE, 512, 3, norm, 0.0).finish(energies) for norm in (0, -np.inf)
    )
    np.testing.assert_array_equal(by_count, (energies / np.array([3, 2, 1])).astype(kind))
    np.testing.assert_array_equal(by_minimum, (energies / np.array([1.5, 1, 1])).astype(kind))
    assert by_count.dtype == by_minimum.dtype == kind


def test_signatures_show_the_parameters():
    frames = [*FrameSettings.__annotations__]
    for name, own in {
        "chroma_stft": ["n_chroma", "norm", "tuning"],
        "spectral_centroid": [],
        "spectral_bandwidth": ["p"],
        "spectral_rolloff": ["roll_percent"],
        "spectral_contrast": ["n_bands", "fmin", "quantile"],
    }.items():
        shown = inspect.signature(getattr(features, name)).parameters
        assert list(shown) == ["x", "spectrogram", *own, *frames]
        assert shown["n_fft"].default == 2048
    transform = list(inspect.signature(SpectralFeatureTransform).parameters)
    assert list(inspect.signature(spectral_features).parameters) == ["x", "spectrogram", *transform]


def test_float32_is_close_to_float64():
    loud, quiet = music(4000), 1e-10 * music(4000)
    for signal in (loud, quiet):
        exact = spectral_features(signal, **SMALL)
        single = spectral_features(signal.astype(np.float32), **SMALL)
        for name, values in exact.items():
            # Dozens of dB below their neighbours, the valleys of float32 spectra are rounding.
            atol = 0.02 if name == "spectral_contrast" else 1e-4 * np.abs(values).max()
            if name != "spectral_rolloff":
                np.testing.assert_allclose(single[name], values, rtol=1e-4, atol=atol)


@pytest.mark.parametrize("length", [1, 2, 400, 3000])
def test_silence_and_short_signals_have_finite_features(length):
    for signal in (np.zeros(length), np.full(length, 0.25)):
        for name, values in spectral_features(signal, **SMALL).items():
            assert values.shape == (ROWS.get(name, 1), 1 + length // 200)
            assert np.isfinite(values).all()
    silence = spectral_features(np.zeros(length), include=NAMES[:-1], **SMALL)
    assert all(not values.any() for values in silence.values())


def test_what_is_not_finite_does_not_look_like_silence():
    signal = music(3000)
    signal[1000] = np.nan
    for values in spectral_features(signal, **SMALL).values():
        assert np.isnan(values[:, 5]).all()


def test_a_pure_tone_is_where_it_is():
    tone = np.sin(2 * np.pi * 441 * np.arange(8000) / RATE)  # almost an A
    result = spectral_features(tone, include=NAMES[:4], window_fn=("kaiser", 12.0), center=False)
    assert (result["chroma_stft"].argmax(0) == 9).all()
    np.testing.assert_allclose(result["spectral_centroid"], 441, rtol=0.01)
    np.testing.assert_allclose(result["spectral_rolloff"], 441, atol=2 * RATE / 2048)
    assert (result["spectral_bandwidth"] < 50).all()


def test_threads_change_nothing():
    signal = music(30000, kind=np.float32)
    one = spectral_features(signal, **SMALL)
    with scipy.fft.set_workers(2):
        two = spectral_features(signal, **SMALL)
    for name in NAMES:
        np.testing.assert_array_equal(one[name], two[name])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"include": ("mfcc", "loudness")}, "Unknown spectral feature 'loudness' in include="),
        ({"include": ()}, r"len\(include\)=0 .* at least 1"),
        ({"sample_rate": 0}, "sample_rate=0 .* at least 1"),
        ({"n_fft": 0}, "n_fft=0 .* at least 1"),
        ({"n_fft": 1}, "n_fft=1 .* at least 2"),
        ({"hop_length": 0}, "hop_length=0 .* at least 1"),
        ({"n_chroma": 0}, "n_chroma=0 .* at least 1"),
        ({"chroma_norm": -1}, "chroma_norm=-1.0 must be 0, at least 0.1, ±inf, or None"),
        ({"chroma_norm": np.nan}, "chroma_norm=nan must be"),
        ({"tuning": np.nan}, "tuning=nan .* finite"),
        ({"bandwidth_p": 0.0}, "bandwidth_p=0.0 .* above 0"),
        ({"roll_percent": 1}, "roll_percent=1 .* below 1"),
        ({"n_bands": 0}, "n_bands=0 .* at least 1"),
        ({"n_bands": 7}, "n_bands=7 .* 6 octaves above, begin below the last bin at 11025.0 Hz"),
        ({"contrast_fmin": 0}, "contrast_fmin=0 .* above 0"),
        ({"contrast_fmin": 5.0}, "contrast_fmin=5.0 must leave a bin to every band"),
        ({"contrast_quantile": 0}, "contrast_quantile=0 .* above 0"),
        ({"n_mfcc": 200}, "n_mfcc=200 .* n_mels=128"),
        ({"include": "mfcc"}, r"include='mfcc' must be several of \('chroma_stft'"),
        ({"include": 5}, "include=5 must be several of"),
        ({"include": [["mfcc"]]}, r"Unknown spectral feature \['mfcc'\]"),
        ({"chroma_norm": "max"}, "chroma_norm='max' must be"),
        ({"chroma_norm": 0.001}, "chroma_norm=0.001 must be 0, at least 0.1"),
        ({"tuning": 1e300}, r"tuning=1e\+300 must be within an octave"),
        ({"bandwidth_p": 300}, "bandwidth_p=300 must be from 0.01 to 30"),
        ({"roll_percent": "85"}, "roll_percent='85' must be"),
        ({"contrast_quantile": None}, "contrast_quantile=None must be"),
        ({"n_bands": 2000}, "n_bands=2000 must let the last band, 1999 octaves above"),
        ({"dct_norm": ["ortho"]}, r"^dct_norm=\['ortho'\] must be one of"),
        ({"window_fn": ["hann"]}, r"window_fn=\['hann'\]"),
        ({"lifter": -1}, "lifter=-1 .* at least 0"),
    ],
)
def test_refuses(parameters, message):
    with pytest.raises(ValueError, match=message):
        SpectralFeatureTransform(**parameters)


def test_a_function_knows_its_own_parameters_only():
    with pytest.raises(TypeError, match=r"spectral_centroid\(\) got .* 'n_chroma'"):
        features.spectral_centroid(music(100), n_chroma=-1)
    with pytest.raises(TypeError, match=r"spectral_rolloff\(\) got .* 'include'"):
        features.spectral_rolloff(music(100), include=("mfcc",))
    with pytest.raises(TypeError, match=r"^spectral_features\(\) got .* 'norm'"):
        spectral_features(music(100), norm=1)


def test_parameters_of_features_that_are_not_wanted_are_not_looked_at():
    include, signal = ("spectral_centroid",), music(100)
    result = spectral_features(signal, include=include, n_bands=99, n_mfcc=200, roll_percent=7)
    np.testing.assert_array_equal(result["spectral_centroid"], features.spectral_centroid(signal))


def test_a_transform_survives_pickle():
    signal = music(3000)
    transform = SpectralFeatureTransform(**SMALL)
    again = pickle.loads(pickle.dumps(transform))
    for name, values in again(signal).items():
        np.testing.assert_array_equal(values, transform(signal)[name])
    with pytest.raises(dataclasses.FrozenInstanceError):
        again.n_fft = 3


def test_numpy_integers_count_as_integers():
    sizes = {"n_fft": 512, "hop_length": 100, "n_bands": 5, "n_chroma": 12, "n_mels": 127}
    ours = spectral_features(music(2000), **{k: np.int16(v) for k, v in sizes.items()})
    for name, values in spectral_features(music(2000), **sizes).items():
        np.testing.assert_array_equal(ours[name], values)


def test_results_are_no_views_of_all_that_was_measured():
    result = spectral_features(music(2000), chroma_norm=None, **SMALL)
    for name in ("chroma_stft", "spectral_centroid"):
        assert result[name].flags.c_contiguous


def test_any_norm_of_chroma_without_overflow():
    signal = music(2000)
    great = features.chroma_stft(signal, norm=300, **SMALL)
    np.testing.assert_allclose(great, features.chroma_stft(signal, norm=np.inf, **SMALL), rtol=0.01)


@pytest.mark.parametrize(("kind", "level"), [(np.float32, 1e30), (np.float64, 1e300)])
def test_too_loud_for_its_precision_is_refused(kind, level):
    with pytest.raises(ValueError, match=r"x has a peak of .* must have .* at most"):
        spectral_features(music(2000, kind=kind) * kind(level), **SMALL)


def test_refuses_short_signals_and_unknown_parameters():
    with pytest.raises(ValueError, match=r"x of shape=\(0,\) must have at least one sample"):
        spectral_features(np.zeros(0))
    with pytest.raises(ValueError, match=r"x .* must have at least 512 samples"):
        features.spectral_centroid(np.zeros(511), n_fft=512, center=False)
    with pytest.raises(TypeError, match="loudness"):
        features.spectral_centroid(np.zeros(9), loudness=3)


@pytest.mark.parametrize("include", [np.array("mfcc"), np.ones(2), "mfcc", 3])
def test_features_are_asked_for_by_several_names(include):
    with pytest.raises(ValueError, match=r"^include=.* must be several of"):
        spectral_features(np.zeros(3000), include=include)
