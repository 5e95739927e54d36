"""Packages whose public names are imported when they are first used."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # typing would take longer than all else that is imported here
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def attach(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the `__getattr__` and `__dir__` of a package that loads at once (PEP 562).

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : mapping
        Module in which each public name is found.

    Returns
    -------
    __getattr__, __dir__ : function
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    def names() -> list[str]:
        return sorted({*vars(import_module(package)), *homes})

    return get, names
