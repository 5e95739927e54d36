"""Measure how long the first calls in a process take: with compiled kernels on disk, and without.

    python experiments/benchmarks/frontend_first.py [--runs 5]

Each run is a process of its own, which imports `SpectralTransform`, transforms a second of noise at
44.1 kHz in float32 and goes back, twice. Printed are medians and ranges in ms. "installed" begins
with an empty cache of kernels, as the first use after installation does; "again" finds in it what
the run before has left.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import above
import numpy as np

MEASURE = """
import json, time
begin = time.perf_counter()
import numpy as np
numpy = time.perf_counter()
from musisep.audio.stft import SpectralTransform
transform = SpectralTransform(2048, 512)
signal = np.random.default_rng(0).standard_normal(44_100).astype(np.float32)
times = [time.perf_counter()]
for _ in range(2):
    spectrum = transform.stft(signal)
    times.append(time.perf_counter())
    transform.istft(spectrum, signal.size)
    times.append(time.perf_counter())
print(json.dumps([times[0] - numpy, *np.diff(times)]))
"""
STEPS = "import", "first STFT", "first inverse", "second STFT", "second inverse"


def main() -> None:
    """Print a line for each state of the cache."""
    parser = above.Script(__doc__, ["--runs", "1"])
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    measure(None)  # so that files are read from memory, and modules compiled
    times: dict[str, list[list[float]]] = {"installed": [], "again": []}
    for _ in range(args.runs):
        with tempfile.TemporaryDirectory() as cache:
            for own in times.values():
                own.append(measure(Path(cache)))
    print(f"{'':12s}" + "".join(f"{step:>26s}" for step in STEPS))
    for name, runs in times.items():
        cells = [
            f"{np.median(own):.1f} ({min(own):.1f} to {max(own):.1f})"
            for own in 1e3 * np.transpose(runs)
        ]
        print(f"{name:12s}" + "".join(f"{cell:>26s}" for cell in cells))


def measure(cache: Path | None) -> list[float]:
    """Run a process with its kernels in this folder; seconds of the steps."""
    own = {"NUMBA_CACHE_DIR": str(cache)} if cache else {}
    answer = subprocess.check_output([sys.executable, "-c", MEASURE], env={**os.environ, **own})
    return json.loads(answer)


if __name__ == "__main__":
    main()
