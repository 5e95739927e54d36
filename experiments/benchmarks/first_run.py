"""Measure how long the first run after installing takes, which compiles kernels, and later ones.

    python experiments/benchmarks/first_run.py [--runs 3] [--compiled] [--results FOLDER]

Separates the demo with an empty cache of kernels, then once more with what that run has left, in
turn. Then it compiles everything that is left, by `musisep warm-up`. Printed are the medians and
ranges of the wall time, the processor time and the peak memory, and how much compiled code is kept.
``--compiled`` leaves the cache as it is, so that nothing is compiled and only the script is tried.
"""

import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import above
import numpy as np
from command import measure


def main() -> None:
    """Print a line for each kind of run."""
    parser = above.Script(__doc__, ["--runs", "1", "--compiled"], results=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--compiled", action="store_true", help="do not empty the cache")
    args = parser.parse_args()
    start = [sys.executable, "-m", "musisep"]
    runs = defaultdict(list)
    for _ in range(args.runs):
        with tempfile.TemporaryDirectory() as cache:
            if not args.compiled:
                os.environ["NUMBA_CACHE_DIR"] = cache
            demo = [*start, "separate", "--demo", "--overwrite", "--quiet", "-o", f"{cache}/out"]
            runs["first"].append((*measure(demo), kept_mb(cache)))
            runs["later"].append((*measure(demo), kept_mb(cache)))
            runs["warm-up"].append((*measure([*start, "warm-up", "--quiet"]), kept_mb(cache)))
    values: dict[str, float] = {}
    for name, times in runs.items():
        wall, processor, memory, kept = np.median(times, axis=0)
        walls = [run[0] for run in times]
        print(
            f"{name:8s}{wall:6.1f} s ({min(walls):.1f} to {max(walls):.1f})  "
            f"processor {processor:5.1f} s  memory {memory:.0f} MB  kept {kept:.0f} MB"
        )
        values |= {f"{name} s": float(wall), f"{name} MB": float(kept)}
    if args.results:
        above.write_values(args.results, "first_run", "the demo", values)


def kept_mb(cache: str) -> float:
    """Return how much compiled code there is."""
    return sum(path.stat().st_size for path in Path(cache).rglob("*.nb?")) / 1e6


if __name__ == "__main__":
    main()
