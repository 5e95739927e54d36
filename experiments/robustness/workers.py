"""Work in processes that may die, hang or grow, and a table of what became of it."""

import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import BinaryIO

sys.path.append(str(Path(__file__).parents[1]))

from script import Script

MOST_MEMORY = 8 * 2**30
"""Bytes of addresses that a worker may have: the machine must survive a broken rule."""
WORST = 40
"""Broken rules that are printed one by one."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case: the row of the table in which it counts, and the rules it broke."""

    row: str
    column: str
    broken: tuple[str, ...] = ()


@dataclass
class Watch:
    """What a worker tells about itself while it works on a case."""

    connection: Connection
    log: BinaryIO
    told: int = 0
    resident: int = 0

    def stage(self, name: str) -> None:
        """Tell what is done next, in case that it is the last thing; memory counts from here."""
        self.connection.send(name)
        self.resident = memory("VmRSS")
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # the peak starts anew

    def growth_mb(self) -> float:
        """Return by how much memory grew at most since the last stage."""
        return (memory("VmHWM") - self.resident) / 1024

    def stderr(self) -> str:
        """Return what was written to file descriptor 2 since it was asked last."""
        content = os.pread(self.log.fileno(), 10_000, self.told)
        self.told = os.fstat(self.log.fileno()).st_size
        return content.decode(errors="replace")


Work = Callable[[int, Watch], Outcome]


@dataclass
class _Worker:
    """A process, as seen from outside."""

    work: Work
    log: BinaryIO = field(default_factory=tempfile.TemporaryFile)
    number: int | None = None
    stage: str = ""
    begin: float = 0.0

    def __post_init__(self) -> None:
        self.connection, theirs = multiprocessing.Pipe()
        fork = multiprocessing.get_context("fork")
        self.process = fork.Process(target=_serve, args=(self.work, theirs, self.log), daemon=True)
        with warnings.catch_warnings():  # threads: those of NumPy, which wait
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()

    def give(self, number: int) -> None:
        self.number, self.stage, self.begin = number, "begin", time.monotonic()
        self.connection.send(number)

    def end(self) -> str:
        """Kill the process if it lives; return what ended it, and its last words."""
        self.process.join(0.5)
        self.process.kill()
        self.process.join()
        status = self.process.exitcode or 0
        name = signal.Signals(-status).name if status < 0 else f"status {status}"
        size = os.fstat(self.log.fileno()).st_size
        words = os.pread(self.log.fileno(), 300, max(0, size - 300)).decode(errors="replace")
        return f"{name} while {self.stage} {' '.join(words.split())}"


def _serve(work: Work, connection: Connection, log: BinaryIO) -> None:
    """Be a worker: its stderr goes to the log."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(log.fileno(), 2)
    while (number := connection.recv()) is not None:
        connection.send(work(number, Watch(connection, log, os.fstat(log.fileno()).st_size)))


def run(work: Work, numbers: Sequence[int], jobs: int, limit_s: float) -> Iterator[
    tuple[int, Outcome]
]:  # fmt: skip
    """Yield what became of each case; a process that dies or takes too long breaks a rule."""
    queue = iter(numbers)
    workers = [_Worker(work) for _ in range(min(jobs, len(numbers)))]
    for worker in workers:
        worker.give(next(queue))
    while workers:
        wait([worker.connection for worker in workers], 0.2)
        for worker in list(workers):
            outcome = _outcome(worker, limit_s)
            if outcome is None:
                continue
            yield worker.number or 0, outcome
            workers.remove(worker)
            if not worker.process.is_alive():
                worker = _Worker(work)
            if (number := next(queue, None)) is None:
                worker.connection.send(None)
            else:
                worker.give(number)
                workers.append(worker)


def _outcome(worker: _Worker, limit_s: float) -> Outcome | None:
    """Return what became of the case of a worker, None if it is still at it."""
    try:
        while worker.connection.poll():
            told = worker.connection.recv()
            if isinstance(told, Outcome):
                return told
            worker.stage, worker.begin = told, time.monotonic()
    except (EOFError, ConnectionError):
        return _ended(worker, "died", worker.end())
    if time.monotonic() - worker.begin > limit_s:
        worker.process.kill()
        return _ended(worker, "hung", f"{limit_s:g} s, {worker.end()}")
    return None


def _ended(worker: _Worker, how: str, words: str) -> Outcome:
    """Whatever happens while a peer is asked (stages that begin so) breaks no rule of ours."""
    if worker.stage.startswith("peer"):
        return Outcome("peer", how)
    return Outcome("worker", how, (f"{how}: {words}",))


def memory(name: str) -> int:
    """Return a line of this process's status, in kB."""
    text = Path("/proc/self/status").read_text()
    return int(text.split(f"{name}:")[1].split()[0])


def arguments(doc: str, number: int, quick: int) -> Script:
    """Return a parser with the options of all campaigns; `quick` are the cases of a trial."""
    parser = Script(doc, ["--number", str(quick), "--jobs", "1"], seed=True)
    parser.add_argument(
        "--number", type=int, default=number, help="of cases (default: %(default)s)"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where offending inputs go")
    parser.add_argument("--jobs", type=int, default=2)
    return parser


def keep(folder: Path | None, name: str, content: bytes, *texts: str) -> None:
    """Save an offending input, if a folder is named, and beside it what is wrong."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        (folder / f"{name}.txt").write_text("\n".join(texts) + "\n")


class Table:
    """Counts outcomes, and prints the first broken rules as they come."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.broken = 0

    def add(self, number: int, outcome: Outcome, what: str = "") -> None:
        """Count an outcome."""
        self.counts[outcome.row, outcome.column] += 1
        for text in outcome.broken:
            self.broken += 1
            if self.broken <= WORST:
                print(f"broken: case {number} {what}: {text[:400]}", flush=True)

    def finish(self) -> int:
        """Print the table; return the exit status."""
        rows = sorted({row for row, _ in self.counts})
        columns = sorted({column for _, column in self.counts})
        width = max(map(len, rows), default=0)
        print(" " * width, *columns, sep="  ")
        for row in rows:
            cells = [f"{self.counts[row, column]:{len(column)}}" for column in columns]
            print(row.ljust(width), *cells, sep="  ")
        print(f"{self.counts.total()} cases, {self.broken} broken rules")
        sys.stdout.flush()
        return min(self.broken, 1)
