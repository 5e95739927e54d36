"""Signatures that show the parameters that a function takes on behalf of another."""

import functools
import inspect
from collections.abc import Callable, Collection
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def shows_fields(
    source: Callable[..., Any],
    *,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
) -> Callable[[Function], Function]:
    """Let `help` show, in the place of ``**options``, the parameters that a function takes there.

    Names that are not shown are a TypeError of that function, not of what it calls.

    Parameters
    ----------
    source : dataclass or function
        Whose parameters they are, all of them by keyword; the function's own come first and stay.
    only, without : collection of str
        Names that are shown, by default all, and names that are not.
    """

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)
        own = {n: p for n, p in signature.parameters.items() if p.kind is not p.VAR_KEYWORD}
        added = {
            name: parameter.replace(kind=parameter.KEYWORD_ONLY)
            for name, parameter in inspect.signature(source).parameters.items()
            if name not in without and (only is None or name in only)
        }
        shown = added | own

        @functools.wraps(function)
        def checked(*args: Any, **options: Any) -> Any:
            for name in options:
                if name not in shown:
                    raise TypeError(
                        f"{function.__name__}() got an unexpected keyword argument {name!r}"
                    )
            return function(*args, **options)

        parameters = [*own.values(), *(p for name, p in added.items() if name not in own)]
        checked.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return cast(Function, checked)

    return decorate
