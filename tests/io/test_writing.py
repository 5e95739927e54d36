"""What users rely on when audio goes out: it comes back, or nothing is written."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import soundfile as sf

from musisep.io import writing
from musisep.io.files import AudioFileError, check_encoding, headroom_gain, read, write


def noise(*shape, peak=0.9):
    return np.random.default_rng(0).uniform(-peak, peak, shape)


def refused_write(path, audio, match, sample_rate=8000, **options):
    """Write `path`, which must fail and leave nothing behind."""
    before = sorted(path.parent.iterdir())
    with pytest.raises(ValueError, match=match):
        write(path, audio, sample_rate, **options)
    assert sorted(path.parent.iterdir()) == before


LOSSY = {"x.ogg": "VORBIS", "x.opus": "OPUS", "x.mp3": "MPEG_LAYER_III"}


# Round trips


@pytest.mark.parametrize("sample_rate", [8000, 44100, 192000])
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1001), (5, 300), (2, 65536), (1, 65537)])
def test_float_wav_is_exact(tmp_path, shape, sample_rate):
    audio = noise(*shape, peak=3.0)
    write(tmp_path / "x.wav", audio, sample_rate)
    back, rate = read(tmp_path / "x.wav")
    assert rate == sample_rate
    assert back.dtype == np.float64
    assert back.flags.c_contiguous
    np.testing.assert_array_equal(back, audio.astype(np.float32))


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("x.wav", "PCM_16", 2**-15),
        ("x.wav", "PCM_24", 2**-23),
        ("x.wav", "DOUBLE", 0),
        ("x.flac", "PCM_16", 2**-15),
        ("x.flac", "PCM_24", 2**-23),
        ("x.aiff", "FLOAT", 2**-24),
        ("x.au", "PCM_16", 2**-15),
        ("x.caf", "PCM_24", 2**-23),
        ("x.w64", "FLOAT", 2**-24),
        ("x.rf64", "FLOAT", 2**-24),
    ],
)
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_lossless_round_trip(tmp_path, name, subtype, tolerance, channels):
    audio = noise(channels, 700, peak=1.0)
    write(tmp_path / name, audio, 48000, subtype=subtype)
    back, rate = read(tmp_path / name)
    assert rate == 48000
    np.testing.assert_allclose(back, audio, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("x.ogg", "VORBIS"), ("x.opus", "OPUS"), ("x.mp3", "MPEG_LAYER_III")],
)
@pytest.mark.parametrize("samples", [1, 1152, 70001])
def test_lossy_formats_keep_length_and_sound(tmp_path, name, subtype, samples):
    tone = 0.5 * np.sin(2 * np.pi * 440 / 48000 * np.arange(samples))
    audio = np.stack([tone, -tone])
    write(tmp_path / name, audio, 48000, subtype=subtype)
    back, rate = read(tmp_path / name)
    assert rate == 48000
    assert back.shape == audio.shape
    if samples > 5000:
        assert np.corrcoef(back[0, 2000:-2000], tone[2000:-2000])[0, 1] > 0.95
        assert np.corrcoef(back[1, 2000:-2000], tone[2000:-2000])[0, 1] < -0.95


def harmonics(samples, sample_rate, peak):
    time = np.arange(samples) / sample_rate
    rng = np.random.default_rng(1)
    tones = sum(np.sin(2 * np.pi * 220 * n * time + n * n) / n for n in range(1, 12))
    swelling = tones * (1 + 0.5 * np.sin(2 * np.pi * 3 * time))
    audio = np.stack([swelling, swelling[::-1]]) + 0.1 * rng.standard_normal((2, samples))
    return peak * audio / np.abs(audio).max()


@pytest.mark.parametrize("quality", [0.3, None, 1])
@pytest.mark.parametrize("sample_rate", [16000, 48000])
@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_keep_place_and_level(tmp_path, name, sample_rate, quality):
    audio = harmonics(2 * sample_rate + 17, sample_rate, 1.0)
    write(tmp_path / name, audio, sample_rate, subtype=LOSSY[name], quality=quality)
    back, _ = read(tmp_path / name)
    assert back.shape == audio.shape
    middle = audio[:, 1000:-1000]
    shifted = {lag: np.roll(back, lag, 1)[:, 1000:-1000] for lag in range(-9, 10)}
    assert max(shifted, key=lambda lag: np.vdot(middle, shifted[lag])) == 0
    assert abs(np.vdot(audio, back) / np.vdot(audio, audio) - 1) < 0.06
    assert abs(10 * np.log10(np.vdot(back, back) / np.vdot(audio, audio))) < 0.3


@pytest.mark.parametrize("quality", [0, 0.1])
@pytest.mark.parametrize("name", LOSSY)
def test_the_lowest_quality_keeps_the_length(tmp_path, name, quality):
    write(tmp_path / name, noise(20001), 48000, subtype=LOSSY[name], quality=quality)
    assert read(tmp_path / name)[0].shape == (1, 20001)


@pytest.mark.parametrize("name", LOSSY)
def test_quality_is_size_and_sound(tmp_path, name):
    audio = harmonics(48000, 48000, 0.8)
    sizes, errors = [], []
    for quality in (0, 0.25, 0.5, 1):
        write(tmp_path / name, audio, 48000, subtype=LOSSY[name], quality=quality)
        sizes.append((tmp_path / name).stat().st_size)
        errors.append(np.square(read(tmp_path / name)[0] - audio).sum())
    assert sizes == sorted(sizes) and len(set(sizes)) == 4
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("name", LOSSY)
def test_same_samples_are_same_bytes_in_lossy_formats(tmp_path, name):
    # libsndfile gives each stream of Ogg a random number.
    content = set()
    for _ in range(3):
        write(tmp_path / name, noise(2, 70000), 48000, subtype=LOSSY[name])
        content.add((tmp_path / name).read_bytes())
        assert read(tmp_path / name)[0].shape == (2, 70000)
    assert len(content) == 1


def test_70_seconds_of_vorbis_do_not_crash_the_interpreter(tmp_path):
    # libsndfile 1.2.2 overflows its stack when it gets them in one call.
    code = """
        import sys, numpy as np
        from musisep.io.files import read, write
        write(sys.argv[1], np.zeros(70 * 8000 * 6), 48000, subtype="VORBIS")
        assert read(sys.argv[1])[0].shape == (1, 70 * 8000 * 6)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "long.ogg")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_one_axis_is_one_channel_and_input_is_not_changed(tmp_path):
    audio = noise(100)
    before = audio.copy()
    write(tmp_path / "x.wav", audio, 8000)
    assert read(tmp_path / "x.wav")[0].shape == (1, 100)
    np.testing.assert_array_equal(audio, before)


def test_non_contiguous_float32(tmp_path):
    audio = noise(100, 2).astype(np.float32).T[:, ::2]
    write(tmp_path / "x.wav", audio, 8000)
    np.testing.assert_array_equal(read(tmp_path / "x.wav")[0], audio)


@pytest.mark.parametrize("name", ["细 ű & x.wav", "naïve ♫.flac", "it's.ogg", "UPPER.WAV"])
def test_names_and_missing_folders(tmp_path, name):
    path = tmp_path / "новая папка" / "deep" / name
    subtype = {".flac": "PCM_16", ".ogg": "VORBIS"}.get(path.suffix, "FLOAT")
    write(str(path), noise(50), 8000, subtype=subtype)
    assert read(str(path))[0].shape == (1, 50)
    assert [entry.name for entry in path.parent.iterdir()] == [name]


@pytest.mark.parametrize("name", ["x.wav", "x.aiff"])
def test_same_samples_are_same_bytes(tmp_path, name):
    # libsndfile stores the time of writing in the PEAK chunk of floating point files.
    write(tmp_path / name, noise(2, 50), 8000)
    data = (tmp_path / name).read_bytes()
    chunk = data.index(b"PEAK")
    assert data[chunk + 12 : chunk + 16] == bytes(4)
    np.testing.assert_array_equal(read(tmp_path / name)[0], noise(2, 50).astype(np.float32))


def test_only_the_peak_chunk_is_blanked(tmp_path):
    # A PCM file has no such chunk, but its samples may spell the word.
    audio = np.frombuffer(b"PEAK" + b"\1\2" * 20, dtype="<i2") / 2**15
    write(tmp_path / "x.wav", audio, 8000, subtype="PCM_16")
    np.testing.assert_allclose(read(tmp_path / "x.wav")[0][0], audio, rtol=0, atol=2**-15)


def test_wav_beyond_4_gb_becomes_rf64(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "MAX_WAV_BYTES", 1000)
    write(tmp_path / "small.wav", noise(250), 8000)
    write(tmp_path / "large.wav", noise(251), 8000)
    assert sf.info(tmp_path / "small.wav").format == "WAV"
    assert sf.info(tmp_path / "large.wav").format == "RF64"
    assert read(tmp_path / "large.wav")[0].shape == (1, 251)


# Writing that must not happen


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("x.wav", "PCM_16"),
        ("x.flac", "PCM_24"),
        ("x.ogg", "VORBIS"),
        ("x.mp3", "MPEG_LAYER_III"),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_clipping_is_refused(tmp_path, name, subtype, sign):
    audio = np.array([0.0, 1.25 * sign, 0.5])
    match = f"peak=1.25 clips in {subtype} above 1; multiply by headroom_gain, or write FLOAT"
    refused_write(tmp_path / name, audio, match, subtype=subtype)
    write(tmp_path / name, audio / 1.25, 8000, subtype=subtype)


def test_float_that_would_overflow_is_refused(tmp_path):
    refused_write(tmp_path / "x.wav", np.array([1e39]), r"peak=1e\+39 clips in FLOAT")
    write(tmp_path / "x.wav", np.array([1e39]), 8000, subtype="DOUBLE")


def test_not_finite_is_not_written(tmp_path):
    audio = np.array([[0, 0, 0], [0, np.nan, 0]])
    refused_write(tmp_path / "x.wav", audio, "x.wav': audio: channel 1, sample 1 is nan")


def test_formats_and_subtypes(tmp_path):
    one = np.zeros(10)
    refused_write(tmp_path / "x.m4a", one, r"suffix='.m4a' must be one of .wav, .flac, .ogg")
    refused_write(tmp_path / "x", one, r"suffix='' must be one of")
    match = "x.flac': subtype='FLOAT' must be one of PCM_S8, PCM_16, PCM_24"
    refused_write(tmp_path / "x.flac", one, match)
    refused_write(tmp_path / "x.ogg", one, "must be one of VORBIS, OPUS", subtype="PCM_16")
    refused_write(tmp_path / "x.wav", one, "subtype='pcm' must be one of PCM_16", subtype="pcm")


def test_what_a_codec_cannot_hold(tmp_path):
    layer3 = {"subtype": "MPEG_LAYER_III"}
    match = "MP3 MPEG_LAYER_III cannot hold channels=1 at sample_rate=96000: .*48000"
    refused_write(tmp_path / "x.mp3", np.zeros(9), match, sample_rate=96000, **layer3)
    match = "cannot hold channels=5 at sample_rate=48000: it has 2 channels at most; choose another"
    refused_write(tmp_path / "x.mp3", np.zeros((5, 9)), match, sample_rate=48000, **layer3)

    match = "cannot hold channels=9 at sample_rate=8000: it has 8 channels at most"
    refused_write(tmp_path / "x.flac", np.zeros((9, 9)), match, subtype="PCM_16")
    match = "OPUS cannot hold .* at sample_rate=44100: Opus only .* 24000, and 48000; "
    refused_write(tmp_path / "x.opus", np.zeros(9), match, sample_rate=44100, subtype="OPUS")
    with pytest.raises(ValueError, match=match):
        check_encoding(tmp_path / "x.opus", 1, 44100, "OPUS")
    check_encoding(tmp_path / "x.opus", 1, 48000, "OPUS")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", LOSSY)
def test_what_libsndfile_lacks_is_one_line(tmp_path, monkeypatch, name):
    monkeypatch.setattr(sf, "available_subtypes", lambda container: {})
    match = (
        rf"{name}': libsndfile [\d.]+ cannot write {LOSSY[name]}; update it, or choose wav, flac, "
    )
    refused_write(tmp_path / name, np.zeros(9), match, subtype=LOSSY[name])
    with pytest.raises(ValueError, match=match):
        check_encoding(tmp_path / name, 1, 48000, LOSSY[name])


@pytest.mark.parametrize("quality", [-0.1, 1.1, np.nan, "best", True])
def test_qualities_that_there_are_not(tmp_path, quality):
    refused_write(tmp_path / "x.ogg", np.zeros(9), "quality=", subtype="VORBIS", quality=quality)


def test_lossless_formats_have_no_quality(tmp_path):
    match = "quality=1 is for ogg, opus, mp3 only; leave it out"
    refused_write(tmp_path / "x.flac", np.zeros(9), match, subtype="PCM_16", quality=1)


@pytest.mark.parametrize("sample_rate", [7999, 192001, 44100.5, None])
def test_write_checks_the_rate(tmp_path, sample_rate):
    match = f"sample_rate={sample_rate} must be a whole number from 8000 to 192000 Hz"
    refused_write(tmp_path / "x.wav", np.zeros(9), match, sample_rate=sample_rate)


def test_write_checks_the_array(tmp_path):
    path = tmp_path / "x.wav"
    refused_write(path, np.zeros((2, 2, 9)), r"audio.shape=\(2, 2, 9\) must be \(channel, sample\)")
    refused_write(path, np.zeros((2, 0)), r"audio.shape=\(2, 0\) .* at least one sample")
    refused_write(path, np.zeros((900, 2)), r"audio.shape=\(900, 2\) .* \(is it transposed\?\)")
    refused_write(path, np.zeros(9, np.int16), "audio.dtype=int16 must be real floating point")
    refused_write(path, np.zeros(9, complex), "audio.dtype=complex128 must be real")


# Atomicity


@pytest.mark.parametrize("stage", ["SoundFile", "fsync", "replace"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt, MemoryError, OSError(28, "No space left")])
def test_failure_keeps_the_old_file_and_leaves_nothing(wav, monkeypatch, stage, failure):
    before = wav.read_bytes()

    def fail(*_args, **_options):
        raise failure

    where = {"SoundFile": (sf.SoundFile, "write")}.get(stage, (os, stage))
    monkeypatch.setattr(*where, fail)
    expected = AudioFileError if isinstance(failure, OSError) else failure
    with pytest.raises(expected) as caught:
        write(wav, noise(100), 8000)
    if expected is AudioFileError:
        message = str(caught.value)
        assert message.startswith(f"{str(wav)!r} cannot be written: No space left; ")
        assert len(message.splitlines()) == 1
    assert wav.read_bytes() == before
    assert list(wav.parent.iterdir()) == [wav]


def test_overwrites(wav):
    write(wav, noise(2, 5), 16000)
    assert read(wav)[0].shape == (2, 5)
    assert list(wav.parent.iterdir()) == [wav]


def test_folder_that_cannot_be_written(wav, tmp_path):
    with pytest.raises(AudioFileError, match=r"'.*x.wav' cannot be written: .*; choose another"):
        write(wav / "x.wav", noise(5), 8000)  # "take.wav" is no folder
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(AudioFileError, match=r"folder.wav' cannot be written: .*; choose another"):
        write(tmp_path / "folder.wav", noise(5), 8000)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder.wav", "take.wav"]


@pytest.mark.skipif(os.name != "posix", reason="needs resource limits")
@pytest.mark.parametrize("room", ["no room", "no room for the end"])
@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("x.wav", "FLOAT"),
        ("x.flac", "PCM_16"),
        ("x.ogg", "VORBIS"),
        ("x.opus", "OPUS"),
        ("x.mp3", "MPEG_LAYER_III"),
    ],
)
def test_full_disk(tmp_path, name, subtype, room):
    # libsndfile does not tell when closing a compressed file fails.
    write(tmp_path / name, noise(70000), 48000, subtype=subtype)
    size = (tmp_path / name).stat().st_size
    (tmp_path / name).unlink()
    code = """
        import resource, sys, numpy as np
        from musisep.io.files import AudioFileError, write
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
        audio = np.random.default_rng(0).uniform(-0.9, 0.9, 70000)
        try:
            write(sys.argv[1], audio, 48000, subtype=sys.argv[2])
        except AudioFileError as error:
            print(error)
    """
    limit = "0" if room == "no room" else str(size - 1000)
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / name), subtype, limit]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{name}' cannot be written: File too large; " in done.stdout
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")
    assert list(tmp_path.iterdir()) == []


# Gain


def test_headroom_gain_is_common_and_writable(tmp_path):
    signals = [noise(2, 100, peak=0.5), -3.7 * np.ones(5), np.zeros(0)]
    assert headroom_gain(signals, "FLOAT") == 1.0
    assert headroom_gain(signals[:1], "PCM_16") == 1.0
    assert headroom_gain([], "PCM_16") == 1.0
    gain = headroom_gain(iter(signals), "PCM_16")
    assert gain == pytest.approx(1 / 3.7)
    write(tmp_path / "x.wav", gain * signals[1], 8000, subtype="PCM_16")


@pytest.mark.parametrize("wrong", [3, None, np.array(3), ["x"], [None]])
def test_headroom_gain_names_what_is_no_signal(wrong):
    with pytest.raises(ValueError, match="signals"):
        headroom_gain(wrong, "FLOAT")


def test_headroom_gain_never_rounds_above_full_scale():
    peaks = 1 + 9 * np.random.default_rng(1).random(2000)
    assert all(headroom_gain([np.array([peak])], "PCM_16") * peak <= 1 for peak in peaks)
