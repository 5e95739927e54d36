"""Options by which a user tells what is known of who plays what."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from musisep.hints import LEADS, Hints, parse_position, parse_ranges


def add_hint_options(group: argparse._ActionsContainer) -> None:
    """Add --ranges, --lead and --position."""
    group.add_argument(
        "--ranges", type=_parsed(parse_ranges), default={}, metavar="NAME=LOW-HIGH,...",
        help="between which notes instruments play, as instrument1=G3-C6,instrument2=C2-G4; also "
        "MIDI numbers, hertz (196Hz-1046Hz) or the name of an instrument",
    )  # fmt: skip
    group.add_argument(
        "--lead", choices=LEADS, help="instrument1 plays the highest or the lowest line"
    )
    group.add_argument(
        "--position", type=_parsed(parse_position), default=(), metavar="SIDE,...",
        help="where the instruments sit in a stereo recording: left, right, center, or numbers "
        "from -1 to 1 (--position=-0.5,0.5)",
    )  # fmt: skip


def hints_of(args: argparse.Namespace) -> Hints:
    """Return what the options tell."""
    return Hints(ranges=args.ranges, lead=args.lead, position=args.position)


def _parsed(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return what parses an argument, and refuses it with the message of `parse`."""

    def parsed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parsed
