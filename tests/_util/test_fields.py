from dataclasses import dataclass

import numpy as np
import pytest

from musisep._util.fields import make_floats


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
