import shutil
from pathlib import Path

import pytest
from stemfolders import noise, write_track

from musisep.evaluation.folders import pair_tracks, references_in, tracks_in
from musisep.evaluation.tracks import Options, match_stems, measure_track, read_alike
from musisep.io.files import AudioFileError
from musisep.metrics import bss_eval


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_of_stems_is_one_track():
    write_track("song", noise(), ["horn", "flute"], mixture="mix")
    write_track("song/older", noise(), ["horn", "flute"])
    (track,) = tracks_in("song")
    assert (track.name, list(track.stems)) == ("song", ["flute", "horn"])
    assert track.mixture == Path("song/mix.wav")


def test_folders_of_tracks_are_found_at_any_depth():
    for place in ("data/test/b", "data/test/a", "data/train/a", "data/.hidden/x"):
        write_track(place, noise(), ["one", "two"], mixture="Mixture")
    write_track("data/only a mixture", noise(1), ["mixture"])
    write_track("data/test/a", noise(1), ["residual"])
    Path("data/test/a/notes.txt").write_text("no audio")
    found = tracks_in("data")
    assert [track.name for track in found] == ["test/a", "test/b", "train/a"]
    assert all(list(track.stems) == ["one", "two"] and track.mixture for track in found)


def test_what_holds_no_track_is_refused():
    Path("empty").mkdir()
    Path("file").write_text("")
    for name in ("empty", "file", "missing"):
        with pytest.raises(AudioFileError, match=name):
            tracks_in(name)
    write_track("song", noise(), ["a", "b"])
    shutil.copy("song/a.wav", "song/a.flac")
    with pytest.raises(AudioFileError, match=r"is called as 'a\.flac'"):
        tracks_in("song")


def test_tracks_are_paired_by_name_or_by_the_name_of_their_folder():
    for place in ("refs/test/a", "refs/test/b", "refs/test/c", "est/a", "est/b", "est/d"):
        write_track(place, noise(), ["x", "y"])
    pairs, missing, left = pair_tracks(tracks_in("est"), tracks_in("refs"))
    assert [(one.name, other.name) for one, other in pairs] == [("a", "test/a"), ("b", "test/b")]
    assert (missing, left) == (["test/c"], ["d"])
    write_track("refs/train/a", noise(), ["x", "y"])
    _, missing, left = pair_tracks(tracks_in("est"), tracks_in("refs"))
    assert (missing, left) == (["test/a", "test/c", "train/a"], ["a", "d"])


def paths(*names):
    return {name: Path(f"{name}.wav") for name in names}


def test_stems_are_matched_by_name_where_all_references_are_named():
    found, how, notes = match_stems(
        paths("Horn", "flute", "karaoke"), paths("flute", "horn"), "auto"
    )
    assert (list(found), how) == (["flute", "Horn"], "name")
    assert notes == ["no reference for karaoke, which is left out"]
    found, how, notes = match_stems(paths("one", "two"), paths("flute", "horn"), "auto")
    assert (list(found), how, notes) == (["one", "two"], "permutation", [])
    assert match_stems(paths("b", "a"), paths("a", "b"), "permutation")[1] == "permutation"
    # Names that differ in the size of their letters only.
    found, how, _ = match_stems(paths("A", "a"), paths("A", "a"), "auto")
    assert (list(found), how) == (["A", "a"], "name")
    assert match_stems(paths("A", "b"), paths("A", "a"), "auto")[1] == "permutation"


def test_stems_that_cannot_be_matched_are_refused():
    with pytest.raises(ValueError, match=r"1 estimates \(x\) for 2 references \(a, b\)"):
        match_stems(paths("x"), paths("a", "b"), "auto")
    with pytest.raises(ValueError, match="no estimate is called b; there is a, x"):
        match_stems(paths("a", "x"), paths("a", "b"), "name")


def test_files_that_differ_little_are_cut_and_that_is_told():
    stems = noise(2, channels=2)
    write_track(".", [stems[0], stems[1][:1, :-3]], ["a", "b"])
    signals, rate, notes = read_alike([Path("a.wav"), Path("b.wav")])
    assert signals.shape == (2, 2, stems.shape[-1] - 3) and rate == 8000
    assert (signals[1, 0] == signals[1, 1]).all()
    assert [note.split()[0] for note in notes] == ["lengths", "files"]
    assert read_alike([Path("a.wav")], 0.5)[0].shape == (1, 2, 4000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": 16000}, "b.wav has 16000 Hz, a.wav 8000 Hz"),
        ({"cut": 17}, "b.wav has 7983 samples, a.wav 8000"),
        ({"channels": 3}, "files have 1 to 3 channels"),
    ],
)
def test_files_that_differ_more_are_refused(change, message):
    write_track(".", noise(1, channels=2), ["a"])
    other = noise(1, channels=change.get("channels", 2))
    other = other[..., : other.shape[-1] - change.get("cut", 0)]
    write_track(".", other, ["b"], rate=change.get("rate", 8000))
    with pytest.raises(ValueError, match=message):
        read_alike([Path("a.wav"), Path("b.wav")])


def test_a_track_is_measured_as_its_arrays_are():
    references = noise(2, 2.0)
    references[0, :, :8000] = 0
    estimates = (references + noise(2, 2.0, seed=1))[::-1]
    write_track("refs", references, ["horn", "flute"])
    write_track("est", estimates, ["one", "two"])
    (est,), (refs,) = tracks_in("est"), tracks_in("refs")
    found = measure_track(est, refs, Options(window_s=1.0))
    assert found.estimates == {"flute": "one", "horn": "two"}
    (note,) = found.notes
    assert note == "windows with a silent stem, which do not count: 1 of 2"
    whole = {(stem, name): value for stem, start, name, value in found.rows if start is None}
    expected = bss_eval(references, estimates)
    assert whole["horn", "SDR"] == pytest.approx(expected.sdr[0], abs=1e-4)
    windows = {row[:3]: row[3] for row in found.rows if row[1] is not None}
    assert found.medians["horn"]["SDR"] == windows["horn", 1.0, "SDR"]


def test_silent_stems_are_told_by_name():
    references = noise(3)
    references[1] = 0
    write_track("refs", references, ["a", "b", "c"])
    write_track("est", references + noise(3, seed=1), ["a", "b", "c"])
    found = measure_track(*tracks_in("est"), *tracks_in("refs"), Options())
    assert found.notes == ["the reference b: silent, not measured"]


def test_references_of_a_data_set(tmp_path):
    for name in ("train/a/bass.wav", "train/a/mix.wav", "test/b/horn.wav", "test/b/oboe.flac"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    every = references_in(tmp_path)
    assert [(track.name, sorted(track.stems)) for track in every] == [
        ("test/b", ["horn", "oboe"]), ("train/a", ["bass"]),
    ]  # fmt: skip
    assert every[1].mixture == tmp_path / "train/a/mix.wav" and every[0].mixture is None
    (only,) = references_in(tmp_path, "test")
    assert only.name == "test/b"
    (alone,) = references_in(tmp_path / "test/b")
    assert sorted(alone.stems) == ["horn", "oboe"]
    with pytest.raises(AudioFileError, match="has no folder 'train', but no splits"):
        references_in(tmp_path / "test", "train")
