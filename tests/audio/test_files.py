"""What users rely on when audio comes in and goes out."""

import os
import re
import struct
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import soundfile as sf

from musisep.audio import files
from musisep.audio.files import AudioFileError, check_finite, headroom_gain, read, resample, write


def noise(*shape, peak=0.9):
    return np.random.default_rng(0).uniform(-peak, peak, shape)


def refused(path, match, **excerpt):
    """Read `path`, which must be refused on one line that names it."""
    with pytest.raises(AudioFileError, match=match) as caught:
        read(path, **excerpt)
    message = str(caught.value)
    assert repr(str(path)) in message
    assert len(message.splitlines()) == 1


def refused_write(path, audio, match, sample_rate=8000, **options):
    """Write `path`, which must fail and leave nothing behind."""
    before = sorted(path.parent.iterdir())
    with pytest.raises(ValueError, match=match):
        write(path, audio, sample_rate, **options)
    assert sorted(path.parent.iterdir()) == before


@pytest.fixture
def wav(tmp_path):
    """A sound WAV file of one second, 16 bit, with the plain header of 44 bytes."""
    path = tmp_path / "take.wav"
    write(path, noise(8000), 8000, subtype="PCM_16")
    return path


def patch(path, offset, content):
    data = bytearray(path.read_bytes())
    data[offset : offset + len(content)] = content
    path.write_bytes(data)


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


def test_70_seconds_of_vorbis_do_not_crash_the_interpreter(tmp_path):
    # libsndfile 1.2.2 overflows its stack when it gets them in one call.
    code = """
        import sys, numpy as np
        from musisep.audio.files import read, write
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
    monkeypatch.setattr(files, "_MAX_WAV_BYTES", 1000)
    write(tmp_path / "small.wav", noise(250), 8000)
    write(tmp_path / "large.wav", noise(251), 8000)
    assert sf.info(tmp_path / "small.wav").format == "WAV"
    assert sf.info(tmp_path / "large.wav").format == "RF64"
    assert read(tmp_path / "large.wav")[0].shape == (1, 251)


def test_suffixes_are_those_that_can_be_read():
    assert {".wav", ".flac", ".ogg", ".mp3"} <= set(files.SUFFIXES)
    assert set(files.FORMATS.values()) <= set(sf.available_formats())


# Excerpts


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.ogg"])
def test_excerpt_is_a_slice(tmp_path, name):
    subtype = {"x.flac": "PCM_24", "x.ogg": "VORBIS"}.get(name, "FLOAT")
    write(tmp_path / name, noise(2, 80000), 8000, subtype=subtype)
    whole, _ = read(tmp_path / name)
    part, _ = read(tmp_path / name, start_s=1.0, duration_s=8.5)
    np.testing.assert_allclose(part, whole[:, 8000:76000], rtol=0, atol=1e-12)
    assert read(tmp_path / name, start_s=9.0, duration_s=100.0)[0].shape == (2, 8000)


def test_excerpt_outside_the_recording(wav):
    with pytest.raises(ValueError, match=r"start_s=1\.0 must be below the length .*take.wav', 1 s"):
        read(wav, start_s=1.0)
    with pytest.raises(ValueError, match=r"start_s=-1 must be a time of at least 0 s"):
        read(wav, start_s=-1)
    with pytest.raises(ValueError, match=r"start_s=nan must"):
        read(wav, start_s=float("nan"))
    with pytest.raises(ValueError, match=r"duration_s=0 must be a time above 0 s"):
        read(wav, duration_s=0)


# Bad input


def test_missing(tmp_path):
    refused(tmp_path / "no.wav", "No such file or directory; check its name")
    refused(tmp_path / ("n" * 300), "name too long; check its name")
    refused(tmp_path / "two\nlines.wav", "No such file")


def test_folder(tmp_path):
    refused(tmp_path, "is a folder; name an audio file")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions and file types")
def test_unreadable(wav, monkeypatch):
    def denied(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(wav), "open", denied)  # root may read whatever its mode says
    refused(wav, "Permission denied; check .* permissions")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions and file types")
def test_fifo_and_device_are_refused_without_waiting(tmp_path):
    code = """
        import sys
        from musisep.audio.files import AudioFileError, read
        try:
            read(sys.argv[1])
        except AudioFileError as error:
            print(error)
    """
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "pipe.wav", "/dev/zero"):
        command = [sys.executable, "-c", textwrap.dedent(code), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        assert "is a pipe or a device; store the audio in a regular file first" in done.stdout


def test_empty(tmp_path):
    (tmp_path / "x.wav").touch()
    refused(tmp_path / "x.wav", r"is empty \(0 bytes\)")
    sf.write(tmp_path / "y.wav", np.zeros((0, 1)), 8000)
    refused(tmp_path / "y.wav", r"is empty \(0 samples\)")


@pytest.mark.parametrize("content", [b"hello world\n" * 50, bytes(5000), b"RIFF", b"\xff" * 99])
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".raw", ""])
def test_not_audio(tmp_path, content, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    refused(path, "is damaged, or no audio that libsndfile knows")


def test_message_about_a_name_of_two_lines_is_one_line(tmp_path):
    (tmp_path / "two\nlines.m4a").write_bytes(bytes(100))
    refused(tmp_path / "two\nlines.m4a", "ffmpeg -i 'two lines.m4a' 'two lines.wav'")


@pytest.mark.parametrize("suffix", [".m4a", ".aac", ".wma", ".mp4"])
def test_format_that_libsndfile_lacks(tmp_path, suffix):
    path = tmp_path / f"in{suffix}"
    path.write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(range(256)))
    refused(path, re.escape(f"convert it first: ffmpeg -i in{suffix} in.wav"))
    path = tmp_path / f"my song{suffix}"
    path.write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(range(256)))
    refused(path, re.escape(f"ffmpeg -i 'my song{suffix}' 'my song.wav'"))


@pytest.mark.parametrize(
    ("name", "subtype", "numbers"),
    [
        ("x.wav", "PCM_16", r"promises 20000 bytes of samples, it holds 1\d\d\d\d;"),
        ("x.wav", "FLOAT", r"promises 40000 bytes of samples, it holds 3\d\d\d\d;"),
        ("x.rf64", "FLOAT", r"promises 10000 samples, it holds 8\d\d\d;"),
        ("x.aiff", "PCM_16", r"promises 200\d\d bytes of samples, it holds 1\d\d\d\d;"),
        ("x.au", "PCM_16", r"promises 20000 bytes of samples, it holds 1\d\d\d\d;"),
        ("x.caf", "PCM_16", r"promises 200\d\d bytes of samples, it holds 1\d\d\d\d;"),
        ("x.w64", "PCM_16", r"promises 20\d\d\d bytes of samples, it holds 1\d\d\d\d;"),
        ("x.flac", "PCM_16", r"promises 10000 samples, reading ended at 0;"),
        ("x.ogg", "VORBIS", r"its stream has no end, it holds \d+ samples"),
        ("x.mp3", "MPEG_LAYER_III", r"promises 10000 samples, reading ended at \d+;"),
    ],
)
def test_truncated(tmp_path, name, subtype, numbers):
    path = tmp_path / name
    write(path, noise(10000), 48000, subtype=subtype)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 9 // 10])
    refused(path, f"is truncated: .*{numbers}.*ffmpeg -i {name}")


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_ogg_that_lacks_its_last_bytes(tmp_path, subtype):
    write(tmp_path / "x.ogg", noise(150000), 48000, subtype=subtype)
    data = (tmp_path / "x.ogg").read_bytes()
    last_page = data.rindex(b"OggS")
    for cut in (last_page, last_page + 20, len(data) - 1):
        (tmp_path / "x.ogg").write_bytes(data[:cut])
        refused(tmp_path / "x.ogg", r"is truncated: its stream has no end, it holds \d+ samples")


def test_wav_header_that_promises_more(wav):
    for promise in (16002, 2**31, 2**32 - 1):
        patch(wav, 40, struct.pack("<I", promise))
        refused(wav, f"promises {promise} bytes of samples, it holds 16000; repair it: "
                     "ffmpeg -i take.wav take-fixed.wav")  # fmt: skip


def test_wav_with_chunks_behind_the_samples_is_good(wav):
    wav.write_bytes(wav.read_bytes() + b"LIST" + struct.pack("<I", 4) + b"INFO")
    assert read(wav)[0].shape == (1, 8000)


def promise_flac(path, samples):
    """Write a FLAC file of 5000 samples whose STREAMINFO tells another number."""
    write(path, noise(5000), 8000, subtype="PCM_16")
    low_nibble = path.read_bytes()[21] & 0xF0  # bits per sample share the byte
    patch(path, 21, bytes([low_nibble | samples >> 32]) + struct.pack(">I", samples & 0xFFFFFFFF))


def test_flac_header_that_promises_more_takes_no_memory(tmp_path):
    promise_flac(tmp_path / "x.flac", 2**36 - 1)
    refused(tmp_path / "x.flac", rf"promises {2**36 - 1} samples x 1 channels, above the limit of")
    refused(tmp_path / "x.flac", "above the limit", start_s=1e6)
    promise_flac(tmp_path / "x.flac", 2**30)  # 8 GB, below the limit
    code = """
        import resource, sys
        from musisep.audio.files import AudioFileError, read
        resource.setrlimit(resource.RLIMIT_DATA, (2 ** 30, 2 ** 30))
        try:
            read(sys.argv[1])
        except AudioFileError as error:
            print(error)
    """
    if os.name == "posix":
        command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "x.flac")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert f"promises {2**30} samples, reading ended at 0" in done.stdout


def test_excerpt_of_a_flac_header_that_promises_more(tmp_path):
    promise_flac(tmp_path / "x.flac", 2**36 - 1)
    refused(tmp_path / "x.flac", "reading ended at 4000", start_s=0.5, duration_s=60)


def test_limit_of_samples_counts_the_excerpt(tmp_path, monkeypatch):
    write(tmp_path / "x.wav", noise(2, 8000), 8000)
    monkeypatch.setattr(files, "MAX_SAMPLES", 15998)
    refused(tmp_path / "x.wav", "8000 samples x 2 channels, above the limit of 15998; read a part")
    assert read(tmp_path / "x.wav", duration_s=0.999)[0].shape == (2, 7992)


def test_too_little_memory(wav, monkeypatch):
    def full(*_args, **_options):
        raise MemoryError

    monkeypatch.setattr(np, "concatenate", full)
    refused(wav, "does not fit into memory; read a part of it")


@pytest.mark.parametrize("sample_rate", [1, 7999, 192001, 2**31 - 1])
def test_sample_rate_outside_the_limits(wav, sample_rate):
    patch(wav, 24, struct.pack("<I", sample_rate))
    refused(wav, f"has a sample rate of {sample_rate} Hz, outside 8000 to 192000 Hz; resample")


def test_too_many_channels(tmp_path):
    sf.write(tmp_path / "x.wav", np.zeros((3, 65)), 8000)
    refused(tmp_path / "x.wav", "has 65 channels, more than 64; mix them down")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite(tmp_path, value):
    audio = noise(2, 8000)
    audio[0, 5000] = audio[1, 4321] = value
    sf.write(tmp_path / "x.wav", audio.T, 8000, subtype="FLOAT")
    with pytest.raises(ValueError, match=rf"x.wav': channel 1, sample 4321 is {value}; all"):
        read(tmp_path / "x.wav")
    with pytest.raises(ValueError, match=r"x.wav' from start_s=0.5: channel 1, sample 321 is"):
        read(tmp_path / "x.wav", start_s=0.5)
    assert read(tmp_path / "x.wav", duration_s=0.5)[0].shape == (2, 4000)


def test_check_finite_names_the_axes():
    audio = np.zeros((3, 2, 10))
    check_finite(audio, "stems")
    check_finite(np.arange(3), "counts")
    check_finite(np.zeros((2, 0)), "nothing")
    audio[2, 1, 7] = np.nan
    with pytest.raises(ValueError, match=r"stems: instrument 2, channel 1, sample 7 is nan; all"):
        check_finite(audio, "stems")
    with pytest.raises(ValueError, match=r"mixture: channel 1, sample 7 is nan"):
        check_finite(audio[2], "mixture")
    with pytest.raises(ValueError, match=r"mono: sample 7 is nan"):
        check_finite(audio[2, 1], "mono")


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
    refused_write(tmp_path / "x.wav", audio, "x.wav': channel 1, sample 1 is nan")


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
    match = "cannot hold channels=5 at sample_rate=48000"
    refused_write(tmp_path / "x.mp3", np.zeros((5, 9)), match, sample_rate=48000, **layer3)


@pytest.mark.parametrize("sample_rate", [7999, 192001, 44100.0, None])
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
        from musisep.audio.files import AudioFileError, write
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
    assert f"{name}' cannot be written: " in done.stdout
    assert len(done.stdout.splitlines()) == 1
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


def test_headroom_gain_never_rounds_above_full_scale():
    peaks = 1 + 9 * np.random.default_rng(1).random(2000)
    assert all(headroom_gain([np.array([peak])], "PCM_16") * peak <= 1 for peak in peaks)


# Sample rates


@pytest.mark.parametrize("rates", [(44100, 48000), (48000, 8000), (8000, 192000)])
@pytest.mark.parametrize("leading", [(), (2,), (3, 2)])
def test_resampled_sine_is_the_sine(rates, leading):
    from_rate, to_rate = rates
    seconds = 0.2

    def sine(rate):
        return np.sin(2 * np.pi * 1000 * np.arange(round(seconds * rate)) / rate)

    scale = np.arange(1, 1 + np.prod(leading, dtype=int)).reshape(*leading, 1)
    resampled = resample(scale * sine(from_rate), from_rate, to_rate)
    expected = np.broadcast_to(scale, (*leading, 1)) * sine(to_rate)
    expected = expected.reshape(*leading, -1)
    assert resampled.shape == expected.shape
    assert resampled.flags.c_contiguous
    inner = slice(to_rate // 40, -to_rate // 40)
    np.testing.assert_allclose(resampled[..., inner], expected[..., inner], rtol=0, atol=1e-4)


def test_resample_at_the_same_rate_copies():
    audio = noise(2, 10)
    same = resample(audio, 8000, 8000)
    np.testing.assert_array_equal(same, audio)
    assert not np.shares_memory(same, audio)


@pytest.mark.parametrize("samples", [1, 2, 3, 30])
def test_resample_leaves_at_least_one_sample(samples):
    assert resample(np.ones((2, samples)), 192000, 8000).shape == (2, max(1, round(samples / 24)))


def test_resample_checks_its_arguments():
    with pytest.raises(ValueError, match=r"from_rate=0 must be a whole number from 8000"):
        resample(np.zeros(5), 0, 8000)
    with pytest.raises(ValueError, match=r"to_rate=22050.5 must be a whole number"):
        resample(np.zeros(5), 8000, 22050.5)
    with pytest.raises(ValueError, match=r"audio.shape=\(2, 0\) must hold at least one sample"):
        resample(np.zeros((2, 0)), 8000, 16000)
