"""How close estimated stems are to the true ones.

Conventions
-----------
Signals are ``[instrument, sample]`` or ``[instrument, channel, sample]``; an instrument's
channels are laid end to end and measured as one signal. All measures are in dB and ignore the
gain of every signal, so that signed integers need no full scale. They are infinite where the noise
is no more than the rounding of the arithmetic, and NaN where a signal is silent.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least

__all__ = ["BssEval", "bss_eval", "si_sdr"]

Signals = NDArray[np.float64]

_LARGEST_SIR = 400.0
"""dB that infinite ratios count when estimates are assigned, lest a sum is undefined."""
_UNDEFINED_SIR = -1e6
"""dB that the ratio of a silent signal counts then."""
_ALIKE = 1e-12
"""References of which one has this share of energy outside another, -120 dB, span one direction."""
_COARSE_ROUNDING = 1e-12
"""Share of energy that counts as rounding if there are several taps."""
_LOADING = 1e-13
"""Energy of the noise that stands in for what references lack when filters make them of each other;
theirs is 1."""


class BssEval(NamedTuple):
    """The measures of BSS Eval, in the order of the references.

    Parameters
    ----------
    sdr, sir, sar : ndarray, float [instrument]
        Ratios of signal to distortion, interference and artefacts, in dB.
    permutation : ndarray, int [instrument]
        ``estimates[permutation[r]]`` is the estimate of ``references[r]``.

    Examples
    --------
    >>> from musisep.metrics import bss_eval
    >>> sdr, sir, sar, permutation = bss_eval([[1.0, 0.0], [0.0, 1.0]], [[0.1, 1.0], [1.0, 0.0]])
    >>> permutation.tolist()  # the second estimate is that of the first reference
    [1, 0]
    >>> sdr.round(1).tolist()
    [inf, 20.0]
    """

    sdr: Signals
    sir: Signals
    sar: Signals
    permutation: NDArray[np.intp]


def bss_eval(references: ArrayLike, estimates: ArrayLike, *, filter_length: int = 1) -> BssEval:
    """Measure separated stems, allowing each a gain, or a filter (BSS Eval).

    An estimate is split into the part along its reference (target), the rest of its projection
    on all references (interference), and what no reference explains (artefacts) [1]_. Estimates
    are assigned to references so that the mean SIR is highest.

    Parameters
    ----------
    references : array_like, float [instrument, sample] or [instrument, channel, sample]
        True stems.
    estimates : array_like, float [instrument, sample] or [instrument, channel, sample]
        Estimated stems, of the same shape, in any order.
    filter_length : int, optional
        Taps of the filter that each reference may go through, at least 1: a gain. Classic BSS
        Eval has 512, which forgives small shifts and some equalising. An instrument's channels
        share the filter; so that it does not run from one into the next, there are
        ``filter_length - 1`` zeros between them.

    Returns
    -------
    BssEval
        SDR, SIR and SAR in dB. With a single reference there is no interference and the SIR is
        infinite. A silent reference or estimate has NaN measures; the others keep theirs.
        With several taps, energies are those of correlations [2]_, to 1e-6 dB up to about 70 dB;
        measures of more than 120 dB, such as those of copies, are infinite. Where references have
        a band without power (low-passed ones), SIR and SAR are certain to about 1 dB only.

    Raises
    ------
    ValueError
        If shapes differ or are not those above, a sample is not finite, or `filter_length` is
        not an integer from 1 to the number of samples.

    Warns
    -----
    RuntimeWarning
        Once, naming the silent signals.

    References
    ----------
    .. [1] E. Vincent, R. Gribonval, C. Févotte, "Performance measurement in blind audio source
       separation", IEEE Trans. Audio, Speech, Language Process. 14(4), 2006.
    .. [2] R. Scheibler, "SDR – medium rare with fast computations", ICASSP 2022.

    Examples
    --------
    Two sines, of which each estimate has a tenth of the other one. That is interference:

    >>> import numpy as np
    >>> from musisep.metrics import bss_eval
    >>> time_s = np.arange(8000) / 8000
    >>> references = np.sin(2 * np.pi * np.outer([440, 660], time_s))
    >>> measures = bss_eval(references, references + 0.1 * references[::-1])
    >>> measures.sdr.round(1).tolist(), measures.sir.round(1).tolist()
    ([20.0, 20.0], [20.0, 20.0])
    >>> measures.sar.tolist()
    [inf, inf]
    """
    filter_length = at_least("filter_length", filter_length, 1)
    true, estimated = _directions(references, estimates, filter_length)
    measures = _measure_pairs(true, estimated, filter_length)
    sir = np.clip(measures[1], -_LARGEST_SIR, _LARGEST_SIR)
    references_in_order, permutation = scipy.optimize.linear_sum_assignment(
        np.where(np.isnan(sir), _UNDEFINED_SIR, sir), maximize=True
    )
    sdr, sir, sar = measures[:, references_in_order, permutation]
    return BssEval(sdr, sir, sar, permutation)


def si_sdr(references: ArrayLike, estimates: ArrayLike) -> Signals:
    """Return the scale-invariant SDR of each estimate against the reference of the same index.

    It is the SDR of `bss_eval` for a given order: the energy of the estimate's projection on its
    reference over the energy of the rest [1]_. Means are not removed.

    Parameters
    ----------
    references : array_like, float [instrument, sample] or [instrument, channel, sample]
        True stems.
    estimates : array_like, float [instrument, sample] or [instrument, channel, sample]
        Estimated stems, of the same shape.

    Returns
    -------
    ndarray, float [instrument]
        SI-SDR in dB; NaN where a signal is silent.

    Raises
    ------
    ValueError
        If shapes differ or are not those above, or a sample is not finite.

    Warns
    -----
    RuntimeWarning
        Once, naming the silent signals.

    References
    ----------
    .. [1] J. Le Roux, S. Wisdom, H. Erdogan, J. R. Hershey, "SDR – half-baked or well done?",
       ICASSP 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.metrics import si_sdr
    >>> time_s = np.arange(8000) / 8000
    >>> sines = np.sin(2 * np.pi * np.outer([440, 660], time_s))
    >>> si_sdr(sines[:1], 5 * (sines[:1] + 0.1 * sines[1:])).round(1)  # gains do not matter
    array([20.])
    """
    pairs = zip(*_directions(references, estimates), strict=True)
    return np.array([_measure_pairs(r[None], e[None])[0][0, 0] for r, e in pairs])


def _directions(
    references: ArrayLike, estimates: ArrayLike, taps: int = 1
) -> tuple[Signals, Signals]:
    """Check both sets of signals, warn of silent ones and return them normalised."""
    true, estimated = signed_reals("references", references), signed_reals("estimates", estimates)
    if true.shape != estimated.shape:
        raise ValueError(
            f"references.shape={true.shape} must equal estimates.shape={estimated.shape}"
        )
    silent = []
    for name, signals in (("references", true), ("estimates", estimated)):
        refuse_bad(name, signals, taps)
        if which := [k for k, signal in enumerate(signals) if not signal.any()]:
            silent.append(f"{name} {which}")
    if silent:
        message = f"silent, measured as NaN: {', '.join(silent)}"
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    return _normalised(true, taps), _normalised(estimated, taps)


def signed_reals(name: str, signals: ArrayLike) -> Signals:
    """Return real numbers; integers without sign are refused, as their silence is not 0."""
    try:
        array = np.asarray(signals)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers: {error}") from None
    if array.dtype.kind not in "if":
        raise ValueError(f"{name} of dtype={array.dtype} must be floating-point or signed integers")
    return array.astype(np.float64, copy=False)


def refuse_bad(name: str, signals: Signals, taps: int) -> None:
    """Raise ValueError unless the signals can be measured."""
    shape = signals.shape
    if signals.ndim not in (2, 3) or 0 in shape:
        raise ValueError(
            f"{name}.shape={shape} must be [instrument, sample] or [instrument, channel, sample], "
            "none of them 0"
        )
    if shape[0] > shape[-1]:
        raise ValueError(f"{name}.shape={shape} has more instruments than samples (transposed?)")
    if shape[-1] < taps:
        raise ValueError(f"{name}.shape={shape} has fewer samples than filter_length={taps}")
    bad = np.argwhere(~np.isfinite(signals))
    if len(bad):
        where = tuple(bad[0].tolist())
        raise ValueError(f"{name}{list(where)}={signals[where]} must be finite")


def _normalised(signals: Signals, taps: int) -> Signals:
    """Return the signals as [instrument, sample] with norm 1, or 0 if silent."""
    if signals.ndim == 3 and taps > 1:
        signals = np.pad(signals, [(0, 0), (0, 0), (0, taps - 1)])
    flat = signals.reshape(len(signals), -1)
    # First to peak 1 (order infinity), or the squares of very quiet or loud samples are lost.
    for order in (np.inf, 2):
        size = np.linalg.norm(flat, order, axis=1, keepdims=True)
        flat = np.divide(flat, size, out=np.zeros_like(flat), where=size > 0)
    return flat


def _measure_pairs(references: Signals, estimates: Signals, taps: int = 1) -> Signals:
    """Return [SDR, SIR and SAR, reference, estimate] of signals with norm 1, or 0 if silent."""
    if taps > 1:
        return _measure_filtered_pairs(references, estimates, taps)
    gram = references @ references.T
    along = references @ estimates.T
    weights = np.linalg.pinv(gram, rcond=_ALIKE, hermitian=True) @ along
    projection = np.sum(weights * along, axis=0)
    artefacts = np.sum((estimates - weights.T @ references) ** 2, axis=1)
    # The projection less the target is a combination of references as well.
    others = weights - np.eye(len(gram))[:, :, None] * along[:, None, :]
    interference = np.einsum("rke,kl,rle->re", others, gram, others)
    signal = np.broadcast_arrays(along**2, along**2, projection)
    noise = np.broadcast_arrays(interference + artefacts, interference, artefacts)
    measures = _decibels(np.stack(signal), np.stack(noise), references.shape[1])
    measures[:, ~references.any(axis=1)] = np.nan
    return measures


def _measure_filtered_pairs(references: Signals, estimates: Signals, taps: int) -> Signals:
    """Return what `_measure_pairs` does, where references may go through filters."""
    measures = np.full((3, len(references), len(estimates)), np.nan)
    heard = [np.flatnonzero(signals.any(axis=1)) for signals in (references, estimates)]
    if not all(map(len, heard)):
        return measures
    pair = references[heard[0]], estimates[heard[1]]
    try:
        energies = _explained(*pair, taps)
    except np.linalg.LinAlgError:  # filters make the references of each other
        energies = _explained(*pair, taps, _LOADING)
    target, projection = (np.clip(energy, 0.0, 1.0) for energy in energies)
    if len(target) == 1:
        projection = target
    signal = np.stack([target, target, projection])
    whole = np.stack([np.ones_like(target), projection, np.ones_like(target)])
    noise = np.where(whole - signal <= _COARSE_ROUNDING * whole, 0.0, whole - signal)
    measures[:, heard[0][:, None], heard[1]] = _decibels(signal, noise, references.shape[1])
    return measures


def _explained(
    references: Signals, estimates: Signals, taps: int, loading: float = 0.0
) -> tuple[Signals, Signals]:
    """Return the energies of projections on the filtered references, [reference, estimate].

    The first is on each reference alone, the second on all together; normal equations from
    correlations.
    """
    count = len(references)
    size = scipy.fft.next_fast_len(references.shape[1] + taps, real=True)
    spectra = scipy.fft.rfft(references, size).conj()
    along = np.stack([
        scipy.fft.irfft(spectra * spectrum, size)[:, :taps]
        for spectrum in scipy.fft.rfft(estimates, size)
    ], axis=-1)  # fmt: skip
    gram = np.empty((count, taps, count, taps))
    for first, second in np.ndindex(count, count):
        lags = scipy.fft.irfft(spectra[first] * spectra[second].conj(), size)
        gram[first, :, second] = scipy.linalg.toeplitz(lags[:taps], np.roll(lags[::-1], 1)[:taps])
    gram.reshape(count * taps, -1)[np.diag_indices(count * taps)] += loading
    alone = np.stack([
        np.sum(own * np.linalg.solve(gram[number, :, number], own), axis=0)
        for number, own in enumerate(along)
    ])  # fmt: skip
    every = along.reshape(count * taps, -1)
    together = np.sum(every * np.linalg.solve(gram.reshape(count * taps, -1), every), axis=0)
    return alone, np.broadcast_to(together, alone.shape)


def _decibels(signal: Signals, noise: Signals, samples: int) -> Signals:
    """Return the ratio of energies, where those at the level of rounding count as none."""
    rounding = samples * (8 * np.finfo(np.float64).eps) ** 2
    signal, noise = (np.where(energy <= rounding, 0.0, energy) for energy in (signal, noise))
    with np.errstate(divide="ignore", invalid="ignore"):
        return 10 * np.log10(signal / noise)
