import json

import pytest

from musisep.datasets import open_dataset, open_stems, read_manifest
from musisep.io.files import AudioFileError

CSV = """\
track,file,role,instrument,split
song,a/mix.wav,mixture,,train
song,a/vn.wav,first violin,Violin,train
song,a/2.wav,violin2,,train

song,b/1.wav,other,,test
"""
JSON = [
    {
        "track": "song", "split": "train", "mixture": "a/mix.wav",
        "references": {"first violin": "a/vn.wav", "violin2": "a/2.wav"},
        "instruments": {"first violin": "Violin"},
    },
    {"track": "song", "split": "test", "references": {"other": "b/1.wav"}},
]  # fmt: skip


@pytest.fixture(params=[("set.csv", CSV), ("set.JSON", json.dumps(JSON))], ids=["csv", "json"])
def manifest(request, tmp_path):
    name, text = request.param
    (tmp_path / name).write_text("\ufeff" + text, encoding="utf-8")
    return tmp_path / name


def test_recordings_of_a_manifest(manifest):
    first, second = read_manifest(manifest)
    folder = manifest.parent
    assert (first.name, second.name) == ("train/song", "test/song")
    assert first.mixture == folder / "a" / "mix.wav"
    expected = {"first violin": folder / "a" / "vn.wav", "violin2": folder / "a" / "2.wav"}
    assert first.references == expected
    assert first.instruments == {"first violin": "violin", "violin2": "violin"}
    assert second.references == {"other": folder / "b" / "1.wav"}


def test_a_manifest_is_a_data_set(manifest):
    assert [one.name for one in open_dataset(manifest, "test")] == ["test/song"]
    assert [one.instrument for one in open_stems(manifest)] == ["violin", "violin", "other"]
    with pytest.raises(AudioFileError, match="names no recordings for valid; see its column"):
        open_dataset(manifest, "valid")


BAD_CSV = {
    "": r"lacks the column 'track'",
    "track,file\na,b": r"lacks the column 'role'; there may be track, file, role, instrument, spl",
    "track,file,role": r"names no tracks",
    "track,file,role,gain\n": r"unknown column 'gain'; there may be track, file, role, inst",
    "track,file,role,role\n": r"must be different",
    "track,file,role\na,,b": r"line 2: its file is empty",
    "track,file,role\na,b": r"line 2: its role is empty",
    "track,file,role\na,b,c,d": r"line 2: it has more than 3 fields",
    "track,file,role\na,b,c\na,d,c": r"line 3: track 'a' has two files for 'c'",
    "track,file,role\na,b,mixture\na,d,Mixture": r"line 3: track 'a' has two mixtures",
    "track,file,role\na,b,mixture": r"track 'a' has no references",
    "track,file,role,split\na,b,c,dev": r"line 2: split='dev' must be one of",
    'track,file,role\n"a,b,c': r"unexpected end of data",
    "track,file,role\na,b\0,c": r"line 2: 'b\\x00' is no name of a file",
}


@pytest.mark.parametrize("text", BAD_CSV)
def test_bad_tables(tmp_path, text):
    check_refused(tmp_path / "set.csv", text, BAD_CSV[text])


def changed(**entry):
    return json.dumps([{"track": "a", "references": {"b": "b.wav"}, **entry}])


BAD_JSON = {
    "{": "Expecting property name",
    "{}": "it must hold a list of tracks",
    "[]": "names no tracks",
    "[3]": "track number 1: 3 must be an object",
    "[" * 100_000: "nested too deeply",
    '[{"track": "a"}]': "track number 1: it lacks the key 'references'",
    changed(gain=3): "unknown key 'gain'; there may be track, references, mixture, instrum",
    changed(track=3): "track=3 must be text",
    changed(mixture=["a"]): r"mixture=\['a'\] must be text",
    changed(references=[1]): r"references=\[1\] must be an object of texts",
    changed(references={"b": None}): "references: b=None must be text",
    changed(references={"mixture": "b"}): "references: 'mixture' is the key of its own",
    changed(references={}): "track 'a' has no references",
    changed(instruments={"c": "horn"}): "instruments: there is no reference 'c'",
    changed(split=["test"]): r"split=\['test'\] must be one of",
    f"[{changed()[1:-1]}, {changed()[1:-1]}]": "track number 2: track='a' is there twice",
}


@pytest.mark.parametrize("text", BAD_JSON, ids=lambda text: text[:40])
def test_bad_lists(tmp_path, text):
    check_refused(tmp_path / "set.json", text, BAD_JSON[text])


def check_refused(path, text, match):
    path.write_text(text)
    with pytest.raises(AudioFileError, match=match) as caught:
        read_manifest(path)
    assert str(caught.value).startswith(f"{str(path)!r} is no manifest")
    assert len(str(caught.value).splitlines()) == 1


def test_files_that_are_no_text(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_bytes(b"track,\xff")
    for name, match in (("a.csv", "no text in UTF-8"), ("b.csv", "cannot be read: No such")):
        with pytest.raises(AudioFileError, match=match):
            read_manifest(tmp_path / name)
    monkeypatch.setattr("musisep.datasets.layouts.MOST_BYTES", 3)
    with pytest.raises(AudioFileError, match="more than 3 bytes; divide it"):
        read_manifest(tmp_path / "a.csv")
