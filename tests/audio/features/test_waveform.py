import numpy as np
import pytest
from peers import librosa

from musisep.audio.features import rms, zero_crossing_rate

SIZES = [(64, 16, True), (65, 20, True), (64, 100, True), (64, 16, False), (1, 3, True)]


def noise(*shape: int, kind: type = np.float64) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape).astype(kind)


@pytest.mark.parametrize(("frame_length", "hop_length", "center"), SIZES)
@pytest.mark.parametrize("pad_mode", ["reflect", "constant", "edge"])
def test_rms_equals_librosa(frame_length, hop_length, center, pad_mode):
    sizes = {"frame_length": frame_length, "hop_length": hop_length, "center": center}
    signal = noise(2, 500)
    expected = librosa.feature.rms(y=signal, pad_mode=pad_mode, dtype=np.float64, **sizes)
    np.testing.assert_allclose(rms(signal, pad_mode=pad_mode, **sizes), expected, rtol=1e-13)


@pytest.mark.parametrize(("frame_length", "hop_length", "center"), SIZES)
def test_zero_crossing_rate_equals_librosa(frame_length, hop_length, center):
    sizes = {"frame_length": frame_length, "hop_length": hop_length, "center": center}
    signal = noise(2, 500)
    signal[:, 100:200] = -1e-11  # counts as zero
    signal[:, 210:220] = -0.0
    ours = zero_crossing_rate(signal, pad_mode="edge", **sizes)
    np.testing.assert_array_equal(ours, librosa.feature.zero_crossing_rate(signal, **sizes))


def test_rms_keeps_its_precision_beside_loud_frames():
    signal = np.concatenate([1e9 * noise(100), 1e-9 * noise(100)])
    quiet = rms(signal, frame_length=50, hop_length=50, center=False)[0, 2:]
    expected = np.sqrt(np.mean(signal[100:].reshape(2, 50) ** 2, axis=1))
    np.testing.assert_allclose(quiet, expected, rtol=1e-13)


def test_rms_of_float32_that_has_no_squares_in_float32():
    for level in (1e-30, 1e30):
        np.testing.assert_allclose(rms(np.full(9, level, dtype=np.float32)), level, rtol=1e-6)


def test_rms_of_any_double_precision():
    for level in (1e300, -1.7e308, 1e-300, 5e-324):
        np.testing.assert_allclose(rms(np.full(9, level)), abs(level), rtol=1e-6)


def test_zero_crossings_count_changes_inside_a_frame():
    signal = np.tile([1.0, -1.0], 32)
    rate = zero_crossing_rate(signal, frame_length=16, hop_length=16, center=False)
    np.testing.assert_array_equal(rate, np.full((1, 4), 15 / 16))
    assert zero_crossing_rate(0.5 * signal, threshold=0.5).sum() == 0


@pytest.mark.parametrize("function", [rms, zero_crossing_rate])
def test_leading_axes_and_types(function):
    for kind, expected in (
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int16, np.float64),
    ):
        batch = (100 * noise(2, 3, 200)).astype(kind)
        result = function(batch, frame_length=32, hop_length=10)
        assert result.shape == (2, 3, 1, 21)
        assert result.dtype == expected
        one = function(batch[1, 2], frame_length=32, hop_length=10)
        np.testing.assert_array_equal(result[1, 2], one)


@pytest.mark.parametrize("function", [rms, zero_crossing_rate])
def test_silence_and_short_signals(function):
    for pad_mode in ("reflect", "constant", "edge"):
        for length in (1, 3, 100):
            assert not function(np.zeros(length), pad_mode=pad_mode).any()
    np.testing.assert_allclose(rms(np.full(1, -3.0)), [[3.0]])


@pytest.mark.parametrize("function", [rms, zero_crossing_rate])
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"frame_length": 0}, "frame_length=0 .* at least 1"),
        ({"hop_length": 0}, "hop_length=0 .* at least 1"),
        ({"center": "yes"}, "center='yes' must be True or False"),
        ({"hop_length": True}, "hop_length=True must be an integer"),
        ({"x": np.ones(9) * 1j}, "x of dtype=complex128 must hold real numbers"),
        ({"pad_mode": "wrap"}, "pad_mode='wrap' must be one of"),
        ({"center": False}, "x .* must have at least 2048 samples"),
    ],
)
def test_refuses(function, parameters, message):
    with pytest.raises(ValueError, match=message):
        function(**{"x": np.zeros(10), **parameters})


def test_refuses_nothing_and_a_negative_threshold():
    with pytest.raises(ValueError, match=r"x .* must have at least one sample"):
        rms(np.zeros((2, 0)))
    with pytest.raises(ValueError, match="threshold=-1 must be at least 0"):
        zero_crossing_rate(np.zeros(10), threshold=-1)
    for wrong in (None, "0", np.nan):
        with pytest.raises(ValueError, match=f"threshold={wrong!r} must be a finite number"):
            zero_crossing_rate(np.zeros(10), threshold=wrong)


def test_numpy_integers_do_not_overflow():
    signal = np.random.default_rng(2).standard_normal(70000)
    result = rms(signal, frame_length=np.int16(200), hop_length=np.uint8(100))
    np.testing.assert_array_equal(result, rms(signal, frame_length=200, hop_length=100))
