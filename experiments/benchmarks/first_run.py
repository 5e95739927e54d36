"""How long the first run after installing takes, which compiles kernels, and later ones.

    python experiments/benchmarks/first_run.py [--runs 3]

Separates the demo with an empty cache of kernels, then once more with what that run has left, in
turn. Then it compiles everything that is left, by `musisep warm-up`. Printed are the medians and
ranges of the wall time, the processor time and the peak memory, and how much compiled code is kept.
"""

import argparse
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from command import measure


def main() -> None:
    """Print a line for each kind of run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    start = [sys.executable, "-m", "musisep"]
    runs = defaultdict(list)
    for _ in range(args.runs):
        with tempfile.TemporaryDirectory() as cache:
            os.environ["NUMBA_CACHE_DIR"] = cache
            demo = [*start, "separate", "--demo", "--overwrite", "--quiet", "-o", f"{cache}/out"]
            runs["first"].append((*measure(demo), kept_mb(cache)))
            runs["later"].append((*measure(demo), kept_mb(cache)))
            runs["warm-up"].append((*measure([*start, "warm-up", "--quiet"]), kept_mb(cache)))
    for name, times in runs.items():
        wall, processor, memory, kept = np.median(times, axis=0)
        walls = [run[0] for run in times]
        print(
            f"{name:8s}{wall:6.1f} s ({min(walls):.1f} to {max(walls):.1f})  "
            f"processor {processor:5.1f} s  memory {memory:.0f} MB  kept {kept:.0f} MB"
        )


def kept_mb(cache: str) -> float:
    """Return how much compiled code there is."""
    return sum(path.stat().st_size for path in Path(cache).rglob("*.nb?")) / 1e6


if __name__ == "__main__":
    main()
