"""Kernel that says where in its bin of a pitch axis each spectral peak lies."""

import numpy as np

from musisep._util.compiled import kernel

CONCERT_HZ = 440.0
"""The A that pitch counts from."""
LEAST = 0.01
"""Peaks below this share of a frame's largest power do not count, as in librosa."""
EXPONENT = 0.115
"""Of powers through which a parabola is laid: its top is within 0.0003 bins of a sinusoid's place
under a Hann window, and within 0.006 under others; with logarithms it is within 0.016 (after Werner
and Germain, "Sinusoidal parameter estimation using quadratic interpolation around power-scaled
magnitude spectrum peaks", Applied Sciences, 2016)."""


@kernel
def circular_moments(powers, first, stop, bin_hz, bins_per_octave, orders):
    """Sum up the spectral peaks of every frame on the circle that a bin of pitch makes.

    A peak of power P at a fraction r of a bin adds P exp(2 pi i n r) for n = 1, 2, …

    Parameters
    ----------
    powers : array, shape (frame, frequency)
        Squared magnitudes.
    first, stop : int
        Frequencies among which peaks are looked for, with a neighbour on either side.
    bin_hz : float
        Distance of frequencies.
    bins_per_octave : int
        Bins of pitch; one has its middle at 440 Hz.
    orders : int
        How many n.

    Returns
    -------
    array, shape (frame, 2 * orders)
        Real parts, then imaginary parts. A frame that is not finite is NaN.
    """
    result = np.zeros((len(powers), 2 * orders))
    for t in range(len(powers)):
        frame = powers[t]
        largest = frame[first:stop].max()
        if not np.isfinite(largest):
            result[t] = np.nan
            continue
        for k in range(first, stop):
            top = frame[k]
            if top > LEAST * largest and frame[k - 1] < top >= frame[k + 1]:
                left, right = frame[k - 1] ** EXPONENT, frame[k + 1] ** EXPONENT
                bend = left - 2 * top**EXPONENT + right
                place = k + 0.5 * (left - right) / bend if bend < 0 else np.float64(k)  # flat
                hz = place * bin_hz
                turn = np.exp(2j * np.pi * bins_per_octave * np.log2(hz / CONCERT_HZ))
                moment = top * turn
                for n in range(orders):
                    result[t, n] += moment.real
                    result[t, orders + n] += moment.imag
                    moment *= turn
    return result
