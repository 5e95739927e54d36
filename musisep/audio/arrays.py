"""Arrays as the transforms take them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Real = NDArray[np.floating]


def real_kind(values: ArrayLike) -> type[np.floating]:
    """Return the precision to compute in: float32 for float32 and complex64, else float64."""
    single = np.asarray(values).dtype in (np.float32, np.complex64)
    return np.float32 if single else np.float64


def one_channel(signal: ArrayLike) -> Real:
    """Return a signal [sample] in the precision to compute in."""
    return np.ascontiguousarray(signal, dtype=real_kind(signal))
