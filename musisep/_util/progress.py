"""Telling how far work has come."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any

Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done, and how much there is to do."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def aside() -> AbstractContextManager[None]:
    """Take bars off the terminal in this context, in which something is printed there."""
    if "tqdm" not in sys.modules:
        return nullcontext()
    from tqdm import tqdm

    around: AbstractContextManager[None] = tqdm.external_write_mode(sys.stderr)
    return around


class Bars:
    """Progress bars on stderr, one after the other; none if that is no terminal."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._stage = ""
        self._bar: Any = None
        self._lock = Lock()  # restarts report from threads

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` parts of a stage are done."""
        if self._quiet:
            return
        from tqdm import tqdm

        class Bar(tqdm):
            monitor_interval = 0  # no thread

        with self._lock:
            if stage != self._stage:
                self.close()
                # None: hidden if it is no terminal
                self._bar = Bar(desc=stage, total=total, initial=done, leave=False, disable=None)
                self._stage = stage
            self._bar.total = total  # which may have grown
            self._bar.update(max(0, done - self._bar.n))

    def close(self) -> None:
        """Remove the bar that is shown, if any."""
        if self._bar is not None:
            self._bar.close()
