"""The layout: kernels in files of kernels, and nothing too long to be read."""

import ast
from pathlib import Path

import pytest

import musisep

PACKAGE = Path(musisep.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
KERNEL_DECORATORS = {"kernel", "sum_kernel"}
MOST_LINES, MOST_CODE_LINES = 400, 60
LONG_FILES: dict[str, str] = {}
"""Files that may be longer, and why."""
LONG_FUNCTIONS: dict[str, str] = {}
"""Functions, as path:name, that may be longer, and why."""


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


def is_kernel_file(path):
    return path.name == "_kernels.py" or path.parent.name == "_kernels"


def functions(path):
    return [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def decorators(function):
    return {node.id for node in function.decorator_list if isinstance(node, ast.Name)}


def docstring(node):
    """The docstring of a module, class or function as a node, or None."""
    first = node.body[0] if node.body else None
    is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return first if is_doc and isinstance(first.value.value, str) else None


def lines_without_docstrings(path):
    nodes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = [docstring(node) for node in ast.walk(tree(path)) if isinstance(node, nodes)]
    told = sum(doc.end_lineno - doc.lineno + 1 for doc in docs if doc is not None)
    return len(path.read_text(encoding="utf-8").splitlines()) - told


def code_lines(function, lines):
    """Lines of a function without signature, docstring, comments and blank lines."""
    doc = docstring(function)
    start = function.body[0].lineno if doc is None else doc.end_lineno + 1
    body = (line.strip() for line in lines[start - 1 : function.end_lineno])
    return sum(bool(line) and not line.startswith("#") for line in body)


KERNEL_FILES = [path for path in FILES if is_kernel_file(path)]


@pytest.mark.parametrize("path", KERNEL_FILES, ids=name_of)
def test_files_of_kernels_hold_kernels_only(path):
    for function in functions(path):
        assert decorators(function) & KERNEL_DECORATORS, f"{function.name} is no kernel"
    for node in tree(path).body:
        assert not isinstance(node, ast.ClassDef), f"{node.name} is a class"


def test_kernels_stand_in_files_of_kernels_only():
    elsewhere = [
        f"{name_of(path)}:{function.name}"
        for path in FILES
        if not is_kernel_file(path)
        for function in functions(path)
        if decorators(function) & KERNEL_DECORATORS
    ]
    assert elsewhere == []


def test_numba_is_configured_in_one_place():
    importing = {
        name_of(path)
        for path in FILES
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Import) and any(n.name.startswith("numba") for n in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("numba"))
    }
    assert importing == {"_util/compiled.py"}
    assert any(name_of(path) == "tones/_kernels.py" for path in KERNEL_FILES)
    assert sum(len(functions(path)) for path in KERNEL_FILES) > 50


def test_no_file_is_long():
    lengths = {name_of(path): lines_without_docstrings(path) for path in FILES}
    assert {name for name, length in lengths.items() if length > MOST_LINES} == set(LONG_FILES)


def test_no_function_is_long():
    long = set()
    for path in FILES:
        lines = path.read_text(encoding="utf-8").splitlines()
        for function in functions(path):
            if code_lines(function, lines) > MOST_CODE_LINES:
                long.add(f"{name_of(path)}:{function.name}")
    assert long == set(LONG_FUNCTIONS)


def test_every_room_says_what_it_is_for():
    for path in FILES:
        if path.name == "__init__.py":
            assert ast.get_docstring(tree(path)), name_of(path)
