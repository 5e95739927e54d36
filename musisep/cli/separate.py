"""The command `separate`."""

import argparse
from contextlib import ExitStack
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from musisep._util.limits import AUTO
from musisep.cli.base import Command, UsageError, as_options
from musisep.cli.batch import run_batch
from musisep.cli.given import Given, add_given_options, load_given
from musisep.cli.models import check_names, model_settings, take_model
from musisep.cli.options import (
    add_excerpt_options,
    add_existing_options,
    add_format_options,
    add_jobs_option,
    add_quiet_option,
    add_recursive_option,
    add_scheduler_option,
)
from musisep.cli.planning import FILENAME, plan
from musisep.cli.separating import FLAGS, attempt
from musisep.cli.tracks import add_notes_options, add_track_options
from musisep.names import numbered
from musisep.settings import PHASES, Settings
from musisep.stages import METHODS, PARTS

DEMO = ("mix.flac", "clarinet.flac", "horn.flac")
"""The recording that comes with the package, and its references."""


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [option ...] FILE ..."  # argparse's own fills a screen
    parser.add_argument(
        "recordings", nargs="*", type=Path, metavar="FILE",
        help="recordings (WAV, FLAC, Ogg, MP3, AIFF, ...) or folders of them",
    )  # fmt: skip
    _add_input_options(parser.add_argument_group("what is separated"))
    add_given_options(parser.add_argument_group("what is known of it"))
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
    add_notes_options(group)
    add_format_options(group)
    add_existing_options(group)
    group.add_argument(
        "--references", nargs="+", type=Path, default=[], metavar="FILE",
        help="the true tracks, one for each instrument: measures the result",
    )  # fmt: skip
    add_quiet_option(group)


def _add_learning_options(group: argparse._ArgumentGroup) -> None:
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
        given = load_given(args)
        if given is None:
            return 1
        settings = settings_of(args, given)
        return run_batch(
            partial(attempt, given=given, settings=settings), plan(args, settings), args
        )


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


def settings_of(args: argparse.Namespace, given: Given) -> Settings:
    """Return the settings that the options name; stems are called as the instruments are.

    Raises
    ------
    UsageError
        If options contradict each other, or what is known.
    """
    chosen = {name: getattr(args, name) for name in FLAGS if hasattr(args, name)}
    if given.score:
        chosen.setdefault("instruments", len(given.score.names))
    shape = None
    if given.dictionary:
        shape = given.dictionary.amplitudes.shape
        if "method" in chosen:
            advice = "leave it out; --finder chooses how tones are found"
            raise UsageError(f"--method is of no use: --dictionary is not learned; {advice}")
        if chosen.get("instruments", shape[1]) != shape[1]:
            advice = "leave --instruments out"
            raise UsageError(f"{args.dictionary} is for {shape[1]} instruments; {advice}")
    try:
        own = model_settings(given.model, chosen) if given.model else Settings()
        settings = own.changed(chosen, dictionary=shape)
        if settings.names:
            check_names(settings.names, given.model)
        given.check(settings)
    except ValueError as error:
        raise UsageError(as_options(str(error), FLAGS)) from error
    if not args.stem_names:
        args.stem_names = given.names or numbered(settings.names) or None
    return settings
