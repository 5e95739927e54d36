"""How far tones are from frames: the loss of many frames, and its gradient by the dictionary.

The loss of a frame y is ``1/2 sum_i ((Y_i + eps)^q - (y_i + eps)^q)^2`` for the spectrum Y of its
tones: the root keeps quiet harmonics in view.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.threads import BLOCK, each_block
from musisep.audio.arrays import as_real
from musisep.tones import _kernels
from musisep.tones.checks import checked_frames, frames_with_tones
from musisep.tones.model import ToneModel, checked_dictionary
from musisep.tones.peaks import Floats, Peaks


def frame_roots(y: ArrayLike, qexp: float) -> Floats:
    """``(y + eps)^q`` of one frame (bin,): what the kernels compare spectra of tones with.

    Raises
    ------
    ValueError
        If it is not [bin], or negative somewhere.
    """
    y = np.ascontiguousarray(as_real(y, "y"), dtype=np.float64)
    if y.ndim != 1:
        raise ValueError(f"y.shape={y.shape} must be (m,)")
    if y.min(initial=0.0) < 0:
        raise ValueError(f"y.min()={y.min()} must be at least 0: y holds magnitudes")
    return np.asarray((y + _kernels.EPS) ** qexp)


def silence_losses(frames: Floats, model: ToneModel) -> Floats:
    """Return the loss of frames in which there are no tones.

    Parameters
    ----------
    frames : ndarray [frame, bin]
        Log-frequency spectrogram, frame-major.
    model : ToneModel
        What tones look like.

    Returns
    -------
    ndarray [frame]
        Half of the sum of the squared roots of each frame, see `ToneModel.roots`.

    Raises
    ------
    ValueError
        If frames and model do not fit.

    Examples
    --------
    With the exponent 1/2 the loss is about half of the summed magnitudes:

    >>> import numpy as np
    >>> from musisep.tones.loss import silence_losses
    >>> from musisep.tones.model import ToneModel
    >>> model = ToneModel(fsigma=1.0, harscale=12.0, m=3, qexp=0.5)
    >>> silence_losses(np.array([[0.0, 0.0, 0.0], [1.0, 0.5, 0.0]]), model).round(2).tolist()
    [0.0, 0.75]
    """
    frames = checked_frames(frames, model)
    losses = np.empty(len(frames))
    for first in range(0, len(frames), BLOCK):
        roots = model.roots(frames[first : first + BLOCK])
        losses[first : first + BLOCK] = 0.5 * np.einsum("ij,ij->i", roots, roots)
    return losses


def dict_grads(frames: Floats, peaks: Peaks, inst_dict: Floats, model: ToneModel) -> Floats:
    """Return two parts of the negative gradient of the frames' summed loss by the dictionary.

    Parameters
    ----------
    frames : ndarray [frame, bin]
        Log-frequency spectrogram, frame-major.
    peaks : Peaks [frame, tone]
        Tones, whose `insts` are the columns that they sound with.
    inst_dict : ndarray [harmonic, column]
        Relative amplitudes of the harmonics.
    model : ToneModel
        What tones look like.

    Returns
    -------
    ndarray [2, harmonic, column]
        The terms that raise a harmonic, and those that lower it: the negative gradient is the
        first less the second.

    Raises
    ------
    ValueError
        If a tone has no column, or shapes do not fit.

    Examples
    --------
    The recording has a second harmonic of 0.5, the dictionary one of 0.2: it is to rise, and the
    first harmonic is right:

    >>> import math
    >>> import numpy as np
    >>> from musisep.tones.loss import dict_grads
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift
    >>> model = ToneModel(fsigma=1.0, harscale=12 / math.log(2), m=40)
    >>> tone = Peaks([1.0], [10.0], [1.0], [0.0], [0])
    >>> frame = inst_shift(tone, [[1.0], [0.5]], model.harscale, model.pexp, model.m, 1)
    >>> higher, lower = dict_grads(frame[None], tone[None], np.array([[1.0], [0.2]]), model)
    >>> np.sign((higher - lower).round(6)).ravel().tolist()
    [0.0, 1.0]
    """
    frames = frames_with_tones(frames, peaks, model)
    inst_dict = checked_dictionary(inst_dict, peaks.insts)
    insts = np.array(peaks.insts, dtype=np.int64, order="C")
    grads = np.zeros((-(-len(frames) // BLOCK), 2, *inst_dict.shape))

    def add(block: slice) -> None:
        _kernels.add_loss_dict_grads(
            peaks[block].params, insts[block], inst_dict, model.harscale, model.pexp, model.qexp,
            model.roots(frames[block]) + model.root_floor, grads[block.start // BLOCK],
        )  # fmt: skip

    each_block(add, len(frames))
    return np.asarray(grads.sum(axis=0))


def unexplained(frames: Floats, peaks: Peaks, inst_dict: Floats, model: ToneModel) -> float:
    """Return the share of the loss of silence that the tones leave; 0 for silent frames.

    Parameters
    ----------
    frames : ndarray [frame, bin]
        Log-frequency spectrogram, frame-major.
    peaks : Peaks [frame, tone]
        Tones, whose `insts` are the columns that they sound with.
    inst_dict : ndarray [harmonic, column]
        Relative amplitudes of the harmonics.
    model : ToneModel
        What tones look like.

    Returns
    -------
    float
        0 if the tones are what the frames hold, 1 if they are as good as silence.

    Raises
    ------
    ValueError
        If a tone has no column, or shapes do not fit.

    Examples
    --------
    The right tone explains all of a frame; silence explains nothing:

    >>> import math
    >>> import numpy as np
    >>> from musisep.tones.loss import unexplained
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift
    >>> model = ToneModel(fsigma=1.0, harscale=12 / math.log(2), m=40)
    >>> column = np.array([[1.0], [0.5]])
    >>> tone = Peaks([1.0], [10.0], [1.0], [0.0], [0])
    >>> frame = inst_shift(tone, column, model.harscale, model.pexp, model.m, 1)
    >>> right = unexplained(frame[None], tone[None], column, model)
    >>> silent = unexplained(frame[None], tone[None].scaled(0.0), column, model)
    >>> round(right, 3), round(silent, 3)
    (0.0, 1.0)
    """
    frames = frames_with_tones(frames, peaks, model)
    inst_dict = checked_dictionary(inst_dict, peaks.insts)
    insts = np.array(peaks.insts, dtype=np.int64, order="C")
    blocks = -(-len(frames) // BLOCK)
    losses, silence = np.zeros(blocks), np.zeros(blocks)

    def add(block: slice) -> None:
        number = block.start // BLOCK
        roots = model.roots(frames[block])
        # Not by BLAS, whose sums depend on its number of threads.
        silence[number] = 0.5 * float(np.einsum("ij,ij->", roots, roots))
        roots += model.root_floor
        losses[number] = _kernels.add_losses(
            peaks[block].params, insts[block], inst_dict, model.harscale, model.pexp, model.qexp,
            roots,
        )  # fmt: skip

    each_block(add, len(frames))
    # Summed in order, whatever the number of threads.
    total = sum(silence.tolist())
    return float(sum(losses.tolist()) / total) if total > 0 else 0.0
