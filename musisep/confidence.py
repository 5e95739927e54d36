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
    r"""Probability that stems are good.

    Parameters
    ----------
    certainty : ndarray, float [...]
        Mean probability that the notes of an instrument are its own, from 0 to 1.
    instruments : int
        Number of instruments that play.
    unexplained : float
        Share of the recording that the model leaves unexplained, from 0 to 1.

    Returns
    -------
    ndarray, float [...]
        From 0 to 1, one for each certainty.

    Notes
    -----
    With the certainty :math:`p`, limited to `HIGHEST`, the number of instruments :math:`k`, and the
    share :math:`u` that is left unexplained, the log odds are

    .. math:: c + a \log \frac{p}{1 - p} + b (k - 2) + d u

    `CURVE` has the constants.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.confidence import confidence
    >>> confidence(np.array([0.9, 0.99]), instruments=2, unexplained=0.1).round(2)
    array([0.55, 0.89])
    """
    limited = np.clip(certainty, 1 - HIGHEST, HIGHEST)
    constant, sure, more, left = CURVE
    log_odds = constant + sure * np.log(limited / (1 - limited))
    log_odds += more * (instruments - 2) + left * unexplained
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def called(overall: float) -> str:
    """Return the word for a confidence: good, doubtful or poor.

    Parameters
    ----------
    overall : float
        Mean confidence of the stems, from 0 to 1.

    Returns
    -------
    {"good", "doubtful", "poor"}
        Good from `LIKELY` on, poor below `UNLIKELY`.

    Examples
    --------
    >>> from musisep.confidence import called
    >>> [called(overall) for overall in (0.9, 0.6, 0.1)]
    ['good', 'doubtful', 'poor']
    """
    if overall >= LIKELY:
        return "good"
    return "doubtful" if overall >= UNLIKELY else "poor"
