import dataclasses
import inspect
import pydoc
import re

import naive
import numpy as np
import pytest
import soundfile as sf
from duet import REED, SAMPLE_RATE, STRING, duet, play
from hypothesis import given, settings
from hypothesis import strategies as st
from sounding import similarity

import musisep
from musisep.io.files import AudioFileError
from musisep.metrics import bss_eval
from musisep.stages import make_stages

QUICK = {"restarts": 1, "steps": 6, "batch": 40}


@pytest.fixture(scope="module")
def stems():
    return duet()


@pytest.fixture(scope="module")
def separation(stems):
    return musisep.separate(stems.sum(axis=0), SAMPLE_RATE, jobs=2)


def test_the_instruments_of_a_duet_are_told_apart(stems, separation):
    measures = bss_eval(stems[:, None], separation.stems)
    assert measures.sdr.min() > 12


def test_stems_and_residual_are_the_mixture(stems, separation):
    mixture = stems.sum(axis=0)
    error = separation.stems.sum(axis=0) + separation.residual - mixture
    assert np.abs(error).max() < 1e-12 * np.abs(mixture).max()


def test_the_residual_is_made_once_when_it_is_asked_for(stems):
    mixture = stems.sum(axis=0)
    result = musisep.separate(mixture, SAMPLE_RATE, **QUICK)
    np.testing.assert_array_equal(result.mixture, mixture[None])
    assert "residual" not in vars(result)
    assert result.residual is result.residual


def test_stems_come_loudest_first_and_so_do_dictionary_and_tones(stems, separation):
    energy = np.sum(separation.stems**2, axis=(1, 2))
    assert energy[0] > energy[1]
    upper = bss_eval(stems[:, None], separation.stems).permutation[0]
    f0_hz = separation.tones.f0_hz
    assert np.median(f0_hz[separation.tones.instrument == upper]) > 550
    assert np.median(f0_hz[separation.tones.instrument != upper]) < 260
    even, odd = separation.dictionary.amplitudes[[1, 2], upper]
    assert odd > 3 * even  # the reed has odd harmonics only


def test_the_tones_are_those_of_the_notes(stems, separation):
    tones = separation.tones
    now = (tones.time_s > 0.1) & (tones.time_s < 0.4)
    low = np.sort(tones.f0_hz[now])[: now.sum() // 2]
    np.testing.assert_allclose(low, 220, rtol=5e-3)
    assert np.all(np.diff(tones.time_s) >= 0)
    assert tones.amplitude.min() > 0


@pytest.mark.parametrize("front_end", ["cqt", "pursuit"])
def test_same_seed_same_bytes_for_any_number_of_jobs(stems, front_end):
    mixture = np.stack([stems[0], stems[1]])
    one, two, again = (
        musisep.separate(
            mixture, SAMPLE_RATE, jobs=jobs, front_end=front_end, **QUICK | {"restarts": 2}
        )
        for jobs in (1, 2, 2)
    )
    for other in (two, again):
        assert one.stems.tobytes() == other.stems.tobytes()
        assert one.residual.tobytes() == other.residual.tobytes()
        assert one.tones.tobytes() == other.tones.tobytes()
        assert one.unexplained == other.unexplained


def test_what_is_left_unexplained_is_told_of_the_result_and_of_every_different_answer(separation):
    assert 1 <= len(separation.answers) <= separation.settings.restarts
    assert 0 < separation.answers[separation.chosen] < 0.5
    assert type(separation.unexplained) is float and 0 < separation.unexplained < 0.5


@pytest.mark.parametrize("name", ["viterbi", "joint"])
def test_unexplained_is_the_loss_of_the_tones_that_are_returned(stems, separation, name):
    found, usual = [], make_stages(musisep.Settings(finder=name)).finder

    def finder(frames, dictionary, model, prior):
        found.append((frames, usual(frames, dictionary, model, prior), dictionary, model))
        return found[-1][1]

    mixture = stems.sum(axis=0)
    result = musisep.separate(mixture, SAMPLE_RATE, stages={"finder": finder}, jobs=2)
    ((frames, tones, dictionary, model),) = found
    assert np.count_nonzero(tones.amps > 0) == result.tones.size
    loss, silence = (
        sum(
            naive.loss(scale * params, insts, dictionary, model.harscale, 1, 0.5, y)
            for params, insts, y in zip(tones.params, tones.insts, frames, strict=True)
        )
        for scale in (np.ones((4, 1)), np.array([[0.0], [1], [1], [1]]))
    )
    assert result.unexplained == pytest.approx(loss / silence, rel=1e-6)
    if name == "viterbi":
        assert result.unexplained == separation.unexplained
    else:  # other tones than those of the answer that was chosen
        assert abs(result.unexplained - result.answers[result.chosen]) > 1e-4


def test_the_mixture_is_not_changed(stems):
    mixture = 100 * stems.sum(axis=0)
    before = mixture.copy()
    musisep.separate(mixture, SAMPLE_RATE, **QUICK)
    np.testing.assert_array_equal(mixture, before)


def test_stereo_in_stereo_out(stems):
    pan = np.array([[0.9, 0.2], [0.3, -0.8]])  # channel, instrument; one in reverse phase
    result = musisep.separate(pan @ stems, SAMPLE_RATE, **QUICK | {"steps": 10})
    assert result.stems.shape == (2, 2, stems.shape[1])
    true = pan.T[:, :, None] * stems[:, None, :]
    assert bss_eval(true, result.stems).sdr.min() > 8


def test_instruments_that_sound_alike_are_told_apart_by_where_they_are():
    """Two in one register, that exchange their lines in the middle."""
    lines = [(440.0, 554.4, 493.9, 587.3), (523.3, 466.2, 622.3, 415.3)]
    alike = np.stack([play([(f0_hz, 0.5) for f0_hz in line], STRING) for line in lines])
    true = np.array([[0.9, 0.4], [0.5, 0.8]])[:, :, None] * alike[:, None]
    result = musisep.separate(true.sum(axis=0), SAMPLE_RATE, restarts=2)
    measures = bss_eval(true, result.stems)
    assert measures.sdr.min() > 20
    for inst, line in zip(measures.permutation, lines, strict=True):
        own = result.tones[result.tones.instrument == inst]
        apart = np.abs(12 * np.log2(own.f0_hz[:, None] / np.array(line))).min(axis=1)
        assert np.average(apart < 0.3, weights=own.amplitude) > 0.9


@pytest.mark.parametrize("instruments", [1, 3])
def test_other_numbers_of_instruments(stems, instruments):
    result = musisep.separate(stems.sum(axis=0), SAMPLE_RATE, instruments=instruments, **QUICK)
    assert result.stems.shape == (instruments, 1, stems.shape[1])
    assert result.dictionary.amplitudes.shape == (25, instruments)


def test_tones_of_one_harmonic(stems):
    result = musisep.separate(stems.sum(axis=0), SAMPLE_RATE, harmonics=1, **QUICK)
    assert result.dictionary.amplitudes.shape == (1, 2)
    assert np.all(np.sum(result.stems**2, axis=(1, 2)) > 0)


def test_two_tones_of_one_instrument(stems):
    result = musisep.separate(stems.sum(axis=0), SAMPLE_RATE, instruments=1, tones=2, **QUICK)
    loud = result.tones[np.abs(result.tones.time_s - 0.3) < 0.006]
    np.testing.assert_allclose(np.sort(loud.f0_hz), [220, 587.3], rtol=5e-3)


@settings(max_examples=15)
@given(st.integers(1, 4000), st.sampled_from([8_000, 11_025, 16_000, 44_100]), st.integers(1, 3))
def test_any_length_is_kept(length, sample_rate, channels):
    audio = np.random.default_rng(length).normal(size=(channels, length))
    result = musisep.separate(audio, sample_rate, restarts=1, steps=2, batch=2)
    assert result.stems.shape == (2, channels, length)
    total = result.stems.sum(axis=0) + result.residual
    np.testing.assert_allclose(total, audio, rtol=0, atol=1e-12 * np.abs(audio).max())


@pytest.mark.parametrize("sample_rate", [8_000, 192_000])
def test_extreme_sample_rates(sample_rate):
    stems = duet(sample_rate)[:, : sample_rate // 2]
    result = musisep.separate(stems.sum(axis=0), sample_rate, **QUICK)
    assert result.sample_rate == sample_rate
    assert result.stems.shape == (2, 1, sample_rate // 2)


@pytest.mark.parametrize("instruments", [1, 2, 3])
@pytest.mark.parametrize("level", [0.0, 0.5, 1e-200, 1e200])
def test_silence_and_constants_work(level, instruments):
    audio = np.full((1, 5000), level)
    result = musisep.separate(audio, SAMPLE_RATE, instruments=instruments, **QUICK)
    assert result.stems.shape == (instruments, 1, 5000)
    assert np.isfinite(result.stems).all()
    if not level:
        assert not result.stems.any() and not result.residual.any() and not result.tones.size


def test_tones_below_the_axis_of_a_silent_part_stay_silent(stems):
    mixture = np.concatenate([stems.sum(axis=0), np.zeros(SAMPLE_RATE)])
    result = musisep.separate(mixture, SAMPLE_RATE, **QUICK)
    assert np.abs(result.stems[:, :, -SAMPLE_RATE // 2 :]).max() < 1e-9


def test_a_dictionary_learned_elsewhere_is_used_and_keeps_its_order(stems, separation, tmp_path):
    separation.dictionary.save(tmp_path / "duet.npz")
    dictionary = musisep.Dictionary.load(tmp_path / "duet.npz")
    swapped = musisep.Dictionary(dictionary.amplitudes[:, ::-1])
    mixture = stems.sum(axis=0)
    result = musisep.separate(mixture, SAMPLE_RATE, dictionary=dictionary)
    reverse = musisep.separate(mixture, SAMPLE_RATE, dictionary=swapped)
    for mine, own in zip(result.dictionary.amplitudes.T, dictionary.amplitudes.T, strict=True):
        assert similarity(mine, own) > 0.99
    assert bss_eval(stems[:, None], result.stems).sdr.min() > 12
    assert bss_eval(result.stems, separation.stems).permutation.tolist() == [0, 1]
    assert bss_eval(result.stems, reverse.stems).permutation.tolist() == [1, 0]
    assert result.fit.misfits == reverse.fit.misfits == [] and separation.fit is None
    assert result.called == separation.called
    assert result.settings.instruments == 2 and result.answers == ()


def resonant(notes, amplitudes, seed):
    """Line of an instrument whose harmonics differ from pitch to pitch."""
    rng = np.random.default_rng(seed)
    resonances = {f0_hz: np.exp(rng.normal(0, 0.9, amplitudes.size)) for f0_hz, _ in sorted(notes)}
    return np.concatenate([play([note], amplitudes * resonances[note[0]]) for note in notes])


def test_masks_follow_the_harmonics_of_every_pitch():
    columns = np.stack([np.where(STRING * REED, REED, 0.3 * STRING**0.7), STRING], axis=1)
    upper = resonant([(330.0, 0.3), (391.1, 0.3)] * 4, columns[:, 0], 0)
    lower = resonant([(220.0, 0.6), (260.7, 0.6)] * 2, columns[:, 1], 1)
    stems = np.stack([upper, lower])

    def sdr(voicing):
        dictionary = musisep.Dictionary(columns)
        result = musisep.separate(
            stems.sum(axis=0), SAMPLE_RATE, dictionary=dictionary, voicing=voicing, finder="joint"
        )  # which takes the columns as they are
        return bss_eval(stems[:, None], result.stems).sdr

    assert np.all(sdr("pitch") > sdr("instrument") + 1.5)


def test_without_masking_the_stems_are_synthesised(stems, separation):
    mixture = stems.sum(axis=0)
    result = musisep.separate(
        mixture, SAMPLE_RATE, dictionary=separation.dictionary, mask="synthesis"
    )
    assert bss_eval(stems[:, None], result.stems).sdr.min() > 6
    total = result.stems.sum(axis=0) + result.residual
    np.testing.assert_allclose(total[0], mixture, rtol=0, atol=1e-12)
    ratio = np.linalg.norm(result.stems) / np.linalg.norm(separation.stems)
    assert 0.7 < ratio < 1.3  # the scale of the tones is that of the recording


def test_silent_channels_stay_silent_without_masking(stems, separation):
    mixture = np.stack([stems.sum(axis=0), np.zeros(stems.shape[1])])
    result = musisep.separate(
        mixture, SAMPLE_RATE, dictionary=separation.dictionary, mask="synthesis"
    )
    assert result.stems[:, 0].any() and not result.stems[:, 1].any()


def test_progress_is_reported(stems):
    calls = []
    musisep.separate(
        stems.sum(axis=0), SAMPLE_RATE, progress=lambda *call: calls.append(call), **QUICK
    )
    stages = list(dict.fromkeys(stage for stage, _, _ in calls))
    assert stages == ["learning", "finding tones", "masking"]
    for stage in stages:
        done = [(done, total) for name, done, total in calls if name == stage]
        assert done[-1][0] == done[-1][1]
        assert [d for d, _ in done] == sorted(d for d, _ in done)


@pytest.mark.parametrize(
    ("mixture", "sample_rate", "message"),
    [
        ([0.0, np.nan, 1.0], 44_100, "mixture.*sample 1"),
        ([[0.0, 1.0], [np.inf, 0.0]], 44_100, "mixture.*channel 1"),
        ([], 44_100, "mixture.shape=(0,)"),
        (np.zeros((2, 2, 2)), 44_100, "mixture.shape=(2, 2, 2)"),
        (np.zeros((1000, 2)), 44_100, "is it transposed"),
        (np.ones(99) + 1j, 44_100, "mixture of dtype=complex128 must hold real numbers"),
        (np.ones(99, np.complex64), 44_100, "mixture of dtype=complex64 must hold real numbers"),
        (["a", "b"], 44_100, "must hold real numbers"),
        ([None], 44_100, "must hold real numbers"),
        ([0.0], None, "sample_rate=None must be"),
        ([0.0], 4_000, "sample_rate=4000 must be"),
        ([0.0], 400_000, "sample_rate=400000 must be"),
    ],
)
def test_bad_mixtures_are_refused(mixture, sample_rate, message):
    pattern = message if "*" in message else re.escape(message)
    with pytest.raises(ValueError, match=pattern):
        musisep.separate(mixture, sample_rate)


def test_files_are_read_and_tell_their_rate(stems, tmp_path):
    sf.write(tmp_path / "duet.wav", stems.sum(axis=0), SAMPLE_RATE)
    result = musisep.separate(tmp_path / "duet.wav", **QUICK)
    assert (result.sample_rate, result.stems.shape[1:]) == (SAMPLE_RATE, (1, stems.shape[1]))
    with pytest.raises(ValueError, match="sample_rate=8000 must be left out"):
        musisep.separate(tmp_path / "duet.wav", 8000)
    with pytest.raises(AudioFileError, match=r"missing\.wav"):
        musisep.separate(tmp_path / "missing.wav")


def test_unknown_settings_are_refused():
    with pytest.raises(TypeError, match="instrument"):
        musisep.separate([0.0], 44_100, instrument=2)


def test_the_number_of_instruments_must_be_that_of_the_dictionary(separation):
    with pytest.raises(ValueError, match="instruments=3 must be 2"):
        musisep.separate([0.0], 44_100, dictionary=separation.dictionary, instruments=3)


@pytest.mark.parametrize("jobs", [0, -1, "2", True, 1.5, None])
def test_jobs_that_are_no_number_of_cores_are_refused(jobs):
    with pytest.raises(ValueError, match=f"jobs={jobs!r} must be an integer of at least 1"):
        musisep.separate([0.0], 44_100, jobs=jobs)


def test_help_shows_every_field_of_the_settings():
    shown = inspect.signature(musisep.separate).parameters
    for field in dataclasses.fields(musisep.Settings):
        assert shown[field.name].default == field.default
        assert shown[field.name].kind is inspect.Parameter.KEYWORD_ONLY
    assert {"mixture", "dictionary", "settings", "stages", "jobs", "progress"} <= set(shown)
    text = pydoc.render_doc(musisep.separate, renderer=pydoc.plaintext)
    head = text[: text.index("Separate a recording")]
    for name in shown:
        assert f"{name}:" in head or f"{name}=" in head, name


def test_an_axis_without_room_is_refused():
    with pytest.raises(ValueError, match=r"fmin_hz=5000.0 must be below 3920"):
        musisep.separate([0.0], 8_000, fmin_hz=5000.0)


def test_retrieved_phases_leave_nothing_and_are_the_same_for_any_number_of_jobs(stems):
    mixture = np.stack([stems[0], stems[1] + 0.1 * stems[0]])
    one, two = (
        musisep.separate(mixture, SAMPLE_RATE, jobs=jobs, phase="misi", **QUICK) for jobs in (1, 2)
    )
    assert one.stems.tobytes() == two.stems.tobytes()
    assert np.abs(one.residual).max() < 1e-12 * np.abs(mixture).max()
    masked = musisep.separate(mixture, SAMPLE_RATE, **QUICK)
    assert np.abs(one.stems - masked.stems).max() > 1e-3 * np.abs(mixture).max()


@pytest.mark.parametrize(("kind", "scale"), [(np.int16, 2**15), (np.int32, 2**31), (np.int8, 128)])
def test_integer_samples_are_fractions_of_full_scale(stems, kind, scale):
    mixture = np.rint(0.5 * scale * stems.sum(axis=0) / np.abs(stems.sum(axis=0)).max())
    found = musisep.separate(mixture.astype(kind), SAMPLE_RATE, **QUICK)
    expected = musisep.separate(mixture / scale, SAMPLE_RATE, **QUICK)
    np.testing.assert_array_equal(found.mixture, expected.mixture)
    np.testing.assert_array_equal(found.stems, expected.stems)
    assert np.abs(found.mixture).max() == 0.5


def test_unsigned_bytes_are_silent_at_128():
    found = musisep.separate(np.full(4000, 128, np.uint8), 16000, **QUICK)
    assert not found.mixture.any()


@pytest.mark.parametrize("kind", [np.int64, np.uint16, bool])
def test_integers_without_full_scale_are_refused(kind):
    with pytest.raises(ValueError, match=r"mixture of dtype=.* np.asarray\(mixture\) / 2.0\*\*15"):
        musisep.separate(np.ones(4000, kind), 16000)


@pytest.mark.parametrize("exponent", [900, -900])
@pytest.mark.parametrize("options", [{}, {"mask": "synthesis"}, {"phase": "misi"}])
def test_the_level_does_not_matter(stems, exponent, options):
    mixture = stems.sum(axis=0)
    expected = musisep.separate(mixture, SAMPLE_RATE, **QUICK, **options)
    found = musisep.separate(mixture * 2.0**exponent, SAMPLE_RATE, **QUICK, **options)
    back = found.stems * 2.0**-exponent
    np.testing.assert_allclose(back, expected.stems, atol=1e-9)
    assert found.unexplained == pytest.approx(expected.unexplained)


def test_mixtures_whose_stems_would_overflow_are_refused(tmp_path):
    loud = 5e307 * np.cos(np.arange(8000) * 0.1)
    sf.write(tmp_path / "loud.wav", loud, 16000, subtype="DOUBLE")
    with pytest.raises(
        ValueError, match=r"loud.wav has a peak of 5e\+307, .*divide it by its peak"
    ):
        musisep.separate(tmp_path / "loud.wav")
    with pytest.raises(ValueError, match=r"mixture has a peak of 5e\+307, .*divide it by its peak"):
        musisep.separate(loud, 16000)


def test_the_smallest_samples_have_finite_stems():
    mixture = 5e-324 * np.rint(np.sin(np.arange(8000) * 0.1))
    found = musisep.separate(mixture, 16000, **QUICK)
    assert np.isfinite(found.stems).all()
    np.testing.assert_array_equal(found.stems.sum(axis=0) + found.residual, mixture[None])


@pytest.mark.parametrize("finder", ["viterbi", "joint", "greedy"])
def test_digital_silence_has_no_tones_and_all_tones_are_on_the_axis(stems, finder):
    silence = np.zeros(3 * SAMPLE_RATE)
    mixture = np.concatenate([silence, stems.sum(axis=0)[: 2 * SAMPLE_RATE], silence])
    tones = musisep.separate(mixture, SAMPLE_RATE, finder=finder, **QUICK).tones
    assert 2.8 < tones.time_s.min() < tones.time_s.max() < 5.2
    assert 27.5 <= tones.f0_hz.min() < tones.f0_hz.max() < SAMPLE_RATE / 2


def test_more_instruments_than_there_are_have_tones_on_the_axis(stems):
    mixture = stems.sum(axis=0)[: SAMPLE_RATE // 3]
    tones = musisep.separate(mixture, SAMPLE_RATE, instruments=16, **QUICK).tones
    assert 27.5 <= tones.f0_hz.min() < tones.f0_hz.max() < SAMPLE_RATE / 2


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"settings": 3}, "settings=3 must be a Settings"),
        ({"settings": {}}, "settings={} must be a Settings"),
        ({"dictionary": np.ones((3, 2))}, "dictionary=.* must be a Dictionary"),
        ({"dictionary": "duet.npz"}, "dictionary='duet.npz' must be a Dictionary"),
        ({"progress": 3}, "progress=3 must be a function"),
        ({"progress": ""}, "progress='' must be a function"),
        ({"jobs": "2"}, "jobs='2' must be an integer of at least 1"),
        ({"jobs": 2.0}, "jobs=2.0 must be an integer of at least 1"),
    ],
)
def test_arguments_of_a_wrong_kind_are_named(wrong, match):
    with pytest.raises(ValueError, match=match):
        musisep.separate(np.zeros(8000), 8000, **wrong)
