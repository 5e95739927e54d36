"""What the documented parameters may be: a name means the same in every function of this room.

Kernels do not check what they are given, and NumPy's small integers wrap around.
"""

import inspect
import math
import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import numpy as np

from musisep._util.checks import above_zero, at_least, flag, from_zero, number
from musisep._util.limits import (
    LEAST_SIGMA,
    MOST_AMPLITUDE,
    MOST_BINS,
    MOST_SIGMA,
    PEXP_MAX,
    QEXP_MAX,
    QEXP_MIN,
)
from musisep.learning.adam_b import Adam_B
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Peaks

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Rule = Callable[[str, Any], Any]
"""Called with a name and a value; returns the value to work with, or raises."""


def checked(function: Callable[Parameters, Result], **own: Rule) -> Callable[Parameters, Result]:
    """Make a function refuse what its parameters may not be, by `RULES` and by rules of its own.

    Parameters
    ----------
    function : function
        Its defaults are not checked.
    **own : function
        Rules of parameters that mean something else here; they come first.

    Returns
    -------
    function
        With the same signature; raises a TypeError or ValueError that names the parameter.
    """
    signature = inspect.signature(function)
    rules = {
        name: rule for name, rule in (own | RULES | own).items() if name in signature.parameters
    }

    @wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        bound = signature.bind(*args, **kwargs)
        for name, rule in rules.items():
            default = signature.parameters[name].default
            if name in bound.arguments and bound.arguments[name] is not default:
                bound.arguments[name] = rule(name, bound.arguments[name])
        _check_columns(bound.arguments)
        return function(*bound.args, **bound.kwargs)

    return call


def _check_columns(arguments: Mapping[str, Any]) -> None:
    """Refuse instruments without a column, where there are instruments and a dictionary."""
    if "insts" in arguments and "inst_dict" in arguments:
        insts, columns = arguments["insts"], arguments["inst_dict"].shape[1]
        if insts.size and not 0 <= insts.min() <= insts.max() < columns:
            found = f"insts: instrument numbers {insts.min()} to {insts.max()}"
            raise ValueError(f"{found} must lie in 0 to {columns - 1}, the columns of inst_dict")


def whole(least: int, most: int) -> Rule:
    """Return the rule of integers in a range."""

    def rule(name: str, value: Any) -> int:
        integer = at_least(name, value, least)
        if integer > most:
            raise ValueError(f"{name}={integer} must be at most {most}")
        return integer

    return rule


def real(least: float, most: float) -> Rule:
    """Return the rule of numbers in a range; if that begins with 0, they are above it."""

    def rule(name: str, value: Any) -> float:
        limits = f"above 0 and at most {most:g}" if not least else f"from {least:g} to {most:g}"
        if not least <= number(name, value) <= most or not value:
            raise ValueError(f"{name}={value!r} must be {limits}")
        return float(value)

    return rule


def array(
    *axes: str,
    complexes: bool = False,
    least: float = -np.inf,
    most: float = np.inf,
    filled: bool = False,
) -> Rule:
    """Return the rule of arrays of finite numbers, with such axes and not empty if that is told."""

    def rule(name: str, value: Any) -> Any:
        try:
            values = np.asarray(value)
        except ValueError:
            raise ValueError(f"{name} must be an array, not rows of several lengths") from None
        if values.dtype.kind not in ("biufc" if complexes else "biuf"):
            raise TypeError(f"{name} must be an array of numbers, not of {values.dtype}")
        if axes and values.ndim != len(axes):
            raise ValueError(f"{name}.shape={values.shape} must be [{', '.join(axes)}]")
        if filled and not values.size:
            raise ValueError(f"{name}.shape={values.shape} must have no axis of length 0")
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite everywhere")
        if values.size and not complexes and values.min() < least:
            raise ValueError(f"{name}.min()={values.min()} must be at least {least:g}")
        if values.size and not complexes and values.max() > most:
            raise ValueError(f"{name}.max()={values.max()} must be at most {most:g}")
        return values if complexes else values.astype(np.float64, copy=False)

    return rule


def numbers_of_instruments(name: str, value: Any) -> Any:
    """Refuse what is no array of integers."""
    values = array()(name, value)
    if not np.array_equal(values, np.floor(values)) or np.any(np.abs(values) > MOST_BINS):
        raise ValueError(f"{name} must be an array of integers: columns of the dictionary")
    return values.astype(np.int64)


def instance(*types: type, called: str = "") -> Rule:
    """Return the rule of objects of such types."""

    def rule(name: str, value: Any) -> Any:
        if not isinstance(value, types):
            kinds = called or " or ".join(kind.__name__ for kind in types)
            raise TypeError(f"{name} must be a {kinds}, not {type(value).__name__}")
        return value

    return rule


def function(name: str, value: Any) -> Any:
    """Refuse what cannot be called."""
    if not callable(value):
        raise TypeError(f"{name} must be a function, not {type(value).__name__}")
    return value


def paths(name: str, value: Any) -> Any:
    """Refuse what is neither None nor names of files; a single name is none."""
    if value is not None and (isinstance(value, str | bytes) or not isinstance(value, Sequence)):
        raise TypeError(f"{name} must be a list of names of files, or None")
    return value and [path(f"{name}[{i}]", item) for i, item in enumerate(value)]


def boolean(name: str, value: Any) -> bool:
    """Refuse what is neither true nor false."""
    flag(name, value)
    return bool(value)


def share(name: str, value: Any) -> float:
    """Refuse what is not in [0, 1)."""
    if not 0 <= number(name, value) < 1:
        raise ValueError(f"{name}={value!r} must be at least 0 and below 1")
    return float(value)


def finite(name: str, value: Any) -> float:
    """Refuse what is no finite real number."""
    number(name, value)
    return int(value) if isinstance(value, Integral) else float(value)


def bound(name: str, value: Any) -> float:
    """Refuse what is no real number, but for infinity."""
    if isinstance(value, Real) and not isinstance(value, bool) and math.isinf(value):
        return float(value)
    return number(name, value)


def fit_patterns(inst_spect: Any, m: int, baseshift: int, instruments: int | None = None) -> None:
    """Refuse patterns that do not suit spectra of m bins, and so many instruments if told."""
    shape = np.shape(inst_spect)
    if len(shape) != 2 or shape[0] != m + baseshift or shape[1] != (instruments or shape[1]):
        wanted = f"[m + {baseshift=}, instrument] for {m=} bins of y"
        raise ValueError(f"inst_spect.shape={shape} must be {wanted}")


dictionary = array("harmonic", "instrument", least=0, most=MOST_AMPLITUDE, filled=True)
path = instance(str, os.PathLike, called="name of a file")
generator = instance(np.random.Generator, called="numpy.random.Generator")
RULES: dict[str, Rule] = {
    **dict.fromkeys(("mixed_soundfile", "out_name"), path),
    "orig_soundfiles": paths,
    **dict.fromkeys(("tone_num", "inst_num", "num_dicts"), whole(1, 1000)),
    "har": whole(1, 10_000),
    **dict.fromkeys(("m", "spectheight", "logspectheight", "numfreqs", "sampdist"),
                    whole(1, MOST_BINS)),
    **dict.fromkeys(("runs", "test_samples"), whole(1, 10**9)),
    "lifetime": whole(0, 10**9),
    **dict.fromkeys(("baseshift", "n", "num", "length", "number"), whole(0, MOST_BINS)),
    "prenum": whole(1, MOST_BINS),
    "seed": whole(0, 2**63 - 1),
    "pexp": real(1, PEXP_MAX),
    "qexp": real(QEXP_MIN, QEXP_MAX),
    "fsigma": real(LEAST_SIGMA, MOST_SIGMA),
    **dict.fromkeys(("sigmas", "beta", "eps"), above_zero),
    "harscale": from_zero,
    **dict.fromkeys(("lo", "hi"), bound),
    **dict.fromkeys(("alpha", "minfreq", "maxfreq"), finite),
    **dict.fromkeys(("beta1", "beta2"), share),
    "mask": boolean,
    "inst_dict": dictionary,
    "init": array("harmonic", "column", filled=True),
    "insts": numbers_of_instruments,
    "y": array("bin"),
    "spect": array(least=0),
    **dict.fromkeys(("params", "peak_array", "more", "less", "direction"), array()),
    **dict.fromkeys(("spects", "inst_spect"), array()),
    "orig_spect": array(complexes=True),
    "peaks": instance(Peaks),
    "model": instance(ToneModel),
    "adam": instance(Adam_B),
    "rng": generator,
    **dict.fromkeys(("finder", "selector", "progress"), function),
    "selector_args": instance(tuple, list, called="tuple"),
}  # fmt: skip
