"""What will be written where, decided and refused before anything is computed."""

import argparse
import os
import string
import sys
import tempfile
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from musisep.cli.base import UsageError, as_options, say
from musisep.cli.tracks import planned_tracks
from musisep.io.formats import readable_suffixes, writable
from musisep.io.replacing import AudioFileError, check_regular
from musisep.settings import Settings

NOT_READ = (
    ".m4a", ".aac", ".wma", ".mp4", ".m4b", ".amr", ".ape", ".wv", ".mka", ".ac3", ".dts",
    ".webm", ".mov", ".mkv", ".3gp", ".mpc", ".tta", ".ra", ".spx", ".avi",
)  # fmt: skip
"""Suffixes of files with audio that libsndfile does not know."""
TEMPLATE_FIELDS = {"folder", "track", "stem", "ext"}


@dataclass(frozen=True)
class Task:
    """A recording, and the files that will be written for it.

    The first `instruments` of these are stems, of which there may be fewer if fewer are found.
    """

    recording: Path
    outputs: tuple[Path, ...]
    instruments: int = 0

    def outputs_for(self, instruments: int) -> tuple[Path, ...]:
        """Return the files for so many instruments."""
        stems = min(instruments, self.instruments)
        return self.outputs[:stems] + self.outputs[self.instruments :]


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
    recordings = distinct(path for named in args.recordings for path in audio_files(named))
    if not recordings:
        raise UsageError("name a recording, or try --demo")
    check_formats(args)
    _check_filename(args)
    _check_references(args, len(recordings), settings)
    names, stems = planned_tracks(args, settings)
    tasks = [Task(path, _outputs(args, path, names), stems) for path in recordings]
    records = [
        Task(task.recording, (*task.outputs, record_place(args, task.recording))) for task in tasks
    ]
    advice = "put {folder}, {track} and {stem} in --filename, or change --out"
    check_collisions(records, [*recordings, *args.references], advice)
    return tasks


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


def check_recording(path: Path) -> None:
    """Raise OSError for a folder, in which `audio_files` has found nothing to read."""
    if not os.path.isdir(path):
        return
    others = sorted(other.name for other in path.iterdir() if _is_audio_that_is_not_read(other))
    known = f"no audio file that is read ({' '.join(readable_suffixes())})"
    advice = f"; convert {', '.join(others[:3])} first, with ffmpeg" if others else ""
    raise IsADirectoryError(f"holds {known}; subfolders are not looked into{advice}")


def _is_audio_that_is_not_read(path: Path) -> bool:
    return path.suffix.lower() in NOT_READ and path.name[0] != "." and os.path.isfile(path)


def audio_files(named: Path, suffixes: Collection[str] = ()) -> list[Path]:
    """Return the audio files of a folder; anything else, even a folder without any, as it is.

    `suffixes` are those of other files that count.
    """
    if not os.path.isdir(named):
        return [named]
    known = {*readable_suffixes(), *suffixes}
    found = [
        path for path in sorted(named.glob("*"))
        if path.suffix.lower() in known and path.name[0] != "."
        and os.path.isfile(path)
    ]  # fmt: skip
    others = [path for path in sorted(named.iterdir()) if _is_audio_that_is_not_read(path)]
    if found and others:
        kinds = ", ".join(sorted({path.suffix.lower() for path in others}))
        say(f"{named}: left out, as {kinds} is not read: {others[0].name} and other such files")
    return found or [named]


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
    for option in ("references", "save_dictionary"):
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


def _outputs(args: argparse.Namespace, recording: Path, stems: Sequence[str]) -> tuple[Path, ...]:
    """Return the file of each stem; that of the dictionary comes last, if any."""
    paths = [_output(args, recording, stem, args.format) for stem in stems]
    if not all(path.suffix == f".{args.format}" for path in paths):
        raise UsageError(f"--filename {args.filename} must end in .{{ext}}")
    return (*paths, *([args.save_dictionary] if args.save_dictionary else []))


def record_place(args: argparse.Namespace, recording: Path) -> Path:
    """Return where the record of a run is kept."""
    return _output(args, recording, "separation", "json")


def _output(args: argparse.Namespace, recording: Path, stem: str, ext: str) -> Path:
    """Fill in the template for a file that comes from a recording."""
    folder = recording.absolute().parent.name or "root"
    track = recording.stem if recording.stem.strip(".") else recording.name
    name = Path(args.filename.format(folder=folder, track=track, stem=stem, ext=ext))
    if name.is_absolute() or ".." in name.parts:
        raise UsageError(f"--filename {args.filename} leads out of --out; name a place below it")
    return Path(args.out, name)


def check_collisions(tasks: Sequence[Task], inputs: Iterable[Path], advice: str) -> None:
    """Refuse to write two things to one file, which gets the advice, or anything over an input."""
    sources = set(map(_identity, inputs))
    writers: dict[str, Path] = {}
    for task in tasks:
        for output in task.outputs:
            place = _identity(output)
            if place in sources:
                raise UsageError(f"{output} is an input and would be overwritten; change --out")
            if place in writers:
                both = " and ".join(dict.fromkeys((str(writers[place]), str(task.recording))))
                raise UsageError(f"{output} would be written twice, for {both}; {advice}")
            writers[place] = task.recording


def overwritten(outputs: Iterable[Path], inputs: Iterable[Path]) -> Path | None:
    """Return the first of the outputs that would take the place of an input, if any."""
    sources = set(map(_identity, inputs))
    return next((path for path in outputs if _identity(path) in sources), None)


def distinct(paths: Iterable[Path]) -> list[Path]:
    """Return the paths without those that lead to a place that an earlier one leads to."""
    places: dict[str, Path] = {}
    for path in paths:
        places.setdefault(_identity(path), path)
    return list(places.values())


def _identity(path: Path) -> str:
    """Return one text for one place, whatever leads there."""
    place = os.path.realpath(path)
    if sys.platform in ("darwin", "win32"):  # as a rule they tell names apart by less
        return unicodedata.normalize("NFC", place).casefold()
    return place
