"""Results of a benchmark as tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from musisep.benchmark.runs import Result
from musisep.metrics.averages import interval, mean, middle

COLUMNS = ("method", "track", "stem", "measure", "value", "seconds", "duration_s")
"""Of the table of all values."""
OTHERS = ("SIR", "SAR", "SI-SDR")
SHARP = 1
"""Decimals of decibels."""


class Figures(NamedTuple):
    """What a method reached on a data set.

    Parameters
    ----------
    method : str
        Name of the method.
    tracks : int
        Of which there are measures.
    means : dict of str to float
        By measure: over tracks of means over stems, in dB; what is NaN does not count.
    interval : tuple of float
        95 % bootstrap interval of the mean SDR over the tracks, in dB.
    median : float
        Median of the SDR over the tracks, in dB.
    difference : float
        Mean of the differences in SDR to the first method, on the tracks that both have; NaN for
        the first.
    difference_interval : tuple of float
        95 % bootstrap interval of that mean, in dB.
    real_time : float
        Seconds that it took over seconds of the tracks.

    Examples
    --------
    >>> from musisep.benchmark.tables import Figures
    >>> figures = Figures("nmf", 8, {"SDR": 3.5}, (2.5, 4.5), 3.0, -1.5, (-2.0, -1.0), 0.25)
    >>> f"{figures.means['SDR']} dB, {figures.difference} dB against the first"
    '3.5 dB, -1.5 dB against the first'
    """

    method: str
    tracks: int
    means: dict[str, float]
    interval: tuple[float, float]
    median: float
    difference: float
    difference_interval: tuple[float, float]
    real_time: float


def figures_of(results: Sequence[Result]) -> list[Figures]:
    """Return the figures of each method, in the order in which they first appear.

    Parameters
    ----------
    results : sequence of Result
        Results of all methods on all tracks.

    Returns
    -------
    list of Figures
        Figures of each method.

    Examples
    --------
    >>> from musisep.benchmark.runs import Result
    >>> from musisep.benchmark.tables import figures_of
    >>> def result(track, method, sdr_db):
    ...     measures = {"SDR": sdr_db, "SIR": 9.0, "SAR": 9.0, "SI-SDR": 9.0}
    ...     return Result(track, method, {"flute": measures}, 2.0, 8.0)
    >>> ours, other = figures_of([
    ...     result("march", "ours", 6.0), result("waltz", "ours", 8.0),
    ...     result("march", "other", 5.0), result("waltz", "other", 6.0),
    ... ])
    >>> ours.means["SDR"], other.means["SDR"], other.difference, ours.real_time
    (7.0, 5.5, -1.5, 0.25)
    """
    by_method: dict[str, dict[str, Result]] = {}
    for result in results:
        by_method.setdefault(result.method, {})
        if result.measures:
            by_method[result.method][result.track] = result
    base: dict[str, float] | None = None
    figures = []
    for method, own in by_method.items():
        sdr = {track: _of_stems(result, "SDR") for track, result in own.items()}
        base = sdr if base is None else base
        gains = [value - base[track] for track, value in sdr.items() if track in base]
        values = list(sdr.values())
        others = {
            name: mean([_of_stems(result, name) for result in own.values()]) for name in OTHERS
        }
        duration = sum(result.duration_s for result in own.values())
        seconds = sum(result.seconds for result in own.values())
        first = base is sdr
        figures.append(Figures(
            method, len(own), {"SDR": mean(values), **others}, interval(values), middle(values),
            math.nan if first else mean(gains),
            (math.nan, math.nan) if first else interval(gains),
            seconds / duration if duration else math.nan,
        ))  # fmt: skip
    return figures


def table_of(figures: Sequence[Figures]) -> list[list[str]]:
    """Return rows of cells, the head first; decibels but for tracks and the real-time factor."""
    first = figures[0].method if figures else ""
    head = ["method", "tracks", "SDR", "median", *OTHERS, f"against {first}", "real-time factor"]
    return [head, *(
        [
            row.method, str(row.tracks), _with_interval(row.means["SDR"], row.interval),
            _cell(row.median), *(_cell(row.means[name]) for name in OTHERS),
            _with_interval(row.difference, row.difference_interval, sign="+"),
            "" if math.isnan(row.real_time) else f"{row.real_time:.3f}",
        ]
        for row in figures
    )]  # fmt: skip


def text_lines(table: Sequence[Sequence[str]]) -> list[str]:
    """Return a table with columns of one width."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join([
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]).rstrip()
        for row in table
    ]  # fmt: skip


def markdown(table: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    head, *rows = (f"| {' | '.join(row)} |" for row in table)
    return "\n".join([head, "|" + "---|" * len(table[0]), *rows, ""])


def rst(table: Sequence[Sequence[str]]) -> str:
    """Return a table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in table:
        for place, cell in enumerate(row):
            lines.append(f"   {'*' if not place else ' '} - {cell}".rstrip())
    return "\n".join([*lines, ""])


def value_rows(results: Sequence[Result]) -> Iterator[tuple[object, ...]]:
    """Yield all values in rows of `COLUMNS`."""
    for result in results:
        for stem, measures in result.measures.items():
            for measure, value in measures.items():
                yield (
                    result.method, result.track, stem, measure, value, result.seconds,
                    result.duration_s,
                )  # fmt: skip


def _of_stems(result: Result, measure: str) -> float:
    return mean([values[measure] for values in result.measures.values()])


def _with_interval(value: float, around: tuple[float, float], sign: str = "") -> str:
    if math.isnan(around[0]):
        return _cell(value, sign)
    low, high = (_cell(end, sign) for end in around)
    return f"{_cell(value, sign)} [{low}, {high}]"


def _cell(value: float, sign: str = "") -> str:
    if math.isnan(value):
        return ""
    return f"{round(value, SHARP) + 0.0:{sign}.{SHARP}f}"


def track_sdr(result: Result) -> float:
    """Return the mean SDR of a result over its stems, in dB."""
    return _of_stems(result, "SDR")


def as_json(
    figures: Sequence[Figures],
    results: Sequence[Result],
    version: str,
    taps: int,
    duration_s: float | None,
) -> dict[str, Any]:
    """Return figures, results, and how they were made, for a JSON file."""
    return {
        "musisep": version,
        "settings": {"filter_length": taps, "duration_s": duration_s},
        "methods": [row._asdict() for row in figures],
        "results": [asdict(result) for result in results],
    }
