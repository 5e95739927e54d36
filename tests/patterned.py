"""Two instruments of known patterns on a short axis, for the joint search and its kernels."""

import naive
import numpy as np

from musisep.tones.model import ToneModel, calc_harscale
from musisep.tones.spectra import gen_inst_spect

M, HAR, FSIGMA = 240, 5, 1.9
MODEL = ToneModel(FSIGMA, calc_harscale(100, 1600, M), M)
BASESHIFT = MODEL.baseshift(HAR)
INST_DICT = np.array([[1.0, 0.3, 0.6, 0.1, 0.05], [0.4, 1.0, 0.1, 0.7, 0.5]]).T
PATTERNS = np.ascontiguousarray(
    gen_inst_spect(BASESHIFT, FSIGMA, INST_DICT, MODEL.harscale, 1, 0.5, M).T
)


def spectrum(amps, shifts, insts):
    tones = len(amps)
    params = np.array([amps, shifts, [FSIGMA] * tones, [0.0] * tones])
    return naive.magnitudes(params, insts, INST_DICT, MODEL.harscale, 1, M)


def random_frames(number, insts, seed=0, noise=0.0):
    """Frames with one tone of each of `insts`; their shifts and amplitudes."""
    rng = np.random.default_rng(seed)
    shifts = rng.uniform(0, 150, (number, len(insts)))
    amps = rng.uniform(0.3, 1, (number, len(insts)))
    frames = [spectrum(*tones, insts) for tones in zip(amps, shifts, strict=True)]
    return np.array(frames) + noise * rng.uniform(0, 1, (number, M)), shifts, amps


def atom(inst, shift):
    """Pattern with its fundamental at `shift`, cut to the axis."""
    padded = np.concatenate((np.zeros(M), PATTERNS[inst]))
    return padded[M + BASESHIFT - shift :][:M]
