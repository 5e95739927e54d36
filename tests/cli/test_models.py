"""The commands `config`, `train` and `instruments`, and `separate` with a model."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from duet import SAMPLE_RATE, duet
from trainable import QUICK, data_set, model

from musisep.__main__ import main
from musisep.io.files import write
from musisep.models import Model, edit_config, read_config, train


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A folder with data, and a model that was trained with them once."""
    folder = tmp_path_factory.mktemp("once")
    train(model(folder / "my-model", validation=0.0), data_set(folder / "data", 2))
    write(folder / "mix.wav", duet().sum(axis=0), SAMPLE_RATE)
    return folder


@pytest.fixture
def place(once, tmp_path, monkeypatch):
    """The working folder, a copy of it."""
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    """Return a function that runs a command and returns status, lines told, and lines said."""

    def run(command):
        try:
            status = main(command.split())
        except SystemExit as error:
            status = error.code
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return status, printed.out.splitlines(), printed.err.splitlines()

    return run


def test_config_makes_changes_and_displays(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    told = [str(Path("there", "my-model", "config.toml")) + ": made"]
    assert run("config my-model --save there") == (0, told, [])
    status, told, said = run("config there/my-model --excerpt_s 20 --instruments cl,Horn --display")
    assert (status, said) == (0, []) and told[0].endswith("config.toml: changed")
    assert {'  instruments = ["clarinet", "horn"]', "  excerpt_s = 20.0"} <= set(told)
    found = read_config("there/my-model")
    assert (found.excerpt_s, found.instruments) == (20.0, ("clarinet", "horn"))
    assert run("config there/my-model")[1][0].endswith("config.toml: is there")


@pytest.mark.parametrize(
    ("command", "match"),
    [
        ("my-model SpectrogramNetSimple", "no networks to choose from, as 'SpectrogramNetSimple'"),
        ("my-model --mask_activation relu --dropout_p 0.4", "--mask_activation relu .*--excerpts"),
        ("my-model --seed x", "--seed"),
        ("my-model --seed -1", "--seed -1 must be an integer"),
        ("my-model --base other", "--base other must be one of"),
        ("", "FOLDER"),
    ],
)
def test_config_refuses_what_there_is_not(tmp_path, monkeypatch, run, command, match):
    monkeypatch.chdir(tmp_path)
    status, told, said = run(f"config {command}")
    assert (status, told) == (2, []) and re.search(match, said[-1])
    assert said[0].startswith("usage: ") and len(said) == 2
    assert list(tmp_path.iterdir()) == []


def test_config_tells_what_is_wrong_with_a_file(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    Path("my-model").write_text("")
    status, _, said = run("config my-model")
    assert status == 1 and re.match("musisep: my-model.*: ", said[0]) and len(said) == 1
    Path("other").mkdir()
    Path("other", "config.toml").write_text("seed = 'x'\n")
    status, _, said = run("config other --excerpts 3")
    assert status == 1 and said[0].startswith("musisep: other/config.toml: seed='x' ")


def test_train_tells_what_was_learned(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    model(tmp_path / "my-model", mixtures=0)
    data_set(tmp_path / "data", 2)
    (tmp_path / "data" / "train" / "song2").mkdir()
    (tmp_path / "data" / "train" / "song2" / "horn.wav").write_bytes(b"nothing")
    status, told, said = run("train my-model data --jobs 1 --quiet")
    assert status == 1 and len(said) == 1 and "song2/horn.wav: " in said[0]
    assert told[:2] == ["my-model: 2 instruments, learned from 1 excerpts", "  cello, clarinet"]
    measured = r"  measured by 1 other recording: median SDR \d+\.\d dB, \d+\.\d dB without .*"
    assert re.fullmatch(measured, told[2])
    shutil.rmtree(tmp_path / "data" / "train" / "song2")
    status, told, said = run("train my-model data --jobs 1")
    assert (status, said) == (0, []) and told[0].endswith("is complete, and nothing had to be done")


@pytest.mark.parametrize(
    ("command", "match"),
    [
        ("data data", "musisep: data: is no model, as it holds no config.toml"),
        ("missing data", "musisep: missing: is no model"),
        ("my-model missing", "musisep: .*missing: .*"),
        ("my-model my-model/checkpoint", "musisep: .*checkpoint: "),
    ],
)
def test_train_refuses_in_a_line(place, run, command, match):
    status, told, said = run(f"train {command} --jobs 1")
    assert (status, told, len(said)) == (1, [], 1) and re.match(match, said[0])


def test_a_scheduler_must_be_one(place, run):
    status, _, said = run("train my-model data --scheduler nonsense")
    assert status in (1, 2) and "nonsense" in said[-1]


def tracks(folder):
    return {path.name for path in Path(folder, "mix").iterdir()}


@pytest.mark.parametrize("first", ["my-model mix.wav", "mix.wav --model my-model"])
def test_all_instruments_of_a_model_are_separated(place, run, first):
    status, told, said = run(f"separate {first} --residual --duration 1 --jobs 1")
    listed = "all of its instruments are separated: cello, clarinet; --instruments chooses"
    assert (status, said) == (0, [f"musisep: my-model: {listed}"])
    assert told[0] == "mix.wav"
    names = {"cello.wav", "clarinet.wav", "residual.wav", "separation.json"}
    assert tracks("separated") == names
    record = json.loads(Path("separated/mix/separation.json").read_text())
    assert record["made"]["sha256 of the model"] == Model.load("my-model").digest
    assert record["made"]["settings"]["restarts"] == QUICK["restarts"]


def test_instruments_are_chosen_and_what_is_there_is_left_out(place, run):
    command = "my-model mix.wav -n oboe,cello --duration 1 --jobs 1 --skip-existing -o out"
    assert run(command)[0] == 0
    assert tracks("out") == {"oboe.wav", "cello.wav", "separation.json"}
    assert "has its tracks already" in run(command)[1][1]
    found = Model.load("my-model").learned
    other = Model.load("my-model").learned
    other.means[:] = found.means[::-1]
    other.save("my-model/dictionary.npz")
    status, _, said = run(command)
    assert status == 1 and "with sha256 of the model" in said[0]
    assert run(f"{command} --overwrite")[0] == 0


def test_a_number_with_a_model_is_blind(place, run):
    status, _, said = run("my-model mix.wav -n 2 --duration 1 --jobs 1")
    assert (status, said) == (0, [])
    assert tracks("separated") == {"instrument1.wav", "instrument2.wav", "separation.json"}


@pytest.mark.parametrize(
    ("command", "match"),
    [
        ("my-model mix.wav -n rubab", "'rubab' is no instrument here; there are cello, clarinet"),
        ("my-model mix.wav --dictionary a.npz", "--dictionary is of no use with the model my-mo"),
        ("my-model", "name a recording"),
        ("my-model mix.wav --method adam", "must be a number|--restarts 1 is for"),
    ],
)
def test_wrong_usage_with_a_model(place, run, command, match):
    status, told, said = run(f"separate {command}")
    assert (status, told) == (2, []) and re.search(match, said[-1])


def test_too_many_instruments_must_be_chosen(place, run):
    found = Model.load("my-model")
    found.profiles.save("my-model/dictionary.npz")
    status, _, said = run("separate my-model mix.wav")
    assert status == 2
    assert re.search(r"my-model has \d\d instruments: cello, .*; choose .*--instruments", said[-1])


@pytest.mark.parametrize("name", ["config.toml", "dictionary.npz"])
def test_a_damaged_model_is_one_line(place, run, name):
    Path("my-model", name).write_bytes(b"\xff damaged")
    for command in ("separate my-model mix.wav", "instruments --model my-model"):
        status, told, said = run(command)
        assert (status, told, len(said)) == (1, [], 1)
        assert re.match(f"musisep: my-model.*{name}: ", said[0])


def test_a_model_that_was_not_trained(place, run):
    edit_config("new")
    status, told, said = run("separate new mix.wav")
    line = "musisep: new: was not trained yet; use musisep train new DATA"
    assert (status, told, said) == (1, [], [line])


def test_instruments_are_listed(place, run):
    status, told, said = run("instruments")
    assert (status, said) == (0, [])
    assert told[0].split("  ")[0] == "name"
    (clarinet,) = (line for line in told if line.startswith("clarinet "))
    assert re.fullmatch(r"clarinet +reed +D3 to A#6 +\d+", clarinet)
    (group,) = (line for line in told if line.startswith("guitar: "))
    assert group == "guitar: one of nylon-guitar, steel-guitar, jazz-guitar"
    status, told, _ = run("instruments --model my-model")
    assert [line.split()[0] for line in told] == ["name", "cello", "clarinet", "bowed-strings:"]
    learned = Model.load("my-model").learned.amounts
    assert [line.split()[-1] for line in told[1:3]] == [str(round(amount)) for amount in learned]


def test_instruments_are_told_of_one_by_one(run):
    status, told, said = run("instruments Cl rubab guitar")
    assert status == 1 and len(said) == 1 and "'rubab' is no instrument here" in said[0]
    assert told[:4] == [
        "clarinet", "  family: reed", "  usual range: D3 to A#6", told[3]
    ]  # fmt: skip
    assert "  other names: cl" in told and "  one of: guitar" in told
    assert [line for line in told if not line.startswith(" ")][1:] == [
        "nylon-guitar", "steel-guitar", "jazz-guitar"
    ]  # fmt: skip


def test_silence_is_separated_with_a_model(place, run):
    write("mix.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    assert run("my-model mix.wav --jobs 1")[0] == 0
    assert tracks("separated") == {"cello.wav", "clarinet.wav", "separation.json"}


def test_train_tells_of_the_model_and_not_of_the_data(place, run):
    Path("my-model/config.toml").write_text("[[[")
    status, told, said = run("train my-model data")
    assert (status, told) == (1, []) and said[0].startswith(
        "musisep: my-model/config.toml: is no TOML: "
    )


def test_a_damaged_dictionary_is_told_with_what_to_do(place, run):
    Path("my-model/dictionary.npz").write_bytes(b"damaged")
    status, _, (line,) = run("separate my-model mix.wav")
    assert status == 1 and line.startswith("musisep: my-model/dictionary.npz: is not a model ")
    assert line.endswith("; musisep train my-model DATA makes it anew")
