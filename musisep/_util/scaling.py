"""Units for numbers whose squares or sums would leave the range of double precision."""

import math

ORDINARY = 100
"""Exponents of 2, of either sign, up to which numbers are left as they are."""
LEAST = -1000
"""Exponent of 2 of the smallest unit: the inverse of a smaller one might be infinite."""


def unit_of(largest: float) -> float:
    """Return a power of two that makes the largest number 1 to 2; 1 for ordinary numbers.

    Dividing by it rounds nothing.

    Parameters
    ----------
    largest : float >= 0
        Greatest magnitude.
    """
    exponent = math.frexp(largest)[1] - 1
    return 1.0 if abs(exponent) <= ORDINARY else math.ldexp(1.0, max(exponent, LEAST))
