"""Kernel of the alignment: dynamic time warping within a band."""

import numpy as np

from musisep._util.compiled import kernel

DIAGONAL, LEFT, UP = 0, 1, 2
"""Steps: in both, in the columns only, in the rows only."""


@kernel
def cheapest_warp(rows, columns, lows, highs, both, single, steps):
    """Fill ``steps`` [row, highs - lows] of the cheapest path; return its cost.

    A cell costs 1 - the product of a row of ``rows`` with one of ``columns``, `both` times as much
    for a step in both and `single` times for one in either. In row i the path keeps to the columns
    from ``lows[i]`` to before ``highs[i]``. It goes from the first cell to the last.
    """
    size, width = rows.shape[0], steps.shape[1]
    before, here = np.full(width, np.inf), np.full(width, np.inf)
    for i in range(size):
        low, high = lows[i], highs[i]
        for j in range(width):
            here[j] = np.inf
        for j in range(low, high):
            cost = np.float64(1.0)
            for k in range(rows.shape[1]):
                cost -= rows[i, k] * columns[j, k]
            best, step = np.inf, np.int64(DIAGONAL)
            if i == 0 and j == low:
                best = both * cost
            if i > 0:
                above = j - lows[i - 1]
                if 0 < above <= highs[i - 1] - lows[i - 1]:
                    best = before[above - 1] + both * cost
                if 0 <= above < highs[i - 1] - lows[i - 1] and before[above] + single * cost < best:
                    best, step = before[above] + single * cost, np.int64(UP)
            if j > low and here[j - low - 1] + single * cost < best:
                best, step = here[j - low - 1] + single * cost, np.int64(LEFT)
            here[j - low] = best
            steps[i, j - low] = step
        before, here = here, before
    return before[highs[size - 1] - 1 - lows[size - 1]]
