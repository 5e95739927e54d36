import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musisep.audio.features._kernels.moments import bandwidths, centroids, extremes, rolloffs
from musisep.audio.features.descriptors import contrast_bands

HZ = np.arange(40) * 10.0


def magnitudes(kind: type = np.float64) -> np.ndarray:
    values = np.abs(np.random.default_rng(2).standard_normal((5, HZ.size)))
    values[3] = 0
    return values.astype(kind)


def share(values: np.ndarray) -> np.ndarray:
    return values / np.maximum(values.sum(1, keepdims=True), 1e-300)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("p", [1.0, 2.0, 3.5])
def test_centroids_and_bandwidths(kind, p):
    values = magnitudes(kind)
    exact = values.astype(np.float64)
    centres = share(exact) @ HZ
    np.testing.assert_allclose(centroids(values, HZ)[:, 0], centres, rtol=1e-12)
    spread = (share(exact) * np.abs(HZ - centres[:, None]) ** p).sum(1) ** (1 / p)
    np.testing.assert_allclose(bandwidths(values, HZ, p)[:, 0], spread, rtol=1e-12)


@pytest.mark.parametrize("part", [0.01, 0.5, 0.85, 1.0])
def test_rolloffs(part):
    values = magnitudes()
    reached = share(values).cumsum(1) >= part * (1 - 1e-14) * (values.sum(1, keepdims=True) > 0)
    np.testing.assert_array_equal(rolloffs(values, HZ, part)[:, 0], HZ[reached.argmax(1)])


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=40),
    st.floats(0, 1),
)
def test_extremes(values, part):
    count = max(1, round(part * len(values)))
    row = np.array([99.0, *values, 99.0])[None] ** 2
    smallest, largest = extremes(row, np.array([[1, 1 + len(values), count]]))[0]
    values = np.sort(values)
    np.testing.assert_allclose(smallest, values[:count].mean(), rtol=1e-9, atol=1e-150)
    np.testing.assert_allclose(largest, values[-count:].mean(), rtol=1e-9, atol=1e-150)


def test_extremes_of_bands():
    bands = np.array([[0, 7, 2], [6, 40, 5]])
    values = magnitudes()
    result = extremes(values**2, bands)
    for b, (first, end, count) in enumerate(bands):
        inside = np.sort(values[:, first:end], axis=1)
        np.testing.assert_allclose(result[:, b], inside[:, :count].mean(1))
        np.testing.assert_allclose(result[:, 2 + b], inside[:, -count:].mean(1))


def test_contrast_bands_overlap_by_a_bin_and_lack_their_last():
    # 0 to 40, (30) 40 to 80, (70) 80 to 160, (150) 160 and the rest.
    first, end, count = contrast_bands(HZ, 3, 40.0, 0.25).T
    np.testing.assert_array_equal(first, [0, 3, 7, 15])
    np.testing.assert_array_equal(end, [4, 8, 16, 40])
    np.testing.assert_array_equal(count, np.rint(0.25 * np.array([5, 6, 10, 25])))
    assert contrast_bands(HZ, 3, 40.0, 0.99).T[2].tolist() == [4, 5, 9, 25]
