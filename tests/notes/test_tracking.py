import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lines import COLUMN, FSIGMA, MODEL, TRACKING, M, notes_of, tones
from sounding import frames_of

from musisep._util.constants import NONE
from musisep.notes._kernels import sound as sound_kernels
from musisep.notes._kernels import tracking as kernels
from musisep.notes.sound import NoteSound
from musisep.notes.tracking import NoteTracking
from musisep.tones._kernels import harmonic_centre

STEP = TRACKING.glide_sigmas * FSIGMA


def numbers(*lines, amps=None):
    return TRACKING.linked(tones(*lines, amps=amps), MODEL).T.tolist()


def test_a_note_glides_but_does_not_leap():
    assert numbers(50 + 0.99 * STEP * np.arange(10)) == [[0] * 10]
    leap = 50 + 1.01 * STEP * (np.arange(12) >= 6)
    assert numbers(leap) == [[0] * 6 + [1] * 6]


def test_a_note_may_be_lost_for_some_frames():
    sounding = [50] * 6
    assert numbers(sounding + [None] * TRACKING.gap_frames + sounding) == [
        [0] * 6 + [NONE] * TRACKING.gap_frames + [0] * 6
    ]
    lost = [None] * (TRACKING.gap_frames + 1)
    assert numbers(sounding + lost + sounding) == [
        [0] * 6 + [NONE] * (TRACKING.gap_frames + 1) + [1] * 6
    ]


def test_short_notes_are_none_and_the_others_are_numbered_by_onset():
    short, long = [90] * (TRACKING.shortest_frames - 1), [50] * TRACKING.shortest_frames
    first = short + [None] * (TRACKING.gap_frames + 1) + long
    second = [None] * 2 + [120] * (len(first) - 2)
    found = numbers(first, second)
    assert (
        found[0] == [NONE] * (len(short) + TRACKING.gap_frames + 1) + [1] * TRACKING.shortest_frames
    )
    assert found[1] == [NONE] * 2 + [0] * (len(first) - 2)


def test_the_gap_counts_no_frame_of_the_length():
    half = TRACKING.shortest_frames // 2
    assert numbers([50] * half + [None] * 3 + [50] * half) == [[NONE] * (2 * half + 3)]


def test_places_may_be_exchanged():
    low, high = np.full(12, 50.0), np.full(12, 80.0)
    swapped = np.arange(12) % 3 == 0
    found = np.array(numbers(np.where(swapped, high, low), np.where(swapped, low, high)))
    np.testing.assert_array_equal(found[0] == found[0, 0], swapped)
    np.testing.assert_array_equal(found[1] != found[0], True)


def test_the_nearest_pair_is_linked_first():
    near = [None] * 6 + [51.0] * 6
    far = [50.0] * 6 + [52.0] * 6
    assert numbers(far, near) == [[0] * 6 + [1] * 6, [NONE] * 6 + [0] * 6]


@given(seed=st.integers(0, 10**6))
def test_linking_follows_its_rules(seed):
    rng = np.random.default_rng(seed)
    shape = 40, rng.integers(1, 4)
    shifts = 50 + rng.choice([0, 6, 40], shape) + rng.normal(0, 1.5, shape)
    amps = np.exp(rng.normal(0, 0.4, shape)) * (rng.random(shape) < rng.choice([0.2, 0.8]))
    arguments = amps, shifts, 4.0, rng.integers(0, 5), rng.choice([1.5, 2.0, np.inf])
    found = np.full(shape, NONE)
    kernels.link(*arguments, found)
    np.testing.assert_array_equal(found, naive.linked(*arguments))


@pytest.mark.parametrize(("rise", "notes"), [(0.99 * TRACKING.rise, 1), (TRACKING.rise, 2)])
def test_a_tone_that_is_much_louder_begins_a_note(rise, notes):
    found = numbers([50] * 12, amps=[[0.5] * 6 + [0.5 * rise] * 6])
    assert found == [[0] * 6 + [notes - 1] * 6]


@pytest.mark.parametrize(("growth", "begun"), [(1.45, False), (1.55, True)])
def test_loudness_is_compared_with_that_of_late(growth, begun):
    steady = numbers([50] * 24, amps=[growth ** np.arange(24)])[0]
    assert (steady != [0] * 24) == begun
    fading = [1.0] * 6 + [0.4] * 6 + [0.9] * 6
    assert numbers([50] * 18, amps=[fading]) == [[0] * 12 + [1] * 6]


@pytest.mark.parametrize(("shift", "ended"), [(51, True), (80, False)])
def test_a_note_that_begins_ends_a_lost_one_at_its_pitch(shift, ended):
    quiet = [50] * 6 + [None] + [50] * 6
    loud = [None] * 6 + [shift] * 7
    amps = [[1] * 13, [3] * 13]
    found = numbers(quiet, loud, amps=amps)
    assert found == [[0] * 6 + [NONE] + [2 * ended] * 6, [NONE] * 6 + [1] * 7]


def test_a_note_that_sounds_on_is_not_ended_by_another():
    loud = [None] * 6 + [51] * 7
    found = numbers([50] * 13, loud, amps=[[1] * 13, [3] * 13])
    assert found == [[0] * 13, [NONE] * 6 + [1] * 7]


def test_means_of_a_note():
    amps = [[1, 1, 1.5, 1.5, 0, 1.5]]
    found = notes_of(tones([50, 50, 52, 52, 99, 52], amps=amps))
    assert found.numbers.T.tolist() == [[0, 0, 0, 0, NONE, 0]]
    assert found.onsets.tolist() == [0] and found.lengths.tolist() == [5]
    assert found.shifts[0] == pytest.approx((2 * 50 + 4.5 * 52) / 6.5)
    assert found.amps[0] == pytest.approx(np.sqrt((2 + 3 * 2.25) / 5))


def test_onsets_are_those_of_the_notes():
    found = notes_of(tones([50] * 6 + [90] * 6, [None] * 3 + [130] * 9))
    assert found.onsets.tolist() == [0, 3, 6] and found.lengths.tolist() == [6, 9, 6]
    np.testing.assert_allclose(found.shifts, [50, 130, 90])


def test_overlaps_are_counted_in_frames():
    first = [50] * 10 + [None] * 6
    second = [None] * 4 + [90] * 12
    third = [130] * 6 + [None] * 4 + [170] * 6
    found = notes_of(tones(third, second, first))
    assert found.shifts[:3].round().tolist() == [130, 50, 90]  # of one onset: by place
    assert found.pairs.tolist() == [[0, 1], [0, 2], [1, 2], [2, 3]]
    np.testing.assert_allclose(found.together, [6, 2, 6, 6])


@pytest.mark.parametrize("first", [[1.0] * 10, [1.0] * 5 + [0.1] * 5])
def test_frames_in_which_a_note_is_quiet_count_less(first):
    loudness = np.array([1.0] * 5 + [0.1] * 5)
    found = notes_of(tones([50] * 10, [90] * 10, amps=[first, loudness]))
    level = np.sqrt(np.mean(loudness**2))
    np.testing.assert_allclose(found.together, [5 + 5 * 0.1 / level])


@pytest.mark.parametrize("frames", [0, 8])
def test_silence_has_no_notes(frames):
    found = notes_of(tones([None] * frames, [None] * frames))
    np.testing.assert_array_equal(found.numbers, np.full((frames, 2), NONE))
    assert found.sound.values.shape == found.sound.known.shape == (0, TRACKING.sound.features)
    assert found.pairs.shape == (0, 2) and found.together.size == 0


def test_notes_know_the_axis_and_the_clock():
    found = notes_of(tones([50] * 6))
    assert (found.octave, found.lowest_hz) == (MODEL.octave, MODEL.lowest_hz)
    assert found.hop_s == MODEL.hop_s


def test_what_notes_sound_like_is_measured_of_those_that_are_kept():
    peaks = tones([90] * (TRACKING.shortest_frames - 1) + [None] * 6 + [50] * 8, [130] * 18)
    frames = frames_of(peaks, COLUMN, MODEL)
    found = notes_of(peaks)
    own = TRACKING.sound(found.numbers, peaks, frames, MODEL)
    assert len(own.values) == len(found.amps) == 2
    np.testing.assert_array_equal(found.sound.values, own.values)
    np.testing.assert_array_equal(found.sound.known, own.known)


def test_integers_are_floats_to_the_kernels():
    sound = NoteSound(apart_sigmas=4, seen_share=1, lowest_band_hz=110, floor_db=-60)
    whole = NoteTracking(glide_sigmas=2, rise=2, sound=sound)
    for owner, names in (
        (whole, ("glide_sigmas", "rise")),
        (sound, ("apart_sigmas", "seen_share", "lowest_band_hz", "floor_db")),
    ):
        assert all(type(getattr(owner, name)) is float for name in names)
    assert type(whole.gap_frames) is type(sound.harmonics) is int
    peaks = tones([50] * 10, [90] * 10)

    def compiled():
        return [len(kernel.signatures) for kernel in (kernels.link, sound_kernels.add_energies)]

    notes_of(peaks)
    before = compiled()
    notes_of(peaks, tracking=whole)
    assert compiled() == before


def test_settings_of_the_tracking_matter():
    glide = 50 + 1.5 * STEP * np.arange(10)
    peaks = tones(glide)
    assert notes_of(peaks).amps.size == 0
    loose = NoteTracking(glide_sigmas=4, shortest_frames=10, sound=NoteSound(harmonics=5))
    found = notes_of(peaks, tracking=loose)
    assert found.lengths.tolist() == [10]
    assert found.sound.values.shape == (1, loose.sound.features)
    assert notes_of(peaks[:9], tracking=loose).amps.size == 0


def test_notes_are_heard_where_their_free_harmonics_are():
    """A note below its octave, of which nothing is free, and one on the other side."""
    peaks = tones([100] * 8 + [40] * 8, [160] * 8 + [None] * 8)
    frames = frames_of(peaks, COLUMN, MODEL)
    sides = np.full(frames.shape, 0.8j, np.complex64)
    sides[8:] = -1
    for order in range(1, 13):
        hidden, _, _ = harmonic_centre(160.0, 0.0, order, MODEL.harscale)
        if hidden < M:
            sides[:8, round(hidden)] = 1
    notes = TRACKING(peaks, frames, MODEL, sides)
    np.testing.assert_allclose(notes.sides, [0.8j, 0, -1], atol=1e-6)
    assert notes_of(peaks).sides is None


def test_loud_harmonics_tell_more_where_a_note_is():
    peaks = tones([50] * 8)
    frames = frames_of(peaks, COLUMN, MODEL)
    sides = np.zeros(frames.shape, np.complex64)
    sides[:, 50] = 1
    inside = [harmonic_centre(50.0, 0.0, n, MODEL.harscale)[0] < M - 1.5 for n in range(1, 13)]
    expected = frames[0, 50] / (frames[0, 50] * COLUMN[:, 0][inside].sum())
    assert TRACKING(peaks, frames, MODEL, sides).sides[0] == pytest.approx(expected, rel=0.03)


def test_sides_have_the_shape_of_frames():
    peaks = tones([50] * 8)
    frames = frames_of(peaks, COLUMN, MODEL)
    with pytest.raises(ValueError, match=r"^sides\.shape=\(8, 3\) must be \(8, 420\)"):
        TRACKING(peaks, frames, MODEL, np.zeros((8, 3), complex))


def test_some_of_the_notes_can_be_chosen():
    lines = [50] * 10 + [None] * 6 + [70] * 10, [None] * 3 + [100] * 20 + [None] * 3
    notes = notes_of(tones(*lines))._replace(sides=np.array([1, 1j, -1]))
    assert notes.pairs.tolist() == [[0, 1], [1, 2]]
    some = notes.chosen(np.array([False, True, True]))
    assert [row[row != NONE].tolist() for row in some.numbers.T] == [[1] * 10, [0] * 20]
    assert some.pairs.tolist() == [[0, 1]]
    np.testing.assert_array_equal(some.together, notes.together[1:])
    for name in ("onsets", "lengths", "shifts", "amps", "sides"):
        np.testing.assert_array_equal(getattr(some, name), getattr(notes, name)[1:])
    for part, whole in zip(some.sound, notes.sound, strict=True):
        np.testing.assert_array_equal(part, whole[1:])
    none = notes._replace(sides=None).chosen(np.zeros(3, bool))
    assert none.sides is None and none.pairs.shape == (0, 2) and not none.shifts.size
    assert (none.numbers == NONE).all()
