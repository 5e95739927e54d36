"""Options that several commands have."""

import argparse
import math
from collections.abc import Callable

from musisep.io.formats import writable

EXCERPT = {"start_s": "--start", "duration_s": "--duration"}
"""Options by the names that functions have for them, see `musisep.cli.base.as_options`."""


def flag(name: str) -> str:
    """Return the option that is called like a parameter."""
    return "--" + name.replace("_", "-")


def add_excerpt_options(group: argparse._ArgumentGroup, verb: str) -> None:
    """Add --start and --duration; `verb` tells what is done."""
    group.add_argument(
        "--start", type=number(float, "a time of at least 0 s", lambda s: 0 <= s < math.inf),
        default=0.0, metavar="S",
        help="where to begin, in seconds (default: 0)",
    )  # fmt: skip
    group.add_argument(
        "--duration", type=number(float, "a time above 0 s", lambda s: 0 < s < math.inf),
        metavar="S",
        help=f"how much to {verb}, in seconds (default: all)",
    )  # fmt: skip


def add_format_options(group: argparse._ArgumentGroup) -> None:
    """Add --format and --subtype."""
    formats = writable()
    group.add_argument(
        "--format", choices=formats, default="wav", help="file format (default: %(default)s)"
    )
    defaults = ", ".join(f"{form.subtypes[0]} for {name}" for name, form in formats.items())
    group.add_argument(
        "--subtype",
        choices=dict.fromkeys(subtype for form in formats.values() for subtype in form.subtypes),
        help=f"sample format (default: {defaults})",
    )


def add_existing_options(group: argparse._ArgumentGroup) -> None:
    """Add --overwrite and --skip-existing."""
    group.add_argument(
        "--overwrite", action="store_true",
        help="replace files that another run or somebody else has made (default: refuse)",
    )  # fmt: skip
    group.add_argument(
        "--skip-existing", action="store_true", help="leave out what is complete already"
    )


def add_quiet_option(group: argparse._ArgumentGroup) -> None:
    """Add --quiet."""
    group.add_argument("--quiet", action="store_true", help="no progress bars")


def add_jobs_option(group: argparse._ArgumentGroup) -> None:
    """Add --jobs."""
    group.add_argument(
        "--jobs", type=number(int, "a number of at least 1", lambda n: n >= 1), metavar="N",
        help="processor cores to use; the result does not depend on it (default: all)",
    )  # fmt: skip


def number(
    kind: type[int] | type[float], demand: str, fits: Callable[[float], bool]
) -> Callable[[str], int | float]:
    """Return what turns an argument into a number that fits, or refuses it with the demand."""

    def parse(text: str) -> int | float:
        try:
            number = kind(text)
        except ValueError:
            number = kind(-1)
        if not fits(number):
            raise argparse.ArgumentTypeError(f"{text!r} is not {demand}")
        return number

    return parse
