"""What `check_dataset` finds: one fault each, in a data set that is otherwise right."""

import numpy as np
import pytest
from madesets import RATE, bach10, make, medleydb, put, tone, urmp

from musisep.datasets import check_dataset, checking, hearing, open_dataset
from musisep.datasets.checking import summary
from musisep.io.files import write


@pytest.fixture
def root(tmp_path):
    """Four recordings of different sounds, of which the last one is a test."""
    for number, name in enumerate(("train/a", "train/b", "train/c", "test/d")):
        names = ("bass.wav", "vocals.wav")
        make(tmp_path / name, *names, first=10 * number, mixture="mixture.wav")
    return tmp_path


@pytest.fixture
def found(root):
    """Return a function that checks, and tells paths, severities and problems with advice."""

    def run(**options):
        return {
            (one.path.relative_to(root).as_posix(), one.severity): f"{one.problem}; {one.advice}"
            for one in check_dataset(root, **options)
        }

    return run


def only(found, path, severity, text):
    """Check that one thing was found, and that a text is part of it."""
    assert list(found) == [(path, severity)]
    assert text in found[path, severity]
    assert found[path, severity].count("; ") == 1
    assert "'" + path not in found[path, severity]


def test_nothing_is_found_where_nothing_is_wrong(root, tmp_path):
    assert check_dataset(root) == []
    for number, layout in enumerate((urmp, bach10, medleydb), start=1):
        folder = tmp_path / "more" / layout.__name__
        layout(folder, first=100 * number)
    for layout in (urmp, bach10, medleydb):
        assert check_dataset(tmp_path / "more" / layout.__name__) == []
    make(tmp_path / "alone", "horn/a.wav", "tuba/b.flac")
    assert check_dataset(tmp_path / "alone") == []


def test_files_that_cannot_be_read(root, found):
    path = root / "train" / "b" / "bass.wav"
    path.write_bytes(path.read_bytes()[: -RATE // 2])
    only(found(), "train/b/bass.wav", "error", "is truncated")
    path.write_text("no audio")
    only(found(), "train/b/bass.wav", "error", "is damaged, or of a format that is not read")
    path.write_bytes(b"")
    only(found(), "train/b/bass.wav", "error", "is empty (0 bytes); copy")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_not_finite(root, found, bad):
    from soundfile import write as write_anything

    sound = tone(10)[0]
    sound[1234] = bad
    write_anything(root / "train" / "b" / "bass.wav", sound, RATE, subtype="FLOAT")
    only(found(), "train/b/bass.wav", "error", f"channel 0, sample 1234 is {bad}")


def test_silence_and_clipping(root, found):
    make(root / "train" / "e", "vocals.wav", first=90)
    put(root / "train" / "e" / "bass.wav", np.zeros((1, RATE)))
    only(found(), "train/e/bass.wav", "warning", "is silent")
    put(root / "train" / "e" / "bass.wav", np.clip(9 * np.sin(np.arange(RATE) / 9), -1, 1))
    only(found(), "train/e/bass.wav", "warning", "is cut off at full scale in ")


def test_what_counts_as_clipping():
    loud = np.array([[0, 1.5, 1.4, 1.5, -1, -1, 0.5, 0.5, 0.5, 1, -1, 1.0]])
    assert hearing.clipped(loud) == 0
    assert hearing.clipped(np.array([[0, 1.5, 1.5, 1.5, 0], [-1, -1, -1, -1, -1.0]])) == 4
    assert hearing.clipped(np.ones((1, 2))) == 0


def test_files_that_do_not_fit_together(root, found):
    bass = root / "train" / "b" / "bass.wav"
    put(bass, tone(10)[:, :-5])
    only(found(), "train/b", "error", "different lengths: bass 7995, vocals 8000, mixture 8000")
    put(bass, tone(10), 2 * RATE)
    only(found(), "train/b", "error", "sample rates: bass 16000, vocals 8000, mixture 8000 Hz")
    put(bass, np.repeat(tone(10), 2, axis=0))
    only(found(), "train/b", "warning", "different channels: bass 2, vocals 1, mixture 1")
    put(root / "train" / "b" / "vocals.wav", tone(11, channels=3))
    only(found(), "train/b", "error", "different channels: bass 2, vocals 3, mixture 1")


def test_a_mixture_that_is_not_the_sum(root, found):
    mixture = root / "train" / "b" / "mixture.wav"
    put(mixture, tone(10) + tone(11) + tone(12) / 100)
    level = 10 * np.log10(np.sum(tone(12) ** 2) / np.sum((tone(10) + tone(11)) ** 2)) - 40
    told = f"is not the sum of its references: the rest has {level:.1f} dB"
    only(found(), "train/b/mixture.wav", "warning", told)
    put(mixture, tone(10) + tone(11) + tone(12) / 2000)
    assert found() == {}
    put(mixture, np.zeros((1, RATE)))
    only(found(), "train/b/mixture.wav", "warning", "is silent")


def test_long_recordings_are_heard_to_their_end(root, found, monkeypatch):
    monkeypatch.setattr(hearing, "PIECE", 1000)
    for name in ("bass", "vocals"):
        put(root / "train" / "b" / f"{name}.wav", tone(1, 2 * RATE + 7) + (name == "bass") / 2)
    mixture = 2 * tone(1, 2 * RATE + 7) + 1 / 2
    put(root / "train" / "b" / "mixture.wav", mixture)
    assert found() == {}
    mixture[:, -3:] -= 0.5
    put(root / "train" / "b" / "mixture.wav", mixture)
    only(found(), "train/b/mixture.wav", "warning", "is not the sum")


def test_a_fault_behind_the_first_pieces(root, found):
    write(root / "train" / "b" / "bass.wav", tone(1, 20 * RATE), RATE)
    path = root / "train" / "b" / "bass.wav"
    with path.open("r+b") as file:
        file.seek(-16, 2)
        file.write(b"\xff" * 16)
    told = found()
    assert "channel 0, sample 159996 is nan" in told["train/b/bass.wav", "error"]


def test_what_reading_warns_of(root, found):
    with (root / "train" / "b" / "bass.wav").open("ab") as file:
        file.write(bytes(range(1, 256)) * 300)
    ((place, text),) = found().items()
    assert place == ("train/b/bass.wav", "warning")
    assert "bytes behind its samples are not part of them" in text


def test_the_same_samples_in_two_recordings(root, found):
    put(root / "train" / "b" / "vocals.flac", tone(0))
    (root / "train" / "b" / "vocals.wav").unlink()
    (root / "train" / "b" / "mixture.wav").unlink()
    only(found(), "train/b/vocals.flac", "warning", "has the same samples as '")


def test_the_same_samples_in_two_splits(root, found):
    put(root / "train" / "b" / "vocals.wav", tone(30))
    (root / "train" / "b" / "mixture.wav").unlink()
    only(found(), "train/b/vocals.wav", "error", "test/d/bass.wav', of another split; remove one")
    assert found(split="train") == {}


def test_silence_is_no_duplicate(root, found):
    for name in ("train/b", "test/d"):
        put(root / name / "other.wav", np.zeros((1, RATE)))
    assert {text.partition(";")[0] for text in found().values()} == {"is silent"}


def test_a_mixture_of_one_channel_is_compared_with_each_of_two(tmp_path):
    both = np.repeat(tone(0), 2, axis=0)
    put(tmp_path / "a" / "bass.wav", both)
    put(tmp_path / "a" / "mix.wav", 2 * tone(0))
    (recording,) = open_dataset(tmp_path)
    _, difference_db = hearing.hear(recording)
    assert difference_db == pytest.approx(-20 * np.log10(2))


def test_a_mixture_of_one_reference_reference_is_no_duplicate(tmp_path):
    make(tmp_path / "a", "bass.wav", mixture="mix.wav")
    assert check_dataset(tmp_path) == []
    put(tmp_path / "a" / "silent.wav", np.zeros((1, RATE)))
    assert [one.problem for one in check_dataset(tmp_path)] == ["is silent"]
    put(tmp_path / "a" / "again.wav", tone(0))
    told = {one.path.name: one.problem for one in check_dataset(tmp_path)}
    assert told["bass.wav"].startswith("has the same samples as ")
    assert "sum of its references" in told["mix.wav"]


def test_names_and_missing_references(root, found):
    make(root / "train" / "b", "Bass.wav", first=70)
    (root / "train" / "b" / "mixture.wav").unlink()
    told = found()
    assert "'Bass' is the name of another" in told["train/b/Bass.wav", "warning"]
    assert "'bass' is the name of another" in told["train/b/bass.wav", "warning"]
    (root / "train" / "b" / "bass.wav").unlink()
    make(root / "train" / "e", "bass.wav", "vocals.wav", first=80)
    only(found(), "train/b", "warning", "lacks 'bass', which 4 of 5 recordings have")


def test_recordings_that_are_left_out(root, found):
    make(root / "train" / "b", "bass.flac", first=70)
    only(found(), "train/b/bass.wav", "error", "is called as 'bass.flac'; remove one of them")


def test_stray_files(root, found):
    make(root, "song.wav", "train/linear_mixture.wav", first=70)
    (root / "train" / "song.m4a").touch()
    (root / "train" / "a" / "notes.txt").touch()
    told = found()
    assert set(told) == {("song.wav", "warning"), ("train/song.m4a", "warning")}
    assert told["song.wav", "warning"].startswith("belongs to no recording; put it into a")
    assert told["train/song.m4a", "warning"].endswith("convert it, or remove it")


def test_unknown_codes(tmp_path):
    urmp(tmp_path, codes=("vn", "xx"))
    (one,) = check_dataset(tmp_path)
    assert one.problem == "has an unknown instrument 'xx'"
    assert "the codes are vn va vc" in one.advice


def test_manifests(tmp_path):
    make(tmp_path, "a.wav", "b.wav")
    manifest = tmp_path / "set.csv"
    manifest.write_text("track,file,role\nx,a.wav,horn\nx,c.wav,tuba\ny,b.wav,horn\n")
    (one,) = check_dataset(manifest)
    assert (one.path, one.severity) == (tmp_path / "c.wav", "error")
    assert one.problem == "cannot be read: No such file or directory"
    manifest.write_text("track\n")
    (one,) = check_dataset(manifest)
    assert one.problem.startswith("is no manifest as it should be: it lacks the column 'file'")


def test_what_is_no_data_set_is_found(tmp_path):
    (one,) = check_dataset(tmp_path / "no")
    assert str(one) == f"{tmp_path / 'no'}: error: is no folder that can be read: No such file " \
        "or directory"  # fmt: skip
    with pytest.raises(ValueError, match="layout='tree'"):
        check_dataset(tmp_path, layout="tree")


def test_progress_and_summary(root):
    done = []
    check_dataset(root, progress=lambda *told: done.append(told))
    assert done == [("checking", number, 4) for number in range(5)]
    error = checking.Finding(root, "is", "do", checking.ERROR)
    warning = checking.Finding(root, "is", "", checking.WARNING)
    assert summary([error, warning, warning]) == "1 error, 2 warnings"
    assert summary([]) == "nothing is wrong"
    assert str(warning) == f"{root}: warning: is"
