"""The examples of mlx-spectro's document in NumPy, and what each of its names gives."""

import numpy as np
import pytest
from coming_from.documented import all_names, check_signature, importable
from coming_from.pages import check_names, check_places, code_in_page

from musisep import audio as core
from musisep.audio import mel
from musisep.compat import mlx_spectro
from musisep.compat.mlx_spectro import (
    LogMelSpectrogramTransform,
    MelSpectrogramTransform,
    MFCCTransform,
    SpectralTransform,
)

DOCUMENTED = importable("mlx_spectro")
AUDIO = np.random.default_rng(0).standard_normal((2, 44100)).astype(np.float32)
LENGTH = AUDIO.shape[-1]
CLOSE = {"rtol": 0, "atol": 1e-5}


def spectrum_of(signal, window, hop, pad_mode="reflect", tail=None):
    """[frame, frequency] of one signal: cut out, windowed and transformed, frame by frame."""
    n = len(window)
    padded = np.pad(signal.astype(float), (n // 2, n // 2 if tail is None else tail), mode=pad_mode)
    starts = range(0, len(padded) - n + 1, hop)
    return np.stack([np.fft.rfft(window * padded[start : start + n]) for start in starts])


def hann(n):
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)


# Names and page


def test_there_are_as_many_names_as_in_the_document():
    assert len(DOCUMENTED) == 52 and len(all_names("mlx_spectro")) == 58


@pytest.mark.parametrize("name", DOCUMENTED)
def test_names_and_parameters_are_the_documented_ones(name):
    check_signature("mlx_spectro", name, DOCUMENTED[name])


def test_the_public_names_are_the_documented_ones():
    assert set(mlx_spectro.__all__) == {name for name in DOCUMENTED if "." not in name}


def test_every_documented_name_has_its_place():
    check_names("mlx_spectro", all_names("mlx_spectro"))
    check_places("mlx_spectro")


def test_the_code_of_the_page_runs():
    (code,) = code_in_page("mlx_spectro")
    found = {"audio": AUDIO, "T": LENGTH}
    exec(code, found)
    np.testing.assert_allclose(found["reconstructed"], AUDIO, **CLOSE)
    assert found["mel_db"].shape == (2, 128, 184)


# Examples


def test_spectrum_and_back():
    transform = SpectralTransform(n_fft=2048, hop_length=512, window_fn="hann")
    spec = transform.stft(AUDIO)
    assert spec.shape == (2, 1025, 87) and spec.dtype == np.complex64
    np.testing.assert_allclose(spec[1].T, spectrum_of(AUDIO[1], hann(2048), 512), atol=1e-3)
    reconstructed = transform.istft(spec, length=LENGTH)
    assert reconstructed.shape == AUDIO.shape and reconstructed.dtype == np.float32
    np.testing.assert_allclose(reconstructed, AUDIO, **CLOSE)


def test_quick_start():
    transform = SpectralTransform(n_fft=2048, hop_length=512, window_fn="hann")
    audio = AUDIO[:1]
    spec = transform.stft(audio, output_layout="bnf")
    assert spec.shape == (1, 87, 1025)
    reconstructed = transform.istft(spec, length=44100, input_layout="bnf")
    np.testing.assert_allclose(reconstructed, audio, **CLOSE)


def test_mel_levels_as_of_torchaudio():
    mel_transform = MelSpectrogramTransform(
        sample_rate=24000, n_fft=2048, hop_length=240, n_mels=128, top_db=80.0,
        mode="torchaudio_compat",
    )  # fmt: skip
    audio = AUDIO * np.array([[1e-6], [1.0]], np.float32)
    mel_db = mel_transform(audio)
    assert mel_db.shape == (2, 128, 184)
    assert mel_db.min() == np.float32(mel_db.max() - 80)
    assert np.all(mel_db[0] == mel_db.min())


def test_natural_logarithm_of_mel():
    log_mel = LogMelSpectrogramTransform(
        sample_rate=16000, n_fft=2048, hop_length=512, n_mels=256, f_min=30.0, f_max=8000.0,
        power=1.0, norm="slaney", mel_scale="htk", center_pad_mode="constant", log_amin=1e-5,
        log_mode="clamp",
    )  # fmt: skip
    mel_log = log_mel(AUDIO)
    magnitudes = np.abs(spectrum_of(AUDIO[0], hann(2048), 512, "constant"))
    bank = mlx_spectro.melscale_fbanks(
        1025, 30.0, 8000.0, 256, 16000, norm="slaney", mel_scale="htk"
    )
    assert mel_log.shape == (2, 256, 87)
    np.testing.assert_allclose(
        mel_log[0].T, np.log(np.maximum(magnitudes @ bank, 1e-5)), rtol=0, atol=1e-4
    )


def test_cepstrum():
    mfcc_transform = MFCCTransform(
        sample_rate=16000, n_mfcc=13, n_fft=400, hop_length=160, n_mels=40
    )
    coeffs = mfcc_transform(AUDIO)
    assert coeffs.shape == (2, 13, 276)
    levels = MelSpectrogramTransform(
        sample_rate=16000, n_fft=400, hop_length=160, n_mels=40, norm="slaney", mel_scale="slaney"
    )(AUDIO)
    cosines = mlx_spectro.dct_matrix(13, 40)
    assert cosines.shape == (13, 40)
    np.testing.assert_allclose(coeffs, cosines @ levels, rtol=0, atol=1e-3)
    np.testing.assert_array_equal(mfcc_transform.mfcc(AUDIO[0]), coeffs[0])


def test_silent_ends():
    transform = SpectralTransform(
        n_fft=2048, hop_length=512, window_fn="hann", center=True, center_pad_mode="constant",
        center_tail_pad="symmetric",
    )  # fmt: skip
    expected = spectrum_of(AUDIO[0], hann(2048), 512, "constant")
    np.testing.assert_allclose(transform.stft(AUDIO[0])[0].T, expected, atol=1e-3)


def test_no_extra_frame_at_the_end():
    window = np.hanning(8192).astype(np.float32)
    transform = SpectralTransform(
        n_fft=8192, hop_length=4410, win_length=8192, window=window, periodic=False, center=True,
        center_pad_mode="constant", center_tail_pad="minimal",
    )  # fmt: skip
    spec = transform.stft(AUDIO)
    assert spec.shape == (2, 4097, 10)
    expected = spectrum_of(AUDIO[0], window, 4410, "constant", tail=4096)[:10]
    np.testing.assert_allclose(spec[0].T, expected, atol=2e-3)
    found = transform.istft(spec, length=LENGTH)
    np.testing.assert_allclose(found[:, :43500], AUDIO[:, :43500], rtol=0, atol=1e-3)
    assert not found[:, 9 * 4410 + 4096 :].any()  # behind the last window
    with pytest.raises(ValueError, match="length=None must be given"):
        transform.istft(spec)


def test_compiled_loop():
    t = SpectralTransform(n_fft=1024, hop_length=256, window_fn="hann")
    stft, istft = t.compiled_pair(length=44100, warmup_batch=2)
    for chunk in (AUDIO, -AUDIO):
        z = stft(chunk)
        assert z.shape == (2, 173, 513)
        np.testing.assert_allclose(istft(0.5 * z), 0.5 * chunk, **CLOSE)


# What else is documented


def test_a_batch_axis_is_added():
    transform = SpectralTransform(512, 128)
    spec = transform.stft(AUDIO[0])
    assert spec.shape == (1, 257, 345)
    assert transform.istft(spec).shape == (1, 344 * 128)
    assert transform.istft(spec[0]).shape == (344 * 128,)
    mel_transform = MelSpectrogramTransform()
    assert mel_transform(AUDIO[0]).shape == (1, 128, 184)
    assert mel_transform.spectrogram(AUDIO[0]).shape == (1, 1025, 184)
    assert LogMelSpectrogramTransform()(AUDIO[0]).shape == (1, 128, 184)


def test_compiled_and_differentiable_names_do_what_the_others_do():
    transform = SpectralTransform(512, 128)
    spec = transform.stft(AUDIO)
    for found in (
        transform.stft_compiled(AUDIO),
        transform.get_compiled_stft()(AUDIO),
        transform.differentiable_stft(AUDIO).swapaxes(-1, -2),
    ):
        np.testing.assert_array_equal(found, spec)
    back = transform.istft(spec, LENGTH)
    for found in (
        transform.istft_compiled(spec, length=LENGTH),
        transform.get_compiled_istft(length=LENGTH)(spec),
        transform.differentiable_istft(spec.swapaxes(-1, -2), LENGTH),
    ):
        np.testing.assert_array_equal(found, back)
    one = transform.differentiable_istft(spec[0].T, length=LENGTH)
    np.testing.assert_array_equal(one, back[:1])


def test_gradients_go_back_as_the_docstrings_tell():
    transform = SpectralTransform(16, 4)
    rng = np.random.default_rng(1)
    signal, direction = rng.standard_normal((2, 1, 60))
    spec = transform.differentiable_stft(signal)
    weights = rng.standard_normal(spec.shape) + 1j * rng.standard_normal(spec.shape)
    by_signal = transform.transform.stft_adjoint(weights, 60, input_layout="bnf")
    change = transform.differentiable_stft(signal + direction) - spec
    np.testing.assert_allclose(np.sum(by_signal * direction), np.vdot(weights, change).real)
    adjoint = transform.transform.istft_adjoint
    by_spectrum = adjoint(direction, output_layout="bnf", safety="off")
    back = transform.differentiable_istft(weights, 60)
    np.testing.assert_allclose(np.vdot(by_spectrum, weights).real, np.sum(back * direction))


def test_warming_up_returns_nothing_and_takes_options():
    transform = SpectralTransform(64, 16)
    assert transform.warmup() is None
    assert transform.prewarm_kernels(batch=2) is None
    assert transform.prewarm_compiled(batch=2, length=300, safety="off", validate=False) is None
    with pytest.raises(TypeError, match="safty"):
        transform.prewarm_compiled(safty="off")


@pytest.mark.parametrize(
    "options",
    [
        {"safety": "strict"},
        {"long_mode_strategy": "fast"},
        {"backend_policy": "cuda"},
        {"validate": 1},
        {"torch_like": None},
        {"allow_fused": "yes"},
    ],
)
def test_options_of_the_inverse_must_have_documented_values(options):
    transform = SpectralTransform(64, 16)
    spec = transform.stft(AUDIO[0, :500])
    (name,) = options
    with pytest.raises(ValueError, match=name):
        transform.istft(spec, **options)


def test_samples_under_no_window_are_silent_or_refused_as_by_torch():
    transform = SpectralTransform(512, 128, center=False)
    spec = transform.stft(AUDIO[:, :4096])
    found = transform.istft(spec, 6000)
    assert not found[:, 0].any() and not found[:, 4096:].any()
    np.testing.assert_allclose(found[:, 64:4032], AUDIO[:, 64:4032], rtol=0, atol=1e-4)
    np.testing.assert_array_equal(transform.istft(spec, 6000, torch_like=True, safety="off"), found)
    for safety in ("auto", "always"):
        with pytest.raises(ValueError, match="sample 0 of length=6000 lies under no window"):
            transform.istft(spec, 6000, torch_like=True, safety=safety)


def test_a_window_may_be_that_of_a_whole_frame():
    window = np.hanning(512)
    transform = SpectralTransform(512, 128, win_length=300, window=window)
    expected = SpectralTransform(512, 128, window=window).stft(AUDIO)
    np.testing.assert_array_equal(transform.stft(AUDIO), expected)


def test_backends_are_known_by_name():
    for policy in (None, "auto", "mlx_fft", "metal", "torch_fallback"):
        SpectralTransform(64, 16, istft_backend_policy=policy)
    with pytest.raises(ValueError, match="istft_backend_policy='cuda'"):
        SpectralTransform(64, 16, istft_backend_policy="cuda")


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_levels_are_of_powers_whatever_they_were_made_of(power):
    transform = MelSpectrogramTransform(power=power, top_db=None)
    linear = transform.mel_spectrogram(AUDIO, to_db=False)
    np.testing.assert_array_equal(linear, transform(AUDIO, "linear"))
    np.testing.assert_allclose(transform(AUDIO), 10 * np.log10(linear), rtol=0, atol=1e-4)
    np.testing.assert_array_equal(transform(AUDIO, to_db=True), transform(AUDIO))


@pytest.mark.parametrize("mode", ["mlx_native", "default"])
def test_levels_are_limited_signal_by_signal(mode):
    audio = AUDIO * np.array([[1e-6], [1.0]], np.float32)
    levels = MelSpectrogramTransform(mode=mode)(audio)
    for level, signal in zip(levels, audio, strict=True):
        np.testing.assert_array_equal(level, MelSpectrogramTransform(mode=mode)(signal)[0])


def test_scales_and_modes_must_be_documented_ones():
    for name in ("mode", "output_scale", "log_mode"):
        with pytest.raises(ValueError, match=f"{name}='log1p'"):
            MelSpectrogramTransform(**{name: "log1p"})
    with pytest.raises(ValueError, match="must not both be given"):
        MelSpectrogramTransform()(AUDIO, "db", to_db=True)
    with pytest.raises(TypeError, match="output_scale"):
        LogMelSpectrogramTransform(output_scale="db")


def test_features_are_those_of_the_core_with_the_documented_defaults():
    settings = {"sample_rate": 22050, "n_fft": 2048, "hop_length": 512}
    own = {
        "mfcc": {"n_mfcc": 20, "lifter": 0, "dct_norm": "ortho"},
        "onset_strength": {"n_mels": 128, "center_pad_mode": "reflect", "lag": 1},
        "onset_strength_multi": {"n_mels": 128, "center_pad_mode": "reflect", "top_db": 80.0},
        "chroma_stft": {"n_chroma": 12, "norm": 2, "tuning": 0.0},
        "spectral_centroid": {"win_length": None},
        "spectral_bandwidth": {"p": 2.0},
        "spectral_rolloff": {"roll_percent": 0.85},
        "spectral_contrast": {"n_bands": 6, "fmin": 200.0, "quantile": 0.02},
    }
    rows = {"mfcc": (20,), "onset_strength": (), "onset_strength_multi": (128,)}
    rows |= {"chroma_stft": (12,), "spectral_contrast": (7,)}
    for name, options in own.items():
        found = getattr(mlx_spectro, name)(AUDIO)
        np.testing.assert_array_equal(found, getattr(core, name)(AUDIO, **settings, **options))
        assert found.shape == (2, *rows.get(name, (1,)), 87)
        alone = getattr(mlx_spectro, name)(AUDIO[0])
        np.testing.assert_array_equal(alone, found[0])


def test_limits_are_those_of_the_document():
    chroma = mlx_spectro.chroma_stft(AUDIO, norm=-np.inf)
    np.testing.assert_allclose(chroma.min(axis=1), 1)
    high = MelSpectrogramTransform(f_max=13000.0, output_scale="linear")
    bank = mlx_spectro.melscale_fbanks(1025, 0.0, 13000.0, 128, 24000)
    np.testing.assert_allclose(high(AUDIO), bank.T @ high.spectrogram(AUDIO), rtol=1e-4)


def test_frames_of_the_waveform():
    for name in ("rms", "zero_crossing_rate"):
        found = getattr(mlx_spectro, name)(AUDIO, frame_length=1024, hop_length=256)
        assert found.shape == (2, 1, 173) and getattr(mlx_spectro, name)(AUDIO[0]).ndim == 2
    frame = AUDIO[0, 5120 - 512 : 5120 + 512].astype(float)
    levels = mlx_spectro.rms(AUDIO[0], frame_length=1024, hop_length=256)
    np.testing.assert_allclose(levels[0, 20], np.sqrt(np.mean(frame**2)), rtol=1e-6)
    negative = frame < 0
    rate = mlx_spectro.zero_crossing_rate(AUDIO[0], frame_length=1024, hop_length=256)[0, 20]
    assert rate == pytest.approx(np.sum(negative[1:] != negative[:-1]) / 1024)


def test_bundles_keep_the_order_in_which_they_are_asked_for():
    include = ("spectral_rolloff", "mfcc", "chroma_stft")
    found = mlx_spectro.spectral_features(AUDIO[0], include=include)
    transform = mlx_spectro.SpectralFeatureTransform(include=include)
    assert list(found) == list(include) == list(transform.extract(AUDIO[0]))
    for name in include:
        np.testing.assert_array_equal(found[name], getattr(mlx_spectro, name)(AUDIO[0]))


def test_transforms_are_kept_unless_their_window_is_given():
    options = {"n_fft": 64, "hop_length": 16, "win_length": 64, "window_fn": "hann"}
    options |= {"periodic": True, "center": True, "normalized": False}
    mlx_spectro.reset_cache_debug_stats()
    first = mlx_spectro.get_transform_mlx(window=None, **options)
    assert mlx_spectro.get_transform_mlx(window=None, **options) is first
    own = mlx_spectro.get_transform_mlx(window=np.hanning(64), **options)
    assert mlx_spectro.get_transform_mlx(window=np.hanning(64), **options) is not own
    counts = mlx_spectro.get_cache_debug_stats(reset=True)["transform_cache"]
    assert (counts["hits"], counts["misses"], counts["currsize"]) == (1, 1, 1)
    assert mlx_spectro.get_cache_debug_stats()["transform_cache"]["hits"] == 0
    assert mlx_spectro.get_transform_mlx(window=None, **options) is not first


def test_windows_and_sizes():
    window = mlx_spectro.make_window(None, "hamming", 4, 6, True)
    np.testing.assert_allclose(window, [0, 0.08, 0.54, 1, 0.54, 0])
    assert mlx_spectro.resolve_fft_params(512, None, None, 0) == (512, 128, 512)
    assert mlx_spectro.resolve_fft_params(512, None, 530, 16) == (544, 128, 530)
    with pytest.raises(ValueError, match="win_length=545 must be at most n_fft=544"):
        mlx_spectro.resolve_fft_params(512, None, 545, 16)


def test_the_last_bin_of_filters_is_at_a_whole_number_of_hz():
    odd = mlx_spectro.melscale_fbanks(129, 0.0, 4000.0, 20, 11025)
    np.testing.assert_array_equal(odd, mel.melscale_fbanks(129, 0.0, 4000.0, 20, 11024))
    bins_hz = np.linspace(0, 11025 // 2, 129)
    mels = np.linspace(0, 2595 * np.log10(1 + 4000 / 700), 22)
    corners_hz = 700 * (10 ** (mels / 2595) - 1)
    expected = np.interp(bins_hz, corners_hz[4:7], [0, 1, 0])
    np.testing.assert_allclose(odd[:, 4], expected, atol=1e-12)


def test_levels():
    powers = np.array([[[1e-12, 1.0]], [[100.0, 1.0]]])
    shared = mlx_spectro.amplitude_to_db(powers, top_db=30.0)
    np.testing.assert_allclose(shared, [[[-10, 0]], [[20, 0]]], atol=1e-12)
    alone = mlx_spectro.amplitude_to_db(powers, top_db=30.0, mode="per_example")
    np.testing.assert_allclose(alone, [[[-30, 0]], [[20, 0]]], atol=1e-12)
    magnitudes = mlx_spectro.amplitude_to_db(powers, stype="magnitude", ref_value=10.0)
    np.testing.assert_allclose(magnitudes, [[[-60, -20]], [[20, -20]]], atol=1e-12)


def test_there_is_one_device():
    assert mlx_spectro.spec_mlx_device_key() == "cpu"


def test_compiling_ahead_takes_the_options_of_the_inverse():
    mlx_spectro.SpectralTransform(64, 16).prewarm_compiled(input_layout="bnf")


def test_ragged_signals_are_named():
    with pytest.raises(ValueError, match="x must be an array of numbers"):
        mlx_spectro.SpectralTransform(64, 16).stft([[1.0, 2.0], [3.0]])
