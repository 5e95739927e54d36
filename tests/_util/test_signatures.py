import inspect
from dataclasses import dataclass

from musisep._util.signatures import shows_fields


@dataclass(frozen=True, kw_only=True)
class Options:
    depth: int = 3
    name: str = "x"


@shows_fields(Options)
def function(first, *, second=1, **options):
    """Return what it was given."""
    return first, second, options


def test_the_signature_shows_the_fields_and_calls_go_on_as_before():
    parameters = inspect.signature(function).parameters
    assert list(parameters) == ["first", "second", "depth", "name"]
    assert parameters["depth"].default == 3 and parameters["depth"].annotation is int
    assert parameters["name"].kind is inspect.Parameter.KEYWORD_ONLY
    assert function(1, depth=2) == (1, 1, {"depth": 2})
    assert function.__doc__ == "Return what it was given."
