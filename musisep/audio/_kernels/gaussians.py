"""Kernels for Gaussians on a grid: each value follows from its neighbour by two products."""

import math

from musisep._util.compiled import kernel

CUT = 6.0
"""Standard deviations after which a Gaussian ends."""


@kernel
def support(centre, sigma, size):
    """First bin, and one past the last bin, within `CUT` sigma of `centre` on the axis."""
    low = max(0.0, math.ceil(centre - CUT * sigma))
    high = min(size - 1.0, math.floor(centre + CUT * sigma))
    if high < low:
        return 0, 0
    return int(low), int(high) + 1


@kernel
def gaussian_start(low, centre, sigma, pexp):
    """First value of G^p on a grid, first ratio of neighbours, and ratio of these ratios."""
    inv = pexp / (sigma * sigma)
    distance = low - centre
    return (
        math.exp(-0.5 * inv * distance * distance),
        math.exp(-inv * (distance + 0.5)),
        math.exp(-inv),
    )
