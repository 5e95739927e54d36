import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from duet import REED, STRING, play

import musisep
from musisep import Settings
from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.io.stored import Scratch, Stack
from musisep.metrics import bss_eval
from musisep.pieces import MARGIN_S, Joined, excerpts, longest_s, spans_of

RATE = 8000
QUICK = {"restarts": 2, "steps": 4, "batch": 60, "fmax_hz": 3500.0, "harmonics": 12}
UPPER = [587.3, 659.3, 740.0, 659.3, 554.4, 784.0, 698.5, 622.3]
LOWER = [220.0, 246.9, 196.0, 207.7, 233.1, 174.6, 185.0, 261.6]
WHOLE_S = 12.0


def lines(seconds, seed=0):
    """Stems [2, sample] of instruments that play notes at random, each in its register."""
    rng = np.random.default_rng(seed)
    upper = [(f0_hz, 0.4) for f0_hz in rng.choice(UPPER, int(seconds / 0.4))]
    lower = [(f0_hz, 0.5) for f0_hz in rng.choice(LOWER, int(seconds / 0.5))]
    stems = np.stack([0.7 * play(upper, REED, RATE), play(lower, STRING, RATE)])
    return 0.3 * stems


STEMS = lines(30)
MIXTURE = STEMS.sum(axis=0)


@pytest.fixture(scope="module")
def separation():
    return musisep.separate(MIXTURE, RATE, whole_s=WHOLE_S, **QUICK)


def test_instruments_keep_their_names_from_piece_to_piece(separation):
    measures = bss_eval(STEMS[:, None], separation.stems)
    whole = bss_eval(STEMS[:, None], musisep.separate(MIXTURE, RATE, **QUICK).stems)
    assert measures.sdr.min() > 10
    assert measures.sdr.mean() > whole.sdr.mean() - 2
    upper = measures.permutation[0]
    tones = separation.tones[separation.tones.instrument == upper]
    for second in range(0, 30, 3):
        own = tones[(tones.time_s >= second) & (tones.time_s < second + 3)]
        assert np.median(own.f0_hz) > 500


def test_stems_have_every_sample_and_add_up(separation):
    assert separation.stems.shape == (2, 1, MIXTURE.size)
    rest = separation.stems.sum(axis=0) + separation.residual - MIXTURE
    assert np.abs(rest).max() < 1e-12
    assert 0 < separation.unexplained < 0.5
    assert separation.certainty.shape == (2,) and separation.certainty.min() > 0.5
    energies = (separation.stems**2).sum(axis=(1, 2))
    assert energies[0] > energies[1]


def test_tones_are_in_the_order_of_time_and_none_twice(separation):
    tones = separation.tones
    assert (np.diff(tones.time_s) >= 0).all()
    assert tones.time_s[0] < 0.2 and tones.time_s[-1] > 29.5
    places = np.rint(tones.time_s * 1e6) * 2 + tones.instrument
    assert np.unique(places).size == places.size


def test_the_result_does_not_depend_on_where_it_is_kept(separation, tmp_path):
    scratch = Scratch(tmp_path, 1)
    scratch.append(MIXTURE[None])
    other = musisep.separate(scratch, RATE, whole_s=WHOLE_S, scratch=tmp_path, jobs=2, **QUICK)
    assert isinstance(other.stems, Stack) and other.mixture is scratch
    np.testing.assert_array_equal(np.asarray(other.stems), separation.stems)
    np.testing.assert_array_equal(other.tones, separation.tones)
    np.testing.assert_array_equal(other.residual, separation.residual)
    assert list(tmp_path.iterdir()) == []
    options = {"residual": True, "derive": {"half": "mix - 0.5*residual"}, "format": "flac"}
    found = [
        (each.save(tmp_path / name, **options), name)
        for each, name in ((separation, "memory"), (other, "stored"))
    ]
    (paths, gain), (others, other_gain) = (result for result, _ in found)
    assert gain == other_gain
    assert [path.name for path in paths] == [path.name for path in others]
    for path, same in zip(paths, others, strict=True):
        assert path.read_bytes() == same.read_bytes()


def test_a_file_is_kept_in_the_folder_only_if_it_is_long(tmp_path):
    path = tmp_path / "mix.wav"
    musisep.io.files.write(path, MIXTURE, RATE, subtype="DOUBLE")
    for whole_s, kind in ((WHOLE_S, Scratch), (60.0, np.ndarray)):
        result = musisep.separate(
            path, whole_s=whole_s, scratch=tmp_path, finder="joint", method="notes",
            **QUICK | {"steps": 1, "restarts": 1},
        )  # fmt: skip
        assert isinstance(result.mixture, kind)
        assert result.stems.shape == (2, 1, MIXTURE.size)


@pytest.mark.parametrize(
    "options",
    [
        {"instruments": "auto", **QUICK},
        {"method": "adam", "runs": 10, "lifetime": 5, "fmax_hz": 3500.0},
        {"dictionary": True},
    ],
)
def test_any_way_of_learning_will_do(separation, options):
    if "dictionary" in options:
        options = {"dictionary": separation.dictionary, "fmax_hz": 3500.0}
    result = musisep.separate(MIXTURE, RATE, whole_s=WHOLE_S, **options)
    number = result.stems.shape[0]
    assert result.stems.shape == (number, 1, MIXTURE.size)
    assert np.isfinite(result.stems).all()
    assert (result.counted is not None) == ("instruments" in options)
    if "dictionary" in options:
        measures = bss_eval(STEMS[:, None], result.stems)
        np.testing.assert_array_equal(
            measures.permutation, bss_eval(STEMS[:, None], separation.stems).permutation
        )
        assert measures.sdr.min() > 10 and result.fit is not None


def test_memory_does_not_grow_with_the_length(tmp_path):
    def most(seconds):
        scratch = Scratch(tmp_path, 1)
        scratch.append(np.tile(MIXTURE, -(-seconds // 30))[None, : seconds * RATE])
        tracemalloc.start()
        try:
            musisep.separate(scratch, RATE, whole_s=WHOLE_S, scratch=tmp_path, **QUICK)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert most(75) < 1.1 * most(30)


def test_silence_stays_silence():
    result = musisep.separate(np.zeros(20 * RATE), RATE, whole_s=8.0, **QUICK)
    assert result.stems.shape == (2, 1, 20 * RATE) and not result.stems.any()


def test_progress_tells_pieces():
    told = []
    musisep.separate(
        MIXTURE, RATE, whole_s=WHOLE_S, **QUICK | {"steps": 1, "restarts": 1},
        progress=lambda *call: told.append(call),
    )  # fmt: skip
    pieces = [call[1:] for call in told if call[0] == "separating"]
    number = pieces[0][1]
    assert pieces == [(k, number) for k in range(number + 1)] and number > 2


def test_excerpts_are_of_what_is_audible():
    audio = np.zeros((1, 100 * RATE))
    audio[:, 40 * RATE : 60 * RATE] = 0.5
    audio += 1e-5
    found, _ = excerpts(audio, RATE, 8.0)
    assert np.mean(np.abs(found) > 0.4) > 0.7
    assert excerpts(np.zeros((2, 100 * RATE)), RATE, 8.0)[0].shape[0] == 2


def test_the_end_is_looked_at_as_well():
    audio = np.zeros((1, 100 * RATE + 5 * RATE // 10))
    audio[:, -RATE // 2 :] = 0.5
    assert excerpts(audio, RATE, 8.0)[0].max() == 0.5


def test_it_is_known_when_excerpts_are():
    audio = np.arange(100.0 * RATE)[None]
    found, (here_s, there_s) = excerpts(audio, RATE, 8.0)
    assert (np.diff(here_s) > 0).all() and (np.diff(there_s) > 0).all()
    middles = 0.5 * (here_s[::2] + here_s[1::2])  # of stretches, which fade in and out
    heard = found[0, np.rint(middles * RATE).astype(int)]
    np.testing.assert_allclose(heard / RATE, np.interp(middles, here_s, there_s), atol=0.01)


@pytest.mark.parametrize(
    ("channels", "rate", "seconds"),
    [(1, 8000, 240), (2, 48000, 240), (2, 96000, 120), (8, 48000, 60)],
)
def test_what_is_looked_at_as_a_whole_is_less_of_many_samples(channels, rate, seconds):
    assert longest_s(Settings(), channels, rate) == seconds
    assert longest_s(Settings(whole_s=5), channels, rate) == 5


GRID = LogFrequencyFrontEnd().grid(RATE)


@pytest.mark.parametrize("length", [1, 90_001, 240_000, 1_234_567])
@pytest.mark.parametrize("piece_s", [1.0, 6.5, 60.0])
def test_pieces_cover_a_recording_and_overlap(length, piece_s):
    spans, hop = spans_of(length, piece_s, GRID), GRID.hop_length
    assert spans[0].start == spans[0].begin == 0
    assert spans[-1].stop == spans[-1].end == length and spans[-1].last
    frames = []
    for span in spans:
        assert span.start % hop == 0 and 0 <= span.start <= span.begin < span.end <= span.stop
        count = 1 + (span.stop - span.start) // hop
        frames += [span.start // hop + f for f in range(count)[span.own_frames(hop)]]
    assert frames == list(range(1 + length // hop))
    for one, other in pairwise(spans):
        assert one.end == other.begin
        assert one.stop - other.start > 1.9 * MARGIN_S * RATE
        shared = range(1 + (one.stop - one.start) // hop)[one.end_margin(hop)]
        assert one.start + shared[0] * hop == other.start


def test_stems_fade_over_from_piece_to_piece():
    length = 30 * RATE
    spans = spans_of(length, 10.0, GRID)
    joined = Joined((1, 1, length), GRID, None)
    for number, span in enumerate(spans):
        joined.add_stems(np.full((1, 1, span.stop - span.start), float(number)), span)
    stems = joined.stems[0, 0]
    assert (np.diff(stems) >= 0).all() and np.diff(stems).max() < 0.01
    for number, span in enumerate(spans):
        assert stems[(span.begin + span.end) // 2] == number


def test_how_long_a_whole_is_can_be_set():
    assert Settings().whole_s == 240
    with pytest.raises(ValueError, match="whole_s=0 must be a number above 0"):
        Settings(whole_s=0)
