import re

import numpy as np
import pytest

import musisep
from musisep.settings import METHOD_FIELDS, Settings

DICTIONARY = musisep.Dictionary(np.full((12, 3), 0.5))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"instruments": 0}, "instruments=0 must be an integer from 1 to 16"),
        ({"instruments": 2.0}, "instruments=2.0 must be an integer"),
        ({"instruments": "oboe"}, "must be an integer from 1 to 16, or names in a list"),
        (
            {"instruments": "auto", "method": "adam"},
            "instruments='auto' must be a number with method='adam'",
        ),
        ({"instruments": []}, "instruments=[] must be 1 to 16 names, or a number"),
        ({"instruments": ["oboe", 2]}, "instruments=['oboe', 2] must be 1 to 16 names"),
        ({"instruments": ["oboe", ""]}, "must be 1 to 16 names"),
        ({"instruments": ["oboe"], "method": "adam"}, "names must be a number with method='adam'"),
        ({"restarts": 10**20}, "restarts=100000000000000000000 must be an integer from 1 to 1000"),
        ({"tones": True}, "tones=True must be an integer"),
        ({"seed": -1}, "seed=-1 must be an integer from 0 to"),
        ({"hop_s": 0}, "hop_s=0 must be a number above 0"),
        ({"hop_s": 0.2}, "hop_s=0.2 must be at most half of window_s=0.186"),
        ({"pexp": 0.5}, "pexp=0.5 must be from 1 to 16"),
        ({"phase": "zero"}, "phase='zero' must be one of mixture, misi"),
        ({"method": "adam", "runs": 9, "lifetime": 10}, "lifetime=10 must be at most runs=9"),
        ({"dictionaries": 0}, "dictionaries=0 must be an integer from 1 to 1000"),
        ({"qexp": np.nan}, "qexp=nan must be a number above 0"),
        ({"fmin_hz": 30_000.0}, "fmin_hz=30000.0 must be below fmax_hz=20480.0"),
    ],
)
def test_bad_settings_are_refused(given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Settings(**given)


def test_integers_become_floats_where_floats_are_meant():
    own = Settings(pexp=1, qexp=1, hop_s=np.float32(0.01), window_s=1, fmin_hz=30, fmax_hz=9000)
    for name in ("pexp", "qexp", "hop_s", "window_s", "fmin_hz", "fmax_hz"):
        assert type(getattr(own, name)) is float
    whole = Settings(instruments=np.int32(3), seed=np.uint8(1))
    assert type(whole.instruments) is type(whole.seed) is int


def test_a_number_of_instruments_that_is_to_be_found_has_a_limit():
    assert not Settings(instruments=9).counted and Settings(instruments=9).most_instruments == 9
    own = Settings(instruments="auto")
    assert own.counted and own.most_instruments == 4


def test_names_of_instruments_are_kept_as_the_library_has_them():
    own = Settings(instruments=["Oboe 1", "hn"])
    assert own.instruments == own.names == ("oboe", "horn") and own.most_instruments == 2
    assert not own.counted and Settings(instruments=3).names == ()


@pytest.mark.parametrize(("method", "other"), [("notes", "adam"), ("adam", "notes")])
def test_fields_of_another_method_are_refused(method, other):
    values = {"counting": "texture", "assignment": "annealing", "lifetime": 9} | dict.fromkeys(
        ("restarts", "steps", "batch", "runs", "dictionaries"), 600
    )

    def message(name):
        return f"{name}={values[name]!r} is for method='{other}', not '{method}'"

    own = Settings(method=method)
    for name in METHOD_FIELDS[other]:
        with pytest.raises(ValueError, match=message(name)):
            own.changed({name: values[name]})
        with pytest.raises(ValueError, match=message(name)):
            Settings().changed({name: values[name], "method": method})
        assert getattr(Settings(method=other).changed({name: values[name]}), name) == values[name]


def test_fields_that_were_set_for_another_method_do_not_matter():
    assert Settings(restarts=3).changed({"method": "adam"}).restarts == 3
    assert Settings(method="mine").changed({"restarts": 2, "runs": 600}).runs == 600


@pytest.mark.parametrize(
    "given",
    [
        {"restarts": 2},
        {"steps": 2},
        {"batch": 2},
        {"assignment": "annealing"},
        {"counting": "texture"},
        {"runs": 600},
        {"lifetime": 2},
        {"dictionaries": 2},
        {"method": "adam"},
        {"method": "notes"},
    ],
)
def test_settings_of_the_learning_are_refused_if_a_dictionary_is_given(given):
    ((name, value),) = given.items()
    message = f"{name}={value!r} is of no use: a given dictionary is not learned"
    with pytest.raises(ValueError, match=message):
        Settings().changed(given, dictionary=(12, 3))
    with pytest.raises(ValueError, match=message):
        musisep.separate(np.zeros(100), 8000, dictionary=DICTIONARY, **given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"harmonics": 25}, "harmonics=25 must be 12, as the dictionary has it"),
        ({"instruments": 2}, "instruments=2 must be 3, as the dictionary has it"),
        ({"instruments": "auto"}, "instruments=auto must be 3, as the dictionary has it"),
    ],
)
def test_sizes_must_be_those_of_a_given_dictionary(given, message):
    with pytest.raises(ValueError, match=message):
        Settings().changed(given, dictionary=(12, 3))
    with pytest.raises(ValueError, match=message):
        musisep.separate(np.zeros(100), 8000, dictionary=DICTIONARY, **given)


def test_settings_are_told_the_sizes_of_a_given_dictionary():
    own = Settings(instruments=5).changed({"tones": 2}, dictionary=(12, 3))
    assert (own.harmonics, own.instruments, own.tones) == (12, 3, 2)
    fitting = {"harmonics": 12, "instruments": 3}
    assert Settings().changed(fitting, dictionary=(12, 3)) == Settings(**fitting)
    result = musisep.separate(np.zeros(100), 8000, dictionary=DICTIONARY)
    assert (result.settings.harmonics, result.settings.instruments) == (12, 3)


def test_unknown_fields_are_refused():
    with pytest.raises(TypeError, match="instrument"):
        Settings().changed({"instrument": 2})
    with pytest.raises(TypeError, match="masking"):
        Settings(masking=True)


@pytest.mark.parametrize("name", ["instruments", "hop_s", "phase"])
def test_arrays_are_refused_in_one_line(name):
    with pytest.raises(ValueError, match=f"^{name}=.* must be") as error:
        Settings(**{name: np.arange(900.0)})
    assert "\n" not in str(error.value) and len(str(error.value)) < 200
