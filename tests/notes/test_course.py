import numpy as np
import pytest
from lines import FSIGMA, MODEL, OCTAVE, notes_of, tones

from musisep.notes.course import COURSE, EDGE_FRAMES, FALLING_FRAMES, LONG_FRAMES, tuning

HOP_S = MODEL.hop_s


def measured(*given, **options):
    """Values of the course, and whether they are known, by name."""
    sound = notes_of(tones(*given, **options)).sound
    return tuple(
        dict(zip(COURSE, own[:, -len(COURSE) :].T, strict=True))
        for own in (sound.values, sound.known)
    )


def steady(frames=20):
    return [50.0] * frames


def decibels(levels):
    return [10 ** (np.array(levels) / 20)]


def test_level_and_duration():
    amps = np.linspace(0.2, 1, 20)
    values, _ = measured(steady(), amps=[amps])
    assert values["level"][0] == pytest.approx(10 * np.log10(np.mean(amps**2)) / 8)
    assert values["duration"][0] == pytest.approx(np.log(20 * HOP_S))


def test_the_duration_counts_frames_with_a_tone():
    values, _ = measured(steady(8) + [None] * 3 + steady(8))
    assert values["duration"][0] == pytest.approx(np.log(16 * HOP_S))


def movement_of(*given):
    return np.exp(measured(*given)[0]["movement"]) - 0.01


def test_movement_is_that_of_the_pitch_in_sigmas():
    trembling = 50 + 0.5 * FSIGMA * (np.arange(12) % 2)
    found = movement_of(trembling, [100.0] * 12, 150 + 0.1 * FSIGMA * np.arange(12))
    np.testing.assert_allclose(found, [0.5, 0, 0.1], atol=1e-9)


def test_movement_follows_a_note_through_the_places():
    low, high = np.full(12, 50.0), 80 + 0.2 * FSIGMA * np.arange(12)
    swapped = np.arange(12) % 2 == 0
    found = movement_of(np.where(swapped, high, low), np.where(swapped, low, high))
    np.testing.assert_allclose(found, [0.2, 0], atol=1e-9)


def test_what_happens_between_notes_and_while_they_are_lost_is_no_movement():
    moved = [50] * 6 + [None] * 2 + [50 + 1.8 * FSIGMA] * 6
    found = movement_of(moved, [100, None] * 7, [150] * 7 + [160] * 7)
    np.testing.assert_allclose(found, np.zeros(4), atol=1e-9)


def test_the_rise_ends_3_decibels_below_the_summit():
    levels = [-12, -9, -6, -3.5, -2.9, -1, 0, *[-2] * 13]
    values, _ = measured(steady(), amps=decibels(levels))
    assert values["rise"][0] == pytest.approx(np.log(4 * HOP_S + 0.01) / 1.2)
    assert values["attack"][0] == pytest.approx(-10.5 / 5)


@pytest.mark.parametrize("per_second", [-40.0, 0.0, 15.0])
def test_slopes_are_in_decibels_per_second(per_second):
    values, known = measured(steady(), amps=decibels(per_second * HOP_S * np.arange(20)))
    assert values["slope"][0] == pytest.approx(per_second / 20, abs=1e-9)
    assert known["slope"][0]
    if per_second <= 0:
        assert values["decay"][0] == pytest.approx(per_second / 20, abs=1e-9)
    assert known["decay"][0] == (per_second <= 0)  # else the summit is the end


def test_the_decay_is_that_after_the_summit():
    levels = np.concatenate((np.linspace(-4, 0, 5), -30 * HOP_S * np.arange(1, 16)))
    values, known = measured(steady(), amps=decibels(levels))
    assert known["decay"][0] and values["decay"][0] == pytest.approx(-30 / 20)
    assert values["slope"][0] != pytest.approx(-30 / 20, abs=0.3)


def test_vibrato_is_the_deviation_from_a_glide_in_cents():
    frame = np.arange(41)
    depth = 20 * OCTAVE / 1200  # of 20 cents
    core = (frame > EDGE_FRAMES) & (frame < 40 - EDGE_FRAMES)
    trembling = np.sin(2 * np.pi * (frame - 20) / 7)  # 35 frames are whole periods
    assert core.sum() == 35
    values, known = measured(50 + depth * trembling, 150 + 0.1 * frame)
    np.testing.assert_allclose(np.exp(0.7 * values["vibrato"]) - 0.5, [20 / 2**0.5, 0], atol=0.8)
    assert known["vibrato"].all()
    ends = np.where(core, 50.0, 52.0)
    assert np.exp(0.7 * measured(ends)[0]["vibrato"][0]) == pytest.approx(0.5)


def test_flicker_is_the_deviation_of_the_level_in_decibels():
    levels = np.where(np.arange(41) % 2, 1.0, -1.0)
    values, known = measured(steady(41), amps=decibels(levels))
    assert np.exp(0.6 * values["flicker"][0]) - 0.05 == pytest.approx(1, abs=0.02)
    assert known["flicker"][0]


def test_detuning_is_in_cents_about_the_tuning_of_the_recording():
    cent = OCTAVE / 1200
    in_tune = [[shift + 30 * cent] * 20 for shift in (50, 110, 170)]
    values, _ = measured(*in_tune, [230 + 45 * cent] * 20)
    apart = 20 * values["detuning"]
    np.testing.assert_allclose(apart[3] - apart[:3], 15, atol=1e-6)
    assert abs(np.mean(apart)) < 1
    assert tuning(np.array([130.0, 430, 30]), np.ones(3)) == pytest.approx(30)
    assert tuning(np.array([80.0, 0]), np.array([1.0, 0])) == pytest.approx(-20)


def test_inharmonicity_and_width_are_means():
    values, _ = measured(steady(), spread=1e-4, sigma=1.2 * FSIGMA)
    assert values["inharmonicity"][0] == pytest.approx(np.log(1e-4 + 1e-6) / 2)
    assert values["width"][0] == pytest.approx(10 * np.log(1.2))


def test_slopes_of_short_notes_are_not_known():
    long, short = LONG_FRAMES, LONG_FRAMES - 1
    falling = -0.1 * np.arange(long)
    late = np.concatenate((-np.arange(4, 0, -1), np.zeros(1), falling[1 : long - 4]))
    for frames, levels, wanted in ((long, falling, True), (short, falling[:short], False)):
        known = measured(steady(frames), amps=decibels(levels))[1]
        for name in COURSE:
            depends = name in ("slope", "decay", "vibrato", "flicker")
            assert known[name][0] == (wanted or not depends), name
    known = measured(steady(long), amps=decibels(late))[1]
    assert long - 4 < FALLING_FRAMES and known["slope"][0] and not known["decay"][0]
