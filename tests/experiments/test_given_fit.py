"""How often it is rightly told whether a given dictionary fits."""

import numpy as np
import pytest

from musisep.learning.learner import Fit


@pytest.fixture
def script(experiments):
    import e18_given

    return e18_given


def test_columns_of_the_item_are_its_own_and_others_are_not(script, monkeypatch, tmp_path):
    dictionaries = {name: np.full((3, 2), value) for name, value in (("a", 0.1), ("b", 0.2))}
    asked = []

    def half(folder, given, seed):
        if given is None:
            return dictionaries[folder], None, set()
        asked.append((folder, given[0].tolist()))
        return given, Fit(0.5, 10 * given[0]), {0, 1} if folder == "a" else {1}

    monkeypatch.setattr(script, "half", half)
    found = list(script.observed(["a", "b"], script.Memory(None)))
    assert asked[:3] == [("a", [0.1, 0.1]), ("a", [0.2, 0.2]), ("a", [0.1, 0.2])]
    assert found[:6] == [
        (0.5, 1.0, True, "same"), (0.5, 1.0, True, "same"),
        (0.5, 2.0, False, "other"), (0.5, 2.0, False, "other"),
        (0.5, 1.0, True, "mixed"), (0.5, 2.0, False, "mixed"),
    ]  # fmt: skip
    assert [kind for *_, kind in found[6:]] == ["same", "other", "mixed"]


def test_rates_are_of_each_kind(script):
    found = script.Observations(
        np.array([0.1, 0.1, 0.0, 0.1, 0.1, 0.1]), np.array([9.0, 1.0, 9.0, 9.0, 9.0, 1.0]),
        np.array([True, True, False, False, True, False]),
        np.array(["same", "same", "other", "other", "mixed", "mixed"]),
    )  # fmt: skip
    assert script.rates(found, 0.05, 5.0) == (
        "false alarms 50% (mixed 100%), misses 50% (mixed 100%)"
    )
