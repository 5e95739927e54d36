"""The command `instruments`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from musisep.cli.base import Command, complaint, say
from musisep.cli.data import aligned
from musisep.cli.guard import tell
from musisep.cli.models import load_model

if TYPE_CHECKING:
    from musisep.instruments.telling import Told

COLUMNS = ("name", "family", "usual range", "notes learned from")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [--model FOLDER] [NAME ...]"
    parser.add_argument("names", nargs="*", metavar="NAME", help="tell of these only")
    parser.add_argument(
        "--model", type=Path, metavar="FOLDER",
        help="those of a model (default: those of the library that comes with musisep)",
    )  # fmt: skip


def _run(args: argparse.Namespace) -> int:
    """Print the instruments that have names and return the exit status."""
    from musisep.instruments import library
    from musisep.instruments.telling import groups_of, told_of

    try:
        model = load_model(args.model)
    except (OSError, ValueError) as error:
        say(complaint(args.model, error))
        return 1
    profiles = model.learned if model else library()
    if not args.names:
        every = [told_of(profiles, name) for name in profiles.names]
        groups = [f"{name}: one of {', '.join(of)}" for name, of in groups_of(profiles).items()]
        return tell([*aligned([COLUMNS, *map(_row, every)]), *groups])
    status = 0
    for name in args.names:
        try:
            numbers = profiles.numbers(name)
        except ValueError as error:
            say(str(error))
            status = 1
            continue
        found = [told_of(profiles, profiles.names[number]) for number in numbers]
        status = max(status, tell([line for one in found for line in _lines(one)]))
    return status


def _row(told: Told) -> tuple[str, ...]:
    return told.name, told.family, _range(told), str(told.notes)


def _range(told: Told) -> str:
    return f"{told.lowest} to {told.highest}" if told.lowest else ""


def _lines(told: Told) -> list[str]:
    """Return all there is to tell of one instrument."""
    about = {
        "family": told.family,
        "usual range": _range(told),
        "notes learned from": str(told.notes),
        "other names": ", ".join(told.others),
        "one of": ", ".join(told.groups),
    }
    return [told.name, *(f"  {name}: {text}" for name, text in about.items() if text)]


INSTRUMENTS = Command(
    "instruments", "List the instruments whose names are known.", _add_options, _run
)
