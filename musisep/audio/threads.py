"""Threads for work that is divided into blocks."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import scipy.fft

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
        Taken in their order.
    """
    queue = iter(items)

    def run() -> None:
        for item in queue:
            work(item)

    helpers = min(scipy.fft.get_workers(), len(items)) - 1
    running = [_pool(helpers).submit(run) for _ in range(helpers)]
    try:
        run()
    finally:
        for helper in running:
            helper.result()


@lru_cache(maxsize=4)
def _pool(threads: int) -> Executor:
    return ThreadPoolExecutor(threads, thread_name_prefix="musisep")


# A forked process inherits the pool but not its threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
