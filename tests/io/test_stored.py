import errno
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile as sf

from musisep.io import files, stored
from musisep.io.files import AudioFileError
from musisep.io.stored import Scratch, Spool, Stack, Stored, blocks_of, check_room, peak_of

RNG = np.random.default_rng(3)
AUDIO = RNG.uniform(-1, 1, (2, 1000))


@pytest.fixture
def scratch(tmp_path):
    result = Scratch(tmp_path, 2)
    for block in np.split(AUDIO, [300, 300], axis=1):
        result.append(block)
    return result


def test_what_was_appended_is_read_back_bit_by_bit(scratch):
    assert scratch.shape == (2, 1000) and scratch.ndim == 2 and scratch.size == 2000
    assert len(scratch) == 2
    np.testing.assert_array_equal(np.asarray(scratch), AUDIO)
    for part in (slice(0, 10), slice(295, 305), slice(-5, None), slice(7, 7), slice(9, 5)):
        np.testing.assert_array_equal(scratch[..., part], AUDIO[..., part])
    np.testing.assert_array_equal(scratch[1, ::3], AUDIO[1, ::3])
    assert scratch[..., :10].flags.c_contiguous
    assert scratch.peak == np.abs(AUDIO).max()


def test_the_file_has_no_name(scratch, tmp_path):
    assert list(tmp_path.iterdir()) == []


def test_a_stack_is_its_signals_in_any_order(tmp_path):
    stack = Stack([Scratch(tmp_path, 2) for _ in range(3)])
    audio = RNG.uniform(-1, 1, (3, 2, 50))
    stack.append(audio[..., :20])
    stack.append(audio[..., 20:])
    assert stack.shape == (3, 2, 50)
    np.testing.assert_array_equal(stack[..., 10:30], audio[..., 10:30])
    stack.reorder([2, 0, 1])
    np.testing.assert_array_equal(np.asarray(stack), audio[[2, 0, 1]])
    np.testing.assert_array_equal(np.asarray(stack[1]), audio[0])
    for one, other in zip(stack, audio[[2, 0, 1]], strict=True):
        np.testing.assert_array_equal(np.asarray(one), other)


@pytest.mark.parametrize("most, kind", [(1000, np.ndarray), (999, Scratch)])
def test_a_spool_goes_into_a_file_when_it_is_long(tmp_path, most, kind):
    spool = Spool(tmp_path, 2, most)
    for first in range(0, 1000, 70):
        spool.append(AUDIO[:, first : first + 70])
    signal = spool.signal()
    assert type(signal) is kind
    np.testing.assert_array_equal(np.asarray(signal), AUDIO)


def test_signals_in_blocks(scratch):
    for signal in (AUDIO, scratch):
        blocks = list(blocks_of(signal, 300))
        assert [block.shape[-1] for block in blocks] == [300, 300, 300, 100]
        np.testing.assert_array_equal(np.concatenate(blocks, axis=-1), AUDIO)
        assert peak_of(signal) == np.abs(AUDIO).max()


def test_a_folder_without_room_is_refused_in_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(stored.shutil, "disk_usage", lambda _: SimpleNamespace(free=7_999_999_999))
    check_room(tmp_path, 7_999_999_999)
    for size, lacking in ((16_000_000_000, "8.0 GB"), (8_040_000_000, "40.0 MB")):
        with pytest.raises(AudioFileError, match=f"lacks {lacking} of room; make"):
            check_room(tmp_path, size)


def test_a_disk_that_becomes_full_is_told_in_a_line(tmp_path, monkeypatch):
    def full(**_):
        def write(_):
            raise OSError(errno.ENOSPC, "No space left on device")

        return SimpleNamespace(seek=lambda _: None, write=write, close=lambda: None)

    monkeypatch.setattr(stored.tempfile, "TemporaryFile", full)
    with pytest.raises(AudioFileError, match="temporary file: No space left on device; make room"):
        Scratch(tmp_path, 2).append(AUDIO)


def test_no_file_can_be_made_in_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(AudioFileError, match=r"missing' cannot hold a temporary file: No such"):
        Scratch(tmp_path / "missing", 2)


@pytest.mark.parametrize("longest_s, kind", [(0.2, Scratch), (10, np.ndarray)])
@pytest.mark.parametrize("excerpt", [{}, {"start_s": 0.1, "duration_s": 8.5}])
def test_a_file_is_spooled_as_it_is_read(tmp_path, longest_s, kind, excerpt):
    path = tmp_path / "x.flac"
    files.write(path, RNG.uniform(-1, 1, (2, 70_001)), 8000, subtype="PCM_16")
    audio, rate = files.spool(path, tmp_path, longest_s, **excerpt)
    assert isinstance(audio, kind) and rate == 8000
    np.testing.assert_array_equal(np.asarray(audio), files.read(path, **excerpt)[0])


def test_a_bad_sample_is_told_by_its_number(tmp_path):
    path = tmp_path / "x.wav"
    content = np.zeros((70_000, 2), np.float32)
    content[66_000, 1] = np.nan
    sf.write(path, content, 8000, subtype="FLOAT")
    for read in (files.read, lambda path: files.spool(path, tmp_path, 1)):
        with pytest.raises(ValueError, match=r"x\.wav': channel 1, sample 66000 is nan"):
            read(path)


@pytest.mark.parametrize("suffix, subtype", [("wav", "FLOAT"), ("flac", "PCM_24")])
def test_what_is_not_in_memory_is_written_as_what_is(scratch, tmp_path, suffix, subtype):
    paths = [tmp_path / f"{name}.{suffix}" for name in ("memory", "stored")]
    for path, audio in zip(paths, (AUDIO, scratch), strict=True):
        files.write(path, audio, 8000, subtype=subtype)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert files.headroom_gain([AUDIO, 2 * AUDIO], subtype) == files.headroom_gain(
        [scratch, stored_double(scratch)], subtype
    )


def stored_double(signal):
    class Double(Stored):
        shape = signal.shape

        def read(self, first, stop):
            return 2 * signal.read(first, stop)

    return Double()


def test_what_is_not_in_memory_is_refused_if_it_would_clip(scratch, tmp_path):
    with pytest.raises(ValueError, match="clips in PCM_16 above 1"):
        files.write(tmp_path / "x.wav", stored_double(scratch), 8000, subtype="PCM_16")
    assert list(tmp_path.iterdir()) == []
