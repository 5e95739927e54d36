import numpy as np
import pytest

from musisep.audio._kernels.peaks import add_gaussian, fit_peak, redraw_peaks


def gaussian(centre, height, sigma, bins):
    return height * np.exp(-0.5 * ((np.arange(bins) - centre) / sigma) ** 2)


def test_the_smallest_numbers_are_silence():
    residuals, drawn = np.zeros((1, 200)), np.zeros((1, 300))
    residuals[0, 100] = 1e-320
    redraw_peaks(residuals, 1.9, 0.0, 50.0, 1.0, drawn)
    assert not drawn.any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_frame_that_is_not_finite_is_nan(value):
    residuals, drawn = np.stack(3 * [gaussian(100, 1, 1.9, 200)]), np.zeros((3, 300))
    residuals[1, 20] = value
    redraw_peaks(residuals, 1.9, 0.0, 50.0, 1.0, drawn)
    assert np.isnan(drawn[1]).all()
    assert np.isfinite(drawn[[0, 2]]).all()
    assert drawn[0].max() > 0.9


def test_fitted_widths_stay_near_those_of_sinusoids():
    spike, hill = np.zeros((1, 200)), gaussian(100, 1, 40, 200)[None, :]
    spike[0, 100] = 1
    for residuals in (spike, hill):
        redraw_peaks(residuals, 1.9, 0.0, 50.0, 1.0, np.zeros((1, 300)))
    assert spike[0, 101] < -0.5
    assert hill[0, 140] == gaussian(100, 1, 40, 200)[140]


@pytest.mark.parametrize("function", [fit_peak, fit_peak.py_func])
def test_fit_peak_recovers_a_gaussian(function):
    left, top, right = gaussian(5.3, 0.7, 1.9, 12)[4:7]
    np.testing.assert_allclose(function(left, top, right, 1e-9), (0.3, 0.7, 1.9))
    assert np.isfinite(function(0.0, 1.0, 0.0, 1e-9)).all()


@pytest.mark.parametrize("centre", [-30.0, -2.4, 0.0, 7.7, 40.2, 90.0])
@pytest.mark.parametrize("sigma", [0.4, 1.9, 30.0])
def test_add_gaussian_equals_numpy(centre, sigma):
    distance = np.abs(np.arange(40) - centre) / sigma
    expected = 1 + np.where(distance <= 6, gaussian(centre, 2.5, sigma, 40), 0)
    for function in (add_gaussian, add_gaussian.py_func):
        target = np.ones(40)
        function(target, centre, 2.5, sigma)
        np.testing.assert_allclose(target, expected, rtol=1e-12)


def test_redraw_peaks_takes_what_it_draws():
    residuals = (gaussian(40.3, 1, 1.9, 200) + gaussian(90, 0.2, 1.9, 200))[None, :]
    drawn = np.zeros((1, 300))
    redraw_peaks(residuals, 1.9, -100.0, 70.0, 2.0, drawn)
    expected = sum(
        gaussian(70 * np.log(position) - 100, height, 2, 300)
        for position, height in ((40.3, 1), (90, 0.2))
    )
    np.testing.assert_allclose(drawn[0], expected, atol=1e-6)
    assert np.abs(residuals).max() < 1e-6


def test_a_second_look_finds_what_the_first_covered():
    tones = ((100.0, 1.0), (105.5, 0.25))
    spectrum = sum(gaussian(position, height, 1.9, 200) for position, height in tones)
    drawn = np.zeros((1, 300))
    residuals = spectrum[None, :].copy()
    redraw_peaks(residuals, 1.9, 0.0, 50.0, 1.0, drawn)
    assert np.linalg.norm(residuals) < 0.05 * np.linalg.norm(spectrum)
