"""Integers in the place of floats must not make numba compile kernels anew, which takes seconds."""

import sys

import numpy as np
import pytest

from musisep.dictsep import dictlearn, exptool, pursuit
from musisep.dictsep.adam_b import Adam_B
from musisep.multipitch.joint import JointSearch

M, HAR, INSTS = 100, 3, [0, 1]


def signatures():
    """Number of the types that each kernel in use has been compiled for, by its name."""
    return {
        f"{name}.{attribute}": len(kernel.signatures)
        for name, module in list(sys.modules.items())
        if name.startswith("musisep.")
        for attribute, kernel in vars(module).items()
        if hasattr(kernel, "signatures")
    }


def call_exptool(kind, dictionary):
    params = np.array([[1, 1], [20, 40], [2, 2], [0, 0]], kind)
    for pexp in (kind(1), kind(2)):
        arguments = params, INSTS, dictionary, kind(30), pexp
        exptool.inst_shift(*arguments, np.zeros(M))
        exptool.inst_shift_grad(*arguments, np.zeros(M), np.zeros((4, 2, M)))
        weights = np.ones((2, M), kind)
        exptool.inst_shift_dict_grad(*arguments, *weights, np.zeros((2, HAR, 2)))
        exptool.inst_scale(*arguments[:3], pexp, np.zeros(M))
        exptool.inst_scale_grad(*arguments[:3], pexp, np.zeros(M), np.zeros((4, 2, M)))


def call_pursuit(kind, dictionary):
    peaks = pursuit.Peaks(*np.array([[1, 1], [20, 40], [2, 2], [0, 0]], kind), INSTS)
    harscale = kind(30)
    for pexp, qexp in ((kind(1), kind(1)), (kind(2), 0.5)):
        y = pursuit.inst_shift(peaks, dictionary, harscale, pexp, M, 2).round().astype(kind)
        pursuit.inst_scale(peaks, dictionary, pexp, M, 2)
        arguments = peaks.get_array().astype(kind), INSTS, dictionary, harscale, pexp, qexp, M, 2, y
        pursuit.inst_shift_obj(*arguments)
        pursuit.inst_shift_grad(*arguments)
        pursuit.inst_shift_dict_grad(*arguments)
        spects = pursuit.gen_inst_spect(80, kind(2), dictionary, harscale, pexp, qexp, M)
        pursuit.peak_pursuit(
            y, 2, 1, 2, dictionary, kind(2), harscale, pursuit.fft_selector, (80, spects, qexp),
            pexp, qexp, kind(1), peaks,
        )  # fmt: skip


def call_dictlearn(kind, dictionary):
    adam = Adam_B(dictionary, alpha=kind(0))
    spects = pursuit.gen_inst_spect(80, kind(2), dictionary, kind(30), kind(1), kind(1), M)
    y = np.arange(M) % 20 == 0
    dictlearn.stoch_grad(
        y.astype(kind), dictionary, 1, adam, kind(2), kind(30), 80, spects, kind(1), kind(1)
    )
    spect = np.tile(y[:, None], 5).astype(kind)
    axis = kind(1), kind(32)
    for finder in (None, JointSearch()):
        dictlearn.learn_spect_dict(
            spect, kind(2), 1, 2, kind(1), kind(1), HAR, M, *axis, 2, 1, finder=finder
        )
    dictlearn.Learner(kind(2), 1, 2, HAR, M, 0, kind(1), kind(1), dictionary).step(np.ones((2, M)))
    dictlearn.synth_spect(spect, 1, dictionary, kind(2), M, kind(1), kind(1), *axis)
    dictlearn.test_learn(kind(2), 1, 2, kind(1), kind(1), HAR, M, 2, 4, 1)


@pytest.mark.filterwarnings("ignore:silent")
@pytest.mark.parametrize("call", [call_exptool, call_pursuit, call_dictlearn])
def test_integers_and_unusual_arrays_compile_nothing(call):
    dictionary = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]).T.copy()
    call(float, dictionary)
    before = signatures()
    assert before
    call(int, dictionary.astype(int))
    call(float, np.asfortranarray(dictionary))
    assert signatures() == before
