import numpy as np
import pytest

from musisep.audio.products import multiply


@pytest.mark.parametrize(("m", "n", "common"), [(1, 1, 1), (2, 4, 8), (5, 7, 100), (3, 2000, 10)])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_multiply(m, n, common, kind):
    rng = np.random.default_rng(1)
    left, right = (rng.standard_normal((rows, common)).astype(kind) for rows in (m, n))
    products = np.full((m, n), np.nan, kind)
    multiply(left, right, products)
    tolerance = 1e-5 if kind == np.float32 else 1e-13
    np.testing.assert_allclose(products, left @ right.T, rtol=tolerance, atol=10 * tolerance)
