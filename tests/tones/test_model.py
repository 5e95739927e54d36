import math

import numpy as np
import pytest

from musisep.tones import model
from musisep.tones.model import ToneModel
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
        (1, 10, 0, "numfreqs=0 must be at least 1"),
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
