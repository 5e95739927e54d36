from dataclasses import dataclass

import numpy as np
import pytest

from musisep._util.fields import check_fields, make_floats


@dataclass(frozen=True)
class Example:
    width: float = 1.0
    number: int = 2
    name: str = "x"

    def __post_init__(self):
        make_floats(self)


@pytest.mark.parametrize("given", [3, np.int32(3), np.float32(3), True + 2])
def test_numbers_in_fields_of_floats_become_floats(given):
    example = Example(given, number=3)
    assert type(example.width) is float and example.width == 3
    assert type(example.number) is int
    assert example.name == "x"


@pytest.mark.parametrize("given", ["wide", None, [1.0, 2.0]])
def test_what_is_no_number_stays_as_it_is(given):
    assert Example(given).width is given


@dataclass(frozen=True)
class Checked:
    width: float = 1.0
    number: int = 2
    most: int | None = None
    quick: bool = False
    name: str = "x"

    def __post_init__(self):
        check_fields(self, number=1)


def test_fields_that_are_checked_become_floats_and_ints():
    found = Checked(np.float16(3), np.int8(4), np.uint8(5), np.True_)
    assert (found.width, found.number, found.most) == (3.0, 4, 5) and found.quick
    assert Checked(np.inf).width == np.inf
    assert [type(found.width), type(found.number), type(found.most)] == [float, int, int]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("width", np.nan), ("width", None), ("width", "wide"), ("width", np.ma.masked),
     ("number", 0), ("number", 2.0), ("number", None), ("most", -1), ("most", 1.5),
     ("quick", 1), ("quick", None)],
)  # fmt: skip
def test_fields_that_are_out_of_range_are_refused_by_name(name, wrong):
    with pytest.raises(ValueError, match=f"^{name}="):
        Checked(**{name: wrong})
