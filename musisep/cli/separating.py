"""What `separate` does with one recording: separate it, and write everything that was asked for."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musisep import __version__
from musisep._util.progress import Bars
from musisep.cli.again import again
from musisep.cli.base import complaint, say
from musisep.cli.compiling import compiling
from musisep.cli.given import Given
from musisep.cli.guard import tell
from musisep.cli.inputs import check_recording
from musisep.cli.options import EXCERPT, flag
from musisep.cli.planning import Task, check_writable, existing_folder, told_by
from musisep.cli.records import Record, digest, state_of
from musisep.cli.tracks import track_options
from musisep.io.formats import writable
from musisep.settings import Settings

if TYPE_CHECKING:
    from musisep.metrics.table import Measured
    from musisep.result import Separation

FLAGS = {field.name: flag(field.name) for field in fields(Settings)}
"""The options that are called like the fields of `Settings`."""
CORRECTED = "sha256 of the corrections"
"""What tells corrected tracks from others in a record."""
TOLD = ("notes.csv", "notes.mid", "report.html")
"""Files beside the tracks of which a user is told."""


def attempt(task: Task, args: argparse.Namespace, given: Given, settings: Settings) -> int:
    """Separate one recording, print what came out or what went wrong; return the exit status."""
    lines = [str(task.recording), f"  {task.outputs[0].parent} has its tracks already"]
    try:
        if claim := _claim(task, args, given, settings):
            lines = _separate(task, args, given, settings, *claim)
    except (OSError, ValueError, MemoryError) as error:
        say(complaint(task.recording, error, FLAGS | EXCERPT))
        return 1
    return tell(lines)


def _claim(
    task: Task, args: argparse.Namespace, given: Given, settings: Settings
) -> tuple[Record, tuple[int, ...]] | None:
    """Return the record of what will be made, and the state of the recording that it tells of.

    None if the outputs are there already.
    """
    from musisep.io.reading import check_excerpt

    check_recording(task.recording, args.recursive, args.out)
    check_excerpt(task.recording, start_s=args.start, duration_s=args.duration)
    state = state_of(task.recording)
    record = Record(task.record, _made(task, args, given, settings))
    if args.skip_existing and record.is_complete(task.written_for):
        return None
    for path in task.written:
        check_writable(path)
    _refuse_conflict(record, task, args)
    return record, state


def _refuse_conflict(record: Record, task: Task, args: argparse.Namespace) -> None:
    """Raise FileExistsError if the outputs are not to be replaced."""
    if not args.overwrite and (conflict := record.conflict(task.written)):
        raise FileExistsError(f"{conflict}; use --overwrite, or change --out")


def _separate(
    task: Task,
    args: argparse.Namespace,
    given: Given,
    settings: Settings,
    record: Record,
    state: tuple[int, ...],
) -> list[str]:
    """Separate one recording, write everything and return what there is to tell about it."""
    from musisep.io import files  # before what is heavy: most faults show here

    excerpt = {"start_s": args.start, "duration_s": args.duration}
    scratch = existing_folder(task.outputs[0])
    mixture, sample_rate = files.spool(task.recording, scratch, settings.whole_s, **excerpt)
    tags = files.tags(task.recording)
    if state_of(task.recording) != state:
        raise OSError("was changed while it was read; separate it again")
    length_s = mixture.shape[1] / sample_rate
    if args.duration and length_s < args.duration - 1 / sample_rate:
        say(f"{task.recording}: ends before --duration {args.duration:g}, after {length_s:g} s")
    files.check_encoding(task.outputs[0], len(mixture), sample_rate, _subtype(args))
    sample_bytes = files.sample_bytes(task.outputs[0], _subtype(args))
    files.check_room(scratch, len(task.outputs) * mixture.size * sample_bytes)

    import numpy as np
    from joblib import cpu_count

    from musisep.cli.summary import measure_lines, read_references, stem_lines
    from musisep.metrics.table import measure_table
    from musisep.separation import separate
    from musisep.stems import stem_names

    references = read_references(args.references, mixture, sample_rate, **excerpt)
    jobs = args.jobs or cpu_count()
    with compiling(args.quiet, helped=jobs > 1) as bars:
        separation = separate(
            mixture, sample_rate, settings=settings, jobs=jobs, progress=bars, scratch=scratch,
            **given.options(args.start, length_s),
        )  # fmt: skip
        del mixture  # before more memory is taken
        _refuse_conflict(record, task, args)  # another run may have come meanwhile
        true = [path.stem for path in args.references]
        measured = []
        if true and len(true) == len(separation.stems):
            measured = measure_table(true, references, np.asarray(separation.stems))
        paths, levels = _save(separation, task, args, given, record, tags, measured, bars)
    names = stem_names(len(separation.stems), args.stem_names)
    lines = [str(task.recording), *stem_lines(separation, paths, levels, names)]
    lines += [f"  {path}" for name, path in task.beside.items() if name in TOLD]
    if measured:
        lines += measure_lines(measured, names)
    elif true:
        lines.append(f"  not measured: --references are {len(true)}, one for each track is needed")
    return lines


def _made(task: Task, args: argparse.Namespace, given: Given, settings: Settings) -> dict[str, Any]:
    """Return what determines the tracks."""
    made = {
        "version": __version__,
        "recording": task.recording.name,
        "sha256 of the recording": digest(task.recording),
        "start": args.start,
        "duration": args.duration,
        CORRECTED: None,  # a run without any must not pass for one with corrections
        **dict(given.digests),
        "settings": asdict(settings),
        "format": args.format,
        "stem names": args.stem_names,
        "subtype": _subtype(args),
        "quality": writable()[args.format].checked_quality(args.quality),
        "residual": args.residual,
        "derive": [f"{name}={rule}" for name, rule in track_options(args)["derive"].items()],
        "only": args.only,
        "pitch bends": args.pitch_bends and "notes.mid" in task.beside,
    }
    of_json: dict[str, Any] = json.loads(json.dumps(made))
    return of_json


def _subtype(args: argparse.Namespace) -> str:
    return args.subtype or writable()[args.format].subtypes[0]


def _save(
    separation: Separation,
    task: Task,
    args: argparse.Namespace,
    given: Given,
    record: Record,
    tags: Mapping[str, str],
    measures: Sequence[Measured],
    bars: Bars,
) -> tuple[list[Path], dict[str, float]]:
    """Write the tracks and what is beside them; return files and levels of the tracks."""
    from musisep.cli.found import found_of
    from musisep.io.stored import blocks_of
    from musisep.metrics.levels import blocks_level_db
    from musisep.stems import stem_names

    record = record.begin(len(separation.stems))

    def ready(path: Path, content: Path) -> None:
        nonlocal record
        record = record.add(path, content)

    paths = list(task.tracks_for(len(separation.stems)))
    tracks = separation.tracks(**track_options(args))
    gain = separation.write(
        paths, _subtype(args), ready, quality=args.quality, signals=list(tracks.values()),
        tags=tags, progress=bars,
    )  # fmt: skip
    if gain < 1:
        say(f"{task.recording}: all tracks were multiplied by {gain:.3f}, or they would clip")
    names = stem_names(len(separation.stems), args.stem_names)
    levels = {name: blocks_level_db(blocks_of(signal)) for name, signal in tracks.items()}
    _write_beside(separation, names, task, args, given, measures, record.made, ready)
    found = found_of(separation, names, levels, gain) | again(task, args)
    record.finish(args.out, [task.recording, *told_by(args)], found)
    return paths, levels


def _write_beside(
    separation: Separation,
    names: Sequence[str],
    task: Task,
    args: argparse.Namespace,
    given: Given,
    measures: Sequence[Measured],
    made: Mapping[str, Any],
    ready: Callable[[Path, Path], object],
) -> None:
    """Write the files beside the tracks that are wanted."""
    from musisep.io import files
    from musisep.scores import Score
    from musisep.scores.csvs import write_csv

    score = Score(separation.notes, tuple(names))
    known = {
        name: value for name, value in made.items()
        if value is not None and name not in ("version", "settings")  # the page has these
    }  # fmt: skip
    for name, path in task.beside.items():
        with files.replacing(path, partial(ready, path)) as temporary:
            if name == "dictionary":
                separation.dictionary.save(temporary)
            elif name == "notes.mid":
                from musisep.scores.midi import write_midi

                write_midi(temporary, score, bends=args.pitch_bends)
            elif name == "report.html":
                from musisep.report import write_report

                write_report(
                    separation, temporary, notes=separation.notes, names=names, measures=measures,
                    title=task.recording.stem, provenance=known, folder=task.place,
                )  # fmt: skip
            else:
                corrections = given.corrections if name == "corrections.csv" else None
                write_csv(temporary, score if corrections is None else corrections)
