import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musisep._util.constants import TINY
from musisep.masking import _kernels

SIZE, HAR, HARSCALE = 220, 6, 40.0


@pytest.mark.parametrize("harscale", [HARSCALE, 0.0], ids=["log", "linear"])
@pytest.mark.parametrize("pexp", [1.0, 2.0])
def test_tones_of_frames_keep_instruments_columns_and_frames_apart(harscale, pexp):
    rng = np.random.default_rng(0)
    top = 200 if harscale else 60
    low, high = [0.2, 0.1 * top, 1.5, 0], [2, top, 4, 2e-3]
    params = rng.uniform(low, high, (3, 5, 4)).swapaxes(1, 2).copy()
    dictionary = rng.uniform(0, 1, (HAR, 4))
    columns = np.array([[0, 1, 2, 3, 3], [3, 0, 0, 1, 2], [1, 1, 1, 1, 1]])
    insts = np.array([[1, 0, 0, 2, 2], [2, 1, 1, 0, 0], [0, 0, 2, 0, 0]])
    powers = np.ones((3, 3, SIZE))
    _kernels.add_tones_of_frames(params, insts, columns, dictionary, harscale, pexp, powers)
    for inst in range(3):
        for frame in range(3):
            own = insts[frame] == inst
            expected = naive.powers(
                params[frame][:, own], columns[frame, own], dictionary, harscale, pexp, SIZE
            )
            np.testing.assert_allclose(powers[inst, frame], 1 + expected, rtol=1e-10)


def test_a_tone_rings_from_where_it_is_lost_until_a_louder_one_is():
    amps = np.array([8.0, 8, 0, 0, 6, 6, 6, 0, 0])
    shifts = np.array([10.0, 10.5, 0, 0, 20, 22, 22, 0, 0])
    params = np.stack([amps, shifts, np.full(9, 2.0), np.full(9, 1e-3)], axis=1)[:, :, None]
    insts = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2])[:, None]
    columns = insts + 5
    rings = np.zeros_like(params), np.zeros_like(insts), np.zeros_like(insts)
    _kernels.ring(params.copy(), insts, columns, 0.5, 1.0, *rings)
    found, owners, numbers = (values[..., 0] for values in rings)
    np.testing.assert_array_equal(found[:, 0], [0, 0, 4, 2, 1, 3, 3, 3, 1.5])
    np.testing.assert_array_equal(found[2:, 1], [10.5, 10.5, 10.5, 20, 22, 22, 22])
    np.testing.assert_array_equal(owners[2:], [0, 0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(numbers, owners + 5)
    np.testing.assert_array_equal(found[2:, 2:], params[2:, 2:, 0])


def test_skirts_are_what_is_spread_over_the_bins():
    rng = np.random.default_rng(0)
    spects = rng.uniform(size=(2, 3, 50)) * rng.choice([0, 1, 1e-30], (2, 3, 50))
    distances = np.abs(np.arange(50) - np.arange(50)[:, None])
    expected = spects + 0.3 * spects @ 0.8**distances
    found = spects.copy()
    _kernels.add_skirts(found, 0.3, 0.8)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_shares_are_masked_spectra(seed):
    rng = np.random.default_rng(seed)
    spects = rng.uniform(size=(3, 4, 5)) * rng.choice([0, 1e-320, 1e-200, 1], (3, 4, 5))
    spectra = rng.normal(size=(2, 4, 5)) + 1j * rng.normal(size=(2, 4, 5))
    found = np.full((3, 2, 4, 5), np.nan, complex)
    _kernels.divide_spectra(spects, spectra, found)
    there = spects.sum(axis=0) > TINY
    for channel in range(2):
        expected = naive.shares(spects, spectra[channel], TINY)
        np.testing.assert_allclose(found[:, channel], expected, rtol=1e-12, atol=1e-300)
        total = found[:, channel].sum(axis=0)
        np.testing.assert_allclose(total[there], spectra[channel][there], rtol=1e-12)
        assert not total[~there].any()
        assert np.all(np.abs(found[:, channel]) <= np.abs(spectra[channel]) * (1 + 1e-12))


@given(st.integers(0, 2**32 - 1))
def test_parts_by_place_are_those_of_the_wiener_filter(seed):
    rng = np.random.default_rng(seed)
    shares = rng.uniform(size=(3, 4, 5)) * rng.choice([0, 1], (3, 4, 5)) + 0.01
    silent = rng.choice([0.0, 1.0], (4, 5))
    spectra = rng.normal(size=(2, 4, 5)) + 1j * rng.normal(size=(2, 4, 5))
    points = np.sqrt(rng.uniform(size=3)) * np.exp(2j * np.pi * rng.uniform(size=3)) * 0.99
    found = np.full((3, 2, 4, 5), np.nan, complex)
    _kernels.divide_by_place(shares, silent, points, spectra, found)
    np.testing.assert_allclose(found, naive.placed(shares, silent, points, spectra), rtol=1e-9)


def test_silence_is_divided_by_place_into_silence():
    found = np.full((2, 2, 1, 3), np.nan, complex)
    points, silence = np.array([0.5, 0.5j]), np.zeros((2, 1, 3), complex)
    _kernels.divide_by_place(np.full((2, 1, 3), 0.1), np.ones((1, 3)), points, silence, found)
    assert not found.any()
