"""Time kernels against plain NumPy, and the fit of tones against scipy's L-BFGS-B.

    python experiments/benchmarks/kernels.py [--repeats 15] [--seed 0]

Prints medians of the times of each pair, which run in turn in one process, and their ratio.
"""

import math
import statistics
from collections.abc import Callable
from functools import partial

import above
import numpy as np
import scipy.optimize
from timing import seconds

from musisep.audio.cqt.constantq import constant_q
from musisep.dictsep.pursuit import inst_shift_grad, inst_shift_obj
from musisep.tones import _kernels
from musisep.tones.model import bound_arrays, calc_harscale, make_bounds
from musisep.tones.peaks import Peaks
from musisep.tones.spectra import inst_shift

BINS, HARMONICS = 1024, 25
SCALE = calc_harscale(20, 20_480, BINS)
FSIGMA = 6 / math.pi
REPEATS = 15


def main() -> None:
    """Print a line for each pair."""
    parser = above.Script(__doc__, ["--repeats", "1"], seed=True)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    args = parser.parse_args()
    pair = partial(compared, repeats=args.repeats)
    rng = np.random.default_rng(args.seed)
    order = np.arange(1, HARMONICS + 1)
    inst_dict = rng.uniform(size=(HARMONICS, 2)) / order[:, None]
    true = Peaks([1.0, 0.6], [400.3, 471.8], [FSIGMA, 1.05 * FSIGMA], [5e-5, 0], [0, 1])
    start = Peaks([0.8, 0.8], [401, 471], 2 * [FSIGMA], [0, 0], [0, 1])
    y = inst_shift(true, inst_dict, SCALE, 1, BINS, 2)
    arguments = true.insts, inst_dict, SCALE, 1, 0.5, BINS, 2, y

    pair(
        "spectrum of two tones",
        lambda: inst_shift(true, inst_dict, SCALE, 1, BINS, 2),
        lambda: numpy_spectrum(true, inst_dict),
        1e-6,
    )
    pair(
        "joint fit of two tones (other: L-BFGS-B over the same kernels)",
        lambda: kernel_fit(start, y, inst_dict),
        lambda: scipy_fit(start, arguments),
        1e-3,
    )
    signal = rng.normal(size=44_100)
    frequencies = 40 * 2 ** (np.arange(96) / 12)
    pair(
        "constant-Q of 1 s, 96 bins (other: filter by filter)",
        lambda: constant_q(signal, 44_100, frequencies, 0.02, 441),
        lambda: numpy_constant_q(signal, 44_100, frequencies, 0.02, 441),
        1e-3,
    )


def compared(
    name: str,
    ours: Callable[[], np.ndarray],
    other: Callable[[], np.ndarray],
    tolerance: float,
    repeats: int,
) -> None:
    """Check that both give the same, then time them in turn."""
    difference = np.linalg.norm(ours() - other()) / np.linalg.norm(other())
    if difference > tolerance:
        raise SystemExit(f"{name}: results differ by {difference:.1e}")
    times = np.array([[seconds(ours), seconds(other)] for _ in range(repeats)])
    ratio = statistics.median(times[:, 1] / times[:, 0])
    a, b = 1e3 * np.median(times, axis=0)
    print(f"{name:64s} {a:9.3f} ms  other {b:9.3f} ms  ratio {ratio:7.1f}", flush=True)


def numpy_spectrum(peaks: Peaks, inst_dict: np.ndarray) -> np.ndarray:
    """Sum the formula over all tones, harmonics and bins."""
    order = np.arange(1, HARMONICS + 1)
    stretch = 0.5 * np.log1p(peaks.spreads[:, None] * order**2)
    centre = peaks.shifts[:, None] + SCALE * (np.log(order) + stretch)
    distance = (np.arange(BINS) - centre[..., None]) / peaks.sigmas[:, None, None]
    heights = peaks.amps[:, None] * inst_dict.T[peaks.insts]
    return np.sum(heights[..., None] * np.exp(-0.5 * distance**2), axis=(0, 1))


def kernel_fit(start: Peaks, y: np.ndarray, inst_dict: np.ndarray) -> np.ndarray:
    """Fit by projected Levenberg-Marquardt."""
    params = start.params
    target = np.sqrt(y + _kernels.EPS)
    bounds = bound_arrays(FSIGMA, 2, BINS)
    _kernels.fit_tones(params, start.insts, inst_dict, SCALE, 1.0, 0.5, target, *bounds, 40, 1e-6)
    return params[:2]


def scipy_fit(start: Peaks, arguments: tuple) -> np.ndarray:
    """Fit by scipy, with parameters scaled alike."""
    scale = np.repeat([1, 1, 1, 1e-3], 2)
    result = scipy.optimize.minimize(
        lambda x: inst_shift_obj(x * scale, *arguments),
        start.get_array() / scale,
        jac=lambda x: scale * inst_shift_grad(x * scale, *arguments),
        method="L-BFGS-B",
        bounds=[
            tuple(None if limit is None else limit / s for limit in limits)
            for limits, s in zip(make_bounds(FSIGMA, 2), scale, strict=True)
        ],
        options={"maxiter": 500, "ftol": 1e-12},
    )
    return (result.x * scale).reshape(4, 2)[:2]


def numpy_constant_q(
    signal: np.ndarray, rate: int, frequencies: np.ndarray, bandwidth: float, hop: int
) -> np.ndarray:
    """Filter the whole signal for each bin and keep every hop-th sample."""
    size = 2 * signal.size
    spectrum = np.fft.fft(signal, size)
    bins = np.arange(size) * rate / size
    rows = [
        2 * np.fft.ifft(spectrum * np.exp(-0.5 * ((bins - f) / (bandwidth * f)) ** 2))
        for f in frequencies
    ]
    return np.array(rows)[:, : signal.size + 1 : hop]


if __name__ == "__main__":
    main()
