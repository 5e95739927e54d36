import naive
import numpy as np
import pytest
from lines import COLUMN, FSIGMA, MODEL, OCTAVE, TRACKING, M, notes_of, tones
from sounding import frames_of

from musisep._util.constants import NONE
from musisep.notes._kernels import sound as kernels
from musisep.notes.course import COURSE
from musisep.notes.sound import NoteSound
from musisep.notes.tracking import NoteTracking

SOUND = TRACKING.sound
SIZES = SOUND.harmonics, SOUND.bands, SOUND.between, len(COURSE)
LEVELS = 2 * np.log10(COLUMN[:, 0])
"""Of the harmonics, in units of 10 dB."""
ODD = np.arange(1, SOUND.harmonics + 1) % 2 == 1


def parts(sound):
    """Values and known of the harmonics, the bands, between harmonics, and the course."""
    ends = np.cumsum(SIZES)[:-1]
    return list(zip(*(np.split(own, ends, axis=1) for own in sound), strict=True))


def measured(*given, **options):
    return parts(notes_of(tones(*given, **options)).sound)


def test_features_are_harmonics_bands_between_and_course():
    assert sum(SIZES) == SOUND.features
    assert NoteSound(harmonics=5, between=2, bands=3).features == 10 + len(COURSE)


@pytest.mark.parametrize("seed", range(5))
def test_energies_are_those_of_frames_in_which_nothing_else_is_near(seed):
    rng = np.random.default_rng(seed)
    shifts, places, frames = rng.uniform(0, 300, (3, 1)), 3, 6
    peaks = tones(*(shifts + rng.normal(0, 20, (3, frames))), amps=rng.random((3, frames)))
    peaks.params[:, 0][rng.random((frames, places)) < 0.3] = 0
    peaks.params[:, 3] = rng.uniform(0, 1e-3, (frames, places))
    numbers = np.where((peaks.amps > 0) & (rng.random((frames, places)) < 0.8), [0, 1, 2], NONE)
    magnitudes, orders = rng.random((frames, 200)), np.array([1, 1.5, 2, 3, 4.5, 8.0])
    first, width, bands = 20.0, 30.0, 5
    heard, energy = np.zeros((2, 3, orders.size))
    band_heard, band_energy = np.zeros((2, 3, bands))
    kernels.add_energies(
        peaks.params, numbers, magnitudes, MODEL.harscale, 7, 3.3, orders, heard, energy,
        first, width, band_heard, band_energy,
    )  # fmt: skip
    wanted = [np.zeros_like(own) for own in (heard, energy, band_heard, band_energy)]
    for note, order, centre, square in naive.energies(
        peaks.params, numbers, magnitudes, MODEL.harscale, 7, 3.3, orders
    ):
        wanted[0][note, order] += 1
        wanted[1][note, order] += square
        band = int(np.floor((centre - first) / width))
        if 0 <= band < bands:
            wanted[2][note, band] += 1
            wanted[3][note, band] += square
    assert wanted[0].sum() > 10 and wanted[2].sum() > 5
    for own, other in zip((heard, energy, band_heard, band_energy), wanted, strict=True):
        np.testing.assert_allclose(own, other)


@pytest.mark.parametrize("spread", [0.0, 1e-3])
def test_harmonics_are_those_of_the_column_whatever_the_loudness(spread):
    (values, known), *_ = measured([40] * 20, amps=[np.linspace(0.2, 3, 20)], spread=spread)
    sounding = len(COLUMN)
    assert known[0, :sounding].all()
    np.testing.assert_allclose(values[0, :sounding], LEVELS, atol=0.04)
    quiet = values[0, sounding + 1 :][known[0, sounding + 1 :]]
    np.testing.assert_allclose(quiet, SOUND.floor_db / 10, atol=0.3)


def test_bands_are_means_of_the_harmonics_in_them():
    shift = 40.0
    _, (values, known), *_ = measured([shift] * 10)
    hz = MODEL.lowest_hz * 2 ** (shift / OCTAVE) * np.arange(1, SOUND.harmonics + 1)
    place = SOUND.bands_per_octave * np.log2(hz / SOUND.lowest_band_hz)
    energies = np.append(COLUMN[:, 0] ** 2, np.zeros(SOUND.harmonics - len(COLUMN)))
    for band in range(SOUND.bands):
        own = energies[(place >= band) & (place < band + 1) & (hz < hz[0] * 2 ** (379 / OCTAVE))]
        assert known[0, band] == bool(own.size)
        if own.any():
            assert values[0, band] == pytest.approx(np.log10(own.mean()), abs=0.05)


def test_a_resonance_keeps_its_band_when_the_pitch_moves():
    resonance = np.exp(-(((np.arange(M) - 200) / 15) ** 2))
    loudest = []
    for shift in (30.0, 42.0):
        peaks = tones([shift] * 10)
        sound = TRACKING(peaks, np.tile(resonance, (10, 1)), MODEL).sound
        (harmonics, _), (bands, known), *_ = parts(sound)
        loudest.append((harmonics[0].argmax(), np.where(known, bands, -9.0)[0].argmax()))
    assert loudest[0][0] != loudest[1][0] and loudest[0][1] == loudest[1][1]


def test_between_harmonics_is_what_no_harmonic_explains():
    peaks = tones([40] * 10, amps=[[0.5] * 10])
    frames = frames_of(peaks, COLUMN, MODEL)
    for noise in (0.01, 0.05):
        _, _, (values, known), _ = parts(TRACKING(peaks, frames + noise, MODEL).sound)
        assert known.all()
        np.testing.assert_allclose(values[0, :4], 2 * np.log10(noise / 0.5), atol=0.03)


def test_between_harmonics_is_midway():
    peaks = tones([40] * 10)
    frames = frames_of(peaks, COLUMN, MODEL)
    frames[:, round(40 + OCTAVE * np.log2(2.5))] = 0.2
    _, _, (values, _), _ = parts(TRACKING(peaks, frames, MODEL).sound)
    assert values[0, 1] == pytest.approx(2 * np.log10(0.2), abs=1e-3)
    np.testing.assert_allclose(values[0, [0, 2]], SOUND.floor_db / 10, atol=0.1)


def test_harmonics_beyond_the_axis_are_not_known():
    shift = M - 1.0 - 3 * OCTAVE  # the eighth is in the last bin
    (values, known), _, (_, between), _ = measured([shift] * 8)
    np.testing.assert_array_equal(known[0], np.arange(SOUND.harmonics) < 7)
    np.testing.assert_array_equal(between[0], np.arange(SOUND.between) < 7)
    np.testing.assert_array_equal(values[0, 7:], 0)


def test_coinciding_harmonics_are_not_known():
    known = measured([40] * 20, [40 + OCTAVE] * 20)[0][1]
    np.testing.assert_array_equal(known[0, :9], ODD[:9])  # above, neighbours are near as well
    assert not known[1, : SOUND.rivals // 2].any()


@pytest.mark.parametrize(("distance", "known"), [(0.9, False), (1.1, True)])
def test_fundamentals_are_told_apart_from_some_sigmas_on(distance, known):
    found = measured([40] * 10, [40 + distance * SOUND.apart_sigmas * FSIGMA] * 10)[0][1]
    assert found[:, 0].tolist() == [known, known]


@pytest.mark.parametrize(("together", "alone"), [(9, 3), (36, 4)])
def test_a_harmonic_is_known_when_it_is_apart_for_long_enough(together, alone):
    octave = [40 + OCTAVE] * together
    values, known = measured([40] * (together + alone), octave + [None] * alone)[0]
    assert known[0, :12].all()
    np.testing.assert_allclose(values[0, :12], LEVELS, atol=0.04)  # not of the octave
    alone -= 1
    few = measured([40] * (together + alone), octave + [None] * alone)[0][1]
    np.testing.assert_array_equal(few[0, :9], ODD[:9])


def test_tones_without_a_note_hide_harmonics_too():
    short = [40 + OCTAVE] * (TRACKING.shortest_frames - 1)
    found = notes_of(tones([40] * (TRACKING.shortest_frames + 1), short + [None] * 2))
    assert found.numbers.max() == 0
    np.testing.assert_array_equal(parts(found.sound)[0][1][0, :9], ODD[:9])


def test_only_the_level_depends_on_the_level_of_the_recording():
    peaks = tones([40] * 20, [97.0] * 20)
    frames = frames_of(peaks, COLUMN, MODEL) + 0.01
    louder = peaks.params.copy()
    louder[:, 0] *= 10
    sound = TRACKING(peaks, frames, MODEL).sound
    other = TRACKING(type(peaks).from_params(louder, peaks.insts), 10 * frames, MODEL).sound
    differences = other.values - sound.values
    level = SOUND.features - len(COURSE) + COURSE.index("level")
    np.testing.assert_allclose(differences[:, level], 20 / 8)
    np.testing.assert_allclose(np.delete(differences, level, axis=1), 0, atol=1e-9)
    np.testing.assert_array_equal(other.known, sound.known)


def test_what_is_not_known_is_0():
    found = notes_of(tones([40] * 8, [40 + OCTAVE] * 8)).sound
    assert 0 < found.known.sum() < found.known.size
    np.testing.assert_array_equal(found.values[~found.known], 0)


def test_settings_of_the_sound_matter():
    other = NoteSound(harmonics=3, between=1, bands=2, rivals=0, seen_frames=9, floor_db=-5)
    peaks = tones([40] * 10 + [None] * 9 + [70] * 8, [40 + OCTAVE] * 10 + [None] * 17)
    found = notes_of(peaks, tracking=NoteTracking(sound=other)).sound
    assert found.values.shape == (3, other.features)
    assert found.known[:2, :3].all()  # no rivals hide them
    assert not found.known[2, :3].any()  # eight frames are few
    assert found.values[:2, :6].min() >= -0.5


@pytest.mark.parametrize(("name", "wrong"), [("harmonics", 0), ("bands", -1), ("rivals", 1.5)])
def test_what_cannot_be_measured_is_refused(name, wrong):
    with pytest.raises(ValueError, match=f"^{name}="):
        NoteSound(**{name: wrong})
