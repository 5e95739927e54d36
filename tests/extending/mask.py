"""A mask: each point of the spectrum belongs to the instrument that is loudest there."""

import numpy as np

from musisep.masking.ratio import SpectralMask
from musisep.masking.synthesis import synthesise
from musisep.tones._kernels import LINEAR


def loudest(voices, spectra, pexp):
    spects = synthesise(voices, LINEAR, pexp, spectra.shape[-1])  # [instrument, frame, bin]
    first = np.arange(len(spects))[:, None, None] == spects.argmax(axis=0)
    return np.where((first & (spects > 0))[:, None], spectra, 0.0)


binary_mask = SpectralMask(share=loudest)
