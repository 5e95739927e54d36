import numpy as np
import pytest
import scipy.fft
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from overlapping import (
    EXPONENTS,
    HAR,
    MODEL,
    TRUE,
    M,
    model,
    random_case,
    random_tones,
    spectra,
    tones,
)

from musisep._util.threads import BLOCK
from musisep.learning import updates
from musisep.learning.updates import FLOOR, falling, fit_columns, normalized, smoothed
from musisep.tones.loss import dict_grads, unexplained


@EXPONENTS
@pytest.mark.parametrize("level", [0.1, 3.0])
def test_one_update_finds_harmonics_that_overlap_no_others(pexp, qexp, level):
    own, rng = model(pexp, qexp), np.random.default_rng(0)
    shifts = rng.uniform(20, 200, (10, 1))
    peaks = tones(shifts, rng.uniform(0.2, 1, (10, 1)), np.arange(10)[:, None] % 2)
    start = level * TRUE * rng.uniform(0.2, 5, TRUE.shape)
    found = fit_columns(spectra(peaks, TRUE, own), peaks, start, own, 1)
    np.testing.assert_allclose(found, TRUE, rtol=1e-4)


def test_updates_disentangle_harmonics_that_overlap():
    rng = np.random.default_rng(1)
    peaks = random_tones(rng, 100)
    frames = spectra(peaks, TRUE)
    found = fit_columns(frames, peaks, np.full(TRUE.shape, 0.5), MODEL, 40)
    np.testing.assert_allclose(found, TRUE, atol=0.01)
    assert unexplained(frames, peaks, found, MODEL) < 1e-3


@EXPONENTS
@pytest.mark.parametrize("seed", range(6))
def test_no_update_raises_the_loss(pexp, qexp, seed, monkeypatch):
    own, improved = model(pexp, qexp), []
    frames, peaks, start = random_case(seed, own)

    def noting(frames, peaks, inst_dict, own):
        improved.append(inst_dict)
        return dict_grads(frames, peaks, inst_dict, own)

    monkeypatch.setattr(updates, "dict_grads", noting)
    fit_columns(frames, peaks, start, own, 12)
    left = [unexplained(frames, peaks, inst_dict, own) for inst_dict in improved]
    assert len(left) == 12 and left[-1] < left[0]
    assert np.all(np.diff(left) <= 1e-12 * left[0])


def test_zeros_stay():
    frames, peaks, start = random_case(0, MODEL)
    start[[0, 3], [0, 1]] = 0
    found = fit_columns(frames, peaks, start, MODEL, 5)
    np.testing.assert_array_equal(found == 0, start == 0)
    start[:, 1] = 0
    found = fit_columns(frames, peaks, start, MODEL, 5)
    np.testing.assert_array_equal(found[:, 1], 0)
    assert found[:, 0].max() == 1


def test_columns_without_tones_stay_as_they_are():
    rng = np.random.default_rng(0)
    peaks = tones(rng.uniform(0, 200, (20, 2)), [1.0, 0.0], [0, 1])
    start = np.stack([np.full(HAR, 0.5), np.linspace(0.4, 0.1, HAR)], axis=1)
    found = fit_columns(spectra(peaks, TRUE), peaks, start, MODEL, 10)
    np.testing.assert_allclose(found[:, 0], TRUE[:, 0], rtol=1e-3)
    np.testing.assert_allclose(found[:, 1], start[:, 1] / 0.4)


@pytest.mark.parametrize("frames", [0, 3])
def test_no_updates_and_no_tones_change_nothing_but_the_scale(frames):
    silent = tones(np.ones((frames, 2)), 0.0, [0, 1])
    start = 0.5 * TRUE
    for number in (0, 4):
        found = fit_columns(np.zeros((frames, M)), silent, start, MODEL, number)
        np.testing.assert_allclose(found, TRUE)


@pytest.mark.parametrize("jobs", [2, 3])
def test_jobs_change_no_byte_of_the_columns(jobs):
    rng = np.random.default_rng(0)
    peaks = tones(rng.uniform(0, 200, (2 * BLOCK + 10, 2)), rng.uniform(0.3, 1, 2), [0, 1])
    frames = spectra(peaks, TRUE) * rng.uniform(0.5, 1.5, (len(peaks.amps), M))
    one = fit_columns(frames, peaks, TRUE, MODEL, 2)
    with scipy.fft.set_workers(jobs):
        assert one.tobytes() == fit_columns(frames, peaks, TRUE, MODEL, 2).tobytes()


def test_normalized_columns_have_maximum_one_and_zeros_stay():
    found = normalized(np.array([[0.2, 4, 0, 1e-300], [0.4, 0, 0, 0]]))
    np.testing.assert_allclose(found, [[0.5, 1, 0, 1], [1, 0, 0, 0]])


COLUMNS = st.tuples(st.integers(1, 12), st.integers(1, 3)).flatmap(
    lambda shape: arrays(float, shape, elements=st.sampled_from([0, 1e-6, 1e-3, 0.02, 0.3, 1]))
)


@given(COLUMNS)
def test_smoothed_and_falling_columns_have_maximum_one(inst_dict):
    for shape in (smoothed, falling):
        before = inst_dict.copy()
        found = shape(inst_dict)
        assert found.shape == inst_dict.shape
        np.testing.assert_allclose(found.max(axis=0), 1)
        assert found.min() > 0
        np.testing.assert_array_equal(inst_dict, before)


@given(COLUMNS)
def test_falling_columns_do_not_rise_and_fall_once_and_for_all(inst_dict):
    found = falling(inst_dict)
    assert np.all(np.diff(found, axis=0) <= 0)
    np.testing.assert_allclose(falling(found), found, rtol=1e-12)


@given(COLUMNS)
def test_columns_that_fall_stay_as_they_are(inst_dict):
    fallen = -np.sort(-np.maximum(inst_dict, FLOOR), axis=0)
    np.testing.assert_allclose(falling(fallen), fallen / fallen[0], rtol=1e-12)


@given(COLUMNS)
def test_falling_columns_are_the_nearest_in_decibels(inst_dict):
    levels = np.log(np.maximum(inst_dict, FLOOR))
    found = np.log(falling(inst_dict))
    for column, own in zip(levels.T, found.T, strict=True):
        size = column.size
        nearest = [  # the minimax formula of isotonic regression
            min(max(column[i : j + 1].mean() for j in range(k, size)) for i in range(k + 1))
            for k in range(size)
        ]
        np.testing.assert_allclose(own - own[0], np.array(nearest) - nearest[0], atol=1e-9)


def test_smoothed_harmonics_are_means_in_decibels():
    levels = np.array([0.0, -4, 0, -4, 0, -2, -4, -6])
    expected = [-1, -2, -2, -2, -1.5, -2, -4, -6]  # the line goes on after the last
    found = np.log(smoothed(np.exp(levels)[:, None]))[:, 0]
    np.testing.assert_allclose(found, np.array(expected) + 1)


def test_what_is_lower_than_the_least_counts_as_the_least():
    low = np.array([[1, 0, 1, 1e-9]]).T
    for shape in (smoothed, falling):
        np.testing.assert_array_equal(shape(low), shape(np.maximum(low, FLOOR)))
