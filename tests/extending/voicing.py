"""A voicing: an instrument has a column for each octave."""

import numpy as np

from musisep.learning.updates import fit_columns
from musisep.masking.voices import Voices


def by_octave(frames, tones, dictionary, model):
    octaves = (tones.shifts / model.octave).astype(np.int64)
    number = octaves.max(initial=0) + 1
    found, columns = np.unique(tones.insts * number + octaves, return_inverse=True)
    columns = columns.reshape(octaves.shape)
    own = tones.of_instruments(columns)
    fitted = fit_columns(frames, own, dictionary[:, found // number], model, updates=8)
    return Voices(tones, columns, fitted, dictionary.shape[1])
