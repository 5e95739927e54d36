"""Kernels of `musisep.audio.cqt.variableq`."""

import math

from musisep._util.compiled import kernel
from musisep.audio._kernels.gaussians import gaussian_start

CUT_SIGMAS = 7.0
"""Filters end here, in frequency and in time: exp(-7**2 / 2) = 2e-11."""
RESTART = 64
"""Points after which a Gaussian is computed anew, lest rounding adds up: 1e-13 till then."""


@kernel
def weigh(source, centre, sigma, target):
    """Weight a periodic spectrum by a Gaussian and add it to one of another period.

    For every integer i within `CUT_SIGMAS` standard deviations of the centre, source [i modulo
    its size] times the Gaussian at i is added to target [i modulo its size]. Exchanging source
    and target gives the adjoint.

    Parameters
    ----------
    source : array, shape (n,)
    centre, sigma : float
        Mean and standard deviation of the Gaussian, whose maximum is 1.
    target : array, shape (m,)
        Changed in place.
    """
    i = math.ceil(centre - CUT_SIGMAS * sigma)
    stop = math.floor(centre + CUT_SIGMAS * sigma) + 1
    while i < stop:
        here, there = i % source.size, i % target.size
        count = min(RESTART, stop - i, source.size - here, target.size - there)
        weight, ratio, decay = gaussian_start(i, centre, sigma, 1.0)
        for j in range(count):
            target[there + j] += weight * source[here + j]
            weight *= ratio
            ratio *= decay
        i += count
