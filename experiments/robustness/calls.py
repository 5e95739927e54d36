"""Calls of public functions with arguments that nobody should give.

    python experiments/robustness/calls.py [--seed 0] [--number 8000] [--jobs 2] [--keep FOLDER]

Takes a good call of each public function and class (all names in ``__all__`` of any module; those
without a good call are named) and of each part of a separation, puts one or two odd values in it
(wrong kinds, sizes, signs, shapes, types of numbers, NaN, infinite, huge, tiny), leaves one out or
adds one, and calls it in a process of its own. Rules:

* It returns, or raises ValueError, TypeError or OSError with a message that names a parameter (or
  a longer name that ends with it, as "bandwidth_p" for "p"; or what a thin layer calls otherwise),
  or that is the interpreter's about a missing or unexpected one. MemoryError is allowed, and so
  are errors of functions that were given.
* NumPy warns of nothing, and no NaN is returned where none was given, except by measures.
* No process dies, takes more than 20 s, or grows by more than 500 MB and what it returns.

With NUMBA_BOUNDSCHECK=1 and a NUMBA_CACHE_DIR of its own, reading beyond an array is an IndexError.
Prints a table, and the broken rules by function, kind and the last line of musisep that ran. The
exit status is 1 if a rule is broken; --keep saves the arguments.
"""

import contextlib
import copy
import importlib
import inspect
import io
import os
import pkgutil
import re
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import goodaudio
import goodcompat
import goodothers
import goodparts
import numpy as np
from odd import LONG, is_huge, values
from workers import Outcome, Table, Watch, arguments, keep, run

import musisep

LIMIT_S, LIMIT_MB, WARM_S = 20.0, 500.0, 300.0
NAN_ALLOWED = (
    "bss_eval",
    "si_sdr",
    "snr",
    "ser",
    "torch_specinv",
    "spectral_convergence",
    "measure_table",
    "test_learn",
    "Spectrogram.invert",
)
"""Measures of silence are NaN; inversions give the convergence of each signal."""
LARGE = ("CQT", "HarmonicCQT")
"""Their memory is in proportion to the longest kernel, which has 2^30 samples at most: odd sample
rates and resolutions ask for that."""
TYPES = (
    "MelNorm", "MelScale", "RangeMode", "Representation", "History", "BssEval", "Separation",
    "Stages", "AudioFileError", "Learner", "gen_test_spects", "stoch_grad", "test_learn_multi",
    "peak_pursuit", "inst_scale", "inst_shift", "inst_scale_grad",
)  # fmt: skip
"""Names without a good call of their own: results, kinds, and what others call or stand for."""
ALIASES = {"progress": "report"}
"""What functions that are given are called further in."""
NUMPYS = re.compile("encountered in|divide by zero|invalid value|overflow|empty slice|casting|conv")
OUR_NAMES = {
    "x": "signal", "z": "spectrum", "complex_spec": "spectrum", "audio_waveforms": "signal",
    "separated_stems": "stems", "mixture_input": "mixture", "stem_rules": "rules",
    "input": "estimates", "target": "references", "blocks": "block", "chunk_size": "length_s",
}  # fmt: skip
"""What the layers of `musisep.compat`, and `stream`, call otherwise than what does the work."""
OUR_OWN = re.compile("missing|unexpected keyword|positional argument|multiple values")


class Campaign:
    """The calls, by their numbers."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.values = seed, values()
        self.good = {**goodaudio.calls(), **goodothers.calls(folder), **goodparts.calls()}
        self.good |= goodcompat.calls(folder)

    def case(self, number: int) -> tuple[str, dict[str, Any], list[str]]:
        """Return a function's name, its arguments, and which of these are odd."""
        names = list(self.good)
        if number < 0:  # a good call, to see that it is one and to compile what it needs
            return names[-1 - number], self.good[names[-1 - number]][1], []
        rng = np.random.default_rng((self.seed, number))
        name = names[rng.integers(len(names))]
        given = dict(self.good[name][1])
        odd = list(rng.permutation(list(given))[: 1 if rng.random() < 0.75 else 2])
        for parameter in map(str, odd):
            value = self.values[rng.integers(len(self.values))]
            while parameter in LONG and is_huge(value):
                value = self.values[rng.integers(len(self.values))]
            given[parameter] = value
        if rng.random() < 0.03:
            del given[odd[0]]
        elif rng.random() < 0.03:
            given["surprise"] = 1
        return name, given, [str(parameter) for parameter in odd]

    def work(self, number: int, watch: Watch) -> Outcome:
        """Call a function; tell which rules that broke."""
        name, given, _ = self.case(number)
        function = self.good[name][0]
        given = {key: _copied(value) for key, value in given.items()}
        watch.stage("calling")
        column, broken, size_mb = _called(function, given, name)
        if watch.growth_mb() > LIMIT_MB + size_mb and name not in LARGE:
            broken.append(f"grew | by {watch.growth_mb():.0f} MB")
        watch.stderr()  # bars
        if number < 0 and column != "returned":
            broken.append(f"is no good call: {column}")
        return Outcome(_row(function), column, tuple(broken))


def _row(function: Any) -> str:
    """Return the room that a function is of."""
    return ".".join(function.__module__.split(".")[1:3]) or "several"


def _copied(value: Any) -> Any:
    """Return what a call may change without changing the next ones."""
    if isinstance(value, np.ndarray | list | dict):
        return copy.deepcopy(value)
    return value


def _called(function: Any, given: dict[str, Any], name: str) -> tuple[str, list[str], float]:
    """Return what a call gave, what is wrong with that, and the megabytes of the result."""
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        try:
            result = function(**given)
        except MemoryError:
            return "no memory", [], 0.0
        except (ValueError, TypeError, OSError) as error:
            return "refused", _unclear(error, given, function), 0.0
        except BaseException as error:
            return "refused", [_told(type(error).__name__, _place(error), str(error))], 0.0
    broken = [
        _told(
            warning.category.__name__, f"{Path(warning.filename).name}:{warning.lineno}",
            str(warning.message),
        )
        for warning in caught
        if NUMPYS.search(str(warning.message))
        or not issubclass(warning.category, UserWarning | RuntimeWarning)
    ]  # fmt: skip
    if name.split()[0] not in NAN_ALLOWED and _any(np.isnan, result) and not _any(_infinite, given):
        broken.append("returns NaN")
    parts = result if isinstance(result, tuple | list) else (result,)
    size = sum(part.nbytes for part in parts if isinstance(part, np.ndarray))
    return "returned", broken[:1], size / 1e6


def _unclear(error: Exception, given: dict[str, Any], function: Any) -> list[str]:
    """Tell if a message names no parameter."""
    text = str(error)
    try:
        names = set(inspect.signature(function).parameters) | set(given) | {str(given.get("name"))}
    except ValueError:
        names = set(given)
    if "\n" in text and not any("\n" in str(value) for value in given.values()):
        return [_told("message of lines", _place(error), text)]
    text = " ".join(text.split())
    names |= {OUR_NAMES[name] for name in names & set(OUR_NAMES)}
    names = {" ".join(name.split()) for name in names}
    if any(re.search(rf"(\b|_|^){re.escape(name)}(\b|$|=)", text) for name in names):
        return []
    paths = [str(v) for k, v in given.items() if "path" in k or isinstance(error, OSError)]
    if any(
        " ".join(form(path).split()).strip("'") in text for path in paths for form in (str, repr)
    ):
        return []  # it names the file
    if OUR_OWN.search(text) or _of_a_given_function(error, given):
        return []
    return [_told(f"{type(error).__name__} names no parameter", _place(error), text)]


def _of_a_given_function(error: Exception, given: dict[str, Any]) -> bool:
    """Whether the last line of musisep calls a function that was given: its error is its own."""
    root = str(Path(musisep.__file__).parent)
    lines = [f.line or "" for f in traceback.extract_tb(error.__traceback__) if root in f.filename]
    names = [key for key, value in given.items() if callable(value)]
    calls = [rf"\b{re.escape(name)}\(" for name in [*names, *map(ALIASES.get, names)] if name]
    return bool(lines) and any(re.search(call, lines[-1]) for call in calls)


def _told(kind: str, place: str, text: str) -> str:
    """Return what is wrong: kind and place, by which it is counted, and what is told."""
    return f"{kind} at {place} | {' '.join(text.split())[:150]}"


def _place(error: BaseException) -> str:
    """Return the last line of musisep that ran."""
    root = str(Path(musisep.__file__).parent)
    lines = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(root)]
    return f"{Path(lines[-1].filename).relative_to(root)}:{lines[-1].lineno}" if lines else "?"


def _any(test: Any, value: Any, depth: int = 0) -> bool:
    """Whether a test of floating point numbers is true for any in a result or an argument."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple) and depth < 4:
        return any(_any(test, part, depth + 1) for part in value)
    if hasattr(value, "stems"):
        return _any(test, value.stems)
    try:
        array = np.asarray(value)
        return array.dtype.kind in "fc" and bool(np.any(test(array)))
    except (ValueError, TypeError):
        return False


def _infinite(array: Any) -> Any:
    return ~np.isfinite(array)


def uncovered(good: dict[str, Any]) -> list[str]:
    """Return the names in any ``__all__`` that have no good call."""
    known = {word for name in good for word in re.split(r"[ .]", name)} | set(TYPES)
    missing = []
    for module in pkgutil.walk_packages(musisep.__path__, "musisep."):
        if "__main__" in module.name:
            continue
        found = importlib.import_module(module.name)
        for name in getattr(found, "__all__", ()):
            if name not in known and callable(getattr(found, name)):
                missing.append(f"{module.name}.{name}")
    return missing


def main() -> int:
    """Print the table; return the exit status."""
    args = arguments(__doc__, 8000, 100).parse_args()
    table, groups = Table(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        campaign = Campaign(args.seed, Path(folder))
        print(f"{len(campaign.good)} good calls; without one: {uncovered(campaign.good)}")
        first = range(-len(campaign.good), 0)
        for numbers, jobs, limit_s in (
            (first, 1, WARM_S),
            (range(args.number), args.jobs, LIMIT_S),
        ):
            for number, outcome in run(campaign.work, numbers, jobs, limit_s):
                name, given, odd = campaign.case(number)
                shown = [f"{key}={_shown(given.get(key))}" for key in odd]
                table.add(number, Outcome(outcome.row, outcome.column))
                for text in outcome.broken:
                    kind = f"{name}: {text.split(' | ')[0]}"
                    if not groups[kind]:
                        print(f"broken: {number} {name}({', '.join(shown)}): {text}", flush=True)
                    groups[kind] += 1
                    table.broken += 1
                    text = f"{name}({', '.join(shown)})\n{text}\n"
                    keep(args.keep, f"{number}", text.encode())
        os.chdir("/")
    print(f"{len(groups)} kinds of broken rules")
    for kind, count in groups.most_common():
        print(f"{count:5}  {kind}")
    return table.finish()


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape} {' '.join(repr(value.flat[:3]).split())}"
    return f"{type(value).__name__} {' '.join(repr(value).split())[:60]}"


if __name__ == "__main__":
    sys.exit(main())
