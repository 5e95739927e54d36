"""The page of promises names tests that there are."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGE = (REPOSITORY / "docs" / "guide" / "reliability.rst").read_text(encoding="utf-8")
ROWS = {row.splitlines()[0]: row for row in PAGE.split("\n   * - ")[2:]}
TEST = re.compile(r"``(tests/[\w/]+\.py)::(\w+)``")
SCRIPT = re.compile(r"``(experiments/[\w/]+\.py)``")


def functions_of(path):
    nodes = ast.parse((REPOSITORY / path).read_text(encoding="utf-8")).body
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def test_the_page_has_rows():
    assert len(ROWS) > 10


@pytest.mark.parametrize("row", ROWS)
def test_each_promise_is_held_by_tests_that_there_are(row):
    named = TEST.findall(ROWS[row])
    assert named
    for path, test in named:
        assert test.startswith("test_") and test in functions_of(path), f"{path}::{test}"
    for script in SCRIPT.findall(ROWS[row]):
        assert (REPOSITORY / script).is_file(), script
    assert ROWS[row].count("::") == len(named)
