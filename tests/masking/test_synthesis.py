import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musisep.dictsep import exptool
from musisep.dictsep.pursuit import calc_harscale, inst_scale, inst_shift
from musisep.dictsep.synthesis import (
    divide_spectra,
    linear_peaks,
    mask_spectrums,
    share_spectra,
    synth_instruments,
    synth_spect,
)
from musisep.dictsep.tones import Peaks

DICT = np.array([[1, 0.4, 0.3, 0.2], [0.6, 1, 0.1, 0.3]]).T
MIN, MAX, M, HEIGHT = 20 / 16_000, 7_000 / 16_000, 700, 1024
SCALE = calc_harscale(MIN, MAX, M)
FSIGMA = 6 / np.pi


def two_lines():
    """Tones of three frames: two instruments, the second silent in the last frame."""
    return Peaks(
        [[1.0, 0.5], [0.9, 0.6], [0.8, 0.0]],
        [[300.0, 391.3], [301.0, 391.0], [302.0, 0.0]],
        np.full((3, 2), FSIGMA),
        np.zeros((3, 2)),
        [[0, 1]] * 3,
    )


@pytest.mark.parametrize("pexp", [1, 2])
def test_instruments_are_synthesised_one_by_one(pexp):
    peaks = two_lines()
    spects = synth_instruments(peaks, DICT, SCALE, pexp, M)
    assert spects.shape == (2, M, 3)
    for inst in range(2):
        for frame in range(3):
            one = peaks[frame][[inst]]
            expected = inst_shift(one, DICT, SCALE, pexp, M, 1)
            np.testing.assert_allclose(spects[inst, :, frame], expected, atol=1e-12)


def test_no_frames_have_no_spectra():
    empty = Peaks(*np.zeros((4, 0, 2)), np.zeros((0, 2), int))
    assert synth_instruments(empty, DICT, SCALE, 1, M).shape == (2, M, 0)


def test_a_place_may_belong_to_another_instrument_in_another_frame():
    peaks = two_lines()
    expected = synth_instruments(peaks, DICT, SCALE, 1, M)
    moved = peaks[[[0], [1], [2]], [[0, 1], [1, 0], [0, 1]]]
    np.testing.assert_array_equal(synth_instruments(moved, DICT, SCALE, 1, M), expected)


@pytest.mark.parametrize("pexp", [1, 2])
def test_columns_sound_as_the_instrument_that_owns_them(pexp):
    peaks = linear_peaks(two_lines(), SCALE, 0.1, 1.5)
    columns = np.concatenate([DICT[:, ::-1], 2 * DICT], axis=1)
    peaks.insts[:] = [[0, 1], [2, 0], [3, 1]]
    owners = np.array([0, 2, 0, 2])  # the instrument 1 has no column
    spects = synth_instruments(peaks, columns, exptool.LINEAR, pexp, HEIGHT, owners)
    single = synth_instruments(peaks, columns, exptool.LINEAR, pexp, HEIGHT)
    assert spects.shape == (3, HEIGHT, 3) and not spects[1].any()
    for owner in (0, 2):
        expected = np.sum(single[owners == owner] ** pexp, axis=0) ** (1 / pexp)
        np.testing.assert_allclose(spects[owner], expected, atol=1e-12)
    spectra = np.random.default_rng(0).normal(size=(1, 3, HEIGHT)) + 0j
    shares = share_spectra(peaks, columns, pexp, spectra, owners)
    masked, _ = mask_spectrums(spects, spectra[0].T)
    np.testing.assert_allclose(shares[:, 0], np.swapaxes(masked, 1, 2), rtol=1e-9, atol=1e-12)


def test_tones_move_to_the_linear_axis():
    peaks = linear_peaks(two_lines(), SCALE, 10.0, 1.5)
    np.testing.assert_allclose(peaks.shifts[0, 0], 10 * np.exp(300 / SCALE))
    assert np.all(peaks.sigmas == 1.5)
    np.testing.assert_array_equal(linear_peaks(two_lines(), SCALE, 10.0).sigmas, FSIGMA)


def test_synth_spect_finds_the_instruments_on_both_axes():
    true = synth_instruments(two_lines(), DICT, SCALE, 1, M)
    total, insts, total_lin, insts_lin = synth_spect(
        true.sum(axis=0), 1, DICT, FSIGMA, HEIGHT, 1, 0.5, MIN, MAX
    )
    assert total.shape == (M, 3) and total_lin.shape == (HEIGHT, 3)
    for found, expected in zip(insts, true, strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-3)
    np.testing.assert_allclose(sum(insts), total, atol=1e-12)
    np.testing.assert_allclose(sum(insts_lin), total_lin, atol=1e-12)
    f0 = 2 * HEIGHT * MIN * np.exp(300 / SCALE)
    expected = inst_scale(Peaks([1.0], [f0], [FSIGMA], [0.0], [0]), DICT, 1, HEIGHT, 1)
    np.testing.assert_allclose(insts_lin[0][:, 0], expected, atol=5e-3)
    assert exptool.LINEAR == 0


@given(st.integers(0, 2**32 - 1))
def test_masked_spectra_add_up_to_the_original(seed):
    rng = np.random.default_rng(seed)
    spects = rng.uniform(size=(3, 5, 4)) * rng.choice([0, 1e-200, 1], (3, 5, 4))
    original = rng.normal(size=(5, 4)) + 1j * rng.normal(size=(5, 4))
    masked, mask = mask_spectrums(list(spects), original)
    there = spects.sum(axis=0) > 1e-300
    np.testing.assert_allclose(sum(masked)[there], original[there], rtol=1e-12)
    assert not mask[~there].any()
    for share, spect in zip(masked, spects, strict=True):
        assert np.all(np.abs(share) <= np.abs(original) * (1 + 1e-12))
        np.testing.assert_allclose(share, mask * spect)


def test_real_originals_give_real_masks():
    masked, mask = mask_spectrums([np.ones(3), np.ones(3)], np.array([1.0, 2.0, 0.0]))
    assert mask.dtype == np.float64
    np.testing.assert_array_equal(masked[0], [0.5, 1.0, 0.0])


@given(st.integers(0, 2**32 - 1))
def test_shares_are_masked_spectra(seed):
    rng = np.random.default_rng(seed)
    spects = rng.uniform(size=(3, 5, 4)) * rng.choice([0, 1e-320, 1e-200, 1], (3, 5, 4))
    spectra = rng.normal(size=(2, 5, 4)) + 1j * rng.normal(size=(2, 5, 4))
    shares = np.full((3, 2, 5, 4), np.nan, complex)
    divide_spectra(spects, spectra, shares)
    for channel in range(2):
        masked, _ = mask_spectrums(spects, spectra[channel])
        np.testing.assert_allclose(shares[:, channel], masked, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("pexp", [1, 2])
def test_instruments_share_spectra_by_their_tones(pexp):
    peaks = linear_peaks(two_lines(), SCALE, 0.1, 1.5)  # so low that harmonics overlap
    spectra = np.random.default_rng(0).normal(size=(2, 3, HEIGHT)) * (1 + 0.5j)
    shares = share_spectra(peaks, DICT, pexp, spectra)
    spects = synth_instruments(peaks, DICT, exptool.LINEAR, pexp, HEIGHT)
    masked, _ = mask_spectrums(spects, spectra[1].T)
    np.testing.assert_allclose(shares[:, 1], np.swapaxes(masked, 1, 2), rtol=1e-12)
    assert shares[:, :, 0].any() and not shares[1, :, 2].any()


def test_tones_that_fit_no_dictionary_are_refused():
    peaks = two_lines()
    with pytest.raises(ValueError, match="instrument numbers 0 to 1 must lie in 0 to 0"):
        synth_instruments(peaks, DICT[:, :1], SCALE, 1, M)
