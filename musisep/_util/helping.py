"""Another process that helps: it works ahead, and what it leaves on disk is found there later."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import IO


@contextmanager
def helping(module: str, argument: str, heard: Callable[[str], None]) -> Iterator[None]:
    """Run a module in another process while the block runs; it ends with the block at the latest.

    Nothing depends on it: it is left out where it cannot be started, as in frozen applications.

    Parameters
    ----------
    module, argument : str
        As for ``python -m``. It calls `end_with_parent` first.
    heard : function
        Called with each line that it prints, from a thread.
    """
    helper = _started(module, argument)
    if helper is None:
        yield
        return
    with helper:
        listener = Thread(target=_listen, args=(helper.stdout, heard), daemon=True)
        listener.start()
        try:
            yield
        finally:
            helper.kill()
            listener.join()


def end_with_parent() -> None:
    """End this process as soon as the one that has started it ends, however that happens."""
    Thread(target=_wait_for_end, daemon=True).start()


def _started(module: str, argument: str) -> "subprocess.Popen[str] | None":
    """Start Python, which looks for modules where this package is, and in no working folder.

    A working folder may hold anything, but may also be where this package is from.
    """
    if hasattr(sys, "frozen") or not sys.executable:
        return None
    folders = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))}
    with suppress(OSError):
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, argument],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=environment,
        )  # fmt: skip
    return None


def _listen(printed: IO[str], heard: Callable[[str], None]) -> None:
    for line in printed:
        heard(line.rstrip("\n"))


def _wait_for_end() -> None:
    sys.stdin.read()  # nobody writes: it returns when the other end is closed
    os._exit(0)
