"""Measures of tracks as tables: averages, rows, JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from musisep.evaluation.tracks import Measured, Options
from musisep.io.replacing import replacing
from musisep.metrics.averages import mean, middle

COLUMNS = ("track", "stem", "window_start_s", "measure", "value")
"""Of the table of all values; the start is empty for what is measured over a whole track."""
ALL = "all stems"
"""Name of what is averaged over stems of all names."""
AVERAGES = {"median": middle, "mean": mean}

Summary = dict[str, dict[str, dict[str, float]]]
"""Averages by stem, measure and kind of average."""


def summarise(tracks: Sequence[Measured]) -> Summary:
    """Average the medians of tracks, for each name of a stem and for all stems.

    Parameters
    ----------
    tracks : sequence of Measured
        The measures of the tracks.

    Returns
    -------
    dict
        By stem, measure, and "median" or "mean"; what is NaN does not count. `ALL` comes last.

    Examples
    --------
    >>> from musisep.evaluation.report import summarise
    >>> from musisep.evaluation.tracks import Measured
    >>> tracks = [
    ...     Measured(name, "name", {"flute": "flute"}, [], {"flute": {"SDR": sdr_db}})
    ...     for name, sdr_db in (("march", 4.0), ("tango", 6.0), ("waltz", 14.0))
    ... ]
    >>> summarise(tracks)["flute"]
    {'SDR': {'median': 6.0, 'mean': 8.0}}
    """
    values: dict[str, dict[str, list[float]]] = {}
    for track in tracks:
        for stem, measures in track.medians.items():
            for measure, value in measures.items():
                for name in (stem, ALL):
                    values.setdefault(name, {}).setdefault(measure, []).append(value)
    if ALL in values:
        values[ALL] = values.pop(ALL)
    return {
        stem: {
            measure: {kind: average(found) for kind, average in AVERAGES.items()}
            for measure, found in measures.items()
        }
        for stem, measures in values.items()
    }


def track_lines(track: Measured, window_s: float | None = None) -> list[str]:
    r"""Tell the measures of a track, in a table with a line for each stem.

    Parameters
    ----------
    track : Measured
        The measures of the track.
    window_s : float, optional
        Length in seconds of the windows over which the measures are medians.

    Returns
    -------
    list of str
        A title, the table, and what is to be known about the track.

    Examples
    --------
    >>> from musisep.evaluation.report import track_lines
    >>> from musisep.evaluation.tracks import Measured
    >>> medians = {"flute": {"SDR": 7.25, "SIR": 12.0}, "cello": {"SDR": 5.5, "SIR": 9.0}}
    >>> names = {"flute": "flute", "cello": "instrument2"}
    >>> print("\n".join(track_lines(Measured("march", "permutation", names, [], medians))))
    march (matched by permutation)
                 SDR     SIR  (dB)
      flute     7.25   12.00
      cello     5.50    9.00  instrument2
    """
    how = {"name": "matched by name", "permutation": "matched by permutation"}[track.matched]
    rows = {
        stem: (values, "" if track.estimates[stem] == stem else track.estimates[stem])
        for stem, values in track.medians.items()
    }
    if window_s:
        how += f", medians over windows of {window_s:g} s"
    return [f"{track.name} ({how})", *_table(rows), *(f"  {note}" for note in track.notes)]


def summary_lines(summary: Summary, tracks: int, options: Options) -> list[str]:
    r"""Tell averages over tracks, medians and then means.

    Parameters
    ----------
    summary : dict
        What `summarise` returns.
    tracks : int
        Number of tracks.
    options : Options
        How they were measured.

    Returns
    -------
    list of str
        A title and a table for each kind of average.

    Examples
    --------
    >>> from musisep.evaluation.report import summary_lines
    >>> from musisep.evaluation.tracks import Options
    >>> summary = {"flute": {"SDR": {"median": 6.0, "mean": 8.0}}}
    >>> print("\n".join(summary_lines(summary, 3, Options(window_s=1.0))))
    median over 3 tracks of medians over windows of 1 s
                 SDR  (dB)
      flute     6.00
    mean over 3 tracks of medians over windows of 1 s
                 SDR  (dB)
      flute     8.00
    """
    of = f" of medians over windows of {options.window_s:g} s" if options.window_s else ""
    lines = []
    for kind in AVERAGES:
        rows = {
            stem: ({measure: found[kind] for measure, found in measures.items()}, "")
            for stem, measures in summary.items()
        }
        lines += [f"{kind} over {tracks} tracks{of}", *_table(rows)]
    return lines


def value_rows(tracks: Sequence[Measured]) -> Iterator[tuple[object, ...]]:
    """Yield all values in rows of `COLUMNS`.

    Parameters
    ----------
    tracks : sequence of Measured
        The measures of the tracks.

    Yields
    ------
    tuple
        Track, stem, start of the window in seconds, measure, value in dB; the start is empty for
        what is measured over the whole track.

    Examples
    --------
    >>> from musisep.evaluation.report import value_rows
    >>> from musisep.evaluation.tracks import Measured
    >>> rows = [("flute", None, "SDR", 7.0), ("flute", 0.0, "SDR", 6.5)]
    >>> list(value_rows([Measured("march", "name", {}, rows, {})]))
    [('march', 'flute', '', 'SDR', 7.0), ('march', 'flute', 0.0, 'SDR', 6.5)]
    """
    for track in tracks:
        for stem, start_s, measure, value in track.rows:
            yield track.name, stem, "" if start_s is None else start_s, measure, value


def distributions(tracks: Sequence[Measured]) -> dict[str, dict[str, list[float]]]:
    """Return all values by measure and stem: those of windows, if there are any.

    Parameters
    ----------
    tracks : sequence of Measured
        The measures of the tracks.

    Returns
    -------
    dict of str to dict of str to list of float
        Values in dB, by measure and stem.

    Examples
    --------
    >>> from musisep.evaluation.report import distributions
    >>> from musisep.evaluation.tracks import Measured
    >>> rows = [("flute", None, "SDR", 7.0), ("flute", 0.0, "SDR", 6.5), ("flute", 1.0, "SDR", 8.0)]
    >>> distributions([Measured("march", "name", {}, rows, {})])
    {'SDR': {'flute': [6.5, 8.0]}}
    """
    found: dict[str, dict[str, list[float]]] = {}
    for track in tracks:
        windows = any(start_s is not None for _, start_s, _, _ in track.rows)
        for stem, start_s, measure, value in track.rows:
            if windows == (start_s is not None):
                found.setdefault(measure, {}).setdefault(stem, []).append(value)
    return found


def write_json(path: Path, tracks: Sequence[Measured], options: Options, version: str) -> None:
    """Write averages, settings and values whole or not at all.

    What is unknown is null, and what is infinite the string "inf" or "-inf".

    Parameters
    ----------
    path : Path
        Name of the file.
    tracks : sequence of Measured
        The measures of the tracks.
    options : Options
        How they were measured.
    version : str
        Version of musisep.

    Raises
    ------
    AudioFileError
        If the file cannot be written.

    Examples
    --------
    >>> import json
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.evaluation.report import write_json
    >>> from musisep.evaluation.tracks import Measured, Options
    >>> march = Measured("march", "name", {"flute": "flute"}, [], {"flute": {"SDR": float("inf")}})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_json(Path(folder, "measures.json"), [march], Options(), "1.0")
    ...     content = json.loads(Path(folder, "measures.json").read_text())
    >>> list(content), content["tracks"][0]["medians"]
    (['musisep', 'settings', 'summary', 'tracks'], {'flute': {'SDR': 'inf'}})
    """
    content = {
        "musisep": version,
        "settings": asdict(options),
        "summary": summarise(tracks),
        "tracks": [asdict(track) for track in tracks],
    }
    save_json(path, content)


def save_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON whole or not at all; unknown numbers are null, infinite ones strings."""
    with replacing(path) as temporary:
        text = json.dumps(plain(content), indent=1, allow_nan=False)
        temporary.write_text(f"{text}\n", encoding="utf-8")


def plain(value: Any) -> Any:
    """Put what JSON has in the place of numbers that it lacks, at any depth."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _table(rows: Mapping[str, tuple[Mapping[str, float], str]]) -> list[str]:
    """Return a head, and a line for each row: name, values in dB, and what stands behind them."""
    measures = list(next(iter(rows.values()))[0])
    width = max(map(len, rows))
    head = "".join(f"{measure:>8}" for measure in measures)
    return [
        f"  {'':{width}}{head}  (dB)",
        *(
            f"  {name:{width}}{''.join(_cell(values[m]) for m in measures)}  {behind}".rstrip()
            for name, (values, behind) in rows.items()
        ),
    ]


def _cell(value: float) -> str:
    return f"{'-':>8}" if math.isnan(value) else f"{value:8.2f}"
