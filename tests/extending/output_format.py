"""An output format: NumPy's, with the sample rate."""

import numpy as np

from musisep.io.formats import Format


def write_npz(path, audio, sample_rate, subtype):
    np.savez(path, audio=audio.astype(subtype), sample_rate=sample_rate)


NPZ = Format(container="", suffixes=(".npz",), subtypes=("float32", "float64"), write=write_npz)
