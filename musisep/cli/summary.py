"""What is told about a separation, in lines of text."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep.io import files
from musisep.metrics import bss_eval
from musisep.separation import Separation
from musisep.stems import stem_names

RANGE = (0.05, 0.95)
"""The pitch range leaves out what is below and above these shares of the summed amplitude."""


def stem_lines(separation: Separation, paths: Sequence[Path]) -> list[str]:
    """Tell the level and the pitch range of each stem, and what the model left over.

    Parameters
    ----------
    separation : Separation
        What is told about.
    paths : sequence of Path
        The files of its stems, and of its residual if that was written.

    Returns
    -------
    list of str
        A line for each path, and one for the learning.
    """
    signals = list(separation.stems)
    ranges = [pitch_range(separation, k) for k in range(len(signals))]
    if len(paths) > len(signals):
        signals.append(separation.residual)
        ranges.append("")
    width = max(len(str(path)) for path in paths)
    lines = [
        f"  {path!s:{width}}  {level(signal):>9}  {pitches}".rstrip()
        for path, signal, pitches in zip(paths, signals, ranges, strict=True)
    ]
    left = f"  left unexplained: {separation.unexplained:.1%}"
    answers = len(separation.answers)
    return [*lines, left + f" (best of {answers} answers)" * (answers > 1)]


def level(signal: NDArray[np.float64]) -> str:
    """Tell the root mean square in dB, relative to full scale."""
    power = float(np.vdot(signal, signal)) / signal.size
    return f"{10 * math.log10(power):.1f} dB" if power > 0 else "silent"


def pitch_range(separation: Separation, instrument: int) -> str:
    """Tell between which fundamental frequencies nearly all of an instrument's tones are."""
    tones = separation.tones[separation.tones["instrument"] == instrument]
    tones = tones[np.argsort(tones["f0_hz"])]
    heard = np.cumsum(tones["amplitude"])
    if not heard.size or not heard[-1] > 0:
        return ""
    low, high = tones["f0_hz"][np.searchsorted(heard, np.array(RANGE) * heard[-1])]
    return f"{low:.0f} to {high:.0f} Hz"


def read_references(
    paths: Sequence[Path],
    mixture: NDArray[np.float64],
    sample_rate: int,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
) -> NDArray[np.float64]:
    """Read the true stems of a mixture.

    Parameters
    ----------
    paths : sequence of Path
        One file for each instrument.
    mixture : array, shape (channel, sample)
        What `start_s` and `duration_s` cut out of the recording.
    sample_rate : int
        Of the mixture, in Hz.
    start_s, duration_s : float
        The excerpt, as for `musisep.io.files.read`.

    Returns
    -------
    ndarray, shape (instrument, channel, sample)

    Raises
    ------
    AudioFileError
        If a file cannot be read.
    ValueError
        If rate, channels or length differ from those of the mixture.
    """
    references = np.empty((len(paths), *mixture.shape))
    for reference, path in zip(references, paths, strict=True):
        audio, rate = files.read(path, start_s=start_s, duration_s=duration_s)
        if (rate, audio.shape) != (sample_rate, mixture.shape):
            raise ValueError(
                f"reference {path} has {_extent(audio, rate)}, "
                f"the recording {_extent(mixture, sample_rate)}; make them alike"
            )
        reference[:] = audio
    return references


def measure_lines(names: Sequence[str], references: ArrayLike, stems: ArrayLike) -> list[str]:
    """Tell how close stems are to the true ones, in a table of SDR, SIR and SAR in dB.

    Parameters
    ----------
    names : sequence of str
        Of the references.
    references, stems : array, shape (instrument, channel, sample)
        See `musisep.metrics.bss_eval`.

    Returns
    -------
    list of str
        The head, a line for each reference, and the mean.
    """
    measured = bss_eval(references, stems)
    values = np.stack([measured.sdr, measured.sir, measured.sar], axis=1)
    stems_by_number = stem_names(len(measured.permutation))
    tracks = [stems_by_number[k] for k in measured.permutation]
    width = max(len(name) for name in (*names, "mean"))
    rows = zip((*names, "mean"), (*values, values.mean(axis=0)), (*tracks, ""), strict=True)
    return [
        f"  {'':{width}}  {'SDR':>7} {'SIR':>7} {'SAR':>7}  (dB)",
        *(
            f"  {name:{width}}  " + " ".join(f"{x:7.2f}" for x in row) + f"  {track}".rstrip()
            for name, row, track in rows
        ),
    ]


def _extent(audio: NDArray[np.float64], sample_rate: int) -> str:
    channels, samples = audio.shape
    return f"{samples} samples x {channels} channels at {sample_rate} Hz"
