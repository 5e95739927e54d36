import numpy as np
import pytest

from musisep.audio.arrays import check_finite, peak


@pytest.mark.parametrize("values", [[1, -3, 2], [[0.5], [-3]], np.float32([3, -1])])
def test_peak_is_the_greatest_magnitude(values):
    assert peak(values) == 3


def test_peak_of_nothing_and_of_what_is_not_finite():
    assert peak(np.zeros((2, 0))) == 0
    assert np.isnan(peak([1, np.nan]))
    assert peak([-np.inf, 1]) == np.inf


def test_check_finite_names_the_axes():
    audio = np.zeros((3, 2, 10))
    check_finite(audio, "stems")
    check_finite(np.arange(3), "counts")
    check_finite(np.zeros((2, 0)), "nothing")
    audio[2, 1, 7] = np.nan
    with pytest.raises(ValueError, match=r"stems: instrument 2, channel 1, sample 7 is nan; all"):
        check_finite(audio, "stems")
    with pytest.raises(ValueError, match=r"mixture: channel 1, sample 7 is nan"):
        check_finite(audio[2], "mixture")
    with pytest.raises(ValueError, match=r"mono: sample 7 is nan"):
        check_finite(audio[2, 1], "mono")
