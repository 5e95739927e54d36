"""Products of dense matrices."""

from musisep.audio._kernels import products as kernels
from musisep.audio.arrays import Real


def multiply(left: Real, right: Real, products: Real) -> None:
    """Write left @ right.T to `products`.

    BLAS is faster on an idle machine, but its threads wait for one another on a busy one, and
    their number is not that of `musisep._util.threads`.

    Parameters
    ----------
    left : ndarray [m, i]
    right : ndarray [n, i]
    products : ndarray [m, n]
        Changed in place.
    """
    kernels.multiply(left, right, products)
