import numpy as np
import pytest
import scipy.fft

from musisep.audio._kernels import floors as _kernels
from musisep.audio.floors import NoiseFloor
from musisep.audio.frontend import LogFrequencyFrontEnd

RATE = 16_000


@pytest.mark.parametrize("reach", [0, 1, 4, 30])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_kernel_subtracts_quantiles(reach, share):
    spectra = np.random.default_rng(0).integers(0, 9, (3, 25)).astype(float)
    expected = np.empty_like(spectra)
    for i in range(25):
        near = np.sort(spectra[:, max(i - reach, 0) : i + reach + 1], axis=1)
        floor = near[:, int(share * (near.shape[1] - 1) + 0.5)]
        expected[:, i] = np.maximum(spectra[:, i] - 0.7 * floor, 0)
    _kernels.subtract_floor(spectra, reach, share, 0.7)
    np.testing.assert_array_equal(spectra, expected)


def test_noise_goes_and_tones_stay():
    noise = 0.01 * np.random.default_rng(0).normal(size=(1, RATE))
    seconds = np.arange(RATE) / RATE
    tone = sum(np.sin(2 * np.pi * h * 400 * seconds) / h for h in range(1, 9))[None]
    plain, front_end = LogFrequencyFrontEnd(floor=None), LogFrequencyFrontEnd()
    inner = slice(20, -20)
    left = front_end(noise, RATE).level / plain(noise, RATE).level
    clean, level, grid = plain(tone, RATE)
    found, same, _ = front_end(tone + noise, RATE)
    at_harmonics = np.rint(grid.axis.position(400.0 * np.arange(1, 9))).astype(int)
    between = np.rint(grid.axis.position(400.0 * np.arange(1.5, 5))).astype(int)
    np.testing.assert_allclose(
        same * found[inner, at_harmonics], level * clean[inner, at_harmonics], atol=0.03
    )
    heard = plain(tone + noise, RATE)
    assert left < 0.95
    assert same * found[inner, between].mean() < 0.5 * heard.level * heard[0][inner, between].mean()


def test_nothing_is_subtracted_zero_times():
    audio = np.random.default_rng(0).normal(size=(2, 3000))
    plain = LogFrequencyFrontEnd(floor=None)(audio, RATE)
    same = LogFrequencyFrontEnd(floor=NoiseFloor(times=0.0))(audio, RATE)
    np.testing.assert_array_equal(same.magnitudes, plain.magnitudes)


def test_ranges_longer_than_the_axis_and_shorter_than_a_bin():
    magnitudes = np.random.default_rng(0).uniform(1, 2, (10, 70))
    whole, single = magnitudes.copy(), magnitudes.copy()
    NoiseFloor(octaves=1e6, share=0.0).subtract(whole, 12.0)
    np.testing.assert_array_equal(whole, magnitudes - magnitudes.min(axis=0))
    NoiseFloor(octaves=0.0).subtract(single, 12.0)
    assert not single.any()


def test_jobs_change_no_byte():
    one = np.random.default_rng(0).uniform(size=(50, 300))
    two = one.copy()
    NoiseFloor().subtract(one, 24.0)
    with scipy.fft.set_workers(2):
        NoiseFloor().subtract(two, 24.0)
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("name", ["octaves", "share", "times"])
@pytest.mark.parametrize("value", [-0.1, np.nan, "1"])
def test_impossible_floors_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"^{name}"):
        NoiseFloor(**{name: value})
