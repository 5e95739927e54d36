"""The cosine transform that makes cepstral coefficients of levels."""

from functools import lru_cache
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from musisep.audio.arrays import read_only
from musisep.audio.checks import at_least, one_of
from musisep.audio.filterbank import Filterbank

DCT_NORMS = ("ortho", None)


def dct_matrix(
    n_mfcc: int, n_mels: int, *, norm: Literal["ortho"] | None = "ortho"
) -> NDArray[np.float64]:
    """Make the first rows of the discrete cosine transform of type 2.

    Parameters
    ----------
    n_mfcc : int, from 1 to n_mels
    n_mels : int > 0
    norm : {"ortho", None}
        Rows of unit length, or 2 cos(pi k (2 n + 1) / (2 n_mels)).

    Returns
    -------
    array, shape (n_mfcc, n_mels)
        Read-only.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """
    n_mfcc, n_mels = at_least("n_mfcc", n_mfcc, 1), at_least("n_mels", n_mels, 1)
    if n_mfcc > n_mels:
        raise ValueError(f"{n_mfcc=} must be at most {n_mels=}")
    one_of("norm", norm, DCT_NORMS)
    return _cosines(n_mfcc, n_mels, norm)


def cepstral_filterbank(
    n_mfcc: int, n_mels: int, dct_norm: Literal["ortho"] | None, lifter: int
) -> Filterbank:
    """Return the rows of `dct_matrix`, liftered, as bands; see `MFCCTransform`."""
    one_of("dct_norm", dct_norm, DCT_NORMS)
    sizes = dct_matrix(n_mfcc, n_mels, norm=dct_norm).shape
    return _liftered(*sizes, dct_norm, at_least("lifter", lifter, 0))


@lru_cache(maxsize=64)
def _cosines(n_mfcc: int, n_mels: int, norm: str | None) -> NDArray[np.float64]:
    square = scipy.fft.dct(np.eye(n_mels), type=2, axis=0, norm=norm)
    return read_only(square[:n_mfcc])


@lru_cache(maxsize=64)
def _liftered(n_mfcc: int, n_mels: int, norm: str | None, lifter: int) -> Filterbank:
    matrix = _cosines(n_mfcc, n_mels, norm).T
    if lifter:
        order = np.arange(1, n_mfcc + 1)
        matrix = matrix * (1 + lifter / 2 * np.sin(np.pi * order / lifter))
    return Filterbank(matrix)
