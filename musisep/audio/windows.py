"""Analysis windows, and the sizes that go with them."""

from __future__ import annotations

import numpy as np
import scipy  # scipy.signal takes half a second to load: not before it is used
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import above_zero, at_least, flag
from musisep._util.messages import shown
from musisep.audio.arrays import as_real

SHORT_NAMES = {"rect": "boxcar"}
"""Names of windows that SciPy calls otherwise."""


def resolve_fft_params(
    n_fft: int, hop_length: int | None = None, win_length: int | None = None, pad: int | None = None
) -> tuple[int, int, int, int]:
    """Fill in the sizes that are left out, and refuse impossible ones.

    Parameters
    ----------
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 (at least 1) if left out, as `torch.stft` has it.
    win_length : int, optional
        Samples of the window, from 1 to n_fft (the default).
    pad : int, optional
        Samples by which a signal is extended on either side; 0 if left out.

    Returns
    -------
    n_fft : int
        As given.
    hop_length : int
        Samples between frames.
    win_length : int
        Samples of the window.
    pad : int
        Samples on either side.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> from musisep.audio import resolve_fft_params
    >>> resolve_fft_params(2048)
    (2048, 512, 2048, 0)
    >>> resolve_fft_params(512, hop_length=100, win_length=400)
    (512, 100, 400, 0)
    """
    n_fft = at_least("n_fft", n_fft, 1)
    hop_length = at_least("hop_length", max(1, n_fft // 4) if hop_length is None else hop_length, 1)
    win_length = at_least("win_length", n_fft if win_length is None else win_length, 1)
    if win_length > n_fft:
        raise ValueError(f"{win_length=} must be at most {n_fft=}")
    return n_fft, hop_length, win_length, at_least("pad", 0 if pad is None else pad, 0)


def make_window(
    window: ArrayLike | None,
    window_fn: str | tuple[object, ...],
    win_length: int,
    n_fft: int,
    periodic: bool,
) -> NDArray[np.float64]:
    """Make the window of a frame, or check a given one.

    Parameters
    ----------
    window : array_like [win_length] or [n_fft], optional
        Samples of the window itself; n_fft samples are those of a whole frame. `window_fn` and
        `periodic` do not matter then.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`; "rect" is its "boxcar".
    win_length : int, from 1 to n_fft
        Samples of the window.
    n_fft : int > 0
        Samples of a frame.
    periodic : bool
        Whether the window is periodic or symmetric.

    Returns
    -------
    ndarray, float [n_fft]
        The window in the middle, with (n_fft - win_length) // 2 zeros before it, or the given one
        of a whole frame as it is.

    Raises
    ------
    ValueError
        If SciPy knows no such window, or a given one has the wrong shape or is not finite.

    Examples
    --------
    Four samples of a Hann window in the middle of a frame of eight:

    >>> from musisep.audio import make_window
    >>> make_window(None, "hann", win_length=4, n_fft=8, periodic=True).round(6).tolist()
    [0.0, 0.0, 0.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    n_fft, _, win_length, _ = resolve_fft_params(n_fft, None, win_length)
    samples = _named(window_fn, win_length, periodic) if window is None else _given(window)
    if samples.shape not in ((win_length,), (n_fft,)) or not np.isfinite(samples).all():
        name = f"{window_fn=}" if window is None else "window"
        sizes = " or ".join(f"{size} samples" for size in sorted({win_length, n_fft}))
        raise ValueError(f"{name} of shape={samples.shape} must be finite and have {sizes}")
    left = (n_fft - samples.size) // 2
    return np.pad(samples, (left, n_fft - samples.size - left))


def _named(
    window_fn: str | tuple[object, ...], win_length: int, periodic: bool
) -> NDArray[np.float64]:
    flag("periodic", periodic)
    name = SHORT_NAMES.get(window_fn, window_fn) if isinstance(window_fn, str) else window_fn
    if not isinstance(name, str | tuple | float | int):
        raise ValueError(
            f"window_fn={shown(window_fn)} must be a name, or a tuple of a name and its parameters"
        )
    try:
        with np.errstate(all="ignore"):
            return scipy.signal.get_window(name, win_length, fftbins=periodic)
    except (IndexError, TypeError, ValueError) as error:
        raise ValueError(f"window_fn={shown(window_fn)}: {error}") from None


def _given(window: ArrayLike) -> NDArray[np.float64]:
    return as_real(window, "window").astype(np.float64)


def gaussian_window(length: int, sigmas: float) -> NDArray[np.float64]:
    """Sample a Gaussian with maximum 1 at index length // 2, cut at `sigmas` standard deviations.

    Parameters
    ----------
    length : int > 0
        Samples.
    sigmas : float > 0
        The standard deviation is length / (2 * sigmas) samples.

    Returns
    -------
    ndarray, float [length]
        The window.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> from musisep.audio.windows import gaussian_window
    >>> gaussian_window(8, sigmas=2.0).round(3).tolist()
    [0.135, 0.325, 0.607, 0.882, 1.0, 0.882, 0.607, 0.325]
    """
    length, sigmas = at_least("length", length, 1), above_zero("sigmas", sigmas)
    distance = (np.arange(length) - length // 2) * (2 * sigmas / length)
    with np.errstate(over="ignore"):
        return np.exp(-0.5 * distance**2)
