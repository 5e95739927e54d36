"""Typed figures are found in prose and tables of the documentation, and in README.md."""

import sys
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).parents[1] / "docs" / "_ext"


@pytest.fixture(scope="module")
def rules():
    sys.path.insert(0, str(EXTENSIONS))
    try:
        import typed
    finally:
        sys.path.remove(str(EXTENSIONS))
    return typed


@pytest.mark.parametrize("figure", [
    "15.6 dB", "15 decibels", "15\u202fdB", "15\u00a0%", "-3 dB", "\u22123 dB", "93%", "5 min",
    "86 times", "10-fold", "12 cents", "3 ms", "2 µs", "4 GiB", "1,200 MB", "0.93", "2.4e-6",
])  # fmt: skip
def test_a_figure_is_found(rules, figure):
    assert rules.typed(f"It gives {figure}, as measured.") == [figure]


@pytest.mark.parametrize("text", ["2-3 dB", "2–3 dB", "1/3 s", "~3 dB", "(3 dB)", "0.93/0.95"])
def test_a_figure_is_found_beside_signs(rules, text):
    assert rules.typed(text)


@pytest.mark.parametrize("text", [
    "Python 3.11", "44.1 kHz", "16 kHz", "musisep 0.4.1", "doi:10.1186/s13636", "e12_tuning.py",
    "two instruments, 8 duets", "A4 shifts", "1.5x4",
])  # fmt: skip
def test_what_measures_nothing_is_none(rules, text):
    assert rules.typed(text) == []


def test_a_number_is_a_figure_where_it_is_all_of_a_cell(rules):
    assert rules.typed("15", in_cell=True) == ["15"]
    assert rules.typed("15 items", in_cell=True) == rules.typed("15") == []


def test_a_phrase_allows_the_figure_in_it_and_no_other(rules):
    assert rules.typed("above 5 dB, it is 5 dB", {"above 5 dB"}) == ["5 dB"]
    assert rules.typed("above 15 dB", {"5 dB"}) == ["15 dB"]
    assert rules.typed("8 dB", {"8"}) == ["8 dB"]


def test_readme_has_figures_in_code_and_in_its_block_only(rules):
    readme = (
        "Text of 3\ndB.\n\n| method | SDR |\n|---|---|\n| ours | 15.6 |\n| theirs | 9 |\n\n"
        "```\nprints 4 dB\n```\n<!-- figures: -->\n| a | 1.5 |\n<!-- end of figures -->\n`5 dB`"
    )
    assert rules.typed_in_readme(readme) == ["3 dB", "15.6", "9"]
    assert rules.typed_in_readme(readme, {"Text of 3 dB"}) == ["15.6", "9"]


def test_phrases_are_those_of_a_page(rules):
    lines = "# a: comment\n\nguide/notes: 50 ms\nguide/notes: a: b\n"
    assert rules.phrases(lines) == {"guide/notes": {"50 ms", "a: b"}}
