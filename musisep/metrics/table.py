"""Measures of separated stems as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.messages import shown
from musisep.metrics.stems import bss_eval

MEAN = "mean"
"""Name of the last row."""


class Measured(NamedTuple):
    """A row: how close a stem is to its reference.

    Attributes
    ----------
    name : str
        Of the reference, or `MEAN`.
    sdr, sir, sar : float
        In dB, see `musisep.metrics.bss_eval`.
    stem : int, optional
        Index of the stem; none for the mean.
    """

    name: str
    sdr: float
    sir: float
    sar: float
    stem: int | None = None


def measure_table(names: Sequence[str], references: ArrayLike, stems: ArrayLike) -> list[Measured]:
    """Measure stems, and the mean over them.

    Parameters
    ----------
    names : sequence of str
        Of the references.
    references, stems : array, shape (instrument, channel, sample)
        See `musisep.metrics.bss_eval`, which has the errors and warnings as well.

    Returns
    -------
    list of Measured
        A row for each reference, in their order, and the mean.
    """
    try:
        found = bss_eval(references, stems)
    except ValueError as error:
        raise ValueError(f"references and stems (its estimates): {error}") from None
    one_each = isinstance(names, Sequence) and not isinstance(names, str | bytes)
    if not one_each or len(names) != len(found.sdr):
        raise ValueError(f"names={shown(names)} must be a sequence, one for each reference")
    columns = [measure.tolist() for measure in found]
    rows = [Measured(*row) for row in zip(names, *columns, strict=True)]
    sdr, sir, sar = (float(np.mean(measure)) for measure in (found.sdr, found.sir, found.sar))
    return [*rows, Measured(MEAN, sdr, sir, sar)]
