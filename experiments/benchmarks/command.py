"""Measure time and memory of the whole command, per second of audio.

    python experiments/benchmarks/command.py [--seconds 10 40] [--runs 3] [--results FOLDER]
        [-- OPTIONS]

The demo recording is repeated to the lengths asked for. Each length is run once for the
compiled cache and then `--runs` times; printed are the median and the range of the wall time
divided by the length (the real-time factor), the processor time, and the peak memory.
"""

import os
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path

import above
import numpy as np

from musisep.io import files


def main() -> None:
    """Print a line for each length."""
    parser = above.Script(__doc__, ["--seconds", "1", "--runs", "1"], results=True)
    parser.add_argument("--seconds", type=float, nargs="+", default=[10.0, 40.0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("options", nargs="*", help="of the command, after --")
    args = parser.parse_args()
    demo, rate = files.read(str(resources.files("musisep") / "demo" / "mix.flac"))
    values: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for seconds in args.seconds:
            path = Path(scratch) / f"{seconds:g}.wav"
            size = round(seconds * rate)
            files.write(path, np.tile(demo, -(-size // demo.shape[1]))[:, :size], rate)
            command = [sys.executable, "-m", "musisep.dictsep", str(path), "--quiet"]
            command += ["-o", scratch, *args.options]
            measure(command)
            runs = np.array([measure(command) for _ in range(args.runs)])
            factor = runs[:, 0] / seconds
            print(
                f"{seconds:6g} s  real-time factor {np.median(factor):.3f} "
                f"({factor.min():.3f} to {factor.max():.3f})  "
                f"processor {np.median(runs[:, 1]) / seconds:.3f} s per s  "
                f"memory {runs[:, 2].max():.0f} MB",
                flush=True,
            )
            values[f"{seconds:g} s RTF"] = float(np.median(factor))
            values[f"{seconds:g} s MB"] = float(runs[:, 2].max())
    if args.results:
        above.write_values(args.results, "command", "the demo, repeated", values)


def measure(command: list[str]) -> tuple[float, float, float]:
    """Run a command; return wall time and processor time in seconds, and its peak in MB."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begin
    if process.returncode:
        raise SystemExit(f"exit status {process.returncode}: {' '.join(command)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
