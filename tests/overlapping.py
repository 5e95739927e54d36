"""Tones whose harmonics overlap, and frames of them, for losses and updates."""

import numpy as np
import pytest
from sounding import frames_of

from musisep.tones.model import ToneModel
from musisep.tones.peaks import Peaks

M, OCTAVE, FSIGMA, HAR = 420, 60, 1.5, 6
TRUE = np.array([[1, 0.5, 0.6, 0.3, 0.4, 0.2], [0.6, 1, 0.3, 0.5, 0, 0.3]]).T
EXPONENTS = pytest.mark.parametrize(("pexp", "qexp"), [(1, 0.5), (1, 1), (2, 0.5), (1, 0.35)])


def model(pexp=1.0, qexp=0.5):
    return ToneModel(FSIGMA, OCTAVE / np.log(2), M, pexp, qexp)


MODEL = model()


def tones(shifts, amps, insts):
    """Tones of one width, of [frame, tone] each; what lacks an axis is alike along it."""
    amps, shifts, insts = np.broadcast_arrays(amps, np.asarray(shifts, dtype=float), insts)
    return Peaks(amps, shifts, np.full(amps.shape, FSIGMA), np.zeros(amps.shape), insts)


def random_tones(rng, frames=4, number=3, instruments=2):
    """Tones whose harmonics overlap; a place has another instrument in every frame."""
    shape = frames, number
    return Peaks(
        rng.uniform(0.1, 1, shape), rng.uniform(0, 0.6 * M, shape),
        rng.uniform(0.8, 1.5, shape) * FSIGMA, rng.uniform(0, 1e-3, shape),
        rng.integers(0, instruments, shape),
    )  # fmt: skip


def spectra(peaks, inst_dict, own=MODEL):
    return frames_of(peaks, inst_dict, own)


def random_case(seed, own):
    """Frames, tones, and a wrong dictionary: exact tones, noisy ones, or only noise."""
    rng = np.random.default_rng(seed)
    peaks = random_tones(rng, rng.integers(1, 12), rng.integers(1, 5))
    frames = spectra(peaks, rng.uniform(0, 1, (HAR, 2)), own)
    if seed % 3 == 1:
        frames *= rng.uniform(0.3, 1.7, frames.shape)
    elif seed % 3 == 2:
        frames = rng.uniform(0, 1, frames.shape) * rng.integers(0, 2, frames.shape)
    return frames, peaks, rng.uniform(0.01, 1, (HAR, 2))
