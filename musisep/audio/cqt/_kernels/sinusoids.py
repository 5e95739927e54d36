"""Kernels of `musisep.audio.cqt.sinusoids`."""

import numpy as np

from musisep._util.compiled import kernel
from musisep.audio._kernels.products import TILE_POINTS, inner_products

RESTART = 64
"""Samples after which a sinusoid is computed anew, lest rounding adds up: 1e-14 till then."""


@kernel
def sample_sinusoids(frequencies, gains, turns, begins, amplitudes, starts, counts, table):
    """Write samples of windowed sinusoids, conjugated.

    Parameters
    ----------
    frequencies, gains : array, shape (piece,)
    turns, begins : array, shape (piece,)
        The window is sum_e amplitudes[e] cos(e turn (n - begin)) at sample n from the centre.
    amplitudes : array, shape (cosine,)
    starts, counts : array of int, shape (piece,)
        First sample from the centre, and number of samples.
    table : array, shape (2, piece, at least the largest count)
        Changed in place: real and imaginary parts; what lies beyond a count is left alone.
    """
    for p in range(frequencies.size):
        step, turn = np.exp(-1j * frequencies[p]), np.exp(1j * turns[p])
        for done in range(0, counts[p], RESTART):
            phase = gains[p] * np.exp(-1j * frequencies[p] * (starts[p] + done))
            angle = np.exp(1j * turns[p] * (starts[p] + done - begins[p]))
            for i in range(done, min(done + RESTART, counts[p])):
                # Clenshaw's recurrence
                current, previous = 0.0, 0.0
                for e in range(amplitudes.size - 1, 0, -1):
                    current, previous = amplitudes[e] + 2 * angle.real * current - previous, current
                weight = amplitudes[0] + angle.real * current - previous
                table[0, p, i] = weight * phase.real
                table[1, p, i] = weight * phase.imag
                phase *= step
                angle *= turn


@kernel
def add_products(table, blocks, bins, shifts, starts, stops, result):
    """Multiply pieces of sinusoids with rows of blocks, and add the products to their frames.

    Parameters
    ----------
    table : array, shape (2, piece, at least the largest stop - start)
        Real and imaginary parts.
    blocks : array, shape (block, row)
    bins, shifts : array of int, shape (piece,)
        Block t + shift belongs to frame t of the bin.
    starts, stops : array of int, shape (piece,)
        The rows that are multiplied.
    result : array of complex, shape (bin, frame)
        Changed in place.
    """
    tile = max(4, TILE_POINTS // blocks.shape[1])
    last = blocks.shape[0] - 1
    for first in range(0, last + 1, tile):
        for p in range(bins.size):
            target, rows = result[bins[p]], slice(starts[p], stops[p])
            count, shift = stops[p] - starts[p], shifts[p]
            stop = min(first + tile, target.size + shift)
            for n in range(max(first, shift), stop, 4):
                real, imaginary = inner_products(
                    table[0, p, :count],
                    table[1, p, :count],
                    blocks[n, rows],
                    blocks[min(n + 1, last), rows],
                    blocks[min(n + 2, last), rows],
                    blocks[min(n + 3, last), rows],
                )
                for j in range(min(4, stop - n)):
                    target[n + j - shift] += complex(real[j], imaginary[j])


@kernel
def slide_sums(values, shifts, counts, angles, gains, bins, result):
    """Add sums of neighbours with advancing phases, for each frame, run and exponential.

    Frame t of its bin gets the sum over j < count of gain exp(-i j angle) values[shift + t + j].

    Nothing is ever subtracted, hence silence after noise is silent: of the neighbours of a frame
    in a stretch of `count` frames, those within the stretch are added up by a sum that runs
    backward from its end, the rest by one that runs forward (van Herk, 1992).

    Parameters
    ----------
    values : array of complex, shape (run, exponential, at least frame + shift + count - 1)
    shifts, counts : array of int, shape (run,)
    angles : array, shape (run, exponential)
    gains : array of complex, shape (run, exponential)
    bins : array of int, shape (run,)
    result : array of complex, shape (bin, frame)
        Changed in place.
    """
    for run in range(values.shape[0]):
        count = counts[run]
        for e in range(values.shape[1]):
            gain, angle = gains[run, e], angles[run, e]
            step, back = np.exp(-1j * angle), np.exp(1j * angle)
            last_gain = gain * np.exp(-1j * angle * (count - 1))
            for start in range(0, result.shape[1], count):
                frames = result[bins[run], start : start + count]
                here = values[run, e, shifts[run] + start :]
                ending, beginning = 0j, 0j
                # Both sums in one loop: while a step of one is computed, so is one of the other.
                for i in range(count):
                    t = count - 1 - i
                    ending = ending * step + here[t]
                    if t < frames.size:
                        frames[t] += gain * ending
                    t = i + 1
                    if t < frames.size:
                        beginning = beginning * back + here[t + count - 1]
                        frames[t] += last_gain * beginning
