import numpy as np
import pytest

from musisep.audio.arrays import as_integers, as_samples, check_finite, full_scale, peak


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


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("i1", -128, 127), ("i2", -(2**15), 2**15 - 1), (">i2", -(2**15), 2**15 - 1),
     ("i4", -(2**31), 2**31 - 1), ("u1", 0, 255)],
)  # fmt: skip
def test_integer_samples_are_fractions_of_full_scale(kind, low, high):
    middle = 128 if kind == "u1" else 0
    samples = as_samples(np.array([[low, middle, high]], kind))
    assert samples.dtype == np.float64
    np.testing.assert_array_equal(samples, [[-1, 0, (high - middle) / (middle - low)]])


@pytest.mark.parametrize("values", [[0, 1, 0], np.uint16([1]), np.uint64([1]), [True]])
def test_samples_without_a_full_scale_are_refused_and_told_how_to_convert(values):
    with pytest.raises(ValueError, match=r"mix of dtype=.* np.asarray\(mix\) / 2.0\*\*15 for 16"):
        full_scale(values, "mix")


@pytest.mark.parametrize(("kind", "level"), [(np.float32, 1e38), (np.float64, 1e300)])
def test_samples_whose_spectra_would_overflow_are_refused(kind, level):
    with pytest.raises(ValueError, match=r"x has a peak of 1e\+.*divide it by its peak"):
        as_samples(-kind([level]), "x")
    with pytest.raises(ValueError, match=r"x has a peak of inf"):
        as_samples(kind([np.inf]), "x")
    np.testing.assert_array_equal(full_scale(kind([level]), "x"), kind([level]))


@pytest.mark.parametrize("values", [[[1.0], [1.0, 2.0]], "text", None, [None], {"a": 1}, [1j]])
def test_what_holds_no_samples_is_refused_by_name(values):
    with pytest.raises(ValueError, match=r"^mix .*must"):
        full_scale(values, "mix")


@pytest.mark.parametrize("wrong", [[0.5], [np.nan], [np.inf], [2.0**60], ["a"], [1j], None, [None]])
def test_integers_are_whole(wrong):
    found = as_integers([1.0, -2.0], "insts")
    assert found.dtype == np.int64 and found.tolist() == [1, -2]
    assert as_integers(np.uint8(3), "insts").shape == ()
    with pytest.raises(ValueError, match=r"^insts "):
        as_integers(wrong, "insts")
