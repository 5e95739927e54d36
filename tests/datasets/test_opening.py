"""Which files of a data set are taken for what; most of them are empty, as none is opened."""

import sys

import pytest
from madesets import METADATA, bach10, medleydb, urmp

from musisep.cli import data
from musisep.datasets import Recording, find_recordings, open_dataset, open_stems
from musisep.datasets.layouts import LAYOUTS
from musisep.datasets.names import SPLITS
from musisep.datasets.singles import INSTRUMENTS, open_all
from musisep.io.files import AudioFileError


@pytest.fixture(autouse=True)
def unopened(monkeypatch, request):
    """No audio file is opened."""

    def refuse(*_, **__):
        raise AssertionError("a file was opened")

    for name in ("info", "read"):
        monkeypatch.setattr(f"musisep.io.files.{name}", refuse)


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def seen(recordings, root):
    """Mixture and references of recordings, relative to a folder."""
    return {
        one.name: (
            one.mixture and one.mixture.relative_to(root).as_posix(),
            {name: path.relative_to(root).as_posix() for name, path in one.references.items()},
        )
        for one in recordings
    }


def refused(match, function, *args, error=AudioFileError, **options):
    with pytest.raises(error, match=match) as caught:
        function(*args, **options)
    assert len(str(caught.value).splitlines()) == 1


def test_tracks_of_any_format_with_either_name_of_a_mixture(tmp_path):
    touch(tmp_path, "b/mix.flac", "b/violin.flac", "b/Cello_2.WAV", "b/score.json")
    touch(tmp_path, "a/MIXTURE.mp3", "a/horn.ogg", "a/.horn.ogg", "a/linear_mixture.wav")
    touch(tmp_path, "c/flute.wav", "notes/read.txt", ".hidden/flute.wav")
    found = open_dataset(tmp_path)
    assert seen(found, tmp_path) == {
        "a": ("a/MIXTURE.mp3", {"horn": "a/horn.ogg"}),
        "b": ("b/mix.flac", {"Cello_2": "b/Cello_2.WAV", "violin": "b/violin.flac"}),
        "c": (None, {"flute": "c/flute.wav"}),
    }
    assert found[1].instruments == {"Cello_2": "cello", "violin": "violin"}


def test_splits(tmp_path):
    touch(tmp_path, "train/song/bass.wav", "test/song/bass.wav", "valid/a b/bass.wav")
    assert [(one.name, one.split) for one in open_dataset(tmp_path)] == [
        ("test/song", "test"), ("train/song", "train"), ("valid/a b", "valid"),
    ]  # fmt: skip
    assert [one.name for one in open_dataset(tmp_path, "test")] == ["test/song"]
    assert open_dataset(tmp_path / "train")[0].split == ""
    refused(r"split='dev' must be one of", open_dataset, tmp_path, "dev", error=ValueError)
    (tmp_path / "valid").rename(tmp_path / "more")
    refused(r"has no folder 'valid', but test, train$", open_dataset, tmp_path, "valid")
    refused(r"has no folder 'train', but no splits$", open_dataset, tmp_path / "more", "train")


def test_musdb(tmp_path):
    stems = ("bass", "drums", "other", "vocals")
    for split in ("train", "test"):
        names = [f"{split}/Artist - {split}/{name}.wav" for name in (*stems, "mixture")]
        touch(tmp_path, *names)
    found = open_dataset(tmp_path, layout="musdb")
    assert [one.name for one in found] == ["test/Artist - test", "train/Artist - train"]
    for one in found:
        assert tuple(one.references) == tuple(one.instruments.values()) == stems
        assert one.mixture.name == "mixture.wav"
    touch(tmp_path, "train/Artist - other.stem.mp4")
    refused(r"stem.mp4' has its stems in one file, .*get MUSDB18-HQ", open_dataset, tmp_path)
    assert len(open_dataset(tmp_path, "test")) == 1


def test_urmp(tmp_path):
    folder = urmp(tmp_path)
    urmp(tmp_path, "02_Sonata", ("tpt", "xx"))
    touch(tmp_path, f"{folder.name}/Notes_1_vn_01_Jupiter.txt", "Supplementary_Files/a.m")
    first, second = open_dataset(tmp_path)
    assert seen([first], tmp_path)[folder.name] == (
        f"{folder.name}/AuMix_01_Jupiter_vn_vn_vc.wav",
        {
            "violin1": f"{folder.name}/AuSep_1_vn_01_Jupiter.wav",
            "violin2": f"{folder.name}/AuSep_2_vn_01_Jupiter.wav",
            "cello": f"{folder.name}/AuSep_3_vc_01_Jupiter.wav",
        },
    )
    assert first.instruments == {"violin1": "violin", "violin2": "violin", "cello": "cello"}
    assert second.instruments == {"trumpet": "trumpet", "xx": "xx"}
    touch(tmp_path, f"{folder.name}/AuMix_again.wav")
    refused(r"has 2 mixtures: AuMix_01_.*, AuMix_again.wav; rem", open_dataset, tmp_path)


def test_bach10(tmp_path):
    folder = bach10(tmp_path)
    (found,) = open_dataset(tmp_path)
    assert found.mixture == folder / "01-AchGottundHerr.wav"
    assert list(found.references) == ["bassoon", "clarinet", "saxophone", "violin"]
    assert found.references["violin"] == folder / "01-AchGottundHerr-violin.wav"


@pytest.mark.parametrize("beside", [None, "Metadata", "../Metadata"])
def test_medleydb(tmp_path, beside):
    root = tmp_path / "Audio"
    root.mkdir()
    folder = medleydb(root, metadata=None if beside is None else root / beside)
    (found,) = open_dataset(root)
    assert found.name == folder.name
    assert found.mixture == folder / "Somebody_Song_MIX.wav"
    stems = folder / "Somebody_Song_STEMS"
    assert found.references == {
        "acoustic-guitar": stems / "Somebody_Song_STEM_01.wav",
        "electric-bass+synthesizer": stems / "Somebody_Song_STEM_02.wav",
    }


BAD_METADATA = [
    "", "[", "stems:", "stems: []", "stems: {S01: {}}", "stems: {S01: 3}",
    "stems: {S01: {filename: a.wav, instrument: ''}}", "[" * 2000,
    METADATA.replace("    instrument: acoustic guitar\n    raw", "    raw"),
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_METADATA)
def test_bad_metadata_of_medleydb(tmp_path, text):
    folder = medleydb(tmp_path)
    (folder / "Somebody_Song_METADATA.yaml").write_text(text)
    refused(r"METADATA.yaml' must list stems, each with filename and", open_dataset, tmp_path)


def test_metadata_of_medleydb_are_needed_and_so_is_pyyaml(tmp_path, monkeypatch):
    folder = medleydb(tmp_path)
    monkeypatch.setitem(sys.modules, "yaml", None)
    refused(r"METADATA.yaml' is read by PyYAML: pip install PyYAML", open_dataset, tmp_path)
    (folder / "Somebody_Song_METADATA.yaml").unlink()
    refused(r"Song' lacks Somebody_Song_METADATA.yaml, which names", open_dataset, tmp_path)


def test_layouts_may_be_mixed_or_named(tmp_path):
    touch(tmp_path, "song/bass.wav")
    medleydb(tmp_path), bach10(tmp_path), urmp(tmp_path)
    assert len(open_dataset(tmp_path)) == 4
    assert [one.name for one in open_dataset(tmp_path, layout="urmp")] == ["01_Jupiter_vn_vn_vc"]
    assert "AuSep_1_vn_01_Jupiter" in open_dataset(tmp_path, layout="tracks")[1].references
    refused(r"layout='tree' must be", open_dataset, tmp_path, layout="tree", error=ValueError)


def test_what_is_no_data_set(tmp_path):
    refused(r"' is no folder that can be read: No such", open_dataset, tmp_path / "no")
    refused(r"is no name of a folder", open_dataset, "a\0b")
    refused(r"path='' must be a path", open_dataset, "", error=ValueError)
    refused(r"holds no folders of audio files \(.wav .*\); a data set has", open_dataset, tmp_path)
    touch(tmp_path, "bass.wav")
    refused(r"holds audio files and no folders of them; .*around it", open_dataset, tmp_path)
    refused(r"bass.wav' is no manifest, which ends", open_dataset, tmp_path / "bass.wav")


def test_what_is_wrong_with_a_recording_is_raised_or_reported(tmp_path):
    touch(tmp_path, "a/mix.wav", "b/bass.wav", "b/bass.flac", "c/bass.wav", "d/mix.wav")
    touch(tmp_path, "d/mixture.wav", "d/bass.wav")
    refused(r"a' holds a mixture only", open_dataset, tmp_path)
    told = []
    (only,) = open_dataset(tmp_path, report=told.append)
    assert only.name == "c"
    assert [error.path.relative_to(tmp_path).as_posix() for error in told] == [
        "a", "b/bass.wav", "d/mixture.wav",
    ]  # fmt: skip
    assert "is called as 'bass.flac'; remove one" in str(told[1])


def test_single_stems_in_a_folder_for_each_instrument(tmp_path):
    touch(tmp_path, "French Horn/b.wav", "clarinet/a.flac", "clarinet/c.wav", "clarinet/read.txt")
    stems = open_stems(tmp_path)
    assert [(one.name, one.instrument) for one in stems] == [
        ("French Horn/b", "horn"), ("clarinet/a", "clarinet"), ("clarinet/c", "clarinet"),
    ]  # fmt: skip
    assert stems[1].path == tmp_path / "clarinet" / "a.flac"
    refused(r"a folder for each instrument, not for each rec", open_dataset, tmp_path)
    assert len(open_dataset(tmp_path, layout="tracks")) == 2
    assert [one.name for one in open_all(tmp_path)] == [one.name for one in stems]


def test_a_folder_for_each_instrument_may_have_splits_and_any_names(tmp_path):
    touch(tmp_path, "train/horn/a.wav", "test/horn/a.wav")
    assert [one.name for one in open_stems(tmp_path, "test")] == ["test/horn/a"]
    touch(tmp_path, "more/kora/a.wav", "more/saz/b.wav")
    assert [one.instrument for one in open_stems(tmp_path / "more")] == ["a", "b"]
    stems = open_stems(tmp_path / "more", layout=INSTRUMENTS)
    assert [one.instrument for one in stems] == ["kora", "saz"]
    (tmp_path / "none").mkdir()
    refused("holds no folders of audio", open_stems, tmp_path / "none", layout=INSTRUMENTS)


def test_single_stems_of_a_data_set(tmp_path):
    urmp(tmp_path / "train")
    stems = open_stems(tmp_path, "train")
    assert [(one.name, one.instrument) for one in stems] == [
        ("train/01_Jupiter_vn_vn_vc/violin1", "violin"),
        ("train/01_Jupiter_vn_vn_vc/violin2", "violin"),
        ("train/01_Jupiter_vn_vn_vc/cello", "cello"),
    ]
    touch(tmp_path, "duo/clarinet/mix.wav", "duo/clarinet/left.wav")
    (left,) = open_stems(tmp_path / "duo")
    assert left.name == "clarinet/left"


def test_instruments_of_a_recording():
    given = Recording({"a1": "x", "b": "y"}, name="valid/n", instruments={"b": "horn"})
    assert given.instruments == {"a1": "a", "b": "horn"}
    assert given.split == "valid"
    assert Recording({"a1": "x"}, name="song/valid").split == ""
    with pytest.raises(ValueError, match=r"instruments: there is no 'c', but only \['a1'\]"):
        Recording({"a1": "x"}, instruments={"c": "horn"})
    with pytest.raises(ValueError, match="name=3 must be a str"):
        Recording({"a1": "x"}, name=3)


def test_names_of_found_recordings(tmp_path):
    touch(tmp_path, "song/bass.wav", "song/mix.wav")
    (found,) = find_recordings(tmp_path)
    assert found.name == "song"
    assert set(found.references) == {"bass", "mix"}


def test_the_command_knows_all_layouts_and_splits():
    assert set(data.LAYOUTS) == {INSTRUMENTS, *LAYOUTS}
    assert data.SPLITS == SPLITS
