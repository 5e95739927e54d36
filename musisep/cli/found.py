"""What was found in a recording, for the record beside the tracks."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from musisep.result import Separation
from musisep.tones.peaks import Floats
from musisep.tones.table import pitch_range_hz


def found_of(
    separation: Separation, names: Sequence[str], levels_db: Mapping[str, float], gain: float
) -> dict[str, Any]:
    """Return what was found, in the types of JSON; its numbers are finite, or null.

    Parameters
    ----------
    separation : Separation
        What is told about.
    names : sequence of str
        Of the instruments.
    levels_db : mapping of str to float
        Levels of the tracks, before the gain.
    gain : float
        By which all tracks were multiplied when they were written.

    Returns
    -------
    dict of str to object
        The page on separation tells what each of it is.
    """
    counted, fit = separation.counted, separation.fit
    ranges = [pitch_range_hz(separation.tones, k) for k in range(len(names))]
    sure = separation.confidence if len(names) > 1 else None
    found = {
        "instruments": list(names),
        "called": "unknown" if sure is None else separation.called,
        "confidence": _listed(sure),
        "certainty": _listed(separation.certainty),
        "unexplained": separation.unexplained,
        "answers": list(separation.answers),
        "chosen": int(separation.chosen) if separation.answers else None,
        "counted": None if counted is None else {
            "number": counted.number, "certainty": counted.certainty,
            "probabilities": _listed(counted.probabilities),
        },
        "misfits": None if fit is None else [names[k] for k in fit.misfits],
        "likenesses": _likenesses(separation, names),
        "names_right": _listed(separation.names_right),
        "pitch_range_hz": dict(zip(names, ranges, strict=True)),
        "level_db": dict(levels_db),
        "gain": gain,
    }  # fmt: skip
    finite: dict[str, Any] = _finite(found)
    return finite


def _listed(values: Floats | None) -> list[float] | None:
    return None if values is None else [float(value) for value in values]


def _likenesses(separation: Separation, names: Sequence[str]) -> dict[str, Any] | None:
    if separation.likenesses is None:
        return None
    return {
        name: {like.name: like.probability for like in own}
        for name, own in zip(names, separation.likenesses, strict=True)
    }


def _finite(value: Any) -> Any:
    """Put None in the place of numbers that JSON lacks, at any depth."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
