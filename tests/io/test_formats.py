"""The table of formats is the only place that knows them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from musisep.io.files import AudioFileError, write
from musisep.io.formats import FORMATS, Format, format_of, readable_suffixes, with_quality, writable


def test_what_is_read_and_written():
    assert {".wav", ".flac", ".ogg", ".mp3"} <= set(readable_suffixes())
    assert {form.container for form in FORMATS.values()} <= set(sf.available_formats())
    assert list(writable()) == ["wav", "flac", "ogg", "opus", "mp3"]
    assert list(with_quality()) == ["ogg", "opus", "mp3"]
    for name, form in FORMATS.items():
        assert f".{name}" in form.suffixes
        assert set(form.subtypes) <= set(sf.available_subtypes(form.container))


def test_suffixes_name_formats():
    assert format_of(Path("a/UPPER.AIF")) is FORMATS["aiff"]
    with pytest.raises(ValueError, match=r"'x\.txt': suffix='\.txt' must be one of \.wav, \.flac"):
        format_of(Path("x.txt"))
    with pytest.raises(ValueError, match="must have a container or be written"):
        Format("", (".txt",))


def test_a_format_that_libsndfile_lacks_is_one_entry(tmp_path, monkeypatch):
    def save(path, audio, sample_rate, subtype):
        np.save(path, audio.astype({"FLOAT": np.float32, "DOUBLE": np.float64}[subtype]))

    monkeypatch.setitem(FORMATS, "npy", Format("", (".npy",), ("FLOAT", "DOUBLE"), save))
    audio = np.random.default_rng(0).uniform(-1, 1, (2, 100))
    write(tmp_path / "x.npy", audio, 8000)
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), audio.astype(np.float32))
    write(tmp_path / "x.npy", audio, 8000, subtype="DOUBLE")
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), audio)
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]
    assert "npy" in writable() and ".npy" not in readable_suffixes()
    with pytest.raises(ValueError, match="subtype='PCM_16' must be one of FLOAT, DOUBLE"):
        write(tmp_path / "y.npy", audio, 8000, subtype="PCM_16")


def test_a_writer_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    def save(path, audio, sample_rate, subtype):
        path.write_bytes(b"half")
        raise OSError(28, "No space left")

    monkeypatch.setitem(FORMATS, "npy", Format("", (".npy",), ("FLOAT",), save))
    (tmp_path / "x.npy").write_bytes(b"before")
    with pytest.raises(AudioFileError, match=r"x.npy' cannot be written: No space left; choose"):
        write(tmp_path / "x.npy", np.zeros(9), 8000)
    assert (tmp_path / "x.npy").read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_table_is_light():
    code = "import sys, musisep.io.formats; print({'numpy', 'soundfile'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "set()\n"
