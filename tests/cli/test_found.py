"""The record of a run tells what was found, in JSON that any reader takes."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import musisep
import musisep.separation
from musisep.__main__ import main
from musisep.cli.found import found_of
from musisep.instruments import Likeness
from musisep.io.files import write
from musisep.learning.learner import Fit
from musisep.metrics.levels import level_db
from musisep.notes.counting import Counted

RECORD = Path("separated/mix/separation.json")
PAGE = Path(__file__).parents[2] / "docs" / "guide" / "separate.rst"
SAMPLE_RATE = 16_000


def found():
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(RECORD.read_text(encoding="utf-8"), parse_constant=refuse)["found"]


@pytest.fixture
def separation(calls, stems):
    """What the oracle finds."""
    return musisep.separation.separate(
        stems.sum(axis=0)[None], SAMPLE_RATE, dictionary=None, settings=musisep.Settings(),
        jobs=1, progress=lambda *_: None,
    )  # fmt: skip


def test_it_is_told_what_was_found(folder, calls, stems):
    options = ["--stem-names", "cello,oboe", "--residual", "--derive", "low=cello+residual"]
    assert main(["separate", "mix.wav", *options, "--quiet"]) == 0
    told = found()
    levels, chosen = told.pop("level_db"), told.pop("options")
    assert chosen["stem_names"] == ["cello", "oboe"] and chosen["residual"]
    assert told.pop("recording") == "../../mix.wav"
    assert list(levels) == ["cello", "oboe", "residual", "low"]
    assert levels["cello"] == pytest.approx(level_db(0.9 * stems[1]))
    assert told == {
        "instruments": ["cello", "oboe"], "called": "unknown", "confidence": None,
        "certainty": None, "unexplained": 0.25, "answers": [0.5, 0.25], "chosen": 1,
        "counted": None, "likenesses": None, "names_right": None, "misfits": None,
        "pitch_range_hz": {"cello": [220.0, 247.0], "oboe": None}, "gain": 1.0,
    }  # fmt: skip


def test_it_is_told_what_stems_sound_like(separation):
    alike = [[Likeness("cello", 0.75), Likeness("viola", 0.25)], []]
    told = found_of(replace(separation, likenesses=alike), ["a", "b"], {}, 1.0)
    assert told["likenesses"] == {"a": {"cello": 0.75, "viola": 0.25}, "b": {}}
    told = found_of(replace(separation, names_right=np.array([0.5, np.nan])), ["a", "b"], {}, 1.0)
    assert told["names_right"] == [0.5, None]


def test_the_gain_is_told(folder, calls, monkeypatch):
    monkeypatch.setattr("musisep.io.files.headroom_gain", lambda *_: 0.5)
    assert main(["separate", "mix.wav", "--subtype", "PCM_16"]) == 0
    assert found()["gain"] == 0.5


def test_silence_has_no_level_and_no_pitch(folder, calls):
    assert main(["separate", "mix.wav", "-n", "3", "--quiet"]) == 0
    assert found()["level_db"]["instrument3"] is None
    assert found()["pitch_range_hz"]["instrument3"] is None


def test_the_number_that_was_found_is_told(folder, calls):
    assert main(["separate", "mix.wav", "-n", "auto", "--quiet"]) == 0
    told = found()
    assert told["counted"] == {
        "number": 2, "certainty": 0.6, "probabilities": [0.1, 0.6, 0.1, 0.2]
    }  # fmt: skip
    assert told["instruments"] == ["instrument1", "instrument2"]


def test_confidence_and_misfits_are_those_of_the_separation(separation):
    fit = Fit(0.2, np.array([0.0, 9.0]))
    sure = replace(separation, certainty=np.array([0.99, 0.9]), fit=fit)
    told = found_of(sure, ["a", "b"], {}, 1.0)
    assert told["confidence"] == pytest.approx(sure.confidence)
    assert (told["called"], told["certainty"]) == (sure.called, [0.99, 0.9])
    assert told["misfits"] == ["b"]


def test_of_one_instrument_no_confidence_is_told(separation):
    alone = replace(separation, stems=separation.stems[:1], certainty=np.array([0.99]))
    told = found_of(alone, ["a"], {}, 1.0)
    assert (told["called"], told["confidence"]) == ("unknown", None)


def test_numbers_that_json_lacks_are_null(separation):
    odd = replace(
        separation, unexplained=np.nan, answers=(np.inf, np.float64(0.5)), chosen=np.int64(1),
        certainty=np.array([np.nan, 0.5]), counted=Counted(np.array([np.nan, 1.0])),
    )  # fmt: skip
    told = found_of(odd, ["a", "b"], {"a": -np.inf, "b": -3.0}, 1.0)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["unexplained"], told["answers"], told["chosen"]) == (None, [None, 0.5], 1)
    assert (told["certainty"], told["level_db"]) == ([None, 0.5], {"a": None, "b": -3.0})


def test_digital_silence_is_told_by_null(folder, dictionary):
    write("mix.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    dictionary.save("duet.npz")
    assert main(["separate", "mix.wav", "--dictionary", "duet.npz", "--quiet"]) == 0
    told = found()
    assert set(told["level_db"].values()) == set(told["pitch_range_hz"].values()) == {None}
    assert told["unexplained"] == 0


def test_what_was_found_makes_no_difference_between_runs(folder, calls):
    assert main(["separate", "mix.wav", "--quiet"]) == 0
    content = RECORD.read_bytes()
    record = json.loads(content)
    for changed in (record | {"found": {"gain": 7}}, record | {"found": 3}):
        RECORD.write_text(json.dumps(changed))
        assert main(["separate", "mix.wav", "--quiet", "--skip-existing"]) == 0
    del record["found"]  # as older versions wrote it
    RECORD.write_text(json.dumps(record))
    assert main(["separate", "mix.wav", "--quiet", "--skip-existing"]) == 0
    assert len(calls) == 1
    assert main(["separate", "mix.wav", "--quiet"]) == 0
    assert RECORD.read_bytes() == content


def test_a_run_that_has_not_ended_has_found_nothing(folder, calls, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    assert main(["separate", "mix.wav", "--quiet"]) == 0
    with monkeypatch.context() as patch:
        patch.setattr("musisep.io.files.write", interrupted)
        assert main(["separate", "mix.wav", "--quiet"]) == 130
    assert found() is None


def test_the_page_tells_of_all_that_is_found(folder, calls):
    assert main(["separate", "mix.wav", "-n", "auto", "--quiet"]) == 0
    section = PAGE.read_text(encoding="utf-8").split("separation.json\n---")[1].split("\n---")[0]
    told = set(re.findall(r"``(\w+)``", section))
    assert set(found()) | set(found()["counted"]) <= told
    assert set(json.loads(RECORD.read_text())) <= told
