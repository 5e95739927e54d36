"""Title, artist and the like go from one file to another."""

import os
import struct

import numpy as np
import pytest
import soundfile as sf

from musisep.io.files import AudioFileError, read, tags, write

SUBTYPES = {
    "wav": "FLOAT", "flac": "PCM_24", "ogg": "VORBIS", "opus": "OPUS", "mp3": "MPEG_LAYER_III",
    "aiff": "FLOAT", "caf": "PCM_16", "rf64": "FLOAT",
}  # fmt: skip
TAGS = {
    "title": "Süßes 細 ♫", "artist": "A & B", "album": "Duets; \"live\"", "date": "1999-03-01",
    "tracknumber": "3/12", "genre": "Chamber music", "comment": "PEAK\nof the year",
    "copyright": "(c) nobody", "license": "CC0",
}  # fmt: skip
LOST = {
    "wav": {"license"}, "rf64": {"license"}, "mp3": {"license"},
    "aiff": {"license", "date", "album", "genre", "tracknumber"},
}  # fmt: skip
AUDIO = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 4801))


@pytest.mark.parametrize("suffix", SUBTYPES)
def test_tags_come_back_and_leave_the_samples_alone(tmp_path, suffix):
    plain, tagged = tmp_path / f"plain.{suffix}", tmp_path / f"tagged.{suffix}"
    write(plain, AUDIO, 48000, subtype=SUBTYPES[suffix])
    write(tagged, AUDIO, 48000, subtype=SUBTYPES[suffix], tags=TAGS)
    expected = {name: text for name, text in TAGS.items() if name not in LOST.get(suffix, ())}
    assert tags(tagged) == expected
    assert tags(plain) == {}
    np.testing.assert_array_equal(read(tagged)[0], read(plain)[0])
    assert read(tagged)[0].shape == AUDIO.shape


@pytest.mark.parametrize("suffix", SUBTYPES)
def test_long_tags_are_whole(tmp_path, suffix):
    path, lost = tmp_path / f"x.{suffix}", LOST.get(suffix, ())
    long = {name: ("é" * (name == "title")).ljust(1023, "x") for name in TAGS if name not in lost}
    write(path, AUDIO, 48000, subtype=SUBTYPES[suffix], tags=long)
    assert tags(path) == long
    assert read(path)[0].shape == AUDIO.shape


@pytest.mark.parametrize("suffix", SUBTYPES)
def test_the_same_tags_are_the_same_bytes(tmp_path, suffix):
    path, content = tmp_path / f"x.{suffix}", set()
    for _ in range(2):
        write(path, AUDIO, 48000, subtype=SUBTYPES[suffix], tags=TAGS)
        content.add(path.read_bytes())
    assert len(content) == 1


@pytest.mark.parametrize("suffix", ["wav", "aiff"])
def test_the_time_of_writing_is_blank_behind_tags(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    write(path, AUDIO, 48000, tags=TAGS)
    data = path.read_bytes()
    chunk = data.rindex(b"PEAK", 0, 1000)  # the comment has the word as well
    assert data[chunk + 12 : chunk + 16] == bytes(4)


def test_formats_without_tags_are_written_without(tmp_path):
    write(tmp_path / "x.au", AUDIO, 48000, tags=TAGS)
    assert tags(tmp_path / "x.au") == {}


def test_strange_tags_are_left_out(tmp_path):
    path = tmp_path / "x.wav"
    write(path, AUDIO, 48000, tags={"title": "Caf1", "artist": "B"})
    path.write_bytes(path.read_bytes().replace(b"Caf1", b"Caf\xe9"))  # not UTF-8
    assert tags(path) == {"artist": "B"}
    path = tmp_path / "x.flac"
    with sf.SoundFile(path, "w", 48000, 1) as sound:
        sound.title, sound.artist = "x" * 1025, "B"
        sound.write(AUDIO[0])
    assert tags(path) == {"artist": "B"}


def test_what_has_no_tags(tmp_path):
    (tmp_path / "x.wav").write_text("no audio")
    assert tags(tmp_path / "x.wav") == {}
    write(tmp_path / "y.flac", AUDIO, 48000, subtype="PCM_16", tags=TAGS)
    content = (tmp_path / "y.flac").read_bytes()
    title = content.lower().index(b"title=") - 4
    lie = content[:title] + struct.pack("<I", 2**31) + content[title + 4 :]
    (tmp_path / "y.flac").write_bytes(lie)
    tags(tmp_path / "y.flac")
    with pytest.raises(AudioFileError, match=r"z.wav' cannot be read: No such file"):
        tags(tmp_path / "z.wav")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(AudioFileError, match="is a pipe"):
            tags(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"colour": "red"}, "tag='colour' must be one of "),
        ({"title": 3}, r"tags\['title'\]=3 must be text without NUL, of at most 1024 bytes"),
        ({"title": "a\0b"}, "must be text without NUL"),
        ({"title": "x" * 1025}, "of at most 1024 bytes"),
        ({"title": "\udc80"}, "must be text"),
        (["title"], "tags=.* must be a Mapping"),
    ],
)
def test_tags_that_are_refused(tmp_path, wrong, message):
    with pytest.raises(ValueError, match=message):
        write(tmp_path / "x.wav", AUDIO, 48000, tags=wrong)
    assert not list(tmp_path.iterdir())
