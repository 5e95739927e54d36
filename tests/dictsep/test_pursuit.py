"""The documented functions of the loss; what they call is tested in the rooms it stands in."""

import naive
import numpy as np
import pytest

from musisep.dictsep import pursuit
from musisep.dictsep.pursuit import Peaks

M, HAR, FSIGMA = 240, 5, 1.9
HARSCALE = pursuit.calc_harscale(100, 1600, M)
INST_DICT = np.array([[1.0, 0.3, 0.6, 0.1, 0.05], [0.4, 1.0, 0.1, 0.7, 0.5]]).T
PEAKS = Peaks([1.0, 0.5], [40.3, 71.8], [2.0, 1.8], [1e-3, 5e-4], [0, 1])
LOSSES = pursuit.inst_shift_obj, pursuit.inst_shift_grad, pursuit.inst_shift_dict_grad
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES)


def frame(peaks=PEAKS):
    return naive.magnitudes(peaks.params, peaks.insts, INST_DICT, HARSCALE, 1, M)


def central_difference(function, x, index, step):
    ahead, behind = x.copy(), x.copy()
    ahead[index] += step
    behind[index] -= step
    return (function(ahead) - function(behind)) / (2 * step)


@pytest.mark.parametrize("pexp", [1.0, 2.0])
@pytest.mark.parametrize("qexp", [0.5, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_gradients_against_central_differences(pexp, qexp, seed):
    rng = np.random.default_rng(seed)
    y, inst_dict = rng.uniform(0, 1, M), rng.uniform(0.1, 1, (HAR, 2))
    insts = np.array([0, 1, 1])
    array = np.concatenate(
        [rng.uniform(0.3, 1, 3), rng.uniform(80, 170, 3), rng.uniform(1.6, 3, 3), [0, 1e-3, 2e-3]]
    )
    arguments = HARSCALE, pexp, qexp, M, 3, y
    steps = np.repeat([1e-5, 1e-5, 1e-5, 1e-8], 3)

    def of_array(x):
        return pursuit.inst_shift_obj(x, insts, inst_dict, *arguments)

    def of_dict(x):
        return pursuit.inst_shift_obj(array, insts, x, *arguments)

    assert of_array(array) == pytest.approx(
        naive.loss(array.reshape(4, 3), insts, inst_dict, HARSCALE, pexp, qexp, y), rel=1e-10
    )
    found = pursuit.inst_shift_grad(array, insts, inst_dict, *arguments)
    expected = [central_difference(of_array, array, i, steps[i]) for i in range(12)]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    found = pursuit.inst_shift_dict_grad(array, insts, inst_dict, *arguments)
    expected = [central_difference(of_dict, inst_dict, i, 1e-5) for i in np.ndindex(HAR, 2)]
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-6, atol=1e-6)


def test_arguments_of_the_loss_are_not_changed():
    array, y = PEAKS.get_array(), frame()
    for function in LOSSES:
        function(array, PEAKS.insts, INST_DICT, HARSCALE, 1, 0.5, M, 2, y)
    np.testing.assert_array_equal(array, PEAKS.get_array())
    np.testing.assert_array_equal(y, frame())


@EVERY_LOSS
@pytest.mark.parametrize("insts", [[0, 2], [-1, 0]])
def test_instruments_without_a_column_are_refused(loss, insts):
    with pytest.raises(ValueError, match=f"{min(insts)} to {max(insts)} must lie in 0 to 1"):
        loss(PEAKS.get_array(), insts, INST_DICT, HARSCALE, 1, 0.5, M, 2, frame())


@EVERY_LOSS
def test_bad_spectra_and_dictionaries_are_refused(loss):
    def refused(match, y=np.ones(M), inst_dict=INST_DICT):  # noqa: B008
        with pytest.raises(ValueError, match=match):
            loss(PEAKS.get_array(), PEAKS.insts, inst_dict, HARSCALE, 1, 0.5, M, 2, y)

    refused(r"y\.shape=\(3,\) must be \(m=240,\)", y=np.ones(3))
    refused(r"y\.min\(\)=-1\.0 must be at least 0", y=-np.ones(M))
    refused(r"inst_dict\.shape=\(5,\) must be", inst_dict=INST_DICT[:, 0])
    with pytest.raises(ValueError, match=r"inst_dict\.shape=\(5,\) must be"):
        pursuit.inst_shift(PEAKS, INST_DICT[:, 0], HARSCALE, 1, M, 2)


@EVERY_LOSS
def test_shapes_that_do_not_fit_the_number_of_tones_are_refused(loss):
    with pytest.raises(ValueError, match=r"insts.shape=\(1,\) must be \(8,\) and \(2,\)"):
        loss(np.ones(8), [0], np.ones((3, 1)), 50.0, 1, 0.5, 20, 2, np.ones(20))
