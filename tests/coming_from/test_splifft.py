"""What each name of splifft's core gives, against the core called directly or the formula."""

from types import SimpleNamespace

import numpy as np
import pytest
from coming_from.documented import all_names, check_signature, importable
from coming_from.pages import check_names, check_places, code_in_page

from musisep.audio import chunks as core_chunks
from musisep.audio import cqt as core_cqt
from musisep.audio.mel import MelSpectrogramTransform
from musisep.audio.stft import SpectralTransform
from musisep.compat import splifft

DOCUMENTED = importable("splifft")
RNG = np.random.default_rng(0)
MIXTURE = RNG.standard_normal((2, 5000)) + 0.1
SAMPLE_RATE = 8000
MEL = {"sample_rate": SAMPLE_RATE, "n_fft": 256, "hop_length": 64, "n_mels": 30}
CQT = {"sr": SAMPLE_RATE, "hop_length": 64, "fmin": 220.0, "fmax": None, "n_bins": 24}
CQT |= {"gamma": 0.0, "center": True}
HARMONIC = CQT | {"harmonics": (1, 2), "bins_per_semitone": 1, "center_bins": False}
STFT = SimpleNamespace(
    n_fft=128, hop_length=32, win_length=128, window_shape="hann", conv_dtype=None
)
MASKING = SimpleNamespace(add_sub_dtype=None, out_dtype=None)


def joined(pairs):
    return pairs[..., 0] + 1j * pairs[..., 1]


# Names and page


def test_there_are_as_many_names_as_in_the_document():
    assert len(DOCUMENTED) == 41 and len(all_names("splifft")) == 64


@pytest.mark.parametrize("name", DOCUMENTED)
def test_names_and_parameters_are_the_documented_ones(name):
    check_signature("splifft", name, DOCUMENTED[name])


def test_the_public_names_are_the_documented_ones():
    assert set(splifft.__all__) == {name for name in DOCUMENTED if "." not in name}


def test_every_documented_name_has_its_place():
    check_names("splifft", all_names("splifft"))
    check_places("splifft")


def test_the_code_of_the_page_runs():
    (code,) = code_in_page("splifft")
    found = {"mixture": MIXTURE, "model": lambda batch: np.stack([batch, -batch], axis=1)}
    exec(code, found)
    assert found["stems"].shape == (2, 2, 5000)
    np.testing.assert_allclose(found["stems"][0], MIXTURE)


# Pieces


def test_audio_is_normalized_and_back():
    normalized = splifft.normalize_audio(splifft.Audio(MIXTURE, SAMPLE_RATE))
    mono = MIXTURE.mean(axis=0)
    assert normalized.stats == splifft.NormalizationStats(mono.mean(), mono.std(ddof=1))
    assert normalized.audio.sample_rate == SAMPLE_RATE
    expected = (MIXTURE - mono.mean()) / mono.std(ddof=1)
    np.testing.assert_allclose(normalized.audio.data, expected)
    back = splifft.denormalize_audio(audio_data=normalized.audio.data, stats=normalized.stats)
    np.testing.assert_allclose(back, MIXTURE)
    with pytest.raises(ValueError, match="must be a Audio"):
        splifft.normalize_audio(MIXTURE)


@pytest.mark.parametrize("mode", ["reflect", "constant", "replicate"])
def test_chunks_are_cut_and_stitched(mode):
    sizes = {"chunk_size": 400, "hop_size": 100}
    batches = list(
        splifft.generate_chunks(audio_data=MIXTURE, batch_size=8, padding_mode=mode, **sizes)
    )
    ours = core_chunks.generate_chunks(MIXTURE, batch_size=8, padding_mode=mode, **sizes)
    for batch, wanted in zip(batches, ours, strict=True):
        np.testing.assert_array_equal(batch, wanted)
    stems = splifft.stitch_chunks(
        [np.stack([batch, 2 * batch], axis=1) for batch in batches],
        num_stems=2, target_num_samples=5000, window=np.hanning(402)[1:-1], **sizes,
    )  # fmt: skip
    np.testing.assert_allclose(stems, np.stack([MIXTURE, 2 * MIXTURE]))


@pytest.mark.parametrize("mode, first", [("keep_first", 0), ("keep_last", 1)])
def test_sequences_are_split_and_aggregated(mode, first):
    sequence = RNG.standard_normal((50, 3))
    pieces, starts = splifft.split_sequence_tensor(sequence, 20, trim_margin=2)
    assert starts == [-2, 14, 30, 32] and all(piece.shape == (20, 3) for piece in pieces)
    options = {"trim_margin": 2, "overlap_mode": mode}
    found = splifft.aggregate_sequence_chunks(pieces, starts, 55, 20, **options)
    np.testing.assert_array_equal(found, np.concatenate([sequence, np.zeros((5, 3))]))
    logits = [np.zeros((1, 2, 6)), np.ones((1, 2, 6))]
    found = splifft.aggregate_logits(logits, [0, 2], 9, 6, 2, trim_margin=1, overlap_mode=mode)
    expected = [-1000, 0, 0, first, first, 1, 1, -1000, -1000]
    np.testing.assert_array_equal(found, [expected, expected])


def test_logits_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"chunks of shape=\(1, 2, 6\) must be \[batch"):
        splifft.aggregate_logits([np.zeros((1, 2, 6))], [0], 9, 6, 3)


def test_one_axis_is_padded():
    found = splifft.pad_dim(np.ones((2, 3)), dim=-2, pad=(1, 2), value=0.5)
    np.testing.assert_array_equal(found, [[0.5] * 3, [1] * 3, [1] * 3, [0.5] * 3, [0.5] * 3])
    with pytest.raises(ValueError, match="pad=-1"):
        splifft.pad_dim(np.ones(3), dim=0, pad=(-1, 0))
    with pytest.raises(ValueError, match="dim=1 must be an axis"):
        splifft.pad_dim(np.ones(3), dim=1, pad=(1, 0))


# Spectra and features


@pytest.mark.parametrize(
    "normalized, ours",
    [(True, "window"), ("window", "window"), ("frame_length", "frame_length"), (False, False)],
)
def test_log_mel_spectrograms(normalized, ours):
    spect = splifft.LogMelSpect(**MEL, normalized=normalized, log_multiplier=10.0)
    linear = MelSpectrogramTransform(
        **MEL, mel_scale="slaney", normalized=ours, power=1.0, output_scale="linear"
    )(MIXTURE)
    found = spect.forward(MIXTURE)
    assert found.shape == (2, 1, 30, 79)
    np.testing.assert_allclose(found[:, 0], np.log1p(10.0 * linear))
    np.testing.assert_array_equal(spect(MIXTURE[None])[0], found[:, 0])
    np.testing.assert_array_equal(spect.spect_class(MIXTURE), linear)
    assert spect.log_multiplier == 10.0


def test_log_magnitudes():
    spectrum = np.array([[3 + 4j, 0], [10, 1e-9]])
    expected = [[20 * np.log10(5), -160], [20, -160]]
    pairs = np.stack([spectrum.real, spectrum.imag], axis=-1)
    np.testing.assert_allclose(splifft.to_log_magnitude(pairs), expected)
    np.testing.assert_allclose(splifft.to_log_magnitude(spectrum), expected)
    np.testing.assert_allclose(splifft.to_log_magnitude(np.array([1.0, -10, 1])), [0, 20, 0])
    assert splifft.to_log_magnitude(pairs, epsilon=1.0).min() == 0


def test_constant_q_kernels_are_of_the_wanted_type():
    options = {"Q": 17.0, "fs": SAMPLE_RATE, "fmin": 220.0, "n_bins": 12, "bins_per_octave": 12}
    wanted = core_cqt.create_cqt_kernels(**options)
    kinds = {np.float32: np.complex64, np.float64: np.complex128}
    for kind, pairs in kinds.items():
        found = splifft.create_cqt_kernels(**options, fmax=100.0, device="cpu", dtype=kind)
        kernels, width, roots, frequencies = found
        assert (kernels.dtype, roots.dtype, frequencies.dtype) == (pairs, kind, kind)
        assert width == kernels.shape[1] and roots.shape == (12, 1)
        for part, ours in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(part, np.asarray(ours).astype(np.asarray(part).dtype))


def test_constant_q_transforms_have_real_and_imaginary_parts():
    transform = splifft.CQT(**(CQT | {"fmax": 100.0}), bins_per_octave=12)
    wanted = transform.transform(MIXTURE)
    assert isinstance(transform.transform, core_cqt.CQT) and transform.n_bins == 24
    found = transform(MIXTURE)
    assert found.shape == (2, 24, 79, 2)
    np.testing.assert_array_equal(joined(found), wanted)
    np.testing.assert_array_equal(transform.forward(MIXTURE[:, None]), found)
    np.testing.assert_array_equal(transform(MIXTURE[0]), found[:1])
    with pytest.raises(ValueError, match=r"x of shape=\(1, 2, 5000\) must be"):
        transform(MIXTURE[None])


def test_harmonic_constant_q_transforms_stand_side_by_side():
    transform = splifft.HarmonicCQT(**HARMONIC)
    found = transform(MIXTURE)
    assert found.shape == (2, 2, 24, 79, 2)
    assert len(transform.cqt_kernels) == 2
    for layer, kernels in enumerate(transform.cqt_kernels):
        np.testing.assert_allclose(found[:, layer], kernels(MIXTURE), atol=1e-10)
    np.testing.assert_array_equal(transform.forward(MIXTURE[0]), found[:1])


def test_extractors():
    mono = MIXTURE[:, None]
    identity = splifft.create_sequence_feature_extractor(None, sample_rate=SAMPLE_RATE)
    assert (identity.hop_length_samples, identity.stage_name) == (1, "sequence_features")
    np.testing.assert_array_equal(identity.forward(mono), MIXTURE[..., None])

    config = SimpleNamespace(
        kind="mel", **MEL, f_min=0.0, f_max=None, mel_scale="slaney", normalized="frame_length",
        power=1.0, log_multiplier=1000.0,
    )  # fmt: skip
    mel = splifft.create_sequence_feature_extractor(config, sample_rate=1, device="cpu")
    assert (mel.hop_length_samples, mel.stage_name) == (64, "mel")
    expected = splifft.LogMelSpect(**MEL)(MIXTURE)[:, 0].swapaxes(1, 2)
    np.testing.assert_array_equal(mel(mono), expected)

    config = SimpleNamespace(
        kind="cqt", hop_size_ms=8.0, log_epsilon=0.1, fmin=220.0, fmax=None, n_bins=24, gamma=0.0,
        center=True, harmonics=(1, 2), bins_per_semitone=1, center_bins=False,
    )  # fmt: skip
    cqt = splifft.create_sequence_feature_extractor(config, sample_rate=SAMPLE_RATE)
    assert (cqt.hop_length_samples, cqt.stage_name, cqt.log_epsilon) == (64, "cqt", 0.1)
    magnitudes = np.abs(joined(splifft.HarmonicCQT(**HARMONIC)(MIXTURE)))
    found = cqt(mono)
    assert found.shape == (2, 79, 48)
    expected = 20 * np.log10(np.maximum(magnitudes, 0.1))
    np.testing.assert_allclose(found[..., 24:], expected[:, 1].swapaxes(1, 2))

    for extractor in (identity, mel, cqt):
        with pytest.raises(ValueError, match=r"must be \[batch, 1, sample\]"):
            extractor(MIXTURE[None])
    with pytest.raises(ValueError, match="kind='stft'"):
        splifft.create_sequence_feature_extractor(SimpleNamespace(kind="stft"), sample_rate=1)


# Models


def test_masks_are_complex():
    spectrum, mask = RNG.standard_normal((2, 3, 4, 2))
    found = splifft.apply_mask(spectrum, mask, None, None)
    np.testing.assert_allclose(joined(found), joined(spectrum) * joined(mask))
    halves = splifft.apply_mask(spectrum, mask, np.float64, np.float16)
    np.testing.assert_array_equal(halves, found.astype(np.float16))
    coarse = splifft.apply_mask(spectrum, mask, np.float16, np.float64)
    assert coarse.dtype == np.float64 and 0 < np.abs(coarse - found).max() < 1e-2
    with pytest.raises(ValueError, match="mask_batch of shape"):
        splifft.apply_mask(spectrum, mask[..., :1], None, None)


def test_stems_are_derived_in_order():
    rules = {
        "rest": SimpleNamespace(operation="subtract", stem_name="mixture", by_stem_name="voice"),
        "again": SimpleNamespace(operation="sum", stem_names=("rest", "voice")),
    }
    found = splifft.derive_stems({"voice": 0.25 * MIXTURE}, MIXTURE, rules)
    assert list(found) == ["voice", "rest", "again"]
    np.testing.assert_allclose(found["rest"], 0.75 * MIXTURE)
    np.testing.assert_allclose(found["again"], MIXTURE)
    rule = SimpleNamespace(operation="sum", stem_names=("voice", "bass"))
    with pytest.raises(ValueError, match="needs 'bass', but there is only mixture, voice"):
        splifft.derive_stems({"voice": MIXTURE}, MIXTURE, {"both": rule})
    rule = SimpleNamespace(operation="divide")
    with pytest.raises(ValueError, match="operation='divide'"):
        splifft.derive_stems({"voice": MIXTURE}, MIXTURE, {"both": rule})


@pytest.mark.parametrize(
    "name, kind",
    [("float32", np.float32), ("float", np.float32), ("half", np.float16), ("bool", np.bool_)],
)
def test_types_by_their_names_in_torch(name, kind):
    assert splifft.str_to_torch_dtype(name) == kind


def test_types_that_there_are_not():
    for name in ("bfloat16", "stack", "f4"):
        with pytest.raises(ValueError, match=name):
            splifft.str_to_torch_dtype(name)
    with pytest.raises(TypeError, match="value="):
        splifft.str_to_torch_dtype(np.float32)


class Weighted:
    """A model with parameters, as torch's have them."""

    def __init__(self, *parameters):
        self._parameters = parameters

    def parameters(self):
        return iter(self._parameters)

    def __call__(self, x):
        return 2 * x


def test_chunks_have_the_type_of_the_model():
    single = Weighted(np.zeros(2, np.float32), np.zeros(2))
    assert splifft.get_model_floating_dtype(single) == np.float32
    for model in (Weighted(), Weighted(np.zeros(2, int)), np.negative):
        assert splifft.get_model_floating_dtype(model) is None
    whole = np.arange(3)
    moved = splifft.to_model_device(whole, model_device="cpu", model_floating_dtype=np.float32)
    assert moved is whole
    model = splifft.ModelWaveformToWaveform(
        single, lambda chunk: (chunk,), lambda output, chunk: output + chunk,
        io_device="cpu", model_device="cpu",
    )  # fmt: skip
    assert model.model_input_dtype == np.float32
    found = model.forward(MIXTURE[None])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 3 * MIXTURE[None], rtol=1e-6)
    with pytest.raises(ValueError, match="postprocess=None must be a function"):
        splifft.ModelWaveformToWaveform(single, single, None)


def made(model, kind="spectrogram", output="spectrogram_mask", masking=MASKING):
    return splifft.create_w2w_model(
        model, kind, output, STFT, 2, 1000, masking, io_device=None, model_device=None
    )


def test_spectrograms_hold_channels_side_by_side():
    seen = []

    def model(spectrogram):
        seen.append(spectrogram)
        return np.stack([np.ones_like(spectrogram), np.zeros_like(spectrogram)], axis=1)

    chunks = MIXTURE[None, :, :1000]
    made(model)(chunks)
    spectra = SpectralTransform(128, 32).stft(chunks[0])
    for channel in (0, 1):
        np.testing.assert_array_equal(joined(seen[0][0, channel::2]), spectra[channel])


@pytest.mark.parametrize("kind", ["spectrogram", "waveform_and_spectrogram"])
def test_masks_make_stems(kind):
    turned = np.array([0.0, -0.5])  # the mask -0.5i

    def model(spectrogram, *waveform):
        assert len(waveform) == (kind != "spectrogram")
        one = np.broadcast_to([1.0, 0.0], spectrogram.shape)
        return np.stack([one, np.broadcast_to(turned, spectrogram.shape)], axis=1)

    chunks = np.stack([MIXTURE[:, :1000], MIXTURE[:, 1000:2000]])
    found = made(model, kind)(chunks)
    assert found.shape == (2, 2, 2, 1000)
    np.testing.assert_allclose(found[:, 0], chunks, atol=1e-12)
    transform = SpectralTransform(128, 32)
    expected = transform.istft(-0.5j * transform.stft(chunks), 1000)
    np.testing.assert_allclose(found[:, 1], expected, atol=1e-12)


def test_spectrograms_and_anything_else_come_out():
    chunks = MIXTURE[None, :, :1000]
    found = made(lambda x: 2 * x[:, None], output="spectrogram")(chunks)
    np.testing.assert_allclose(found, 2 * chunks[:, None], atol=1e-12)
    logits = made(lambda x: {"beat": x.shape}, output="multi_stream")(chunks)
    assert logits == {"beat": (1, 130, 32, 2)}
    direct = splifft.create_w2w_model(np.negative, "waveform", "waveform", None, 2, 1000, MASKING)
    np.testing.assert_array_equal(direct(chunks), -chunks)


def test_half_precision_is_single_precision():
    halves = SimpleNamespace(add_sub_dtype=np.float16, out_dtype=np.dtype("float16"))
    chunks = MIXTURE[None, :, :1000].astype(np.float32)
    ones = made(lambda x: np.ones_like(x)[:, None], masking=halves)(chunks)
    assert ones.dtype == np.float32
    expected = made(lambda x: np.ones_like(x)[:, None])(chunks)
    np.testing.assert_allclose(ones, expected, atol=1e-5)


def test_models_that_cannot_be_made():
    with pytest.raises(ValueError, match="stft_cfg=None must be given"):
        splifft.create_w2w_model(abs, "spectrogram", "waveform", None, 2, 1000, MASKING)
    with pytest.raises(ValueError, match="model_input_type='waveform' must be a spectrogram"):
        made(abs, "waveform")
    with pytest.raises(ValueError, match="model_output_type='stems'"):
        made(abs, output="stems")


def test_any_value_pads():
    for value in (-np.inf, np.nan, 3):
        found = splifft.pad_dim(np.zeros((2, 3)), dim=1, pad=(1, 2), value=value)
        np.testing.assert_array_equal(found[:, [0, 4, 5]], np.full((2, 3), value))


def test_masks_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"mask_batch of shape=\(2, 3, 2\) must fit spec_for_mask"):
        splifft.apply_mask(np.ones((2, 5, 2)), np.ones((2, 3, 2)), None, None)


def test_models_without_masks_need_no_types_of_masks():
    config = SimpleNamespace(
        n_fft=64, hop_length=16, win_length=64, window_shape="hann", conv_dtype=None
    )
    model = splifft.create_w2w_model(
        lambda spec: spec.sum(axis=-1), "spectrogram", "logits", config, 2, 256, None
    )
    assert model(np.ones((1, 2, 256))).shape[0] == 1
