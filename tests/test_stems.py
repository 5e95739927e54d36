import numpy as np
import pytest

import musisep
from musisep.stems import MIXTURE as MIXTURE_NAME
from musisep.stems import RESIDUAL, Subtract, Sum, derive_stems, stem_names

MIXTURE, VOICE, DRUMS, BASS = np.random.default_rng(1).standard_normal((4, 2, 50))
STEMS = {"voice": VOICE, "drums": DRUMS, "bass": BASS}


def test_the_mixture_stems_and_new_stems_can_be_combined():
    rules = {
        "rest": Subtract("mixture", "voice"),
        "rhythm": Sum(("drums", "bass")),
        "left": Subtract("rest", "rhythm"),
        "all": Sum(["mixture", "rhythm", "left"]),
    }
    derived = derive_stems(STEMS, MIXTURE, rules)
    assert list(derived) == ["voice", "drums", "bass", "rest", "rhythm", "left", "all"]
    left = MIXTURE - VOICE - (DRUMS + BASS)
    expected = [MIXTURE - VOICE, DRUMS + BASS, left, MIXTURE + DRUMS + BASS + left]
    for name, signal in zip(rules, expected, strict=True):
        np.testing.assert_allclose(derived[name], signal, atol=1e-14)
    for name, signal in STEMS.items():
        np.testing.assert_array_equal(derived[name], signal)


def test_inputs_are_left_alone():
    stems, rules = {"a": np.ones(3), "b": np.ones(3)}, {"c": Sum(("a",)), "d": Sum(("b", "a"))}
    derived = derive_stems(stems, np.ones(3), rules)
    derived["c"][:] = derived["d"][:] = 0
    assert list(stems) == ["a", "b"]
    assert list(rules) == ["c", "d"]
    np.testing.assert_array_equal([stems["a"], stems["b"]], np.ones((2, 3)))


def test_precision_is_kept_and_integers_do_not_wrap():
    single = {name: stem.astype(np.float32) for name, stem in STEMS.items()}
    rules = {"rest": Subtract("mixture", "voice"), "both": Sum(("voice", "drums"))}
    for stem in derive_stems(single, MIXTURE.astype(np.float32), rules).values():
        assert stem.dtype == np.float32
    mixed = derive_stems(single, MIXTURE, {"all": Sum(("voice", "mixture"))})
    np.testing.assert_array_equal(mixed["all"], MIXTURE + single["voice"])
    byte = np.array([1], dtype=np.uint8)
    assert derive_stems({"a": byte}, 0 * byte, {"b": Subtract("mixture", "a")})["b"] == [-1.0]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            {"x": Subtract("voice", "flute")},
            r"rules\['x'\] needs 'flute', but there is only mixture, voice",
        ),
        (
            {"x": Sum(("y",)), "y": Sum(("voice",))},
            r"rules\['x'\] needs 'y', but there is only mixture",
        ),
        (
            {"x": Sum(("x",))},
            r"rules\['x'\] needs 'x', but there is only mixture, voice, drums, bass$",
        ),
        ({"bass": Sum(("voice",))}, r"name 'bass' is taken: there is mixture, voice, drums, bass$"),
        ({"mixture": Sum(("voice",))}, r"name 'mixture' is taken: there is mixture, voice"),
        ({"x": "voice"}, r"rules\['x'\]='voice' must be a Subtract or a Sum"),
    ],
)
def test_impossible_rules_are_refused(rules, message):
    with pytest.raises(ValueError, match=message):
        derive_stems(STEMS, MIXTURE, rules)


def test_impossible_stems_are_refused():
    shapes = r"voice \(2, 50\), noise \(1, 50\) must have that of the mixture, \(2, 50\)"
    with pytest.raises(ValueError, match=shapes):
        derive_stems({"voice": VOICE, "noise": VOICE[:1]}, MIXTURE, {})
    with pytest.raises(ValueError, match=r"the name 'mixture' is taken"):
        derive_stems({"mixture": VOICE}, MIXTURE, {})
    with pytest.raises(
        ValueError, match=r"stems\['voice'\] of dtype=complex128 must hold real numbers"
    ):
        derive_stems({"voice": 1j * VOICE}, MIXTURE, {})
    with pytest.raises(ValueError, match=r"mixture of dtype=object must hold real numbers"):
        derive_stems({}, None, {})


@pytest.mark.parametrize("given", [None, [1], np.ones(3), "voice"])
def test_stems_and_rules_are_mappings(given):
    with pytest.raises(ValueError, match=r"^stems=.* must be a Mapping"):
        derive_stems(given, MIXTURE, {})
    with pytest.raises(ValueError, match=r"^rules=.* must be a Mapping"):
        derive_stems({}, MIXTURE, given)


@pytest.mark.parametrize("number", [-1, 2.0, None, 2**63, "2", True])
def test_names_are_made_for_a_number_of_instruments(number):
    assert stem_names(np.int8(2)) == ["instrument1", "instrument2"]
    with pytest.raises(ValueError, match=r"^instruments="):
        stem_names(number)


def test_a_sum_needs_names():
    with pytest.raises(ValueError, match=r"stem_names=\(\) must be a tuple of names, not empty"):
        Sum(())
    with pytest.raises(ValueError, match=r"stem_names='voice' must be a tuple of names"):
        Sum("voice")
    for wrong in (5, None, [5], [["voice"]], np.array(3)):
        with pytest.raises(ValueError, match=r"stem_names=.* must be a tuple of names"):
            Sum(wrong)


def test_the_package_offers_them_as_well():
    assert musisep.derive_stems is derive_stems
    assert (musisep.Subtract, musisep.Sum) == (Subtract, Sum)


def test_stems_of_which_only_the_order_is_known_have_numbers():
    assert stem_names(3) == ["instrument1", "instrument2", "instrument3"]
    assert stem_names(0) == []
    assert (MIXTURE_NAME, RESIDUAL) == ("mixture", "residual")
