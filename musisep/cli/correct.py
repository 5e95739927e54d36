"""The command `correct`: a recording is separated anew, as its notes were corrected."""

import argparse
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musisep.cli.again import options_of
from musisep.cli.base import Command, complaint, say
from musisep.cli.given import Given, load_given
from musisep.cli.guard import tell
from musisep.cli.inputs import identity
from musisep.cli.options import add_jobs_option, add_quiet_option
from musisep.cli.planning import RECORD, Task, plan
from musisep.cli.records import Record, digest
from musisep.cli.separate import SEPARATE, settings_of
from musisep.cli.separating import CORRECTED, attempt
from musisep.io.replacing import AudioFileError

if TYPE_CHECKING:
    from musisep.scores import Score

EDITED = ("notes.csv", "notes.mid")
"""Files beside the tracks that a user edits."""
CORRECTIONS = "corrections.csv"
"""What was corrected before; a user may edit it as well, to take something back."""


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER",
        help="the tracks of a recording, made by musisep separate with --report or --notes",
    )  # fmt: skip
    parser.add_argument(
        "--notes", type=Path, metavar="FILE",
        help="the corrected notes, CSV or MIDI (default: notes.csv or notes.mid of the folder)",
    )  # fmt: skip
    parser.add_argument(
        "--recording", type=Path, metavar="FILE", help="where the recording is, if it was moved"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace files that were changed since"
    )
    add_jobs_option(parser)
    add_quiet_option(parser)


def _run(args: argparse.Namespace) -> int:
    """Separate the recording anew and return the exit status."""
    try:
        record = _record(args.folder)
        run, task, given = _planned(args, record)
        changes, given = _corrected(args, record, task, given)
    except (OSError, ValueError) as error:
        say(complaint(args.folder, error))
        return 1
    if not changes:
        return tell([f"{args.folder}: no note was corrected since"])
    tell([f"{args.folder}: {changes}"])
    return attempt(task, run, given, settings_of(run, given))


CORRECT = Command(
    "correct", "Separate a recording anew, as its notes were corrected.", _add_options, _run
)


def _record(folder: Path) -> Record:
    """Return the record of a folder, or what is named in its place."""
    record = Record.load(folder / RECORD if folder.is_dir() else folder)
    if record is None or not record.found:
        advice = "name a folder, or a record, of musisep separate"
        raise ValueError(f"has no complete {RECORD}; {advice}")
    return record


def _planned(args: argparse.Namespace, record: Record) -> tuple[argparse.Namespace, Task, Given]:
    """Return the options of the run whose notes were corrected, its task, and what it was told."""
    recording, options = options_of(record.found or {}, record.path.parent)
    recording = args.recording or recording
    if not recording.is_file():
        raise AudioFileError(f"{recording} is not there any more; name it with --recording")
    if digest(recording) != record.made.get("sha256 of the recording"):
        raise ValueError(f"{recording} is another recording than these tracks are of")
    run = argparse.Namespace(**_defaults(), **{"recordings": [recording]})
    vars(run).update(options)
    vars(run).update(corrected=True, overwrite=True, quiet=args.quiet, jobs=args.jobs)
    given = load_given(run)
    if given is None:
        raise ValueError("cannot be separated as it was")
    for what, known in given.digests:
        if record.made.get(what) != known:
            name = what.removeprefix("sha256 of ")
            raise ValueError(f"{name} was changed since; put it back, or separate anew")
    if settings_of(run, given).counted:
        run.instruments = record.instruments
    run.references = _references(args.folder, run.references, record.instruments)
    (task,) = plan(run, settings_of(run, given))
    return run, task, given


def _references(folder: Path, references: list[Path], instruments: int | None) -> list[Path]:
    """Return the references, if the tracks can be measured with them; say so if not any more."""
    lost = [path for path in references if not path.is_file()]
    if lost:
        say(f"{folder}: will not be measured: {lost[0]} is not there any more")
    return [] if lost or len(references) != instruments else references


def _defaults() -> dict[str, Any]:
    """Return the options of `separate` that nobody has chosen."""
    parser = argparse.ArgumentParser()
    SEPARATE.equip(parser)
    defaults = vars(parser.parse_args([]))
    return {name: value for name, value in defaults.items() if name != "recordings"}


def _corrected(
    args: argparse.Namespace, record: Record, task: Task, given: Given
) -> tuple[str, Given]:
    """Return what was corrected, in words, and what is known since."""
    from musisep.scores.corrections import corrections, joined
    from musisep.scores.csvs import read_csv, written
    from musisep.scores.files import load_score

    place = task.beside.get("found.csv")
    if place is None or not place.is_file():
        raise ValueError("has no found.csv; separate it with --report or --notes first")
    found = _read(read_csv, place, record.found["instruments"] if record.found else [])
    edited = _edited(args, record, task)
    notes = _read(load_score, edited, found.names) if edited else found
    try:
        new = corrections(found, notes)
    except ValueError as error:
        raise ValueError(complaint(edited or place, error)) from error
    before = task.beside[CORRECTIONS]
    taken_back = record.changed([before])
    if not len(new) and not taken_back:
        return "", given
    every = joined(_read(read_csv, before, found.names), new) if before.is_file() else new
    known = hashlib.sha256(written(every).encode()).hexdigest()
    digests = (*given.digests, (CORRECTED, known))
    told = [_told(new)] * bool(len(new)) + [f"{before.name} was changed"] * bool(taken_back)
    return ", ".join(told), replace(given, corrections=every, edited=notes, digests=digests)


def _edited(args: argparse.Namespace, record: Record, task: Task) -> Path | None:
    """Return the file of notes that was edited, if any.

    Raises
    ------
    FileExistsError
        If another file was changed as well, which would be replaced.
    """
    written = task.written_for(record.instruments or task.instruments)
    changed = [path for path in written if record.changed([path])]
    notes = [task.beside[name] for name in EDITED if task.beside.get(name) in changed]
    edited: Path | None = args.notes or next(iter(notes), None)
    kept = {identity(path) for path in (edited, task.beside[CORRECTIONS]) if path}
    others = [path for path in changed if identity(path) not in kept]
    if others and not args.overwrite:
        raise FileExistsError(f"{others[0]} was changed since; use --overwrite, or move it")
    return edited


def _read(reader: Any, path: Path, *arguments: Any) -> "Score":
    try:
        score: Score = reader(path, *arguments)
    except ValueError as error:
        raise ValueError(complaint(path, error)) from error
    return score


def _told(corrections: "Score") -> str:
    """Return what was corrected, in words."""
    import numpy as np

    from musisep.scores import NOBODY

    notes = corrections.notes
    rests = np.isnan(notes.f0_hz)
    counts = {
        "given or added": int(np.count_nonzero(~rests & (notes.instrument != NOBODY))),
        "taken away": int(np.count_nonzero(notes.instrument == NOBODY)),
    }
    told = [f"{count} note{'s' * (count != 1)} {what}" for what, count in counts.items() if count]
    if count := int(np.count_nonzero(rests)):
        told.append(f"{count} rest{'s' * (count != 1)}")
    return ", ".join(told)
