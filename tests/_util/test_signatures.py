import inspect
from dataclasses import dataclass, field

import pytest

from musisep._util.signatures import shows_fields


@dataclass(frozen=True, kw_only=True)
class Options:
    depth: int = 3
    name: str = "x"
    made: int = field(default=0, init=False)


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


@shows_fields(Options, only=("depth",))
def chosen(*, depth=7, **options):
    return depth, options


@shows_fields(function, without=("name",))
def outer(first, **options):
    return function(first, **options)


def test_parameters_of_a_function_its_own_first_and_some_left_out():
    assert str(inspect.signature(outer)) == "(first, *, second=1, depth: int = 3)"
    assert str(inspect.signature(chosen)) == "(*, depth=7)"
    assert chosen(depth=4) == (4, {})
    assert inspect.signature(outer).bind(1, depth=2).kwargs == {"depth": 2}


@pytest.mark.parametrize(
    ("of", "name"), [(function, "made"), (chosen, "name"), (outer, "name"), (outer, "deep")]
)
def test_a_name_that_is_not_shown_is_a_type_error_of_the_function(of, name):
    assert name not in inspect.signature(of).parameters
    with pytest.raises(TypeError, match=rf"^{of.__name__}\(\) got .* argument '{name}'$"):
        of(1, **{name: 2}) if of is not chosen else of(**{name: 2})


def test_what_the_function_finds_itself_is_optional_and_hints_are_told():
    def source(size: "int", step: "int" = 2):
        """Nothing."""

    @shows_fields(source, optional=("size",), hints={"length": "it is size here"})
    def function(**options):
        return options

    shown = inspect.signature(function).parameters
    assert (shown["size"].default, shown["size"].annotation) == (None, "int | None")
    assert shown["step"].default == 2
    with pytest.raises(TypeError, match=r"argument 'length': it is size here$"):
        function(length=3)
    with pytest.raises(TypeError, match=r"argument 'width'$"):
        function(width=3)
