import math

import numpy as np
import pytest

from musisep.metrics.levels import level_db


def test_the_level_is_the_root_mean_square():
    assert level_db([1.0, -1.0]) == 0
    assert level_db(0.1 * np.ones((2, 3, 4))) == pytest.approx(-20)
    assert level_db(np.sin(np.arange(10_000))) == pytest.approx(-3.01, abs=0.01)


def test_silence_is_infinitely_low():
    assert level_db(np.zeros((2, 5))) == -math.inf


@pytest.mark.parametrize("level", [1.7e308, 1e300, 1e-300])
def test_levels_of_extreme_samples(level):
    np.testing.assert_allclose(level_db(np.full(9, level)), 20 * np.log10(level), rtol=1e-12)


@pytest.mark.parametrize("signal", [[], [np.nan], [np.inf], np.int16([1]), ["a"], None])
def test_what_has_no_level_is_refused(signal):
    with pytest.raises(ValueError, match=r"signal of shape=.* must be finite floating-point"):
        level_db(signal)
