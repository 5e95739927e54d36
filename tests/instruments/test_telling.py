import pytest
from lessons_of import profiles_of

from musisep._util.pitches import pitch_name
from musisep.instruments import library
from musisep.instruments.telling import groups_of, told_of


def test_what_is_known_of_a_name():
    told = told_of(library(), "clarinet")
    assert told[:4] == ("clarinet", "reed", "D3", "A#6")
    assert told.notes == round(library().amounts[library().names.index("clarinet")])
    assert told.others == ("cl",) and told.groups == ()
    assert told_of(library(), "alto-saxophone").groups == ("saxophone",)


def test_nothing_is_known_of_other_names():
    profiles = profiles_of()
    object.__setattr__(profiles, "names", ("rubab", *profiles.names[1:]))
    assert told_of(profiles, "rubab")[1:4] == ("", "", "")
    with pytest.raises(ValueError, match="tuple"):
        told_of(profiles, "horn")


def test_groups_are_those_of_which_there_is_one():
    groups = groups_of(library())
    assert "horn" in groups["brass"] and len(groups["saxophone"]) == 4
    assert groups_of(profiles_of()) == {"brass": ["tuba"]}


@pytest.mark.parametrize(("midi", "name"), [(60, "C4"), (69, "A4"), (0, "C-1"), (61, "C#4")])
def test_pitches_have_names(midi, name):
    assert pitch_name(midi) == name
