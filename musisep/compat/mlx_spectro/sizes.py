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
    hop_length : int > 0, optional
        n_fft // 4 if left out.
    win_length : int, optional
        From 1 to n_fft + 2 pad; n_fft if left out.
    pad : int >= 0
        Samples that are added to a frame at either end.

    Returns
    -------
    n_fft + 2 * pad, hop_length, win_length : int

    Raises
    ------
    ValueError
        If a number is out of its range.
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
    """
    even = 2 * (whole_hz("sample_rate", sample_rate) // 2)
    return mel.melscale_fbanks(n_freqs, f_min, f_max, n_mels, even, norm=norm, mel_scale=mel_scale)


def spec_mlx_device_key() -> str:
    """Return what computes here: "cpu"."""
    return "cpu"
