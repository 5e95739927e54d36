"""Lists of tasks, worked off here, in processes or on a cluster."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from itertools import islice
from typing import Any, Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Lost(Exception):
    """A task has no result: whatever works on it dies."""

    def __init__(self) -> None:
        super().__init__("what worked on it died, again when it was alone; memory may be too small")


class Pool(Protocol):
    """What works on several tasks at a time: `Processes`, `Cluster`."""

    def width(self) -> int:
        """Return how many tasks it should have at a time."""

    def submit(self, work: Callable[[Task], Result], task: Task) -> "Future[Result]":
        """Begin with a task as soon as possible."""

    def died(self, error: BaseException) -> bool:
        """Tell whether a future raises this because what worked on the task died."""


def run_tasks(
    work: Callable[[Task], Result], tasks: Iterable[Task], pool: Pool | None = None
) -> Iterator[tuple[int, Result | Lost]]:
    """Yield the number of each task and its result, as they are finished.

    If something dies, all tasks that it may have died of are tried again, one at a time, after the
    others. So one that kills whatever works on it takes no other along.

    Parameters
    ----------
    work : function
        Called with each task. What it raises is raised.
    tasks : iterable
        With a pool, `work`, tasks and results must be such as can be pickled.
    pool : Pool, optional
        Where to; default: here, one after the other.

    Yields
    ------
    number : int
        Of the task, from 0.
    result : object
        Of `work`, or `Lost`.

    Raises
    ------
    ConnectionError
        If the pool is gone.
    """
    if pool is None:
        yield from enumerate(map(work, tasks))
        return
    suspects = []
    for number, task, result in _finished(work, enumerate(tasks), pool):
        if isinstance(result, Lost):
            suspects.append((number, task))
        else:
            yield number, result
    for suspect in suspects:
        for number, _, result in _finished(work, [suspect], pool):
            yield number, result


def _finished(
    work: Callable[[Task], Result], numbered: Iterable[tuple[int, Task]], pool: Pool
) -> Iterator[tuple[int, Task, Result | Lost]]:
    queue = iter(numbered)
    running: dict[Future[Any], tuple[int, Task]] = {}
    while True:
        for number, task in islice(queue, max(0, pool.width() - len(running))):
            running[pool.submit(work, task)] = number, task
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            number, task = running.pop(future)
            try:
                result = future.result()
            except CancelledError as error:
                raise ConnectionError("the connection to what works was lost") from error
            except Exception as error:
                if not pool.died(error):
                    raise
                result = Lost()
            yield number, task, result
