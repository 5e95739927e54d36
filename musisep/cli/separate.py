"""The command `separate`."""

import argparse
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, fields
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musisep import __version__
from musisep._util.limits import AUTO
from musisep._util.progress import Bars
from musisep.cli.base import Command, UsageError, as_options, complaint, say
from musisep.cli.batch import run_batch
from musisep.cli.compiling import compiling
from musisep.cli.guard import tell
from musisep.cli.inputs import check_recording
from musisep.cli.models import check_names, load_model, model_settings, take_model
from musisep.cli.options import (
    EXCERPT,
    add_excerpt_options,
    add_existing_options,
    add_format_options,
    add_jobs_option,
    add_quiet_option,
    add_recursive_option,
    add_scheduler_option,
    flag,
)
from musisep.cli.planning import FILENAME, Task, check_writable, existing_folder, plan
from musisep.cli.records import Record, digest, state_of
from musisep.cli.tracks import add_track_options, track_options
from musisep.io.formats import writable
from musisep.names import numbered
from musisep.settings import PHASES, Settings
from musisep.stages import METHODS, PARTS

if TYPE_CHECKING:
    from musisep.models import Model
    from musisep.result import Separation
    from musisep.tones.dictionary import Dictionary

DEMO = ("mix.flac", "clarinet.flac", "horn.flac")
"""The recording that comes with the package, and its references."""
FLAGS = {field.name: flag(field.name) for field in fields(Settings)}
"""The options that are called like the fields of `Settings`."""


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [option ...] FILE ..."  # argparse's own fills a screen
    parser.add_argument(
        "recordings", nargs="*", type=Path, metavar="FILE",
        help="recordings (WAV, FLAC, Ogg, MP3, AIFF, ...) or folders of them",
    )  # fmt: skip
    _add_input_options(parser.add_argument_group("what is separated"))
    _add_output_options(parser.add_argument_group("what is written"))
    _add_learning_options(parser.add_argument_group("how it is done"))


def _add_input_options(group: argparse._ArgumentGroup) -> None:
    _add_setting(
        group, "instruments", "how many instruments play; auto: find out (1 to 4); or their names, "
        "as clarinet,horn (musisep instruments lists them)", "-n", type=_number_or_names,
    )  # fmt: skip
    _add_setting(group, "tones", "how many tones an instrument plays at a time")
    add_recursive_option(group)
    add_excerpt_options(group, "separate")
    group.add_argument(
        "--demo", action="store_true", help="separate the recording that comes with the package"
    )


def _add_output_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-o", "--out", type=Path, default=Path("separated"), metavar="FOLDER",
        help="folder for the tracks (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--filename", default=FILENAME, metavar="TEMPLATE",
        help="their names below that folder (default: %(default)s)",
    )  # fmt: skip
    add_track_options(group)
    add_format_options(group)
    add_existing_options(group)
    group.add_argument(
        "--references", nargs="+", type=Path, default=[], metavar="FILE",
        help="the true tracks, one for each instrument: measures the result",
    )  # fmt: skip
    add_quiet_option(group)


def _add_learning_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--dictionary", type=Path, metavar="FILE",
        help="use what was learned before, adapted to the recording",
    )  # fmt: skip
    group.add_argument(
        "--model", type=Path, metavar="FOLDER",
        help="use what musisep train has learned of instruments; also as the first FILE",
    )  # fmt: skip
    group.add_argument(
        "--save-dictionary", type=Path, metavar="FILE",
        help="keep what was learned about the instruments (.npz)",
    )  # fmt: skip
    _add_setting(
        group, "method", "how instruments are learned: from notes, or by sparse pursuit and "
        "bounded Adam", choices=PARTS["method"],
    )  # fmt: skip
    _add_setting(group, "front_end", "how the spectrogram is made", choices=PARTS["front_end"])
    _add_setting(group, "finder", "how tones are found", choices=PARTS["finder"])
    _add_setting(group, "phase", "whose phases the tracks have", choices=PHASES)
    _add_setting(group, "seed", "another number, another attempt")
    _add_setting(group, "restarts", "with notes: how often to guess who plays; the guesses agree")
    _add_setting(group, "runs", "with adam: steps of the learning")
    _add_setting(group, "lifetime", "with adam: steps until half of the columns is renewed, or 0")
    _add_setting(group, "dictionaries", "with adam: how many to learn; the best is used")
    add_jobs_option(group)
    add_scheduler_option(group)


def _add_setting(
    group: argparse._ArgumentGroup, name: str, meaning: str, *flags: str, **options: Any
) -> None:
    """Add the option for a field of `Settings`, which has the default."""
    default = getattr(Settings(), name)
    if default is None:
        default = ", ".join(f"{parts[name]} with {method}" for method, parts in METHODS.items())
    if "choices" not in options:
        options = {"type": type(default), "metavar": "N"} | options
    group.add_argument(
        *flags, FLAGS[name], default=argparse.SUPPRESS,
        help=f"{meaning} (default: {default})", **options,
    )  # fmt: skip


def _number_or_names(text: str) -> int | str | tuple[str, ...]:
    if text == AUTO:
        return text
    try:
        return int(text)
    except ValueError:
        return tuple(name.strip() for name in text.split(","))


def _run(args: argparse.Namespace) -> int:
    """Separate each recording and return the exit status."""
    with ExitStack() as stack:
        if args.demo:
            _take_demo(args, stack)
        take_model(args)
        try:
            dictionary = _load_dictionary(args.dictionary)
            model = load_model(args.model)
        except (OSError, ValueError) as error:
            say(complaint(args.model or args.dictionary, error))
            return 1
        settings = _settings(args, dictionary, model)
        if settings.names and not args.stem_names:
            args.stem_names = numbered(settings.names)
        work = partial(_attempt, dictionary=dictionary, settings=settings, model=model)
        return run_batch(work, plan(args, settings), args)


SEPARATE = Command(
    "separate", "Separate recordings into one track per instrument.", _add_options, _run
)


def _take_demo(args: argparse.Namespace, stack: ExitStack) -> None:
    """Let the recording that comes with the package be what is separated."""
    if args.recordings or args.references:
        raise UsageError("--demo brings its own recording and references; leave yours out")
    folder = resources.files("musisep") / "demo"
    paths = [stack.enter_context(resources.as_file(folder / name)) for name in DEMO]
    args.recordings, args.references = paths[:1], paths[1:]


def _load_dictionary(path: Path | None) -> "Dictionary | None":
    if path is None:
        return None
    from musisep.tones.dictionary import Dictionary

    return Dictionary.load(path)


def _settings(
    args: argparse.Namespace, dictionary: "Dictionary | None", model: "Model | None"
) -> Settings:
    """Return the settings that the options name."""
    given = {name: getattr(args, name) for name in FLAGS if hasattr(args, name)}
    shape = None
    if dictionary:
        shape = dictionary.amplitudes.shape
        if "method" in given:
            advice = "leave it out; --finder chooses how tones are found"
            raise UsageError(f"--method is of no use: --dictionary is not learned; {advice}")
        if given.get("instruments", shape[1]) != shape[1]:
            advice = "leave --instruments out"
            raise UsageError(f"{args.dictionary} is for {shape[1]} instruments; {advice}")
    try:
        own = model_settings(model, given) if model else Settings()
        settings = own.changed(given, dictionary=shape)
        if settings.names:
            check_names(settings.names, model)
    except ValueError as error:
        raise UsageError(as_options(str(error), FLAGS)) from error
    return settings


def _attempt(
    task: Task,
    args: argparse.Namespace,
    dictionary: "Dictionary | None",
    settings: Settings,
    model: "Model | None" = None,
) -> int:
    """Separate one recording, print what came out or what went wrong; return the exit status."""
    lines = [str(task.recording), f"  {task.outputs[0].parent} has its tracks already"]
    try:
        if claim := _claim(task, args, settings, model):
            lines = _separate(task, args, dictionary, settings, model, *claim)
    except (OSError, ValueError, MemoryError) as error:
        say(complaint(task.recording, error, FLAGS | EXCERPT))
        return 1
    return tell(lines)


def _claim(
    task: Task, args: argparse.Namespace, settings: Settings, model: "Model | None"
) -> tuple[Record, tuple[int, ...]] | None:
    """Return the record of what will be made, and the state of the recording that it tells of.

    None if the outputs are there already.
    """
    from musisep.io.reading import check_excerpt

    check_recording(task.recording, args.recursive, args.out)
    check_excerpt(task.recording, start_s=args.start, duration_s=args.duration)
    state = state_of(task.recording)
    record = Record(task.record, _made(task, args, settings, model))
    if args.skip_existing and record.is_complete(task.outputs_for):
        return None
    for path in task.outputs:
        check_writable(path)
    _refuse_conflict(record, task, args)
    return record, state


def _refuse_conflict(record: Record, task: Task, args: argparse.Namespace) -> None:
    """Raise FileExistsError if the outputs are not to be replaced."""
    if not args.overwrite and (conflict := record.conflict(task.outputs)):
        raise FileExistsError(f"{conflict}; use --overwrite, or change --out")


def _separate(
    task: Task,
    args: argparse.Namespace,
    dictionary: "Dictionary | None",
    settings: Settings,
    model: "Model | None",
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
            mixture, sample_rate, dictionary=dictionary, profiles=model.profiles if model else None,
            settings=settings, jobs=jobs, progress=bars, scratch=scratch,
        )  # fmt: skip
        del mixture  # before more memory is taken
        _refuse_conflict(record, task, args)  # another run may have come meanwhile
        paths, levels = _save(separation, task, args, record, tags, bars)
    names = stem_names(len(separation.stems), args.stem_names)
    lines = [str(task.recording), *stem_lines(separation, paths, levels, names)]
    true = [path.stem for path in args.references]
    if len(true) == len(separation.stems):
        lines += measure_lines(measure_table(true, references, np.asarray(separation.stems)), names)
    elif true:
        lines.append(f"  not measured: --references are {len(true)}, one for each track is needed")
    return lines


def _made(
    task: Task, args: argparse.Namespace, settings: Settings, model: "Model | None"
) -> dict[str, Any]:
    """Return what determines the tracks."""
    made = {
        "version": __version__,
        "recording": task.recording.name,
        "sha256 of the recording": digest(task.recording),
        "start": args.start,
        "duration": args.duration,
        "sha256 of the dictionary": args.dictionary and digest(args.dictionary),
        "sha256 of the model": model and model.digest,
        "settings": asdict(settings),
        "format": args.format,
        "stem names": args.stem_names,
        "subtype": _subtype(args),
        "quality": writable()[args.format].checked_quality(args.quality),
        "residual": args.residual,
        "derive": [f"{name}={rule}" for name, rule in track_options(args)["derive"].items()],
        "only": args.only,
    }
    of_json: dict[str, Any] = json.loads(json.dumps(made))
    return of_json


def _subtype(args: argparse.Namespace) -> str:
    return args.subtype or writable()[args.format].subtypes[0]


def _save(
    separation: "Separation",
    task: Task,
    args: argparse.Namespace,
    record: Record,
    tags: Mapping[str, str],
    bars: Bars,
) -> tuple[list[Path], dict[str, float]]:
    """Write the tracks, and the dictionary if it is wanted; return files and levels of tracks."""
    from musisep.cli.found import found_of
    from musisep.io import files
    from musisep.io.stored import blocks_of
    from musisep.metrics.levels import blocks_level_db
    from musisep.stems import stem_names

    record = record.begin(len(separation.stems))

    def ready(path: Path, content: Path) -> None:
        nonlocal record
        record = record.add(path, content)

    paths = list(task.outputs_for(len(separation.stems)))
    if args.save_dictionary:
        path = paths.pop()
        with files.replacing(path, partial(ready, path)) as temporary:
            separation.dictionary.save(temporary)
    tracks = separation.tracks(**track_options(args))
    gain = separation.write(
        paths, _subtype(args), ready, quality=args.quality, signals=list(tracks.values()),
        tags=tags, progress=bars,
    )  # fmt: skip
    if gain < 1:
        say(f"{task.recording}: all tracks were multiplied by {gain:.3f}, or they would clip")
    names = stem_names(len(separation.stems), args.stem_names)
    levels = {name: blocks_level_db(blocks_of(signal)) for name, signal in tracks.items()}
    found = found_of(separation, names, levels, gain)
    record.finish(args.out, [task.recording, *args.references], found)
    return paths, levels
