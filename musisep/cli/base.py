"""What commands have in common.

Importing this module and building a parser load neither NumPy nor what needs it, so that
``--help`` answers at once.
"""

import argparse
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musisep import __version__
from musisep.cli.guard import INTERRUPTED as INTERRUPTED
from musisep.cli.guard import say as say

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
"""Variables of the environment that libraries heed when they are loaded. Sums of several threads
depend on their number: the same recording must not depend on the machine or on --jobs."""


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


class Parser(argparse.ArgumentParser):
    """A parser that does not keep to itself that stdout is full.

    Attributes
    ----------
    advice : str
        What is said beside of options that there are not.
    """

    advice = ""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse options that there are not, if there is an advice; else as any parser."""
        found, others = super().parse_known_args(args, namespace)
        if others and self.advice:
            self.error(f"unrecognized arguments: {' '.join(others)}; {self.advice}")
        return found, others

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)


def new_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """Return a parser that knows --help and --version."""
    parser = Parser(prog=prog, description=description)
    add_version(parser)
    return parser


def add_version(parser: argparse.ArgumentParser) -> None:
    """Add --version."""
    parser.add_argument("--version", action="version", version=f"musisep {__version__}")


def execute(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command that they name, within `guard.guarded`.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Equipped by `Command.equip`, itself or its sub-parsers.
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit status: 0, or 1 if an input failed.

    Raises
    ------
    SystemExit
        With status 2 for wrong usage, with 0 after --help and --version.
    """
    args = parser.parse_args(argv)
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    if not threads_are_free(os.cpu_count() or 1):
        args.jobs = 1
    try:
        with plain_messages():
            status: int = args.run(args)
        return status
    except UsageError as error:
        args.refuse(str(error))
    return 1


def threads_are_free(number: int) -> bool:
    """Tell whether the system allows so many threads; some libraries crash if it does not."""
    gate = threading.Event()
    started = []
    try:
        for _ in range(number):
            thread = threading.Thread(target=gate.wait)
            thread.start()
            started.append(thread)
    except RuntimeError:
        return False
    finally:
        gate.set()
        for thread in started:
            thread.join()
    return True


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
        advice = "use --start and --duration" if "start_s" in (flags or {}) else "use a shorter one"
        return f"{path}: memory is too small for it; {advice}"
    reason = str(error)
    if isinstance(error, ValueError):
        reason = as_options(reason, flags or {})
    if isinstance(error, OSError) and error.strerror:
        reason = f"{error.filename or path}: {error.strerror}"
    for name in (repr(str(path)), str(path)):
        if reason.startswith((f"{name}:", f"{name} ")):  # and not what is below that path
            reason = reason.removeprefix(name).lstrip(": ")
    if reason.startswith(f"{path}{os.sep}"):  # it names a file of that folder
        return reason
    return f"{path}: {reason}"


@contextmanager
def plain_messages() -> Iterator[None]:
    """Print warnings as messages, also where ``python -W error`` would raise them."""
    with warnings.catch_warnings():
        if any(option.startswith("e") for option in sys.warnoptions):
            warnings.simplefilter("default")
        warnings.showwarning = lambda message, *_, **__: say(str(message))
        yield
