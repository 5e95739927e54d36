import numpy as np
import pytest

from musisep._util.scaling import unit_of


@pytest.mark.parametrize("largest", [0.0, 1.0, 1e30, 1e-30, np.inf, np.nan])
def test_ordinary_numbers_have_a_unit_of_one(largest):
    assert unit_of(largest) == 1


@pytest.mark.parametrize("largest", [1.7e308, 1e300, 1e-300])
def test_extreme_numbers_are_about_one_in_their_unit(largest):
    unit = unit_of(largest)
    assert np.frexp(unit)[0] == 0.5
    assert 1 <= largest / unit < 2
    assert np.isfinite(1 / unit)


def test_the_smallest_number_has_a_unit_whose_inverse_is_finite():
    assert 0 < 5e-324 / unit_of(5e-324) < 1
    assert np.isfinite(1 / unit_of(5e-324))
