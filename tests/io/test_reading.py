"""What users rely on when audio comes in."""

import os
import re
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from musisep import Dictionary
from musisep.io import reading
from musisep.io.decoding import Decoder
from musisep.io.files import AudioFileError, AudioInfo, blocks, info, read, write
from musisep.io.pieces import Pieces


def noise(*shape, peak=0.9):
    return np.random.default_rng(0).uniform(-peak, peak, shape)


def refused(path, match, shown="", **excerpt):
    """Read `path`, which must be refused on one line that names it, or as much as is shown."""
    with pytest.raises(AudioFileError) as caught:
        read(path, **excerpt)
    message = str(caught.value)
    assert re.search(match, message.replace(f"{Path(path).parent}{os.sep}", ""))
    assert (shown or repr(str(path))) in message
    assert len(message.splitlines()) == 1


def patch(path, offset, content):
    data = bytearray(path.read_bytes())
    data[offset : offset + len(content)] = content
    path.write_bytes(data)


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


# What a file holds


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.ogg", "x.mp3"])
def test_info_is_the_shape_of_what_is_read(tmp_path, name):
    subtype = {"x.wav": "FLOAT", "x.flac": "PCM_24", "x.ogg": "VORBIS", "x.mp3": "MPEG_LAYER_III"}
    write(tmp_path / name, noise(2, 80000), 16000, subtype=subtype[name])
    audio, rate = read(tmp_path / name)
    assert info(tmp_path / name) == AudioInfo(*audio.shape, rate)


def test_info_decodes_nothing(wav, monkeypatch):
    monkeypatch.setattr(sf.SoundFile, "read", lambda *_: pytest.fail("samples were decoded"))
    assert info(wav) == AudioInfo(channels=1, samples=8000, sample_rate=8000)


def test_info_refuses_as_reading_does(wav):
    with pytest.raises(AudioFileError, match=r"no\.wav' cannot be read: No such file"):
        info(wav.with_name("no.wav"))
    patch(wav, 24, struct.pack("<I", 300_000))
    with pytest.raises(AudioFileError, match="has a sample rate of 300000 Hz, outside"):
        info(wav)
    wav.write_bytes(wav.read_bytes()[:1000])
    with pytest.raises(AudioFileError, match="is truncated"):
        info(wav)


def test_an_excerpt_is_checked_without_decoding(wav, monkeypatch):
    monkeypatch.setattr(Decoder, "blocks_of", None)
    reading.check_excerpt(wav, start_s=0.5, duration_s=9)
    with pytest.raises(ValueError, match="start_s=3 must be below the length of"):
        reading.check_excerpt(wav, start_s=3)
    monkeypatch.setattr(reading, "MAX_SAMPLES", 4000)
    with pytest.raises(AudioFileError, match="above the limit of 4000; read a part"):
        reading.check_excerpt(wav)
    reading.check_excerpt(wav, duration_s=0.5)
    with pytest.raises(AudioFileError, match="No such file"):
        reading.check_excerpt(wav.with_name("no.wav"))


# Bad input


def test_missing(tmp_path):
    refused(tmp_path / "no.wav", "No such file or directory; check its name")
    refused(tmp_path / ("n" * 300), "name too long; check its name")
    refused(tmp_path / "two\nlines.wav", "No such file")
    refused("https://example.org/song.wav", "it is an address, download it first", shown="https:/")


def test_folder(tmp_path):
    refused(tmp_path, "is a folder; name an audio file")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions and file types")
def test_unreadable(wav, monkeypatch):
    def denied(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)  # root may read whatever its mode says
    refused(wav, "Permission denied; check .* permissions")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions and file types")
def test_fifo_and_device_are_refused_without_waiting(tmp_path):
    code = """
        import sys
        from musisep.io.files import AudioFileError, read
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
    refused(path, "is damaged, or of a format that is not read")


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
        ("x.rf64", "FLOAT", r"promises 40000 bytes of samples, it holds 3\d\d\d\d;"),
        ("x.aiff", "PCM_16", r"promises 200\d\d bytes of samples, it holds 1\d\d\d\d;"),
        ("x.au", "PCM_16", r"promises 20000 bytes of samples, it holds 1\d\d\d\d;"),
        ("x.caf", "PCM_16", r"promises 200\d\d bytes of samples, it holds 1\d\d\d\d;"),
        ("x.w64", "PCM_16", r"promises 20\d\d\d bytes of samples, it holds 1\d\d\d\d;"),
        ("x.flac", "PCM_16", r"promises 10000 samples, reading ended at 0;"),
        ("x.ogg", "VORBIS", "its stream has no end;"),
        ("x.mp3", "MPEG_LAYER_III", "promises 10 frames, it holds 8;"),
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
        refused(tmp_path / "x.ogg", "is truncated: its stream has no end; repair it")


def test_wav_header_that_promises_more(wav):
    for promise in (16002, 2**31 - 2**20, 2**32 - 2**20):
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
        from musisep.io.files import AudioFileError, read
        resource.setrlimit(resource.RLIMIT_DATA, (2 ** 30, 2 ** 30))
        try:
            read(sys.argv[1])
        except AudioFileError as error:
            print(error)
    """
    if os.name == "posix":
        command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "x.flac")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert f"promises {2**30} samples, reading ended at 5000" in done.stdout


def test_excerpt_of_a_flac_header_that_promises_more(tmp_path):
    promise_flac(tmp_path / "x.flac", 2**36 - 1)
    refused(tmp_path / "x.flac", "reading ended at 5000", start_s=0.5, duration_s=60)


def test_limit_of_samples_counts_the_excerpt(tmp_path, monkeypatch):
    write(tmp_path / "x.wav", noise(2, 8000), 8000)
    monkeypatch.setattr(reading, "MAX_SAMPLES", 15998)
    refused(tmp_path / "x.wav", "8000 samples x 2 channels, above the limit of 15998; read a part")
    assert read(tmp_path / "x.wav", duration_s=0.999)[0].shape == (2, 7992)


def test_error_of_the_disk_is_told(wav, monkeypatch):
    def broken(self):
        self.error = OSError(5, "Input/output error")
        return b""

    monkeypatch.setattr(Pieces, "_next", lambda self, most: broken(self))
    refused(wav, "cannot be read: Input/output error")


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


@pytest.mark.parametrize("wrong", [None, 3, "", b"x.wav", ["x.wav"], np.array(["x.wav"])])
def test_what_is_no_path_is_named(wrong):
    for call in (read, lambda path: write(path, np.zeros(9), 8000), Dictionary.load):
        with pytest.raises(ValueError, match=r"path=.* must be a path"):
            call(wrong)


@pytest.mark.parametrize("name", ["start_s", "duration_s"])
@pytest.mark.parametrize("wrong", ["1", np.nan, [1], True, 10**400])
def test_times_of_a_wrong_kind_are_named(wav, name, wrong):
    with pytest.raises(ValueError, match=rf"{name}=.* must be a finite number"):
        read(wav, **{name: wrong})


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.ogg"])
def test_blocks_are_what_is_read_at_once(tmp_path, name):
    subtype = "VORBIS" if name == "x.ogg" else "PCM_16"
    write(tmp_path / name, noise(2, 200_000), 44100, subtype=subtype)
    found = list(blocks(tmp_path / name))
    assert len(found) > 3
    np.testing.assert_array_equal(np.concatenate(found, axis=1), read(tmp_path / name)[0])


def test_blocks_refuse_what_is_read_before_and_after(tmp_path):
    with pytest.raises(AudioFileError, match="is empty"):
        (tmp_path / "x.wav").touch()
        next(blocks(tmp_path / "x.wav"))
    samples = noise(200_000)
    samples[150_000] = np.nan
    sf.write(tmp_path / "x.wav", samples, 44100, subtype="FLOAT")
    arriving = blocks(tmp_path / "x.wav")
    next(arriving), next(arriving)
    with pytest.raises(ValueError, match="channel 0, sample 150000 is nan"):
        next(arriving)
