"""Arguments that nobody should give."""

import decimal
import fractions
from typing import Any

import numpy as np

from musisep import Settings

HUGE = (10**30, -(10**30), 2**31, 2**63, 1e300, np.uint64(2**63))
LONG = (
    "max_iter", "iterations", "restarts", "runs", "steps", "batch", "dictionaries", "num_dicts",
    "lifetime", "test_samples", "tone_num", "dictionary",
)  # fmt: skip
"""Parameters of which a large number is only slow, as are dictionaries of hundreds of columns."""


def values() -> list[Any]:
    """Return all of them, always in the same order."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(1200)
    numbers: list[Any] = [
        -1, 0, 1, 2, 3, 7, 64, 100_000, *HUGE, 0.5, -0.5, 3.5, 1e-300, 1e-310, 1e305,
        float("nan"), float("inf"), -float("inf"), 1j, np.True_, np.longdouble(2),
        fractions.Fraction(3, 2), decimal.Decimal(2), np.complex64(1),
    ]  # fmt: skip
    numbers += [kind(5) for kind in (np.int8, np.int16, np.int32, np.int64)]
    numbers += [kind(64) for kind in (np.uint8, np.uint16, np.uint32, np.uint64)]
    numbers += [kind(2.5) for kind in (np.float16, np.float32, np.float64)]
    others: list[Any] = [
        None, True, False, "text", "", "hann", "linear", "a\nb", b"bytes", [], {}, (), {1, 2},
        [1, "a"], ["a"], [[1.0], [1.0, 2]], ("hann",), ("kaiser", 8), ("kaiser", "x"), range(5),
        object(), Ellipsis, Settings, int, print, np.str_("hann"), np.datetime64("2020"),
        np.ma.masked, np.void(b"ab"), lambda *_, **__: None, {"a": 1}, [None],
    ]  # fmt: skip
    arrays: list[Any] = [
        np.array(3), np.array(2.5), np.array([]), np.zeros((0, 5)), np.zeros((2, 0)),
        np.array([1, 2]), np.array([[1.0, 2], [3, 4]]), np.zeros((2, 3, 4)),
        np.zeros((1, 2, 3, 4)), np.array([None, 1], dtype=object), np.array(["a", "b"]),
        np.array([1 + 2j, 3]), np.array([np.nan, 1.0]), np.array([np.inf, 1.0]),
        np.array([True, False]), np.full(900, 1e305), np.full(900, 1e-310), np.zeros(900),
        np.full(900, 1e38, np.float32), noise[:700].astype(np.float32), noise * (1 + 1j),
        (noise * 1000).astype(np.int16), (noise * 100).astype(np.int64),
        np.arange(255, dtype=np.uint8), np.array([2**63], np.uint64), noise[:1], noise[::-2],
        np.asfortranarray(rng.standard_normal((3, 900))), np.full((2, 900), 3.0, np.longdouble),
        np.full((33, 10), 1e305), np.full((33, 10), 1e-310), -np.ones((33, 76)),
        np.ones((2, 33, 76)), np.full((1, 33, 76), np.nan),
    ]  # fmt: skip
    return numbers + others + arrays


def is_huge(value: Any) -> bool:
    """Whether it is a number of which a loop over it takes long, or an array of many columns."""
    if isinstance(value, np.ndarray):
        return value.ndim == 2 and value.shape[1] > 100
    number = isinstance(value, int | float | np.number) and not isinstance(value, complex)
    return bool(number and value > 50) if not isinstance(value, np.complexfloating) else False
