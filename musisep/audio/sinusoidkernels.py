"""Kernels of `musisep.audio.sinusoids`."""

import numpy as np

from musisep.compiled import kernel

RESTART = 64
"""Samples after which a sinusoid is computed anew, lest rounding adds up: 1e-14 till then."""


@kernel
def sample_sinusoids(  # type: ignore[no-untyped-def]
    frequencies, gains, turns, begins, amplitudes, starts, counts, columns, table
):
    """Write samples of windowed sinusoids, conjugated.

    Parameters
    ----------
    frequencies, gains : array, shape (piece,)
    turns, begins : array, shape (piece,)
        The window is sum_e amplitudes[e] cos(e turn (n - begin)) at sample n from the centre.
    amplitudes : array, shape (cosine,)
    starts, counts : array of int, shape (piece,)
        First sample from the centre, and number of samples.
    columns : array of int, shape (piece,)
        Where to write the first.
    table : array, shape (2 piece, column)
        Changed in place: a row of real parts, then one of imaginary parts for each piece.
    """
    for p in range(frequencies.size):
        step, turn = np.exp(-1j * frequencies[p]), np.exp(1j * turns[p])
        for done in range(0, counts[p], RESTART):
            start, column = starts[p] + done, columns[p] + done
            phase = gains[p] * np.exp(-1j * frequencies[p] * start)
            angle = np.exp(1j * turns[p] * (start - begins[p]))
            for i in range(min(RESTART, counts[p] - done)):
                # Clenshaw's recurrence
                current, previous = 0.0, 0.0
                for e in range(amplitudes.size - 1, 0, -1):
                    current, previous = amplitudes[e] + 2 * angle.real * current - previous, current
                weight = amplitudes[0] + angle.real * current - previous
                table[2 * p, column + i] = weight * phase.real
                table[2 * p + 1, column + i] = weight * phase.imag
                phase *= step
                angle *= turn


@kernel
def add_shifted(products, bins, shifts, result):  # type: ignore[no-untyped-def]
    """Add products of blocks to the frames that they belong to.

    Parameters
    ----------
    products : array, shape (2 piece, block)
        Real and imaginary parts.
    bins, shifts : array of int, shape (piece,)
        Block t + shift belongs to frame t of the bin.
    result : array of complex, shape (bin, frame)
        Changed in place.
    """
    frames = result.shape[1]
    for p in range(bins.size):
        target = result[bins[p]]
        real = products[2 * p, shifts[p] : shifts[p] + frames]
        imaginary = products[2 * p + 1, shifts[p] : shifts[p] + frames]
        for t in range(frames):
            target[t] += complex(real[t], imaginary[t])


@kernel
def slide_sums(values, angles, gains, count, result):  # type: ignore[no-untyped-def]
    """Add sums of `count` neighbours with advancing phases, for each frame and exponential.

    Frame t gets the sum over j < count of gain exp(-i j angle) values[t + j].

    Nothing is ever subtracted, hence silence after noise is silent: of every window that begins
    in a stretch of `count` values, the part within the stretch comes from a sum that runs
    backward from its end, the rest from one that runs forward (van Herk, 1992).

    Parameters
    ----------
    values : array, shape (exponential, 2, at least frame + count - 1)
        Real and imaginary parts.
    angles : array, shape (exponential,)
    gains : array of complex, shape (exponential,)
    count : int > 0
    result : array of complex, shape (frame,)
        Changed in place.
    """
    for e in range(angles.size):
        step, back = np.exp(-1j * angles[e]), np.exp(1j * angles[e])
        last = np.exp(-1j * angles[e] * (count - 1))
        for start in range(0, result.size, count):
            real, imaginary = values[e, 0, start:], values[e, 1, start:]
            frames = result[start : start + count]
            total = 0j
            for t in range(count - 1, -1, -1):
                total = total * step + complex(real[t], imaginary[t])
                if t < frames.size:
                    frames[t] += gains[e] * total
            total = 0j
            for t in range(1, frames.size):
                new = complex(real[t + count - 1], imaginary[t + count - 1])
                total = total * back + last * new
                frames[t] += gains[e] * total
