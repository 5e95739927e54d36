"""The command `benchmark`."""

import argparse
import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from musisep import __version__
from musisep.benchmark.names import DEFAULT, NAMES
from musisep.cli.base import Command, UsageError, as_options, complaint, say
from musisep.cli.guard import tell
from musisep.cli.options import MOST_S, add_jobs_option, add_quiet_option, number
from musisep.cli.planning import check_writable

if TYPE_CHECKING:
    from musisep._util.progress import Bars
    from musisep.benchmark.methods import Method
    from musisep.benchmark.runs import Result
    from musisep.evaluation.folders import Track

FLAGS = {"methods": "--methods", "command": "--command", "filter_length": "--taps"}
"""Options by the names that functions have for them, see `musisep.cli.base.as_options`."""
MOST_TAPS = 2**14


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [option ...] DATA"
    parser.add_argument(
        "data", type=Path, metavar="DATA",
        help="a data set: folders with a file for each stem, and one called mixture or mix, in any "
        "layout that musisep data knows; or a manifest",
    )  # fmt: skip
    parser.add_argument("--split", metavar="NAME", help="the part that is wanted (default: all)")
    parser.add_argument(
        "--methods", default=",".join(DEFAULT), metavar="NAMES",
        help=f"of {', '.join(NAMES)}; others are compared with the first (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--command", metavar="COMMAND",
        help="another program, as 'prog {mixture} {out}'; {stems} is the number of stems",
    )  # fmt: skip
    parser.add_argument(
        "--taps", type=number(int, "a whole number of at least 1", lambda n: n >= 1, MOST_TAPS),
        default=1, metavar="N", help="as of musisep evaluate (default: 1, a gain)",
    )  # fmt: skip
    parser.add_argument(
        "--duration", type=number(float, "a time above 0 s", lambda s: s > 0, MOST_S), metavar="S",
        help="use only the first seconds of each track",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("benchmark"), metavar="FOLDER",
        help="folder for results, which are kept, and tables (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--fresh", action="store_true", help="make results anew that are kept")
    add_quiet_option(parser)
    add_jobs_option(parser)


def _run(args: argparse.Namespace) -> int:
    """Run methods on tracks, print a table and write it; return the exit status."""
    from musisep.benchmark.methods import methods_of

    try:
        names = [name.strip() for name in args.methods.split(",") if name.strip()]
        methods = methods_of(names, args.command)
    except ValueError as error:
        raise UsageError(as_options(str(error), FLAGS)) from error
    if not methods:
        raise UsageError(f"--methods must name one at least, of {', '.join(NAMES)}")
    usable, status = _usable(methods), 0
    if len(usable) < len(methods):
        status = 1
    try:
        check_writable(args.out / "results" / "result.json")
        tracks, left = _tracks(args.data, args.split)
    except ValueError as error:
        raise UsageError(as_options(str(error), {"split": "--split"})) from error
    except OSError as error:
        say(str(error))
        return 1
    results, failed = _results(tracks, usable, args)
    if not any(result.measures for result in results):
        return 1
    return max(status, left, failed, _conclude(results, args))


BENCHMARK = Command(
    "benchmark", "Run methods side by side on tracks with true stems.", _add_options, _run
)


def _usable(methods: dict[str, "Method"]) -> dict[str, "Method"]:
    """Return the methods whose packages are there; say what others need."""
    usable = {}
    for name, method in methods.items():
        try:
            method.versions()
            usable[name] = method
        except LookupError as error:
            say(f"{name} is left out: it {error.args[0]}")
    return usable


def _tracks(data: Path, split: str | None) -> tuple[list["Track"], int]:
    """Return the tracks of a data set that have two stems or more, and 1 if some are wrong."""
    from musisep.evaluation.folders import references_in
    from musisep.io.files import AudioFileError

    wrong: list[AudioFileError] = []
    found = references_in(data, split, report=wrong.append)
    for error in wrong:
        say(str(error))
    tracks = [track for track in found if len(track.stems) > 1]
    if not tracks:
        raise AudioFileError(f"{data}: no track in it has two stems or more")
    if len(tracks) < len(found):
        alone = [track.name for track in found if len(track.stems) < 2]
        say(f"{data}: left out, with less than two stems: {', '.join(alone)}")
    return tracks, int(bool(wrong))


def _results(
    tracks: list["Track"], methods: dict[str, "Method"], args: argparse.Namespace
) -> tuple[list["Result"], int]:
    """Return all results, and 1 if any failed."""
    from musisep._util.progress import Bars

    results: list[Result] = []
    status = 0
    with closing(Bars(args.quiet)) as bars:
        for wrong, outcome in _outcomes(tracks, methods, args, bars):
            if isinstance(outcome, Exception):
                say(wrong)
                status = 1
            else:
                results.append(outcome)
                status = max(status, tell([_line(outcome)]))
    return results, status


def _outcomes(
    tracks: list["Track"], methods: dict[str, "Method"], args: argparse.Namespace, bars: "Bars"
) -> Iterator[tuple[str, "Result | Exception"]]:
    """Yield what came out, with the message of what failed."""
    from joblib import cpu_count

    from musisep.benchmark.runs import Benchmark

    benchmark = Benchmark(
        args.out / "results", taps=args.taps, duration_s=args.duration or math.inf,
        jobs=args.jobs or cpu_count(), fresh=args.fresh,
    )  # fmt: skip
    for done, track in enumerate(tracks):
        bars("tracks", done, len(tracks))
        folder = next(iter(track.stems.values())).parent
        try:
            for name, outcome in zip(methods, benchmark.run(track, methods), strict=True):
                wrong = ""
                if isinstance(outcome, Exception):
                    wrong = complaint(Path(f"{folder}: {name}"), outcome)
                yield wrong, outcome
        except (OSError, ValueError, MemoryError) as error:
            yield complaint(folder, error, FLAGS), error


def _line(result: "Result") -> str:
    from musisep.benchmark.tables import track_sdr

    told = f"{result.track}  {result.method}"
    if not result.measures:
        return f"{told}  left out: {result.note}"
    took = "kept" if result.kept else f"{result.seconds:.1f} s"
    note = f"; {result.note}" if result.note else ""
    return f"{told}  SDR {track_sdr(result):.1f} dB  {took}{note}"


def _conclude(results: list["Result"], args: argparse.Namespace) -> int:
    """Print the table and write it in all forms; return the exit status."""
    from musisep.benchmark import tables
    from musisep.cli.summary import write_table
    from musisep.evaluation.report import save_json
    from musisep.io.files import replacing

    figures = tables.figures_of(results)
    table = tables.table_of(figures)
    status = tell(["", *tables.text_lines(table)])
    try:
        write_table(args.out / "values.csv", tables.COLUMNS, tables.value_rows(results))
        content = tables.as_json(figures, results, __version__, args.taps, args.duration)
        save_json(args.out / "table.json", content)
        for name, text in (("table.md", tables.markdown(table)), ("table.rst", tables.rst(table))):
            with replacing(args.out / name) as temporary:
                temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        say(str(error))
        return 1
    return status
