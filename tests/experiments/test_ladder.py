"""The ladder of oracles on an artificial duet."""

import numpy as np
import pytest
from duet import REED, SAMPLE_RATE

import musisep
from musisep.metrics import bss_eval
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Peaks
from musisep.tones.table import tone_table


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def ladder(item, kept, monkeypatch):
    """Return the module, with quick learning, and what the stems tell kept."""
    from variants import ladder

    monkeypatch.setenv("MUSISEP_EXPERIMENTS_CACHE", str(kept))
    separate = musisep.separate

    def quick(*given, **options):
        learning = {} if "dictionary" in options else {"steps": 5, "restarts": 2}
        return separate(*given, **learning, **options)

    monkeypatch.setattr(musisep, "separate", quick)
    return ladder


def sdr(ladder, item, variant):
    """Return the SDR of each stem."""
    result = ladder.VARIANTS[variant](item, 0)
    return bss_eval(item.stems, getattr(result, "stems", result)).sdr


def swapped(tones):
    """Exchange the tones of two instruments in most of the frames."""
    places = np.tile([0, 1], (len(tones.amps), 1))
    places[: 3 * len(places) // 5] = [1, 0]
    moved = tones[np.arange(len(places))[:, None], places]
    moved.insts = tones.insts
    return moved


def test_the_truth_has_the_pitches_the_levels_and_the_timbres_of_the_stems(ladder, item):
    found = ladder.true(item)
    amplitudes = found.frames.level * found.tones.amps * found.columns[0]
    rate = SAMPLE_RATE / found.frames.grid.hop_length
    for stem, second, hz in ((0, 0.8, 659.3), (0, 1.3, 740.0), (1, 0.3, 220.0), (1, 1.2, 196.0)):
        frame = round(second * rate)
        shift = found.tones.shifts[frame, stem]
        assert shift == pytest.approx(float(found.frames.grid.axis.position(hz)), abs=0.2)
        part = slice(round((second - 0.1) * SAMPLE_RATE), round((second + 0.1) * SAMPLE_RATE))
        rotor = np.exp(-2j * np.pi * hz / SAMPLE_RATE * np.arange(part.start, part.stop))
        true = 2 * abs(np.mean(item.stems[stem, 0, part] * rotor))
        assert amplitudes[frame, stem] == pytest.approx(true, rel=0.1)
    reed = found.columns[: REED.size, 0] / found.columns[0, 0]
    np.testing.assert_allclose(reed, REED, atol=0.05)
    assert ladder.estimate(item, found).unexplained < 0.1


def test_quiet_tones_of_a_stem_are_silent_in_the_truth(ladder, item):
    stems = item.stems.copy()
    half = stems.shape[2] // 2
    stems[0, :, half:] *= 0.01
    found = ladder.true(item._replace(stems=stems, mixture=stems.sum(axis=0)))
    amps = found.tones.amps
    at = len(amps) // 2 + 20
    assert np.all(amps[at:, 0] == 0)
    assert np.mean(amps[at:, 1] > 0) > 0.9
    assert np.mean(amps[: at - 40, 0] > 0) > 0.9
    assert np.all(ladder.fitted(ladder.levelled(found)).tones.amps[amps == 0] == 0)


def test_ideal_masks_divide_by_the_magnitudes_of_the_stems(ladder, item):
    from shared import mask_transform

    transform = mask_transform(SAMPLE_RATE)
    magnitudes = np.abs(transform.stft(item.stems))
    shares = magnitudes / magnitudes.sum(axis=0) * transform.stft(item.mixture)
    expected = transform.istft(shares, length=item.mixture.shape[1])
    np.testing.assert_allclose(ladder.masks(item, 0), expected, atol=1e-9)


def test_tones_go_to_the_nearest_true_pitches(ladder):
    rng = np.random.default_rng(0)
    frames, insts = 50, np.tile(np.arange(3), (50, 1))
    shifts = np.array([100.0, 300.0, 500.0]) + rng.uniform(-50, 50, size=(frames, 3))
    amps = np.where(rng.uniform(size=(frames, 3)) < 0.8, 1.0, 0.0)
    amps[0] = 0  # nothing decides there
    near = shifts + rng.uniform(-3, 3, size=shifts.shape)
    silent = amps == 0
    for values in (shifts, near):  # where silent tones are, tells nothing
        values[silent] = np.roll(shifts, 1, axis=1)[silent]
    amps[1], shifts[1], near[1] = 1, (100, 300, 500), (101, 20, 501)  # one missed by far
    true = Peaks(amps, shifts, np.ones((frames, 3)), np.zeros((frames, 3)), insts)
    places = np.array([rng.permutation(3) for _ in range(frames)])
    places[:35] = [1, 2, 0]  # so that the first is the third column, and so on
    rows = np.arange(frames)[:, None]
    sounds = rng.uniform(0.5, 1, size=amps.shape)
    sigmas, spreads = rng.uniform(size=(2, frames, 3))
    values = sounds * amps, near, sigmas, spreads
    found = ladder.Found(
        None, ToneModel(1.9, 102.4 / np.log(2), 1024),
        Peaks(*(v[rows, places] for v in values), insts), np.array([[0.1, 0.2, 0.3]]),
    )  # fmt: skip
    result = ladder.assigned(found, true)
    sounding = amps > 0
    for name, expected in zip(("amps", "shifts", "sigmas", "spreads"), values, strict=True):
        given = getattr(result.tones, name)
        np.testing.assert_array_equal(given[sounding], expected[sounding])
        np.testing.assert_array_equal(given[0], expected[0])
    np.testing.assert_array_equal(result.tones.insts, insts)
    np.testing.assert_array_equal(result.columns, [[0.3, 0.1, 0.2]])


def test_blind_gives_what_separate_gives(ladder, item):
    separation = musisep.separate(item.mixture, SAMPLE_RATE, seed=3)
    found = ladder.blind(item, 3)
    table = tone_table(found.tones.scaled(found.frames.level), found.frames.grid)
    for name in table.dtype.names:
        np.testing.assert_allclose(table[name], separation.tones[name], atol=1e-12)
    np.testing.assert_array_equal(found.columns, separation.dictionary.amplitudes)
    stems = ladder.estimate(item, found).stems
    error = np.linalg.norm(stems - separation.stems, axis=2)  # the table does not tell the widths
    assert np.all(error < 0.01 * np.linalg.norm(separation.stems, axis=2))


def test_the_assignment_is_told(ladder, item, monkeypatch):
    def wrong(find):
        def finding(*given):
            found = find(*given)
            return found._replace(tones=swapped(found.tones))

        return finding

    found = ladder.blind(item, 0)
    found = found._replace(columns=found.columns.mean(axis=1, keepdims=True).repeat(2, axis=1))
    given = ladder.fitted(ladder.assigned(found, ladder.true(item).tones))
    before = ladder.estimate(item, given).unexplained
    monkeypatch.setattr(ladder, "decoded", wrong(ladder.decoded))
    monkeypatch.setattr(ladder, "blind", wrong(lambda *cell: found))
    assert np.max(sdr(ladder, item, "oracle-columns")) < 0
    assert np.min(sdr(ladder, item, "oracle-columns-and-assignment")) > 18
    assert np.min(sdr(ladder, item, "oracle-assignment")) > 18
    told = ladder.VARIANTS["oracle-assignment"](item, 0)
    assert told.unexplained < 0.6 * before  # columns are learned


def test_amplitudes_and_pitches_are_fitted(ladder, item, monkeypatch):
    right = ladder.true(item)

    def unexplained(tones):
        monkeypatch.setattr(ladder, "true", lambda item: right._replace(tones=tones))
        rungs = ladder.tones, ladder.amplitudes, ladder.pitches
        return [rung(item, 0).unexplained for rung in rungs]

    told, amplitudes, pitches = unexplained(right.tones)
    assert max(amplitudes, pitches) < told < 0.1
    wrong = right.tones.copy()
    wrong.amps *= np.random.default_rng(0).uniform(0.5, 2, size=wrong.amps.shape)
    told, fitted, equal = unexplained(wrong)
    assert told > 1.5 * fitted
    assert fitted == pytest.approx(amplitudes, rel=0.1)
    assert equal == pitches


def test_the_truth_is_kept(ladder, item, tmp_path, monkeypatch):
    monkeypatch.setenv("MUSISEP_EXPERIMENTS_CACHE", str(tmp_path))
    first = ladder.true(item)
    monkeypatch.setattr(ladder, "no_progress", None)  # whoever learns, calls it
    again = ladder.true(item)
    np.testing.assert_array_equal(first.tones.params, again.tones.params)
    np.testing.assert_array_equal(first.columns, again.columns)
    monkeypatch.setattr(ladder, "code", lambda: "changed")
    with pytest.raises(TypeError):
        ladder.true(item)
