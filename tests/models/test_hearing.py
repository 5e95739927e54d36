import numpy as np
from duet import REED, SAMPLE_RATE, STRING, duet

from musisep._util.constants import NONE
from musisep.models.hearing import hear_lesson


def test_notes_belong_to_the_reference_that_has_their_harmonics():
    stems = duet()[:, None]
    lesson = hear_lesson(stems.sum(axis=0), stems, ["Reed 1", "vn"], SAMPLE_RATE)
    assert lesson.instruments == ("reed", "violin") and lesson.players == ("Reed 1", "vn")
    clear = lesson.owners != NONE
    assert clear.mean() > 0.8
    octaves = lesson.rows[clear, -2]
    assert np.mean((octaves > 0.5) == (lesson.owners[clear] == 0)) > 0.9


def test_harmonics_are_those_of_the_reference_and_not_of_the_mixture():
    stems = duet()[:, None]
    lesson = hear_lesson(stems.sum(axis=0), stems, ["reed", "string"], SAMPLE_RATE)
    for reference, true in ((0, REED), (1, STRING)):
        own = lesson.owners == reference
        found = np.average(lesson.harmonics[own], axis=0, weights=lesson.sizes[own])[:5]
        np.testing.assert_allclose(found / found.max(), true[:5], atol=0.12)


def test_a_silent_reference_owns_nothing():
    stems = duet()[:, None].copy()
    stems[1] = 0.0
    lesson = hear_lesson(stems.sum(axis=0), stems, ["reed", "string"], SAMPLE_RATE)
    assert not (lesson.owners == 1).any() and (lesson.owners == 0).any()


def test_silence_teaches_nothing():
    stems = np.zeros((2, 1, SAMPLE_RATE))
    lesson = hear_lesson(stems[0], stems, ["reed", "string"], SAMPLE_RATE)
    assert not lesson.sizes.size and lesson.rows.shape[0] == 0
