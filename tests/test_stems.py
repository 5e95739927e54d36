import numpy as np
import pytest

import musisep
from musisep.stems import MIXTURE as MIXTURE_NAME
from musisep.stems import (
    RESIDUAL,
    Combination,
    Subtract,
    Sum,
    derive_stems,
    parse_rule,
    parse_rules,
    stem_names,
    track_names,
)

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
        ({"x": "voice"}, r"rules\['x'\]='voice' must be a Subtract, a Sum or a Comb"),
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


def test_stems_get_names():
    assert stem_names(2) == ["instrument1", "instrument2"]
    assert stem_names(2, ("horn in F", "violin-1")) == ["horn in F", "violin-1"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a"], "names=a must be 2 different names, one for each instrument"),
        (["a", "b", "c"], "names=a,b,c must be 2 different names"),
        (["horn", "Horn"], "names=horn,Horn must be 2 different names"),
        ("ab", "names='ab' must be a sequence of names"),
        (["a", 1], "must be a sequence of names"),
        (["a", ""], "names=a,: '' must be printable"),
        (["a", "b/c"], "'b/c' must be printable, without / and "),
        (["a", "b\\c"], "must be printable"),
        (["a", ".b"], "not begin with a dot"),
        (["a", "b\n"], "must be printable"),
        (["a", "residual"], "names=a,residual: 'residual' stands for something else"),
        (["mix", "a"], "'mix' stands for something else"),
        (["mixture", "a"], "'mixture' stands for something else"),
    ],
)
def test_names_that_stems_cannot_have(names, message):
    with pytest.raises(ValueError, match=message):
        stem_names(2, names)


KNOWN = ["voice", "violin", "violin-1", "horn in F", "2", "mix", "mixture", "residual"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("voice", [(1, "voice")]),
        ("mix-voice", [(1, "mixture"), (-1, "voice")]),
        (" mixture - 0.5 * horn in F ", [(1, "mixture"), (-0.5, "horn in F")]),
        ("-voice+.25*residual", [(-1, "voice"), (0.25, "residual")]),
        ("violin-1", [(1, "violin-1")]),
        ("violin - voice", [(1, "violin"), (-1, "voice")]),
        ("violin-violin-1", [(1, "violin"), (-1, "violin-1")]),
        ("2*2+2", [(2, "2"), (1, "2")]),
        ("voice+voice", [(1, "voice"), (1, "voice")]),
        ("1000*voice", [(1000, "voice")]),
    ],
)
def test_rules_are_read(text, terms):
    assert parse_rule(text, KNOWN) == Combination(tuple(terms))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "''"),
        ("flute", "'flute'"),
        ("mix-flute", "'-flute'"),
        ("voices", "'voices'"),
        ("mix voice", "'mix voice'"),
        ("mix-", "'mix-'|'-'"),
        ("mix--voice", "'mix--voice'|'--voice'"),
        ("voice*0.5", r"'voice\*0.5'"),
        ("0.5voice", "'0.5voice'"),
        ("1e3*voice", r"'1e3\*voice'"),
        ("٣*voice", r"'٣\*voice'"),
        ("__import__('os')", '"__import__'),
        ("(voice)", r"'\(voice\)'"),
    ],
)
def test_rules_that_are_none_are_refused(text, wrong):
    with pytest.raises(
        ValueError, match=f"^({wrong}.*) is not understood; add and .* mix, mixture"
    ):
        parse_rule(text, KNOWN)


def test_a_gain_has_a_limit():
    with pytest.raises(ValueError, match=r"a gain of -1001 is more than 1000, the limit"):
        parse_rule("mix-1001*voice", KNOWN)
    with pytest.raises(ValueError, match=r"a gain of inf is more than 1000"):
        parse_rule("9" * 400 + "*voice", KNOWN)


def test_combinations_are_derived():
    rules = {"rest": parse_rule("mix-voice-0.5*drums", [*STEMS, "mix"])}
    rules["twice"] = parse_rule("2*rest", ["rest"])
    derived = derive_stems(STEMS, MIXTURE, rules)
    np.testing.assert_allclose(derived["rest"], MIXTURE - VOICE - 0.5 * DRUMS, atol=1e-14)
    np.testing.assert_allclose(derived["twice"], 2 * (MIXTURE - VOICE) - DRUMS, atol=1e-14)
    single = {name: stem.astype(np.float32) for name, stem in STEMS.items()}
    assert derive_stems(single, single["voice"], rules)["rest"].dtype == np.float32


def test_rules_may_use_earlier_ones():
    rules = parse_rules({"rest": "mix-voice", "low": "rest-residual"}, ["voice"])
    assert [rule.names for rule in rules.values()] == [("mixture", "voice"), ("rest", "residual")]


@pytest.mark.parametrize(
    ("derive", "message"),
    [
        ({"a": "b", "b": "voice"}, "derive=a=b: 'b' is not understood"),
        ({"voice": "mix"}, "derive=voice=mix: the name 'voice' is taken"),
        ({"Voice": "mix"}, "the name 'Voice' is taken"),
        ({"residual": "mix"}, "the name 'residual' is taken"),
        ({"mix": "voice"}, "the name 'mix' is taken"),
        ({"../a": "mix"}, "derive=../a=mix: '../a' must be printable, without /"),
        ({"": "mix"}, "must be printable"),
        ({"a": 3}, "derive={'a': 3} must be texts by names"),
        (["a=mix"], "derive=.* must be a Mapping"),
    ],
)
def test_derivations_that_are_refused(derive, message):
    with pytest.raises(ValueError, match=message):
        parse_rules(derive, ["voice"])


def test_tracks_are_chosen():
    assert track_names(["a", "b"], ["c"]) == ["a", "b", "c"]
    assert track_names(["a", "b"], ["c"], residual=True) == ["a", "b", "residual", "c"]
    assert track_names(["a", "b"], ["c"], residual=True, only=["c", "b"]) == ["b", "c"]
    assert track_names(["a", "b"], only=["residual"]) == ["residual"]
    for wrong, message in (
        (["a", "d"], "only=a,d: there is no 'd', but a, b, residual, c"),
        ([], r"only=\[\] must be names, one at least"),
        ("a", "only='a' must be names"),
    ):
        with pytest.raises(ValueError, match=message):
            track_names(["a", "b"], ["c"], only=wrong)
