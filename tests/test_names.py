import pytest

from musisep.instruments.shipped import library
from musisep.names import ALIASES, GROUPS, INSTRUMENTS, canonical, members, numbered


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("clarinet", "clarinet"), ("Clarinet 2", "clarinet"), ("violin_1", "violin"),
        (" Alto Sax ", "alto-saxophone"), ("tpt2", "trumpet"), ("French.Horn", "horn"),
        ("theremin", "theremin"), ("808", "808"), ("violin-2", "violin"), ("", ""),
        ("English  horn", "english-horn"), (" a__b - 12 ", "a-b"),
    ],
)  # fmt: skip
def test_names_are_found_however_they_are_written(given, wanted):
    assert canonical(given) == wanted
    assert canonical(wanted) == wanted


def test_all_names_lead_to_instruments():
    for name in ALIASES.values():
        assert set(members(name)) <= set(INSTRUMENTS), name
    assert not set(GROUPS) & set(INSTRUMENTS)
    for own in GROUPS.values():
        assert set(own) <= set(INSTRUMENTS)
    assert not set(ALIASES) & {*INSTRUMENTS, *GROUPS}


def test_the_library_has_instruments_of_the_table_only():
    names = library().names
    assert set(names) <= set(INSTRUMENTS)
    orchestra = (
        "flute oboe clarinet bassoon horn trumpet trombone tuba violin viola cello piano harp"
    )
    assert {*orchestra.split(), "double-bass", "recorder", "alto-saxophone"} <= set(names)


def test_a_name_may_stand_for_several():
    assert members("saxophone")[:2] == ("soprano-saxophone", "alto-saxophone")
    assert members("tuba") == ("tuba",)


def test_names_that_occur_twice_are_numbered():
    assert numbered(("violin", "cello", "violin")) == ["violin1", "cello", "violin2"]
    assert numbered(()) == []
