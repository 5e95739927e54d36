"""`--instruments auto`: the number of tracks is known when these are made, and not before."""

import json
from pathlib import Path

import numpy as np
import pytest
from duet import REED, STRING

import musisep
from musisep.__main__ import main
from musisep.cli import summary
from musisep.notes.counting import Counted

AUTO = ["separate", "mix.wav", "--quiet", "-n", "auto"]
OUT = Path("separated/mix")


def test_as_many_tracks_are_written_as_instruments_are_found(folder, calls, written, capsys):
    assert main([*AUTO, "--residual", "--save-dictionary", "kept/duet.npz"]) == 0
    assert calls[0]["settings"].instruments == "auto"
    names = ("instrument1.wav", "instrument2.wav", "residual.wav", "separation.json")
    assert written() == {f"separated/mix/{name}" for name in names} | {"kept/duet.npz"}
    told = "  2 instruments (certainty 60%); it may be another number. Try --instruments 4"
    assert told in capsys.readouterr().out.splitlines()
    record = json.loads((OUT / "separation.json").read_text())
    assert record["made"]["settings"]["instruments"] == "auto"
    assert record["instruments"] == 2


@pytest.mark.parametrize(
    ("probabilities", "line"),
    [
        ([0.9, 0.1, 0, 0], "  1 instrument (certainty 90%)"),
        ([0.1, 0.0, 0.2, 0.7], "  4 instruments (certainty 70%)"),
        (
            [0.3, 0.0, 0.65, 0.05],
            "  3 instruments (certainty 65%); it may be another number. Try --instruments 1",
        ),
    ],
)
def test_it_is_told_how_sure_the_number_is(probabilities, line):
    class Found:
        counted = Counted(np.array(probabilities))
        tones = np.zeros(1)

    assert summary.count_lines(Found) == [line]


def test_nothing_is_told_of_a_number_that_was_given(folder, calls, capsys):
    assert main(["separate", "mix.wav", "-n", "2", "--quiet"]) == 0
    assert "certainty" not in capsys.readouterr().out


def test_what_is_complete_is_left_out(folder, calls):
    assert main(AUTO) == 0
    assert main([*AUTO, "--skip-existing"]) == 0
    assert len(calls) == 1
    (OUT / "instrument2.wav").unlink()
    assert main([*AUTO, "--skip-existing"]) == 0
    assert len(calls) == 2


def test_a_run_that_was_broken_off_is_not_complete(folder, calls):
    assert main(AUTO) == 0
    path = OUT / "separation.json"
    record = json.loads(path.read_text())
    del record["files"]["instrument2.wav"]
    path.write_text(json.dumps(record))
    (OUT / "instrument2.wav").unlink()
    assert main([*AUTO, "--skip-existing"]) == 0
    assert len(calls) == 2


@pytest.mark.parametrize("number", [None, 0, -1, "2", 2.0, []])
def test_a_record_without_a_number_is_not_complete(folder, calls, number):
    assert main(AUTO) == 0
    path = OUT / "separation.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"instruments": number}))
    main([*AUTO, "--skip-existing", "--overwrite"])
    assert len(calls) == 2


def test_a_file_where_any_track_might_be_is_found_before_work(folder, calls, failed):
    OUT.mkdir(parents=True)
    (OUT / "instrument4.wav").write_bytes(b"mine")
    failed(["mix.wav", "-n", "auto"], "mix.wav: separated/mix/instrument4.wav exists, and no .*")
    assert not calls


def test_another_number_is_another_run(folder, calls, failed):
    assert main(AUTO) == 0
    failed(
        ["mix.wav", "-n", "2"], "mix.wav: .* of another run, with instruments auto instead of 2.*"
    )


def test_what_is_found_is_measured_if_there_are_as_many_references(folder, calls, capsys):
    references = ["--references", "reed.wav", "string.wav"]
    assert main([*AUTO, *references]) == 0
    assert "SDR" in capsys.readouterr().out
    assert main([*AUTO, "--overwrite", *references, "mix.wav"]) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    assert told == "  not measured: --references are 3, one for each track is needed"


def test_the_recording_that_comes_with_the_package_may_be_counted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["separate", "--demo", "--duration", "3", "--quiet", "-n", "auto"]) == 0
    assert " (certainty " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ("-n many", "'many' is no instrument here; there are accordion, "),
        ("-n auto --method adam", "--instruments auto must be a number with --method adam"),
        ("-n auto --dictionary duet.npz", "duet.npz is for 2 instruments; leave --instruments out"),
    ],
)
def test_what_cannot_be_counted_is_refused(folder, calls, refused, options, match):
    musisep.Dictionary(np.stack([REED, STRING], axis=1)).save("duet.npz")
    refused(["mix.wav", *options.split()], match)
    assert not calls
