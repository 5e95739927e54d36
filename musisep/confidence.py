"""How likely it is that a separation is good: a calibration of how sure the model is who plays.

What a listener hears is mostly decided by whether each note goes to its player. The model of
players gives a probability of that, the certainty. How often a stem, and a recording on average,
reaches `GOOD_DB` with a certainty was measured on recordings with known stems
(`experiments/e15_confidence.py`), and a logistic curve was fitted to it.
"""

import numpy as np

from musisep.tones.peaks import Floats

GOOD_DB = 5.0
"""SDR from which on a stem is called good, in dB."""
CURVE = (-1.376, 0.778, -0.784, -1.401)
"""Of the log odds: a constant, and factors of the log odds of the certainty, of the number of
instruments beyond two, and of the share that is left unexplained."""
LIKELY, UNLIKELY = 0.8, 0.4
"""Confidence from which on a separation is called good, and below which it is called poor."""
HIGHEST = 0.999
"""Certainty is limited to this: the samples are a few dozen."""


def confidence(certainty: Floats, instruments: int, unexplained: float) -> Floats:
    """Probability that stems are good.

    Parameters
    ----------
    certainty : ndarray
        Mean probability that the notes of an instrument are its own; any shape.
    instruments : int
        How many play.
    unexplained : float
        Share of the recording that the model leaves unexplained.

    Returns
    -------
    ndarray
        From 0 to 1, one for each certainty.
    """
    limited = np.clip(certainty, 1 - HIGHEST, HIGHEST)
    constant, sure, more, left = CURVE
    log_odds = constant + sure * np.log(limited / (1 - limited))
    log_odds += more * (instruments - 2) + left * unexplained
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def called(overall: float) -> str:
    """Return the word for a confidence: good, doubtful or poor."""
    if overall >= LIKELY:
        return "good"
    return "doubtful" if overall >= UNLIKELY else "poor"
