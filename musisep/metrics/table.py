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

    Parameters
    ----------
    name : str
        Name of the reference, or `MEAN`.
    sdr, sir, sar : float
        Measures in dB, see `musisep.metrics.bss_eval`.
    stem : int, optional
        Index of the stem; none for the mean.

    Examples
    --------
    >>> from musisep.metrics.table import Measured
    >>> row = Measured("horn", sdr=8.1, sir=15.2, sar=9.4, stem=1)
    >>> f"{row.name}: {row.sdr} dB"
    'horn: 8.1 dB'
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
        Names of the references.
    references, stems : array_like, float [instrument, channel, sample]
        True stems, and those that were found, in any order.

    Returns
    -------
    list of Measured
        A row for each reference, in their order, and the mean.

    Raises
    ------
    ValueError
        If names are not one for each reference, or `musisep.metrics.bss_eval` refuses the stems.

    Warns
    -----
    RuntimeWarning
        Once, naming the silent signals, whose measures are NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.metrics.table import measure_table
    >>> time_s = np.arange(8000) / 8000
    >>> sines = np.sin(2 * np.pi * np.outer([440, 660], time_s))
    >>> for row in measure_table(["clarinet", "horn"], sines, sines[::-1] + 0.1 * sines):
    ...     print(row.name, round(row.sdr, 1), row.stem)
    clarinet 20.0 1
    horn 20.0 0
    mean 20.0 None
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
