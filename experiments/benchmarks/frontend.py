"""Time the spectral front end against SciPy, librosa, torch and nnAudio, in one process.

    python experiments/benchmarks/frontend.py [--sections stft cqt features] [--rounds 7]
        [--seconds 1 60] [--sizes 512 1024 2048 12288] [--bits 4 8] [--csv FILE]

All may use two threads. The candidates take turns in each round. Printed are medians over the
rounds in ms and, behind each peer's, the median of its time over ours in the same round; "below"
marks one that misses its target. Transforms and filters of ours are made before, as are those of
SciPy and nnAudio and the windows of torch; librosa makes its filters anew in each call. Signals
are noise, at 44.1 kHz for short-time Fourier transforms and 22.05 kHz for the rest.
"""

import csv
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import above
import numpy as np
import scipy.fft
from peers import (
    PEERS,
    Array,
    ConstantQSetting,
    Setting,
    bundle_of,
    cqt_of_librosa,
    cqt_of_nnaudio,
    features_of,
    librosa,
    nnaudio,
    our_cqt,
    ours,
    use_threads,
)
from timing import in_turn

THREADS = 2
STFT_RATE, RATE = 44_100, 22_050
CQT_HOP_LENGTH = 512
INVERSE_TARGETS = {"scipy": 2.0, "librosa": 2.0, "torch": 1.0}
CQT_TARGETS = {(84, 12): 1.5, (700, 100): 5.0}
"""Of librosa's time, for numbers of bins and of bins per octave."""
FEATURE_TARGET = 2.0
TOLERANCE = 1e-6


class Row(NamedTuple):
    """Candidates for the same work; the first is ours."""

    name: str
    candidates: dict[str, Callable[[], Array]]
    targets: dict[str, float]
    """Of the time of a peer over ours."""
    alike: bool
    """Whether their results must be the same, but for the ends of signals."""


class Cell(NamedTuple):
    """How fast a candidate is."""

    name: str
    ms: float
    ratio: float
    """Its time over ours."""
    target: float


def main() -> None:
    """Time the sections asked for."""
    quick = ["--rounds", "1", "--seconds", "1", "--sizes", "512", "--bits", "8"]
    parser = above.Script(__doc__, quick)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, nargs="+", default=[1.0, 60.0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048, 12288])
    parser.add_argument("--bits", type=int, nargs="+", choices=(4, 8), default=(4, 8))
    parser.add_argument("--csv", type=Path, help="write the rows to a file as well")
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # librosa's, about empty filters and short signals
    use_threads(THREADS)
    rows = [("transform", "candidate", "ms", "ratio", "target")]
    with scipy.fft.set_workers(THREADS):
        for section in args.sections:
            for seconds in args.seconds:
                for bits in args.bits:
                    for row in SECTIONS[section](seconds, bits, args.sizes):
                        name = f"{row.name}, {seconds:g} s, float{8 * bits}"
                        cells = measured(row, args.rounds)
                        print(line(name, cells), flush=True)
                        rows += [(name, *map(str, cell)) for cell in cells]
    if args.csv:
        with args.csv.open("w", newline="") as file:
            csv.writer(file).writerows(rows)


def measured(row: Row, rounds: int) -> list[Cell]:
    """Time the candidates in turn."""
    if row.alike:
        check(row)
    times = in_turn(row.candidates, rounds)
    mine = next(iter(times.values()))
    return [
        Cell(name, 1e3 * np.nanmedian(own), np.nanmedian(own / mine), row.targets.get(name, 0.0))
        for name, own in times.items()
    ]


def check(row: Row) -> None:
    """Stop if a candidate does something else."""
    results = {name: function() for name, function in row.candidates.items()}
    quarter = next(iter(results.values())).shape[-1] // 4
    mine, *others = (result[..., quarter:-quarter] for result in results.values())
    for name, other in zip(list(row.candidates)[1:], others, strict=True):
        found = np.abs(mine - other).max() / np.abs(other).max()
        if not found < TOLERANCE:
            raise SystemExit(f"{row.name}: musisep and {name} differ by {found:.1e}")


def line(name: str, cells: list[Cell]) -> str:
    """Format the times of one row."""
    mine, *peers = cells
    text = f"{name:46s} {mine.ms:9.2f} ms"
    for cell in peers:
        target = f" (>= {cell.target:g})" if cell.target else ""
        missed = " below" if cell.ratio < cell.target else ""
        text += f"  {cell.name} {cell.ms:.2f}: {cell.ratio:.2f}{target}{missed}"
    return f"{text}  fastest {min(cell.ratio for cell in peers):.2f}" if peers else text


def noise(seconds: float, rate: int, bits: int) -> Array:
    """Return a signal."""
    return np.random.default_rng(0).standard_normal(round(seconds * rate)).astype(f"f{bits}")


def short_time(seconds: float, bits: int, sizes: list[int]) -> Iterator[Row]:
    """Yield transforms and inverses with a hop of a quarter of a frame."""
    signal = noise(seconds, STFT_RATE, bits)
    for n_fft in sizes:
        setting = Setting(n_fft, n_fft // 4, n_fft)
        pairs = {"musisep": ours(setting)} | {name: make(setting) for name, make in PEERS.items()}
        forward = {name: partial(pair.stft, signal) for name, pair in pairs.items()}
        yield Row(f"STFT {n_fft}", forward, dict.fromkeys(PEERS, 1.0), bits == 8)
        inverse = {
            name: partial(pair.istft, pair.prepare(pair.stft(signal)), signal.size)
            for name, pair in pairs.items()
        }
        yield Row(f"iSTFT {n_fft}", inverse, INVERSE_TARGETS, bits == 8)


def constant_q(seconds: float, bits: int, _: list[int]) -> Iterator[Row]:
    """Yield constant-Q transforms of seven octaves; nnAudio's in its own precision only."""
    signal = noise(seconds, RATE, bits)
    for (n_bins, per_octave), target in CQT_TARGETS.items():
        setting = ConstantQSetting(RATE, n_bins, per_octave, CQT_HOP_LENGTH)
        makers = {"musisep": our_cqt}
        makers |= {"librosa": cqt_of_librosa} if librosa else {}
        if bits == 4 and nnaudio:
            makers["nnAudio"] = cqt_of_nnaudio
        candidates = {name: partial(make(setting), signal) for name, make in makers.items()}
        yield Row(f"CQT {n_bins} bins", candidates, {"librosa": target}, False)


def features(seconds: float, bits: int, sizes: list[int]) -> Iterator[Row]:
    """Yield features, alone and several in one pass, with a hop of a quarter of a frame."""
    signal = noise(seconds, RATE, bits)
    for n_fft in sizes if librosa else ():
        work = features_of(RATE, n_fft, n_fft // 4, bits=bits)
        work["bundle of six"] = bundle_of(RATE, n_fft, n_fft // 4, bits=bits)
        for name, same in work.items():
            candidates = {
                "musisep": partial(same.ours, signal),
                "librosa": partial(same.librosa, signal),
            }
            yield Row(f"{name} {n_fft}", candidates, {"librosa": FEATURE_TARGET}, bits == 8)


SECTIONS = {"stft": short_time, "cqt": constant_q, "features": features}


if __name__ == "__main__":
    main()
