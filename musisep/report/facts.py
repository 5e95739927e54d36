"""What a page tells of a separation, in the types of JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from musisep import __version__
from musisep.metrics.table import Measured
from musisep.result import Separation
from musisep.scores.score import NoteTable

LEAST_DB = -60.0
"""Softer harmonics have no bar."""


def instruments_of(separation: Separation, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return what is known of each instrument; what is not known is None.

    Parameters
    ----------
    separation : Separation
    names : sequence of str
        Of the instruments.
    """
    columns = separation.dictionary.amplitudes.T
    sure = separation.confidence if len(names) > 1 else None
    alike, right = separation.likenesses, separation.names_right
    quietest = 10 ** (LEAST_DB / 20)
    return [
        {
            "name": name,
            "confidence": None if sure is None else number(sure[k], 3),
            "right": None if right is None else number(right[k], 3),
            "alike": [] if alike is None else [[like.name, like.probability] for like in alike[k]],
            "harmonicsDb": np.round(20 * np.log10(np.maximum(columns[k], quietest)), 1).tolist(),
        }
        for k, name in enumerate(names)
    ]


def notes_of(notes: NoteTable) -> list[list[float | None]]:
    """Return a row for each note: onset, offset, pitch in Hz, level, instrument, certainty."""
    digits = (4, 4, 3, 1, 0, 3)  # as in tables of notes in files
    return [
        [number(value, places) for value, places in zip(row, digits, strict=True)]
        for row in notes.tolist()
    ]


def measures_of(measures: Sequence[Measured]) -> list[dict[str, Any]]:
    """Return a row for each reference, and the mean."""
    return [
        {"name": row.name, "stem": row.stem}
        | {name: number(getattr(row, name), 2) for name in ("sdr", "sir", "sar")}
        for row in measures
    ]


def verdict_of(separation: Separation, names: Sequence[str]) -> dict[str, Any]:
    """Return how good it is, as far as that is known, and how it was made."""
    return {
        "called": separation.called if len(names) > 1 else "unknown",
        "unexplained": number(separation.unexplained, 4),
        "sampleRate": separation.sample_rate,
        "channels": separation.mixture.shape[0],
        "seconds": separation.mixture.shape[1] / separation.sample_rate,
        "settings": texts(asdict(separation.settings)),
        "version": __version__,
    }


def texts(values: Mapping[str, Any]) -> list[list[str]]:
    """Return names and values as pairs of texts."""
    return [[str(name), str(value)] for name, value in values.items()]


def number(value: float, digits: int) -> float | None:
    """Return a rounded number, or None for what JSON lacks."""
    return round(float(value), digits) if math.isfinite(value) else None
