"""Lengths that headers do not tell, tell wrongly, or tell in vain."""

import struct

import numpy as np
import pytest
import soundfile as sf

from musisep.io.files import AudioFileError, info, read, write

RATE = 16000
UNTOLD = "its header tells no length; all samples that are there were read"
PLAIN = [
    ("x.wav", "PCM_16"), ("x.wav", "PCM_24"), ("x.wav", "FLOAT"), ("x.wav", "ULAW"),
    ("x.rf64", "PCM_16"), ("x.w64", "PCM_16"), ("x.aiff", "PCM_24"), ("x.aiff", "FLOAT"),
    ("x.au", "PCM_16"), ("x.caf", "PCM_24"),
]  # fmt: skip
CODED = [
    ("x.wav", "IMA_ADPCM"), ("x.wav", "MS_ADPCM"), ("x.wav", "GSM610"), ("x.wav", "G721_32"),
    ("x.wav", "NMS_ADPCM_32"), ("x.caf", "ALAC_16"), ("x.ogg", "VORBIS"), ("x.ogg", "OPUS"),
    ("x.flac", "PCM_24"), ("x.mp3", "MPEG_LAYER_III"),
]  # fmt: skip
MONO = ("GSM610", "G721_32", "NMS_ADPCM_32")
"""Codings of one channel."""


def written(path, subtype, samples=9000):
    """Write two tones, as far as the coding has room for two channels; return what it decodes."""
    time = np.arange(samples) / RATE
    audio = 0.3 * np.sin(2 * np.pi * np.array([[440.0], [660.0]]) * time)
    write(path, audio[: 1 if subtype in MONO else 2], RATE, subtype=subtype)
    return sf.read(path, always_2d=True)[0].T


def patch(path, position, content):
    with path.open("r+b") as file:
        file.seek(position)
        file.write(content)


def place(path, mark):
    return path.read_bytes().index(mark)


@pytest.mark.parametrize(("name", "subtype"), PLAIN + CODED)
def test_whole_and_every_excerpt_are_what_one_read_gives(tmp_path, name, subtype):
    whole = written(tmp_path / name, subtype, samples=150_000)
    np.testing.assert_array_equal(read(tmp_path / name)[0], whole)
    for start in np.random.default_rng(0).integers(0, 140_000, 10):
        part, _ = read(tmp_path / name, start_s=start / RATE, duration_s=0.25)
        np.testing.assert_array_equal(part, whole[:, start : start + RATE // 4])


def unclosed(path):
    """Leave the sizes in a header as a recorder does that loses power, or a pipe."""
    if path.suffix == ".wav":
        patch(path, 4, bytes(4))
        patch(path, place(path, b"data") + 4, bytes(4))
    elif path.suffix == ".rf64":
        patch(path, place(path, b"ds64") + 8, bytes(24))
        patch(path, place(path, b"data") + 4, b"\xff" * 4)
    elif path.suffix == ".w64":
        patch(path, place(path, b"data") + 16, struct.pack("<Q", 2**63 - 1))
    elif path.suffix == ".aiff":
        patch(path, 4, bytes(4))
        patch(path, place(path, b"COMM") + 10, bytes(4))
        patch(path, place(path, b"SSND") + 4, bytes(4))
    elif path.suffix == ".au":
        patch(path, 8, b"\xff" * 4)
    elif path.suffix == ".caf":
        patch(path, place(path, b"data") + 4, b"\xff" * 8)
    elif path.suffix == ".flac":
        patch(path, 21, bytes([path.read_bytes()[21] & 0xF0, 0, 0, 0, 0]))


@pytest.mark.parametrize(("name", "subtype"), [*PLAIN, ("x.flac", "PCM_24")])
def test_header_without_a_length(tmp_path, name, subtype):
    path = tmp_path / name
    whole = written(path, subtype)
    unclosed(path)
    with pytest.warns(UserWarning, match=UNTOLD):
        np.testing.assert_array_equal(read(path)[0], whole)
    with pytest.warns(UserWarning, match=UNTOLD):
        np.testing.assert_array_equal(read(path, start_s=0.25, duration_s=9)[0], whole[:, 4000:])
    with pytest.raises(ValueError, match="start_s=1e\\+300 must be below the length of"):
        read(path, start_s=1e300)


@pytest.mark.parametrize(("name", "subtype"), PLAIN)
def test_info_counts_what_a_header_does_not_tell(tmp_path, name, subtype):
    path = tmp_path / name
    whole = written(path, subtype)
    unclosed(path)
    assert info(path).samples == whole.shape[1]


def test_info_of_flac_without_a_length_is_refused(tmp_path):
    written(tmp_path / "x.flac", "PCM_24")
    unclosed(tmp_path / "x.flac")
    with pytest.raises(AudioFileError, match=r"does not tell its length; convert it first: ffmpeg"):
        info(tmp_path / "x.flac")


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x80000000, 0x7FFFFFFF])
@pytest.mark.parametrize("behind", [b"", b"\1"])
def test_wav_with_the_sizes_that_pipes_get(wav, size, behind):
    whole, _ = sf.read(wav)
    patch(wav, 4, struct.pack("<I", min(size + 36, 2**32 - 1)))
    patch(wav, 40, struct.pack("<I", size))
    wav.write_bytes(wav.read_bytes() + behind)  # half a sample
    with pytest.warns(UserWarning, match=UNTOLD):
        np.testing.assert_array_equal(read(wav)[0], [whole])


def test_padding_that_is_counted_but_missing(wav):
    whole, _ = sf.read(wav)
    patch(wav, 40, struct.pack("<I", 16001))
    np.testing.assert_array_equal(read(wav)[0], [whole])


def test_wav_without_samples_is_empty_whatever_follows(tmp_path):
    sf.write(tmp_path / "x.wav", np.zeros((0, 1)), 8000, subtype="PCM_16")
    data = (tmp_path / "x.wav").read_bytes()
    (tmp_path / "x.wav").write_bytes(data + b"LIST" + struct.pack("<I", 4) + b"INFO")
    with pytest.raises(AudioFileError, match=r"is empty \(0 samples\)"):
        read(tmp_path / "x.wav")


def test_comment_that_looks_like_a_log_is_believed_nothing(wav):
    whole, _ = sf.read(wav)
    comment = b"INFOICMT" + struct.pack("<I", 32) + b"x\n data : 999999 (should be 1)\n\n\0"
    wav.write_bytes(wav.read_bytes() + b"LIST" + struct.pack("<I", len(comment)) + comment)
    np.testing.assert_array_equal(read(wav)[0], [whole])


@pytest.mark.parametrize(("name", "subtype"), [*PLAIN, *CODED])
@pytest.mark.parametrize("share", [0.5, 0.98])
def test_every_missing_byte_is_noticed(tmp_path, name, subtype, share):
    path = tmp_path / name
    written(path, subtype)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(AudioFileError, match=r"is truncated: .*repair it: ffmpeg"):
        read(path)


@pytest.mark.parametrize(
    ("name", "subtype"),
    [(name, subtype) for name, subtype in PLAIN + CODED if name not in ("x.mp3", "x.rf64")],
)
def test_files_joined_end_to_end(tmp_path, name, subtype):
    path = tmp_path / name
    written(path, subtype)
    path.write_bytes(2 * path.read_bytes())
    with pytest.raises(AudioFileError, match="holds several recordings, one after another; divide"):
        read(path)


def test_order_of_chunks_does_not_matter(tmp_path):
    whole = written(tmp_path / "x.aiff", "PCM_16")
    data = (tmp_path / "x.aiff").read_bytes()
    comm, ssnd = data.index(b"COMM"), data.index(b"SSND")
    assert comm < ssnd
    (tmp_path / "x.aiff").write_bytes(data[:comm] + data[ssnd:] + data[comm:ssnd])
    np.testing.assert_array_equal(read(tmp_path / "x.aiff")[0], whole)


@pytest.mark.parametrize("samples", [b"RIFF", b"LIST\xff\xff\xff\x7f", b"abcdefgh", b"  \0\0" * 8])
def test_samples_that_look_like_chunks_are_samples(wav, samples):
    data = wav.read_bytes()
    wav.write_bytes(data[:44] + samples + data[44 + len(samples) :])
    whole, _ = sf.read(wav)
    unclosed(wav)
    with pytest.warns(UserWarning, match=UNTOLD):
        np.testing.assert_array_equal(read(wav)[0], [whole])


def test_more_than_a_header_can_tell_is_refused(wav):
    unclosed(wav)
    with wav.open("r+b") as file:
        file.truncate(2**32 + 100)  # takes no room
    with pytest.raises(AudioFileError, match="is longer than its header can tell"):
        read(wav)


def test_bytes_behind_the_samples_are_told_of(wav):
    whole, _ = sf.read(wav)
    wav.write_bytes(wav.read_bytes() + bytes(5000))
    with pytest.warns(UserWarning, match="5000 bytes behind its samples are not part of them"):
        np.testing.assert_array_equal(read(wav)[0], [whole])


def test_tag_in_front(tmp_path):
    for name, subtype in (("x.wav", "PCM_16"), ("x.flac", "PCM_16")):
        whole = written(tmp_path / name, subtype)
        tag = b"ID3\3\0\0\0\0\2\0" + bytes(256)
        (tmp_path / name).write_bytes(tag + (tmp_path / name).read_bytes())
        np.testing.assert_array_equal(read(tmp_path / name)[0], whole)


def test_ogg_that_lacks_a_page(tmp_path):
    written(tmp_path / "x.ogg", "VORBIS", samples=150_000)
    data = (tmp_path / "x.ogg").read_bytes()
    pages = [i for i in range(len(data)) if data[i : i + 4] == b"OggS"]
    (tmp_path / "x.ogg").write_bytes(data[: pages[4]] + data[pages[5] :])
    with pytest.raises(AudioFileError, match="is damaged: page 4 is missing"):
        read(tmp_path / "x.ogg")


def test_text_is_no_audio_whatever_its_name(tmp_path):
    for suffix in (".au", ".raw", ".gsm", ".vox", ".mp3", ".wav", ".sd2", ".snd"):
        (tmp_path / f"x{suffix}").write_bytes(b"hello\n" * 1000)
        with pytest.raises(AudioFileError, match="is damaged, or of a format"):
            read(tmp_path / f"x{suffix}")


def test_contradictions_are_refused(tmp_path):
    written(tmp_path / "x.aiff", "PCM_16")
    patch(tmp_path / "x.aiff", place(tmp_path / "x.aiff", b"COMM") + 10, struct.pack(">I", 9001))
    written(tmp_path / "x.au", "PCM_16")
    patch(tmp_path / "x.au", 4, struct.pack(">I", 20))
    written(tmp_path / "x.flac", "PCM_16")
    patch(tmp_path / "x.flac", 8, struct.pack(">HH", 4096, 4095))
    for name in ("x.aiff", "x.au", "x.flac"):
        with pytest.raises(AudioFileError, match=r"contradicts itself: .*repair it"):
            read(tmp_path / name)


def test_samples_that_would_begin_behind_the_end(tmp_path):
    written(tmp_path / "x.au", "PCM_16")
    patch(tmp_path / "x.au", 4, struct.pack(">II", 2**31, 2**32 - 1))
    with pytest.raises(AudioFileError, match="it ends within its header"):
        read(tmp_path / "x.au")


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
def test_one_byte_less_is_one_sample_less(tmp_path, subtype):
    for name in ("x.caf", "x.wav", "x.w64", "x.rf64", "x.au"):
        written(tmp_path / name, subtype)
        data = (tmp_path / name).read_bytes().rstrip(b"\0")  # of padding, if there is any
        (tmp_path / name).write_bytes(data[:-1])
        with pytest.raises(AudioFileError, match="is truncated"):
            read(tmp_path / name)


def test_header_that_promises_a_little_less_is_told_of(wav):
    patch(wav, 40, struct.pack("<I", 15000))
    with pytest.warns(UserWarning, match="1000 bytes behind its samples are not part of them"):
        assert read(wav)[0].shape == (1, 7500)


def test_tag_behind(wav):
    whole, _ = sf.read(wav)
    wav.write_bytes(wav.read_bytes() + b"TAG" + b"x" * 125)
    np.testing.assert_array_equal(read(wav)[0], [whole])


def test_excerpt_of_flac_beyond_its_first_blocks(tmp_path):
    whole = written(tmp_path / "x.flac", "PCM_24", samples=200_000)
    part, _ = read(tmp_path / "x.flac", start_s=100_001 / RATE, duration_s=1)
    np.testing.assert_array_equal(part, whole[:, 100_001 : 100_001 + RATE])


def test_flac_that_holds_more_than_it_tells(tmp_path):
    path = tmp_path / "x.flac"
    whole = written(path, "PCM_16")
    data = path.read_bytes()
    bare = data[:4] + b"\x80" + data[5:42] + data[data.index(b"\xff\xf8", 42) :]
    path.write_bytes(bare)  # of metadata only what tells the samples
    np.testing.assert_array_equal(read(path)[0], whole)
    path.write_bytes(bare + b"TAG" + b"x" * 125)
    np.testing.assert_array_equal(read(path)[0], whole)
    path.write_bytes(data + bare)
    with pytest.raises(AudioFileError, match="holds several recordings"):
        read(path)
    path.write_bytes(data)
    patch(path, 22, struct.pack(">I", 5000))
    with pytest.raises(AudioFileError, match="promises 5000 samples, reading ended at"):
        read(path)


@pytest.mark.parametrize("between", [b"", bytes(64), b"JUNK"])
def test_ogg_behind_an_ogg_is_noticed(tmp_path, between):
    whole = written(tmp_path / "x.ogg", "VORBIS")
    data = (tmp_path / "x.ogg").read_bytes()
    (tmp_path / "x.ogg").write_bytes(data + between + data)
    with pytest.raises(AudioFileError, match="holds several recordings"):
        read(tmp_path / "x.ogg")
    (tmp_path / "x.ogg").write_bytes(data + b"junk" * 1000)
    with pytest.warns(UserWarning, match="4000 bytes behind its end are left out"):
        np.testing.assert_array_equal(read(tmp_path / "x.ogg")[0], whole)


def test_flac_of_fewer_bytes_than_a_tag_has(tmp_path):
    write(tmp_path / "x.flac", np.zeros(1000), RATE, subtype="PCM_16")
    assert (tmp_path / "x.flac").stat().st_size < 128
    assert read(tmp_path / "x.flac")[0].shape == (1, 1000)
