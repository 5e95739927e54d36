"""Limits of the model that many signatures share; light enough to import for a help text."""

PEXP_MAX = 16
"""Amplitudes add up to hardly more than their maximum from there on."""
QEXP_MIN, QEXP_MAX = 0.01, 16
"""Beyond these, powers and roots of quiet tones vanish, and those of loud ones are infinite."""
LEAST_SCALE = 1e-6
"""Bins per factor e: an axis of one bin for all numbers in double precision has more."""
MOST_BINS = 2**24
"""Of a spectrum, and of what is added to it: a gigabyte for eight tones."""
LEAST_SIGMA, MOST_SIGMA = 1e-3, 10_000
"""Bins: what is narrower falls between bins; the width of a tone is less than the axis."""
MOST_AMPLITUDE = 1e6
"""Of a harmonic in a dictionary, whose highest is 1 mostly: its powers are finite."""
MOST_INSTRUMENTS = 1000
"""To which notes or tones are assigned; the time grows with them."""
MOST_SAMPLES = 2**40
"""Of one signal or chunk: eight terabytes."""
MOST_WHOLE_SAMPLES = 240 * 48_000 * 2
"""Of all channels of a recording that is looked at as a whole: four minutes of stereo at 48 kHz."""
MOST_TONES = 2**20
"""Of one list: 40 MB."""
AUTO = "auto"
"""In the place of a number of instruments: it is to be found."""
MOST_COUNTED = 4
"""Instruments that are told from fewer: the recordings to which that was fitted have no more."""
