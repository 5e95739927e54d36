"""Scores, corrections and hints tell a separation who plays what."""

import numpy as np
import pytest
from duet import REED, STRING
from scored import LOWER, NAMES, RATE, UPPER, duet_score, played, score_of

import musisep
from musisep import Hints
from musisep.scores import NOBODY, Score, note_table
from musisep.scores.score import chosen, in_order

QUICK = {"restarts": 1, "steps": 4, "batch": 40, "fmax_hz": 3500.0, "harmonics": 12}
SCORE = duet_score()
STEMS = np.stack([played(Score(chosen(SCORE.notes, SCORE.notes.instrument == k), NAMES))
                  for k in (0, 1)])  # fmt: skip
STEMS = np.stack([stem[: min(map(len, STEMS))] for stem in STEMS])
MIXTURE = STEMS.sum(axis=0)


def separated(mixture=MIXTURE, **options):
    return musisep.separate(mixture, RATE, **QUICK | options)


def amounts(separation, instrument, begin_s, end_s, f0_hz=None):
    """Sum of the amplitudes of an instrument in a time, of tones near to a pitch if it is given."""
    tones = separation.tones
    own = (tones.instrument == instrument) & (tones.time_s > begin_s) & (tones.time_s < end_s)
    if f0_hz is not None:
        own &= np.abs(12 * np.log2(tones.f0_hz / f0_hz)) < 0.6
    return tones.amplitude[own].sum()


def quality_db(separation, stems=STEMS):
    error = separation.stems[:, 0] - stems
    return 10 * np.log10((stems**2).sum(axis=1) / (error**2).sum(axis=1))


def notes_of(*notes):
    return Score(note_table(*np.array(notes, float).reshape(-1, 4).T), NAMES)


@pytest.fixture(scope="module")
def blind():
    return separated()


@pytest.fixture(scope="module")
def reversed_score():
    """The score with the softer instrument first."""
    return score_of(LOWER, UPPER, names=("string", "reed"))


def test_stems_are_called_and_ordered_as_in_the_score(reversed_score):
    found = separated(score=reversed_score)
    assert found.names == ["string", "reed"] == list(found.score.names)
    assert quality_db(found, STEMS[::-1]).min() > 12
    rest = found.stems.sum(axis=0) + found.residual - MIXTURE
    assert np.abs(rest).max() < 1e-12
    assert found.alignment is not None


def test_notes_of_a_separation_are_those_that_are_played(blind):
    notes = blind.notes
    assert blind.notes is notes and len(notes) == len(SCORE)
    order = [np.abs(notes.onset_s - true.onset_s + 12 * np.log2(notes.f0_hz / true.f0_hz)).argmin()
             for true in SCORE.notes]  # fmt: skip
    assert sorted(order) == list(range(len(SCORE)))
    np.testing.assert_allclose(notes.onset_s[order], SCORE.notes.onset_s, atol=0.05)
    np.testing.assert_allclose(notes.f0_hz[order], SCORE.notes.f0_hz, rtol=0.01)
    assert len({*zip(notes.instrument[order], SCORE.notes.instrument, strict=True)}) == 2
    assert np.isfinite(notes.level_db).all() and (notes.certainty > 0.5).all()
    assert blind.score.names == ("instrument1", "instrument2")


def test_a_score_in_another_time_and_tuning_is_aligned_unless_it_is_told_not_to(reversed_score):
    notes = reversed_score.notes.copy()
    notes.onset_s, notes.offset_s = 1.5 * notes.onset_s + 0.5, 1.5 * notes.offset_s + 0.5
    notes.f0_hz *= 2 ** (-1 / 12)
    score = Score(notes, reversed_score.names)
    assert quality_db(separated(score=score), STEMS[::-1]).min() > 12
    kept = separated(score=reversed_score, align_score=False)
    assert quality_db(kept, STEMS[::-1]).min() > 12 and kept.alignment is None


def test_wrong_missing_and_extra_notes_of_a_score_are_survived():
    notes = SCORE.notes.copy()
    notes.f0_hz[3] *= 2 ** (3 / 12)
    extra = note_table([0.2, 1.2], [0.5, 1.4], [311.0, 415.0], [0, 1])
    score = Score(in_order(chosen(notes, np.arange(len(notes)) != 5), extra), NAMES)
    found = separated(score=score)
    assert quality_db(found).min() > 8
    assert amounts(found, 0, 0.2, 0.5, 311.0) < 0.02 * amounts(found, 0, 0.2, 0.5)


@pytest.mark.parametrize(
    "score",
    [
        Score(note_table([], [], [], []), NAMES),
        notes_of((0.0, 2.0, np.nan, 0)),
        notes_of((50.0, 51.0, 440, 0)),
        notes_of((0.0, 1.0, 1e-3, 0), (0, 1, 1e8, 1)),
        notes_of((0.0, 1e-9, 440, 0), (1e-9, 2e-9, 220, 1)),
    ],
    ids=["empty", "a rest", "behind the end", "beyond the axis", "no time"],
)
@pytest.mark.parametrize("align_score", [True, False])
def test_scores_of_next_to_nothing_do_no_harm(score, align_score):
    found = separated(score=score, align_score=align_score)
    assert np.isfinite(found.stems).all() and found.names == list(NAMES)
    assert found.unexplained < 0.5


def test_a_corrected_note_is_its_instruments(blind):
    upper = int(blind.notes.instrument[np.argmax(blind.notes.f0_hz)])
    told = notes_of((0.5, 1.0, 659.3, 1 - upper))
    assert amounts(blind, upper, 0.6, 0.9, 659.3) > 10 * amounts(blind, 1 - upper, 0.6, 0.9, 659.3)
    found = separated(corrections=told, edited=Score(blind.notes, NAMES))
    mine, others = (amounts(found, k, 0.6, 0.9, 659.3) for k in (1 - upper, upper))
    assert mine > 10 * others
    for true in (587.3, 740.0):  # the other notes stay whose they were
        assert amounts(found, upper, 0, 2, true) > 10 * amounts(found, 1 - upper, 0, 2, true)


def test_a_deleted_note_is_gone_and_what_it_was_is_left_over(blind):
    told = notes_of((0.5, 1.0, 659.3, NOBODY))
    found = separated(corrections=told, edited=Score(blind.notes, NAMES))
    before = amounts(blind, 0, 0.6, 0.9, 659.3) + amounts(blind, 1, 0.6, 0.9, 659.3)
    after = amounts(found, 0, 0.6, 0.9, 659.3) + amounts(found, 1, 0.6, 0.9, 659.3)
    assert after < 0.02 * before
    assert (
        amounts(found, 0, 1.65, 1.95, 659.3) + amounts(found, 1, 1.65, 1.95, 659.3) > 0.5 * before
    )


def test_a_rest_is_silent(blind):
    upper = int(blind.notes.instrument[np.argmax(blind.notes.f0_hz)])
    found = separated(corrections=notes_of((0.5, 1.0, np.nan, upper)))
    assert amounts(found, upper, 0.6, 0.98) == 0
    assert amounts(found, upper, 0.1, 0.4) > 0 and amounts(found, upper, 1.2, 1.5) > 0


def test_instruments_keep_their_order_when_notes_were_corrected(blind):
    for swap in (False, True):
        edited = Score(blind.notes.copy(), NAMES)
        edited.notes.instrument[:] ^= swap
        told = notes_of((0.0, 0.5, 587.3, edited.notes.instrument[np.argmax(edited.notes.f0_hz)]))
        found = separated(corrections=told, edited=edited)
        upper = int(edited.notes.instrument[np.argmax(edited.notes.f0_hz)])
        assert amounts(found, upper, 0, 2, 740.0) > 10 * amounts(found, 1 - upper, 0, 2, 740.0)


@pytest.mark.parametrize("lead", ["high", "low"])
def test_the_lead_comes_first(lead):
    found = separated(hints=Hints(lead=lead))
    first = 0 if lead == "high" else 1
    assert amounts(found, first, 0, 2, 740.0) > 10 * amounts(found, 1 - first, 0, 2, 740.0)


def test_ranges_tell_which_instrument_is_which():
    found = separated(hints=Hints(ranges={"instrument1": (150, 300), "instrument2": (500, 800)}))
    assert amounts(found, 1, 0, 2, 740.0) > 10 * amounts(found, 0, 0, 2, 740.0)


def test_seats_tell_which_instrument_is_which():
    stereo = np.stack([STEMS[0] + 0.2 * STEMS[1], 0.2 * STEMS[0] + STEMS[1]])
    for positions, upper in ((("left", "right"), 0), (("right", "left"), 1)):
        found = separated(stereo, hints=Hints(position=positions))
        assert amounts(found, upper, 0, 2, 740.0) > 10 * amounts(found, 1 - upper, 0, 2, 740.0)


@pytest.mark.parametrize("kind", ["score", "corrections"])
def test_the_same_is_told_again_in_the_same_bytes(kind):
    one, two = (separated(**{kind: SCORE, "jobs": jobs}) for jobs in (1, 2))
    assert one.stems.tobytes() == two.stems.tobytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"score": SCORE.notes}, "score=.* must be a Score"),
        ({"corrections": "a.csv"}, "corrections='a.csv' must be a Score"),
        ({"hints": {"lead": "high"}}, "hints=.* must be a Hints"),
        ({"score": SCORE, "instruments": 3}, "instruments=3, but score is of 2 instruments, "),
        ({"corrections": SCORE, "instruments": "auto"}, "must be a number or names, as correct"),
        ({"score": SCORE, "instruments": "auto"}, "must be a number or names, as score is given"),
        ({"hints": Hints(lead="low"), "instruments": "auto"}, "as hints are given"),
        ({"score": SCORE, "finder": "joint"}, "score is of use with method='notes' and finder='v"),
        ({"edited": SCORE, "method": "adam"}, "edited is of use with method='notes' and finder='"),
        ({"hints": Hints(lead="low"), "method": "adam"}, "hints is of use with method='notes'"),
        ({"hints": Hints(position=("left", "right"))}, "position"),
        ({"hints": Hints(ranges={"oboe": "C4-C5"})}, "'oboe': no instrument is called so"),
    ],
)  # fmt: skip
def test_what_is_told_must_fit(options, message):
    with pytest.raises(ValueError, match=message):
        musisep.separate(MIXTURE, RATE, **options)


def test_a_score_goes_together_with_a_dictionary_and_with_names(blind):
    dictionary = musisep.Dictionary(np.stack([STRING, REED], axis=1))
    given = musisep.separate(
        MIXTURE, RATE, dictionary=dictionary, fmax_hz=3500.0,
        score=score_of(LOWER, UPPER, names=("string", "reed")),
    )  # fmt: skip
    assert quality_db(given, STEMS[::-1]).min() > 12
    named = separated(instruments=("clarinet", "cello"), score=SCORE)
    assert named.names == ["clarinet", "cello"]
    assert amounts(named, 0, 0, 2, 740.0) > 10 * amounts(named, 1, 0, 2, 740.0)


LONG = score_of(UPPER * 4, LOWER * 4)
PIECES = {"whole_s": 3.5}


@pytest.fixture(scope="module")
def long_mixture():
    return played(LONG)


def of_whom(separation, f0_hz, begin_s, end_s):
    """Return the instrument that has a pitch in a time, if the other has next to nothing of it."""
    one, other = (amounts(separation, k, begin_s, end_s, f0_hz) for k in (0, 1))
    assert max(one, other) > 10 * min(one, other)
    return int(other > one)


def test_a_long_recording_follows_a_score_in_all_pieces(long_mixture):
    notes = LONG.notes.copy()
    notes.onset_s, notes.offset_s = 1.2 * notes.onset_s + 0.4, 1.2 * notes.offset_s + 0.4
    notes.instrument = 1 - notes.instrument
    found = separated(long_mixture, score=Score(notes, ("string", "reed")), **PIECES)
    assert found.names == ["string", "reed"]
    for start_s in range(0, 8, 2):
        assert of_whom(found, 740.0, start_s + 1, start_s + 1.6) == 1
        assert of_whom(found, 220.0, start_s, start_s + 0.7) == 0
    rest = found.stems.sum(axis=0) + found.residual - long_mixture
    assert np.abs(rest).max() < 1e-12


def test_corrections_hold_in_each_piece_of_a_long_recording(long_mixture):
    blind = separated(long_mixture, **PIECES)
    upper = of_whom(blind, 740.0, 1, 1.6)
    told = notes_of((1, 1.6, 740.0, 1 - upper), (7, 7.6, 740.0, 1 - upper),
                    (4.5, 5.0, 659.3, NOBODY), (6, 7, np.nan, 1 - upper))  # fmt: skip
    edited = Score(blind.notes, NAMES)
    found = separated(long_mixture, corrections=told, edited=edited, **PIECES)
    owners = [of_whom(found, 740.0, at + 1.1, at + 1.5) for at in range(0, 8, 2)]
    assert owners == [1 - upper, upper, upper, 1 - upper]
    gone = [sum(amounts(found, k, at + 0.6, at + 0.9, 659.3) for k in (0, 1)) for at in (2, 4)]
    assert gone[1] < 0.02 * gone[0]
    assert amounts(found, 1 - upper, 6.15, 6.95) == 0
