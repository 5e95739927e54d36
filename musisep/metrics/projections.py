"""Projections of estimates on filtered references, block by block: what BSS Eval 4 measures by.

References and estimates are ``[stem, channel, sample]``. A projection lets each channel of a
reference go through a filter into each channel of the estimate. Spectra are of blocks, so that long
signals need little memory beside their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

Signals = NDArray[np.float64]
Spectra = NDArray[np.complex128]

BLOCK = 2**14
"""Samples of an FFT; more if filters are long."""
LOADING = 1e-13
"""Energy of the noise that stands in for what references lack when filters make them of each other;
theirs is 1."""


class Energies(NamedTuple):
    """Energies of the parts of estimates, each an array [stem].

    The target is the projection on the stem's own reference, the projection that on all references.
    """

    true: Signals
    target: Signals
    estimate: Signals
    projection: Signals
    true_error: Signals
    """Of the estimate less the reference."""
    target_error: Signals
    """Of the estimate less the target."""
    spatial: Signals
    """Of the target less the reference."""
    interference: Signals
    """Of the projection less the target."""
    artefacts: Signals
    """Of the estimate less the projection."""


class Projections:
    """The filters that bring references next to each estimate.

    Parameters
    ----------
    references, estimates : array [stem, channel, sample]
        Not all of a reference is 0, nor of an estimate.
    taps : int
        Length of the filters, at least 1.

    Attributes
    ----------
    target, projection : ndarray [reference, estimate]
        Energies of the estimates' projections on one reference, and on all.
    """

    def __init__(self, references: Signals, estimates: Signals, taps: int) -> None:
        self._taps = taps
        shape = (*references.shape[:2], taps, len(estimates), estimates.shape[1])
        delayed = references.reshape(-1, references.shape[-1])
        along = correlations(delayed, estimates.reshape(-1, estimates.shape[-1]), taps)
        along = np.moveaxis(along, 1, 2).reshape(shape)
        lags = correlations(delayed, delayed, taps)
        channels = references.shape[1]
        self._alone = np.stack([
            solve(lags[at : at + channels, at : at + channels], own).reshape(own.shape)
            for at, own in zip(range(0, len(delayed), channels), along, strict=True)
        ])  # fmt: skip
        self._together = solve(lags, along).reshape(shape)
        self.target = np.einsum("jcted,jcted->je", along, self._alone)
        self.projection = np.broadcast_to(
            np.einsum("jcted,jcted->e", along, self._together), self.target.shape
        )

    def energies(
        self, references: Signals, estimates: Signals, permutation: NDArray[np.intp]
    ) -> Energies:
        """Measure excerpts of the signals, beyond which the references are silent.

        ``estimates[permutation[r]]`` is that of ``references[r]``.
        """
        taps, samples = self._taps, references.shape[-1]
        size = fft_size(taps)
        own = [self._alone[j, :, :, e] for j, e in enumerate(permutation)]
        alone = scipy.fft.rfft(np.stack(own), size, axis=2)
        together = scipy.fft.rfft(self._together[:, :, :, permutation], size, axis=2)
        sums = np.zeros((len(Energies._fields), len(references)))
        for first, start, stop in blocks(samples + taps - 1, taps):
            spectra = scipy.fft.rfft(references[..., first : min(stop, samples)], size)
            heard = slice(start - first, stop - first)
            parts = (
                np.einsum("jcf,jcfd->jdf", spectra, alone),
                np.einsum("icf,icfjd->jdf", spectra, together),
            )
            target, projection = (scipy.fft.irfft(part, size)[..., heard] for part in parts)
            true = _excerpt(references, start, stop)
            estimate = _excerpt(estimates, start, stop)[permutation]
            signals = (
                true, target, estimate, projection, estimate - true, estimate - target,
                target - true, projection - target, estimate - projection,
            )  # fmt: skip
            sums += [np.einsum("jcn,jcn->j", signal, signal) for signal in signals]
        return Energies(*sums)


def fft_size(taps: int) -> int:
    """Return the length of the FFT of a block."""
    return max(BLOCK, 2 ** int(4 * taps - 1).bit_length())


def blocks(samples: int, taps: int) -> Iterator[tuple[int, int, int]]:
    """Yield where each block begins with what filters still hear, where itself, and its end."""
    block = fft_size(taps) - taps + 1
    for start in range(0, samples, block):
        yield max(0, start - taps + 1), start, min(start + block, samples)


def correlations(delayed: Signals, signals: Signals, taps: int) -> Signals:
    """Return sums over n of ``delayed[p, n - t] * signals[q, n]``, [p, q, t], from t = 0."""
    size = fft_size(taps)
    total = np.zeros((len(delayed), len(signals), size // 2 + 1), complex)
    for first, start, stop in blocks(delayed.shape[1], taps):
        late = np.zeros((len(signals), stop - first))
        late[:, start - first :] = signals[:, start:stop]
        early = scipy.fft.rfft(delayed[:, first:stop], size).conj()
        total += early[:, None] * scipy.fft.rfft(late, size)
    return np.asarray(scipy.fft.irfft(total, size)[..., :taps])


def solve(lags: Signals, along: Signals) -> Signals:
    """Solve the normal equations of filters: [reference x tap, estimate].

    ``lags[p, q, t]`` are correlations of references, `along` those with estimates in as many rows.
    Where filters make references of each other, a little noise is added to them.
    """
    count, _, taps = lags.shape
    sides = along.reshape(count * taps, -1)
    energy = np.sqrt(np.repeat(np.diagonal(lags[..., 0]), taps))
    scale = np.where(energy > 0, energy, 1.0)  # a channel may be silent
    for loading in (0.0, LOADING, 100 * LOADING):
        gram = np.empty((count, taps, count, taps))
        for p, q in np.ndindex(count, count):
            gram[p, :, q] = scipy.linalg.toeplitz(lags[p, q], lags[q, p])
        flat = gram.reshape(count * taps, -1)
        flat /= scale[:, None]
        flat /= scale
        flat[np.diag_indices(len(flat))] += loading
        try:
            # Transposed, as it is symmetric: in the order in which LAPACK works in its place.
            factor = scipy.linalg.cho_factor(flat.T, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            continue
        found = scipy.linalg.cho_solve(factor, sides / scale[:, None], check_finite=False)
        return np.asarray(found / scale[:, None])
    raise ValueError("references that filters make of each other cannot be told apart")


def _excerpt(signals: Signals, start: int, stop: int) -> Signals:
    """Return samples of signals, silent behind their end."""
    part = signals[..., start:stop]
    missing = stop - start - part.shape[-1]
    return np.pad(part, [(0, 0), (0, 0), (0, missing)]) if missing else part
