from dataclasses import replace

import numpy as np
from lessons_of import lesson_of, profiles_of

from musisep.instruments import likenesses
from musisep.instruments.naming import names_right

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


def test_nothing_is_like_an_instrument_that_was_never_heard():
    _, notes, owners = lesson_of(seed=50)
    unheard = replace(PROFILES, amounts=np.where(np.array(PROFILES.names) == "oboe", 0.0, 9.0))
    (own,) = likenesses(unheard, notes, np.ones((owners.size, 1)))
    assert own[0] == ("tuba", 1.0)


def test_it_is_known_how_likely_names_are_right():
    _, notes, owners = lesson_of(seed=50)
    chances = (owners[:, None] == [0, 1]) + 0.0
    right = names_right(PROFILES, notes, chances, ("oboe", "tuba"))
    assert right.min() > 0.9
    np.testing.assert_allclose(
        names_right(PROFILES, notes, chances, ("tuba", "oboe")), 1 - right, atol=1e-9
    )
    np.testing.assert_allclose(names_right(PROFILES, notes, chances, ("tuba", "tuba")), 1)
    three = names_right(PROFILES, notes, np.c_[chances, 0 * owners], ("oboe", "tuba", "oboe"))
    np.testing.assert_allclose(three[:2], names_right(PROFILES, notes, chances, ("oboe", "tuba")),
                               atol=0.05)  # fmt: skip
    assert np.isnan(three[2])
    none = notes.chosen(np.zeros(owners.size, bool))
    assert np.isnan(names_right(PROFILES, none, np.zeros((0, 2)), ("oboe", "tuba"))).all()
