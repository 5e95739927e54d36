import numpy as np
from lessons_of import lesson_of, profiles_of
from melodies import MODEL, mixture

from musisep.instruments import Lesson, ProfileFit
from musisep.learning.from_notes import NotesLearner
from musisep.learning.named import Expecting, NamedLearner
from musisep.notes.assignment import AnnealedAssignment, Assigned
from musisep.notes.players import sizes

PROFILES = profiles_of()


class Recorder:
    """An assignment that keeps what it is told."""

    def __call__(self, notes, instruments, rng):
        self.known = notes.known
        return Assigned(0.0, np.zeros(notes.shifts.size, int))


def test_notes_are_likelier_of_the_instrument_that_they_sound_like():
    _, notes, owners = lesson_of(seed=20)
    for names, order in ((("oboe", "tuba"), [0, 1]), (("tuba", "oboe"), [1, 0])):
        kept = Recorder()
        Expecting(kept, names, PROFILES, np.inf)(notes, 2, np.random.default_rng(0))
        assert np.mean(np.array(order)[kept.known.argmax(axis=1)] == owners) > 0.97
        np.testing.assert_allclose(np.exp(kept.known).sum(axis=1), 1)


def test_many_notes_tell_no_more_than_so_many_that_are_independent():
    notes = lesson_of(seed=20, chords=60)[1]
    all_of_them, some = Recorder(), Recorder()
    for kept, independent in ((all_of_them, np.inf), (some, 10.0)):
        Expecting(kept, ("oboe", "tuba"), PROFILES, independent)(notes, 2, np.random.default_rng(0))
    share = 10.0 / (sizes(notes).sum() / 2)
    assert share < 0.3
    np.testing.assert_allclose(some.known, share * all_of_them.known)


def test_instruments_of_one_name_are_equally_likely():
    _, notes, _ = lesson_of(seed=20)
    kept = Recorder()
    Expecting(kept, ("oboe", "oboe"), PROFILES, np.inf)(notes, 2, np.random.default_rng(0))
    np.testing.assert_allclose(kept.known, np.log(0.5))


def test_stems_have_the_order_of_the_names():
    """What was heard in other registers, and in the other order, tells who is who."""
    peaks, frames = mixture(2)
    learner = NotesLearner(instruments=2)
    tones = learner.anybodys_tones(frames, MODEL, lambda: None).tones
    notes = learner.tracking(tones, frames, MODEL)
    owners = (notes.shifts < np.median(peaks.shifts)).astype(int)
    lesson = Lesson.of_notes(notes, owners, np.ones((owners.size, 3)), ("oboe", "tuba"), ("a", "b"))
    profiles = ProfileFit()([lesson])
    for names in (("oboe", "tuba"), ("tuba", "oboe")):
        found = NamedLearner(names, profiles, learner)(frames, MODEL)
        assert found.known and found.notes.known.shape[1] == 2
        pitch = [found.prior.shifts[found.prior.insts == k].mean() for k in (0, 1)]
        assert (pitch[0] > pitch[1]) == (names[0] == "oboe")


def test_the_assignment_is_asked_as_it_is():
    _, notes, owners = lesson_of(seed=20)
    answer = Expecting(AnnealedAssignment(), ("tuba", "oboe"), PROFILES, 15.0)
    try:
        answer(notes, 2, np.random.default_rng(0))
    except ValueError as error:
        assert "is fitted to 66" in str(error)
    else:
        raise AssertionError("the fitted model of players knows other notes only")
    assert owners.size
