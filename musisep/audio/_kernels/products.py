"""Kernels for products of dense matrices."""

from musisep._util.compiled import kernel, sum_kernel

TILE_POINTS = 2**14
"""Numbers that are multiplied with many rows before the next are taken: they stay in the cache."""


@sum_kernel
def inner_products(first, second, row0, row1, row2, row3):
    """Multiply two rows with four rows; products of one at a time would wait for memory."""
    zero = first.dtype.type(0)
    a0, a1, a2, a3, b0, b1, b2, b3 = zero, zero, zero, zero, zero, zero, zero, zero
    for i in range(first.size):
        a0 += first[i] * row0[i]
        a1 += first[i] * row1[i]
        a2 += first[i] * row2[i]
        a3 += first[i] * row3[i]
        b0 += second[i] * row0[i]
        b1 += second[i] * row1[i]
        b2 += second[i] * row2[i]
        b3 += second[i] * row3[i]
    return (a0, a1, a2, a3), (b0, b1, b2, b3)


@kernel
def multiply(left, right, products):
    """Write left @ right.T to `products`; see `musisep.audio.products`."""
    tile = max(4, TILE_POINTS // left.shape[1])
    bottom, last = left.shape[0] - 1, right.shape[0] - 1
    for first in range(0, last + 1, tile):
        stop = min(first + tile, last + 1)
        for m in range(0, bottom + 1, 2):
            below = min(m + 1, bottom)
            for n in range(first, stop, 4):
                upper, lower = inner_products(
                    left[m],
                    left[below],
                    right[n],
                    right[min(n + 1, last)],
                    right[min(n + 2, last)],
                    right[min(n + 3, last)],
                )
                for j in range(min(4, stop - n)):
                    products[m, n + j] = upper[j]
                    products[below, n + j] = lower[j]
