"""Processes of this machine that work on tasks."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

LEAVING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Signals that end a process here; Ctrl-C is for the process that it works for."""
GRACE_S = 5.0
"""Time for removing temporary files when a process is to end."""
AGAIN_S = 0.1
"""A signal that comes right before a system call does not interrupt it: so one more."""

_working = _leaving = False
"""Whether this process works on a task, and whether it was told to end."""


class Processes:
    """A pool of processes, in a ``with`` block; none of them survives the block or this process.

    Parameters
    ----------
    number : int
        How many; they start when they are needed.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._context = get_context("spawn")  # a copy of a process with threads may hang
        # They end with the other end of this pipe, which ends with this process.
        self._alive, self._life = self._context.Pipe(duplex=False)
        self._given = (self._alive,)
        self._executor: ProcessPoolExecutor | None = None

    def died(self, error: BaseException) -> bool:
        """Tell whether a future raises this because a process died."""
        return isinstance(error, BrokenProcessPool)

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes, whatever they do."""
        self._life.close()
        self._discard()
        self._alive.close()

    def width(self) -> int:
        """Return how many tasks it should have at a time."""
        return self._number

    def submit(self, work: Callable[[Task], Result], task: Task) -> "Future[Result]":
        """Begin with a task as soon as possible."""
        try:
            return self._submitted(work, task)
        except BrokenProcessPool:  # a process died since the last task
            self._discard()
            return self._submitted(work, task)

    def _submitted(self, work: Callable[[Task], Result], task: Task) -> "Future[Result]":
        with _deaf():
            if self._executor is None:
                self._executor = ProcessPoolExecutor(
                    self._number, self._context, _prepare, self._given
                )
            return self._executor.submit(_run, work, task)

    def _discard(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None


@contextmanager
def _deaf() -> Iterator[None]:
    """Keep signals back: a process that is started here keeps them back until it is prepared."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, *LEAVING])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _prepare(alive: Connection) -> None:
    """Be a process that works for another one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in LEAVING:
        if signal.getsignal(number) == signal.SIG_DFL:  # not with nohup
            signal.signal(number, _leave)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, *LEAVING])
    Thread(target=_end_with, args=(alive,), daemon=True).start()


def _end_with(alive: Connection) -> None:
    """End when the other end of the pipe is closed."""
    with suppress(EOFError, OSError):
        alive.recv()
    for _ in range(round(GRACE_S / AGAIN_S)):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(AGAIN_S)
    os._exit(1)


def _leave(*_: object) -> None:
    """End, after what the task has begun is cleared away."""
    global _leaving
    if not _working:
        os._exit(1)
    if not _leaving:
        _leaving = True
        raise KeyboardInterrupt


def _run(work: Callable[[Task], Result], task: Task) -> Result:
    global _working
    try:
        _working = True
        return work(task)
    except KeyboardInterrupt:
        os._exit(1)
    finally:
        _working = False
