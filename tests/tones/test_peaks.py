import numpy as np
import pytest

from musisep.tones.peaks import Peaks, places

PEAKS = Peaks([1.0, 0.5], [40.3, 71.8], [2.0, 1.8], [1e-3, 5e-4], [0, 1])


def test_array_round_trip():
    array = PEAKS.get_array()
    np.testing.assert_array_equal(array, [1, 0.5, 40.3, 71.8, 2, 1.8, 1e-3, 5e-4])
    back = Peaks.from_array(array, PEAKS.insts)
    for name in ("amps", "shifts", "sigmas", "spreads", "insts"):
        np.testing.assert_array_equal(getattr(back, name), getattr(PEAKS, name))
    assert back.insts.dtype == np.int64


def test_peaks_of_many_frames():
    peaks = Peaks(*np.arange(24.0).reshape(4, 3, 2), [[0, 1]] * 3)
    assert len(peaks) == 2
    assert peaks.params.shape == (3, 4, 2)
    assert peaks.get_array().shape == (3, 8)
    np.testing.assert_array_equal(peaks.params[1, :, 0], [2, 8, 14, 20])
    np.testing.assert_array_equal(peaks[1].get_array(), peaks.get_array()[1])
    np.testing.assert_array_equal(
        Peaks.from_array(peaks.get_array(), peaks.insts).params, peaks.params
    )


def test_no_peaks():
    empty = Peaks.empty()
    assert len(empty) == 0
    assert empty.get_array().shape == (0,)
    assert empty.params.shape == (4, 0)
    assert len(Peaks.from_array([], [])) == 0
    np.testing.assert_array_equal(empty.merged(PEAKS).get_array(), PEAKS.get_array())


def test_a_copy_is_independent():
    original = Peaks([1.0], [2.0], [3.0], [4.0], [0])
    copy = original.copy()
    for array in (copy.amps, copy.shifts, copy.sigmas, copy.spreads, copy.insts):
        array += 1
    np.testing.assert_array_equal(original.get_array(), [1, 2, 3, 4])
    np.testing.assert_array_equal(original.insts, [0])


def test_merged_appends_and_index_selects():
    merged = PEAKS.merged(Peaks([0.1], [5], [2], [0], [1]))
    np.testing.assert_array_equal(merged.shifts, [40.3, 71.8, 5])
    np.testing.assert_array_equal(merged.insts, [0, 1, 1])
    chosen = merged[merged.insts == 1]
    np.testing.assert_array_equal(chosen.amps, [0.5, 0.1])
    np.testing.assert_array_equal(chosen.spreads, [5e-4, 0])


def test_peaks_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"differ in shape: .*\(2,\)"):
        Peaks([1.0, 2.0], [3.0], [1.0], [0.0], [0])


def test_tones_get_other_instruments_levels_and_order():
    peaks = Peaks([0.2, 1.0, 0.5], [1, 2, 3], [1, 1, 1], [0, 0, 0], [0, 1, 1])
    np.testing.assert_array_equal(peaks.renumbered([5, 7]).insts, [5, 7, 7])
    np.testing.assert_array_equal(peaks.of_instruments([2, 2, 0]).insts, [2, 2, 0])
    np.testing.assert_array_equal(peaks.scaled(3).get_array()[:3], 3 * peaks.amps)
    np.testing.assert_array_equal(peaks.loudest(2).shifts, [2, 3])
    np.testing.assert_array_equal(peaks.insts, [0, 1, 1])


def test_tones_from_params_may_share_their_instruments():
    params = np.arange(24.0).reshape(3, 4, 2)
    peaks = Peaks.from_params(params, np.array([0, 1]))
    np.testing.assert_array_equal(peaks.params, params)
    np.testing.assert_array_equal(peaks.insts, [[0, 1]] * 3)


def test_every_instrument_has_its_places():
    np.testing.assert_array_equal(places(3, 2), [0, 0, 1, 1, 2, 2])
    assert places(2, 1).dtype == np.int64


@pytest.mark.parametrize("name", ["amps", "shifts", "sigmas", "spreads", "insts"])
@pytest.mark.parametrize("wrong", [["a"], {"a": 1}, [[1.0], [1.0, 2]], [1j], [None], None])
def test_what_are_no_numbers_is_refused_by_name(name, wrong):
    given = {"amps": [1.0], "shifts": [2.0], "sigmas": [1.0], "spreads": [0.0], "insts": [0]}
    with pytest.raises(ValueError, match=rf"^{name} "):
        Peaks(**{**given, name: wrong})


@pytest.mark.parametrize("wrong", [0.5, np.nan, np.inf, 2.0**60, np.uint64(2**63)])
def test_instruments_are_integers(wrong):
    assert Peaks([1.0], [2.0], [1.0], [0.0], [3.0]).insts.tolist() == [3]
    with pytest.raises(ValueError, match="insts must hold integers"):
        Peaks([1.0], [2.0], [1.0], [0.0], [wrong])


@pytest.mark.parametrize("wrong", [1.5, [1.0, 2.0], np.zeros((2, 6)), "text", -(10**30)])
def test_arrays_of_tones_have_four_numbers_for_each(wrong):
    with pytest.raises(ValueError, match=r"^array"):
        Peaks.from_array(wrong, [0])


@pytest.mark.parametrize("wrong", [-1, 1.5, None])
def test_places_are_counted(wrong):
    with pytest.raises(ValueError, match=r"^tones="):
        places(2, wrong)
