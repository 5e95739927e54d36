"""Kernels of synthesis and of masks."""

import numpy as np

from musisep._util.compiled import kernel
from musisep._util.constants import TINY
from musisep.tones._kernels import inst_shift


@kernel
def add_tones_of_frames(params, insts, columns, dictionary, harscale, pexp, powers):
    """Add the p-th powers of all tones to ``powers`` [instrument, frame, bin].

    ``params`` is ``[frame, 4, tone]``; ``insts`` ``[frame, tone]`` tells to which instrument a tone
    belongs, ``columns`` ``[frame, tone]`` with which column of ``dictionary`` it sounds.
    """
    for frame in range(params.shape[0]):
        for tone in range(insts.shape[1]):
            one = slice(tone, tone + 1)
            inst_shift(
                params[frame, :, one], columns[frame, one], dictionary, harscale, pexp,
                powers[insts[frame, tone], frame],
            )  # fmt: skip


@kernel
def divide_spectra(spects, spectra, shares):
    """Fill ``shares`` [instrument, channel, frame, bin] by parts of ``spectra`` [channel, ...].

    The parts are proportional to ``spects`` [instrument, frame, bin], and 0 where all of these are.
    """
    size = spects.shape[2]
    inverse = np.empty(size)
    for frame in range(spects.shape[1]):
        inverse[:] = 0.0
        for inst in range(spects.shape[0]):
            inverse += spects[inst, frame]
        for i in range(size):
            inverse[i] = 1.0 / inverse[i] if inverse[i] > TINY else 0.0
        for inst in range(spects.shape[0]):
            spect = spects[inst, frame]
            for channel in range(spectra.shape[0]):
                source, target = spectra[channel, frame], shares[inst, channel, frame]
                for i in range(size):
                    target[i] = (spect[i] * inverse[i]) * source[i]
