"""What commands have in common.

Importing this module and building a parser load neither NumPy nor what needs it, so that
``--help`` answers at once.
"""

import argparse
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from musisep import __version__

INTERRUPTED = 130


class UsageError(Exception):
    """The command cannot be meant like that; the message says what to change."""


@dataclass(frozen=True)
class Command:
    """A command or sub-command.

    Parameters
    ----------
    name, summary : str
        What the user types, and what it does, on one line.
    add_options : function
        Adds its options to a parser.
    run : function
        Does the work with the parsed options and returns the exit status; raises `UsageError`
        if the options make no sense together.
    """

    name: str
    summary: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]

    def equip(self, parser: argparse.ArgumentParser) -> None:
        """Make `parser` the parser of this command."""
        self.add_options(parser)
        parser.set_defaults(run=self.run, refuse=parser.error)


def new_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """Return a parser that knows --help and --version."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--version", action="version", version=f"musisep {__version__}")
    return parser


def execute(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command that they name.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Equipped by `Command.equip`, itself or its sub-parsers.
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit status: 0; 1 if an input failed or nothing can be printed; 130 on Ctrl-C.

    Raises
    ------
    SystemExit
        With status 2 for wrong usage, with 0 after --help and --version.
    """
    args = parser.parse_args(argv)
    try:
        with _plain_messages():
            status: int = args.run(args)
            sys.stdout.flush()
        return status
    except UsageError as error:
        args.refuse(str(error))
    except KeyboardInterrupt:
        say("stopped")
        return INTERRUPTED
    except OSError as error:
        say(f"cannot go on: {error.strerror or error}")  # as a rule, stdout is closed or full
        with suppress(OSError):  # what is still to be printed must not fail once more at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def say(text: str) -> None:
    """Print a message on one line of stderr."""
    print("musisep:", " ".join(text.splitlines()), file=sys.stderr)


def as_options(message: str, flags: Mapping[str, str]) -> str:
    """Name parameters as the options that they are for a user.

    Parameters
    ----------
    message : str
        In which parameters stand as ``runs=5`` or as ``runs is ...``.
    flags : mapping of str to str
        Options by the names of parameters.

    Returns
    -------
    str
        In which they stand as ``--runs 5`` and as ``--runs is ...``.
    """
    if not flags:
        return message
    names = "|".join(map(re.escape, flags))

    def option(found: re.Match[str]) -> str:
        name, value = found.groups()
        return flags[name] if value is None else f"{flags[name]} {value.strip(chr(39))}"

    return re.sub(rf"(?<!\S)({names})(?:=('[^']*'|[^\s,;:]+)|(?= is ))", option, message)


def complaint(path: Path, error: Exception, flags: Mapping[str, str] | None = None) -> str:
    """Return the message for a file that failed; it names the file once.

    With `flags` (see `as_options`) it names options in the place of parameters.
    """
    if isinstance(error, MemoryError):
        return f"{path}: memory is too small for it; use --start and --duration"
    reason = str(error)
    if isinstance(error, ValueError):
        reason = as_options(reason, flags or {})
    if isinstance(error, OSError) and error.strerror:
        reason = f"{error.filename or path}: {error.strerror}"
    for name in (repr(str(path)), str(path)):
        reason = reason.removeprefix(name).lstrip(": ")
    return f"{path}: {reason}"


@contextmanager
def _plain_messages() -> Iterator[None]:
    """Print warnings as messages, and escape what the terminal has no letters for."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: say(str(message))
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")
        yield
