"""The frame around a command: closed streams, signals, and what no file is to blame for.

It imports next to nothing, so that it stands before anything heavy is loaded.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import nullcontext, suppress

TYPE_CHECKING = False  # typing takes as long as all else that is imported here
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import TextIO

INTERRUPTED = 128 + signal.SIGINT
"""Exit status after Ctrl-C; 128 + its number after other signals."""
STOPPING = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
"""Signals that ask a command to stop."""
SAME_WISH_S = 1.0
"""Signals that follow the first so soon ask for the same: whoever stops a command may send two."""
STREAMS = ("stdin", "stdout", "stderr")
"""By their descriptors."""
PREFIX = "musisep: "
"""Of each message."""


class Stopped(KeyboardInterrupt):
    """A signal asks the command to stop."""


class Stop:
    """In this context signals that would end the process raise `Stopped`, so that blocks unwind.

    Signals that are ignored, as by nohup, or that somebody else handles are left alone.

    Parameters
    ----------
    last : bool
        Whether the process ends with this context; then Ctrl-C ends it at once, without traceback.

    Attributes
    ----------
    number : int
        The signal that came, 0 if none did. An exception that comes with it is its consequence:
        not all that is interrupted lets `Stopped` through.
    """

    def __init__(self, last: bool = False) -> None:
        self.number = 0
        self._last = last
        self._deaf_until = -1.0
        self._former: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Stop":
        """Take over the signals."""
        with suppress(ValueError):  # handlers are for the main thread
            for number in STOPPING:
                former = signal.getsignal(number)
                if former in (signal.SIG_DFL, signal.default_int_handler):
                    signal.signal(number, self._raise)
                    self._former[number] = former
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        self._deaf_until = float("inf")
        for number, former in self._former.items():
            signal.signal(number, signal.SIG_DFL if self._last else former)  # type: ignore[arg-type]

    def _raise(self, number: int, _: object) -> None:
        if time.monotonic() >= self._deaf_until:
            self._deaf_until = time.monotonic() + SAME_WISH_S
            self.number = number
            raise Stopped(number)


def guarded(work: Callable[[], int], last: bool = False) -> int:
    """Run a command so that whatever happens ends in a line and an exit status.

    Parameters
    ----------
    work : function
        Imports and runs the command, and returns its exit status.
    last : bool
        Whether the process ends with it, see `Stop`.

    Returns
    -------
    int
        That of `work`; 1 if it failed or nothing can be printed; 128 + its number after a signal.

    Raises
    ------
    SystemExit
        As `work` does.
    """
    _open_streams()
    stop = Stop(last)
    try:
        with stop:
            try:
                return work()
            finally:
                sys.stdout.flush()
    except (KeyboardInterrupt, Exception) as error:
        if stop.number or isinstance(error, KeyboardInterrupt):
            say("stopped")
            status = 128 + (stop.number or signal.SIGINT)
            if last:  # a thread that was interrupted while it started might be waited for, for ever
                _discard(sys.stdout)
                os._exit(status)
            return status
        if not isinstance(error, OSError | MemoryError | ImportError | Warning):
            raise
        reason = getattr(error, "strerror", None) or str(error) or "memory is too small"
        say(f"cannot go on: {reason}")  # as a rule, stdout is full
        _discard(sys.stdout)
    return 1


def say(text: str) -> None:
    """Print a message on one line of stderr, if that is possible."""
    try:
        with _aside():
            message = printable(" ".join(text.splitlines()))
            print(f"{PREFIX}{message}", file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)


def tell(lines: list[str]) -> int:
    """Print lines on stdout; return the exit status, which is 1 if that is impossible.

    What comes later is not printed then, but can still be done.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        with _aside():
            for line in lines:
                print(printable(line).encode(encoding, "backslashreplace").decode(encoding))
            sys.stdout.flush()
    except OSError as error:
        say(f"nothing more can be printed: {error.strerror or error}")
        _discard(sys.stdout)
        return 1
    return 0


def _aside() -> AbstractContextManager[None]:
    """Take bars off the terminal in this context, if anything has loaded what draws them."""
    progress = sys.modules.get("musisep._util.progress")
    return progress.aside() if progress else nullcontext()


def printable(text: str) -> str:
    """Escape what a terminal would obey or lacks: control characters, parts of letters."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def _open_streams() -> None:
    """Open the standard streams that are closed, and escape what stdout has no letters for.

    Otherwise the next file that is opened would be taken for the stream.
    """
    for descriptor, name in enumerate(STREAMS):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest descriptor: this one
        if getattr(sys, name) is None:
            mode = "w" if descriptor else "r"
            stream = open(descriptor, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def _discard(stream: TextIO) -> None:
    """Let what a stream cannot print not fail once more, now or at exit."""
    with suppress(OSError):
        stream.flush()
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
