"""Many recordings: one after another, several at a time, or on a cluster."""

import argparse
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    chdir,
    closing,
    redirect_stderr,
    redirect_stdout,
)
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TypeVar

from musisep import __version__
from musisep._util.cluster import Cluster
from musisep._util.processes import Processes
from musisep._util.progress import Bars
from musisep._util.tasks import Lost, run_tasks
from musisep.cli.base import UsageError, complaint, plain_messages, say
from musisep.cli.compiling import is_cold
from musisep.cli.guard import PREFIX, tell
from musisep.cli.planning import Task

Result = TypeVar("Result")
Work = Callable[[Task, argparse.Namespace], int]
NOT_OF_WORKERS = ("run", "refuse", "scheduler")
"""Entries of the options that are of no use elsewhere."""

PROCESS_BYTES = 3 * 2**29
"""1.5 GB of memory for each process, unless --jobs says how many there are."""

_alone = Lock()
"""What is printed, warnings and the working folder are a process's, not a thread's."""


@dataclass(frozen=True)
class Done:
    """What became of a task elsewhere: exit status, what was told and said, line by line."""

    status: int
    told: list[str]
    said: list[str]


def run_batch(work: Work, tasks: Sequence[Task], args: argparse.Namespace) -> int:
    """Run the work of a command for each of its tasks.

    Several recordings are worked on in as many processes as --jobs says, or on the cluster that
    --scheduler names. What they tell is printed in the order of the tasks; what they say, as what
    is wrong with a recording, at once.

    Parameters
    ----------
    work : function
        Called with a task and the options; prints by `tell` and `say` and returns the exit status.
        It must be such as can be pickled, and so the tasks.
    tasks : sequence of Task
    args : argparse.Namespace
        Options; those of the workers have --jobs for one recording, and --quiet.

    Returns
    -------
    int
        The greatest exit status.

    Raises
    ------
    UsageError
        If --scheduler is no address.
    """
    from joblib import cpu_count

    jobs = args.jobs or cpu_count()
    if args.scheduler:
        return _elsewhere(work, tasks, args, cluster_at(args.scheduler), args.jobs or 1)
    processes = min(jobs if args.jobs else roomy(jobs), len(tasks))
    if processes > 1:
        first = [work(tasks[0], args)] if is_cold() else []  # tells so, and compiles for all
        others, pool = tasks[len(first) :], Processes(processes)
        return max(*first, 0, _elsewhere(work, others, args, pool, jobs // processes))
    with closing(Bars(args.quiet or len(tasks) == 1)) as bars:
        statuses: list[int] = []
        for task in tasks:
            bars("recordings", len(statuses), len(tasks))
            statuses.append(work(task, args))
    return max(statuses)


def roomy(most: int) -> int:
    """Return for how many processes, at most so many, there is memory; where that is not told, all.

    Of recordings of any length two instruments need less than `PROCESS_BYTES`, as long ones are
    separated in pieces.
    """
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return most
    return min(most, max(1, memory // PROCESS_BYTES))


def cluster_at(address: str) -> Cluster:
    """Return the cluster at an address; UsageError if it is none, ConnectionError if it is old."""
    try:
        cluster = Cluster(address)
    except ValueError as error:
        raise UsageError(f"--scheduler {address} is no address: {error}") from error
    found = cluster.versions("musisep")
    if not found:
        say(f"{address} has no workers yet; waiting for one")
    for worker, version in found.items():
        if version != __version__:
            has = f"musisep {version}" if version else "no musisep"
            raise ConnectionError(f"the worker {worker} has {has}, here is {__version__}")
    return cluster


def _elsewhere(
    work: Work,
    tasks: Sequence[Task],
    args: argparse.Namespace,
    pool: Processes | Cluster,
    jobs: int,
) -> int:
    """Run the work in a pool and print what comes of it."""
    options = {name: value for name, value in vars(args).items() if name not in NOT_OF_WORKERS}
    options |= {"jobs": jobs, "quiet": True}
    away = partial(_away, work, argparse.Namespace(**options), Path.cwd())
    with closing(Bars(args.quiet)) as bars, pool:
        results = run_tasks(away, tasks, pool)
        done = in_order(_heard(results, tasks, bars))
        return max([max(one.status, tell(one.told)) for one in done])


def _heard(
    results: Iterable[tuple[int, Done | Lost]], tasks: Sequence[Task], bars: Bars
) -> Iterator[tuple[int, Done]]:
    """Say what is said, each thing once, and show how many recordings are done."""
    said = set()
    bars("recordings", 0, len(tasks))
    for count, (number, result) in enumerate(results, 1):
        if isinstance(result, Lost):
            result = Done(1, [], [complaint(tasks[number].recording, result)])
        for text in result.said:
            if text not in said:
                say(text)
                said.add(text)
        bars("recordings", count, len(tasks))
        yield number, result


def in_order(numbered: Iterable[tuple[int, Result]]) -> Iterator[Result]:
    """Yield results in the order of their numbers, each as soon as those before are there."""
    waiting: dict[int, Result] = {}
    turn = 0
    for number, result in numbered:
        waiting[number] = result
        while turn in waiting:
            yield waiting.pop(turn)
            turn += 1


def _away(work: Work, args: argparse.Namespace, folder: Path, task: Task) -> Done:
    """Work on a task in another process, maybe of another machine."""
    told, said = io.StringIO(), io.StringIO()
    with _alone, _in(folder), redirect_stdout(told), redirect_stderr(said), plain_messages():
        status = work(task, args)
    messages = [line.removeprefix(PREFIX) for line in said.getvalue().splitlines()]
    return Done(status, told.getvalue().splitlines(), messages)


def _in(folder: Path) -> AbstractContextManager[None]:
    if not folder.is_dir():
        raise ConnectionError(f"a worker has no folder {folder}; it must be shared with workers")
    return chdir(folder)
