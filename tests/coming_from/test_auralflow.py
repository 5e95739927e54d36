"""The examples of auralflow's document in NumPy; a dictionary takes the place of networks."""

import inspect
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from coming_from.pages import check_names, check_places, code_in_page, commands_in_page
from duet import REED, SAMPLE_RATE, STRING, duet
from madesets import urmp
from trainable import data_set

import musisep
from musisep.__main__ import main
from musisep.compat import auralflow
from musisep.compat.auralflow import (
    AudioDataset,
    AudioFolder,
    AudioTransform,
    component_loss,
    create_audio_dataset,
    kl_div_loss,
)
from musisep.datasets import find_recordings
from musisep.io.files import read, write
from musisep.learning.given import GivenDictionary
from musisep.metrics import si_sdr
from musisep.multipitch.viterbi import Prices
from musisep.settings import Settings
from musisep.stages import make_stages
from musisep.tones.model import ToneModel

NAMES = Path(__file__).with_name("auralflow.txt").read_text(encoding="utf-8").splitlines()
MODEL = musisep.Dictionary(np.stack([STRING, REED], axis=1))
STEMS = duet()[::-1, None]
"""References [instrument, channel, sample], in the order of the model."""
MIXTURE = STEMS.sum(axis=0)
RATE = 8000


# The page


def test_every_documented_name_has_its_place():
    check_names("auralflow", NAMES)
    check_places("auralflow")


def test_the_code_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("path/to/dataset/train/duet")
    folder.mkdir(parents=True)
    for name, stem in zip(("vocals", "bass"), STEMS, strict=True):
        write(folder / f"{name}.wav", stem, SAMPLE_RATE)
    MODEL.save("my_model.npz")
    (code,) = code_in_page("auralflow")
    found = {}
    exec(code, found)
    assert found["spectrogram"].shape == (1, 513, 174)
    assert found["estimates"].shape == (2, *found["mix_audio"].shape)
    assert si_sdr(found["target_audio"][0], found["estimates"][0]).min() > 15


def test_the_commands_of_the_page_run(tmp_path, monkeypatch, capsys):
    """Those of "Command Line Usage", as the page has them."""
    monkeypatch.chdir(tmp_path)
    data_set(Path("path/to/dataset"), 2)
    write("path/to/audio/artist - track.wav", STEMS.sum(axis=0), SAMPLE_RATE)
    commands = commands_in_page("auralflow")
    assert [command.split()[0] for command in commands] == ["config", "config", "train", "separate"]
    for command in commands:
        assert main([*command.split(), *["--jobs", "1"] * (command.split()[0] != "config")]) == 0
    told = capsys.readouterr().out
    assert "  excerpt_s = 30.0" in told and "  mixtures = 4" in told
    model = Path("path/to/save/my_model")
    made = {"audio", "checkpoint", "config.toml", "dictionary.npz", "evaluation.csv", "images"}
    assert {path.name for path in model.iterdir()} == made
    tracks = {path.name for path in Path("path/to/output/artist - track").iterdir()}
    assert tracks == {"cello.wav", "clarinet.wav", "residual.wav", "separation.json"}


SIGNATURES = {
    AudioFolder: {
        "dataset_path": None, "targets": None, "sample_length": 3, "subset": "train",
        "audio_format": "wav", "sample_rate": 44100, "num_channels": 1, "backend": "soundfile",
    },
    AudioDataset: {
        "dataset": None, "targets": None, "chunk_size": 1, "num_chunks": 10**6,
        "sample_rate": 44100,
    },
    create_audio_dataset: {
        "dataset_path": None, "targets": None, "split": "train", "chunk_size": 1,
        "num_chunks": 10**6, "max_num_tracks": None, "sample_rate": 44100, "mono": True,
    },
    AudioTransform: {
        "num_fft": None, "hop_length": None, "window_size": None, "sample_rate": 44100,
        "device": "cpu",
    },
    AudioTransform.to_spectrogram: {"self": None, "audio": None, "use_padding": True},
    AudioTransform.to_audio: {"self": None, "complex_spec": None},
    AudioTransform.to_mel_scale: {"self": None, "spectrogram": None, "to_db": True},
    AudioTransform.audio_to_mel: {"self": None, "audio": None, "to_db": True},
    AudioTransform.pad_audio: {"self": None, "audio": None},
    component_loss: {"mask": None, "target": None, "residual": None, "alpha": 0.2, "beta": 0.8},
    kl_div_loss: {"mu": None, "sigma": None},
}  # fmt: skip
"""Documented parameters in their order, and their defaults; None also where there is none."""


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: function.__qualname__)
def test_signatures_are_the_documented_ones(function):
    parameters = inspect.signature(function).parameters.values()
    documented = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    defaults = [None if p.default is p.empty else p.default for p in documented]
    found = dict(zip([p.name for p in documented], defaults, strict=True))
    assert list(found.items()) == list(SIGNATURES[function].items())
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters if p not in documented)


def test_every_documented_name_of_data_and_losses_is_there():
    heads = {name.partition(".")[0] for name in NAMES}
    assert set(auralflow.__all__) <= heads
    for function in SIGNATURES:
        documented = [name for name in SIGNATURES[function] if name != "self"]
        if "." not in function.__qualname__:
            assert {f"{function.__name__}.{name}" for name in documented} <= set(NAMES)


# Models


def test_mask_model(tmp_path):
    """SpectrogramMaskModel(load_config(path)).separate(mix_audio)"""
    MODEL.save(tmp_path / "my_model.npz")
    mask_model = musisep.Dictionary.load(tmp_path / "my_model.npz")
    estimates = musisep.separate(MIXTURE, SAMPLE_RATE, dictionary=mask_model)
    assert estimates.stems.shape == (2, *MIXTURE.shape)
    assert si_sdr(STEMS[:, 0], estimates.stems[:, 0]).min() > 15
    np.testing.assert_allclose(estimates.stems.sum(0) + estimates.residual, MIXTURE, atol=1e-12)


@pytest.fixture(scope="module")
def masks():
    """Return a function that takes settings and estimates masks, of the instruments and channels.

    What it returns is the mixture's spectrum, the masks, and the way back.
    """

    def estimate(**options):
        settings = Settings(**options).changed({}, dictionary=MODEL.amplitudes.shape)
        parts = make_stages(settings)
        frames, level, grid = parts.front_end(MIXTURE, SAMPLE_RATE)
        model = ToneModel.on(grid, settings.pexp, settings.qexp)
        learned = GivenDictionary(MODEL.amplitudes, parts.finder)(frames, model)
        tones = parts.finder(frames, learned.dictionary, model, learned.prior)
        voices = parts.voicing(frames, tones, learned.dictionary, model)
        if learned.prior is not None:
            voices = voices.shared(learned.prior, Prices.near_sigmas * model.fsigma)
        if parts.mask.surroundings:
            voices = parts.mask.surroundings(voices, grid)
        transform = parts.mask.transform(grid)
        tones = parts.mask.linear(voices.tones.scaled(level), grid, transform)
        mix_spec = transform.stft(MIXTURE, "bnf")
        shares = parts.mask.share(voices.with_tones(tones), mix_spec, settings.pexp)
        length = MIXTURE.shape[1]
        return (
            mix_spec,
            np.abs(shares) / np.abs(mix_spec),
            lambda spectrum: transform.istft(spectrum, length, input_layout="bnf"),
        )

    return estimate


@pytest.mark.parametrize(
    ("settings", "least"),
    [
        ({"finder": "joint"}, 15),  # SpectrogramNetSimple: each frame by itself
        ({"finder": "viterbi"}, 15),  # SpectrogramNetLSTM: all frames together
        ({"mask": "synthesis"}, 12),  # SpectrogramNetVAE: what a model generates
    ],
)
def test_source_masks(masks, settings, least):
    """source_mask = net(mix_spec); source_estimate = source_mask * mix_spec"""
    mix_spec, source_masks, to_audio = masks(**settings)
    assert source_masks.shape == (2, *mix_spec.shape)
    assert source_masks.min() >= 0
    if "mask" not in settings:
        assert source_masks.sum(axis=0).max() <= 1 + 1e-12
    source_estimates = to_audio(source_masks * mix_spec)
    assert si_sdr(STEMS[:, 0], source_estimates[:, 0]).min() > least
    separation = musisep.separate(MIXTURE, SAMPLE_RATE, dictionary=MODEL, **settings)
    np.testing.assert_allclose(source_estimates, separation.stems, rtol=0, atol=1e-9)


# Losses


def test_component_loss():
    rng = np.random.default_rng(0)
    mask, target, residual = rng.random((3, 16, 512, 173, 1)).astype(np.float32)
    loss_val = component_loss(mask=mask, target=target, residual=residual, alpha=0.2, beta=0.8)
    left = (mask * residual).astype(np.float64)
    shapes = left / np.linalg.norm(left), residual / np.linalg.norm(residual.astype(np.float64))
    noise, shape = np.sum(left**2), np.sum((shapes[0] - shapes[1]) ** 2)
    assert loss_val == pytest.approx((0.2 * noise + 0.8 * shape) / mask.size, rel=1e-5)
    assert loss_val == component_loss(mask, target, residual)
    two = component_loss(mask, target, residual, beta=None)
    damage = np.mean((mask * target - target) ** 2)
    assert two == pytest.approx(0.8 * damage + 0.2 * noise / mask.size, rel=1e-5)


def test_kl_div_loss_and_a_reconstruction():
    rng = np.random.default_rng(0)
    mu, sigma = rng.random((2, 16, 256, 256))
    estimate_spec, target_spec = rng.random((2, 16, 512, 173, 1))
    kl_term = kl_div_loss(mu, sigma)
    recon_term = np.abs(estimate_spec - target_spec).mean()
    loss = kl_term + recon_term
    # Means of uniform numbers: of squares 1/3, of logarithms -1, of differences 1/3.
    assert loss == pytest.approx(mu.size * (1 / 3 + 1 / 3 + 2 - 1) / 2, rel=0.01)
    assert recon_term == pytest.approx(1 / 3, rel=0.01)


# Data sets


@pytest.fixture
def dataset(tmp_path):
    """Four recordings for training and one for testing, of which the vocals are a positive ramp."""
    folder = tmp_path / "path" / "to" / "dataset"
    ramp = (1 + np.arange(4 * RATE)) / (8 * RATE)
    for subset, names in {"train": "dcba", "test": "e"}.items():
        for place, name in enumerate(sorted(names), start=1):
            (folder / subset / name).mkdir(parents=True)
            stereo = np.stack([ramp, ramp / 2]) / place
            write(folder / subset / name / "vocals.wav", stereo, RATE)
            write(folder / subset / name / "bass.wav", -0.25 * stereo, RATE)
    return folder


def test_create_audio_dataset(dataset):
    train_dataset = create_audio_dataset(
        dataset_path=dataset,
        split="train",
        targets=["vocals"],
        chunk_size=3,
        num_chunks=1e5,
        max_num_tracks=2,
        sample_rate=44100,
        mono=True,
    )
    mix_audio, target_audio = next(iter(train_dataset))
    assert mix_audio.shape == (1, 3 * 44100)
    assert target_audio.shape == (1, 1, 3 * 44100)
    np.testing.assert_allclose(mix_audio, 0.75 * target_audio[0], rtol=0, atol=1e-4)
    assert len(train_dataset) == 100_000
    np.testing.assert_array_equal(train_dataset[0][1], target_audio)
    inner = slice(1000, -1000)
    slopes = {
        round(2e6 * np.diff(target_audio[0, 0, inner]).mean() * 44100)
        for _, target_audio in islice(train_dataset, 12)
    }
    assert slopes == {round(2e6 * 0.75 / 8 / place) for place in (1, 2)}
    with pytest.raises(IndexError):
        train_dataset[100_000]


def test_channels_are_kept_without_mono(dataset):
    options = {"split": "test", "sample_rate": RATE, "num_chunks": 2}
    mix_audio, target_audio = create_audio_dataset(
        dataset, ["bass", "vocals"], mono=False, **options
    )[1]
    assert target_audio.shape == (2, 2, RATE)
    np.testing.assert_allclose(target_audio.sum(axis=0), mix_audio, rtol=0, atol=1e-6)
    np.testing.assert_allclose(mix_audio[0], 2 * mix_audio[1], rtol=0, atol=1e-6)


def test_audio_folder(dataset):
    folder = AudioFolder(str(dataset), sample_rate=RATE)
    pairs = list(islice(folder, 5))
    for mixture, targets in pairs:
        assert targets.shape == (1, 1, 3 * RATE)
        np.testing.assert_allclose(mixture, 0.75 * targets[0], rtol=0, atol=1e-6)
    again = AudioFolder(dataset, ["vocals"], 3, "train", "wav", RATE, 1, "soundfile", seed=0)
    np.testing.assert_array_equal([t for _, t in pairs], [t for _, t in islice(again, 5)])
    other = next(iter(AudioFolder(dataset, sample_rate=RATE, seed=1)))
    assert not np.array_equal(other[1], pairs[0][1])
    (pair,) = islice(AudioFolder(dataset, ["bass"], 1, "test", num_channels=2), 1)
    assert pair[1].shape == (1, 2, 44100)
    assert pair[1].max() < 0.01 < -pair[1].min()


def test_audio_dataset_takes_recordings(dataset):
    recordings = find_recordings(dataset / "train")[2:3]
    chunks = AudioDataset(recordings, ["vocals"], chunk_size=4, num_chunks=2, sample_rate=RATE)
    whole, _ = read(dataset / "train" / "c" / "vocals.wav")
    assert len(list(chunks)) == 2
    for mixture, targets in chunks:
        np.testing.assert_allclose(targets[0], whole, rtol=0, atol=1e-7)
        np.testing.assert_allclose(mixture, 0.75 * whole, rtol=0, atol=1e-7)


def test_other_layouts(tmp_path):
    urmp(tmp_path / "train")
    folder = AudioFolder(tmp_path, ["cello"], 0.5, sample_rate=RATE, layout="urmp")
    mixture, targets = next(iter(folder))
    assert mixture.shape == (1, RATE // 2) and targets.shape == (1, 1, RATE // 2)
    (tmp_path / "set.csv").write_text(
        "track,file,role,split\na,train/01_Jupiter_vn_vn_vc/AuSep_3_vc_01_Jupiter.wav,low,train\n"
    )
    dataset = create_audio_dataset(tmp_path / "set.csv", ["low"], num_chunks=2, sample_rate=RATE)
    mixture, targets = dataset[0]
    np.testing.assert_allclose(targets[0], mixture, rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="layout='tree' must be one of"):
        create_audio_dataset(tmp_path, ["cello"], layout="tree")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"backend": "sox"}, r"backend='sox' must be one of \('soundfile',\)"),
        ({"subset": "valid"}, r"valid' is no folder that can be read"),
        ({"subset": ""}, r"subset='' must be a path"),
        ({"targets": ["drums"]}, r"targets: there is no 'drums', but only"),
        ({"sample_length": -1}, r"sample_length=-1 must be finite and above 0"),
        ({"num_channels": 0}, r"num_channels=0 must be an integer of at least 1"),
    ],
)
def test_what_an_audio_folder_cannot_do_is_refused(dataset, options, match):
    with pytest.raises((ValueError, OSError), match=match) as caught:
        AudioFolder(dataset, **options)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"num_chunks": 1.5}, r"num_chunks=1.5 must be a whole number"),
        ({"num_chunks": 0}, r"num_chunks=0 must be"),
        ({"chunk_size": 0}, r"chunk_size=0 must be finite and above 0"),
        ({"max_num_tracks": 0}, r"max_num_tracks=0 must be an integer"),
        ({"split": ""}, r"split='' must be a path"),
        ({"mono": 2}, r"mono=2 must be True or False"),
    ],
)
def test_what_a_data_set_cannot_do_is_refused(dataset, options, match):
    with pytest.raises(ValueError, match=match):
        create_audio_dataset(dataset, ["vocals"], **options)


# Transforms


@pytest.fixture(scope="module")
def transform():
    return AudioTransform(num_fft=1024, hop_length=768, window_size=1024, sample_rate=44100)


@pytest.fixture(scope="module")
def mix_audio():
    return np.random.default_rng(0).uniform(-1, 1, (4, 1, 22050))


def test_audio_transform(transform, mix_audio):
    spectrogram = transform.to_spectrogram(mix_audio)
    assert spectrogram.shape == (4, 1, 513, 1 + -(-22050 // 768))
    frame, window = 3, 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    samples = mix_audio[2, 0, frame * 768 - 512 :][:1024]
    np.testing.assert_allclose(spectrogram[2, 0, :, frame], np.fft.rfft(window * samples))

    mag_spec = np.abs(spectrogram)
    mel_spec = transform.to_mel_scale(mag_spec, to_db=True)
    linear = transform.to_mel_scale(mag_spec, to_db=False)
    assert mel_spec.shape == linear.shape == (4, 1, 128, spectrogram.shape[-1])
    filters = transform.mel.filterbank.matrix
    np.testing.assert_allclose(linear[2, 0, :, frame], mag_spec[2, 0, :, frame] @ filters)
    heard = 20 * np.log10(np.maximum(linear, 1e-10))
    floors = heard.max(axis=(-2, -1), keepdims=True) - 80
    np.testing.assert_allclose(mel_spec, np.maximum(heard, floors), rtol=0, atol=1e-9)

    for to_db, expected in ((True, mel_spec), (False, linear)):
        mel = transform.audio_to_mel(mix_audio, to_db=to_db)
        np.testing.assert_allclose(mel, expected, rtol=0, atol=1e-9)


def test_audio_comes_back_with_its_padding(transform, mix_audio):
    padded = transform.pad_audio(mix_audio)
    assert padded.shape == (4, 1, 29 * 768)
    np.testing.assert_array_equal(padded[..., :22050], mix_audio)
    assert not padded[..., 22050:].any()
    audio = transform.to_audio(transform.to_spectrogram(mix_audio))
    np.testing.assert_allclose(audio, padded, rtol=0, atol=1e-12)
    bare = transform.to_spectrogram(mix_audio, use_padding=False)
    assert bare.shape == (4, 1, 513, 1 + 22050 // 768)
    np.testing.assert_allclose(
        transform.to_audio(bare), mix_audio[..., : 28 * 768], rtol=0, atol=1e-12
    )
    assert transform.pad_audio(np.ones(1536)).shape == (1536,)


@pytest.mark.parametrize("shape", [(16, 10, 17, 1), (16, 882, 1)])
def test_channels_behind_samples_are_refused(transform, shape):
    audio = np.zeros(shape, np.float32)
    for method in (transform.to_spectrogram, transform.audio_to_mel, transform.pad_audio):
        with pytest.raises(
            ValueError, match=r"^audio of shape=\(16, .* must have at least 2 samples"
        ):
            method(audio)
    with pytest.raises(ValueError, match=r"must have at least 2 samples"):
        transform.to_spectrogram(audio, use_padding=False)


def test_what_is_no_magnitude_is_refused(transform, mix_audio):
    spectrogram = transform.to_spectrogram(mix_audio)
    with pytest.raises(ValueError, match="spectrogram of dtype=complex128 must hold real numbers"):
        transform.to_mel_scale(spectrogram)
    with pytest.raises(ValueError, match=r"spectrogram.min\(\)=-.* must be a magnitude"):
        transform.to_mel_scale(np.log(np.abs(spectrogram) / 100))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"device": "cuda"}, r"device='cuda' must be one of \('cpu',\)"),
        ({"num_fft": 0}, "num_fft=0 must be an integer of at least 1"),
        ({"hop_length": 0}, "hop_length=0 must be an integer of at least 1"),
        ({"window_size": 2048}, "window_size=2048 must be at most 1024"),
        ({"sample_rate": 0}, "sample_rate=0 must be an integer of at least 1"),
    ],
)
def test_what_a_transform_cannot_do_is_refused(options, match):
    with pytest.raises(ValueError, match=match):
        AudioTransform(**{"num_fft": 1024, "hop_length": 256, "window_size": 1024, **options})


# Commands


def test_train_and_separate(tmp_path, monkeypatch, capsys):
    """auralflow config, train and separate with --residual --duration 90 --save"""
    monkeypatch.chdir(tmp_path)
    for folder in ("path/to/dataset", "path/to/audio"):
        Path(folder).mkdir(parents=True)
        write(f"{folder}/artist - track name.wav", MIXTURE, SAMPLE_RATE)
    learning = "--restarts 2 --save-dictionary my_model.npz --out learned --quiet"
    assert main(["separate", "path/to/dataset/artist - track name.wav", *learning.split()]) == 0
    assert musisep.Dictionary.load("my_model.npz").instruments == 2

    options = "--dictionary my_model.npz --residual --duration 90 --out path/to/output --quiet"
    assert main(["separate", "path/to/audio", *options.split()]) == 0
    folder = Path("path/to/output/artist - track name")
    stems = {path.name: read(path)[0] for path in folder.glob("*.wav")}
    assert set(stems) == {"instrument1.wav", "instrument2.wav", "residual.wav"}
    np.testing.assert_allclose(sum(stems.values()), MIXTURE, rtol=0, atol=1e-6)
    found = np.concatenate([stems["instrument1.wav"], stems["instrument2.wav"]])
    levels = [si_sdr(STEMS[:, 0], found[order]).min() for order in ([0, 1], [1, 0])]
    assert max(levels) > 12

    options += " --overwrite --duration 0.5"
    assert main(["separate", "path/to/audio", *options.split()]) == 0
    assert read(folder / "residual.wav")[0].shape == (1, SAMPLE_RATE // 2)


@pytest.mark.parametrize(("num_fft", "hop_length"), [(101, 25), (101, 40), (100, 25)])
def test_all_that_was_padded_comes_back(num_fft, hop_length):
    transform = AudioTransform(num_fft, hop_length, num_fft)
    audio = np.random.default_rng(0).standard_normal(1010)
    found = transform.to_audio(transform.to_spectrogram(audio))
    np.testing.assert_allclose(found, transform.pad_audio(audio), rtol=0, atol=1e-12)


def test_sizes_may_be_small_integers_of_numpy():
    padded = AudioTransform(512, np.uint8(200), 512).pad_audio(np.ones(1001))
    assert padded.shape == (1200,)
