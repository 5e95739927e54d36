"""Phase retrieval of torch_specinv: documented names, order and defaults.

Spectrograms are (N, T), magnitudes or complex numbers, or (N, T, 2), real and imaginary parts.
``**stft_kwargs`` are those of `torch.stft`: see `StftOptions`. The released version 0.1 says
``maxiter`` and ``evaiter`` for ``max_iter`` (``outer_max_iter``) and ``eva_iter``; both will do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, flag
from musisep._util.messages import shown
from musisep.audio import inversion
from musisep.audio.arrays import Real, as_array
from musisep.audio.inversion import Representation
from musisep.audio.inversion.retrieval import Metric
from musisep.audio.stft import SpectralTransform, get_transform

__all__ = ["ADMM", "L_BFGS", "RTISI_LA", "griffin_lim", "phase_init"]

Function = TypeVar("Function", bound=Callable[..., Any])

INNER_STEPS = 20
"""Iterations in one step of `torch.optim.LBFGS`."""
OPTIMIZER = {"history_size": "maxcor"}
"""Options of `torch.optim.LBFGS`, and what SciPy calls them."""


@dataclass(frozen=True)
class StftOptions:
    """Parameters of `torch.stft`, with its defaults.

    Parameters
    ----------
    n_fft : int, optional
        Told by the shape of the spectrogram if left out.
    hop_length : int, optional
        n_fft // 4 if left out.
    win_length : int, optional
        n_fft if left out.
    window : array, shape (win_length,), optional
        A rectangle if left out.
    center : bool
    pad_mode : {"reflect", "constant"}
    normalized : bool
    onesided : bool
        Whether spectrograms have n_fft // 2 + 1 frequencies, or n_fft.
    """

    n_fft: int | None = None
    hop_length: int | None = None
    win_length: int | None = None
    window: ArrayLike | None = None
    center: bool = True
    pad_mode: str = "reflect"
    normalized: bool = False
    onesided: bool = True

    def problem(self, spec: ArrayLike) -> tuple[NDArray[Any], SpectralTransform]:
        """Return half a spectrogram [..., frequency, frame], and the transform that it is from."""
        spec = as_array(spec, "spec")
        if spec.ndim < 2:
            raise ValueError(f"spec of shape={spec.shape} must be (N, T) or (N, T, 2)")
        flag("onesided", self.onesided)
        size = spec.shape[-2]
        points = 2 * (size - 1) if self.onesided else size
        transform = get_transform(
            n_fft=points if self.n_fft is None else self.n_fft,
            hop_length=self.hop_length,
            win_length=self.win_length,
            window_fn="rect",
            window=self.window,
            center=self.center,
            center_pad_mode=self.pad_mode,
            normalized=self.normalized,
        )
        if not self.onesided and size != transform.n_fft:
            raise ValueError(f"spec of shape={spec.shape} must have {transform.n_fft} frequencies")
        return (spec if self.onesided else spec[..., : size // 2 + 1, :]), transform


def released_names(**names: str) -> Callable[[Function], Function]:
    """Let a function take keywords by the names of the released version, too."""

    def decorate(function: Function) -> Function:
        @wraps(function)
        def renaming(*args: Any, **keywords: Any) -> Any:
            for released, documented in names.items():
                if released in keywords:
                    if documented in keywords:
                        raise TypeError(f"{released} and {documented} must not both be given")
                    keywords[documented] = keywords.pop(released)
            return function(*args, **keywords)

        return renaming  # type: ignore[return-value]

    return decorate


@released_names(maxiter="max_iter", evaiter="eva_iter")
def griffin_lim(
    spec: ArrayLike,
    max_iter: int = 200,
    tol: float = 1e-6,
    alpha: float = 0.99,
    verbose: bool = True,
    eva_iter: int = 10,
    metric: Metric = "sc",
    **stft_kwargs: Any,
) -> Real:
    """Find a signal by `musisep.audio.inversion.griffin_lim`.

    Parameters
    ----------
    spec : array_like, float or complex [N, T] or [N, T, 2]
        Magnitudes, or a spectrum to start from, complex or as real and imaginary parts.
    max_iter : int >= 0
        Iterations at most; also by the name ``maxiter``.
    tol : float >= 0
        Share of the squared error at the start by which it must fall from one measurement to the
        next.
    alpha : float >= 0
        How much further the fast variant goes; 0 is the original algorithm.
    verbose : bool or int
        Whether to show a progress bar on stderr, if that is a terminal.
    eva_iter : int > 0
        Iterations from one measurement to the next; also by the name ``evaiter``.
    metric : {"sc", "snr", "ser"}
        Of no effect on the signal.
    **stft_kwargs : object
        Parameters of `torch.stft`, with its defaults: ``n_fft``, ``hop_length``, ``win_length``,
        ``window``, ``center``, ``pad_mode``, ``normalized`` and ``onesided``.

    Returns
    -------
    ndarray, float [sample]
        A signal in single precision if `spec` is, else in double precision.

    Raises
    ------
    TypeError
        If `torch.stft` or this has no such parameter.
    ValueError
        If a parameter is out of its range, a magnitude is negative or not finite, or a shape
        does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio.stft import SpectralTransform
    >>> from musisep.compat import torch_specinv
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> sine = np.sin(2 * np.pi * 437.5 * np.arange(4096) / 8000)
    >>> magnitudes = np.abs(transform.stft(sine))
    >>> found = torch_specinv.griffin_lim(
    ...     magnitudes, max_iter=30, hop_length=64, window=np.hanning(257)[:-1]
    ... )
    >>> bool(torch_specinv.metrics.sc(np.abs(transform.stft(found)), magnitudes) < -20)  # in dB
    True
    """
    half, transform = _options("griffin_lim", stft_kwargs).problem(_joined(spec))
    return cast(
        Real,
        inversion.griffin_lim(
            half, max_iter, tol, alpha, _shown(verbose), eva_iter, metric, transform=transform
        ),
    )


@released_names(maxiter="max_iter", evaiter="eva_iter")
def ADMM(
    spec: ArrayLike,
    max_iter: int = 1000,
    tol: float = 1e-6,
    rho: float = 0.1,
    verbose: bool | int = 1,
    eva_iter: int = 10,
    metric: Metric = "sc",
    **stft_kwargs: Any,
) -> Real:
    """Find a signal by `musisep.audio.inversion.admm`.

    Parameters
    ----------
    spec : array_like, float or complex [N, T] or [N, T, 2]
        Magnitudes, or a spectrum to start from, complex or as real and imaginary parts.
    max_iter : int >= 0
        Iterations at most; also by the name ``maxiter``.
    tol : float >= 0
        Least progress, as of `griffin_lim`.
    rho : float >= 0
        Weight of the multipliers' penalty.
    verbose : bool or int
        Whether to show a progress bar on stderr, if that is a terminal.
    eva_iter : int > 0
        Iterations from one measurement to the next; also by the name ``evaiter``.
    metric : {"sc", "snr", "ser"}
        Of no effect on the signal.
    **stft_kwargs : object
        Parameters of `torch.stft`, with its defaults: ``n_fft``, ``hop_length``, ``win_length``,
        ``window``, ``center``, ``pad_mode``, ``normalized`` and ``onesided``.

    Returns
    -------
    ndarray, float [sample]
        A signal in single precision if `spec` is, else in double precision.

    Raises
    ------
    TypeError
        If `torch.stft` or this has no such parameter.
    ValueError
        If a parameter is out of its range, a magnitude is negative or not finite, or a shape
        does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio.stft import SpectralTransform
    >>> from musisep.compat import torch_specinv
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> sine = np.sin(2 * np.pi * 437.5 * np.arange(4096) / 8000)
    >>> magnitudes = np.abs(transform.stft(sine))
    >>> found = torch_specinv.ADMM(
    ...     magnitudes, max_iter=30, hop_length=64, window=np.hanning(257)[:-1]
    ... )
    >>> bool(torch_specinv.metrics.sc(np.abs(transform.stft(found)), magnitudes) < -20)  # in dB
    True
    """
    half, transform = _options("ADMM", stft_kwargs).problem(_joined(spec))
    return cast(
        Real,
        inversion.admm(
            half, max_iter, tol, rho, _shown(verbose), eva_iter, metric, transform=transform
        ),
    )


@released_names(maxiter="max_iter")
def RTISI_LA(
    spec: ArrayLike,
    look_ahead: int = -1,
    asymmetric_window: bool = False,
    max_iter: int = 25,
    alpha: float = 0.99,
    verbose: bool | int = 1,
    **stft_kwargs: Any,
) -> Real:
    """Find a signal by `musisep.audio.inversion.rtisi_la`.

    Parameters
    ----------
    spec : array_like, float or complex [N, T] or [N, T, 2]
        Magnitudes, or a spectrum to start from, complex or as real and imaginary parts.
    look_ahead : int >= -1
        Frames that are looked ahead; -1 stands for all that overlap.
    asymmetric_window : bool
        Whether a frame that comes in is seen through a window that makes up for what the frames
        after it will add.
    max_iter : int >= 0
        Iterations for each frame; also by the name ``maxiter``.
    alpha : float >= 0
        How much further the fast variant goes; 0 is the original algorithm.
    verbose : bool or int
        Whether to show a progress bar on stderr, if that is a terminal.
    **stft_kwargs : object
        Parameters of `torch.stft`, with its defaults: ``n_fft``, ``hop_length``, ``win_length``,
        ``window``, ``center``, ``pad_mode``, ``normalized`` and ``onesided``.

    Returns
    -------
    ndarray, float [sample]
        A signal in single precision if `spec` is, else in double precision.

    Raises
    ------
    TypeError
        If `torch.stft` or this has no such parameter.
    ValueError
        If a parameter is out of its range, a magnitude is negative or not finite, or a shape
        does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio.stft import SpectralTransform
    >>> from musisep.compat import torch_specinv
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> sine = np.sin(2 * np.pi * 437.5 * np.arange(4096) / 8000)
    >>> magnitudes = np.abs(transform.stft(sine))
    >>> found = torch_specinv.RTISI_LA(
    ...     magnitudes, max_iter=5, hop_length=64, window=np.hanning(257)[:-1]
    ... )
    >>> bool(torch_specinv.metrics.sc(np.abs(transform.stft(found)), magnitudes) < -20)  # in dB
    True
    """
    half, transform = _options("RTISI_LA", stft_kwargs).problem(_joined(spec))
    return inversion.rtisi_la(
        half, look_ahead, asymmetric_window, max_iter, alpha, _shown(verbose), transform=transform
    )


@released_names(maxiter="outer_max_iter", evaiter="eva_iter")
def L_BFGS(
    spec: ArrayLike,
    transform_fn: Representation,
    samples: int | None = None,
    init_x0: ArrayLike | None = None,
    outer_max_iter: int = 1000,
    tol: float = 1e-6,
    verbose: bool | int = 1,
    eva_iter: int = 10,
    metric: Metric = "sc",
    *,
    max_iter: int = INNER_STEPS,
    **kwargs: Any,
) -> Real:
    """Find a signal by `musisep.audio.inversion.l_bfgs`.

    Parameters
    ----------
    spec : array_like, float [band, frame]
        The representation of the signal.
    transform_fn : Representation
        An object with the method ``linearized``: a function alone has no gradient here.
    samples : int, optional
        Samples of the signal; to be given if `init_x0` is not.
    init_x0 : array_like, float [sample], optional
        Signal to start from; if left out, normally distributed samples.
    outer_max_iter : int >= 0
        Steps at most, of `max_iter` iterations each; also by the name ``maxiter``.
    tol : float >= 0
        Least progress, as of `griffin_lim`.
    verbose : bool or int
        Whether to show a progress bar on stderr, if that is a terminal.
    eva_iter : int > 0
        Steps from one measurement to the next; also by the name ``evaiter``.
    metric : {"sc", "snr", "ser"}
        Of no effect on the signal.
    max_iter : int > 0
        Iterations in a step, as of `torch.optim.LBFGS`.
    **kwargs : int
        The option ``history_size``, steps that are remembered. SciPy has none of the other
        options of `torch.optim.LBFGS`.

    Returns
    -------
    ndarray, float [sample]
        A signal in single precision if `spec` is, else in double precision.

    Raises
    ------
    TypeError
        If there is no such option.
    ValueError
        If a parameter is out of its range, `spec` is not finite, or a shape does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio.inversion import StftMagnitude
    >>> from musisep.audio.stft import SpectralTransform
    >>> from musisep.compat import torch_specinv
    >>> magnitude = StftMagnitude(SpectralTransform(n_fft=256, hop_length=64))
    >>> sine = np.sin(2 * np.pi * 437.5 * np.arange(4096) / 8000)
    >>> start = sine + 0.1 * np.cos(np.arange(4096))
    >>> found = torch_specinv.L_BFGS(magnitude(sine), magnitude, init_x0=start, outer_max_iter=5)
    >>> bool(torch_specinv.metrics.sc(magnitude(found), magnitude(sine)) < -30)  # in dB
    True
    """
    inner = at_least("max_iter", max_iter, 1)
    for name in kwargs:
        if name not in OPTIMIZER:
            raise TypeError(f"L_BFGS() has no option {name!r}, but max_iter and history_size")
    return cast(
        Real,
        inversion.l_bfgs(
            spec,
            transform_fn,
            samples,
            init_x0,
            at_least("outer_max_iter", outer_max_iter, 0) * inner,
            tol,
            _shown(verbose),
            at_least("eva_iter", eva_iter, 1) * inner,
            metric,
            **{OPTIMIZER[name]: value for name, value in kwargs.items()},
        ),
    )


def phase_init(spec: ArrayLike, **stft_kwargs: Any) -> Real:
    """Give magnitudes phases by `musisep.audio.inversion.phase_init`.

    Parameters
    ----------
    spec : array_like, float [..., N, T]
        Magnitudes.
    **stft_kwargs : object
        Parameters of `torch.stft`, with its defaults: ``n_fft``, ``hop_length``, ``win_length``,
        ``window``, ``center``, ``pad_mode``, ``normalized`` and ``onesided``.

    Returns
    -------
    ndarray, float [..., N, T, 2]
        Real and imaginary parts.

    Raises
    ------
    TypeError
        If `torch.stft` or this has no such parameter.
    ValueError
        If the magnitudes are negative, not finite, or do not fit the transform.

    Examples
    --------
    From a frame to the next, a sine of 437.5 Hz makes 3.5 turns, so that its phase is reversed:

    >>> import numpy as np
    >>> from musisep.audio.stft import SpectralTransform
    >>> from musisep.compat import torch_specinv
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> sine = np.sin(2 * np.pi * 437.5 * np.arange(4096) / 8000)
    >>> magnitudes = np.abs(transform.stft(sine))
    >>> pairs = torch_specinv.phase_init(magnitudes, hop_length=64, window=np.hanning(257)[:-1])
    >>> now, later = pairs[14, 30], pairs[14, 31]
    >>> bool(np.allclose(now, -later, atol=0.01 * np.linalg.norm(now)))
    True
    """
    options = _options("phase_init", stft_kwargs)
    half, transform = options.problem(spec)
    spectra = inversion.phase_init(half, transform=transform)
    if not options.onesided:
        mirrored = spectra[..., (transform.n_fft - 1) // 2 : 0 : -1, :].conj()
        spectra = np.concatenate([spectra, mirrored], axis=-2)
    return np.stack([spectra.real, spectra.imag], axis=-1)


def _options(function: str, stft_kwargs: dict[str, Any]) -> StftOptions:
    """Refuse by the name of a function what is no parameter of `StftOptions`."""
    known = [field.name for field in fields(StftOptions)]
    for name in stft_kwargs:
        if name not in known:
            raise TypeError(
                f"{function}() got {name!r}, and knows {', '.join(known)} of torch.stft"
            )
    return StftOptions(**stft_kwargs)


def _joined(spec: ArrayLike) -> NDArray[Any]:
    """Return (N, T, 2) as complex numbers (N, T)."""
    spec = as_array(spec, "spec")
    pairs = spec.ndim == 3 and spec.shape[2] == 2 and spec.dtype.kind != "c"
    return spec[..., 0] + 1j * spec[..., 1] if pairs else spec


def _shown(verbose: bool | int) -> bool:
    """Return whether progress is shown: a number above 0 says so, too."""
    if not isinstance(verbose, int | np.bool_):
        raise ValueError(f"verbose={shown(verbose)} must be True, False or an integer")
    return bool(verbose)
