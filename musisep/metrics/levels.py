"""How loud signals are."""

import math

import numpy as np
from numpy.typing import ArrayLike


def level_db(signal: ArrayLike) -> float:
    """Return the root mean square of a signal of any shape, in dB relative to 1.

    Minus infinity for silence.
    """
    samples = np.asarray(signal, dtype=np.float64)
    power = float(np.vdot(samples, samples)) / samples.size
    return 10 * math.log10(power) if power > 0 else -math.inf
