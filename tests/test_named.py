"""Separation of instruments whose names are known."""

import re

import numpy as np
import pytest
from duet import REED, SAMPLE_RATE, STRING, play

import musisep
from musisep.instruments import ProfileFit
from musisep.learning.from_notes import NotesLearner
from musisep.metrics import si_sdr
from musisep.models.hearing import hear_lesson
from musisep.notes.sound import NoteSound
from musisep.notes.tracking import NoteTracking

QUICK = {"restarts": 2, "steps": 6, "batch": 40}
LINES = {
    "shawm": (REED, [(440.0, 0.4), (493.9, 0.5), (523.3, 0.4), (587.3, 0.6), (659.3, 0.4)]),
    "fiddle": (STRING, [(587.3, 0.5), (493.9, 0.4), (440.0, 0.6), (523.3, 0.4), (392.0, 0.4)]),
}
"""Two instruments of one register, so that only their sound tells them apart."""


def played(shift=0, octave=1.0):
    """Stems [2, 1, sample] of the shawm and the fiddle, whose notes begin elsewhere in the line."""
    lines = []
    for amplitudes, line in LINES.values():
        turned = [(octave * f0_hz, length) for f0_hz, length in line[shift:] + line[:shift]]
        lines.append(play(turned, amplitudes))
    length = min(map(len, lines))
    return 0.4 * np.stack([line[:length] for line in lines])[:, None]


@pytest.fixture(scope="module")
def profiles():
    lessons = [
        hear_lesson(stems.sum(axis=0), stems, list(LINES), SAMPLE_RATE)
        for stems in (played(1), played(3, 1.06))
    ]
    return ProfileFit(pseudo_notes=1.0)(lessons)


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_stems_come_in_the_order_of_the_names(profiles, order):
    names = [list(LINES)[number] for number in order]
    stems = played(2)
    found = musisep.separate(
        stems.sum(axis=0), SAMPLE_RATE, instruments=names, profiles=profiles, **QUICK
    )
    assert found.names == names
    assert si_sdr(stems[order], found.stems).min() > 3
    assert [own[0].name for own in found.likenesses] == names
    assert found.names_right.min() > 0.7
    error = found.stems.sum(axis=0) + found.residual - stems.sum(axis=0)
    assert np.abs(error).max() < 1e-12


def test_blind_stems_are_named_in_their_order(profiles):
    stems = played(2)
    found = musisep.separate(stems.sum(axis=0), SAMPLE_RATE, profiles=profiles, **QUICK)
    assert found.names == ["instrument1", "instrument2"]
    named = [own[0].name for own in found.likenesses]
    assert sorted(named) == sorted(LINES) and found.names_right is None
    true = stems[[list(LINES).index(name) for name in named]]
    assert si_sdr(true, found.stems).min() > 3


def test_tracks_are_called_like_the_instruments(profiles, tmp_path):
    stems = played(2)[..., :SAMPLE_RATE]
    found = musisep.separate(
        stems.sum(axis=0), SAMPLE_RATE, instruments=["fiddle", "fiddle"], profiles=profiles, **QUICK
    )
    paths, _ = found.save(tmp_path)
    assert [path.name for path in paths] == ["fiddle1.wav", "fiddle2.wav"]
    assert list(found.tracks(names=["a", "b"])) == ["a", "b"]


def test_the_library_is_what_is_known_by_default():
    stems = played(2)[..., :SAMPLE_RATE]
    found = musisep.separate(stems.sum(axis=0), SAMPLE_RATE, instruments=["Oboe", "vn"], **QUICK)
    assert found.names == ["oboe", "violin"]
    assert set(one.name for own in found.likenesses for one in own) <= set(
        musisep.instruments.library().names
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"instruments": ["shawm", "lute"]},
            "'lute' is no instrument here; there are fiddle, shawm",
        ),
        ({"instruments": ["shawm"], "method": "adam"}, "names must be a number with method='adam'"),
        (
            {"instruments": ["shawm"], "stages": {"learner": print}},
            "instruments: names are of no use to the learner; give their number",
        ),
        ({"profiles": "library"}, "profiles='library' must be a Profiles"),
    ],
)
def test_names_that_are_of_no_use_are_refused(profiles, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        musisep.separate(np.zeros((1, 800)), 8000, **({"profiles": profiles} | options))


def test_silence_has_names_and_sounds_like_nothing(profiles):
    found = musisep.separate(
        np.zeros((1, 8000)), 8000, instruments=list(LINES), profiles=profiles, **QUICK
    )
    assert found.names == list(LINES) and found.likenesses == [[], []]
    assert not found.stems.any()


def test_the_documented_method_finds_no_names():
    found = musisep.separate(played()[..., :4000].sum(axis=0), SAMPLE_RATE, method="adam", runs=1,
                             lifetime=0)  # fmt: skip
    assert found.likenesses is None and found.names_right is None


def test_notes_of_other_features_are_not_named():
    """A learner may measure notes otherwise; that is no reason to fail."""
    tracking = NoteTracking(sound=NoteSound(harmonics=9))

    def in_turns(notes, instruments, rng):
        return 0.0, np.arange(notes.shifts.size) % instruments

    learner = NotesLearner(tracking=tracking, assignment=in_turns)
    mixture = played()[..., :SAMPLE_RATE].sum(axis=0)
    found = musisep.separate(mixture, SAMPLE_RATE, stages={"learner": learner})
    assert found.likenesses is None and found.tones.size
