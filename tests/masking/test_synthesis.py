import naive
import numpy as np
import pytest

from musisep.masking import _kernels
from musisep.masking.synthesis import LARGEST_EXPONENT, linear_peaks, synthesise
from musisep.masking.voices import Voices
from musisep.tones._kernels import LINEAR
from musisep.tones.model import calc_harscale
from musisep.tones.peaks import Peaks
from musisep.tones.spectra import inst_shift

DICT = np.array([[1, 0.4, 0.3, 0.2], [0.6, 1, 0.1, 0.3]]).T
MIN, MAX, M, HEIGHT = 20 / 16_000, 7_000 / 16_000, 700, 1024
SCALE = calc_harscale(MIN, MAX, M)
FSIGMA = 6 / np.pi


def two_lines():
    """Tones of three frames: two instruments, the second silent in the last frame."""
    return Peaks(
        [[1.0, 0.5], [0.9, 0.6], [0.8, 0.0]],
        [[300.0, 391.3], [301.0, 391.0], [302.0, 0.0]],
        np.full((3, 2), FSIGMA),
        np.zeros((3, 2)),
        [[0, 1]] * 3,
    )


def synthesised(peaks, dictionary=DICT, harscale=SCALE, pexp=1, m=M):
    return synthesise(Voices.of(peaks, dictionary), harscale, pexp, m)


@pytest.mark.parametrize("pexp", [1, 2])
def test_instruments_are_synthesised_one_by_one(pexp):
    peaks = two_lines()
    spects = synthesised(peaks, pexp=pexp)
    assert spects.shape == (2, 3, M)
    for inst in range(2):
        for frame in range(3):
            one = peaks[frame][[inst]]
            expected = inst_shift(one, DICT, SCALE, pexp, M, 1)
            np.testing.assert_allclose(spects[inst, frame], expected, atol=1e-12)
            by_naive = naive.magnitudes(one.params, one.insts, DICT, SCALE, pexp, M)
            np.testing.assert_allclose(spects[inst, frame], by_naive, atol=1e-9)


def test_no_frames_have_no_spectra():
    empty = Peaks(*np.zeros((4, 0, 2)), np.zeros((0, 2), int))
    assert synthesised(empty).shape == (2, 0, M)


def test_a_place_may_belong_to_another_instrument_in_another_frame():
    peaks = two_lines()
    moved = peaks[[[0], [1], [2]], [[0, 1], [1, 0], [0, 1]]]
    np.testing.assert_array_equal(synthesised(moved), synthesised(peaks))


@pytest.mark.parametrize("pexp", [1, 2])
def test_columns_sound_as_the_instrument_that_plays_them(pexp):
    peaks = linear_peaks(two_lines(), SCALE, 0.1, 1.5)
    columns = np.concatenate([DICT[:, ::-1], 2 * DICT], axis=1)
    numbers = np.array([[0, 1], [2, 0], [3, 1]])
    owners = np.array([0, 2, 0, 2])  # the instrument 1 has no column
    voices = Voices(peaks.of_instruments(owners[numbers]), numbers, columns, 3)
    spects = synthesise(voices, LINEAR, pexp, HEIGHT)
    single = synthesised(peaks.of_instruments(numbers), columns, LINEAR, pexp, HEIGHT)
    assert spects.shape == (3, 3, HEIGHT) and not spects[1].any()
    for owner in (0, 2):
        expected = np.sum(single[owners == owner] ** pexp, axis=0) ** (1 / pexp)
        np.testing.assert_allclose(spects[owner], expected, atol=1e-12)


def test_tones_move_to_the_linear_axis():
    peaks = linear_peaks(two_lines(), SCALE, 10.0, 1.5)
    np.testing.assert_allclose(peaks.shifts[0, 0], 10 * np.exp(300 / SCALE))
    assert np.all(peaks.sigmas == 1.5)
    np.testing.assert_array_equal(linear_peaks(two_lines(), SCALE, 10.0).sigmas, FSIGMA)


@pytest.mark.parametrize("shift", [1e4, 1e6, 1e12, 1e300])
def test_tones_far_above_the_axis_are_finite_there_and_add_nothing(shift):
    far = Peaks([[1.0, 1.0]], [[300.0, shift]], np.full((1, 2), FSIGMA), np.zeros((1, 2)), [[0, 1]])
    moved = linear_peaks(far, SCALE, 10.0, 1.5)
    assert np.isfinite(moved.shifts).all()
    assert moved.shifts[0, 1] > HEIGHT
    spects = synthesised(moved, harscale=LINEAR, m=HEIGHT)
    assert np.isfinite(spects).all() and not spects[1].any()
    alone = synthesised(linear_peaks(far[:, :1], SCALE, 10.0, 1.5), harscale=LINEAR, m=HEIGHT)
    np.testing.assert_array_equal(spects[0], alone[0])
    assert np.isfinite(np.exp(LARGEST_EXPONENT))


def test_tones_that_fit_no_dictionary_are_refused():
    with pytest.raises(ValueError, match="instrument numbers 0 to 1 must lie in 0 to 0"):
        synthesised(two_lines(), DICT[:, :1])


def test_integers_are_floats_to_the_kernel():
    synthesised(two_lines(), harscale=80.0, pexp=2.0)
    before = len(_kernels.add_tones_of_frames.signatures)
    synthesised(two_lines(), harscale=80, pexp=2)
    synthesised(two_lines(), harscale=80, pexp=1)
    assert len(_kernels.add_tones_of_frames.signatures) == before


@pytest.mark.parametrize(("columns", "instruments"), [(1000, 2), (1, 2), (-1, 2), (0, 1)])
def test_voices_without_column_or_instrument_are_refused(columns, instruments):
    peaks = two_lines()
    voices = Voices(peaks, peaks.insts + columns, DICT, instruments)
    with pytest.raises(ValueError, match="must"):
        synthesise(voices, SCALE, 1, M)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("voices", 3), ("voices", "n"), ("voices", (1, 2)), ("harscale", None), ("harscale", -1.0),
     ("pexp", 0), ("pexp", 1e300), ("pexp", np.ones(2)), ("m", 2.0), ("m", np.ones(2)), ("m", 0)],
)  # fmt: skip
def test_what_cannot_be_synthesised_is_refused(name, wrong):
    given = {"voices": Voices.of(two_lines(), DICT), "harscale": SCALE, "pexp": 1, "m": M}
    with pytest.raises(ValueError, match=rf"\b{name}\b"):
        synthesise(**{**given, name: wrong})


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("peaks", {1, 2}), ("harscale", np.ones(2)), ("harscale", 0), ("lowest", -1.0),
     ("sigma", np.ones(9)), ("sigma", 0)],
)  # fmt: skip
def test_what_cannot_be_moved_is_refused(name, wrong):
    given = {"peaks": two_lines(), "harscale": SCALE, "lowest": 3.0, "sigma": 1.0}
    with pytest.raises(ValueError, match=f"^{name}="):
        linear_peaks(**{**given, name: wrong})


def test_tones_far_beyond_the_axis_stay_numbers():
    assert np.isfinite(linear_peaks(two_lines(), 1e-300, 1e305).shifts).all()
