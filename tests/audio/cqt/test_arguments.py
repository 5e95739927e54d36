import numpy as np
import pytest

from musisep.audio.cqt import CQT, HarmonicCQT, to_log_magnitude


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64])
def test_integers_of_numpy_do_not_wrap_round(kind):
    sizes = {"sr": 8000, "hop_length": 64, "fmin": 220.0, "n_bins": 24, "bins_per_octave": 12}
    small = ("hop_length", "n_bins", "bins_per_octave")
    given = {**sizes, **{name: kind(sizes[name]) for name in small}}
    transform, expected = CQT(**given), CQT(**sizes)
    assert all(type(getattr(transform, name)) is int for name in small)
    signal = noise(4000)
    np.testing.assert_array_equal(transform(signal), expected(signal))
    assert transform.frame_count(kind(100)) == expected.frame_count(100)
    own = HarmonicCQT(
        harmonics=(kind(1), kind(2)), sr=8000, hop_length=kind(64), fmin=220.0,
        bins_per_semitone=kind(1), n_bins=kind(24),
    )  # fmt: skip
    np.testing.assert_array_equal(own(signal)[0], expected(signal))


@pytest.mark.parametrize("window", [None, [1, 2], np.eye(2), 1j])
def test_what_names_no_window_is_refused_in_a_line(window):
    with pytest.raises(ValueError, match=r"^window=.*: must be a name") as error:
        CQT(sr=8000, hop_length=64, fmin=220.0, n_bins=24, bins_per_octave=12, window=window)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("x", [[[1.0], [1.0, 2.0]], "text", None])
def test_what_has_no_log_magnitude_is_refused(x):
    with pytest.raises(ValueError, match=r"^x "):
        to_log_magnitude(x)
