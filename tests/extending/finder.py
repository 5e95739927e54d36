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
        bins = np.arange(model.m)
        for place in range(prior.shifts.shape[1]):
            near = np.abs(bins - prior.shifts[:, place, None]) < 2 * model.fsigma
            mine = prior.insts[:, place, None] == np.arange(dictionary.shape[1])
            scores += 1e3 * (mine[:, :, None] & near[:, None])
        scores = np.where(scores > 5e2, scores - 1e3, 0.0)
    amps = (np.maximum(scores.max(axis=-1), 0) / correlation.norms) ** (1 / model.qexp)
    sigmas = np.full(amps.shape, model.fsigma)
    insts = np.broadcast_to(np.arange(dictionary.shape[1]), amps.shape)
    return Peaks(amps, scores.argmax(axis=-1), sigmas, 0 * amps, insts)
