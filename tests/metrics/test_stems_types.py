import numpy as np
import pytest

from musisep.metrics import bss_eval, si_sdr


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, bool, complex, object, "U1"])
@pytest.mark.parametrize("measure", [bss_eval, si_sdr])
def test_signals_that_are_no_signed_numbers_are_refused(measure, kind):
    good = np.eye(2, 9)
    with pytest.raises(ValueError, match=r"estimates of dtype=.* floating-point or signed"):
        measure(good, good.astype(kind))
    with pytest.raises(ValueError, match=r"references must be an array of numbers"):
        measure([[1.0], [1.0, 2.0]], good)


def test_the_scale_of_integers_does_not_matter():
    signals = np.random.default_rng(0).integers(-9000, 9000, (2, 300)).astype(np.int16)
    noisy = signals[::-1] + np.eye(2, 300)
    for found, expected in zip(
        bss_eval(signals, noisy), bss_eval(signals / 2**15, noisy), strict=True
    ):
        np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64])
def test_taps_may_be_an_integer_of_numpy(kind):
    references = np.random.default_rng(0).standard_normal((2, 1, 3000))
    estimates = references + 0.1 * references[::-1] ** 2
    found, expected = (bss_eval(references, estimates, filter_length=n) for n in (kind(64), 64))
    np.testing.assert_array_equal(found.sdr, expected.sdr)
