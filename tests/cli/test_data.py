"""`musisep data`: what it prints, and its exit status."""

import json

import pytest
from madesets import make, put, tone

from musisep.__main__ import main


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A data set of two recordings, and the working folder around it."""
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "set" / "train" / "duo 1", "horn.wav", "Violin_2.wav", mixture="mix.wav")
    make(tmp_path / "set" / "test" / "duo 2", "horn.flac", "tuba.flac", first=10)
    return tmp_path


def test_list(root, capsys):
    assert main(["data", "list", "set"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "track        length  rate     channels  instruments",
        "test/duo 2   1.0 s   8000 Hz  1         horn, tuba",
        "train/duo 1  1.0 s   8000 Hz  1         violin, horn",
    ]


def test_list_for_programs(root, capsys):
    assert main(["data", "list", "--json", "--split", "train", "set"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["track"] == "train/duo 1" and entry["split"] == "train"
    assert entry["instruments"] == {"Violin_2": "violin", "horn": "horn"}
    assert (entry["length_s"], entry["sample_rate"], entry["channels"]) == (1, 8000, 1)
    assert entry["mixture"].endswith("mix.wav") and set(entry["references"]) == {"Violin_2", "horn"}


def test_list_goes_on_after_what_is_wrong(root, capsys):
    put(root / "set" / "test" / "duo 2" / "horn.flac", tone(1)[:, :-1])
    make(root / "set" / "test" / "twice", "horn.flac", "horn.wav")
    assert main(["data", "list", "missing", "set"]) == 1
    told = capsys.readouterr()
    assert [line.split()[0] for line in told.out.splitlines()] == ["track", "train/duo"]
    missing, twice, lengths = told.err.splitlines()
    assert missing.startswith("musisep: missing: is no folder that can be read: No such file")
    assert twice.startswith("musisep: set/test/twice/horn.wav: is called as 'horn.flac'; rem")
    assert lengths.startswith("musisep: set/test/duo 2: files must have the same samples")


def test_check(root, capsys):
    assert main(["data", "check", "set"]) == 0
    assert capsys.readouterr() == ("set: nothing is wrong\n", "")
    put(root / "set" / "test" / "duo 2" / "tuba.flac", 0 * tone(1))
    assert main(["data", "check", "set"]) == 0
    silent, summary = capsys.readouterr().out.splitlines()
    assert silent.startswith("set/test/duo 2/tuba.flac: warning: is silent; remove it")
    assert summary == "set: 1 warning"
    (root / "set" / "train" / "duo 1" / "horn.wav").write_text("no audio")
    assert main(["data", "check", "missing", "set"]) == 1
    told = capsys.readouterr()
    assert told.err == ""
    assert "missing: 1 error" in told.out and told.out.endswith("set: 1 error, 1 warning\n")


def test_check_for_programs(root, capsys):
    (root / "set" / "train" / "duo 1" / "horn.wav").write_text("no audio")
    assert main(["data", "check", "--json", "set", "set/test"]) == 1
    first, second = json.loads(capsys.readouterr().out)
    assert (first["dataset"], first["summary"]) == ("set", "1 error")
    (finding,) = first["findings"]
    assert set(finding) == {"path", "problem", "advice", "severity"}
    assert finding["path"] == "set/train/duo 1/horn.wav"
    assert second == {"dataset": "set/test", "summary": "nothing is wrong", "findings": []}


def test_odd_names_are_printed(root, capsys):
    make(root / "odd\n\x1b[1m" / "a", "ho'rn.wav")
    (root / "odd\n\x1b[1m" / "a" / "ho'rn.wav").write_text("no audio")
    assert main(["data", "check", "odd\n\x1b[1m"]) == 1
    assert main(["data", "list", "odd\n\x1b[1m"]) == 1
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err
    assert len(told.out.splitlines()) == 2 and len(told.err.splitlines()) == 1
    assert "\\x1b[1m/a/ho'rn.wav: error: is damaged" in told.out


def test_single_stems(root, capsys):
    make(root / "alone", "horn/a.wav", "tuba/b.wav")
    assert main(["data", "list", "alone"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0::5] for line in lines[1:]] == [["horn/a", "1"], ["tuba/b", "1"]]


@pytest.mark.parametrize("wrong", ["", "check", "look set", "check set --layout tree"])
def test_wrong_usage(root, capsys, wrong):
    with pytest.raises(SystemExit, match="2"):
        main(["data", *wrong.split()])
    assert capsys.readouterr().err.startswith("usage: musisep data {check,list} [option ...] FOL")
