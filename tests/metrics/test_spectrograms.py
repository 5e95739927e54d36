import warnings

import numpy as np
import pytest

from musisep.metrics import ser, snr, spectral_convergence

MEASURES = (spectral_convergence, snr, ser)
NORM = np.linalg.norm


def by_hand(measure, s, e):
    """The formulas, of one spectrogram."""
    if measure is spectral_convergence:
        return 20 * np.log10(NORM(e - s) / NORM(s))
    if measure is snr:
        return -20 * np.log10(NORM(e / NORM(e) - s / NORM(s)))
    return 20 * np.log10(NORM(e) / NORM(e - s))


@pytest.fixture
def pair():
    rng = np.random.default_rng(3)
    wanted = rng.random((2, 3, 9, 7))
    return wanted, wanted + 0.2 * rng.random(wanted.shape)


@pytest.mark.parametrize("measure", MEASURES)
def test_is_the_formula_of_each_spectrogram(measure, pair):
    values = measure(*pair)
    assert values.shape == (2, 3)
    for index in np.ndindex(2, 3):
        expected = by_hand(measure, pair[0][index], pair[1][index])
        assert values[index] == pytest.approx(expected, rel=0, abs=1e-10)
        single = measure(pair[0][index], pair[1][index])
        assert np.ndim(single) == 0
        assert single == values[index]


def test_known_values():
    assert spectral_convergence([[3, 4]], [[3, 4.5]]) == pytest.approx(-20)
    assert ser([[0, 0.5]], [[0, 5]]) == pytest.approx(20 * np.log10(5 / 4.5))
    assert snr([[1, 0]], [[0, 7]]) == pytest.approx(-10 * np.log10(2))


@pytest.mark.parametrize("gain", [0.3, 1e-200, 1e200])
def test_snr_ignores_gains(pair, gain):
    wanted, found = pair
    np.testing.assert_allclose(snr(wanted, gain * found), snr(wanted, found), rtol=0, atol=1e-10)
    np.testing.assert_allclose(snr(gain * wanted, found), snr(wanted, found), rtol=0, atol=1e-10)
    assert snr(wanted, gain * wanted).min() > 280


@pytest.mark.parametrize(
    ("measure", "best"), [(spectral_convergence, -np.inf), (snr, np.inf), (ser, np.inf)]
)
def test_no_error_is_infinitely_good(measure, best, pair):
    wanted, _ = pair
    for values in (wanted, wanted[0, 0], 1e300 * wanted, 1e-300 * wanted, np.float32(wanted)):
        assert np.all(measure(values, values.copy()) == best)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("silent", "message"),
    [
        ("references", r"NaN: references \[\[1, 2\]\]$"),
        ("estimates", r"NaN: estimates \[\[1, 2\]\]$"),
        ("both", r"NaN: references \[\[1, 2\]\], estimates \[\[1, 2\]\]$"),
    ],
)
def test_silence_is_nan_for_itself_only(measure, pair, silent, message):
    expected = measure(*pair)
    for name, values in zip(("references", "estimates"), pair, strict=True):
        if silent in (name, "both"):
            values[1, 2] = 0
    before = [values.copy() for values in pair]
    with pytest.warns(RuntimeWarning, match=message) as caught:
        values = measure(*pair)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    expected[1, 2] = np.nan
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(pair, before)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_single_silent_spectrogram_has_no_index(measure):
    with pytest.warns(RuntimeWarning, match=r"NaN: references$"):
        assert np.isnan(measure(np.zeros((2, 2)), np.ones((2, 2))))


@pytest.mark.parametrize("measure", MEASURES)
def test_phases_do_not_matter_and_signs_do(measure, pair):
    wanted, found = pair
    turned = found * np.exp(1j * np.arange(7))
    np.testing.assert_allclose(measure(wanted, turned), measure(*pair), rtol=0, atol=1e-9)
    levels = wanted[0, 0] - 0.5, found[0, 0] - 0.8
    assert np.min(levels) < 0
    assert measure(*levels) == pytest.approx(by_hand(measure, *levels))
    assert measure(*levels) != pytest.approx(measure(*np.abs(levels)), abs=0.1)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_the_size_of_the_values_does_not_matter(measure, pair, size):
    wanted, found = pair
    values = measure(size * wanted, size * found)
    np.testing.assert_allclose(values, measure(wanted, found), rtol=0, atol=1e-9)


def test_sizes_may_differ_by_more_than_squares_can():
    """Also levels of opposite sign whose difference is beyond the largest number."""
    tiny, huge = np.full((2, 3), 1e-300), np.full((2, 3), 1e300)
    assert spectral_convergence(tiny, huge) == pytest.approx(12000)
    assert spectral_convergence(huge, tiny) == pytest.approx(0, abs=1e-9)
    assert ser(tiny, huge) == pytest.approx(0, abs=1e-9)
    assert ser(huge, tiny) == pytest.approx(-12000)
    assert snr(huge, tiny) > 280
    largest = np.full((2, 3), np.finfo(np.float64).max)
    assert spectral_convergence(largest, -largest) == pytest.approx(20 * np.log10(2))
    assert snr(largest, -largest) == pytest.approx(-20 * np.log10(2))
    assert ser(largest, -largest) == pytest.approx(-20 * np.log10(2))


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int16, np.complex64])
def test_other_numbers_are_measured_as_doubles(measure, pair, dtype):
    """Sums of squares of the values here overflow half precision."""
    wanted, found = ((1000 * values).astype(dtype) for values in pair)
    expected = measure(np.abs(wanted).astype(np.float64), np.abs(found).astype(np.float64))
    np.testing.assert_array_equal(measure(wanted, found), expected)
    np.testing.assert_allclose(expected, measure(*pair), rtol=0, atol=0.1)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_difference_of_one_rounding_of_singles_is_seen(measure):
    wanted = np.ones((40, 50), np.float32)
    found = wanted.copy()
    found[0, 0] += np.finfo(np.float32).eps
    level = 20 * np.log10(np.finfo(np.float32).eps / NORM(wanted))
    assert abs(measure(wanted, found)) == pytest.approx(-level, abs=0.01)


@pytest.mark.parametrize("measure", MEASURES)
def test_bad_spectrograms_are_refused(measure, pair):
    wanted, found = pair
    for bad in (wanted[0], wanted[..., :-1], wanted[0, 0, 0]):
        with pytest.raises(ValueError, match=r"estimates.shape=.* must be the same \[\.\.\., freq"):
            measure(wanted, bad)
    for bad in (wanted[0, 0, 0], 1.0, wanted[..., :0], wanted[:0]):
        with pytest.raises(ValueError, match=r"references.shape=.*none of them 0"):
            measure(bad, bad)
    for bad in (np.full(wanted.shape, "1"), wanted.astype(object)):
        with pytest.raises(ValueError, match=r"dtype=.* must be numbers"):
            measure(wanted, bad)
    for value in (np.nan, np.inf, -np.inf):
        bad = found.copy()
        bad[1, 0, 2, 3] = value
        with pytest.raises(ValueError, match=r"estimates must be finite"):
            measure(wanted, bad)
        with pytest.raises(ValueError, match=r"references must be finite"):
            measure(bad.astype(complex), wanted)


def test_refusals_come_before_warnings(pair):
    wanted, found = pair
    wanted[0, 0] = 0
    found[0, 1] = np.nan
    with warnings.catch_warnings(), pytest.raises(ValueError, match=r"estimates must be finite"):
        warnings.simplefilter("error")
        snr(wanted, found)


@pytest.mark.parametrize("values", [[[1.0], [1.0, 2.0]], "text", None])
def test_what_is_no_array_of_numbers_is_refused_by_name(values):
    for name, pair in (("references", (values, np.eye(2))), ("estimates", (np.eye(2), values))):
        with pytest.raises(ValueError, match=f"^{name} .*must be numbers"):
            snr(*pair)
