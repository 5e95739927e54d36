import numpy as np
import pytest
import scipy.signal

from musisep.audio.windows import gaussian_window, make_window, resolve_fft_params


def test_sizes_that_are_left_out_are_those_of_torch():
    assert resolve_fft_params(2048) == (2048, 512, 2048, 0)
    assert resolve_fft_params(3) == (3, 1, 3, 0)
    assert resolve_fft_params(np.int32(400), 160, 320, 7) == (400, 160, 320, 7)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((0,), "n_fft=0 must be an integer of at least 1"),
        ((16.0,), "n_fft=16.0 must be an integer"),
        ((16, 0), "hop_length=0 must be an integer of at least 1"),
        ((16, 4, 17), "win_length=17 must be at most n_fft=16"),
        ((16, 4, 0), "win_length=0 must be an integer of at least 1"),
        ((16, 4, 16, -1), "pad=-1 must be an integer of at least 0"),
    ],
)
def test_refuses_impossible_sizes(sizes, message):
    with pytest.raises(ValueError, match=message):
        resolve_fft_params(*sizes)


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("name", ["hann", "hamming", "blackman", ("kaiser", 8.0)])
def test_windows_by_name_are_those_of_scipy(name, periodic):
    expected = scipy.signal.get_window(name, 10, fftbins=periodic)
    np.testing.assert_array_equal(make_window(None, name, 10, 10, periodic), expected)


def test_rect_is_a_name_too():
    np.testing.assert_array_equal(make_window(None, "rect", 4, 7, True), [0, 1, 1, 1, 1, 0, 0])


def test_a_short_window_stands_in_the_middle():
    window = make_window(np.arange(1.0, 12.0), "hann", 11, 16, True)
    np.testing.assert_array_equal(window, [0, 0, *range(1, 12), 0, 0, 0])


def test_a_given_window_may_be_that_of_a_whole_frame():
    window = np.arange(16.0)
    np.testing.assert_array_equal(make_window(window, "hann", 11, 16, True), window)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, "hat", 8, 8, True), "window_fn='hat'"),
        ((None, ("kaiser",), 8, 8, True), r"window_fn=\('kaiser',\)"),
        ((None, (), 8, 8, True), r"window_fn=\(\)"),
        ((None, np.hanning(8), 8, 8, True), "must be a name, or a tuple"),
        ((None, ("gaussian", 0), 8, 8, True), r"window_fn=\('gaussian', 0\) .* must be finite"),
        ((None, "hann", 8, 8, "x"), "periodic='x' must be True or False"),
        (("hann", "hann", 8, 8, True), "window of dtype=<U4 must hold real numbers"),
        ((np.ones(15), "hann", 16, 16, True), r"shape=\(15,\) must be finite and have 16 samples$"),
        ((np.ones(15), "hann", 8, 16, True), "must be finite and have 8 samples or 16 samples"),
        ((np.full(16, np.nan), "hann", 16, 16, True), "must be finite"),
        ((None, "hann", 9, 8, True), "win_length=9 must be at most n_fft=8"),
    ],
)
def test_refuses_impossible_windows(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_window(*arguments)


def test_gaussian_window():
    for length in (12, 13):
        window = gaussian_window(length, 3)
        deviation = length / 6
        assert window.argmax() == length // 2
        assert window.max() == 1
        assert window[length // 2 + 2] == pytest.approx(np.exp(-2 / deviation**2))
        np.testing.assert_allclose(window[length // 2 :][:6], window[length // 2 :: -1][:6])
    with pytest.raises(ValueError, match="length=0"):
        gaussian_window(0, 3)
    for sigmas in (0, np.inf, "1"):
        with pytest.raises(ValueError, match=f"sigmas={sigmas!r}"):
            gaussian_window(5, sigmas)


def test_the_narrowest_gaussian_is_a_point():
    np.testing.assert_array_equal(gaussian_window(5, 1e305), [0, 0, 1, 0, 0])
