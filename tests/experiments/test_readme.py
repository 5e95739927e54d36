"""The tables of README.md are those that the results give."""

import json
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
RESULTS = REPOSITORY / "docs" / "results"


def test_the_figures_of_readme_are_those_of_the_results(experiments):
    import readme

    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert readme.written(text, RESULTS) == text
    assert text.count("| **musisep** |") == 1
    assert not re.search(r"^\|[^|]+\|  \|  \|$", text, re.MULTILINE), "a method has no figures"


def test_figures_are_rounded_and_a_method_without_one_has_an_empty_cell(experiments, tmp_path):
    import readme

    values = {
        "peers_urmp": {"musisep": 8.849, "mixture": -0.04},
        "benchmark_check": {"musisep": 5.0},
        "scores": {"urmp exact": 11.26},
        "recordings": {"check duo dB": 10.0},
    }
    for name, own in values.items():
        content = {"command": f"python {name}.py", "commit": "0123abc", "data": "", "values": own}
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    text = f"Before\n\n{readme.BEGIN}\nold\n{readme.END}\n\nafter\n"
    lines = readme.written(text, tmp_path).splitlines()
    assert lines[:3] == ["Before", "", readme.BEGIN] and lines[-2:] == ["", "after"]
    assert "old" not in lines
    assert "| **musisep** | 8.8 | 5.0 |" in lines
    assert "| the mixture itself | 0.0 |  |" in lines
    assert "| musisep, with a score | 11.3 |  |" in lines
    assert "| rendered ensembles | 10.0 |  |  |  |" in lines
    assert "* `python scores.py`, commit 0123abc" in lines


def test_a_readme_without_a_place_for_figures_is_refused(experiments, tmp_path):
    import readme

    with pytest.raises(SystemExit, match="must have the lines"):
        readme.written("no figures", tmp_path)
