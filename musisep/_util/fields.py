"""Fields of dataclasses."""

import math
from dataclasses import fields
from typing import Any

from musisep._util.checks import at_least, flag, number


def make_floats(instance: Any) -> None:
    """Turn numbers in the fields of type float of a frozen dataclass into floats.

    Kernels would be compiled anew for integers. What is no number stays as it is.
    """
    for field in fields(instance):
        if field.type in (float, "float"):
            try:
                value = float(getattr(instance, field.name))
            except (TypeError, ValueError, OverflowError):
                continue
            object.__setattr__(instance, field.name, value)


def check_fields(instance: Any, **least: int) -> None:
    """Check the numbers of a frozen dataclass once, and make floats and ints of them.

    Parameters
    ----------
    instance : dataclass
        Fields of type float must be numbers, which may be infinite, those of int integers, those
        of bool either true or false. Others are not looked at.
    **least : int
        Least values of integers; 0 for those that are not named.

    Raises
    ------
    ValueError
        With the name of a field that is not so.
    """
    for field in fields(instance):
        value = getattr(instance, field.name)
        if field.type in (float, "float"):
            infinite = isinstance(value, float) and math.isinf(value)  # as "never"
            value = value if infinite else number(field.name, value)
        elif field.type in (int, "int") or field.type in (int | None, "int | None"):
            if value is None and field.type not in (int, "int"):
                continue
            value = at_least(field.name, value, least.get(field.name, 0))
        elif field.type in (bool, "bool"):
            flag(field.name, value)
        object.__setattr__(instance, field.name, value)
