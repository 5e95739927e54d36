import numpy as np
import pytest
import scipy.fft
from hypothesis import given
from hypothesis import strategies as st
from sounding import frames_of

from musisep._util.threads import BLOCK
from musisep.masking.synthesis import synthesise
from musisep.masking.voices import InstrumentColumns, PitchColumns, Voices
from musisep.multipitch.finder import Prior
from musisep.tones.loss import unexplained
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Peaks

M, OCTAVE, FSIGMA, HAR = 420, 60, 1.5, 6
SEMITONE = OCTAVE / 12
TRUE = np.array([[1, 0.5, 0.6, 0.3, 0.4, 0.2], [0.6, 1, 0.3, 0.5, 0, 0.3]]).T


MODEL = ToneModel(FSIGMA, OCTAVE / np.log(2), M)


def tones(shifts, amps, insts):
    """Tones of one width, of [frame, tone] each; what lacks an axis is alike along it."""
    amps, shifts, insts = np.broadcast_arrays(amps, np.asarray(shifts, dtype=float), insts)
    return Peaks(amps, shifts, np.full(amps.shape, FSIGMA), np.zeros(amps.shape), insts)


def spectra(peaks, inst_dict):
    return frames_of(peaks, inst_dict, MODEL)


def voiced(frames, peaks, inst_dict, **options):
    return PitchColumns(**options)(frames, peaks, inst_dict, MODEL)


def owners_of(voices):
    """The instrument of each column that sounds in some place."""
    owners = np.full(voices.dictionary.shape[1], -1)
    owners[voices.columns.ravel()] = voices.tones.insts.ravel()
    return owners


def pitched(semitones, rng, amps=(0.3, 1.0)):
    """Tones of instrument k at ``semitones[k]``, every pair four times, out of tune."""
    pairs = np.array([[one, other] for one in semitones[0] for other in semitones[1]] * 4)
    shifts = SEMITONE * (pairs + rng.uniform(-0.4, 0.4, pairs.shape))
    return tones(shifts, rng.uniform(*amps, pairs.shape), [0, 1]), pairs


def test_columns_of_pitches_are_found():
    rng = np.random.default_rng(0)
    peaks, pairs = pitched([(24, 26, 29), (8, 11, 26)], rng)
    true = TRUE[:, [0, 0, 0, 1, 1, 1]] * np.exp(rng.normal(0, 0.5, (HAR, 6)))
    numbers = np.searchsorted([24, 26, 29], pairs[:, 0]), np.searchsorted([8, 11, 26], pairs[:, 1])
    insts = np.stack([numbers[0], 3 + numbers[1]], axis=1)
    own = Peaks(peaks.amps, peaks.shifts, peaks.sigmas, peaks.spreads, insts)
    frames = spectra(own, true)
    found = voiced(frames, peaks, TRUE)
    np.testing.assert_array_equal(owners_of(found), [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(found.columns, insts)
    np.testing.assert_array_equal(found.tones.insts, peaks.insts)
    np.testing.assert_array_equal(found.tones.params, peaks.params)
    np.testing.assert_allclose(found.dictionary, true, rtol=0.2, atol=1e-12)
    before = unexplained(frames, peaks, TRUE, MODEL)
    assert unexplained(frames, own, found.dictionary, MODEL) < 0.02 * before


@given(seed=st.integers(0, 10**6))
def test_tones_of_one_semitone_of_one_instrument_share_a_column(seed):
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 6), 3
    insts = rng.permutation(3) + np.zeros(shape, int)  # every instrument has tones
    peaks = tones(rng.uniform(0, 40, shape), rng.integers(0, 2, shape), insts)
    found = voiced(spectra(peaks, TRUE[:, [0, 1, 0]]), peaks, TRUE[:, [0, 1, 0]])
    np.testing.assert_array_equal(owners_of(found)[found.columns], insts)
    assert found.instruments == 3
    keys = list(zip(insts.flat, np.rint(peaks.shifts / SEMITONE).flat, strict=True))
    together = set(zip(keys, found.columns.flat, strict=True))
    assert len(together) == len(set(keys)) == len(owners_of(found)) == found.dictionary.shape[1]


def test_columns_that_fit_stay_the_instruments():
    peaks, _ = pitched([(24, 26, 29), (8, 11)], np.random.default_rng(0))
    found = voiced(spectra(peaks, TRUE), peaks, TRUE)
    np.testing.assert_allclose(found.dictionary, TRUE[:, owners_of(found)], rtol=1e-6, atol=1e-300)


def test_harmonics_beyond_the_axis_are_those_of_the_instrument():
    louder = TRUE[:, :1] * [[1], [3], [0.3], [1], [3], [3]]
    peaks = tones([[310.0], [315.0], [40.0]], 1.0, 0)
    low = spectra(peaks[2:], TRUE[:, :1])
    frames = np.concatenate([spectra(peaks[:2], louder), low])
    found = voiced(frames, peaks, TRUE[:, :1]).dictionary
    np.testing.assert_allclose(found[:3, 1:], louder[:3].repeat(2, axis=1), rtol=0.05)
    np.testing.assert_array_equal(found[4:, 1:], TRUE[4:, :1].repeat(2, axis=1))


def test_hidden_harmonics_stay_near_those_of_the_instrument():
    fifth = OCTAVE * np.log2(1.5)  # the harmonics 2 and 4 of the upper are 3 and 6 of the lower
    true = np.stack([TRUE[:, 0], TRUE[:, 0] * [0.4, 2.5, 2.5, 2.5, 0.4, 2.5]], axis=1)
    peaks = tones([[100.0, 100 + fifth]] * 3, [1.0, 0.01], [0, 1])
    found = voiced(spectra(peaks, true), peaks, TRUE[:, [0, 0]])
    np.testing.assert_allclose(found.dictionary[:, 0], TRUE[:, 0], rtol=0.05)
    np.testing.assert_allclose(found.dictionary[[0, 2, 4], 1], true[[0, 2, 4], 1], rtol=0.1)
    np.testing.assert_allclose(found.dictionary[[1, 3], 1], TRUE[[1, 3], 0], rtol=0.1)


def test_a_pitch_that_is_hardly_heard_keeps_the_column_of_the_instrument():
    other = TRUE[:, :1] * np.array([[0.4, 2.5] * 3]).T

    def heard(amp):
        peaks = tones([[100.0], [200.0]], [[1.0], [amp]], 0)
        frames = np.concatenate([spectra(peaks[:1], TRUE[:, :1]), spectra(peaks[1:], other)])
        return voiced(frames, peaks, TRUE[:, :1]).dictionary[:, 1:]

    np.testing.assert_allclose(heard(1e-3), TRUE[:, :1], rtol=0.1)
    np.testing.assert_allclose(heard(1.0), other, rtol=0.1)


def test_jobs_change_no_byte_of_the_columns():
    rng = np.random.default_rng(0)
    peaks = tones(rng.uniform(0, 200, (2 * BLOCK + 10, 2)), rng.uniform(0.3, 1, 2), [0, 1])
    frames = spectra(peaks, TRUE) * rng.uniform(0.5, 1.5, (len(peaks.amps), M))
    found = set()
    for jobs in (1, 2, 3):
        with scipy.fft.set_workers(jobs):
            found.add(voiced(frames, peaks, TRUE).dictionary.tobytes())
    assert len(found) == 1


def test_silence_keeps_the_columns():
    silent = tones(np.ones((3, 2)), 0.0, [0, 1])
    found = voiced(np.zeros((3, M)), silent, TRUE)
    np.testing.assert_allclose(found.dictionary, TRUE, atol=1e-300)
    np.testing.assert_array_equal(owners_of(found), [0, 1])


@pytest.mark.parametrize("frames", [0, 3])
def test_instruments_without_tones_have_no_columns(frames):
    peaks = tones(np.full((frames, 1), 100.0), 1.0, 1)
    found = voiced(spectra(peaks, TRUE), peaks, TRUE)
    np.testing.assert_array_equal(owners_of(found), [1] * (frames > 0))
    assert found.instruments == 2


def test_less_trust_lets_a_pitch_be_itself():
    other = TRUE[:, :1] * np.array([[0.4, 2.5] * 3]).T
    peaks = tones([[100.0], [200.0]], [[1.0], [0.1]], 0)
    frames = np.concatenate([spectra(peaks[:1], TRUE[:, :1]), spectra(peaks[1:], other)])
    near, far = (
        np.abs(voiced(frames, peaks, TRUE[:, :1], trust=trust).dictionary[:, 1:] - other).max()
        for trust in (0.001, 10.0)
    )
    assert near < 0.2 * far
    kept = voiced(frames, peaks, TRUE[:, :1], updates=0).dictionary
    np.testing.assert_allclose(kept, TRUE[:, [0, 0]])


def test_voices_of_instruments_sound_with_their_columns():
    peaks = tones([[100.0, 40.0]] * 3, 1.0, [1, 0])
    for found in (
        Voices.of(peaks, TRUE),
        InstrumentColumns()(np.zeros((3, M)), peaks, TRUE, MODEL),
    ):
        assert found.tones is peaks and found.instruments == 2
        np.testing.assert_array_equal(found.columns, peaks.insts)
        np.testing.assert_array_equal(found.dictionary, TRUE)
    with pytest.raises(ValueError, match="instrument numbers 0 to 1 must lie in 0 to 0"):
        Voices.of(peaks, TRUE[:, :1])


def test_voices_of_some_frames_and_of_other_tones():
    peaks = tones([[100.0, 40.0]] * 3, 1.0, [1, 0])
    voices = Voices.of(peaks, TRUE)
    some = voices.in_frames(slice(1, 3))
    np.testing.assert_array_equal(some.tones.params, peaks.params[1:])
    np.testing.assert_array_equal(some.columns, peaks.insts[1:])
    louder = voices.with_tones(peaks.scaled(2))
    np.testing.assert_array_equal(louder.tones.amps, 2 * peaks.amps)
    assert louder[1:] == voices[1:]


def test_tones_are_shared_as_likely_as_instruments_play_them():
    peaks = tones([[20.0, 40.0, 60.0, 80.0]], [[1.0, 0.5, 0.7, 0.4]], [[0, 1, 0, 1]])
    voices = Voices.of(peaks, TRUE)
    prior = Prior(
        np.array([[41.0, 20.5, 60.0]]),
        np.array([[1, 0, 1]]),
        chances=np.array([[[0.3, 0.7], [0.9, 0.1], [0.2, 0.8]]]),
    )
    shared = voices.shared(prior, near=1.5)
    spects = synthesise(shared, MODEL.harscale, 1.0, M)[:, 0]
    parts = [
        synthesise(Voices.of(peaks[:, [i]], TRUE), MODEL.harscale, 1.0, M)[own, 0]
        for i, own in enumerate((0, 1, 0, 1))
    ]
    weights = np.array([[0.9, 0.3, 1, 0], [0.1, 0.7, 0, 1]])  # the last two are not in the prior
    np.testing.assert_allclose(spects, weights @ parts, atol=1e-12)


def test_without_chances_or_with_one_instrument_no_tones_are_shared():
    peaks = tones([[20.0]], [[1.0]], [[0]])
    known = Prior(np.array([[20.0]]), np.array([[0]]))
    voices, alone = Voices.of(peaks, TRUE), Voices.of(peaks, TRUE[:, :1])
    assert voices.shared(known, 1.0) is voices
    sure = known._replace(chances=np.ones((1, 1, 1)))
    assert alone.shared(sure, 1.0) is alone
    with pytest.raises(ValueError, match=r"prior.chances.shape=\(1, 1, 1\) must be \(1 frames, "):
        voices.shared(sure, 1.0)
