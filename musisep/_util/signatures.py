"""Signatures that show the fields of a dataclass."""

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def shows_fields(dataclass: type[Any]) -> Callable[[Function], Function]:
    """Let `help` show, in the place of ``**options``, the fields that a function takes there."""

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)
        shown = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        shown += [
            inspect.Parameter(
                field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default,
                annotation=field.type,
            )
            for field in fields(dataclass)
        ]  # fmt: skip
        function.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
        return function

    return decorate
