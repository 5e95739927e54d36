import numpy as np
import pytest
import scipy.fft

from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.audio.sides import sides_of, sides_on

RATE = 8000


def spectra(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(2, 40)) + 1j * rng.normal(size=(2, 40))


@pytest.mark.parametrize(
    ("gains", "side"), [((1, 0), 1), ((0, 1), -1), ((1, 1), 1j), ((2, 2), 1j), ((1, -1), -1j)]
)
def test_a_ratio_of_levels_is_a_point_of_the_circle(gains, side):
    one = spectra()[0]
    np.testing.assert_allclose(sides_of(np.outer(gains, one)), np.full(40, side), atol=1e-12)


def test_the_angle_is_twice_that_between_the_channels():
    angle = np.radians(30)
    pair = np.outer([np.cos(angle), np.sin(angle)], spectra()[0])
    np.testing.assert_allclose(np.angle(sides_of(pair)), 2 * angle)


def test_other_phases_lie_inside_the_circle_and_silence_at_its_middle():
    pair = np.array([[1, 1, 1, 0], [1j, np.exp(0.3j), 1, 0]])
    np.testing.assert_allclose(np.abs(sides_of(pair)), [0, np.cos(0.3), 1, 0], atol=1e-12)


def test_sides_lie_on_the_grid():
    """A tone on the left and a higher one on the right, at its bins and far from them."""
    grid = LogFrequencyFrontEnd().grid(RATE)
    seconds = np.arange(6000) / RATE
    low, high = (np.sin(2 * np.pi * hertz * seconds) for hertz in (440, 1760))
    sides = sides_on(grid, 1e-30 * np.stack([low + 0.1 * high, high]))
    assert sides.shape == (1 + 6000 // grid.hop_length, grid.axis.bins)
    at = np.rint(grid.axis.position(np.array([440.0, 1760.0]))).astype(int)
    loud = np.linalg.norm([0.1, 1])
    angle = 2 * np.arctan2(1 / loud, 0.1 / loud)
    expected = np.tile([1, np.exp(1j * angle)], (20, 1))
    np.testing.assert_allclose(sides[20:40, at], expected, atol=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
def test_other_numbers_of_channels_have_no_sides(channels):
    assert sides_on(LogFrequencyFrontEnd().grid(RATE), np.ones((channels, 4000))) is None


def test_threads_change_no_byte():
    grid, mixture = LogFrequencyFrontEnd().grid(RATE), spectra()[:, :1].real * np.ones((2, 9000))
    one = sides_on(grid, mixture)
    with scipy.fft.set_workers(2):
        assert one.tobytes() == sides_on(grid, mixture).tobytes()


@pytest.mark.parametrize(("phase", "told"), [(0.0, True), (0.15, True), (0.25, False), (2, False)])
def test_channels_that_differ_in_phase_have_no_sides(phase, told):
    """Of one level, with more and more radians between them: a cosine of 0.98 is the limit."""
    grid = LogFrequencyFrontEnd().grid(RATE)
    angle = 2 * np.pi * 500 * np.arange(6000) / RATE
    assert (sides_on(grid, np.sin([angle, angle + phase])) is not None) == told
