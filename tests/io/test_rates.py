import numpy as np
import pytest

from musisep.io.files import check_rate, resample


def noise(*shape, peak=0.9):
    return np.random.default_rng(0).uniform(-peak, peak, shape)


@pytest.mark.parametrize("rates", [(44100, 48000), (48000, 8000), (8000, 192000)])
@pytest.mark.parametrize("leading", [(), (2,), (3, 2)])
def test_resampled_sine_is_the_sine(rates, leading):
    from_rate, to_rate = rates
    seconds = 0.2

    def sine(rate):
        return np.sin(2 * np.pi * 1000 * np.arange(round(seconds * rate)) / rate)

    scale = np.arange(1, 1 + np.prod(leading, dtype=int)).reshape(*leading, 1)
    resampled = resample(scale * sine(from_rate), from_rate, to_rate)
    expected = np.broadcast_to(scale, (*leading, 1)) * sine(to_rate)
    expected = expected.reshape(*leading, -1)
    assert resampled.shape == expected.shape
    assert resampled.flags.c_contiguous
    inner = slice(to_rate // 40, -to_rate // 40)
    np.testing.assert_allclose(resampled[..., inner], expected[..., inner], rtol=0, atol=1e-4)


def test_resample_at_the_same_rate_copies():
    audio = noise(2, 10)
    same = resample(audio, 8000, 8000)
    np.testing.assert_array_equal(same, audio)
    assert not np.shares_memory(same, audio)


@pytest.mark.parametrize("samples", [1, 2, 3, 30])
def test_resample_leaves_at_least_one_sample(samples):
    assert resample(np.ones((2, samples)), 192000, 8000).shape == (2, max(1, round(samples / 24)))


def test_resample_checks_its_arguments():
    with pytest.raises(ValueError, match=r"from_rate=0 must be a whole number from 8000"):
        resample(np.zeros(5), 0, 8000)
    with pytest.raises(ValueError, match=r"to_rate=22050.5 must be a whole number"):
        resample(np.zeros(5), 8000, 22050.5)
    with pytest.raises(ValueError, match=r"audio.shape=\(2, 0\) must hold at least one sample"):
        resample(np.zeros((2, 0)), 8000, 16000)


@pytest.mark.parametrize("rate", [22050.0, np.float32(22050), np.int64(22050), np.uint16(22050)])
def test_rates_of_any_type_are_whole_numbers(rate):
    assert check_rate("sample_rate", rate) == 22050
    assert type(check_rate("sample_rate", rate)) is int


@pytest.mark.parametrize(
    "rate", [22050.5, "22050", None, True, 0, 7999.0, 1e300, np.nan, np.inf, 1j]
)
def test_rates_that_are_none_are_refused(rate):
    with pytest.raises(
        ValueError, match=r"sample_rate=.* must be a whole number from 8000 to 192000"
    ):
        check_rate("sample_rate", rate)


@pytest.mark.parametrize("level", [1e300, 1e38, 1e-38, 1e-300])
def test_loud_and_quiet_signals_are_resampled_as_others(level):
    audio = noise(1, 4000)
    expected = resample(audio, 8000, 11025)
    scaled = resample(level * audio, 8000, 11025)
    np.testing.assert_allclose(scaled / level, expected, rtol=0, atol=1e-6)
