from dataclasses import replace

import numpy as np
import pytest
from lessons_of import SOUNDS, lesson_of, profiles_of

from musisep.instruments import ProfileFit
from musisep.instruments.fitting import observations

LESSONS = [lesson_of(seed=seed)[0] for seed in range(6)]


def test_means_are_those_of_the_instruments():
    own = profiles_of(pseudo_notes=0.0)
    known = 0.95  # of the features, see `chords.made_notes`
    for name, mean in zip(own.names, own.means, strict=True):
        np.testing.assert_allclose(mean[:3], known * np.array(SOUNDS[name]), atol=0.2)
    assert own.names == ("oboe", "tuba")


def test_pseudo_notes_draw_to_what_is_known_before():
    base = profiles_of(pseudo_notes=0.0)
    other = [one._replace(rows=one.rows + 1.0) for one in LESSONS]
    far = ProfileFit(pseudo_notes=0.0)(other)
    near = ProfileFit(pseudo_notes=1e9)(other, base)
    np.testing.assert_allclose(near.means, base.means, atol=1e-5)
    np.testing.assert_allclose(far.means, base.means + 1.0)
    between = ProfileFit(pseudo_notes=25.0)(other, base).means - base.means
    assert np.all((between > 0.2) & (between < 0.95))


def test_an_instrument_that_the_base_lacks_begins_with_all_notes():
    renamed = [one._replace(instruments=("shawm", "tuba")) for one in LESSONS]
    base = profiles_of()
    near = ProfileFit(pseudo_notes=1e9)(renamed, base)
    everyone = np.average(*observations(near.names, renamed)[:2][:1], axis=0, weights=observations(
        near.names, renamed).weights)  # fmt: skip
    np.testing.assert_allclose(near.means[near.names.index("shawm")], everyone, atol=1e-5)


def test_a_player_with_many_lessons_does_not_decide_alone():
    """Five lessons of a player against one of another: the mean is not that of five to one."""
    many = [lesson_of(seed=seed, players=("a", "b"))[0] for seed in range(5)]
    other = lesson_of(seed=9, players=("c", "d"))[0]
    other = other._replace(rows=other.rows + 3.0)
    own = ProfileFit(pseudo_notes=0.0)([*many, other])
    shift = (own.means - profiles_of(pseudo_notes=0.0).means).mean()
    assert 3.0 * 12 / 62 - 0.1 < shift < 3.0 * 12 / 62 + 0.1 and shift > 0.5


def test_the_weight_is_low_where_players_of_a_name_differ():
    """Each player sounds otherwise: to know others tells little."""
    rng = np.random.default_rng(0)
    differing = [
        one._replace(rows=one.rows + rng.normal(0, 4, 8) * (2 * one.owners[:, None] - 1))
        for one in LESSONS
    ]
    assert ProfileFit()(differing).weight < 0.2 < ProfileFit()(LESSONS).weight


def test_where_no_other_player_tells_the_weight_is_that_of_the_base():
    base = replace(profiles_of(), weight=0.3)
    unknown = LESSONS[0]._replace(instruments=("shawm", "serpent"))
    assert ProfileFit()([unknown], base).weight == 0.3
    assert ProfileFit()([unknown]).weight == 1.0
    assert ProfileFit()(LESSONS[:1], base).weight > 0.9  # told by those of the base


def test_columns_are_those_of_bands_and_loudness():
    own = profiles_of()
    for name, wanted in (("oboe", [1, 0.5, 0.25]), ("tuba", [0.5, 1, 0.1])):
        columns = own.columns[own.names.index(name)]
        heard = columns.any(axis=2)
        assert 2 <= heard.sum() < heard.size
        np.testing.assert_allclose(columns[heard], np.tile(wanted, (heard.sum(), 1)))


def test_lessons_in_another_order_teach_the_same():
    one, other = ProfileFit()(LESSONS), ProfileFit()(LESSONS[::-1])
    np.testing.assert_allclose(one.means, other.means, atol=1e-12)
    assert one.weight == pytest.approx(other.weight, abs=1e-5)


def test_without_any_clear_note_nothing_is_learned():
    silent = LESSONS[0]._replace(owners=np.full(len(LESSONS[0].owners), -1))
    with pytest.raises(ValueError, match="no note of the lessons is clearly one of an instrument"):
        ProfileFit()([silent])


def test_a_group_begins_with_what_is_known_of_its_members():
    lessons = [lesson_of()[0]._replace(instruments=("saxophone", "tuba"))]
    base = replace(profiles_of(), names=("alto-saxophone", "tuba"))
    alone = replace(base, names=("horn", "tuba"))
    fit = ProfileFit(pseudo_notes=1e9)
    np.testing.assert_allclose(fit(lessons, base).means[0], base.means[0], rtol=1e-5)
    assert not np.allclose(fit(lessons, alone).means[0], base.means[0], rtol=1e-2)
