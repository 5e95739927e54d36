"""How much each bin of a spectrum belongs to each pitch class."""

import numpy as np
from numpy.typing import NDArray

from musisep._util.checks import at_least, number, whole_hz
from musisep.audio.arrays import Real, read_only
from musisep.audio.caches import kept

REFERENCE_HZ = 27.5
"""The A four octaves below concert pitch: octaves are counted from here."""
CENTRE_OCTAVE = 5.0
WIDTH_OCTAVES = 2.0
"""Bins count by a Gaussian of this width around the centre."""


def chroma_fbanks(
    sample_rate: int, n_fft: int, *, n_chroma: int = 12, tuning: float = 0.0
) -> NDArray[np.float64]:
    """Weigh the bins of a power spectrum for each pitch class.

    A bin of pitch q, in pitch classes, has weight exp(-2 (d / w)²) in a class at distance d on
    the circle, where w is the distance to the next bin, at least 1; its weights are scaled to
    norm 1, and by a Gaussian around the fifth octave (Ellis, "Chroma feature analysis and
    synthesis", 2007). Equal to librosa's `filters.chroma`.

    Parameters
    ----------
    sample_rate : int > 0
        In Hz.
    n_fft : int > 1
        Points of the Fourier transform.
    n_chroma : int > 0
        Pitch classes in an octave; the first is C.
    tuning : float
        Deviation from 440 Hz, in pitch classes; an octave at most.

    Returns
    -------
    ndarray, float [n_fft // 2 + 1, n_chroma]
        Kept for the next such call: read-only.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """
    return _weights(*_checked(sample_rate, n_fft, n_chroma, tuning))


def chroma_rows(
    sample_rate: int, n_fft: int, n_chroma: int, tuning: float
) -> dict[type[np.floating], Real]:
    """Return `chroma_fbanks` as [n_chroma, frequency], in either precision, and keep it."""
    return _rows(*_checked(sample_rate, n_fft, n_chroma, tuning))


def _checked(
    sample_rate: int, n_fft: int, n_chroma: int, tuning: float
) -> tuple[int, int, int, float]:
    sample_rate, n_fft = whole_hz("sample_rate", sample_rate), at_least("n_fft", n_fft, 2)
    n_chroma, tuning = at_least("n_chroma", n_chroma, 1), number("tuning", tuning)
    if abs(tuning) > n_chroma:
        raise ValueError(f"{tuning=} must be within an octave, {n_chroma=} pitch classes")
    return sample_rate, n_fft, n_chroma, tuning


@kept("chroma filters in either precision", 16)
def _rows(
    sample_rate: int, n_fft: int, n_chroma: int, tuning: float
) -> dict[type[np.floating], Real]:
    rows = _weights(sample_rate, n_fft, n_chroma, tuning).T
    return {kind: read_only(rows.astype(kind)) for kind in (np.float32, np.float64)}


@kept("chroma filters", 16)
def _weights(sample_rate: int, n_fft: int, n_chroma: int, tuning: float) -> NDArray[np.float64]:
    hz = np.arange(1, n_fft // 2 + 2) * (sample_rate / n_fft)
    pitch = n_chroma * np.log2(hz / REFERENCE_HZ) - tuning
    pitch = np.concatenate([[pitch[0] - 1.5 * n_chroma], pitch])  # 0 Hz: far below, and broad
    width = np.maximum(np.diff(pitch), 1)[:, np.newaxis]
    pitch = pitch[:-1, np.newaxis]
    half = np.round(n_chroma / 2)
    distance = (pitch - np.arange(n_chroma) + half) % n_chroma - half
    weights = np.exp(-2 * (distance / width) ** 2)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    octave = pitch / n_chroma
    weights *= np.exp(-0.5 * ((octave - CENTRE_OCTAVE) / WIDTH_OCTAVES) ** 2)
    return read_only(np.roll(weights, -3 * (n_chroma // 12), axis=1))  # from A to C
