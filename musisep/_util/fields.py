"""Fields of dataclasses."""

from dataclasses import fields
from typing import Any


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
