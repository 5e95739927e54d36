"""The commands that `musisep` knows by name."""

import argparse
import os
import sys
from collections.abc import Sequence

from musisep.cli.base import add_version, execute, new_parser
from musisep.cli.benchmark import BENCHMARK
from musisep.cli.config import CONFIG
from musisep.cli.correct import CORRECT
from musisep.cli.data import DATA
from musisep.cli.evaluate import EVALUATE
from musisep.cli.instruments import INSTRUMENTS
from musisep.cli.invert import INVERT
from musisep.cli.separate import SEPARATE
from musisep.cli.train import TRAIN
from musisep.cli.warmup import WARM_UP

COMMANDS = (
    SEPARATE, CORRECT, INVERT, CONFIG, TRAIN, INSTRUMENTS, DATA, EVALUATE, BENCHMARK, WARM_UP
)  # fmt: skip
"""The sub-commands; without a name it is the first."""
OWN_OPTIONS = ("--help", "--version")
"""What is answered before a command is named."""
EXAMPLES = """\
examples:
  musisep song.wav                two instruments: a track of each in separated/song/
  musisep -n 3 -o tracks song.wav
  musisep --demo                  separate the recording that comes with the package
  musisep separate --help         what else there is to choose
"""


def run_named(argv: Sequence[str]) -> int:
    """Run the command that the first argument names, or `separate` if that is a file or option.

    Parameters
    ----------
    argv : sequence of str

    Returns
    -------
    int
        Exit status, see `musisep.cli.base.execute`.

    Raises
    ------
    SystemExit
        As `execute` does, and with status 2 if nothing is named.
    """
    parser = new_parser("musisep", "Blind separation of the instruments in a recording.")
    parser.usage = "musisep [COMMAND] [option ...] FILE ..."
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    subparsers = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands", prog="musisep",
        description="without one: separate",
    )  # fmt: skip
    for command in COMMANDS:
        summary = command.summary
        subparser = subparsers.add_parser(command.name, help=summary, description=summary)
        add_version(subparser)
        command.equip(subparser)
    if not argv:
        parser.print_help(sys.stderr)
        parser.exit(2)
    if not _is_named(argv[0]):
        if _is_mistyped(argv[0]):
            *others, last = (command.name for command in COMMANDS)
            names = f"{', '.join(others)} and {last}"
            parser.error(f"{argv[0]!r} is no file and no command; the commands are {names}")
        argv = [COMMANDS[0].name, *argv]
    return execute(parser, argv)


def _is_named(first: str) -> bool:
    """Tell whether an argument is a command, or an option of `musisep` itself."""
    if first == "-h" or first in (command.name for command in COMMANDS):
        return True
    return len(first) > 2 and any(option.startswith(first) for option in OWN_OPTIONS)


def _is_mistyped(first: str) -> bool:
    """Tell whether an argument looks like the name of a command, and is no file."""
    is_plain = not (first.startswith("-") or os.path.dirname(first) or os.path.splitext(first)[1])
    return is_plain and not os.path.lexists(first)
