"""The test of the learning on artificial spectra."""

import inspect
import re
import subprocess
import sys

import numpy as np
import pytest

from musisep.dictsep import artificial, dictlearn
from musisep.dictsep.commands import learning_command
from musisep.dictsep.pursuit import Peaks, calc_harscale
from musisep.masking.synthesis import synthesise
from musisep.masking.voices import Voices
from musisep.tones.model import ToneModel

M, FSIGMA = 400, 1.9
MODEL = ToneModel(FSIGMA, calc_harscale(1, 64, M), M)
TRUE = np.array([[1, 0.1, 0.6, 0.05, 0.4, 0, 0.2, 0], [0.7, 1, 0.3, 0.5, 0.1, 0.2, 0.1, 0.05]]).T


def test_the_artificial_test_separates_with_either_dictionary():
    rng = np.random.default_rng(1)
    measures = dictlearn.test_learn(FSIGMA, 1, 2, 1, 0.5, 10, 600, 600, 100, 150, rng=rng)
    assert measures.shape == (6,)
    assert measures[0] > 20 and measures[3] > 12
    assert measures[0] > measures[3]


def test_the_artificial_test_of_several_dictionaries():
    rows = []
    measures = dictlearn.test_learn_multi(
        FSIGMA, 1, 2, 1, 0.5, 6, 300, 20, 20, 10, 2, seed=5,
        progress=lambda number, row: rows.append((number, row)),
    )  # fmt: skip
    again = dictlearn.test_learn_multi(FSIGMA, 1, 2, 1, 0.5, 6, 300, 20, 20, 10, 2, seed=5)
    np.testing.assert_array_equal(measures, again)
    assert [number for number, _ in rows] == [0, 1]
    np.testing.assert_array_equal([row for _, row in rows], measures)
    assert not np.array_equal(measures[0], measures[1])


def test_the_artificial_test_has_the_documented_defaults():
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(dictlearn.test_learn_multi).parameters.items()
    }
    assert defaults["fsigma"] == pytest.approx(6 / np.pi)
    wanted = dict(tone_num=1, inst_num=2, har=25, m=1024, runs=10_000, lifetime=500, num_dicts=10)
    assert {name: defaults[name] for name in wanted} == wanted


def test_the_module_runs_as_a_command(tmp_path):
    command = [sys.executable, "-m", "musisep.dictsep.dictlearn", "--seed", "2"]
    options = ["--dictionaries", "2", "--steps", "20", "--spectra", "300", "--lifetime", "10"]
    done = subprocess.run(
        command + options, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()[2:]
    assert [line.split()[0] for line in lines] == ["1", "2", "mean", "deviation"]
    first, second, mean = (
        np.array([float(word) for word in re.findall(r"-?\d+\.\d", line)][:6]) for line in lines[:3]
    )
    np.testing.assert_allclose(mean, (first + second) / 2, atol=0.11)


def test_artificial_spectra_are_as_described():
    spects = dictlearn.gen_test_spects(TRUE, MODEL, 2, 40, np.random.default_rng(0))
    assert spects.shape == (2, M, 40)
    low = int(0.2 * M - 7 * FSIGMA)
    assert not spects[:, :low].any()
    assert spects.max() <= 2.1
    peaks = Peaks([[1.0]], [[0.3 * M]], [[FSIGMA]], [[0.0]], [[1]])
    single = synthesise(Voices.of(peaks, TRUE), MODEL.harscale, 1, M)
    assert single[0].max() == 0 and single[1].max() == pytest.approx(1, abs=0.05)


def test_dictionaries_without_a_lifetime_are_learned_too():
    measures = dictlearn.test_learn_multi(FSIGMA, 1, 2, 1, 0.5, 6, 300, 40, 20, 0, 1)
    assert measures.shape == (1, 6)
    assert measures[0, 0] > 15 and np.all(np.isfinite(measures[0, 3:]))


def test_perfect_dictionaries_are_counted_and_kept_out_of_the_means(monkeypatch, capsys):
    rows = iter([[20.0, 30.0, 25.0, 10.0, 20.0, 12.0], [np.inf] * 3 + [14.0, np.inf, 16.0]])
    monkeypatch.setattr(artificial, "test_learn", lambda *_, **__: np.array(next(rows)))
    assert learning_command(["--dictionaries", "2", "--steps", "10", "--lifetime", "0"]) == 0
    _, _, _, second, mean, deviation, perfect, note = capsys.readouterr().out.splitlines()
    assert second.split("|")[1].split() == ["inf"] * 3
    assert re.findall(r"[-\d.]+", mean) == ["20.0", "30.0", "25.0", "12.0", "20.0", "14.0"]
    assert re.findall(r"[-\d.]+", deviation) == ["0.0", "0.0", "0.0", "2.0", "0.0", "2.0"]
    assert re.findall(r"[-\d.]+", perfect) == ["1", "1", "1", "0", "1", "0"]
    assert note.startswith("perfect: ")


def test_means_of_nothing_finite_are_none():
    means, deviations, perfect = artificial.averages(np.array([[np.inf, 1.0], [np.inf, np.nan]]))
    np.testing.assert_array_equal(means, [np.nan, 1])
    np.testing.assert_array_equal(deviations, [np.nan, 0])
    np.testing.assert_array_equal(perfect, [2, 0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--steps 10 --lifetime 20", "--lifetime 20 is more than --steps 10; lower --lifetime"),
        ("--lifetime=-1", "argument --lifetime: '-1' is not a number of at least 0"),
        ("--dictionaries 0", "argument --dictionaries: '0' is not a number of at least 1"),
        ("--seed=-1", "argument --seed: '-1' is not a number of at least 0"),
        ("--spectra 1", "argument --spectra: '1' is not a number of at least 2"),
        (f"--steps {10**19}", f"argument --steps: '{10**19}' is more than 1000000000, the limit"),
        ("--steps x", "argument --steps: 'x' is not a number of at least 1"),
        ("--dictionaries " + "9" * 5000, "'9{12}...9{13}' is more than 1000, the limit"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(options, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        learning_command(options.split())
    assert re.search(message, capsys.readouterr().err.splitlines()[-1])


def test_help_tells_units_and_defaults(capsys):
    with pytest.raises(SystemExit, match="0"):
        learning_command(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "SDR, SIR and SAR in dB" in told
    for name, default in (("steps", 10_000), ("spectra", 1000), ("lifetime", 500), ("seed", 0)):
        assert re.search(rf"--{name} N [^()]*; from \d+ to \d+ \(default: {default}\)", told)
