import naive
import numpy as np
import pytest

from musisep.tones import spectra
from musisep.tones.model import ToneModel, calc_harscale
from musisep.tones.peaks import Peaks

M, HAR, FSIGMA = 240, 5, 1.9
HARSCALE = calc_harscale(100, 1600, M)
MODEL = ToneModel(FSIGMA, HARSCALE, M)
BASESHIFT = MODEL.baseshift(HAR)
INST_DICT = np.array([[1.0, 0.3, 0.6, 0.1, 0.05], [0.4, 1.0, 0.1, 0.7, 0.5]]).T
PEAKS = Peaks([1.0, 0.5], [40.3, 71.8], [2.0, 1.8], [1e-3, 5e-4], [0, 1])


def frame(peaks=PEAKS):
    return naive.magnitudes(peaks.params, peaks.insts, INST_DICT, HARSCALE, 1, M)


def patterns(inst_dict=INST_DICT, qexp=0.5):
    return spectra.gen_inst_spect(BASESHIFT, FSIGMA, inst_dict, HARSCALE, 1, qexp, M)


def test_no_tones_have_no_spectrum():
    assert not np.any(spectra.inst_shift(Peaks.empty(), INST_DICT, HARSCALE, 1, M, 0))


@pytest.mark.parametrize("pexp", [1, 2])
def test_spectra_on_both_axes(pexp):
    for found, harscale in (
        (spectra.inst_shift(PEAKS, INST_DICT, HARSCALE, pexp, M, 2), HARSCALE),
        (spectra.inst_scale(PEAKS, INST_DICT, pexp, M, 2), 0),
    ):
        expected = naive.magnitudes(PEAKS.params, PEAKS.insts, INST_DICT, harscale, pexp, M)
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_no_tone_is_left_out_in_silence():
    with pytest.raises(ValueError, match="n=1 must be at least 2, the number of tones of peaks"):
        spectra.inst_shift(PEAKS, INST_DICT, HARSCALE, 1, M, 1)
    with pytest.raises(ValueError, match="n=0 must be at least 2, the number of tones of peaks"):
        spectra.inst_scale(PEAKS, INST_DICT, 1, M, 0)
    found = spectra.inst_shift(PEAKS[:1], INST_DICT, HARSCALE, 1, M, 2)
    np.testing.assert_allclose(found, frame(PEAKS[:1]), rtol=1e-10)


@pytest.mark.parametrize("qexp", [0.5, 1])
def test_patterns_are_tones_in_columns_with_baseshift_bins_below_the_fundamental(qexp):
    found = spectra.gen_inst_spect(30, FSIGMA, INST_DICT, HARSCALE, 1, qexp, M)
    assert found.shape == (M + 30, 2)
    for inst, column in enumerate(found.T):
        tone = Peaks([1.0], [30.0], [FSIGMA], [0.0], [inst])
        spectrum = naive.magnitudes(tone.params, tone.insts, INST_DICT, HARSCALE, 1, M + 30)
        np.testing.assert_allclose(column, (spectrum + 1e-7) ** qexp - 1e-7**qexp, atol=1e-12)


def test_an_octave_is_a_shift_by_a_quarter_of_four_octaves():
    spectrum = frame(Peaks([1.0], [0.0], [FSIGMA], [0.0], [1]))
    assert spectrum.argmax() == M // 4


@pytest.mark.parametrize("insts", [[0, 2], [-1, 0]])
def test_instruments_without_a_column_are_refused(insts):
    peaks = Peaks(PEAKS.amps, PEAKS.shifts, PEAKS.sigmas, PEAKS.spreads, insts)
    with pytest.raises(ValueError, match=f"{min(insts)} to {max(insts)} must lie in 0 to 1"):
        spectra.inst_shift(peaks, INST_DICT, HARSCALE, 1, M, 2)


def test_dictionaries_of_one_axis_are_refused():
    with pytest.raises(ValueError, match=r"inst_dict\.shape=\(5,\) must be"):
        spectra.inst_shift(PEAKS, INST_DICT[:, 0], HARSCALE, 1, M, 2)


@pytest.mark.parametrize("qexp", [0.5, 1.0])
def test_gen_inst_spect(qexp):
    found = patterns(qexp=qexp)
    assert found.shape == (M + BASESHIFT, 2)
    for inst in range(2):
        tone = [[1.0], [BASESHIFT], [FSIGMA], [0.0]], [inst]
        expected = naive.magnitudes(*tone, INST_DICT, HARSCALE, 1, M + BASESHIFT)
        np.testing.assert_allclose(
            found[:, inst], (expected + 1e-7) ** qexp - 1e-7**qexp, rtol=1e-9, atol=1e-15
        )
        assert found[BASESHIFT, inst] == pytest.approx(INST_DICT[0, inst] ** qexp, rel=1e-3)


def test_patterns_suit_the_model():
    baseshift, found = spectra.patterns(INST_DICT, MODEL)
    assert baseshift == BASESHIFT
    np.testing.assert_array_equal(found, patterns())
