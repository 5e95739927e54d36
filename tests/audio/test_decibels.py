import numpy as np
import pytest
from peers import librosa

from musisep.audio.decibels import amplitude_to_db

POWERS = np.random.default_rng(5).random((2, 3, 4, 6)) ** 30


def test_powers_and_magnitudes_of_the_same_level():
    levels = amplitude_to_db([1e-3, 1.0, 100.0], top_db=None)
    np.testing.assert_allclose(levels, [-30, 0, 20], atol=1e-12)
    same = amplitude_to_db(np.sqrt([1e-3, 1.0, 100.0]), stype="magnitude", top_db=None)
    np.testing.assert_allclose(same, levels, atol=1e-12)


@pytest.mark.parametrize("top_db", [None, 0.0, 40.0])
@pytest.mark.parametrize("ref_value", [1.0, 0.02, 1e-12])
def test_equals_librosa(top_db, ref_value):
    ours = amplitude_to_db(POWERS[0, 0], top_db=top_db, ref_value=ref_value)
    theirs = librosa.power_to_db(POWERS[0, 0], ref=ref_value, amin=1e-10, top_db=top_db)
    np.testing.assert_allclose(ours, theirs, atol=1e-11)


@pytest.mark.parametrize(
    ("mode", "axes"), [("torchaudio_compat", (1, 2, 3)), ("per_example", (2, 3))]
)
def test_whose_maximum_counts(mode, axes):
    levels = 10 * np.log10(np.maximum(POWERS, 1e-10))
    expected = np.maximum(levels, levels.max(axis=axes, keepdims=True) - 30)
    np.testing.assert_allclose(amplitude_to_db(POWERS, top_db=30.0, mode=mode), expected)


@pytest.mark.parametrize("shape", [(), (5,), (4, 5), (0, 4, 5)])
@pytest.mark.parametrize("mode", ["torchaudio_compat", "per_example"])
def test_few_axes(shape, mode):
    np.testing.assert_allclose(amplitude_to_db(np.full(shape, 10.0), mode=mode), np.full(shape, 10))


def test_precision_and_input_stay():
    powers = POWERS.astype(np.float32)
    before = powers.copy()
    levels = amplitude_to_db(powers)
    assert levels.dtype == np.float32
    np.testing.assert_array_equal(powers, before)
    np.testing.assert_allclose(levels, amplitude_to_db(POWERS), atol=1e-4)
    assert amplitude_to_db([1, 10]).dtype == np.float64


def test_zero_has_the_level_of_amin():
    np.testing.assert_allclose(amplitude_to_db(np.zeros((3, 3))), -100)
    np.testing.assert_allclose(amplitude_to_db(np.zeros((3, 3)), ref_value=0.1), -90)
    # No single-precision number is as small as this.
    levels = amplitude_to_db(np.zeros(3, dtype=np.float32), amin=1e-60)
    np.testing.assert_allclose(levels, 10 * np.log10(np.finfo(np.float32).tiny), rtol=1e-6)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_without_a_least_value_the_level_of_zero_is_infinite(kind):
    powers = np.array([[0.0, 1e-30, 1.0], [0.0, 0.0, 100.0]], dtype=kind)
    levels = amplitude_to_db(powers, amin=0, top_db=None)
    np.testing.assert_allclose(levels, [[-np.inf, -300, 0], [-np.inf, -np.inf, 20]], rtol=1e-6)
    raised = amplitude_to_db(powers, amin=0, top_db=80.0)
    np.testing.assert_allclose(raised, [[-60, -60, 0], [-60, -60, 20]], rtol=1e-6, atol=1e-12)
    referred = amplitude_to_db(powers, amin=0, ref_value=0.01, top_db=None)
    np.testing.assert_allclose(referred, levels + 20, rtol=1e-6)
    np.testing.assert_array_equal(amplitude_to_db(0 * powers, amin=0), -np.inf)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stype": "amplitude"}, "stype='amplitude' must be one of"),
        ({"mode": "all"}, "mode='all' must be one of"),
        ({"amin": -1e-9}, "amin=-1e-09 must be at least 0"),
        ({"ref_value": 0.0}, "ref_value=0.0 must be finite and above 0"),
        ({"ref_value": -1.0}, "ref_value=-1.0 must be finite and above 0"),
        ({"top_db": -1.0}, "top_db=-1.0 must be at least 0"),
        ({"top_db": "80"}, "top_db='80' must be a finite number"),
        ({"amin": None}, "amin=None must be"),
        ({"x": [1j]}, "x of dtype=complex128 must hold real numbers"),
        ({"x": None}, "x of dtype=object must hold"),
        ({"top_db": float("nan")}, "top_db=nan must be a finite number"),
    ],
)
def test_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        amplitude_to_db(**{"x": [1.0], **change})
