import csv
import json
import shutil
from pathlib import Path

import pytest
from stemfolders import noise, write_track

import musisep.benchmark.methods
from musisep.__main__ import main
from musisep.benchmark.methods import Method
from musisep.benchmark.names import NAMES


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("a", "b")):
        write_track(f"data/{name}", noise(2, 0.5, seed=seed), ["x", "y"], mixture="mixture")
    return tmp_path


QUICK = ["benchmark", "data", "--methods", "mixture,ideal-mask"]


def test_a_table_is_printed_and_written(data, capsys):
    assert main(QUICK) == 0
    told = capsys.readouterr()
    assert told.err == ""
    lines = told.out.splitlines()
    assert [line.split()[:3] for line in lines[:4]] == [
        [track, method, "SDR"] for track in "ab" for method in ("mixture", "ideal-mask")
    ]
    assert lines[4] == "" and lines[5].split()[:4] == ["method", "tracks", "SDR", "median"]
    assert [line.split()[0] for line in lines[6:]] == ["mixture", "ideal-mask"]
    rows = list(csv.DictReader(Path("benchmark/values.csv").read_text().splitlines()))
    assert len(rows) == 2 * 2 * 2 * 4
    stored = json.loads(Path("benchmark/table.json").read_text())
    assert stored["methods"][1]["difference"] > 2
    assert Path("benchmark/table.md").read_text().startswith("| method | tracks | SDR |")
    assert Path("benchmark/table.rst").read_text().startswith(".. list-table::")


def test_a_second_run_takes_up_the_first(data, capsys):
    assert main([*QUICK[:3], "mixture"]) == 0
    capsys.readouterr()
    assert main(QUICK) == 0
    lines = capsys.readouterr().out.splitlines()[:4]
    assert [line.split()[-1] == "kept" for line in lines] == [True, False, True, False]
    assert main([*QUICK, "--fresh"]) == 0
    assert "kept" not in capsys.readouterr().out


def test_the_model_is_a_method(data, capsys):
    assert main(["benchmark", "data", "--methods", "musisep", "--jobs", "1"]) == 0
    assert capsys.readouterr().out.count("  musisep  SDR ") == 2


def test_what_lacks_or_fails_is_a_line_and_the_rest_is_done(data, capsys, monkeypatch):
    def fail(item):
        raise ValueError("out of ideas")

    table = dict(musisep.benchmark.methods.METHODS)
    table["adam"] = Method(fail)
    table["nmf"] = Method(fail, packages=("no-such-package",))
    monkeypatch.setattr(musisep.benchmark.methods, "METHODS", table)
    write_track("data/c", noise(3, 0.5), ["x", "y", "z"])
    write_track("data/solo", noise(1, 0.5), ["x"])
    Path("data/b/x.wav").write_bytes(b"RIFF")
    assert main(["benchmark", "data", "--methods", "mixture,adam,nmf,hpss"]) == 1
    told = capsys.readouterr()
    lacks, solo, adam, damaged, other = told.err.splitlines()
    assert lacks.startswith("musisep: nmf is left out: it needs no-such-package; install it")
    assert solo == "musisep: data: left out, with less than two stems: solo"
    assert adam == "musisep: data/a: adam: out of ideas"
    assert damaged.startswith("musisep: data/b: ") and "x.wav" in damaged
    assert other == "musisep: data/c: adam: out of ideas"
    assert "c  hpss  left out: it has two stems, not 3" in told.out
    assert told.out.splitlines()[-2].split()[:2] == ["mixture", "2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--methods magic", f"--methods magic is not known; there is {NAMES[0]}, {NAMES[1]}"),
        ("--methods ,", "--methods must name one at least"),
        ("--command prog", "must hold {mixture} and {out}"),
        ("--duration 0", "is not a time above 0 s"),
    ],
)
def test_wrong_options_are_wrong_usage(data, capsys, options, message):
    with pytest.raises(SystemExit, match="2"):
        main(["benchmark", "data", *options.split()])
    assert message in capsys.readouterr().err


def test_a_track_of_one_sample_is_a_line(data, capsys):
    write_track("data/a", noise(2, 1 / 8000), ["x", "y"], mixture="mixture")
    assert main(QUICK) == 1
    told = capsys.readouterr()
    assert told.err == "musisep: data/a: one sample is too few for 2 stems and --taps 1\n"
    assert told.out.startswith("b  mixture  SDR")


def test_a_folder_without_tracks_is_a_line(data, capsys):
    assert main(["benchmark", "missing"]) == 1
    write_track("solos/one", noise(1, 0.5), ["x"])
    assert main(["benchmark", "solos"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "'missing' is no folder that can be read" in first
    assert second == "musisep: solos: no track in it has two stems or more"


def test_a_track_with_two_files_of_one_name_is_a_line(data, capsys):
    Path("data/a/x.flac").touch()
    assert main(QUICK) == 1
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert line.startswith("musisep: ") and "data/a/" in line and "remove one of them" in line
    assert told.out.startswith("b  mixture  SDR")


def test_a_result_of_equal_files_has_the_name_of_its_own_track(data, capsys):
    shutil.copytree("data/a", "data/c")
    assert main(QUICK) == 0
    told = capsys.readouterr().out.splitlines()[:6]
    assert [line.split()[0] for line in told] == ["a", "a", "b", "b", "c", "c"]
    stored = json.loads(Path("benchmark/table.json").read_text())
    assert [method["tracks"] for method in stored["methods"]] == [3, 3]
