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
    """Multiply the harmonics by the ratio of what frames and model have; see `dict_grads`.

    ValueError unless all are arrays of one shape.
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
    """Return columns of maximum 1; zeros stay."""
    return np.asarray(inst_dict / np.maximum(inst_dict.max(axis=0), TINY))


def smoothed(inst_dict: Floats) -> Floats:
    """Return columns whose harmonics are means of theirs and their neighbours', in decibels.

    Strong even harmonics let one column explain two tones, with a fundamental an octave too low.
    """
    levels = np.log(np.maximum(inst_dict, FLOOR))
    ends = np.vstack((levels[:1], levels, 2 * levels[-1:] - levels[-2:][:1]))
    return normalized(np.exp(0.25 * ends[:-2] + 0.5 * levels + 0.25 * ends[2:]))


def falling(inst_dict: Floats) -> Floats:
    """Return the nearest columns, in decibels, whose harmonics do not rise."""
    levels = np.log(np.maximum(inst_dict, FLOOR))
    for column in levels.T:
        column[:] = -isotonic_regression(-column).x
    return normalized(np.exp(levels))
