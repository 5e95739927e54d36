"""Time iterations of phase retrieval, beside librosa and torch_specinv, in one process.

    python experiments/benchmarks/inversion.py [--seconds 10] [--rounds 5] [--iterations 100]

All may use two threads. The candidates take turns in each round. Printed are medians over the
rounds in ms per iteration (of RTISI-LA, whose iterations are those of each frame, over all frames)
and, behind each peer's, the median of its time over ours in the same round; "below" marks one that
misses its target. The signal is the demo recording at 22.05 kHz in frames of 1024 samples with a
hop of 256; all start from single-pass phases, but librosa from zero ones.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import above
import inversion_peers as peers
import numpy as np
import scipy.fft
from numpy.typing import NDArray
from timing import in_turn

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
from musisep.io import files

THREADS, RATE = 2, 22_050
TRANSFORM = SpectralTransform(1024, 256)
TARGETS = {"librosa": 2.0, "torch_specinv": 1.0}
RTISI_ITERATIONS = 2
"""torch_specinv needs seconds for each of them."""

Candidates = dict[str, Callable[[], object]]


def main() -> None:
    """Print a line for each algorithm and precision."""
    parser = above.Script(__doc__, ["--seconds", "0.5", "--rounds", "1", "--iterations", "20"])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=100, help="a multiple of 20")
    args = parser.parse_args()
    audio, rate = files.read(Path(musisep.__file__).with_name("demo") / "mix.flac")
    signal = np.resize(files.resample(audio, rate, RATE)[0], round(args.seconds * RATE))
    if peers.torch:
        peers.torch.set_num_threads(THREADS)
    with scipy.fft.set_workers(THREADS):
        for kind in ("f4", "f8"):
            for name, count, candidates in algorithms(signal.astype(kind), args.iterations):
                times = in_turn(candidates_there(candidates), args.rounds)
                print(line(f"{name}, float{8 * int(kind[1])}", count, times), flush=True)


def algorithms(signal: NDArray[Any], iterations: int) -> Iterator[tuple[str, int, Candidates]]:
    """Yield algorithms, their iterations, and who runs them; ours is the first."""
    magnitudes = np.ascontiguousarray(np.abs(TRANSFORM.stft(signal)))
    start = np.ascontiguousarray(phase_init(magnitudes, transform=TRANSFORM))
    samples = TRANSFORM.istft(start)
    options: dict[str, Any] = {"tol": 0, "transform": TRANSFORM, "verbose": False}
    given = magnitudes, start, TRANSFORM, iterations
    yield "Griffin-Lim", iterations, {
        "musisep": partial(griffin_lim, start, iterations, **options),
        "librosa": partial(
            peers.librosa_griffin_lim, magnitudes, "zero", np.random.default_rng(0), TRANSFORM,
            iterations,
        ),
        "torch_specinv": partial(peers.specinv_griffin_lim, *given),
    }  # fmt: skip
    yield (
        "ADMM",
        iterations,
        {
            "musisep": partial(admm, start, iterations, **options),
            "torch_specinv": partial(peers.specinv_admm, *given),
        },
    )
    yield "L-BFGS", iterations, {
        "musisep": partial(
            l_bfgs, magnitudes, StftMagnitude(TRANSFORM), init_x0=samples, max_iter=iterations,
            tol=0, verbose=False,
        ),
        "torch_specinv": partial(peers.specinv_l_bfgs, magnitudes, samples, TRANSFORM, iterations),
    }  # fmt: skip
    yield (
        "RTISI-LA",
        RTISI_ITERATIONS,
        {
            "musisep": partial(
                rtisi_la, magnitudes, max_iter=RTISI_ITERATIONS, transform=TRANSFORM, verbose=False
            ),
            "torch_specinv": partial(
                peers.specinv_rtisi_la, magnitudes, TRANSFORM, RTISI_ITERATIONS
            ),
        },
    )
    yield (
        "phase_init",
        1,
        {
            "musisep": partial(phase_init, magnitudes, transform=TRANSFORM),
            "torch_specinv": partial(peers.specinv_start, magnitudes, TRANSFORM),
        },
    )
    yield "PGHI", 1, {"musisep": partial(pghi, magnitudes, transform=TRANSFORM)}


def candidates_there(candidates: Candidates) -> Candidates:
    """Return the candidates whose package is installed."""
    missing = {name for name in TARGETS if not getattr(peers, name)}
    return {name: own for name, own in candidates.items() if name not in missing}


def line(name: str, iterations: int, times: dict[str, NDArray[np.float64]]) -> str:
    """Format the times of one algorithm."""
    (_, mine), *others = times.items()
    text = f"{name:22s} {1e3 * np.nanmedian(mine) / iterations:9.2f} ms"
    for peer, own in others:
        ratio = np.nanmedian(own / mine)
        missed = " below" if ratio < TARGETS[peer] else ""
        text += f"  {peer} {1e3 * np.nanmedian(own) / iterations:.2f}: {ratio:.2f}{missed}"
    return text


if __name__ == "__main__":
    main()
