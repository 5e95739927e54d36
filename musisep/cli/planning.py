"""What will be written where, decided and refused before anything is computed."""

import argparse
import os
import string
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from musisep.cli.base import UsageError, as_options
from musisep.cli.inputs import Found, find, identity
from musisep.cli.tracks import planned_tracks
from musisep.io.formats import writable
from musisep.io.replacing import AudioFileError, check_regular
from musisep.settings import Settings

FILENAME = "{subfolder}/{track}/{stem}.{ext}"
"""Where tracks are below --out."""
BESIDE = ("corrections.csv", "notes.csv", "notes.mid", "found.csv", "report.html")
"""What may be written beside the tracks, in this order: corrections are kept before notes that a
user has edited are replaced; ``found.csv`` tells what was edited."""
RECORD = "separation.json"
"""What a folder of tracks holds that knows how they were made, unless a template names it."""
TEMPLATE_FIELDS = {"folder", "subfolder", "track", "suffix", "stem", "ext"}


@dataclass(frozen=True)
class Task:
    """A recording, the files that will be written for it, and where the record of that is kept.

    The first `instruments` of the outputs are stems, of which there may be fewer if fewer are
    found. What is written beside the tracks has names, see `BESIDE`. The template is that of their
    names, in which all but the stem and the suffix is known.
    """

    recording: Path
    outputs: tuple[Path, ...]
    instruments: int = 0
    record: Path = Path()
    beside: Mapping[str, Path] = field(default_factory=dict)
    template: str = FILENAME

    @property
    def written(self) -> tuple[Path, ...]:
        """All files that may be written, but for the record."""
        return (*self.outputs, *self.beside.values())

    @property
    def place(self) -> Path:
        """What `musisep correct` is given: the folder, or the record if a template names it."""
        return self.record.parent if self.record.name == RECORD else self.record

    def tracks_for(self, instruments: int) -> tuple[Path, ...]:
        """Return the files of the tracks for so many instruments."""
        stems = min(instruments, self.instruments)
        return self.outputs[:stems] + self.outputs[self.instruments :]

    def written_for(self, instruments: int) -> tuple[Path, ...]:
        """Return all files for so many instruments."""
        return (*self.tracks_for(instruments), *self.beside.values())


def plan(args: argparse.Namespace, settings: Settings) -> list[Task]:
    """Return what to do for each recording.

    Parameters
    ----------
    args : argparse.Namespace
        The options of `separate`.
    settings : Settings
        Tell how many stems each recording has, or may have.

    Returns
    -------
    list of Task
        In the order of the command line, the files of a folder by name.

    Raises
    ------
    UsageError
        If there is nothing to do, options contradict each other, or something would be written
        twice or over an input.
    """
    recordings = find(args.recordings, recursive=args.recursive, out=args.out)
    if not recordings:
        raise UsageError("name a recording, or try --demo")
    check_formats(args)
    _check_filename(args)
    _check_references(args, len(recordings), settings)
    names, stems = planned_tracks(args, settings)
    tasks = [
        Task(
            found.path, _outputs(args, found, names), stems,
            _output(args, found, *RECORD.rsplit(".", 1)), _beside(args, found),
            _template(args, found),
        )
        for found in recordings
    ]  # fmt: skip
    written = [replace(task, outputs=(*task.written, task.record)) for task in tasks]
    fields = "{folder}, {subfolder}, {track}, {suffix} and {stem}"
    advice = f"put {fields} in --filename, or change --out"
    check_collisions(written, [*(task.recording for task in tasks), *told_by(args)], advice)
    return tasks


def told_by(args: argparse.Namespace) -> list[Path]:
    """Return the files beside recordings that are read, and are not to be replaced."""
    return [*args.references, *args.pitches, *([args.notes_in] if args.notes_in else ())]


def check_writable(path: Path) -> None:
    """Raise OSError if a file cannot be made at `path`, whose folders may be missing."""
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            check_regular(path, "written")
        tempfile.TemporaryFile(dir=existing_folder(path)).close()
    except AudioFileError:
        raise
    except OSError as error:
        advice = "choose another folder"
        raise OSError(f"{path} cannot be written: {error.strerror}; {advice}") from error


def existing_folder(path: Path) -> Path:
    """Return the innermost folder of a path that exists."""
    return next(parent for parent in path.parents if parent.exists())


def check_formats(args: argparse.Namespace) -> None:
    """Refuse what the file format lacks, and a file in the place of the folder."""
    known = writable()[args.format].subtypes
    try:
        writable()[args.format].checked_quality(args.quality)
    except ValueError as error:
        raise UsageError(as_options(str(error), {"quality": "--quality"})) from error
    if args.subtype and args.subtype not in known:
        only = " or ".join(known)
        raise UsageError(f"--format {args.format} has no --subtype {args.subtype}; choose {only}")
    if os.path.isfile(args.out):
        raise UsageError(f"--out {args.out} is a file; name a folder")


def _check_filename(args: argparse.Namespace) -> None:
    if not _is_plain(args.filename):
        names = ", ".join(f"{{{name}}}" for name in sorted(TEMPLATE_FIELDS))
        raise UsageError(f"--filename {args.filename} may hold the fields {names} and no others")


def _is_plain(template: str) -> bool:
    """Tell whether a template holds known fields only, without any conversion."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        return False
    return all(
        name is None or (name in TEMPLATE_FIELDS and not form and not conversion)
        for _, name, form, conversion in parts
    )


def _check_references(args: argparse.Namespace, recordings: int, settings: Settings) -> None:
    for option in ("references", "save_dictionary", "notes_in", "pitches"):
        if recordings > 1 and getattr(args, option):
            name = option.replace("_", "-")
            raise UsageError(f"--{name} suits one recording, these are {recordings}")
    if settings.counted:
        return
    instruments = settings.most_instruments
    if args.demo and instruments != len(args.references):
        raise UsageError(f"--demo has {len(args.references)} instruments; leave --instruments out")
    if args.references and len(args.references) != instruments:
        wrong = f"{len(args.references)} --references for --instruments {instruments}"
        raise UsageError(f"{wrong}; name one for each instrument")


def _outputs(args: argparse.Namespace, found: Found, stems: Sequence[str]) -> tuple[Path, ...]:
    """Return the file of each track."""
    paths = [_output(args, found, stem, args.format) for stem in stems]
    if not all(path.suffix == f".{args.format}" for path in paths):
        raise UsageError(f"--filename {args.filename} must end in .{{ext}}")
    return tuple(paths)


def _beside(args: argparse.Namespace, found: Found) -> dict[str, Path]:
    """Return the files beside the tracks by their names, see `BESIDE`."""
    wanted = set(args.notes)
    if args.report:
        wanted |= {"notes.csv", "notes.mid", "report.html"}
    if wanted:
        wanted.add("found.csv")
    if args.corrected:
        wanted.add("corrections.csv")
    paths = {name: _output(args, found, *name.rsplit(".", 1)) for name in BESIDE if name in wanted}
    return paths | ({"dictionary": args.save_dictionary} if args.save_dictionary else {})


def _template(args: argparse.Namespace, found: Found) -> str:
    """Return the template below --out in which only {stem} and {ext} are left."""
    place = _output(args, found, "\0stem", "\0ext").relative_to(args.out)
    escaped = str(place).replace("{", "{{").replace("}", "}}")
    return escaped.replace("\0stem", "{stem}").replace("\0ext", "{ext}")


def _output(args: argparse.Namespace, found: Found, stem: str, ext: str) -> Path:
    """Fill in the template for a file that comes from a recording."""
    recording = found.path
    folder = recording.absolute().parent.name or "root"
    track = recording.stem if recording.stem.strip(".") else recording.name
    name = Path(
        args.filename.format(
            folder=folder,
            subfolder=found.subfolder,
            track=track,
            suffix=recording.suffix[1:],
            stem=stem,
            ext=ext,
        )
    )
    if name.is_absolute() or ".." in name.parts:
        raise UsageError(f"--filename {args.filename} leads out of --out; name a place below it")
    return Path(args.out, name)


def check_collisions(tasks: Sequence[Task], inputs: Iterable[Path], advice: str) -> None:
    """Refuse to write two things to one file, which gets the advice, or anything over an input."""
    sources = set(map(identity, inputs))
    writers: dict[str, Path] = {}
    for task in tasks:
        for output in task.outputs:
            place = identity(output)
            if place in sources:
                raise UsageError(f"{output} is an input and would be overwritten; change --out")
            if place in writers:
                both = " and ".join(dict.fromkeys((str(writers[place]), str(task.recording))))
                raise UsageError(f"{output} would be written twice, for {both}; {advice}")
            writers[place] = task.recording


def overwritten(outputs: Iterable[Path], inputs: Iterable[Path]) -> Path | None:
    """Return the first of the outputs that would take the place of an input, if any."""
    sources = set(map(identity, inputs))
    return next((path for path in outputs if identity(path) in sources), None)
