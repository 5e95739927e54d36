"""Columns of a dictionary from tones that are known.

Multiplicative updates (Lee and Seung, "Algorithms for non-negative matrix factorization", 2000)
find them without a step size: a harmonic is multiplied by the ratio of what the frames and what
the model have in its place, which for a harmonic that overlaps no other is right at once.
"""

import numpy as np
from scipy.optimize import isotonic_regression

from musisep._util.checks import at_least, instance
from musisep._util.constants import TINY
from musisep.audio.arrays import as_real
from musisep.tones.checks import frames_with_tones
from musisep.tones.loss import dict_grads
from musisep.tones.model import ToneModel, checked_dictionary
from musisep.tones.peaks import Floats, Peaks

FLOOR = 1e-4
"""Least amplitude of a harmonic, relative to the highest, where columns are smoothed or made to
fall; -80 dB, below what a recording shows."""


def fit_columns(
    frames: Floats, peaks: Peaks, inst_dict: Floats, model: ToneModel, updates: int
) -> Floats:
    """Improve the columns of tones that are known.

    Parameters
    ----------
    frames : ndarray [frame, bin]
        Log-frequency spectrogram, frame-major.
    peaks : Peaks [frame, tone]
        The tones of all frames, whose `insts` are columns.
    inst_dict : ndarray [harmonic, column]
        Dictionary to start with; its zeros stay.
    model : ToneModel
        What tones look like.
    updates : int
        Number of updates.

    Returns
    -------
    ndarray [harmonic, column]
        With maximum 1 in each column, unless the column is 0.

    Raises
    ------
    ValueError
        As `musisep.tones.loss.dict_grads`, or if there are more than a million updates.

    References
    ----------
    .. [1] D. D. Lee, H. S. Seung, "Algorithms for non-negative matrix factorization", NIPS 2000.

    Examples
    --------
    A tone was played with the harmonics 0.4, 1 and 0.2; the start knows nothing of them:

    >>> import math
    >>> import numpy as np
    >>> from musisep.learning.updates import fit_columns
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> tone = Peaks([1.0], [40.0], [1.0], [0.0], [0])
    >>> frame = inst_shift(tone, [[0.4], [1.0], [0.2]], model.harscale, model.pexp, model.m, 1)
    >>> fit_columns(frame[None], tone[None], np.ones((3, 1)), model, updates=5).round(3).tolist()
    [[0.4], [1.0], [0.2]]
    """
    frames, updates = (
        frames_with_tones(frames, peaks, model),
        at_least("updates", updates, 0, 10**6),
    )
    inst_dict = checked_dictionary(inst_dict, peaks.insts)
    for _ in range(updates):
        higher, lower = dict_grads(frames, peaks, inst_dict, model)
        inst_dict = updated(inst_dict, higher, lower, model)
    return normalized(inst_dict)


def updated(inst_dict: Floats, higher: Floats, lower: Floats, model: ToneModel) -> Floats:
    """Multiply the harmonics by the ratio of what frames and model have.

    Parameters
    ----------
    inst_dict : array_like [harmonic, column]
        Relative amplitudes of the harmonics.
    higher : array_like [harmonic, column]
        What raises them, see `musisep.tones.loss.dict_grads`.
    lower : array_like [harmonic, column]
        What lowers them; where it is 0 a harmonic stays.
    model : ToneModel
        What tones look like.

    Returns
    -------
    ndarray [harmonic, column]
        ``inst_dict * (higher / lower) ** (1 / q)``.

    Raises
    ------
    ValueError
        Unless all are arrays of one shape, and the model is one.

    Examples
    --------
    With the exponent q = 1/2 a harmonic is multiplied by the square of the ratio:

    >>> from musisep.learning.updates import updated
    >>> from musisep.tones.model import ToneModel
    >>> model = ToneModel(fsigma=1.0, harscale=12.0, m=40, qexp=0.5)
    >>> updated([[1.0], [0.2]], [[3.0], [2.0]], [[3.0], [1.0]], model).tolist()
    [[1.0], [0.8]]
    """
    instance("model", model, ToneModel)
    columns, more, less = (
        as_real(values, name)
        for name, values in (("inst_dict", inst_dict), ("higher", higher), ("lower", lower))
    )
    if not columns.shape == more.shape == less.shape:
        raise ValueError(
            f"inst_dict, higher and lower of shapes {columns.shape}, {more.shape} and {less.shape} "
            "must be of one shape"
        )
    ratio = np.divide(more, less, out=np.ones(columns.shape), where=less > 0)
    return np.asarray(columns * ratio ** (1 / model.qexp))


def normalized(inst_dict: Floats) -> Floats:
    """Return columns of maximum 1; zeros stay.

    Parameters
    ----------
    inst_dict : ndarray [harmonic, column]
        Amplitudes of the harmonics.

    Returns
    -------
    ndarray [harmonic, column]
        Amplitudes relative to the highest of the column.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.learning.updates import normalized
    >>> normalized(np.array([[2.0, 0.0], [1.0, 0.0]])).tolist()
    [[1.0, 0.0], [0.5, 0.0]]
    """
    return np.asarray(inst_dict / np.maximum(inst_dict.max(axis=0), TINY))


def smoothed(inst_dict: Floats) -> Floats:
    """Return columns whose harmonics are means of theirs and their neighbours', in decibels.

    Strong even harmonics let one column explain two tones, with a fundamental an octave too low.

    Parameters
    ----------
    inst_dict : ndarray [harmonic, column]
        Relative amplitudes of the harmonics; those below `FLOOR` count as that.

    Returns
    -------
    ndarray [harmonic, column]
        Smoothed columns of maximum 1.

    Examples
    --------
    The even harmonics are 20 dB above the odd ones. In the middle of the smoothed column all are
    equally loud:

    >>> import numpy as np
    >>> from musisep.learning.updates import smoothed
    >>> column = np.array([[0.1], [1.0], [0.1], [1.0], [0.1]])
    >>> (20 * np.log10(smoothed(column))).round(1).ravel().tolist()
    [-5.0, 0.0, 0.0, 0.0, -10.0]
    """
    levels = np.log(np.maximum(inst_dict, FLOOR))
    ends = np.vstack((levels[:1], levels, 2 * levels[-1:] - levels[-2:][:1]))
    return normalized(np.exp(0.25 * ends[:-2] + 0.5 * levels + 0.25 * ends[2:]))


def falling(inst_dict: Floats) -> Floats:
    """Return the nearest columns, in decibels, whose harmonics do not rise.

    Nearest are those of least squared differences, by isotonic regression.

    Parameters
    ----------
    inst_dict : ndarray [harmonic, column]
        Relative amplitudes of the harmonics; those below `FLOOR` count as that.

    Returns
    -------
    ndarray [harmonic, column]
        Falling columns of maximum 1.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.learning.updates import falling
    >>> falling(np.array([[0.5], [1.0], [0.1]])).round(3).ravel().tolist()
    [1.0, 1.0, 0.141]
    """
    levels = np.log(np.maximum(inst_dict, FLOOR))
    for column in levels.T:
        column[:] = -isotonic_regression(-column).x
    return normalized(np.exp(levels))
