"""Mixtures of single stems: constants tell which stem is heard, ramps where it was taken from."""

from itertools import islice

import numpy as np
import pytest
from madesets import RATE

from musisep.datasets import Mixtures, Stem, open_stems
from musisep.io.files import AudioFileError, write

LEVELS = {"clarinet/a": 0.5, "clarinet/b": 0.25, "horn/a": 0.125, "tuba/a": 0.0625}
STILL = {"length_s": 0.5, "sample_rate": RATE, "gains_db": (0, 0)}


@pytest.fixture
def stems(tmp_path):
    for name, level in LEVELS.items():
        write(tmp_path / f"{name}.wav", np.full((2, RATE), level), RATE)
    return open_stems(tmp_path)


def test_a_mixture_is_the_sum_of_its_references(stems):
    for one in islice(Mixtures(stems, sample_rate=11025, length_s=0.3), 5):
        assert one.references.shape == (2, 1, round(0.3 * 11025))
        np.testing.assert_array_equal(one.mixture, one.references.sum(axis=0))
        assert one.sample_rate == 11025
        assert one.names == tuple(stem.instrument for stem in one.stems)


def test_references_are_the_stems_that_are_named(stems):
    for one in islice(Mixtures(stems, **STILL), 10):
        for stem, reference in zip(one.stems, one.references, strict=True):
            np.testing.assert_allclose(reference, LEVELS[stem.name], rtol=1e-6)


def test_instruments_are_distinct_and_drawn_equally_often(stems):
    drawn = [one.names for one in islice(Mixtures(stems, **STILL), 150)]
    assert all(len(set(names)) == 2 for names in drawn)
    counts = [sum(name in names for names in drawn) for name in ("clarinet", "horn", "tuba")]
    assert min(counts) > 80
    alike = [one.names for one in islice(Mixtures(stems, distinct=False, **STILL), 60)]
    assert ("clarinet1", "clarinet2") in alike
    assert all(len({s.path for s in one.stems}) == 4
               for one in Mixtures(stems, 4, distinct=False, count=5, **STILL))  # fmt: skip


def test_a_mixture_depends_on_seed_and_number_only(stems):
    options = {"length_s": 0.1, "sample_rate": RATE, "positions": (-1, 1), "shifts_s": (0, 0.05)}
    counted = Mixtures(stems, seed=3, count=4, **options)
    assert len(counted) == len(list(counted)) == 4
    np.testing.assert_array_equal(counted[2].mixture, Mixtures(stems, seed=3, **options)[2].mixture)
    np.testing.assert_array_equal(counted[2].mixture, counted[-2].mixture)
    assert not np.array_equal(counted[0].mixture, Mixtures(stems, seed=4, **options)[0].mixture)
    with pytest.raises(IndexError):
        counted[4]


def test_gains(stems):
    drawn = Mixtures(stems, **{**STILL, "gains_db": (-20, 6)})
    gains_db = [
        20 * np.log10(reference[0, 0] / LEVELS[stem.name])
        for one in islice(drawn, 100)
        for stem, reference in zip(one.stems, one.references, strict=True)
    ]
    assert -20 <= min(gains_db) < -19 and 5 < max(gains_db) <= 6


def test_positions_keep_the_power(stems):
    angles = []
    for one in islice(Mixtures(stems, positions=(-1, 1), **STILL), 50):
        assert one.mixture.shape == (2, RATE // 2)
        for stem, (left, right) in zip(one.stems, one.references, strict=True):
            np.testing.assert_allclose(np.hypot(left, right), LEVELS[stem.name], rtol=1e-6)
            angles.append(np.arctan2(right[0], left[0]) / (np.pi / 2))
    assert 0 <= min(angles) < 0.05 and 0.95 < max(angles) <= 1
    (left,) = {tuple(x[:, 0] / x[0, 0]) for x in Mixtures(stems, positions=(-1, -1))[0].references}
    assert left == (1, 0)


def test_shifts_are_silence_before_a_stem(stems):
    starts = []
    for one in islice(Mixtures(stems, shifts_s=(0.1, 0.3), **STILL), 50):
        for (reference,) in one.references:
            start = int(np.argmax(reference > 0))
            assert (reference[start:] > 0).all()
            starts.append(start / RATE)
    assert 0.1 <= min(starts) < 0.11 and 0.29 < max(starts) <= 0.3


def test_excerpts_come_from_everywhere_and_are_transposed(tmp_path):
    path = tmp_path / "ramp.wav"
    write(path, np.arange(4 * RATE) / 2**18, RATE)
    options = {**STILL, "transpose": (-12, 12), "length_s": 1, "sample_rate": 2 * RATE}
    slopes, starts = set(), []
    for one in islice(Mixtures([Stem("ramp", "ramp", path)], 1, **options), 200):
        (ramp,) = one.references[0]
        slopes.add(round(12 * np.log2(np.median(np.diff(ramp)) * 2**18 * 2), 1))
        starts.append(ramp[100] * 2**18 / RATE)
    assert slopes == set(map(float, range(-12, 13)))
    assert min(starts) < 0.2 and max(starts) > 3


def test_silence_follows_a_stem_that_is_too_short(stems):
    (reference,) = Mixtures(stems, 1, **{**STILL, "length_s": 1.5})[0].references
    assert (reference[0, :RATE] > 0).all()
    assert not reference[0, RATE:].any()
    shifted = Mixtures(stems, 1, **{**STILL, "length_s": 1 / RATE}, shifts_s=(1 / RATE, 1 / RATE))
    assert shifted[0].mixture.shape == (1, 1)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"stems": []}, r"instruments=2 must be at most 0, all instruments"),
        ({"stems": 3}, "stems=3 must be iterable"),
        ({"stems": ["a.wav"]}, r"stems\[0\]='a.wav' must be a Stem"),
        ({"instruments": 4}, r"instruments=4 must be at most 3, all instruments"),
        ({"instruments": 5, "distinct": False}, r"instruments=5 must be at most 4, all stems"),
        ({"instruments": 0}, "instruments=0 must be an integer of at least 1"),
        ({"length_s": 0}, "length_s=0 must be finite and above 0"),
        ({"sample_rate": 3}, "sample_rate=3 must be a whole number from"),
        ({"gains_db": 3}, "gains_db=3 must be a pair"),
        ({"gains_db": (6, -6)}, "must have the least first"),
        ({"gains_db": (float("nan"), 0)}, "gains_db=nan must be a finite number"),
        ({"shifts_s": (-1, 0)}, "shifts_s=-1 must be from 0 to 10"),
        ({"positions": (-2, 0)}, "positions=-2 must be from -1 to 1"),
        ({"transpose": (0.5, 1)}, "must be whole numbers"),
        ({"distinct": 3}, "distinct=3 must be True or False"),
        ({"count": 0}, "count=0 must be an integer of at least 1"),
        ({"seed": -1}, "seed=-1 must be an integer of at least 0"),
    ],
)
def test_bad_parameters_are_refused(stems, options, match):
    with pytest.raises(ValueError, match=match):
        Mixtures(**{"stems": stems, **options})


def test_stems_that_cannot_be_read_are_named(stems):
    stems[0].path.write_text("no audio")
    with pytest.raises(AudioFileError, match=r"a.wav' is damaged"):
        Mixtures(stems[:1], 1)[0]
    with pytest.raises(ValueError, match="path=3 must be a path"):
        Stem("a", "b", 3)
