"""Variants: ways to separate an item that are to be compared.

Each module of this folder, and any other file that `run.py` is told, has a dictionary ``VARIANTS``
of functions by name. A function takes an item (see items.py) and a seed, and returns the stems
[instrument, channel, sample], in any order, or something that has them as ``stems``, such as a
`musisep.Separation` or a `shared.Estimate`.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from items import Item

Variant = Callable[[Item, int], Any]

FOLDER = Path(__file__).resolve().parent


@lru_cache
def load(file: Path) -> dict[str, Variant]:
    """Return the variants that a file defines."""
    if file.parent == FOLDER:
        return importlib.import_module(f"variants.{file.stem}").VARIANTS
    spec = importlib.util.spec_from_file_location(str(file), file)
    module = sys.modules[str(file)] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.VARIANTS


def own_files() -> list[Path]:
    """Return the modules of this folder."""
    return sorted(FOLDER.glob("[!_]*.py"))


def choose(wanted: Iterable[str]) -> dict[str, Path]:
    """Return the wanted variants in the order wanted: name, and file that defines it.

    Wanted are paths of files, names of modules of this folder, and names of variants in it, which
    may have wildcards. Raises ValueError if there is nothing of that name, or two variants of one.
    """
    chosen: dict[str, Path] = {}
    for name in wanted:
        whole = name.endswith(".py")
        found = [
            (variant, file)
            for file in ([Path(name).resolve()] if whole else own_files())
            for variant in load(file)
            if whole or name == file.stem or fnmatchcase(variant, name)
        ]
        if not found:
            raise ValueError(f"{name}: no such variant (--list shows them)")
        for variant, file in found:
            if chosen.setdefault(variant, file) != file:
                raise ValueError(f"{variant} is defined in {chosen[variant]} and in {file}")
    return chosen
