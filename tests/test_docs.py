import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    page
    for page in sorted((ROOT / "docs").rglob("*.rst"))
    if ">>> " in page.read_text(encoding="utf-8")
]


def test_some_page_has_examples():
    assert PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_print_what_the_page_says(page):
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 0
    assert failed == 0


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "experiments/README.md"])
def test_files_that_a_page_of_the_repository_names_exist(name):
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#]+)[^)]*\)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
    named = re.findall(r"`((?:docs|experiments|musisep|tests|\.ci)/[\w./-]+)`", text)
    missing = [path for path in named if not (ROOT / path).exists()]
    assert set(missing) <= {"docs/_build"}  # which the page tells how to make
    assert links or named


def test_no_example_is_skipped():
    files = [*(ROOT / "docs").rglob("*.rst"), *(ROOT / "musisep").rglob("*.py")]
    assert [file.name for file in files if "+SKIP" in file.read_text(encoding="utf-8")] == []


def test_links_of_pages_lead_to_the_web():
    """Sphinx checks :doc: and :ref:, but no address."""
    link = re.compile(r"<(\S+)>`_|^\.\. _[^:]+: (\S+)", re.MULTILINE)
    for page in [*(ROOT / "docs").rglob("*.rst"), *(ROOT / "docs" / "notebooks").glob("*.py")]:
        for address in link.findall(page.read_text(encoding="utf-8")):
            assert "".join(address).startswith("https://"), page.name
