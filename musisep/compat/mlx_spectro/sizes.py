"""Sizes and filters of mlx-spectro, and what it calls a device."""

import numpy as np
from numpy.typing import NDArray

from musisep._util.checks import whole_hz
from musisep.audio import mel, windows
from musisep.audio.mel import MelNorm, MelScale


def resolve_fft_params(
    n_fft: int, hop_length: int | None, win_length: int | None, pad: int
) -> tuple[int, int, int]:
    """Fill in the sizes that are left out, and refuse impossible ones.

    Parameters
    ----------
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if left out.
    win_length : int, optional
        Samples of the window, from 1 to n_fft + 2 pad; n_fft if left out.
    pad : int >= 0
        Samples that are added to a frame at either end.

    Returns
    -------
    points : int
        The sum n_fft + 2 pad.
    hop_length : int
        Samples between frames.
    win_length : int
        Samples of the window.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> from musisep.compat.mlx_spectro import resolve_fft_params
    >>> resolve_fft_params(1024, None, None, 0)
    (1024, 256, 1024)
    >>> resolve_fft_params(1024, 512, 1000, 100)
    (1224, 512, 1000)
    """
    points, hop, _, extra = windows.resolve_fft_params(n_fft, hop_length, None, pad)
    width = points if win_length is None else win_length
    return windows.resolve_fft_params(points + 2 * extra, hop, width)[:3]


def melscale_fbanks(
    n_freqs: int,
    f_min: float,
    f_max: float,
    n_mels: int,
    sample_rate: int,
    *,
    norm: MelNorm | None = None,
    mel_scale: MelScale = "htk",
) -> NDArray[np.float64]:
    """Make the filters of torchaudio, for bins from 0 Hz to sample_rate // 2.

    See `musisep.audio.mel.melscale_fbanks`, whose last bin is at sample_rate / 2.

    Parameters
    ----------
    n_freqs : int > 0
        Bins of a spectrum.
    f_min : float
        Lower end of the first filter in Hz, from 0 to below `f_max`.
    f_max : float
        Upper end of the last filter in Hz.
    n_mels : int > 0
        Number of filters.
    sample_rate : int > 0
        In Hz.
    norm : {None, "slaney"}
        Filters of height 1, or of area 1 over Hz.
    mel_scale : {"htk", "slaney"}
        Scale on which the corners of the filters are evenly spaced.

    Returns
    -------
    ndarray, float [n_freqs, n_mels]
        Weights; read-only.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    Three filters between 0 and 4 kHz, and the bin, of 31.25 Hz each, where each is highest:

    >>> from musisep.compat.mlx_spectro import melscale_fbanks
    >>> filters = melscale_fbanks(129, 0.0, 4000.0, 3, 8000)
    >>> filters.argmax(axis=0).tolist()
    [14, 36, 71]
    """
    even = 2 * (whole_hz("sample_rate", sample_rate) // 2)
    return mel.melscale_fbanks(n_freqs, f_min, f_max, n_mels, even, norm=norm, mel_scale=mel_scale)


def spec_mlx_device_key() -> str:
    """Return what computes here: "cpu".

    Returns
    -------
    str
        The name "cpu".

    Examples
    --------
    >>> from musisep.compat.mlx_spectro import spec_mlx_device_key
    >>> spec_mlx_device_key()
    'cpu'
    """
    return "cpu"
