"""A tone finder: each instrument's strongest correlation, near a tone that it is known to play."""

import numpy as np

from musisep.multipitch.greedy import Correlation
from musisep.tones.peaks import Peaks
from musisep.tones.spectra import patterns


def strongest(frames, dictionary, model, prior=None):
    baseshift, spects = patterns(dictionary, model)
    correlation = Correlation(spects, baseshift, model.m)
    scores = correlation(model.roots(frames))  # [frame, instrument, bin]
    if prior is not None:
        far = np.abs(np.arange(model.m) - prior.shifts[..., None]) > 2 * model.fsigma
        others = prior.insts[..., None] != np.arange(dictionary.shape[1])
        scores[np.all(far[:, :, None] | others[..., None], axis=1)] = 0
    amps = (np.maximum(scores.max(axis=-1), 0) / correlation.norms) ** (1 / model.qexp)
    sigmas = np.full(amps.shape, model.fsigma)
    insts = np.broadcast_to(np.arange(dictionary.shape[1]), amps.shape)
    return Peaks(amps, scores.argmax(axis=-1), sigmas, 0 * amps, insts)
