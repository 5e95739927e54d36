"""Measure how close algorithms of phase retrieval come, beside librosa and torch_specinv.

    python experiments/e09_phase_retrieval.py [--sections algorithms starts inputs] [--seconds 5]
        [--iterations 100] [--most 1000] [--seed 0]

The recordings are the demo, and a sentence that espeak-ng (a program of most distributions) speaks,
both at 22.05 kHz. Magnitudes are those of frames of 1024 samples with a hop of 256 and Hann's
window. Printed is the spectral convergence in dB of the signal that is found, the lower the better,
with the same number of iterations and the same start for all; from random phases, and from PGHI's,
it is the mean over three seeds.

algorithms: each of them after `--iterations` from three starts.
starts: after how many iterations of the fast Griffin-Lim algorithm -25 dB are reached, from four
starts and for two windows; none after `--most`.
inputs: from how much of a recording it can be found again: magnitudes, mel values, constant Q.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.fft
from benchmarks import inversion_peers as peers
from numpy.typing import NDArray
from script import Script, program

import musisep
from musisep.audio.inversion import (
    StftMagnitude,
    admm,
    griffin_lim,
    l_bfgs,
    pghi,
    phase_init,
    rtisi_la,
)
from musisep.audio.stft import SpectralTransform
from musisep.audio.windows import gaussian_window
from musisep.io import files
from musisep.metrics import spectral_convergence

Array = NDArray[Any]

RATE = 22_050
TRANSFORM = SpectralTransform(1024, 256)
SEEDS, GOAL_DB = 3, -25.0
SENTENCE = (
    "The quick brown fox jumps over the lazy dog. A recording of several instruments goes in, "
    "and one track per instrument comes out."
)
WINDOWS = {
    "Hann": TRANSFORM,
    "Gaussian, cut at 4 sigma": SpectralTransform(1024, 256, window=gaussian_window(1024, 4.0)),
    "Gaussian, 4 sigma, hop 128": SpectralTransform(1024, 128, window=gaussian_window(1024, 4.0)),
}


class Plan(NamedTuple):
    """How many iterations there are, how many at most to the goal, and the first seed."""

    iterations: int
    most: int
    seed: int


def main() -> None:
    """Print the sections asked for."""
    quick = ["--seconds", "0.3", "--iterations", "4", "--most", "4"]
    parser = Script(__doc__, quick, seed=True)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--iterations", type=int, default=100)
    parser.add_argument("--most", type=int, default=1000)
    args = parser.parse_args()
    plan = Plan(args.iterations, args.most, args.seed)
    recordings = {"music": music()}
    if program("espeak-ng"):
        recordings["speech"] = speech()
    with scipy.fft.set_workers(2):
        for section in args.sections:
            for name, signal in recordings.items():
                for line in SECTIONS[section](signal[: round(args.seconds * RATE)], plan):
                    print(f"{name:7s} {line}", flush=True)


def music() -> Array:
    """Return the demo recording."""
    audio, rate = files.read(Path(musisep.__file__).with_name("demo") / "mix.flac")
    return files.resample(audio, rate, RATE)[0]


def speech() -> Array:
    """Return the sentence."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["espeak-ng", "-v", "en", "-w", path, SENTENCE], check=True)
        audio, rate = files.read(path)
    return files.resample(audio, rate, RATE)[0]


def level(signal: Array, magnitudes: Array, transform: SpectralTransform = TRANSFORM) -> float:
    """Return the spectral convergence of a signal."""
    return float(spectral_convergence(magnitudes, np.abs(transform.stft(signal))))


def starts(
    magnitudes: Array, transform: SpectralTransform, name: str, seed: int
) -> Iterator[Array]:
    """Yield spectra [frequency, frame] to start from: some if they are random."""
    if name == "random":
        for number in range(SEEDS):
            rng = np.random.default_rng(seed + number)
            yield magnitudes * np.exp(2j * np.pi * rng.random(magnitudes.shape))
    elif name == "zero":
        yield magnitudes.astype(complex)
    elif name == "pghi":  # soft points have random phases
        yield from (
            pghi(magnitudes, rng=seed + number, transform=transform) for number in range(SEEDS)
        )
    else:
        yield phase_init(magnitudes, transform=transform)


def algorithms(signal: Array, plan: Plan) -> Iterator[str]:
    """Compare the algorithms from three starts."""
    magnitudes = np.ascontiguousarray(np.abs(TRANSFORM.stft(signal)))
    iterations = plan.iterations

    def theirs(function: str, *arguments: Any, **options: Any) -> list[float]:
        """Return the level that torch_specinv reaches, if it is installed."""
        if not peers.torch_specinv:
            return []
        other = getattr(peers, f"specinv_{function}")(magnitudes, *arguments, **options)
        return [level(TRANSFORM.istft(other) if function == "start" else other, magnitudes)]

    own = theirs("start", TRANSFORM)
    yield row("phase_init", "", [level_of(phase_init(magnitudes, transform=TRANSFORM))], own, [])
    options: dict[str, Any] = {"tol": 0, "transform": TRANSFORM, "verbose": False}
    for name in ("zero", "random", "single-pass"):
        found: dict[str, tuple[list[float], list[float], list[float]]] = {}
        for seed, start in enumerate(starts(magnitudes, TRANSFORM, name, plan.seed), plan.seed):
            samples = TRANSFORM.istft(start)
            for alpha in (0.0, 0.99):
                key = f"Griffin-Lim, alpha {alpha:g}"
                ours, specinv, librosa = found.setdefault(key, ([], [], []))
                ours.append(
                    level(griffin_lim(start, iterations, alpha=alpha, **options), magnitudes)
                )
                specinv += theirs("griffin_lim", start, TRANSFORM, iterations, alpha=alpha)
                if name != "single-pass" and peers.librosa:
                    rng = np.random.default_rng(seed)
                    other = peers.librosa_griffin_lim(
                        magnitudes, name, rng, TRANSFORM, iterations, alpha
                    )
                    librosa.append(level(other, magnitudes))
            ours, specinv, _ = found.setdefault("ADMM", ([], [], []))
            mine = admm(start, iterations - 1, **options)  # and one step at the end
            ours.append(level(mine, magnitudes))
            specinv += theirs("admm", start, TRANSFORM, iterations)
            ours, specinv, _ = found.setdefault("L-BFGS", ([], [], []))
            mine = l_bfgs(
                magnitudes, StftMagnitude(TRANSFORM), init_x0=samples, max_iter=iterations, tol=0,
                verbose=False,
            )  # fmt: skip
            ours.append(level(mine, magnitudes))
            specinv += theirs("l_bfgs", samples, TRANSFORM, iterations)
            ours, _, _ = found.setdefault("RTISI-LA", ([], [], []))
            mine = rtisi_la(start, max_iter=iterations, transform=TRANSFORM, verbose=False)
            ours.append(level(mine, magnitudes))
        for key, values in found.items():
            yield row(key, name, *values)
    for asymmetric in (False, True):
        mine = rtisi_la(
            magnitudes, asymmetric_window=asymmetric, max_iter=iterations, transform=TRANSFORM,
            verbose=False,
        )  # fmt: skip
        other = theirs("rtisi_la", TRANSFORM, iterations, asymmetric_window=asymmetric)
        key = f"RTISI-LA{', asymmetric' * asymmetric}"
        yield row(key, "its own", [level(mine, magnitudes)], other, [])


def level_of(spectrum: Array) -> float:
    """Return the spectral convergence of the signal that is closest to a spectrum."""
    return level(TRANSFORM.istft(spectrum), np.abs(spectrum))


def row(
    name: str, start: str, ours: list[float], specinv: list[float], librosa: list[float]
) -> str:
    """Format the means of one algorithm from one start."""
    columns = {"musisep": ours, "torch_specinv": specinv, "librosa": librosa}
    cells = "  ".join(f"{who} {np.mean(db):7.2f}" for who, db in columns.items() if db)
    best = min((np.mean(values) for values in (specinv, librosa) if values), default=np.inf)
    missed = "  worse" if np.mean(ours) > best + 0.1 else ""
    return f"{name:26s} {start:12s} {cells}{missed}"


def reaching(signal: Array, plan: Plan) -> Iterator[str]:
    """Count the iterations from each start to the goal."""
    later_at = min(100, plan.most)
    for window, transform in WINDOWS.items():
        magnitudes = np.abs(transform.stft(signal))
        for name in ("zero", "random", "single-pass", "pghi"):
            counts, firsts = [], []
            for start in starts(magnitudes, transform, name, plan.seed):
                _, history = griffin_lim(
                    start, plan.most, 0, eva_iter=1, transform=transform, verbose=False,
                    return_history=True,
                )  # fmt: skip
                reached = history.iterations[history.values <= GOAL_DB]
                counts.append(reached[0] if reached.size else np.inf)
                firsts.append(history.values[[0, later_at]])
            begin, later = np.mean(firsts, axis=0)
            yield (
                f"{window:28s} {name:12s} start {begin:7.2f}  {GOAL_DB:g} dB after "
                f"{np.mean(counts):6.1f}  after {later_at}: {later:7.2f}"
            )


def inputs(signal: Array, plan: Plan) -> Iterator[str]:
    """Find signals again from stored spectrograms."""
    magnitudes = np.abs(TRANSFORM.stft(signal))
    for kind in ("magnitude", "mel", "log-frequency"):
        spectrogram = musisep.Spectrogram.of(signal, RATE, kind)
        audio, convergence = spectrogram.invert(rng=plan.seed)
        share = spectrogram.values.size / signal.size
        yield (
            f"{kind:14s} values per sample {share:5.2f}  convergence {convergence[0]:7.2f}  "
            f"of the short-time spectrum {level(audio[0], magnitudes):7.2f}"
        )


SECTIONS = {"algorithms": algorithms, "starts": reaching, "inputs": inputs}


if __name__ == "__main__":
    main()
