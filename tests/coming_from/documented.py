"""What the documents of other packages say of names and parameters, in NAME.txt beside this file.

Above the blank line stand names that can be imported, most with their parameters, and below it
others: attributes of instances, variables of the environment, what has no place here.
"""

import inspect
import pkgutil
from pathlib import Path

import numpy as np

EMPTY = inspect.Parameter.empty
POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY


def _lines(package):
    return Path(__file__).with_name(f"{package}.txt").read_text(encoding="utf-8").splitlines()


def importable(package):
    """Signatures by name, as strings; empty for what is not called."""
    lines = _lines(package)
    return dict(_split(line) for line in lines[: lines.index("")])


def all_names(package):
    return [_split(line)[0] for line in _lines(package) if line]


def _split(line):
    name, _, parameters = line.partition("(")
    return name, "(" + parameters if parameters else ""


def check_signature(package, name, wanted):
    """The name must be there and take what is documented, in this order and with these defaults."""
    found = pkgutil.resolve_name(f"musisep.compat.{package}.{name}")
    if not wanted:
        return
    assert callable(found) and found.__doc__
    ours = list(inspect.signature(found).parameters.values())
    ours = [parameter for parameter in ours if parameter.name != "self"]
    theirs = inspect.signature(eval(f"lambda {wanted[1:-1]}: 0", {"np": np})).parameters.values()
    for place, parameter in enumerate(theirs):
        if parameter.kind is parameter.VAR_KEYWORD:
            assert ours[-1].kind is parameter.VAR_KEYWORD
            continue
        mine = {own.name: own for own in ours}[parameter.name]
        if parameter.kind in POSITIONAL:
            assert ours[place] is mine and mine.kind in POSITIONAL
        assert parameter.default is EMPTY or mine.default == parameter.default
    documented = {parameter.name for parameter in theirs}
    new = [parameter for parameter in ours if parameter.name not in documented]
    kinds = inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL
    assert all(own.default is not EMPTY or own.kind in kinds for own in new)
