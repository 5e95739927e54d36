"""Kernels that sum up the magnitudes of a frame in a few numbers."""

# Loops that count from 0 into a slice are vectorised; other indices and iterators are not.

import numpy as np

from musisep._util.compiled import kernel, sum_kernel


@sum_kernel
def total_and_mean(frame, hz):
    """Return the sum of magnitudes [frequency] and their mean frequency, 0 if all are 0."""
    total, moment = 0.0, 0.0
    for k in range(frame.size):
        total += frame[k]
        moment += hz[k] * frame[k]
    return total, 0.0 if total == 0 else moment / total


@sum_kernel
def centroids(magnitudes, hz):
    """Return the mean frequency of every frame, weighted by magnitude; 0 if it is silent.

    Parameters
    ----------
    magnitudes : array, shape (frame, frequency)
    hz : array, shape (frequency,)
        Frequencies of the bins.

    Returns
    -------
    array, shape (frame, 1)
    """
    result = np.empty((len(magnitudes), 1))
    for t in range(len(magnitudes)):
        result[t, 0] = total_and_mean(magnitudes[t], hz)[1]
    return result


@sum_kernel
def bandwidths(magnitudes, hz, p):
    """Return how far every frame spreads around its centroid; 0 if it is silent.

    (Σ m |hz - centroid|^p / Σ m)^(1/p), summed over the bins.

    Parameters
    ----------
    magnitudes : array, shape (frame, frequency)
    hz : array, shape (frequency,)
    p : float > 0

    Returns
    -------
    array, shape (frame, 1)
    """
    result = np.zeros((len(magnitudes), 1))
    for t in range(len(magnitudes)):
        frame, moment = magnitudes[t], 0.0
        total, centre = total_and_mean(frame, hz)
        if p == 2:  # the same without `pow`
            for k in range(frame.size):
                moment += frame[k] * (hz[k] - centre) ** 2
        else:
            for k in range(frame.size):
                moment += frame[k] * abs(hz[k] - centre) ** p
        if total != 0:
            result[t, 0] = (moment / total) ** (1 / p)
    return result


@sum_kernel
def rolloffs(magnitudes, hz, share):
    """Return the frequency up to which every frame's magnitudes add up to a share of their sum.

    Parameters
    ----------
    magnitudes : array, shape (frame, frequency)
    hz : array, shape (frequency,)
    share : float, from 0 to 1

    Returns
    -------
    array, shape (frame, 1)
    """
    result = np.empty((len(magnitudes), 1))
    for t in range(len(magnitudes)):
        frame = magnitudes[t]
        total = 0.0
        for k in range(frame.size):
            total += frame[k]
        last, reached = 0, np.float64(frame[0])
        while reached < share * total and last < frame.size - 1:
            last += 1
            reached += frame[last]
        result[t, 0] = hz[last] if np.isfinite(total) else np.nan
    return result


@kernel
def sink(heap, value):
    """Replace the least of a heap, its first, by a greater value."""
    place, child = 0, 1
    while child < heap.size:
        if child + 1 < heap.size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[place] = heap[child]
        place, child = child, 2 * child + 1
    heap[place] = value


@kernel
def mean_root(values):
    """Average the roots of values."""
    total = 0.0
    for k in range(values.size):
        total += np.sqrt(values[k])
    return total / values.size


@kernel
def extremes(powers, bands):
    """Average the smallest and the largest magnitudes of every frame in every band.

    Parameters
    ----------
    powers : array, shape (frame, frequency)
        Squared magnitudes.
    bands : array of int, shape (band, 3)
        First bin, the one after the last, and how many magnitudes count on either side.

    Returns
    -------
    array, shape (frame, 2 * band)
        Means of the smallest of each band, then of the largest.
    """
    result = np.empty((len(powers), 2 * len(bands)))
    heaps = np.empty((2, bands[:, 2].max()))
    for t in range(len(powers)):
        for b in range(len(bands)):
            inside = powers[t, bands[b, 0] : bands[b, 1]]
            least, most = heaps[0, : bands[b, 2]], heaps[1, : bands[b, 2]]
            least[:], most[:] = -np.inf, -np.inf
            for k in range(inside.size):
                if -inside[k] > least[0]:
                    sink(least, -inside[k])
                if inside[k] > most[0]:
                    sink(most, inside[k])
            result[t, b] = mean_root(-least)
            result[t, len(bands) + b] = mean_root(most)
    return result
