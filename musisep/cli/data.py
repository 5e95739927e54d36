"""The command `data`: what a data set holds, and what is wrong with it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musisep._util.progress import Bars
from musisep.cli.base import Command, complaint, say
from musisep.cli.guard import tell
from musisep.cli.options import add_quiet_option

if TYPE_CHECKING:
    from musisep.datasets import Recording

SPLITS = ("train", "valid", "test")
LAYOUTS = ("instruments", "urmp", "medleydb", "bach10", "musdb", "tracks")
"""What `musisep.datasets` knows, which takes time to import; a test compares."""
COLUMNS = ("track", "length", "rate", "channels", "instruments")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} {{check,list}} [option ...] FOLDER ..."
    parser.add_argument(
        "action", choices=("check", "list"),
        help="check: listen to all files and tell what is wrong; list: tell what there is",
    )  # fmt: skip
    parser.add_argument(
        "datasets", nargs="+", type=Path, metavar="FOLDER",
        help="a folder that holds a folder for each recording, or for each instrument; or a "
        "manifest (.csv, .json)",
    )  # fmt: skip
    parser.add_argument("--split", choices=SPLITS, help="the part that is wanted (default: all)")
    parser.add_argument(
        "--layout", choices=LAYOUTS, help="how files are called (default: this is found out)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for other programs")
    add_quiet_option(parser)


def _run(args: argparse.Namespace) -> int:
    """Check or list each data set and return the exit status."""
    action = _check if args.action == "check" else _list
    return action(args)


def _check(args: argparse.Namespace) -> int:
    """Print what is wrong; return 1 if there are errors."""
    from musisep.datasets.checking import ERROR, check_dataset, summary

    status, entries = 0, []
    for path in args.datasets:
        with closing(Bars(args.quiet)) as bars:
            findings = check_dataset(path, args.split, args.layout, progress=bars)
        if any(finding.severity == ERROR for finding in findings):
            status = 1
        entries.append({
            "dataset": str(path), "summary": summary(findings),
            "findings": [
                {"path": str(one.path), "problem": one.problem, "advice": one.advice,
                 "severity": one.severity}
                for one in findings
            ],
        })  # fmt: skip
        if not args.json:
            lines = [*map(str, findings), f"{path}: {summary(findings)}"]
            status = max(status, tell(lines))
    return max(status, _tell_json(entries)) if args.json else status


def _list(args: argparse.Namespace) -> int:
    """Print what there is; return 1 if some of it cannot be read."""
    from musisep.datasets import open_all

    status, entries = 0, []
    failures: list[Exception] = []
    for path in args.datasets:
        report = partial(_fail, path, failures)
        try:
            recordings = open_all(path, args.split, args.layout, report=report)
        except OSError as error:
            report(error)
            continue
        rows = []
        for recording in recordings:
            try:
                entry = _entry(recording)
            except (OSError, ValueError) as error:
                _fail(path / recording.name, failures, error)
            else:
                entries.append({"dataset": str(path), **entry})
                rows.append(_row(entry))
        if not args.json and rows:
            status = max(status, tell(aligned([COLUMNS, *rows])))
    status = 1 if failures else status
    return max(status, _tell_json(entries)) if args.json else status


def _fail(path: Path, failures: list[Exception], error: Exception) -> None:
    """Say what is wrong with a data set or one of its recordings."""
    failures.append(error)
    say(complaint(getattr(error, "path", None) or path, error))


def _entry(recording: Recording) -> dict[str, Any]:
    """Return what a recording holds, in the types of JSON."""
    info = recording.info
    return {
        "track": recording.name, "split": recording.split or None, "length_s": info.duration_s,
        "sample_rate": info.sample_rate, "channels": info.channels,
        "instruments": dict(recording.instruments),
        "mixture": recording.mixture and str(recording.mixture),
        "references": {name: str(path) for name, path in recording.references.items()},
    }  # fmt: skip


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    instruments = ", ".join(entry["instruments"].values())
    length, rate = f"{entry['length_s']:.1f} s", f"{entry['sample_rate']} Hz"
    return entry["track"], length, rate, str(entry["channels"]), instruments


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _tell_json(entries: Iterable[dict[str, Any]]) -> int:
    return tell(json.dumps(list(entries), indent=1).splitlines())


DATA = Command("data", "Check or list recordings whose stems are known.", _add_options, _run)
