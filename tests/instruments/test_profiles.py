import re
from dataclasses import replace

import numpy as np
import pytest
from chords import made_notes
from lessons_of import RANGES, SOUNDS, lesson_of, profiles_of
from scipy.stats import multivariate_normal

import musisep
from musisep.instruments import Profiles, library
from musisep.instruments.profiles import rows_of

PROFILES = profiles_of()


def test_log_likelihoods_are_weighted_normal_densities():
    _, notes, _ = lesson_of(seed=99)
    found = PROFILES.log_likelihoods(notes)
    rows = rows_of(notes)
    dense = np.stack([
        multivariate_normal(mean, PROFILES.covariance).logpdf(rows) for mean in PROFILES.means
    ], axis=1)  # fmt: skip
    differences = found[:, 0] - found[:, 1]
    np.testing.assert_allclose(differences, PROFILES.weight * (dense[:, 0] - dense[:, 1]))
    assert 0 < PROFILES.weight <= 1


def test_notes_sound_most_like_their_own_instrument():
    _, notes, owners = lesson_of(seed=99)
    own = [PROFILES.names.index("oboe"), PROFILES.names.index("tuba")]
    assert np.mean(PROFILES.log_likelihoods(notes)[:, own].argmax(axis=1) == owners) > 0.97


def test_a_group_is_as_likely_as_its_members_in_the_mean():
    names = ("tenor-saxophone", "alto-saxophone")
    own = replace(PROFILES, names=names)
    notes = lesson_of(seed=5)[1]
    single = own.log_likelihoods(notes)
    both = own.of_names(notes, ["saxophone", "Alto Sax", "saxophone"])
    np.testing.assert_allclose(np.exp(both[:, 0]), np.exp(single).mean(axis=1))
    np.testing.assert_allclose(both[:, 1], single[:, 1])
    np.testing.assert_array_equal(both[:, 0], both[:, 2])


def test_unknown_names_are_refused_with_those_that_are_known():
    with pytest.raises(
        ValueError, match=re.escape("'lute' is no instrument here; there are oboe, tuba")
    ):
        PROFILES.numbers("lute")


def test_notes_with_other_features_are_refused():
    notes, _ = made_notes([[1.0, 2.0], [2.0, 1.0]], list(RANGES.values()))
    with pytest.raises(ValueError, match="notes have 6 inputs, profiles 8"):
        PROFILES.log_likelihoods(notes)


def test_what_is_saved_is_read_again_bit_by_bit(tmp_path):
    path = tmp_path / "model.npz"
    PROFILES.save(path)
    again = Profiles.load(path)
    assert again.names == PROFILES.names and again.weight == PROFILES.weight
    for name in ("means", "covariance", "amounts", "columns"):
        np.testing.assert_array_equal(getattr(again, name), getattr(PROFILES, name))


def test_a_dictionary_can_be_read_from_it(tmp_path):
    PROFILES.save(tmp_path / "model.npz")
    found = musisep.Dictionary.load(tmp_path / "model.npz").amplitudes
    np.testing.assert_array_equal(found, PROFILES.amplitudes)
    np.testing.assert_allclose(found, [[1, 0.5], [0.5, 1], [0.25, 0.1]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"names": ("oboe", "oboe")}, "must be different names"),
        ({"weight": 1.5}, "weight=1.5 must be from 0 to 1"),
        ({"means": np.full((2, 8), np.nan)}, "means must be finite numbers of the shape (2, 8)"),
        ({"covariance": np.eye(7)}, "covariance must be finite numbers of the shape (8, 8)"),
        ({"amounts": np.ones(3)}, "amounts must be finite"),
        ({"amounts": -np.ones(2)}, "amounts must be at least 0"),
        ({"covariance": np.zeros((8, 8))}, "covariance must be symmetric and positive definite"),
        ({"covariance": -np.eye(8)}, "covariance must be symmetric and positive definite"),
        ({"covariance": np.eye(8) + np.tri(8, k=-1)}, "covariance must be symmetric"),
        (
            {"columns": np.ones((2, 3, 4, 5))},
            "columns must be finite numbers of the shape (2, 8, 2, 5)",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        replace(PROFILES, **change)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "model.npz"
    PROFILES.save(path)
    content = bytearray(path.read_bytes())
    place = content.index(b'["oboe"')
    content[place : place + 7] = b'["oboe]'
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not a model of instruments that musisep saved"):
        Profiles.load(path)


def test_the_library_is_small_and_tells_its_own_notes_apart():
    own = library()
    assert len(own.names) >= 15
    assert own.amounts.min() > 0 and own.columns.max(axis=(1, 2, 3)).min() == 1
    assert own.amplitudes.shape == (25, len(own.names))
    scale = np.sqrt(np.diag(own.covariance))
    assert np.abs((own.means - own.means.mean(axis=0)) / scale).max() > 1
    assert set(SOUNDS) <= set(own.names)


def test_a_group_that_was_learned_stands_for_itself():
    names = ("tenor-saxophone", "saxophone")
    own = replace(PROFILES, names=names)
    assert own.numbers("Sax 2") == [1]
    both = replace(PROFILES, names=("tenor-saxophone", "alto-saxophone"))
    assert sorted(both.numbers("sax")) == [0, 1]


def test_others_complete_profiles_and_share_what_all_have_in_common():
    others = replace(PROFILES, names=("oboe", "horn"))
    found = PROFILES.completed(replace(others, means=others.means + 0.5))
    assert found.names == ("oboe", "tuba", "horn")
    np.testing.assert_array_equal(found.means[:2], PROFILES.means)
    np.testing.assert_allclose(found.means[2], PROFILES.means[1])  # the oboe told of 0.5
    np.testing.assert_array_equal(found.columns[2], PROFILES.columns[1])
    assert found.amounts[2] == PROFILES.amounts[1] and found.weight == PROFILES.weight
    strangers = replace(PROFILES, names=("horn", "flute"))
    np.testing.assert_array_equal(PROFILES.completed(strangers).means[2:], PROFILES.means)
    assert PROFILES.completed(PROFILES).names == PROFILES.names


def test_others_of_other_features_are_refused():
    few = replace(PROFILES, means=PROFILES.means[:, :2], covariance=PROFILES.covariance[:2, :2])
    with pytest.raises(ValueError, match="others have a covariance of the shape"):
        PROFILES.completed(few)
