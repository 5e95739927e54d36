"""Which tracks are written, and what they are called."""

import argparse
import json
from pathlib import Path
from typing import Any

from musisep.cli.base import UsageError, as_options
from musisep.io.replacing import check_regular, reason
from musisep.settings import Settings

LARGEST = 2**20
"""Bytes of a file of rules; more is none."""
NOTES = {"csv": "notes.csv", "midi": "notes.mid"}
"""Files of notes by the names of their formats."""
FLAGS = {"names": "--stem-names", "derive": "--derive", "only": "--only"}
"""Options by the names that functions have for them, see `musisep.cli.base.as_options`."""


def add_track_options(group: argparse._ArgumentGroup) -> None:
    """Add --stem-names, --residual, --derive and --only."""
    group.add_argument(
        "--stem-names", type=_names, metavar="NAME,NAME",
        help="{stem} in these names, the loudest instrument first, or in the order of --dictionary "
        "(default: instrument1,instrument2, ...)",
    )  # fmt: skip
    group.add_argument(
        "--residual", action="store_true", help="also write what belongs to no instrument"
    )
    group.add_argument(
        "--derive", action="append", type=_rules, default=[], metavar="NAME=RULE",
        help="also write a sum of tracks, such as karaoke=mix-instrument1 or "
        "b=instrument1+0.5*residual; or the rules of a JSON file",
    )  # fmt: skip
    group.add_argument(
        "--only", type=_names, metavar="NAME,NAME", help="of all of these, write no others"
    )


def add_notes_options(group: argparse._ArgumentGroup) -> None:
    """Add --notes, --pitch-bends and --report."""
    group.add_argument(
        "--notes", type=_notes, default=[], metavar="FORMAT,FORMAT",
        help="also write the notes that were found: csv, midi, or both",
    )  # fmt: skip
    group.add_argument(
        "--pitch-bends", action="store_true",
        help="with midi: exact pitches (default: rounded to semitones)",
    )  # fmt: skip
    group.add_argument(
        "--report", action="store_true",
        help="also write a page to listen to, to look at and to correct, and the notes",
    )  # fmt: skip
    group.set_defaults(corrected=False)


def _notes(text: str) -> list[str]:
    """Return the files of notes that are wanted."""
    wanted = [name.strip().lower() for name in text.split(",")]
    if unknown := [name for name in wanted if name not in NOTES]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} must be {' or '.join(NOTES)}")
    return [NOTES[name] for name in wanted]


def track_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options as `musisep.Separation.tracks` takes them."""
    rules = {name: rule for rules in args.derive for name, rule in rules.items()}
    if len(rules) < sum(map(len, args.derive)):
        raise UsageError("--derive gives one name twice; choose another")
    return {
        "names": args.stem_names, "residual": args.residual, "derive": rules, "only": args.only
    }  # fmt: skip


def planned_tracks(args: argparse.Namespace, settings: Settings) -> tuple[list[str], int]:
    """Return the names of all tracks that may be written, and how many of them are stems.

    Raises
    ------
    UsageError
        If a name or a rule is wrong, or needs an instrument that may not be found.
    """
    if settings.counted and args.stem_names:
        raise UsageError("--stem-names needs to know how many; give --instruments a number")
    if settings.counted and (args.derive or args.only):
        _chosen(args, 1, "; with --instruments auto only instrument1 is certain")
    return _chosen(args, settings.most_instruments)


def _chosen(args: argparse.Namespace, instruments: int, advice: str = "") -> tuple[list[str], int]:
    from musisep.stems import parse_rules, stem_names, track_names  # loads NumPy

    options = track_options(args)
    try:
        stems = stem_names(instruments, options["names"])
        rules = parse_rules(options["derive"], stems)
        names = track_names(stems, rules, residual=options["residual"], only=options["only"])
    except ValueError as error:
        raise UsageError(as_options(str(error), FLAGS) + advice) from error
    return names, sum(name in stems for name in names)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _rules(text: str) -> dict[str, str]:
    """Return rules by name: one that is typed, or those of a file."""
    name, sign, rule = text.partition("=")
    if sign:
        return {name.strip(): rule.strip()}
    advice = "give NAME=RULE, or a JSON file of rules"
    try:
        check_regular(Path(text), "read")
        with Path(text).open("rb") as file:
            rules = json.loads(file.read(LARGEST))
    except OSError as error:
        wrong = f"{text!r}: {reason(error)}; {advice}"
        raise argparse.ArgumentTypeError(wrong) from error
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON: {error}; {advice}") from error
    texts = isinstance(rules, dict) and all(isinstance(rule, str) for rule in rules.values())
    if not rules or not texts:
        form = '{"karaoke": "mix-instrument1"}'
        raise argparse.ArgumentTypeError(f"{text!r} must hold rules by name, as {form}")
    return rules
