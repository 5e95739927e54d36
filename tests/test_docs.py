import doctest
from pathlib import Path

import pytest

PAGES = [
    page
    for page in sorted((Path(__file__).parents[1] / "docs").rglob("*.rst"))
    if ">>> " in page.read_text(encoding="utf-8")
]


def test_some_page_has_examples():
    assert PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_print_what_the_page_says(page):
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 0
    assert failed == 0
