"""Folders of stems, for tests."""

from pathlib import Path

import numpy as np

from musisep.io.files import write

RATE = 8000


def noise(count=2, seconds=1.0, channels=1, seed=0):
    """Return stems [instrument, channel, sample]."""
    shape = count, channels, int(seconds * RATE)
    return 0.1 * np.random.default_rng(seed).standard_normal(shape)


def write_track(folder, stems, names, *, mixture=None, rate=RATE):
    """Write stems, and a mixture by a name."""
    for name, stem in zip(names, stems, strict=True):
        write(Path(folder, f"{name}.wav"), stem, rate, subtype="FLOAT")
    if mixture:
        write(Path(folder, f"{mixture}.wav"), np.sum(stems, axis=0), rate, subtype="FLOAT")
