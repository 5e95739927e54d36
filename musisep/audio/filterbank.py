"""Powers of spectra and their pooling into bands, block by block."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util import threads
from musisep._util.checks import above_zero, at_least, function, instance
from musisep._util.remaking import Remade
from musisep.audio._kernels.filterbank import pool, spread, squares
from musisep.audio.arrays import (
    Real,
    Spectra,
    as_array,
    as_numbers,
    as_real,
    as_samples,
    read_only,
    real_kind,
)
from musisep.audio.stft import SpectralTransform

Made = TypeVar("Made")

BLOCK_FRAMES = 256
"""Frames that one thread takes at a time."""
KINDS = (np.dtype(np.float32), np.dtype(np.float64))


@dataclass(frozen=True, eq=False)
class Filterbank(Remade):
    """Weighted sums of frequency bins, without the zeros at either end of each band.

    Parameters
    ----------
    matrix : array_like [frequency, band]
        Weights; finite. A read-only copy is kept.

    Raises
    ------
    ValueError
        If the matrix is not of this kind.

    Examples
    --------
    The sum of the first two of three frequencies, and the last of them:

    >>> import numpy as np
    >>> from musisep.audio import Filterbank
    >>> bank = Filterbank(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))  # [frequency, band]
    >>> bank.project([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).tolist()  # [band, frame]
    [[4.0, 6.0], [5.0, 6.0]]
    """

    matrix: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check and keep the weights."""
        matrix = as_real(self.matrix, "matrix").astype(np.float64, copy=False)
        if matrix.ndim != 2 or 0 in matrix.shape or not np.isfinite(matrix).all():
            raise ValueError(
                f"matrix of shape={matrix.shape} must be finite and of shape (frequency, band)"
            )
        object.__setattr__(self, "matrix", read_only(matrix))

    @property
    def bands(self) -> int:
        """Number of bands."""
        return self.matrix.shape[1]

    @cached_property
    def _ranges(self) -> NDArray[np.intp]:
        """First frequency and the one after the last that each band uses, [band, 2]."""
        used = self.matrix.T != 0
        first, stop = used.argmax(1), used.shape[1] - used[:, ::-1].argmax(1)
        return read_only(np.stack([first, np.where(used.any(1), stop, first)], axis=1))

    @cached_property
    def _packed(self) -> dict[np.dtype[Any], Real]:
        """Weights of these frequencies, band after band, in either precision."""
        bands = zip(self.matrix.T, self._ranges, strict=True)
        weights = np.concatenate([band[first:stop] for band, (first, stop) in bands])
        return {kind: read_only(weights.astype(kind)) for kind in KINDS}

    def apply(self, values: ArrayLike, out: Real | None = None) -> Real:
        """Pool the frequencies of each frame into bands.

        Parameters
        ----------
        values : array_like [frame, frequency]
            Real numbers.
        out : ndarray [frame, band], optional
            Receives the result; of the type that it has.

        Returns
        -------
        ndarray, float [frame, band]
            In float32 if the values are, else in float64.

        Raises
        ------
        ValueError
            If a shape or a type does not fit.
        """
        values = as_real(values, "values")
        shape = (len(values), len(self.matrix))
        if values.shape != shape:
            raise ValueError(
                f"values of shape={values.shape} must be of shape (frame, frequency)={shape}"
            )
        out = _room(out, (len(values), self.bands), values.dtype)
        pool(values, self._ranges, self._packed[values.dtype], out)
        return out

    def project(self, spectrogram: ArrayLike) -> Real:
        """Pool the frequencies of a whole spectrogram, in threads as `threads.each` has it.

        Parameters
        ----------
        spectrogram : array_like [..., frequency, frame]
            Real numbers.

        Returns
        -------
        ndarray, float [..., band, frame]
            In float32 if the spectrogram is, else in float64.

        Raises
        ------
        ValueError
            If the number of frequencies is another one, or they are not real.
        """
        values = as_real(spectrogram, "spectrogram")
        _check_frequencies(values, len(self.matrix), "spectrogram")
        # Not by BLAS: its threads go on spinning after each product and slow down ours.
        return measure_spectra(values, self.bands, self.apply)

    def project_adjoint(self, bands: ArrayLike) -> Real:
        """Apply the adjoint of `project`: it takes gradients by bands to ones by frequencies.

        Parameters
        ----------
        bands : array_like [..., band, frame]
            Gradient by the bands, or other real numbers.

        Returns
        -------
        ndarray, float [..., frequency, frame]
            In float32 if the bands are, else in float64.

        Raises
        ------
        ValueError
            If the number of bands is another one, or they are not real.
        """
        values = as_real(bands, "bands")
        if values.ndim < 2 or values.shape[-2] != self.bands:
            raise ValueError(
                f"bands of shape={values.shape} must be of shape (..., bands={self.bands}, frame)"
            )
        values = values.swapaxes(-1, -2)
        rows = np.ascontiguousarray(values).reshape(-1, self.bands)
        result = np.zeros((len(rows), len(self.matrix)), dtype=rows.dtype)

        def work(block: slice) -> None:
            spread(rows[block], self._ranges, self._packed[rows.dtype], result[block])

        size = BLOCK_FRAMES
        threads.each(work, [slice(i, i + size) for i in range(0, len(rows), size)])
        return result.reshape(*values.shape[:-1], len(self.matrix)).swapaxes(-1, -2)


def spectral_power(spectra: ArrayLike, power: float = 2.0, out: Real | None = None) -> Real:
    """Raise the magnitudes of a spectrum to a power.

    They are squared first: magnitudes in single precision from about 1e-19 to 1e19 have a result
    (in double precision from 1e-154 to 1e154); below it is 0, beyond infinite.

    Parameters
    ----------
    spectra : array_like, complex [frame, frequency]
        Complex or real.
    power : float > 0
        1 and 2 are the fastest.
    out : ndarray [frame, frequency], optional
        Receives the result; of the type that it has.

    Returns
    -------
    ndarray, float [frame, frequency]
        In float32 for complex64, in float64 for complex128.

    Raises
    ------
    ValueError
        If a shape or a type does not fit, or `power` is not above 0.

    Examples
    --------
    >>> from musisep.audio import spectral_power
    >>> spectral_power([[3 + 4j, 2j]]).tolist()
    [[25.0, 4.0]]
    >>> spectral_power([[3 + 4j, 2j]], power=1.0).tolist()
    [[5.0, 2.0]]
    """
    power = above_zero("power", power)
    spectra = as_array(spectra, "spectra")
    if spectra.ndim != 2 or spectra.dtype.kind not in "biufc":
        raise ValueError(
            f"spectra of shape={spectra.shape} and dtype={spectra.dtype} must be numbers "
            f"[frame, frequency]"
        )
    spectra = spectra.astype(np.result_type(real_kind(spectra), np.complex64), copy=False)
    out = _room(out, spectra.shape, spectra.real.dtype)
    squares(spectra, out)
    if power == 1:
        np.sqrt(out, out=out)
    elif power != 2:
        with np.errstate(over="ignore"):
            np.power(out, power / 2, out=out)
    return out


def measure_frames(
    transform: SpectralTransform,
    signal: ArrayLike,
    rows: int,
    measure: Callable[[Spectra, Real], object],
    *,
    name: str = "signal",
) -> Real:
    """Compute a few values of each frame's spectrum without storing the spectra.

    Parameters
    ----------
    transform : SpectralTransform
        Short-time Fourier transform.
    signal : array_like [..., sample]
        One signal or several.
    rows : int > 0
        Values for each frame.
    measure : function
        Called, possibly from several threads, with the spectra of some frames
        [frame, frequency] and with the array [frame, row] to be filled for them.
    name : str
        What messages call the signal.

    Returns
    -------
    ndarray, float [..., row, frame]
        In float32 if the signal is, else in float64. In memory, the rows of a frame are neighbours.

    Raises
    ------
    ValueError
        If the signal is too short or not real; see `SpectralTransform.stft`.

    Examples
    --------
    The loudest bin of each frame, of 31.25 Hz:

    >>> import numpy as np
    >>> from musisep.audio import SpectralTransform
    >>> from musisep.audio.filterbank import measure_frames
    >>> def loudest(spectra, out):
    ...     out[:, 0] = np.abs(spectra).argmax(axis=1)
    >>> sine = np.sin(2 * np.pi * 500 * np.arange(2000) / 8000)
    >>> found = measure_frames(SpectralTransform(256, 500, center=False), sine, 1, loudest)
    >>> (31.25 * found).tolist()
    [[500.0, 500.0, 500.0, 500.0]]
    """
    instance("transform", transform, SpectralTransform)
    function("measure", measure)
    signal, rows = as_samples(signal, name), at_least("rows", rows, 1)
    frames = transform.frames_of(signal, name)
    result = np.zeros((*signal.shape[:-1], frames, rows), dtype=signal.dtype)
    flat = result.reshape(-1, frames, rows)

    def use(part: tuple[slice, slice], spectra: Spectra) -> None:
        # Of one signal, or of all its frames: a view in either case.
        measure(spectra.reshape(-1, spectra.shape[-1]), flat[part].reshape(-1, rows))

    transform.each_part(signal.reshape(-1, signal.shape[-1]), use)
    return result.swapaxes(-1, -2)


def measure_spectra(
    spectrogram: Real | Spectra, rows: int, measure: Callable[[Any, Real], object]
) -> Real:
    """Compute a few values of each frame of a spectrogram, as `measure_frames` does of a signal.

    Parameters
    ----------
    spectrogram : array_like [..., frequency, frame]
        In the precision to compute in; see `as_spectrogram`.
    rows : int > 0
        Values for each frame.
    measure : function
        Called, possibly from several threads, with some frames [frame, frequency] and with the
        array [frame, row] to be filled for them.

    Returns
    -------
    ndarray, float [..., row, frame]
        In this precision.
    """
    frames = spectrogram.swapaxes(-1, -2)
    *leading, count, frequencies = frames.shape
    # If all frames follow each other in memory, it does not matter whose they are.
    lengths = (1, math.prod(leading) * count) if frames.flags.c_contiguous else (-1, count)
    flat = frames.reshape(*lengths, frequencies)
    result = np.zeros((*leading, count, rows), dtype=real_kind(frames))
    out, size = result.reshape(*flat.shape[:2], rows), BLOCK_FRAMES

    def work(part: tuple[int, slice]) -> None:
        measure(np.ascontiguousarray(flat[part]), out[part])

    blocks = [slice(i, i + size) for i in range(0, flat.shape[1], size)]
    threads.each(work, [(k, block) for k in range(len(flat)) for block in blocks])
    return result.swapaxes(-1, -2)


def as_spectrogram(
    values: ArrayLike, frequencies: int, name: str = "spectrogram"
) -> Real | Spectra:
    """Return magnitudes, powers or complex spectra in the precision to compute in.

    Raises
    ------
    ValueError
        If they are not [..., frequency, frame] with so many frequencies, or real and negative.
    """
    array = as_numbers(values, name)
    _check_frequencies(array, frequencies, name)
    if array.dtype.kind == "c":
        return array.astype(np.result_type(real_kind(array), np.complex64), copy=False)
    array = as_real(array, name)
    if (array < 0).any():  # the least value may be NaN
        least = array[array < 0].min()
        raise ValueError(f"{name} with a value of {least:.3g} must be at least 0, or complex")
    return array


def of_either(
    x: ArrayLike | None,
    spectrogram: ArrayLike | None,
    of_signal: Callable[[ArrayLike], Made],
    of_spectrogram: Callable[[ArrayLike], Made],
) -> Made:
    """Return what is made of a signal or of a spectrogram.

    Raises
    ------
    ValueError
        If not just one is given.
    """
    if x is not None and spectrogram is not None:
        raise ValueError("x and spectrogram must not both be given")
    if spectrogram is not None:
        return of_spectrogram(spectrogram)
    if x is None:
        raise ValueError("x=None must be a signal, unless a spectrogram is given")
    return of_signal(x)


def _check_frequencies(values: NDArray[Any], frequencies: int, name: str) -> None:
    if values.ndim < 2 or values.shape[-2] != frequencies:
        raise ValueError(
            f"{name} of shape={values.shape} must be of shape (..., {frequencies=}, frame)"
        )


def _room(out: Real | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Real:
    """Return where to write; kernels do not notice when they leave an array."""
    if out is None:
        return np.empty(shape, dtype)
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != dtype:
        kind = getattr(out, "dtype", type(out).__name__)
        raise ValueError(
            f"out of shape={getattr(out, 'shape', None)}, {kind}, must be of {shape=}, {dtype}"
        )
    return out
