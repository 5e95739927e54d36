"""The fit of the confidence."""

import numpy as np
import pytest


@pytest.fixture
def fit(experiments):
    import e15_confidence

    return e15_confidence


def test_stems_are_observations_and_failed_cells_are_none(fit):
    row = {"error": "", "certainties": "0.9000;0.5000", "sdr": "7.0;5.0", "unexplained": "0.2"}
    rows = [row, row | {"error": "ValueError"}, row | {"certainties": ""}]
    told, good = fit.observations(rows)
    np.testing.assert_allclose(told, [[1, np.log(9), 0, 0.2], [1, 0, 0, 0.2]])
    np.testing.assert_array_equal(good, [1, 0])


def test_the_curve_is_found_again(fit):
    rng = np.random.default_rng(0)
    told = np.column_stack((np.ones(4000), rng.normal(2, 2, 4000), rng.integers(0, 3, 4000)))
    true = np.array([-1.0, 0.8, -0.5])
    good = (rng.random(4000) < 1 / (1 + np.exp(-told @ true))).astype(float)
    np.testing.assert_allclose(fit.curve(told, good), true, atol=0.15)
