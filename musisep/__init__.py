"""Blind separation of the instruments in a recording, without training data."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from musisep.dictionary import Dictionary
    from musisep.separation import Separation, separate
    from musisep.settings import Settings

__all__ = ["Dictionary", "Separation", "Settings", "separate"]

_HOMES = {
    "Dictionary": "musisep.dictionary",
    "Separation": "musisep.separation",
    "Settings": "musisep.settings",
    "separate": "musisep.separation",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the package itself loads at once."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'musisep' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names also before they are imported."""
    return sorted({*globals(), *__all__})
