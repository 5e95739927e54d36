"""Names of instruments as files of other programs have them, made fit for names of tracks."""

from collections.abc import Iterable, Sequence

from musisep.stems import MIX, MIXTURE, NOBODY, RESIDUAL


def fit_names(given: Iterable[str]) -> list[str]:
    """Return names that stems can have, each different: what cannot stand in one is a hyphen.

    An empty name becomes instrument1, instrument2, ... by its place.
    """
    names: list[str] = []
    for number, text in enumerate(given, 1):
        name = "".join(c if c.isprintable() and c not in '/\\:*?"<>|,=' else "-" for c in text)
        name = name.strip().lstrip(".") or f"instrument{number}"
        if name.casefold() in (MIX, MIXTURE, RESIDUAL, NOBODY):
            name += " part"
        known, second, plain = {other.casefold() for other in names}, 2, name
        while name.casefold() in known:
            name, second = f"{plain} {second}", second + 1
        names.append(name)
    return names


def number_of(name: str, names: Sequence[str]) -> int:
    """Return the number of an instrument among those there are; ValueError if it is none."""
    if name not in names:
        raise ValueError(f"there is no instrument {name!r}, but {', '.join(names)}")
    return names.index(name)
