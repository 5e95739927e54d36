"""The command `evaluate`."""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musisep import __version__
from musisep.cli.base import Command, UsageError, complaint, say
from musisep.cli.batch import run_batch
from musisep.cli.guard import tell
from musisep.cli.options import (
    MOST_S,
    add_jobs_option,
    add_quiet_option,
    add_scheduler_option,
    number,
)
from musisep.cli.planning import Task, check_writable

if TYPE_CHECKING:
    from musisep.evaluation.folders import Track
    from musisep.evaluation.tracks import Measured, Options
    from musisep.io.files import AudioFileError

FLAGS = {"window_s": "--window", "hop_s": "--hop", "filter_length": "--taps"}
"""Options by the names that functions have for them, see `musisep.cli.base.as_options`."""
MOST_TAPS = 2**14
OUTPUTS = ("csv", "json", "plot")


@dataclass(frozen=True)
class Pairing(Task):
    """A task: estimates and references of a track; the output is where measures are put down."""

    estimates: "Track | None" = None
    references: "Track | None" = None


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [option ...] ESTIMATES REFERENCES"
    for name, what in (("estimates", "estimated"), ("references", "true")):
        parser.add_argument(
            name, type=Path, metavar=name.upper(),
            help=f"folder of the {what} stems of a track, or of folders of tracks",
        )  # fmt: skip
    group = parser.add_argument_group("what is measured")
    group.add_argument(
        "--taps", type=number(int, "a whole number of at least 1", lambda n: n >= 1, MOST_TAPS),
        default=1, metavar="N",
        help="length of the filter that is allowed; BSS Eval has 512 (default: 1, a gain)",
    )  # fmt: skip
    for name, what in (("--window", "length of windows"), ("--hop", "time between windows")):
        default = "default: the whole track" if name == "--window" else "default: --window"
        group.add_argument(
            name, type=number(float, "a time above 0 s", lambda s: s > 0, MOST_S), metavar="S",
            help=f"{what} in seconds ({default})",
        )  # fmt: skip
    group.add_argument(
        "--images", action="store_true",
        help="measure against the references themselves, with ISR, not against what the allowed "
        "filter makes of them",
    )  # fmt: skip
    group.add_argument(
        "--filters",
        choices=("track", "window"),
        default="track",
        help="fit filters to the track (BSS Eval 4) or to each window (3; default: %(default)s)",
    )
    group.add_argument(
        "--match",
        choices=("auto", "name", "permutation"),
        default="auto",
        help="how stems are matched (default: by name where names agree, else by permutation)",
    )
    group = parser.add_argument_group("what is written")
    group.add_argument("--csv", type=Path, metavar="FILE", help="all values, one in a row")
    group.add_argument("--json", type=Path, metavar="FILE", help="averages, settings and values")
    group.add_argument(
        "--plot", type=Path, metavar="FILE", help="picture of the values (.png, .pdf, .svg)"
    )
    add_quiet_option(group)
    group = parser.add_argument_group("how it is done")
    add_jobs_option(group)
    add_scheduler_option(group)


def _run(args: argparse.Namespace) -> int:
    """Measure each track, and write what is asked for; return the exit status."""
    if args.hop and not args.window:
        raise UsageError("--hop needs --window")
    try:
        _check_outputs(args)
        pairs, status = _pair(args)
    except OSError as error:
        say(str(error))
        return 1
    with tempfile.TemporaryDirectory(dir=Path.cwd() if args.scheduler else None) as scratch:
        tasks = [
            Pairing(
                references_folder(own),
                (Path(scratch, f"{at}.pickle"),),
                estimates=other,
                references=own,
            )
            for at, (other, own) in enumerate(pairs)
        ]
        status = max(status, run_batch(_attempt, tasks, args) if tasks else 1)
        done = [_load(task.outputs[0]) for task in tasks if task.outputs[0].exists()]
    if not done:
        return 1
    return max(status, _conclude(done, args))


EVALUATE = Command(
    "evaluate", "Measure estimated stems against true ones.", _add_options, _run
)  # fmt: skip


def references_folder(references: "Track") -> Path:
    """Return the folder by which messages call a track."""
    return next(iter(references.stems.values())).parent


def _check_outputs(args: argparse.Namespace) -> None:
    given = [path for name in OUTPUTS if (path := getattr(args, name))]
    if len({path.absolute() for path in given}) < len(given):
        raise UsageError("--csv, --json and --plot must be different files")
    if args.plot:
        from musisep.plots import picture_suffixes

        if args.plot.suffix.lower() not in picture_suffixes():
            known = " ".join(picture_suffixes())
            raise UsageError(f"--plot {args.plot} must end in one of {known}")
    for path in given:
        check_writable(path)


def _pair(args: argparse.Namespace) -> tuple[list[tuple["Track", "Track"]], int]:
    """Return estimates and references of each track, and 1 if some have none, or are wrong."""
    from musisep.evaluation.folders import pair_tracks, references_in, tracks_in

    wrong: list[AudioFileError] = []
    estimates = tracks_in(args.estimates, report=wrong.append)
    references = references_in(args.references, report=wrong.append)
    for error in wrong:
        say(str(error))
    pairs, missing, left = pair_tracks(estimates, references)
    for track in missing:
        say(f"{args.references}: {track} has no estimates in {args.estimates}")
    for track in left:
        say(f"{args.estimates}: {track} has no references in {args.references}; it is left out")
    return pairs, int(bool(missing or wrong))


def _options(args: argparse.Namespace) -> "Options":
    from musisep.evaluation.tracks import Options

    version = "images" if args.images else "sources"
    return Options(args.taps, args.window, args.hop, version, args.filters, args.match)


def _attempt(task: Task, args: argparse.Namespace) -> int:
    """Measure a track, print the measures or what went wrong, and put them down."""
    import pickle

    from musisep.evaluation.report import track_lines
    from musisep.evaluation.tracks import measure_track

    assert isinstance(task, Pairing) and task.estimates and task.references
    try:
        measured = measure_track(task.estimates, task.references, _options(args))
        task.outputs[0].write_bytes(pickle.dumps(measured))
    except (OSError, ValueError, MemoryError) as error:
        say(complaint(task.recording, error, FLAGS))
        return 1
    return tell(track_lines(measured, args.window))


def _load(path: Path) -> "Measured":
    """Return what another process of this command has put down."""
    import pickle

    measured: Measured = pickle.loads(path.read_bytes())
    return measured


def _conclude(done: list["Measured"], args: argparse.Namespace) -> int:
    """Print averages and write files; return the exit status."""
    from musisep.cli.summary import write_table
    from musisep.evaluation import report

    options, status = _options(args), 0
    if len(done) > 1:
        status = tell(report.summary_lines(report.summarise(done), len(done), options))
    try:
        if args.csv:
            write_table(args.csv, report.COLUMNS, report.value_rows(done))
        if args.json:
            report.write_json(args.json, done, options, __version__)
        if args.plot:
            from musisep.plots import measures_figure, save_figure

            save_figure(measures_figure(report.distributions(done)), args.plot)
    except OSError as error:
        say(str(error))
        return 1
    return status
