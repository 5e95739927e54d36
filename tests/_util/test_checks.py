import math
from fractions import Fraction

import numpy as np
import pytest

from musisep._util import checks
from musisep._util.messages import shown


@pytest.mark.parametrize(
    ("check", "given", "message"),
    [
        (lambda value: checks.at_least("jobs", value, 1), [0, -1, "2", True, 1.0, None],
         "must be an integer of at least 1"),
        (lambda value: checks.number("x", value), [math.nan, math.inf, "2", True, None, 1j],
         "must be a finite number"),
        (lambda value: checks.above_zero("x", value), [0, -1.0], "must be finite and above 0"),
        (lambda value: checks.from_zero("x", value), [-1e-9], "must be at least 0"),
        (lambda value: checks.at_least("x", value, 1, 9), [10, 2**63], "must be at most 9"),
        (lambda value: checks.above_zero("x", value, 9), [9.5, 1e300], "must be at most 9"),
        (lambda value: checks.within("x", value, 1, 9), [0.5, 10, -1], "must be from 1 to 9"),
        (lambda value: checks.flag("x", value), [0, "yes", None], "must be True or False"),
        (lambda value: checks.one_of("x", value, ["a", "b"]), ["c", [], None, np.void(b"a")],
         "must be one of ('a', 'b')"),
        (lambda value: checks.at_least("x", value, 1), [2**63, np.uint64(2**63)], "below 2^63"),
        (lambda value: checks.number("x", value), [10**400], "must be a finite number"),
        (lambda value: checks.function("x", value), [None, 3], "must be a function"),
        (lambda value: checks.instance("x", value, str), [None, 3], "must be a str"),
        (lambda value: checks.iterable("x", value), [None, 3, np.array(3)], "must be iterable"),
        (lambda value: checks.sizes("x", value), [None, 3, [1]], "must be a tuple"),
    ],
)  # fmt: skip
def test_what_is_refused(check, given, message):
    for value in given:
        with pytest.raises(ValueError) as error:
            check(value)
        assert str(error.value).endswith(message) and shown(value) in str(error.value)


def test_what_is_returned():
    for found, wanted in (
        (checks.at_least("x", np.int32(3), 3), 3),
        (checks.number("x", 2), 2.0),
        (checks.above_zero("x", np.float32(0.5)), 0.5),
        (checks.from_zero("x", 0), 0.0),
        (checks.above_zero("x", Fraction(1, 2)), 0.5),
        (checks.sizes("x", (np.uint8(3), 0))[0], 3),
    ):
        assert found == wanted and type(found) is type(wanted)
    assert checks.flag("x", np.True_) is checks.one_of("x", "a", ["a"]) is None
