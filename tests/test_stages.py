import re
from dataclasses import fields, replace

import numpy as np
import pytest
from duet import REED, SAMPLE_RATE, STRING, duet

import musisep
from musisep import stages
from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.learning.adam import AdamLearner
from musisep.learning.from_notes import NotesLearner
from musisep.learning.given import GivenDictionary
from musisep.learning.learner import Learned
from musisep.masking.voices import InstrumentColumns, PitchColumns, Voices
from musisep.multipitch.greedy import GreedyPursuit
from musisep.multipitch.joint import JointSearch
from musisep.multipitch.viterbi import Viterbi
from musisep.notes.counting import Counted
from musisep.plots import separation_figure
from musisep.settings import Settings
from musisep.stages import CHOICES, METHODS, PARTS, Stages, make_stages

QUICK = {"restarts": 2, "steps": 6, "batch": 40}
NAMES = [field.name for field in fields(Stages)]
MIXTURE = duet().sum(axis=0)


class Noting:
    """Calls a part and notes what it was given."""

    def __init__(self, part):
        self.part, self.calls = part, []

    def __call__(self, *given):
        self.calls.append(given)
        return self.part(*given)


@pytest.fixture(scope="module")
def usual():
    return musisep.separate(MIXTURE, SAMPLE_RATE, **QUICK)


def same(one, other):
    return (
        one.stems.tobytes() == other.stems.tobytes()
        and one.tones.tobytes() == other.tones.tobytes()
        and one.dictionary.amplitudes.tobytes() == other.dictionary.amplitudes.tobytes()
        and (one.unexplained, one.answers, one.chosen)
        == (other.unexplained, other.answers, other.chosen)
    )


@pytest.mark.parametrize("stage", [name for name in NAMES if name != "counting"])
def test_each_stage_is_one_call_of_an_object_that_may_be_given(stage, usual):
    part = Noting(getattr(make_stages(Settings(**QUICK)), stage))
    result = musisep.separate(MIXTURE, SAMPLE_RATE, stages={stage: part}, **QUICK)
    assert len(part.calls) == (QUICK["restarts"] if stage == "assignment" else 1)
    assert same(result, usual)


def test_a_counting_is_asked_once_and_what_it_finds_is_separated(usual):
    part = Noting(lambda notes, left: Counted(np.array([0.1, 0.8, 0.1])))
    options = {"instruments": "auto", **QUICK}
    result = musisep.separate(MIXTURE, SAMPLE_RATE, stages={"counting": part}, **options)
    assert len(part.calls) == 1
    assert same(result, usual)
    assert (result.counted.number, result.counted.certainty) == (2, 0.8)
    assert result.settings.instruments == "auto"
    assert usual.counted is None


def test_a_counting_that_no_learner_calls_is_refused():
    with pytest.raises(ValueError, match="leave the counting out, or instruments=2 must be 'auto'"):
        make_stages(Settings(), {"counting": print})


def test_what_a_given_part_returns_is_what_is_used():
    def learner(frames, model, report, sides):
        report("dreaming", 1, 1)
        return Learned(np.stack([STRING, REED], axis=1), known=True, answers=(0.5, 0.4), chosen=1)

    calls = []
    result = musisep.separate(
        MIXTURE, SAMPLE_RATE, stages={"learner": learner}, progress=lambda *call: calls.append(call)
    )
    np.testing.assert_array_equal(result.dictionary.amplitudes, np.stack([STRING, REED], axis=1))
    assert (result.answers, result.chosen) == ((0.5, 0.4), 1)
    assert calls[0] == ("dreaming", 1, 1)


def test_all_stages_may_be_given_at_once(usual):
    parts = make_stages(Settings(**QUICK))
    given = {name: Noting(getattr(parts, name)) for name in NAMES}
    result = musisep.separate(MIXTURE, SAMPLE_RATE, stages=given, **QUICK)
    assert same(result, usual)


@pytest.mark.parametrize("part", [None, "cqt", 3])
def test_what_cannot_be_called_is_no_part(part):
    with pytest.raises(ValueError, match=re.escape(f"stages: mask={part!r} must be callable")):
        musisep.separate(MIXTURE, SAMPLE_RATE, stages={"mask": part})


def test_unknown_stages_are_refused():
    with pytest.raises(ValueError, match="stages='masks' must be among front_end, counting, "):
        musisep.separate(MIXTURE, SAMPLE_RATE, stages={"masks": print})


@pytest.mark.parametrize("stage", ["learner", "assignment"])
def test_what_a_dictionary_makes_useless_is_refused(stage):
    dictionary = musisep.Dictionary(np.stack([STRING, REED], axis=1))
    with pytest.raises(ValueError, match=f"leave the {stage} out, the dictionary is given"):
        musisep.separate(MIXTURE, SAMPLE_RATE, dictionary=dictionary, stages={stage: print})


def test_an_assignment_that_no_learner_calls_is_refused():
    with pytest.raises(ValueError, match="leave the assignment out"):
        make_stages(Settings(method="adam"), {"assignment": print})


@pytest.mark.parametrize(("choice", "name"), [(c, n) for c in PARTS for n in PARTS[c]])
def test_every_name_makes_a_part(choice, name):
    made = make_stages(Settings(**{choice: name}))
    stage = {field: stage for stage, field in CHOICES.items()}.get(choice, choice)
    assert callable(getattr(made, stage))


@pytest.mark.parametrize("choice", PARTS)
def test_names_that_are_not_in_the_table_are_refused(choice):
    known = ", ".join(PARTS[choice])
    with pytest.raises(ValueError, match=f"{choice}='other' must be one of {known}$"):
        make_stages(Settings(**{choice: "other"}))
    with pytest.raises(ValueError, match=f"{choice}='other' must be one of {known}$"):
        musisep.separate(MIXTURE, SAMPLE_RATE, **{choice: "other"})


def test_the_table_has_the_choices_of_all_stages():
    assert {CHOICES.get(name, name) for name in NAMES} == set(PARTS)
    defaults = Settings()
    for choice, names in PARTS.items():
        assert getattr(defaults, choice) in {None, *names}
    for method in METHODS:
        assert method in PARTS["method"]
        assert all(name in PARTS[choice] for choice, name in METHODS[method].items())


@pytest.mark.parametrize(
    ("given", "finder", "learner", "voicing"),
    [
        ({}, Viterbi, NotesLearner, PitchColumns),
        ({"method": "adam"}, GreedyPursuit, AdamLearner, InstrumentColumns),
        ({"method": "adam", "finder": "joint"}, JointSearch, AdamLearner, InstrumentColumns),
        ({"method": "adam", "voicing": "pitch"}, GreedyPursuit, AdamLearner, PitchColumns),
        ({"finder": "greedy", "voicing": "instrument"}, GreedyPursuit, NotesLearner,
         InstrumentColumns),
    ],
)  # fmt: skip
def test_methods_choose_what_is_left_open(given, finder, learner, voicing):
    made = make_stages(Settings(**given))
    assert type(made.finder) is finder
    assert type(made.learner) is learner
    assert type(made.voicing) is voicing
    if learner is AdamLearner:
        assert made.learner.finder is made.finder


def test_settings_reach_the_parts():
    made = make_stages(Settings(
        instruments=3, tones=2, harmonics=9, restarts=4, steps=5, batch=6, seed=7, hop_s=0.02,
        window_s=0.2, window_sigmas=3.0, fmin_hz=50, fmax_hz=5000, bins_per_octave=60,
        sigma_bins=1.5, pexp=2, phase="misi", front_end="mel",
    ))  # fmt: skip
    assert made.front_end.front_end == "mel" and made.front_end.bins_per_octave == 60
    assert (made.front_end.hop_s, made.front_end.fmin_hz, made.front_end.fmax_hz) == (0.02, 50, 5e3)
    assert made.front_end.sigma_bins == 1.5
    assert made.finder.search.tones == made.assignment.tones == made.learner.tones == 2
    learner = made.learner
    assert (learner.instruments, learner.restarts, learner.seed) == (3, 4, 7)
    assert (learner.common.harmonics, learner.common.steps, learner.common.frames) == (9, 5, 6)
    assert learner.assignment is made.assignment
    assert (made.mask.window_s, made.mask.window_sigmas, made.mask.pexp) == (0.2, 3, 2)
    assert made.mask.misi
    adam = make_stages(Settings(
        method="adam", instruments=3, harmonics=9, runs=50, lifetime=20, dictionaries=4, seed=7
    ))  # fmt: skip
    assert adam.learner == AdamLearner(3, 9, 50, 20, 4, adam.finder, 7)
    assert adam.finder.tones == 1


def test_a_name_that_is_added_can_be_chosen(monkeypatch, usual):
    made = []

    def mine(settings, parts):
        made.append((settings.tones, sorted(parts)))
        return replace(Viterbi(JointSearch(settings.tones)), proposals=40)

    monkeypatch.setitem(PARTS["finder"], "mine", mine)
    result = musisep.separate(MIXTURE, SAMPLE_RATE, finder="mine", **QUICK)
    assert made == [(1, [])]
    assert result.settings.finder == "mine"
    assert same(result, usual)


def test_a_method_that_is_added_can_be_chosen_and_has_the_parts_of_the_default(monkeypatch):
    columns = np.stack([REED, STRING], axis=1)
    monkeypatch.setitem(PARTS["method"], "known", lambda *given: lambda *call: Learned(columns))
    made = make_stages(Settings(method="known"))
    assert type(made.finder) is Viterbi and type(made.voicing) is PitchColumns
    result = musisep.separate(MIXTURE, SAMPLE_RATE, method="known")
    assert sorted(result.dictionary.amplitudes[1]) == sorted(columns[1])


def test_the_table_itself_is_what_a_user_adds_to():
    assert stages.PARTS is PARTS and isinstance(PARTS["mask"], dict)


# What is done once


def counted(monkeypatch):
    """Numbers of frames of the calls of `JointSearch.propose`, by number of hypotheses."""
    calls, propose = [], JointSearch.propose

    def counting(self, frames, dictionary, model, number):
        calls.append((len(frames), number))
        return propose(self, frames, dictionary, model, number)

    monkeypatch.setattr(JointSearch, "propose", counting)
    return calls


def test_the_hypotheses_of_the_chosen_answer_are_not_searched_again(monkeypatch, usual):
    calls = counted(monkeypatch)
    result = musisep.separate(MIXTURE, SAMPLE_RATE, **QUICK)
    assert same(result, usual)
    most = max(frames for frames, _ in calls)
    searched = [number for frames, number in calls if frames == most and number == 40]
    assert len(searched) == 1 + max(1, len(usual.answers))  # common columns, and each answer


def test_with_a_dictionary_frames_are_searched_with_its_columns_and_the_adapted_ones(
    monkeypatch, usual
):
    calls = counted(monkeypatch)
    musisep.separate(MIXTURE, SAMPLE_RATE, dictionary=usual.dictionary)
    assert [number for _, number in calls] == [40, 40]


def test_with_a_dictionary_only_the_finder_that_was_chosen_searches(monkeypatch, usual):
    calls = counted(monkeypatch)
    musisep.separate(MIXTURE, SAMPLE_RATE, dictionary=usual.dictionary, finder="greedy")
    assert calls == []
    musisep.separate(MIXTURE, SAMPLE_RATE, dictionary=usual.dictionary, tones=2)
    assert [number for _, number in calls] == [40, 40]


@pytest.mark.parametrize("given", [False, True])
def test_results_are_those_without_the_shortcut(monkeypatch, usual, given):
    options = {"dictionary": usual.dictionary} if given else QUICK
    short = musisep.separate(MIXTURE, SAMPLE_RATE, **options)
    calls = counted(monkeypatch)

    def forgetful(frames, dictionary, model, prior):
        before = len(calls)
        found = Viterbi()(frames, dictionary, model, prior._replace(proposals=None))
        assert len(calls) == before + 1
        return found

    if given:  # a dictionary is recognized with a finder of the package
        parts = make_stages(Settings())
        learner = GivenDictionary(usual.dictionary.amplitudes, parts.finder)
        options = {"stages": {"learner": learner, "finder": forgetful}, "harmonics": 25}
    else:
        options = {"stages": {"finder": forgetful}, **QUICK}
    assert same(musisep.separate(MIXTURE, SAMPLE_RATE, **options), short)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"mask": None}, "mask=None must be one of ratio, synthesis"),
        ({"front_end": None}, "front_end=None must be one of cqt"),
        ({"method": ["adam"]}, re.escape("method=['adam'] must be one of notes, adam")),
    ],
)
def test_what_names_no_part_is_refused(settings, match):
    with pytest.raises(ValueError, match=match):
        make_stages(Settings(**settings))


def test_parts_are_made_before_a_file_is_read():
    with pytest.raises(ValueError, match="finder='typo' must be one of"):
        musisep.separate("missing.wav", finder="typo")


def test_the_voices_that_a_voicing_returns_sound():
    def exchanged(frames, tones, dictionary, model):
        return Voices.of(tones.of_instruments(1 - tones.insts), dictionary)

    found = musisep.separate(MIXTURE, SAMPLE_RATE, voicing="instrument", **QUICK)
    other = musisep.separate(MIXTURE, SAMPLE_RATE, stages={"voicing": exchanged}, **QUICK)
    energy = [np.sum(result.stems**2, axis=(1, 2)) for result in (found, other)]
    assert np.abs(found.stems - other.stems).max() > 0.1 * np.abs(MIXTURE).max()
    np.testing.assert_allclose(other.stems.sum(0) + other.residual, [MIXTURE], atol=1e-12)
    assert energy[0].shape == energy[1].shape


def test_a_separation_keeps_its_parts():
    front_end = LogFrequencyFrontEnd(hop_s=0.02)
    result = musisep.separate(MIXTURE, SAMPLE_RATE, stages={"front_end": front_end}, **QUICK)
    assert result.parts.front_end is front_end
    figure = separation_figure(result)  # made with the same front end
    assert len(figure.axes) == 5


@pytest.mark.parametrize("given", [3, "cqt", ["finder"], np.ones(2)])
def test_stages_are_given_by_name(given):
    with pytest.raises(ValueError, match=r"^stages=.* must be a mapping of names to parts"):
        make_stages(Settings(), given)


@pytest.mark.parametrize("field", ["method", "finder", "mask"])
def test_arrays_name_no_part(field):
    with pytest.raises(ValueError, match=f"^{field}=.* must be one of"):
        make_stages(Settings(**{field: np.ones(900)}))


def test_what_an_assignment_is_not_sure_of_sounds_in_every_stem(usual):
    usually = make_stages(Settings(**QUICK)).assignment

    def unsure(notes, instruments, rng):
        found = usually(notes, instruments, rng)
        return found._replace(chances=0.6 * found.chances + 0.2)

    result = musisep.separate(MIXTURE, SAMPLE_RATE, stages={"assignment": unsure}, **QUICK)
    for one, other, sure in zip(result.stems, result.stems[::-1], usual.stems, strict=True):
        assert 0.3 < np.vdot(one, other) / np.vdot(one, one) < 0.7
        assert np.vdot(one, sure) > 0.5 * np.vdot(sure, sure)
    assert not np.array_equal(result.certainty, usual.certainty)
    np.testing.assert_array_less(result.certainty, 0.81)
