import numpy as np
import pytest
import scipy.signal

from musisep.audio.cqt.cosinewindows import (
    COSINE_WINDOWS,
    cosine_sum,
    get_window,
    sample_window,
    window_norms,
)


@pytest.mark.parametrize("window", [*COSINE_WINDOWS, ("general_hamming", 0.6), ("tukey", 1.0)])
@pytest.mark.parametrize("length", [2, 3, 31, 500])
def test_samples_are_scipys(window, length):
    expected = scipy.signal.get_window(window, length)
    np.testing.assert_allclose(sample_window(cosine_sum(window), length), expected, atol=1e-14)


def test_amplitudes():
    np.testing.assert_allclose(cosine_sum("boxcar"), [1.0])
    np.testing.assert_allclose(cosine_sum("hann"), [0.5, -0.5])
    np.testing.assert_allclose(cosine_sum("blackman"), [0.42, -0.5, 0.08])


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ("bartlett", "window='bartlett' must be a sum of cosines: one of boxcar, hann, hamming"),
        ("cosine", "window='cosine' must be a sum of cosines"),
        (("kaiser", 5.0), r"window=\('kaiser', 5.0\) must be a sum of cosines"),
        (("general_cosine", np.ones(20).tolist()), "must be a sum of cosines"),
        (("general_cosine", [0.0]), "must be a sum of cosines"),
        ("rectangle", "window='rectangle': Invalid window name"),
        (None, "window=None: "),
    ],
)
def test_refused(window, message):
    with pytest.raises(ValueError, match=message):
        cosine_sum(window)


@pytest.mark.parametrize("window", ["boxcar", "hann", "flattop"])
@pytest.mark.parametrize("norm", [1, 2, 3, 4])
def test_norms(window, norm):
    lengths = np.array([2, 5, 6, 57, 1000])
    expected = [
        np.linalg.norm(scipy.signal.get_window(window, length), ord=norm) for length in lengths
    ]
    np.testing.assert_allclose(window_norms(cosine_sum(window), lengths, norm), expected)


def test_no_norm():
    lengths = np.array([2, 57])
    np.testing.assert_array_equal(window_norms(cosine_sum("hann"), lengths, 0), lengths)


@pytest.mark.parametrize("wrong", [10**30, ("kaiser", np.nan), ("gaussian", 0)])
def test_windows_that_are_no_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match=r"^window="):
        get_window(wrong, 16)
