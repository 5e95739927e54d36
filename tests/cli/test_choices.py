"""The methods, formats and parts that the commands offer."""

import re

import numpy as np
import pytest
import soundfile as sf

from musisep.__main__ import main
from musisep.cli.base import as_options
from musisep.io.formats import FORMATS, Format
from musisep.learning.adam_b import Adam_B
from musisep.settings import Settings


def test_options_of_the_documented_method_reach_the_separation(folder, calls):
    options = "--method adam --runs 40 --lifetime 0 --dictionaries 3 --finder joint"
    assert main(["separate", "mix.wav", *options.split()]) == 0
    assert calls[0]["settings"] == Settings(
        method="adam", runs=40, lifetime=0, dictionaries=3, finder="joint"
    )


def test_dictionaries_are_called_what_they_are(folder, calls, capsys):
    assert main(["separate", "mix.wav", "--method", "adam", "--dictionaries", "2"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "  the model leaves 25.0% of the recording unexplained (best of 2 dictionaries)"


def test_the_documented_method_runs_by_command(folder, monkeypatch, stems, capsys):
    steps, step = [], Adam_B.step
    monkeypatch.setattr(Adam_B, "step", lambda *given: steps.append(1) or step(*given))
    options = "--method adam --runs 60 --lifetime 20 --duration 0.5 --residual --jobs 1"
    assert main(["separate", "mix.wav", *options.split()]) == 0
    assert len(steps) == 60
    found = [
        sf.read(f"separated/mix/{name}.wav")[0]
        for name in ("instrument1", "instrument2", "residual")
    ]
    mixture = stems.sum(axis=0)[:8000]
    np.testing.assert_allclose(sum(found), mixture, atol=1e-6)
    assert np.sum(found[2] ** 2) < 0.1 * np.sum(mixture**2)
    assert re.search(r"leaves \d+\.\d% of the recording unexplained$", capsys.readouterr().out)


@pytest.mark.parametrize("command", ["separate", "invert"])
def test_a_new_format_is_offered_and_written(folder, calls, monkeypatch, command):
    def write_text(path, audio, sample_rate, subtype):
        np.savetxt(path, audio.T, header=f"{sample_rate} {subtype}")

    monkeypatch.setitem(FORMATS, "txt", Format("", (".txt",), ("TEXT",), write_text))
    assert main([command, "mix.wav", "--duration", "0.1", "--format", "txt", "-o", "out"]) == 0
    path = "out/mix/instrument1.txt" if command == "separate" else "out/mix.txt"
    assert np.loadtxt(path).shape == (1600,)
    with open(path) as file:
        assert file.readline() == "# 16000 TEXT\n"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("runs=5 must be at least 6", "--runs 5 must be at least 6"),
        ("lifetime=9 must be at most runs=5", "--lifetime 9 must be at most --runs 5"),
        ("runs=9 is for method='adam', not 'notes'", "--runs 9 is for --method adam, not 'notes'"),
        ("start_s=5.0 must be below 3", "--start 5.0 must be below 3"),
        ("a dictionary learned in many runs", "a dictionary learned in many runs"),
        ("dictionary is not for overruns=5 or runs", "dictionary is not for overruns=5 or runs"),
        ("", ""),
    ],
)
def test_parameters_are_named_as_options(message, expected):
    flags = {"runs": "--runs", "lifetime": "--lifetime", "method": "--method", "start_s": "--start"}
    assert as_options(message, flags) == expected
    assert as_options(message, {}) == message
