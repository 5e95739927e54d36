"""Measure what many recordings cost: one after another, in processes, and on a cluster.

    python experiments/benchmarks/batch.py [FOLDER] [--number 40] [--seconds 10] [--runs 3]
        [--results FOLDER]

Separates the recordings of FOLDER, of each the first seconds; without one, excerpts of the demo.
Each way is run once for the compiled cache, and then all of them in turns. Printed are the medians
of wall time and processor time for a recording, the recordings per hour and core (by wall time, so
others must leave the machine alone), and the peak memory of the largest process. The cluster is
started before; its processor time and memory are not seen.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from itertools import islice
from pathlib import Path

import above
import numpy as np
from command import measure

import musisep
from musisep.io import files

STEP_S = 0.5
"""Between excerpts of the demo."""


@dataclass(frozen=True)
class Way:
    """A command that separates all recordings of a folder, and the cores that it uses."""

    name: str
    cores: int
    command: list[str]


def main() -> None:
    """Print a line for each way."""
    quick = ["--number", "2", "--seconds", "1", "--runs", "1", "--ways", "2", "--no-first"]
    parser = above.Script(__doc__, quick, results=True)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--number", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ways", type=int, default=5, metavar="N", help="the first ones")
    parser.add_argument("--no-first", action="store_true", help="measure the first runs, too")
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.threads:
        in_one_process(args.folder, args.out, args.threads)
        return
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        scratch = Path(name)
        excerpts(args.folder, scratch / "in", args.number, args.seconds)
        print_table(list(islice(ways(scratch, stack), args.ways)), args)


def print_table(known: list[Way], args: argparse.Namespace) -> None:
    """Run all ways in turns and print what they took."""
    for way in () if args.no_first else known:
        measure(way.command)
    runs = np.array([[measure(way.command) for way in known] for _ in range(args.runs)])
    print(f"{args.number} recordings of {args.seconds:g} s, {args.runs} runs")
    values: dict[str, float] = {}
    for way, of_way in zip(known, runs.transpose(1, 0, 2), strict=True):
        wall, processor, _ = np.median(of_way, axis=0)
        print(
            f"{way.name:32}  {wall / args.number:6.2f} s each "
            f"({of_way[:, 0].min() / args.number:.2f} to {of_way[:, 0].max() / args.number:.2f})  "
            f"processor {processor / args.number:5.2f} s  "
            f"{3600 * args.number / wall / way.cores:5.0f} per hour and core  "
            f"memory {of_way[:, 2].max():.0f} MB"
        )
        values |= {
            f"{way.name}: processor s": float(processor) / args.number,
            f"{way.name}: wall s": float(wall) / args.number,
            f"{way.name}: per hour": 3600 * args.number / float(wall) / way.cores,
            f"{way.name}: MB": float(of_way[:, 2].max()),
        }
    if args.results:
        data = f"{args.number} recordings of {args.seconds:g} s"
        above.write_values(args.results, "batch", data, values)


def excerpts(folder: Path | None, out: Path, number: int, seconds: float) -> None:
    """Write recordings of so many seconds."""
    out.mkdir()
    found = sorted(path for path in folder.iterdir() if path.is_file())[:number] if folder else []
    if folder and len(found) < number:
        sys.exit(f"{folder} has {len(found)} files, {number} are wanted")
    demo, rate = files.read(str(resources.files("musisep") / "demo" / "mix.flac"))
    size = round(seconds * rate)
    for index in range(number):
        if folder:
            audio, rate = files.read(found[index], duration_s=seconds)
        else:
            audio = np.roll(np.tile(demo, -(-size // demo.shape[1])), -round(index * STEP_S * rate))
        files.write(out / f"{index:03d}.wav", audio[:, : round(seconds * rate)], rate)


def ways(scratch: Path, stack: ExitStack) -> Iterator[Way]:
    """Yield the ways; what they need ends with the stack."""
    python, folder, out = sys.executable, str(scratch / "in"), str(scratch / "out")
    command = [python, "-m", "musisep", "separate", folder, "--overwrite", "-o", out]
    alone = [python, __file__, folder, "--out", out, "--threads"]
    yield Way("one process, 1 thread", 1, [*command, "--jobs", "1"])
    yield Way("one process, 2 threads", 2, [*alone, "2"])
    yield Way("2 processes, 1 thread each", 2, [*command, "--jobs", "2"])
    for workers in (1, 2):
        address = stack.enter_context(cluster(workers))
        yield Way(f"cluster, {workers} of 1 thread", workers, [*command, "--scheduler", address])


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Start a scheduler and workers; yield the address."""
    from distributed import LocalCluster

    options = {"threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with LocalCluster(n_workers=workers, silence_logs=60, **options) as found:
        yield found.scheduler_address


def in_one_process(folder: Path, out: Path, threads: int) -> None:
    """Separate each recording with so many threads."""
    for path in sorted(folder.iterdir()):
        musisep.separate(path, jobs=threads).save(out / path.stem)


if __name__ == "__main__":
    main()
