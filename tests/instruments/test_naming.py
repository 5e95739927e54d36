import numpy as np
from lessons_of import lesson_of, profiles_of

from musisep.instruments import likenesses

PROFILES = profiles_of()


def test_stems_are_called_what_their_notes_sound_like():
    _, notes, owners = lesson_of(seed=50)
    chances = np.where(owners[:, None] == [1, 0], 0.9, 0.1)
    low, high = likenesses(PROFILES, notes, chances)
    assert [one.name for one in low] == ["tuba", "oboe"] and high[0].name == "oboe"
    assert 0.9 < low[0].probability <= 1 and sum(p for _, p in low) == 1
    assert len(likenesses(PROFILES, notes, chances, most=1)[0]) == 1


def test_few_notes_tell_less():
    _, notes, owners = lesson_of(seed=50)
    few = np.where((owners == 0)[:, None], [1.0, 0.0], 0.0)
    few[np.flatnonzero(owners == 0)[1:]] = 0.0
    some = likenesses(PROFILES, notes, few)[0][0].probability
    most = likenesses(PROFILES, notes, (owners == 0)[:, None] + 0.0)[0][0].probability
    assert 0.5 < some < most


def test_a_stem_without_notes_is_like_nothing():
    _, notes, owners = lesson_of(seed=50)
    assert likenesses(PROFILES, notes, np.zeros((owners.size, 2))) == [[], []]
    none = notes.chosen(np.zeros(owners.size, bool))
    assert likenesses(PROFILES, none, np.zeros((0, 2))) == [[], []]
