"""Options that several commands have."""

import argparse
import math
import reprlib
from collections.abc import Callable

from musisep.io.formats import with_quality, writable

EXCERPT = {"start_s": "--start", "duration_s": "--duration"}
"""Options by the names that functions have for them, see `musisep.cli.base.as_options`."""

LARGEST = 2**63 - 1
"""What the libraries take for an integer."""
MOST_S = 10**9
"""Seconds; no recording is so long."""
MOST_JOBS = 1024
"""More threads than this are a mistake."""


def flag(name: str) -> str:
    """Return the option that is called like a parameter."""
    return "--" + name.replace("_", "-")


def add_excerpt_options(group: argparse._ArgumentGroup, verb: str) -> None:
    """Add --start and --duration; `verb` tells what is done."""
    start = number(float, "a time of at least 0 s", lambda s: 0 <= s < math.inf, MOST_S)
    duration = number(float, "a time above 0 s", lambda s: 0 < s < math.inf, MOST_S)
    group.add_argument(
        "--start", type=start, default=0.0, metavar="S",
        help="where to begin, in seconds (default: 0)",
    )  # fmt: skip
    group.add_argument(
        "--duration", type=duration, metavar="S",
        help=f"how much to {verb}, in seconds (default: all)",
    )  # fmt: skip


def add_recursive_option(group: argparse._ActionsContainer) -> None:
    """Add --recursive."""
    group.add_argument(
        "--recursive", action="store_true",
        help="look into the subfolders of folders as well; --out keeps them apart",
    )  # fmt: skip


def add_format_options(group: argparse._ArgumentGroup) -> None:
    """Add --format, --subtype and --quality."""
    formats = writable()
    group.add_argument(
        "--format", choices=formats, default="wav", help="file format (default: %(default)s)"
    )
    several = {name: form for name, form in formats.items() if len(form.subtypes) > 1}
    defaults = ", ".join(f"{form.subtypes[0]} for {name}" for name, form in several.items())
    group.add_argument(
        "--subtype",
        choices=dict.fromkeys(subtype for form in formats.values() for subtype in form.subtypes),
        help=f"sample format (default: {defaults})",
    )
    defaults = ", ".join(f"{form.quality} for {name}" for name, form in with_quality().items())
    group.add_argument(
        "--quality", type=number(float, "a number from 0 to 1", lambda q: 0 <= q <= 1), metavar="Q",
        help=f"from 0, the smallest file, to 1, the best sound (default: {defaults})",
    )  # fmt: skip


def add_existing_options(group: argparse._ArgumentGroup) -> None:
    """Add --overwrite and --skip-existing."""
    group.add_argument(
        "--overwrite", action="store_true",
        help="replace files that another run or somebody else has made (default: refuse)",
    )  # fmt: skip
    group.add_argument(
        "--skip-existing", action="store_true", help="leave out what is complete already"
    )


def add_quiet_option(group: argparse._ActionsContainer) -> None:
    """Add --quiet."""
    group.add_argument("--quiet", action="store_true", help="no progress bars")


def add_jobs_option(group: argparse._ActionsContainer) -> None:
    """Add --jobs."""
    group.add_argument(
        "--jobs", type=number(int, "a whole number of at least 1", lambda n: n >= 1, MOST_JOBS),
        metavar="N",
        help="processor cores to use; the result does not depend on it (default: all)",
    )  # fmt: skip


def add_scheduler_option(group: argparse._ArgumentGroup) -> None:
    """Add --scheduler."""
    group.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="have the workers of this Dask cluster do it, with --jobs threads (default: 1) each; "
        "it needs the extra dask, and folders that all machines share",
    )  # fmt: skip


def number(
    kind: type[int] | type[float],
    demand: str,
    fits: Callable[[float], bool],
    most: float = LARGEST,
) -> Callable[[str], int | float]:
    """Return what turns an argument into a number that fits, or refuses it with the demand."""

    def parse(text: str) -> int | float:
        try:
            number = kind(text)
        except ValueError:  # int() takes 4300 digits
            number = math.inf if text.isdecimal() else -1
        if not fits(number):
            raise argparse.ArgumentTypeError(f"{reprlib.repr(text)} is not {demand}")
        if number > most:
            raise argparse.ArgumentTypeError(f"{reprlib.repr(text)} is more than {most}, the limit")
        return number

    return parse
