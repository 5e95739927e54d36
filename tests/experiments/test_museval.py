"""Windows as museval has them: against values that it gave, and against itself if it is there."""

import json
from pathlib import Path

import numpy as np
import pytest

KEPT = json.loads((Path(__file__).parents[1] / "metrics" / "museval.json").read_text())


def name_of(case):
    return "-".join(map(str, [*case["signals"], case["version"], case["filters"]]))


def assert_agrees(ours, theirs):
    compared = [name for name in ours if name in theirs]
    assert len(compared) == (4 if "ISR" in ours else 3)
    for name in compared:
        expected = np.array(theirs[name], dtype=float)
        np.testing.assert_allclose(ours[name], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("case", KEPT, ids=name_of)
def test_measures_are_those_that_museval_gave(case):
    import e23_museval

    assert_agrees(e23_museval.ours(case), case["measures"])


def test_all_cases_are_kept_and_some_windows_are_silent():
    import e23_museval

    own = [{**case, "measures": None} for case in KEPT]
    assert own == [{**case, "measures": None} for case in e23_museval.cases()]
    assert any(None in row for case in KEPT for row in case["measures"]["SDR"])


@pytest.mark.parametrize("case", KEPT[::5], ids=name_of)
def test_measures_are_those_of_museval(case):
    try:
        import museval.metrics  # noqa: F401
    except (ImportError, RuntimeError) as error:  # without ffmpeg it cannot be imported
        pytest.skip(str(error))
    import e23_museval

    assert_agrees(e23_museval.ours(case), e23_museval.theirs(case))
