"""Dataclasses that are copied and pickled by their parameters."""

from dataclasses import fields
from typing import Any


class Remade:
    """Base of a dataclass whose copies are made anew: what it holds ready is not pickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make a copy."""
        parameters = {
            field.name: getattr(self, field.name)
            for field in fields(self)  # type: ignore[arg-type]
            if field.init
        }
        return _make, (type(self), parameters)


def _make(kind: type[Any], parameters: dict[str, Any]) -> Any:
    return kind(**parameters)
