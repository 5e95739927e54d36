"""Signatures that show the parameters that a function takes on behalf of another."""

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def shows_fields(
    source: Callable[..., Any],
    *,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
    optional: Collection[str] = (),
    hints: Mapping[str, str] = MappingProxyType({}),
) -> Callable[[Function], Function]:
    """Let `help` show, in the place of ``**options``, the parameters that a function takes there.

    Names that are not shown are a TypeError of that function, not of what it calls.

    Parameters
    ----------
    source : dataclass or function
        Whose parameters they are, all of them by keyword; the function's own come first and stay.
    only, without : collection of str
        Names that are shown, by default all, and names that are not.
    optional : collection of str
        Names that the function finds a value for if they are left out, though the source does not.
    hints : mapping of str to str
        What to tell who uses other names.
    """

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)
        own = {n: p for n, p in signature.parameters.items() if p.kind is not p.VAR_KEYWORD}
        added = {
            name: _optional(parameter) if name in optional else parameter
            for name, parameter in inspect.signature(source).parameters.items()
            if name not in without and (only is None or name in only)
        }
        added = {n: p.replace(kind=p.KEYWORD_ONLY) for n, p in added.items()}
        shown = added | own

        @functools.wraps(function)
        def checked(*args: Any, **options: Any) -> Any:
            for name in options:
                if name not in shown:
                    hint = f": {hints[name]}" if name in hints else ""
                    raise TypeError(
                        f"{function.__name__}() got an unexpected keyword argument {name!r}{hint}"
                    )
            return function(*args, **options)

        parameters = [*own.values(), *(p for name, p in added.items() if name not in own)]
        checked.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return cast(Function, checked)

    return decorate


def _optional(parameter: inspect.Parameter) -> inspect.Parameter:
    return parameter.replace(default=None, annotation=f"{parameter.annotation} | None")
