"""Spectra of tones, the loss of tones on a frame, and greedy sparse pursuit."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike

from musisep.dictsep import exptool
from musisep.dictsep.tones import (
    SIGMA_RANGE,
    SPREAD_MAX,
    Floats,
    Ints,
    Peaks,
    ToneModel,
    from_slots,
    slots,
)

__all__ = [
    "GreedyPursuit",
    "Peaks",
    "bound_arrays",
    "calc_harscale",
    "correlations",
    "fft_selector",
    "gen_inst_spect",
    "inst_scale",
    "inst_shift",
    "inst_shift_dict_grad",
    "inst_shift_grad",
    "inst_shift_obj",
    "make_bounds",
    "max_selector",
    "patterns",
    "peak_pursuit",
]

FIT_STEPS = 40
"""Trials of the joint fit of `peak_pursuit`."""
FIT_TOLERANCE = 1e-6
"""Relative fall of the loss at which that fit ends."""


def calc_harscale(minfreq: float, maxfreq: float, numfreqs: int) -> float:
    """Return the bins per factor e of a log-frequency axis.

    Parameters
    ----------
    minfreq, maxfreq : float
        Lowest frequency (included) and highest frequency (excluded), in one unit.
    numfreqs : int
        Number of bins between them.

    Raises
    ------
    ValueError
        Unless 0 < minfreq < maxfreq and numfreqs > 0.
    """
    if not 0 < minfreq < maxfreq:
        raise ValueError(f"{minfreq=} and {maxfreq=} must satisfy 0 < minfreq < maxfreq")
    if numfreqs < 1:
        raise ValueError(f"{numfreqs=} must be at least 1")
    return numfreqs / math.log(maxfreq / minfreq)


def inst_shift(
    peaks: Peaks, inst_dict: ArrayLike, harscale: float, pexp: float, m: int, n: int
) -> Floats:
    """Synthesise the log-frequency spectrum of tones.

    Parameters
    ----------
    peaks : Peaks, tones of one frame
    inst_dict : array_like, shape (harmonic, instrument)
        Relative amplitudes of the harmonics.
    harscale : float
        Scale of the frequency axis, see `calc_harscale`.
    pexp : float
        Exponent for the addition of sinusoids.
    m : int
        Number of bins.
    n : int
        Number of tones: the first n of `peaks` sound.

    Returns
    -------
    ndarray, shape (m,)
    """
    return _magnitudes(peaks, inst_dict, harscale, pexp, m, n)


def inst_scale(peaks: Peaks, inst_dict: ArrayLike, pexp: float, m: int, n: int) -> Floats:
    """Synthesise the linear-frequency spectrum of tones; parameters as in `inst_shift`."""
    return _magnitudes(peaks, inst_dict, exptool.LINEAR, pexp, m, n)


def _magnitudes(
    peaks: Peaks, inst_dict: ArrayLike, harscale: float, pexp: float, m: int, n: int
) -> Floats:
    powers = np.zeros(m)
    params, insts = peaks.params[:, :n].copy(), peaks.insts[:n].copy()
    exptool.inst_shift(params, insts, checked_dictionary(inst_dict, insts), harscale, pexp, powers)
    return powers if pexp == 1 else powers ** (1 / pexp)


def checked_dictionary(inst_dict: ArrayLike, insts: Ints) -> Floats:
    """`inst_dict` as the kernels want it; they do not check their indices."""
    array = np.ascontiguousarray(inst_dict, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"inst_dict.shape={array.shape} must be [harmonic, instrument]")
    if insts.size and not 0 <= insts.min() <= insts.max() < array.shape[1]:
        raise ValueError(
            f"instrument numbers {insts.min()} to {insts.max()} must lie in "
            f"0 to {array.shape[1] - 1}, the columns of the dictionary"
        )
    return array


def inst_shift_obj(
    peak_array: ArrayLike,
    insts: ArrayLike,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    qexp: float,
    m: int,
    n: int,
    y: ArrayLike,
) -> float:
    """Loss of tones on a frame: half the sum over bins of ((Y + eps)^q - (y + eps)^q)^2.

    Parameters
    ----------
    peak_array : array_like, shape (4 * n,)
        Tones as in `Peaks.get_array`.
    insts : array_like of int, shape (n,)
        Instrument numbers.
    inst_dict : array_like, shape (harmonic, instrument)
        Relative amplitudes of the harmonics.
    harscale : float
        Scale of the frequency axis.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied to the spectra.
    m, n : int
        Number of bins, number of tones.
    y : array_like, shape (m,)
        Spectrum to compare with.
    """
    params, insts = _params(peak_array, insts, n)
    inst_dict = checked_dictionary(inst_dict, insts)
    target = _target(y, m, qexp)
    return float(
        exptool.loss_of(params, insts, inst_dict, harscale, pexp, qexp, target, np.empty(m))
    )


def inst_shift_grad(
    peak_array: ArrayLike,
    insts: ArrayLike,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    qexp: float,
    m: int,
    n: int,
    y: ArrayLike,
) -> Floats:
    """Gradient of `inst_shift_obj` with respect to `peak_array`, shape (4 * n,)."""
    params, insts = _params(peak_array, insts, n)
    inst_dict = checked_dictionary(inst_dict, insts)
    powers, residual, slope = np.zeros(m), np.empty(m), np.empty(m)
    jacobian = np.zeros((4, n, m))
    exptool.inst_shift_grad(params, insts, inst_dict, harscale, pexp, powers, jacobian)
    exptool.residual_and_slope(powers, _target(y, m, qexp), pexp, qexp, residual, slope)
    return jacobian.reshape(4 * n, m) @ (residual * slope)


def inst_shift_dict_grad(
    peak_array: ArrayLike,
    insts: ArrayLike,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    qexp: float,
    m: int,
    n: int,
    y: ArrayLike,
) -> Floats:
    """Gradient of `inst_shift_obj` with respect to `inst_dict`, and of its shape."""
    params, insts = _params(peak_array, insts, n)
    inst_dict = checked_dictionary(inst_dict, insts)
    grads = np.zeros((2, *inst_dict.shape))
    targets = _target(y, m, qexp)[None]
    exptool.add_loss_dict_grads(
        params[None], insts[None], inst_dict, harscale, pexp, qexp, targets, grads
    )  # fmt: skip
    return grads[1] - grads[0]


def _params(peak_array: ArrayLike, insts: ArrayLike, n: int) -> tuple[Floats, Ints]:
    params = np.array(peak_array, dtype=np.float64)
    insts = np.ascontiguousarray(insts, dtype=np.int64)
    if params.shape != (4 * n,) or insts.shape != (n,):
        raise ValueError(
            f"peak_array.shape={params.shape} and insts.shape={insts.shape} must be "
            f"({4 * n},) and ({n},) for {n=} tones"
        )
    return params.reshape(4, n), insts


def _target(y: ArrayLike, m: int, qexp: float) -> Floats:
    y = np.ascontiguousarray(y, dtype=np.float64)
    if y.shape != (m,):
        raise ValueError(f"y.shape={y.shape} must be ({m=},)")
    if y.min() < 0:
        raise ValueError(f"y.min()={y.min()} must be at least 0: y holds magnitudes")
    return (y + exptool.EPS) ** qexp


def make_bounds(fsigma: float, length: int) -> list[tuple[float | None, float | None]]:
    """Return the bounds of the parameters of `length` tones in the order of `Peaks.get_array`."""
    limits: list[tuple[float | None, float | None]] = [
        (0.0, None),
        (0.0, None),
        (SIGMA_RANGE[0] * fsigma, SIGMA_RANGE[1] * fsigma),
        (0.0, SPREAD_MAX),
    ]
    return [limit for limit in limits for _ in range(length)]


def bound_arrays(fsigma: float, length: int) -> tuple[Floats, Floats]:
    """`make_bounds` as the kernels take it: lower and upper, both (4, length)."""
    bounds = make_bounds(fsigma, length)
    lower = [-np.inf if low is None else low for low, _ in bounds]
    upper = [np.inf if high is None else high for _, high in bounds]
    return np.array(lower).reshape(4, length), np.array(upper).reshape(4, length)


def gen_inst_spect(
    baseshift: int,
    fsigma: float,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    qexp: float,
    m: int,
) -> Floats:
    """Generate the pattern of each instrument: the q-th power of a tone of amplitude 1.

    Parameters
    ----------
    baseshift : int
        Bin of the fundamental, and bins to add to a spectrum in order to avoid circular
        convolution; see `ToneModel.baseshift`.
    fsigma : float
        Width of the harmonics, in bins.
    inst_dict : array_like, shape (harmonic, instrument)
        Relative amplitudes of the harmonics.
    harscale : float
        Scale of the frequency axis.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied to the spectrum.
    m : int
        Height of the spectrogram.

    Returns
    -------
    ndarray, shape (m + baseshift, instrument)
    """
    model = ToneModel(fsigma, harscale, m + baseshift, pexp, qexp)
    columns = [
        inst_shift(
            Peaks([1.0], [baseshift], [fsigma], [0.0], [inst]),
            inst_dict, harscale, pexp, model.m, 1,
        )
        for inst in range(np.shape(inst_dict)[1])
    ]  # fmt: skip
    return model.roots(np.stack(columns, axis=1))


def patterns(model: ToneModel, inst_dict: Floats) -> tuple[int, Floats]:
    """Return a `baseshift` that suits the model, and the patterns of `gen_inst_spect`."""
    baseshift = model.baseshift(inst_dict.shape[0])
    return baseshift, gen_inst_spect(
        baseshift, model.fsigma, inst_dict, model.harscale, model.pexp, model.qexp, model.m
    )


def correlations(roots: Floats, inst_spect: Floats, baseshift: int) -> Floats:
    """Correlate spectra with the patterns of the instruments at every shift.

    Parameters
    ----------
    roots : ndarray, shape (..., m)
        Spectra to the power of q.
    inst_spect : ndarray, shape (m + baseshift, instrument)
        Patterns from `gen_inst_spect`.
    baseshift : int
        Bin of the fundamental in the patterns.

    Returns
    -------
    ndarray, shape (..., instrument, m)
        Scalar products with the patterns shifted to fundamentals 0 to m - 1.
    """
    m = roots.shape[-1]
    size = scipy.fft.next_fast_len(m + inst_spect.shape[0], real=True)
    patterns = scipy.fft.rfft(np.roll(_padded(inst_spect.T, size), -baseshift, axis=-1))
    spectra = scipy.fft.rfft(roots, size)
    return scipy.fft.irfft(spectra[..., None, :] * patterns.conj(), size)[..., :m]


def _padded(rows: Floats, size: int) -> Floats:
    return np.pad(rows, ((0, 0), (0, size - rows.shape[1])))


def fft_selector(
    y: ArrayLike, prenum: int, baseshift: int, inst_spect: ArrayLike, qexp: float
) -> tuple[Floats, Floats, Ints]:
    """Find tones as maxima of the correlation with the instruments' patterns of unit norm.

    Parameters
    ----------
    y : array_like, shape (m,)
        Spectrum; a residual may have negative values, of which the power keeps the sign.
    prenum : int
        Number of tones to return at most.
    baseshift : int
        Bin of the fundamental in the patterns.
    inst_spect : array_like, shape (m + baseshift, instrument)
        Patterns from `gen_inst_spect`.
    qexp : float
        Exponent to be applied on the spectrum.

    Returns
    -------
    amps, shifts, insts : ndarray, at most `prenum` each
        Amplitudes, shifts (0 to m - 1) and instruments of the positive correlations, the
        highest first.
    """
    y = np.asarray(y, dtype=np.float64)
    inst_spect = np.asarray(inst_spect, dtype=np.float64)
    norms = np.linalg.norm(inst_spect, axis=0)
    norms[norms == 0] = np.inf
    scores = correlations(np.sign(y) * np.abs(y) ** qexp, inst_spect / norms, baseshift)
    best = np.argsort(-scores, axis=None, kind="stable")[:prenum]
    insts, shifts = np.unravel_index(best, scores.shape)
    positive = scores[insts, shifts] > 0
    insts, shifts = insts[positive], shifts[positive]
    amps = (scores[insts, shifts] / norms[insts]) ** (1 / qexp)
    return amps, shifts.astype(np.float64), insts.astype(np.int64)


def max_selector(y: ArrayLike, prenum: int, n: int) -> tuple[Floats, Floats, Ints]:
    """Find peaks: the highest points of the interval of `n` points around them.

    Parameters
    ----------
    y : array_like, shape (m,)
        Spectrum.
    prenum : int
        Number of peaks to return at most.
    n : int > 0
        Length of the interval.

    Returns
    -------
    amps, shifts, insts : ndarray, at most `prenum` each
        Heights and positions of the positive peaks, the highest first; instruments are 0.
    """
    y = np.asarray(y, dtype=np.float64)
    highest = scipy.ndimage.maximum_filter1d(y, n, mode="constant", cval=-np.inf)
    shifts = np.flatnonzero((y == highest) & (y > 0))
    shifts = shifts[np.argsort(-y[shifts], kind="stable")][:prenum]
    return y[shifts], shifts.astype(np.float64), np.zeros(shifts.size, np.int64)


def peak_pursuit(
    y: ArrayLike,
    num: int,
    prenum: int,
    runs: int,
    inst_dict: ArrayLike,
    fsigma: float,
    harscale: float,
    selector: Callable[..., tuple[Floats, Floats, Ints]],
    selector_args: Sequence[Any],
    pexp: float,
    qexp: float,
    beta: float = 1,
    init: Peaks | None = None,
) -> tuple[Peaks, Floats]:
    """Find the few tones that explain a frame, greedily.

    In each run the selector proposes tones for what is left unexplained, all tones are fitted
    jointly, and the `num` loudest stay and are fitted again. The pursuit ends when a run does
    not reduce the norm of the residual below `beta` of its former value; that run is undone.

    Parameters
    ----------
    y : array_like, shape (m,)
        Spectrum.
    num : int
        Maximum number of tones in all.
    prenum : int
        Number of tones that are proposed per run.
    runs : int
        Maximum number of runs.
    inst_dict : array_like, shape (harmonic, instrument)
        Relative amplitudes of the harmonics.
    fsigma : float
        Width of a steady sinusoid, in bins.
    harscale : float
        Scale of the frequency axis.
    selector : function
        Called with the residual (to the power 1/q, with its sign) and `prenum`;
        `fft_selector` or `max_selector`, for instance.
    selector_args : sequence
        Its further arguments.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied to the spectrum.
    beta : float
        Residual reduction factor.
    init : Peaks, optional
        Tones to start with.

    Returns
    -------
    peaks : Peaks
        Tones of amplitude above 0, the loudest first.
    reconstruction : ndarray, shape (m,)
        Their spectrum.

    References
    ----------
    .. [1] S. Schulze, E. J. King, "Sparse pursuit and dictionary learning for blind source
       separation in polyphonic music recordings", EURASIP J. Audio, Speech, Music Process.,
       2021.
    """
    y = np.ascontiguousarray(y, dtype=np.float64)
    target = _target(y, y.size, qexp)
    peaks = Peaks.empty() if init is None else init.loudest(num)

    def residual_of(peaks: Peaks) -> tuple[Floats, Floats]:
        spectrum = inst_shift(peaks, inst_dict, harscale, pexp, y.size, len(peaks))
        return target - (spectrum + exptool.EPS) ** qexp, spectrum

    def fitted(peaks: Peaks) -> Peaks:
        params, insts = peaks.params, peaks.insts
        columns, bounds = checked_dictionary(inst_dict, insts), bound_arrays(fsigma, len(peaks))
        params = np.clip(params, *bounds)
        exptool.fit_tones(
            params, insts, columns, harscale, pexp, qexp, target, *bounds, FIT_STEPS, FIT_TOLERANCE
        )
        return Peaks.from_array(params.ravel(), insts)

    residual, reconstruction = residual_of(peaks)
    for _ in range(runs):
        signed = np.sign(residual) * np.abs(residual) ** (1 / qexp)
        amps, shifts, insts = selector(signed, prenum, *selector_args)
        if not len(amps):
            break
        proposed = Peaks(amps, shifts, np.full(len(amps), fsigma), np.zeros(len(amps)), insts)
        trial = fitted(peaks.merged(proposed))
        trial = fitted(trial.loudest(num)) if len(trial) > num else trial
        new_residual, new_reconstruction = residual_of(trial)
        if np.linalg.norm(new_residual) >= beta * np.linalg.norm(residual):
            break
        peaks, residual, reconstruction = trial, new_residual, new_reconstruction
    return peaks.loudest(int(np.count_nonzero(peaks.amps))), reconstruction


@dataclass(frozen=True)
class GreedyPursuit:
    """Finds the tones of each frame by `peak_pursuit`; called like every finder of tones.

    Parameters
    ----------
    model : ToneModel
    tones : int
        Number of tones of one instrument at a time.
    beta : float
        Residual reduction factor.
    """

    model: ToneModel
    tones: int = 1
    beta: float = 0.9

    def __call__(self, frames: Floats, inst_dict: Floats, jobs: int = 1) -> Peaks:
        """Find tones; `frames` [frame, bin], result (frame, tones * instruments)."""
        insts = slots(inst_dict.shape[1], self.tones)
        params = np.zeros((len(frames), 4, insts.size))
        params[:, exptool.SIGMA] = self.model.fsigma
        spects = patterns(self.model, inst_dict)
        for frame, y in zip(params, frames, strict=True):
            found = self.pursue(y, inst_dict, *spects)[0]
            for inst in range(inst_dict.shape[1]):
                own = found[found.insts == inst].params[:, : self.tones]
                frame[:, inst * self.tones : inst * self.tones + own.shape[1]] = own
        return from_slots(params, insts)

    def pursue(
        self, y: Floats, inst_dict: Floats, baseshift: int, inst_spect: Floats
    ) -> tuple[Peaks, Floats]:
        """`peak_pursuit` of one frame."""
        model, number = self.model, self.tones * inst_dict.shape[1]
        return peak_pursuit(
            y, number, 1, 2 * number, inst_dict, model.fsigma, model.harscale, fft_selector,
            (baseshift, inst_spect, model.qexp), model.pexp, model.qexp, self.beta,
        )  # fmt: skip
