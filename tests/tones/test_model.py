import math

import numpy as np
import pytest

from musisep.tones import model
from musisep.tones.model import ToneModel, calc_harscale, make_bounds
from musisep.tones.peaks import Peaks
from musisep.tones.spectra import inst_shift

M, HAR, FSIGMA = 240, 5, 1.9
HARSCALE = model.calc_harscale(100, 1600, M)
BASESHIFT = ToneModel(FSIGMA, HARSCALE, M).baseshift(HAR)


def test_calc_harscale():
    assert model.calc_harscale(20, 20480, 1024) == pytest.approx(102.4 / math.log(2))


@pytest.mark.parametrize(
    ("minfreq", "maxfreq", "numfreqs", "message"),
    [
        (0, 10, 5, "minfreq=0 and maxfreq=10 must satisfy"),
        (10, 10, 5, "0 < minfreq < maxfreq"),
        (float("nan"), 10, 5, "minfreq=nan"),
        (1, 10, 0, "numfreqs=0 must be an integer of at least 1"),
    ],
)
def test_axes_without_length_are_refused(minfreq, maxfreq, numfreqs, message):
    with pytest.raises(ValueError, match=message):
        model.calc_harscale(minfreq, maxfreq, numfreqs)


def test_make_bounds():
    assert model.make_bounds(2.0, 2) == [
        *[(0, None)] * 4, *[(1.6, 3.0)] * 2, *[(0, 2e-3)] * 2
    ]  # fmt: skip


def test_baseshift_holds_the_widest_tone():
    tone = Peaks([1.0], [0.0], [1.5 * FSIGMA], [2e-3], [0])
    spectrum = inst_shift(tone, np.ones((HAR, 1)), HARSCALE, 1, 2 * BASESHIFT, 1)
    assert np.any(spectrum) and not np.any(spectrum[BASESHIFT:])


def test_bound_arrays_are_the_bounds_as_arrays():
    lower, upper = model.bound_arrays(2.0, 3, 50)
    np.testing.assert_array_equal(lower, [[0.0] * 3, [0.0] * 3, [1.6] * 3, [0.0] * 3])
    np.testing.assert_array_equal(upper, [[np.inf] * 3, [49.0] * 3, [3.0] * 3, [2e-3] * 3])


def test_roots_are_zero_in_silence_and_the_floor_is_what_they_lack():
    own = ToneModel(FSIGMA, HARSCALE, M)
    y = np.array([0.0, 1e-9, 0.3, 2.0])
    np.testing.assert_allclose(own.roots(y) + own.root_floor, np.sqrt(y + 1e-7), rtol=1e-12)
    assert own.roots(y)[0] == 0
    assert own.octave == pytest.approx(M / 4)


def test_integers_become_floats():
    own = ToneModel(6, 200, 512, 1, 1)
    for value in (own.fsigma, own.harscale, own.pexp, own.qexp, own.octave, own.root_floor):
        assert type(value) is float
    assert type(own.m) is int
    assert own == ToneModel(6.0, 200.0, 512, 1.0, 1.0)


@pytest.mark.parametrize("name", ["fsigma", "harscale", "m", "pexp", "qexp"])
@pytest.mark.parametrize(
    "wrong", [0, -1.0, None, "wide", np.nan, np.inf, 1j, 1e9, 1e-310, np.ones(2)]
)
def test_models_are_checked_once(name, wrong):
    given = {"fsigma": 1.5, "harscale": 80.0, "m": 100, "pexp": 1.0, "qexp": 0.5}
    with pytest.raises(ValueError, match=rf"^{name}="):
        ToneModel(**{**given, name: wrong})


def test_numbers_of_a_model_are_those_that_kernels_are_compiled_for():
    own = ToneModel(np.float32(1.5), 80, np.int16(100), np.float16(1), 1, 55, np.float32(0.01))
    kinds = [type(value) for value in vars(own).values()]
    assert kinds == [float, float, int, float, float, float, float]


@pytest.mark.parametrize(
    ("fsigma", "length", "name"),
    [(1.5, 2**63, "length"), (1.5, -1, "length"), (1.5, 2.0, "length"), (0, 2, "fsigma"),
     ("a", 2, "fsigma"), (1.5, 10**7, "length")],
)  # fmt: skip
def test_bounds_are_of_a_number_of_tones(fsigma, length, name):
    with pytest.raises(ValueError, match=f"^{name}="):
        make_bounds(fsigma, length)


@pytest.mark.parametrize("ends", [(1e-310, 1e300), ("a", 3), (1, None)])
def test_axes_have_ends_whose_ratio_is_a_number(ends):
    assert calc_harscale(1, 2, np.int8(12)) == pytest.approx(12 / np.log(2))
    with pytest.raises(ValueError, match=r"minfreq|maxfreq"):
        calc_harscale(*ends, 10)
