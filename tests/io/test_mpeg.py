"""MP3: as many samples as there are frames, whatever a header tells, and every excerpt right."""

import struct
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile as sf

from musisep.io.files import AudioFileError, blocks, read
from musisep.io.mpeg import DECODER_DELAY, count_frames, header_at, tag_length

ID3V2 = b"ID3\4\0\0\0\0\2\0" + b"\xff\xfb\x90\x64" * 64
"""256 bytes that look like frames."""
ID3V1 = b"TAG" + b"x" * 125
APE = b"APETAGEX" + struct.pack("<4I8x", 2000, 40, 1, 0xA0000000) + bytes(40)
"""A tag with its header in front; the size leaves that out."""


def music(seconds, rate, channels=2, noise=0.02):
    """Tones, noise and rests, for which a variable bit rate varies."""
    time = np.arange(int(seconds * rate)) / rate
    tones = sum(np.sin(2 * np.pi * f * time) for f in (220, 554.4, 1200)) / 6
    hiss = noise * np.random.default_rng(0).standard_normal((channels, len(time)))
    return (tones + hiss) * (np.sin(3 * time) > -0.3)


def encoded(path, audio, rate, mode="VARIABLE", level=0.3):
    options = {"subtype": "MPEG_LAYER_III", "bitrate_mode": mode, "compression_level": level}
    with sf.SoundFile(path, "w", rate, len(audio), format="MP3", **options) as file:
        for start in range(0, audio.shape[1], 65536):
            file.write(np.ascontiguousarray(audio[:, start : start + 65536].T))
    return path.read_bytes()


def without_info(data):
    """Take away the first frame, in which the encoder tells the number of frames."""
    assert b"Xing" in data[:200] or b"Info" in data[:200]
    return data[header_at(data, 0).length :]


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    """Return an MP3 of variable bit rate, what libsndfile decodes in one go, and its rate."""
    path = tmp_path_factory.mktemp("mp3") / "song.mp3"
    data = encoded(path, music(20, 44100, noise=0.0), 44100, level=0.9)
    return data, sf.read(path, always_2d=True)[0].T, 44100


def test_blocks_are_what_one_read_gives(tmp_path, song):
    data, whole, rate = song
    (tmp_path / "x.mp3").write_bytes(data)
    audio, sample_rate = read(tmp_path / "x.mp3")
    assert sample_rate == rate
    np.testing.assert_array_equal(audio, whole)


@pytest.mark.parametrize("info", [True, False])
def test_every_excerpt_is_that_part_of_the_whole(tmp_path, song, info):
    data, whole, rate = song
    (tmp_path / "x.mp3").write_bytes(data if info else without_info(data))
    whole, _ = read(tmp_path / "x.mp3")
    for start in np.random.default_rng(0).integers(0, whole.shape[1], 20):
        part, _ = read(tmp_path / "x.mp3", start_s=start / rate, duration_s=0.5)
        np.testing.assert_array_equal(part, whole[:, start : start + rate // 2])


@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT", "AVERAGE"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000])
def test_without_the_header_there_are_the_same_samples_and_those_of_the_encoder(
    tmp_path, rate, channels, mode
):
    path = tmp_path / "x.mp3"
    audio = music(3, rate, channels)
    data = encoded(path, audio, rate, mode)
    whole, _ = read(path)
    assert whole.shape == audio.shape
    path.write_bytes(without_info(data))
    bare, _ = read(path)
    header = header_at(data, 0)
    frames = count_frames(data).held
    assert bare.shape == (channels, frames * header.samples)
    lead = count_frames(data).lead
    assert lead > DECODER_DELAY
    np.testing.assert_allclose(bare[:, lead : lead + whole.shape[1]], whole, rtol=0, atol=1e-6)


def test_joined_files_are_read_to_the_end(tmp_path, song):
    data, whole, rate = song
    first = encoded(tmp_path / "x.mp3", music(3, rate), rate)
    for joined in (first + data, without_info(first) + without_info(data), first + ID3V2 + data):
        (tmp_path / "x.mp3").write_bytes(joined)
        audio, _ = read(tmp_path / "x.mp3")
        assert audio.shape[1] >= 3 * rate + whole.shape[1]
        lead, tail = count_frames(data).lead, count_frames(data).tail
        last = audio[:, -whole.shape[1] - tail : -tail]
        np.testing.assert_allclose(last[:, lead:], whole[:, lead:], rtol=0, atol=1e-6)


@pytest.mark.parametrize("tags", [(ID3V2, b""), (b"", ID3V1), (ID3V2 + ID3V2, APE + ID3V1),
                                  (b"", b"\0" * 500)])  # fmt: skip
def test_tags_around_change_nothing(tmp_path, song, tags):
    data, whole, _ = song
    (tmp_path / "x.mp3").write_bytes(data.join(tags))
    np.testing.assert_array_equal(read(tmp_path / "x.mp3")[0], whole)


def test_parts_of_frames_at_the_ends_are_told_of(tmp_path, song):
    bare = without_info(song[0])
    frames = count_frames(bare).held
    (tmp_path / "x.mp3").write_bytes(bare + bare[:100])
    with pytest.warns(UserWarning, match=r"\d+ bytes at its ends are no whole frames"):
        audio, _ = read(tmp_path / "x.mp3")
    assert audio.shape[1] == 1152 * frames


def test_a_header_that_counts_itself_is_believed_by_its_bytes(tmp_path, song):
    data, whole, _ = song
    place = data.index(b"Xing") + 8
    frames = int.from_bytes(data[place : place + 4], "big")
    counted = data[:place] + (frames + 1).to_bytes(4, "big") + data[place + 4 :]
    (tmp_path / "x.mp3").write_bytes(counted)
    np.testing.assert_array_equal(read(tmp_path / "x.mp3")[0], whole)
    (tmp_path / "x.mp3").write_bytes(counted[:-10])
    with pytest.raises(
        AudioFileError, match=f"promises {frames + 1} frames, it holds {frames - 1}"
    ):
        read(tmp_path / "x.mp3")


@pytest.mark.parametrize("rate", [32000, 22050])
def test_joined_with_another_rate_is_refused(tmp_path, song, rate):
    other = encoded(tmp_path / "x.mp3", music(3, rate), rate)
    for joined in (song[0] + other, other + song[0]):
        (tmp_path / "x.mp3").write_bytes(joined)
        with pytest.raises(AudioFileError, match="one after another, of different sample rates"):
            read(tmp_path / "x.mp3")


def test_much_that_is_no_frame_is_refused(tmp_path, song):
    bare = without_info(song[0])
    junk = np.random.default_rng(0).bytes(9000)
    for damaged in (junk + bare, bare + junk):
        (tmp_path / "x.mp3").write_bytes(damaged)
        with pytest.raises(AudioFileError, match="more than a frame at its ends is neither"):
            read(tmp_path / "x.mp3")


@pytest.mark.parametrize("rate", [22050, 44100])
def test_what_begins_inside_a_stream_is_silent_where_it_lacks_bits(tmp_path, rate):
    audio = music(5, rate, noise=0.0)
    bare = without_info(encoded(tmp_path / "x.mp3", audio, rate, level=0.9))
    (tmp_path / "x.mp3").write_bytes(bare)
    whole, _ = read(tmp_path / "x.mp3")
    position = told = 0
    for number in range(30):
        frames, header = count_frames(bare[position:]), header_at(bare, position)
        (tmp_path / "x.mp3").write_bytes(bare[position:])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            part, _ = read(tmp_path / "x.mp3")
        lost = f"it begins inside a stream: its first {frames.muted} frames are silent"
        assert any(lost in str(warning.message) for warning in caught) == (frames.muted > 0)
        assert not part[:, : header.samples * frames.muted].any()
        right = header.samples * (frames.muted + 2)  # a frame overlaps with the one before
        expected = whole[:, header.samples * number :]
        np.testing.assert_allclose(part[:, right:], expected[:, right:], rtol=0, atol=1e-6)
        assert np.abs(part).max() < 1.1 * np.abs(whole).max()
        told += frames.muted > 0
        position += header.length
    assert 5 < told < 30


def test_frames_that_were_blanked_are_missed(tmp_path, song):
    bare = bytearray(without_info(song[0]))
    position = 0
    for number in range(40):
        length = header_at(bytes(bare[position : position + 4]), 0).length
        if number >= 30:
            bare[position : position + length] = bytes(length)
        position += length
    (tmp_path / "x.mp3").write_bytes(bytes(bare))
    with pytest.raises(AudioFileError, match="bytes between its frames belong to none"):
        read(tmp_path / "x.mp3")


def test_a_file_too_large_to_be_walked_is_refused_at_once(tmp_path, song):
    (tmp_path / "x.mp3").write_bytes(song[0])
    with (tmp_path / "x.mp3").open("r+b") as file:
        file.truncate(2**40)  # takes no room
    with pytest.raises(AudioFileError, match="is damaged, or of a format"):
        read(tmp_path / "x.mp3")


def test_vbri_header_is_no_audio(tmp_path, song):
    bare = without_info(song[0])
    header = header_at(song[0], 0)
    frames = count_frames(bare).held
    vbri = b"VBRI" + struct.pack(">3H2I", 1, 0, 75, len(bare) + header.length, frames)
    first = song[0][:4] + bytes(32) + vbri
    (tmp_path / "x.mp3").write_bytes(first.ljust(header.length, b"\0") + bare)
    assert read(tmp_path / "x.mp3")[0].shape[1] == 1152 * frames
    (tmp_path / "x.mp3").write_bytes(first.ljust(header.length, b"\0") + bare[:-5000])
    with pytest.raises(AudioFileError, match=f"promises {frames} frames, it holds"):
        read(tmp_path / "x.mp3")


def test_missing_frames_are_noticed(tmp_path, song):
    data, _, _ = song
    (tmp_path / "x.mp3").write_bytes(data[: len(data) // 2])
    with pytest.raises(AudioFileError, match=r"its header promises \d+ frames, it holds \d+; rep"):
        read(tmp_path / "x.mp3")
    (tmp_path / "x.mp3").write_bytes(data[:50_000] + bytes(range(1, 200)) + data[50_100:])
    with pytest.raises(AudioFileError, match=r"frames, it holds|bytes between its frames belong"):
        read(tmp_path / "x.mp3")


def test_what_the_decoder_complains_of_is_told_in_one_line(tmp_path, song, capfd):
    data, position = bytearray(without_info(song[0])), 0
    for number in range(count_frames(bytes(data)).held):
        if number > 100:
            data[position + 6 : position + 20] = b"\xaa" * 14  # side information
        position += header_at(bytes(data), position).length
    (tmp_path / "x.mp3").write_bytes(bytes(data))
    with pytest.warns(UserWarning, match=r"its decoder complains of \d+ faults; listen to it"):
        whole, _ = read(tmp_path / "x.mp3")
    with pytest.warns(UserWarning, match=r"its decoder complains of \d+ faults; listen to it"):
        found = list(blocks(tmp_path / "x.mp3"))
    np.testing.assert_array_equal(np.concatenate(found, axis=1), whole)
    assert capfd.readouterr().err == ""


def test_threads_that_read_at_once_leave_stderr_alone(tmp_path, song, capfd):
    (tmp_path / "x.mp3").write_bytes(song[0])
    with ThreadPoolExecutor(4) as pool:
        for audio, _ in pool.map(read, 8 * [tmp_path / "x.mp3"]):
            np.testing.assert_array_equal(audio, song[1])
    print("still here", file=sys.stderr, flush=True)
    assert capfd.readouterr().err == "still here\n"


def test_header():
    header = header_at(b"\xff\xfb\x90\x64", 0)  # version 1, layer III, 128 kbit/s, 44.1 kHz, stereo
    assert (header.length, header.samples, header.stream[2]) == (417, 1152, 44100)
    assert header_at(b"\xff\xfb\x92\x64", 0).length == 418
    assert header_at(b"\xff\xf3\x84\xc4", 0).length == 192  # version 2, 64 kbit/s, 24 kHz
    for wrong in (
        b"\xff\xfb\xf0\x64",
        b"\xff\xfb\x00\x64",
        b"\xff\xfb\x9c\x64",
        b"\xff\xf9",
        b"abcd",
    ):
        assert header_at(wrong, 0) is None


def test_tags():
    assert [tag_length(tag, 0) for tag in (ID3V2, ID3V1, APE)] == [266, 128, 72]
    assert tag_length(b"LYRICSBEGIN" + bytes(50) + b"LYRICS200", 0) == 70
    assert tag_length(b"LYRICSBEGIN" + bytes(50), 0) == 0


def test_text_has_no_frames():
    assert count_frames(b"hello\n" * 1000) is None
    assert count_frames(b"") is None
    assert count_frames(b"\xff\xfb\x90\x64" * 1000) is None
