"""Threads for work that is divided into blocks: the one place that starts any."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from functools import lru_cache
from typing import TypeVar

import scipy.fft

BLOCK = 64
"""Frames that a thread takes at a time; results do not depend on it."""

Item = TypeVar("Item")


def each(work: Callable[[Item], object], items: Sequence[Item]) -> None:
    """Call `work` with every item, in as many threads as `scipy.fft.get_workers` says.

    SciPy's setting is everybody's: ``with scipy.fft.set_workers(2):`` around a call makes it use
    two threads. The threads that are started here count as one worker each.

    Parameters
    ----------
    work : function
        Must be safe to call from several threads at once.
    items : sequence
        Taken in their order. None is begun after an error, which is raised.

    Examples
    --------
    Squares, written by two threads to places of their own:

    >>> import numpy as np
    >>> import scipy.fft
    >>> from musisep._util import threads
    >>> squares = np.zeros(5)
    >>> def work(item):
    ...     squares[item] = item**2
    >>> with scipy.fft.set_workers(2):
    ...     threads.each(work, range(5))
    >>> squares.tolist()
    [0.0, 1.0, 4.0, 9.0, 16.0]
    """
    queue = iter(items)

    def run() -> None:
        try:
            for item in queue:
                work(item)
        except BaseException:
            _exhaust(queue)
            raise

    helpers = [_start(run) for _ in range(min(scipy.fft.get_workers(), len(items)) - 1)]
    try:
        run()
    finally:
        # One that has not begun is not waited for: another call may keep its thread busy.
        begun = [helper for helper in helpers if not helper.cancel()]
        wait(begun)
    for helper in begun:
        helper.result()


def each_block(work: Callable[[slice], object], size: int) -> None:
    """Call `work` with slices of frames, as `each` does.

    Parameters
    ----------
    work : function
        Called with slices of `BLOCK` frames, of which the last may reach beyond the end; must be
        safe to call from several threads at once.
    size : int
        Number of frames.

    Examples
    --------
    >>> from musisep._util import threads
    >>> threads.each_block(print, 100)
    slice(0, 64, None)
    slice(64, 128, None)
    """
    each(work, [slice(first, first + BLOCK) for first in range(0, size, BLOCK)])


def _exhaust(queue: Iterator[object]) -> None:
    """Leave no work to the other threads."""
    for _ in queue:
        pass


def _start(run: Callable[[], None]) -> Future[None]:
    """Run in a thread of the pool, or not at all if the interpreter is about to end."""
    try:
        return _pool(scipy.fft.get_workers() - 1).submit(run)
    except RuntimeError:
        done: Future[None] = Future()
        done.set_result(None)
        return done


@lru_cache(maxsize=4)
def _pool(threads: int) -> Executor:
    return ThreadPoolExecutor(threads, thread_name_prefix="musisep")


# A forked process inherits the pool but not its threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
