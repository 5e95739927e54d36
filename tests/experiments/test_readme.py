"""The tables of README.md are those that the results give."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
RESULTS = REPOSITORY / "docs" / "results"


def test_the_figures_of_readme_are_those_of_the_results(experiments):
    import readme

    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert readme.written(text, RESULTS) == text
    assert text.count("| **musisep** |") == 1


def test_tables_are_read_as_they_are_written(experiments, tmp_path, monkeypatch):
    import readme
    import results

    monkeypatch.setattr(results, "commit", lambda: "0123abc")
    monkeypatch.setattr("sys.argv", ["experiments/e27_scores.py", "--seed", "1"])
    rows = [
        ["items", "blind", "exact"],
        ["urmp (8)", "-0.01", "11.25 [9.96, 12]"],
        ["duets (10)", "12.79", ""],
    ]
    results.write_table(tmp_path, "scores", rows, "Words.")
    found = readme.read(tmp_path / "scores.rst")
    assert found.tables == {"": rows}
    assert found.column("exact") == {"urmp (8)": "11.2 [10.0, 12]", "duets (10)": ""}
    assert found.column("blind") == {"urmp (8)": "0.0", "duets (10)": "12.8"}
    assert (found.command, found.commit) == ("python experiments/e27_scores.py --seed 1", "0123abc")


def test_what_does_not_tell_who_made_it_is_refused(experiments, tmp_path):
    import readme

    (tmp_path / "scores.rst").write_text("Typed by hand: 99.9 dB", encoding="utf-8")
    with pytest.raises(SystemExit, match="does not begin with its record"):
        readme.read(tmp_path / "scores.rst")


def test_a_readme_without_a_place_for_figures_is_refused(experiments, tmp_path):
    import readme

    with pytest.raises(SystemExit, match="must have the lines"):
        readme.written("no figures", tmp_path)
