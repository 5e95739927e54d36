"""Measure how much of a signal the inverse of the exact constant-Q transform gives back.

    python experiments/e07_inverse_constant_q.py [--seconds 2] [--rows 0 1 ...] [--seed 0]

Two seconds, at 44.1 kHz, of white noise and of the demo recording, transformed from 20 Hz to
20 kHz and back, for several resolutions and hops (the first row is that of the separation). The
relative error after 10 and 50 iterations is that of the band from 40 Hz to `limit`, where the hop
is three standard deviations of the filters' impulse responses, and then that of all of the bins.
"""

import math
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from script import Script

import musisep
from musisep.audio.cqt.constantq import constant_q, inverse_constant_q
from musisep.io import files

RATE, LOW, HIGH = 44_100, 20.0, 20_000.0
ROWS = [
    # bins per octave, sigma in bins, hop, gamma in Hz
    (102.4, 6 / math.pi, 256, 0),
    (102.4, 6 / math.pi, 64, 0),
    (24, 1, 256, 0),
    (24, 1, 64, 0),
    (24, 1, 64, 20),
    (12, 1, 256, 0),
    (12, 1, 64, 0),
    (12, 0.7, 64, 0),
    (12, 0.7, 32, 0),
]


def main() -> None:
    """Print a line for each signal and row."""
    parser = Script(__doc__, quick=["--seconds", "0.2", "--rows", "5", "6"], seed=True)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rows", type=int, nargs="+", default=range(len(ROWS)), metavar="ROW")
    args = parser.parse_args()
    samples = round(args.seconds * RATE)
    noise = np.random.default_rng(args.seed).normal(size=samples)
    demo = files.read(Path(musisep.__file__).with_name("demo") / "mix.flac")[0][0]
    print("signal bins/octave  sigma   hop  gamma | limit Hz  10 it.  50 it. | all: 10, 50 | s/it.")
    for name, signal in (("noise", noise), ("demo", demo[RATE : RATE + samples])):
        for row in args.rows:
            print(f"{name:6s}", line(signal, *ROWS[row]), flush=True)


def line(
    signal: NDArray[np.float64], bins_per_octave: float, sigma: float, hop: int, gamma_hz: float
) -> str:
    """Transform, invert, and describe the errors."""
    bins = int(bins_per_octave * math.log2(HIGH / LOW)) + 1
    frequencies = LOW * 2 ** (np.arange(bins) / bins_per_octave)
    bandwidth = sigma * math.log(2) / bins_per_octave
    arguments = RATE, frequencies, bandwidth, hop
    coefficients = constant_q(signal, *arguments, gamma_hz=gamma_hz)
    widest = 3 * RATE / (2 * math.pi * hop)  # Hz
    limit = min(HIGH, (widest - gamma_hz) / bandwidth)
    errors = []
    for iterations in (10, 50):
        begin = time.perf_counter()
        found = inverse_constant_q(
            coefficients, *arguments, signal.size, gamma_hz=gamma_hz, iterations=iterations,
            tolerance=1e-12,
        )  # fmt: skip
        seconds = (time.perf_counter() - begin) / iterations
        errors.append([error(found, signal, 2 * LOW, limit), error(found, signal, LOW, HIGH)])
    (near, every), (near_50, every_50) = errors
    return (
        f"{bins_per_octave:11g} {sigma:6.2f} {hop:5d} {gamma_hz:6g} | {limit:8.0f} {near:7.1e} "
        f"{near_50:7.1e} | {every:7.1e} {every_50:7.1e} | {seconds:5.3f}"
    )


def error(
    found: NDArray[np.float64], signal: NDArray[np.float64], low: float, high: float
) -> float:
    """Norm of the difference between two frequencies, relative to that of the signal."""
    hz = np.fft.rfftfreq(signal.size, 1 / RATE)
    band = (hz >= low) & (hz <= high)
    difference, true = np.fft.rfft(found - signal)[band], np.fft.rfft(signal)[band]
    return float(np.linalg.norm(difference) / np.linalg.norm(true))


if __name__ == "__main__":
    main()
