"""What the command is told of a recording beforehand: dictionary, model, score, contours."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musisep.cli.base import UsageError, complaint, say
from musisep.cli.hints import add_hint_options, hints_of
from musisep.cli.models import load_model
from musisep.hints import Hints
from musisep.io.hashing import digest
from musisep.names import numbered
from musisep.settings import Settings

if TYPE_CHECKING:
    from musisep.models import Model
    from musisep.scores import Score
    from musisep.tones.dictionary import Dictionary

CORRECTIONS = "sha256 of the corrections"
"""What a record calls the digest of corrections, which only `musisep correct` has."""


def add_given_options(group: argparse._ArgumentGroup) -> None:
    """Add --dictionary, --model, --notes-in, --pitches, --aligned and the hints."""
    group.add_argument(
        "--dictionary", type=Path, metavar="FILE",
        help="use what was learned before, adapted to the recording",
    )  # fmt: skip
    group.add_argument(
        "--model", type=Path, metavar="FOLDER",
        help="use what musisep train has learned of instruments; also as the first FILE",
    )  # fmt: skip
    group.add_argument(
        "--notes-in", type=Path, metavar="FILE",
        help="use a score, MIDI or CSV, with a track or a name for each instrument; its tempo and "
        "tuning may be others, and some notes wrong or missing",
    )  # fmt: skip
    group.add_argument(
        "--pitches", nargs="+", type=Path, default=[], metavar="FILE",
        help="use contours of pitch, as pitch trackers write them: a file for each instrument, or "
        "one with a column for each",
    )  # fmt: skip
    group.add_argument(
        "--aligned", action="store_true",
        help="the times and the tuning of --notes-in are those of the recording",
    )  # fmt: skip
    add_hint_options(group)


@dataclass(frozen=True, eq=False)
class Given:
    """What is known beforehand.

    Parameters
    ----------
    dictionary : Dictionary, optional
    model : Model, optional
    hints : Hints, optional
    score : Score, optional
        From --notes-in or --pitches.
    aligned : bool
        Whether its times are those of the recording.
    corrections, edited : Score, optional
        See `musisep.separate`.
    digests : tuple of tuple of str
        What the files are that make a difference: names, and SHA-256.
    """

    dictionary: Dictionary | None = None
    model: Model | None = None
    hints: Hints | None = None
    score: Score | None = None
    aligned: bool = False
    corrections: Score | None = None
    edited: Score | None = None
    digests: tuple[tuple[str, str | None], ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the instruments of a score; none without one."""
        return list(self.score.names) if self.score else []

    def check(self, settings: Settings) -> None:
        """Refuse a score or hints that are not of the instruments of the settings; ValueError."""
        if self.hints:
            if settings.counted:
                raise ValueError("instruments='auto' is of no use with hints; give their number")
            from musisep.stems import stem_names  # loads NumPy

            names = self.names or numbered(settings.names) or None
            self.hints.ranges_of(stem_names(settings.most_instruments, names))
            self.hints.positions_of(settings.most_instruments, channels=2)
        if self.score and settings.most_instruments != len(self.score.names):
            known = ", ".join(self.score.names)
            raise ValueError(
                f"instruments={settings.most_instruments}, but the score has "
                f"{len(self.score.names)}: {known}; make them alike"
            )

    def options(self, start_s: float, length_s: float) -> dict[str, Any]:
        """Return what `musisep.separate` is told of a part of a recording."""
        return {
            "dictionary": self.dictionary,
            "profiles": self.model.profiles if self.model else None,
            "hints": self.hints,
            "score": self.score and self.score.excerpt(start_s, start_s + length_s),
            "align_score": not self.aligned,
            "corrections": self.corrections,
            "edited": self.edited,
        }


def load_given(args: argparse.Namespace) -> Given | None:
    """Read what the options name; None, and a line on stderr, if that fails.

    Raises
    ------
    UsageError
        If options exclude each other.
    """
    if args.notes_in and args.pitches:
        raise UsageError("--notes-in and --pitches both tell what is played; leave one out")
    if args.aligned and not args.notes_in:
        raise UsageError("--aligned is of use with --notes-in only")
    path = args.dictionary or args.model
    try:
        dictionary, model = _dictionary(args.dictionary), load_model(args.model)
        path = args.notes_in or next(iter(args.pitches), None)
        score = _score(args)
    except (OSError, ValueError) as error:
        say(complaint(path, error))
        return None
    files = {"dictionary": args.dictionary, "score": args.notes_in}
    files |= {f"pitches {number}": path for number, path in enumerate(args.pitches, 1)}
    digests = [(f"sha256 of the {name}", path and digest(path)) for name, path in files.items()]
    digests.append(("sha256 of the model", model and model.digest))
    hints = hints_of(args)
    digests.append(("hints", str(hints) if hints else None))
    digests.append((CORRECTIONS, None))
    return Given(
        dictionary, model, hints or None, score, bool(args.aligned or args.pitches),
        digests=tuple(digests),
    )  # fmt: skip


def _dictionary(path: Path | None) -> Dictionary | None:
    if path is None:
        return None
    from musisep.tones.dictionary import Dictionary

    return Dictionary.load(path)


def _score(args: argparse.Namespace) -> Score | None:
    if args.notes_in:
        from musisep.scores.files import load_score

        return load_score(args.notes_in)
    if args.pitches:
        from musisep.scores.contours import read_contours

        return read_contours(args.pitches)
    return None
