"""Phases to start from: what a spectrogram of magnitudes tells about them in a single pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import instance
from musisep._util.messages import shown
from musisep._util.signatures import shows_fields
from musisep._util.threads import each_block
from musisep.audio.arrays import Real, Spectra, as_array, frame_major
from musisep.audio.inversion._kernels import (
    find_peaks,
    follow_peaks,
    integrate_gradients,
    turn,
)
from musisep.audio.stft import SpectralTransform, get_transform

QUIET = 1e-7
"""Points that are softer than this, relative to the loudest, have no gradient to rely on."""
STFT_HINTS = {
    "pad_mode": "it is center_pad_mode here",
    "onesided": "there are always n_fft // 2 + 1 frequencies, as of real signals",
    "return_complex": "spectra are always complex numbers, never pairs of real ones",
    "maxiter": "it is max_iter here",
    "evaiter": "it is eva_iter here",
}
"""Names of torch.stft and of torch_specinv 0.1, and what there is instead."""
shows_stft = shows_fields(SpectralTransform, optional=("n_fft",), hints=STFT_HINTS)
PAIRS = (
    "; if its last axis holds real and imaginary parts, make complex numbers of them: "
    "spec[..., 0] + 1j * spec[..., 1]"
)

Rng = np.random.Generator | int | None
"""A source of randomness, or a seed for `numpy.random.default_rng`."""


def make_rng(rng: Rng) -> np.random.Generator:
    """Return a source of randomness; ValueError for what is none, nor a seed."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise ValueError(f"rng={shown(rng)} must be a numpy.random.Generator or a seed") from None


@shows_stft
def phase_init(
    spec: ArrayLike, *, transform: SpectralTransform | None = None, **stft_parameters: Any
) -> Spectra:
    """Give magnitudes the phases of sinusoids that go on from frame to frame.

    Each peak of a frame is a sinusoid, whose frequency a parabola through the logarithms of three
    bins tells, and which takes the bins down to the next valleys with it. Its phase goes on from
    where the same bin was in the frame before (single pass spectrogram inversion [1]_).

    Parameters
    ----------
    spec : array_like, float [..., frequency, frame]
        Magnitudes; phases of complex numbers do not matter.
    transform : SpectralTransform, optional
        What the magnitudes are from.

    Returns
    -------
    ndarray, complex [..., frequency, frame]
        Spectra in single precision if the magnitudes are, else in double precision.

    Other Parameters
    ----------------
    n_fft : int > 0, optional
        Points of the Fourier transform of a frame; 2 * (frequency - 1) if left out.
    hop_length, win_length, window_fn, window, periodic : optional
        Hop and window of a `SpectralTransform`, instead of `transform`, with its defaults.
    center, center_pad_mode, center_tail_pad, normalized, sample_rate : optional
        Ends, scale and sample rate of it, likewise.

    Raises
    ------
    ValueError
        If the magnitudes are negative, not finite, or do not fit the transform.
    TypeError
        If a transform has no such parameter.

    References
    ----------
    .. [1] G. T. Beauregard, M. Harish, L. Wyse: Single pass spectrogram inversion. Proc. IEEE DSP
       (2015).

    Examples
    --------
    A sine of 437.5 Hz makes three and a half turns in the 64 samples between frames, so that its
    phase is another one by half a turn in the next frame:

    >>> import numpy as np
    >>> from musisep.audio.inversion import phase_init
    >>> from musisep.audio.stft import SpectralTransform
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> sine = np.sin(2 * np.pi * 437.5 * np.arange(4000) / 8000)
    >>> spectrum = phase_init(np.abs(transform.stft(sine)), transform=transform)
    >>> ratio = spectrum[14, 31] / spectrum[14, 30]
    >>> round(float(np.abs(np.angle(ratio)) / np.pi), 3)
    1.0
    """
    return _started(spec, "single-pass", transform, stft_parameters, None)


@shows_stft
def pghi(
    spec: ArrayLike,
    *,
    rng: Rng = None,
    transform: SpectralTransform | None = None,
    **stft_parameters: Any,
) -> Spectra:
    r"""Give magnitudes the phases whose gradient belongs to that of the magnitudes.

    Under a Gaussian window of standard deviation :math:`\sigma`, the phase in the middle of a
    frame, :math:`\varphi`, and the logarithm s of the magnitude satisfy

    .. math:: \frac{\partial \varphi}{\partial t} = \omega + \frac{1}{\sigma^2}
              \frac{\partial s}{\partial \omega}, \quad
              \frac{\partial \varphi}{\partial \omega} = - \sigma^2
              \frac{\partial s}{\partial t}.

    The gradient is integrated from the loudest points on, always from the loudest point whose
    phase is known to its neighbours (phase gradient heap integration [1]_). Other windows are
    taken for the Gaussian of their height and area. Points below 1e-7 of the loudest have random
    phases.

    Parameters
    ----------
    spec : array_like, float [..., frequency, frame]
        Magnitudes; phases of complex numbers do not matter.
    rng : numpy.random.Generator or int, optional
        Source of randomness, or its seed.
    transform : SpectralTransform, optional
        What the magnitudes are from.

    Returns
    -------
    ndarray, complex [..., frequency, frame]
        Spectra in single precision if the magnitudes are, else in double precision.

    Other Parameters
    ----------------
    n_fft : int > 0, optional
        Points of the Fourier transform of a frame; 2 * (frequency - 1) if left out.
    hop_length, win_length, window_fn, window, periodic : optional
        Hop and window of a `SpectralTransform`, instead of `transform`, with its defaults.
    center, center_pad_mode, center_tail_pad, normalized, sample_rate : optional
        Ends, scale and sample rate of it, likewise.

    Raises
    ------
    ValueError
        If the magnitudes are negative, not finite, or do not fit the transform, or if `rng` is
        neither a source of randomness nor a seed.
    TypeError
        If a transform has no such parameter.

    References
    ----------
    .. [1] Z. Průša, P. Balazs, P. L. Søndergaard: A noniterative method for reconstruction of
       phase from STFT magnitude. IEEE/ACM Trans. Audio, Speech, Lang. Process. 25 (2017).

    Examples
    --------
    A signal of these phases has nearly the magnitudes that were given:

    >>> import numpy as np
    >>> from musisep.audio.inversion import pghi
    >>> from musisep.audio.stft import SpectralTransform
    >>> from musisep.metrics import spectral_convergence
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> sine = np.sin(2 * np.pi * 437.5 * np.arange(4000) / 8000)
    >>> magnitudes = np.abs(transform.stft(sine))
    >>> found = transform.istft(pghi(magnitudes, transform=transform, rng=0), 4000)
    >>> bool(spectral_convergence(magnitudes, transform.stft(found)) < -15)  # in dB
    True
    """
    return _started(spec, "pghi", transform, stft_parameters, rng)


def _started(
    spec: ArrayLike,
    init: str,
    transform: SpectralTransform | None,
    parameters: dict[str, Any],
    rng: Rng,
) -> Spectra:
    magnitudes, _, transform = wanted(spec, transform, parameters)
    return started(magnitudes, init, rng, transform).swapaxes(-1, -2)


def wanted(
    spec: ArrayLike,
    transform: SpectralTransform | None,
    parameters: dict[str, Any],
) -> tuple[Real, Spectra | None, SpectralTransform]:
    """Check what is to be inverted.

    Parameters
    ----------
    spec : array, shape (..., frequency, frame)
        Magnitudes, or complex numbers.
    transform : SpectralTransform or None
    parameters : dict
        Those of a transform, if none is given.

    Returns
    -------
    magnitudes : array, shape (..., frame, frequency)
    spectrum : array of complex or None
        `spec` in this order, if it is complex.
    transform : SpectralTransform

    Raises
    ------
    ValueError
        If `spec` is negative or not finite somewhere, or does not fit the transform.
    """
    spec = as_array(spec, "spec")
    if spec.dtype.kind not in "biufc" or spec.ndim < 2 or 0 in spec.shape:
        raise ValueError(
            f"spec of shape={spec.shape} and dtype={spec.dtype} must be numbers "
            "[..., frequency, frame], none of the axes empty"
        )
    pairs = PAIRS if spec.dtype.kind != "c" and spec.ndim > 2 and spec.shape[-1] == 2 else ""
    if spec.dtype.kind != "c" and spec.min() < 0:
        raise _impossible(spec, spec < 0, pairs)
    given = transform is not None
    if parameters.get("n_fft", 0) is None:
        parameters = {name: value for name, value in parameters.items() if name != "n_fft"}
    if transform is None:
        transform = get_transform(**{"n_fft": 2 * (spec.shape[-2] - 1), **parameters})
    instance("transform", transform, SpectralTransform)
    if given and parameters:
        raise ValueError(f"transform and {', '.join(parameters)} must not both be given")
    if pairs and spec.shape[-3] == transform.bins != spec.shape[-2]:
        raise ValueError(f"spec of shape={spec.shape} must be [..., frequency, frame]{pairs}")
    framed = frame_major(spec, transform.bins, "bfn", "spec")
    with np.errstate(over="ignore"):
        magnitudes = np.ascontiguousarray(np.abs(framed))
    if not np.isfinite(magnitudes.max()):
        raise _impossible(spec, ~np.isfinite(magnitudes.swapaxes(-1, -2)))
    return magnitudes, framed if spec.dtype.kind == "c" else None, transform


def _impossible(spec: NDArray[Any], bad: NDArray[np.bool_], hint: str = "") -> ValueError:
    place = tuple(map(int, np.unravel_index(bad.argmax(), bad.shape)))
    return ValueError(f"spec[{place}]={spec[place]} must be finite and not negative{hint}")


def started(
    magnitudes: Real, init: str | ArrayLike, rng: Rng, transform: SpectralTransform
) -> Spectra:
    """Give magnitudes [..., frame, frequency] phases to start from.

    Parameters
    ----------
    magnitudes : array, shape (..., frame, frequency)
    init : str or array, shape (..., frequency, frame)
        A name in `musisep.audio.inversion.names.STARTS`, phases in radians, or complex numbers
        that have them. Leading axes that are missing stand for all.
    rng : numpy.random.Generator, int or None
    transform : SpectralTransform

    Returns
    -------
    array of complex, shape (..., frame, frequency)

    Raises
    ------
    ValueError
        If there is no such name, or the shape does not fit.
    """
    phasors: Spectra = np.empty(magnitudes.shape, np.result_type(magnitudes, np.complex64))
    if isinstance(init, str):
        if init not in PHASORS:
            raise ValueError(f"{init=} must be one of {tuple(PHASORS)}, or an array")
        generator = make_rng(rng)
        for index in np.ndindex(magnitudes.shape[:-2]):
            PHASORS[init](magnitudes[index], transform, generator, phasors[index])
    else:
        given = _given(init, (*magnitudes.shape[:-2], *magnitudes.shape[:-3:-1]))
        phasors[:] = given.swapaxes(-1, -2)
    phasors *= magnitudes
    return phasors


def _given(init: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return phasors [..., frequency, frame] of phases in radians or of complex numbers."""
    given = as_array(init, "init")
    if given.dtype.kind not in "biufc" or not np.isfinite(given).all():
        raise ValueError(f"init of dtype={given.dtype} must be finite numbers")
    if given.dtype.kind == "c":
        sizes = np.abs(given)
        heard = sizes >= np.finfo(sizes.dtype).tiny
        phasors = np.divide(given, sizes, out=np.ones_like(given), where=heard)
    else:
        phasors = np.exp(1j * given)
    try:
        return np.broadcast_to(phasors, shape)
    except ValueError:
        raise ValueError(f"init of shape={given.shape} must be of {shape=}, as spec is") from None


def _zero(
    magnitudes: Real, transform: SpectralTransform, rng: np.random.Generator, phasors: Spectra
) -> None:
    phasors[:] = 1


def _random(
    magnitudes: Real, transform: SpectralTransform, rng: np.random.Generator, phasors: Spectra
) -> None:
    frames, frequencies = magnitudes.shape
    phasors[:] = np.exp(2j * np.pi * rng.random((frequencies, frames))).T


def _single_pass(
    magnitudes: Real, transform: SpectralTransform, rng: np.random.Generator, phasors: Spectra
) -> None:
    peaks, turns = np.empty(magnitudes.shape, np.int32), np.empty_like(magnitudes)
    factors = in_the_middle(transform).astype(phasors.dtype)
    advance = transform.hop / transform.n_fft

    def find(frames: slice) -> None:
        find_peaks(magnitudes[frames], advance, peaks[frames], turns[frames])

    each_block(find, len(turns))
    follow_peaks(peaks, turns)
    each_block(lambda part: turn(peaks[part], turns[part], factors, phasors[part]), len(turns))


def _heap_integrated(
    magnitudes: Real, transform: SpectralTransform, rng: np.random.Generator, phasors: Spectra
) -> None:
    loudest = float(magnitudes.max())
    phases = 2 * np.pi * rng.random(magnitudes.shape)
    if loudest > 0:
        window, hop = transform.frame_window, transform.hop
        sigma = window.sum() / (window.max() * math.sqrt(2 * math.pi))  # samples
        bin_width = 2 * np.pi / transform.n_fft  # radians per sample
        logs = np.log(np.maximum(magnitudes / loudest, 0.1 * QUIET), dtype=np.float64)
        by_frequency = -(sigma**2) * bin_width / hop * _slope(logs, 0)
        by_time = hop * (
            bin_width * np.arange(magnitudes.shape[1]) + _slope(logs, 1) / (sigma**2 * bin_width)
        )
        order = np.argsort(-logs, axis=None, kind="stable")
        known = np.zeros(logs.shape, dtype=np.bool_)
        integrate_gradients(logs, order, math.log(QUIET), by_time, by_frequency, phases, known)
    phasors[:] = np.exp(1j * phases) * in_the_middle(transform)


def _slope(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Differences per step, central where there are neighbours on both sides."""
    if values.shape[axis] == 1:
        return np.zeros_like(values)
    return np.gradient(values, axis=axis)


def in_the_middle(transform: SpectralTransform) -> NDArray[np.complex128]:
    """Factors [frequency] of a spectrum whose phases are those in the middle of its frame."""
    turns = np.arange(transform.bins) * (transform.n_fft // 2) / transform.n_fft
    return np.exp(-2j * np.pi * turns)


PHASORS: dict[str, Callable[[Real, SpectralTransform, np.random.Generator, Spectra], None]] = {
    "single-pass": _single_pass,
    "pghi": _heap_integrated,
    "random": _random,
    "zero": _zero,
}
"""Called with magnitudes [frame, frequency] of one signal and phasors of this shape to fill in."""
