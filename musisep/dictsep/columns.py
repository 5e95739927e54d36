"""Columns of a dictionary from tones that are known.

Multiplicative updates (Lee and Seung, "Algorithms for non-negative matrix factorization", 2000)
find them without a step size: a harmonic is multiplied by the ratio of what the frames and what
the model have in its place, which for a harmonic that overlaps no other is right at once.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from musisep.dictsep import exptool
from musisep.dictsep.pursuit import checked_dictionary
from musisep.dictsep.search import BLOCK, TINY, in_blocks
from musisep.dictsep.tones import Floats, Ints, Peaks, ToneModel

QUIET = 1e-3
"""Frames below this share of the loudest frame's summed magnitude teach nothing."""
LEAST = 1e-4
"""Harmonics are not taken for lower where the form of a column is made plainer."""
TRUST = 0.03
"""How much a column of one pitch is held to the instrument's: like that share of a pitch's data."""
PITCH_UPDATES = 8
"""Updates of the columns of pitches."""


class Voices(NamedTuple):
    """Tones, and the columns with which they sound, of which an instrument may have many.

    Attributes
    ----------
    peaks : Peaks, shape (frame, tone)
        Tones, whose `insts` are columns.
    columns : ndarray, shape (harmonic, column)
        Relative amplitudes of the harmonics.
    owners : ndarray of int, shape (column,)
        The instrument that each column belongs to.
    """

    peaks: Peaks
    columns: Floats
    owners: Ints


def dict_grads(
    model: ToneModel, frames: Floats, peaks: Peaks, inst_dict: Floats, jobs: int = 1
) -> Floats:
    """Two parts of the negative gradient of the frames' summed loss by the dictionary.

    Parameters
    ----------
    model : ToneModel
    frames : ndarray, shape (frame, bin)
        Log-frequency spectrogram, frame-major.
    peaks : Peaks, shape (frame, tone)
    inst_dict : ndarray, shape (harmonic, instrument)
    jobs : int
        Threads; the result does not depend on it.

    Returns
    -------
    ndarray, shape (2, harmonic, instrument)
        What calls for higher, and what calls for lower harmonics: the negative gradient is the
        first less the second.
    """
    inst_dict = checked_dictionary(inst_dict, peaks.insts)
    insts = np.ascontiguousarray(peaks.insts)
    grads = np.zeros((-(-len(frames) // BLOCK), 2, *inst_dict.shape))

    def add(block: slice) -> None:
        exptool.add_loss_dict_grads(
            peaks[block].params, insts[block], inst_dict, model.harscale, model.pexp, model.qexp,
            model.roots(frames[block]) + model.root_floor, grads[block.start // BLOCK],
        )  # fmt: skip

    in_blocks(add, len(frames), jobs)
    return np.asarray(grads.sum(axis=0))


def fit_columns(
    model: ToneModel,
    frames: Floats,
    peaks: Peaks,
    inst_dict: Floats,
    updates: int,
    jobs: int = 1,
) -> Floats:
    """Improve the columns of tones that are known.

    Parameters
    ----------
    model : ToneModel
    frames : ndarray, shape (frame, bin)
        Log-frequency spectrogram, frame-major.
    peaks : Peaks, shape (frame, tone)
        The tones of all frames.
    inst_dict : ndarray, shape (harmonic, instrument)
        Dictionary to start with; its zeros stay.
    updates : int
        Number of updates.
    jobs : int
        Threads; the result does not depend on it.

    Returns
    -------
    ndarray, shape (harmonic, instrument)
        With maximum 1 in each column, unless the column is 0.
    """
    for _ in range(updates):
        inst_dict = _updated(model, inst_dict, *dict_grads(model, frames, peaks, inst_dict, jobs))
    return normalized(inst_dict)


def fit_pitches(
    model: ToneModel, frames: Floats, peaks: Peaks, inst_dict: Floats, jobs: int = 1
) -> Voices:
    """Fit columns of their own to the tones of each semitone of each instrument.

    An instrument's resonances raise and lower harmonics by ten decibels, but alike whenever the
    pitch recurs. Where a harmonic is hidden the column of the instrument holds.

    Parameters
    ----------
    model : ToneModel
    frames : ndarray, shape (frame, bin)
    peaks : Peaks, shape (frame, tone)
        The tones of all frames.
    inst_dict : ndarray, shape (harmonic, instrument)
    jobs : int
        Threads; the result does not depend on it.
    """
    semitones = np.rint(12 * peaks.shifts / model.octave).astype(np.int64)
    span = int(semitones.max(initial=0)) + 1
    found, numbers = np.unique(peaks.insts * span + semitones, return_inverse=True)
    owners = found // span
    own = Peaks(
        peaks.amps, peaks.shifts, peaks.sigmas, peaks.spreads, numbers.reshape(peaks.insts.shape)
    )
    start = np.maximum(inst_dict, TINY)[:, owners]
    columns, trust = start, np.zeros(start.shape)
    for update in range(PITCH_UPDATES):
        higher, lower = dict_grads(model, frames, own, columns, jobs)
        if not update:
            for inst in np.unique(owners):
                trust[:, owners == inst] = TRUST * lower[:, owners == inst].mean(axis=1)[:, None]
        higher += trust * (start / np.maximum(columns, TINY)) ** model.qexp
        columns = _updated(model, columns, higher, lower + trust)
    return Voices(own, columns, owners)


def _updated(model: ToneModel, inst_dict: Floats, higher: Floats, lower: Floats) -> Floats:
    """Multiply the harmonics by what they lack."""
    ratio = np.divide(higher, lower, out=np.ones_like(inst_dict), where=lower > 0)
    return np.asarray(inst_dict * ratio ** (1 / model.qexp))


def normalized(inst_dict: Floats) -> Floats:
    """Return columns of maximum 1; zeros stay."""
    return np.asarray(inst_dict / np.maximum(inst_dict.max(axis=0), TINY))


def smoothed(inst_dict: Floats) -> Floats:
    """Return columns whose harmonics are means of theirs and their neighbours', in decibels.

    A column whose even harmonics stand out takes two tones for harmonics of one an octave lower.
    """
    levels = np.log(np.maximum(inst_dict, LEAST))
    ends = np.vstack((levels[:1], levels, 2 * levels[-1:] - levels[-2:][:1]))
    return normalized(np.exp(0.25 * ends[:-2] + 0.5 * levels + 0.25 * ends[2:]))


def falling(inst_dict: Floats) -> Floats:
    """Return the nearest columns, in decibels, whose harmonics do not rise."""
    levels = np.log(np.maximum(inst_dict, LEAST))
    for column in levels.T:
        column[:] = -isotonic_regression(-column).x
    return normalized(np.exp(levels))


def audible(frames: Floats) -> Ints:
    """Return the indices of the frames that are not quiet."""
    level = frames.sum(axis=1)
    return np.flatnonzero(level > QUIET * level.max(initial=0))


def evenly(indices: Ints, number: int) -> Ints:
    """Return at most `number` of the indices, evenly drawn."""
    if indices.size <= number:
        return indices
    return indices[np.linspace(0, indices.size - 1, number).round().astype(np.int64)]


def unexplained(model: ToneModel, frames: Floats, peaks: Peaks, inst_dict: Floats) -> float:
    """Share of the loss of silence that the tones leave; 0 for silent frames."""
    inst_dict = checked_dictionary(inst_dict, peaks.insts)
    insts = np.ascontiguousarray(peaks.insts)
    silence = loss = 0.0
    for first in range(0, len(frames), BLOCK):
        block = slice(first, first + BLOCK)
        roots = model.roots(frames[block])
        silence += 0.5 * float(np.vdot(roots, roots))
        roots += model.root_floor
        loss += exptool.add_losses(
            peaks[block].params, insts[block], inst_dict, model.harscale, model.pexp, model.qexp,
            roots,
        )  # fmt: skip
    return float(loss / silence) if silence > 0 else 0.0
