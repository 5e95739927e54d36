import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from stemfolders import noise, write_track

import musisep
from musisep.__main__ import main
from musisep.metrics import bss_eval

NAMES = ["flute", "horn"]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Two tracks, of which the second has estimates that are called as the references."""
    monkeypatch.chdir(tmp_path)
    for track, names in (("one", ["instrument1", "instrument2"]), ("two", NAMES)):
        references = noise(2, 2.0, seed=len(track))
        write_track(f"refs/{track}", references, NAMES, mixture="mixture")
        order = -1 if track == "one" else 1
        estimates = (references + noise(2, 2.0, seed=5))[::order]
        write_track(f"est/{track}", estimates, names)
        write_track(f"est/{track}", noise(1), ["residual"])
    return tmp_path


def read(path):
    return list(csv.DictReader(Path(path).read_text().splitlines()))


def test_tracks_are_told_one_by_one_and_on_average(data, capsys):
    assert main(["evaluate", "est", "refs", "--jobs", "1"]) == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert told.err == ""
    assert [line for line in lines if not line.startswith(" ")] == [
        "one (matched by permutation)",
        "two (matched by name)",
        "median over 2 tracks",
        "mean over 2 tracks",
    ]
    assert lines[1].split() == ["SDR", "SIR", "SAR", "SI-SDR", "(dB)"]
    assert lines[2].split()[0] == "flute" and lines[2].split()[-1] == "instrument2"
    assert len(lines[6].split()) == 5


def test_a_track_alone_has_no_averages(data, capsys):
    assert main(["evaluate", "est/two", "refs/one"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("one (matched by name)\n") and "median" not in out


def test_files_hold_all_values(data, capsys):
    command = "evaluate est refs --window 0.5 --taps 16 --images --jobs 1"
    assert main([*command.split(), "--csv", "o/a.csv", "--json", "a.json", "--plot", "a.png"]) == 0
    rows = read("o/a.csv")
    assert list(rows[0]) == ["track", "stem", "window_start_s", "measure", "value"]
    assert len(rows) == 2 * 2 * 5 * (1 + 4)
    assert {row["measure"] for row in rows} == {"SDR", "ISR", "SIR", "SAR", "SI-SDR"}
    stored = json.loads(Path("a.json").read_text())
    assert stored["musisep"] == musisep.__version__
    assert stored["settings"]["filter_length"] == 16 and stored["settings"]["window_s"] == 0.5
    own = [
        np.median([float(r["value"]) for r in rows if r["window_start_s"] and r["track"] == track
                   and r["stem"] == "horn" and r["measure"] == "SDR"])
        for track in ("one", "two")
    ]  # fmt: skip
    summary = stored["summary"]["horn"]["SDR"]
    assert summary["median"] == pytest.approx(np.median(own))
    assert summary["mean"] == pytest.approx(np.mean(own))
    assert imread("a.png").shape[1] == 1080


def test_a_table_says_that_it_has_medians_over_windows(data, capsys):
    assert main(["evaluate", "est/one", "refs/one", "--jobs", "1"]) == 0
    assert "window" not in capsys.readouterr().out
    assert main(["evaluate", "est/one", "refs/one", "--window", "0.5", "--jobs", "1"]) == 0
    assert ", medians over windows of 0.5 s)" in capsys.readouterr().out.splitlines()[0]


def test_values_are_those_of_bss_eval(data, capsys):
    assert main(["evaluate", "est", "refs", "--csv", "a.csv", "--jobs", "1", "--quiet"]) == 0
    references = noise(2, 2.0, seed=3)
    expected = bss_eval(references, references + noise(2, 2.0, seed=5))
    rows = {tuple(row.values())[:4]: row["value"] for row in read("a.csv")}
    for name in ("sdr", "sir", "sar"):
        for stem, value in zip(NAMES, getattr(expected, name), strict=True):
            assert float(rows["two", stem, "", name.upper()]) == pytest.approx(value, abs=1e-4)


def test_several_processes_tell_the_same(data, capsys):
    assert main(["evaluate", "est", "refs", "--jobs", "1", "--csv", "one.csv"]) == 0
    alone = capsys.readouterr()
    assert main(["evaluate", "est", "refs", "--jobs", "2", "--csv", "two.csv"]) == 0
    assert capsys.readouterr() == alone
    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()


def test_a_cluster_tells_the_same_and_nothing_is_left(data, capsys, cluster):
    assert main(["evaluate", "est", "refs", "--jobs", "1"]) == 0
    alone = capsys.readouterr()
    assert main(["evaluate", "est", "refs", "--scheduler", cluster]) == 0
    assert capsys.readouterr() == alone
    assert sorted(path.name for path in data.iterdir()) == ["est", "refs"]


def test_a_track_that_fails_is_a_line_and_the_others_are_done(data, capsys):
    Path("est/one/instrument1.wav").write_bytes(b"RIFF")
    write_track("refs/three", noise(), NAMES)
    write_track("est/four", noise(), NAMES)
    assert main(["evaluate", "est", "refs", "--json", "a.json", "--jobs", "1"]) == 1
    told = capsys.readouterr()
    first, second, third = told.err.splitlines()
    assert first == "musisep: refs: three has no estimates in est"
    assert second == "musisep: est: four has no references in refs; it is left out"
    assert third.startswith("musisep: refs/one: 'est/one/instrument1.wav' ")
    assert told.out.startswith("two (matched by name)")
    assert [track["name"] for track in json.loads(Path("a.json").read_text())["tracks"]] == ["two"]


def test_a_track_of_one_sample_is_a_line(data, capsys):
    for place in ("est/two", "refs/two"):
        write_track(place, noise(2, 1 / 8000), NAMES)
    assert main(["evaluate", "est/two", "refs/two"]) == 1
    message = "musisep: refs/two: one sample is too few for 2 stems and --taps 1\n"
    assert capsys.readouterr().err == message


def test_lengths_and_rates_that_differ_are_told(data, capsys):
    write_track("est/one", noise(2, 1.9), ["instrument1", "instrument2"])
    write_track("est/two", noise(2, 2.0), NAMES, rate=16000)
    assert main(["evaluate", "est", "refs", "--jobs", "1"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "est/one/instrument1.wav has 15200 samples" in first
    assert "est/two/flute.wav has 16000 Hz" in second


def test_silent_and_infinite_values_are_no_numbers_in_json(data, capsys):
    shutil.rmtree("est/one")
    silence = noise(2, 2.0, seed=3)
    silence[0] = 0
    write_track("est/two", silence, NAMES)
    assert main(["evaluate", "est/two", "refs/two", "--json", "a.json", "--plot", "a.svg"]) == 0
    assert "the estimate flute: silent, not measured" in capsys.readouterr().out
    stored = json.loads(Path("a.json").read_text())["tracks"][0]["medians"]
    assert stored["flute"]["SDR"] is None and stored["horn"]["SDR"] == "inf"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("missing refs", "'missing' is no folder that can be read"),
        ("est refs/one/flute.wav", "is no manifest, which ends in .csv or .json; or name a folder"),
        (". .hidden", "'.hidden' is no folder"),
        ("est/one refs/one --taps 16001", "16000 samples are too few for 2 stems and --taps 16001"),
        (
            "est/one refs/one --window 9e-5 --taps 2",
            "--window 9e-05 has fewer samples than --taps 2",
        ),
    ],
)
def test_what_cannot_be_measured_is_a_line(data, capsys, arguments, message):
    assert main(["evaluate", *arguments.split()]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--hop 1", "--hop needs --window"),
        ("--taps 0", "'0' is not a whole number of at least 1"),
        ("--plot a.txt", "--plot a.txt must end in one of ."),
        ("--csv a --json a", "must be different files"),
    ],
)
def test_wrong_options_are_wrong_usage(data, capsys, options, message):
    with pytest.raises(SystemExit, match="2"):
        main(["evaluate", "est", "refs", *options.split()])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("place", ["est/one/instrument1.flac", "refs/one/horn.flac"])
def test_two_files_of_one_name_are_a_line_and_others_are_done(data, capsys, place):
    Path(place).touch()
    assert main(["evaluate", "est", "refs", "--match", "name", "--jobs", "1"]) == 1
    told = capsys.readouterr()
    assert told.out.startswith("two (matched by name)")
    assert "remove one of them" in told.err.splitlines()[0]
