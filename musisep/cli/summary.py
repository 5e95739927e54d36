"""What is told about a separation, in lines of text and in tables."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musisep.confidence import GOOD_DB
from musisep.io import files
from musisep.io.stored import Stored
from musisep.metrics.table import Measured
from musisep.result import Separation
from musisep.stems import stem_names
from musisep.tones.table import pitch_range_hz

MEASURE_COLUMNS = ("reference", "sdr_db", "sir_db", "sar_db", "stem")
"""Columns of a table of measures in a file."""
VERDICTS = {"good": "likely good", "doubtful": "doubtful", "poor": "likely poor"}
"""What a separation is called on the screen."""
ADVICE = "Try --front-end pursuit, or another number of --instruments"
"""What may help."""
WITHOUT = "Learn them from this recording: leave --dictionary out"
"""What may help if a dictionary is given."""
ANOTHER_SCORE = "Try another one, or leave --notes-in out"
"""What may help if a score does not fit."""
SAME_CENTS = 5
"""A difference in tuning below is none that is heard."""
SURE = 0.7
"""Certainty from which on another number of instruments need not be tried, nor names be doubted."""
ANSWERS = {"adam": "dictionaries"}
"""What a method chooses from, where that is not just called answers."""


def stem_lines(
    separation: Separation,
    paths: Sequence[Path],
    levels: Mapping[str, float],
    names: Sequence[str] | None = None,
) -> list[str]:
    """Tell the level of each track, the pitch range of stems, and what the model left over.

    Parameters
    ----------
    separation : Separation
        What is told about.
    paths : sequence of Path
        The files of its tracks.
    levels : mapping of str to float
        Of the tracks by their names, in the same order, in dB.
    names : sequence of str, optional
        Of the stems; default: those of `stem_names`.

    Returns
    -------
    list of str
        A line for each path, one for the learning, and what is doubtful.
    """
    ranges = {
        name: _range(pitch_range_hz(separation.tones, k))
        for k, name in enumerate(stem_names(len(separation.stems), names))
    }
    width = max(len(str(path)) for path in paths)
    lines = [
        f"  {path!s:{width}}  {_level(level):>9}  {ranges.get(name, '')}".rstrip()
        for path, (name, level) in zip(paths, levels.items(), strict=True)
    ]
    left = f"  the model leaves {separation.unexplained:.1%} of the recording unexplained"
    told = alignment_lines(separation) + count_lines(separation) + likeness_lines(separation, names)
    told += confidence_lines(separation)
    told += misfit_lines(separation, names)
    return [*lines, f"{left}{_choice(separation)}", *told]


def alignment_lines(separation: Separation) -> list[str]:
    """Tell how the time and tuning of a score became those of the recording, or what to try."""
    found = separation.alignment
    if found is None:
        return []
    if not found.fits:
        return [f"  the score seems to be of something else. {ANOTHER_SCORE}"]
    slower, cents = found.slower, round(found.cents)
    tempo = "as long" if abs(slower - 1) < 0.005 else f"{slower:.2f} times as long"
    height = f"{abs(cents)} cents {'higher' if cents > 0 else 'lower'}"
    tuning = height if abs(cents) >= SAME_CENTS else "tuned alike"
    return [f"  the score fits: the recording takes {tempo}, and is {tuning}"]


def count_lines(separation: Separation) -> list[str]:
    """Tell how many instruments were found, how sure that is, and what to try if it is not."""
    counted = separation.counted
    if counted is None or not separation.tones.size:
        return []
    noun = "instrument" if counted.number == 1 else "instruments"
    told = f"  {counted.number} {noun} (certainty {counted.certainty:.0%})"
    if counted.certainty >= SURE:
        return [told]
    return [f"{told}; it may be another number. Try --instruments {counted.second}"]


def likeness_lines(separation: Separation, names: Sequence[str] | None = None) -> list[str]:
    """Tell which instruments the stems sound like or, of named ones, whether names may be wrong."""
    if separation.settings.names:
        right = separation.names_right
        alike = len(set(separation.settings.names)) < 2
        if right is None or alike or not np.isfinite(right).any():
            return []
        heard = [(number, share) for number, share in enumerate(right) if np.isfinite(share)]
        told = ", ".join(f"{_stem(number, names)} {share:.0%}" for number, share in heard)
        doubt = "" if min(share for _, share in heard) >= SURE else "; listen which is which"
        return [f"  probability of the right name: {told}{doubt}"]
    told = ", ".join(
        f"{_stem(number, names)} {own[0].name} ({own[0].probability:.0%})"
        for number, own in enumerate(separation.likenesses or ())
        if own
    )
    return [f"  most like: {told}"] if told else []


def confidence_lines(separation: Separation) -> list[str]:
    """Tell how likely the stems are good, and what to try if they are not."""
    sure = separation.confidence
    if sure is None or len(sure) < 2:
        return []
    each = ", ".join(f"{share:.0%}" for share in sure)
    told = f"  {VERDICTS[separation.called]}: probability of {GOOD_DB:.0f} dB or more is {each}"
    if separation.called == "good":
        return [told]
    advice = ADVICE if separation.fit is None else WITHOUT
    return [f"{told}; it is not clear who plays what. {advice}"]


def misfit_lines(separation: Separation, names: Sequence[str] | None = None) -> list[str]:
    """Tell which instruments do not sound like a dictionary that was given, and what to try."""
    if separation.fit is None or not separation.fit.misfits:
        return []
    misfits = ", ".join(_stem(inst, names) for inst in separation.fit.misfits)
    return [f"  the dictionary does not fit {misfits}. {WITHOUT}"]


def choice_lines(separation: Separation) -> list[str]:
    """Tell what each of the answers that were tried leaves unexplained, and which one was used."""
    what = ANSWERS.get(separation.settings.method, "answers")
    left = ", ".join(f"{share:.2%}" for share in separation.answers)
    if len(separation.answers) < 2:
        return []
    number = separation.chosen + 1
    return [f"number {number} of {len(separation.answers)} {what} is used; they leave {left}"]


def read_references(
    paths: Sequence[Path],
    mixture: NDArray[np.float64] | Stored,
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
    mixture : array or Stored, shape (channel, sample)
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


def measure_lines(rows: Sequence[Measured], names: Sequence[str] | None = None) -> list[str]:
    """Tell how close stems are to the true ones, in a table of SDR, SIR and SAR in dB.

    Parameters
    ----------
    rows : sequence of Measured
        From `musisep.metrics.table.measure_table`.
    names : sequence of str, optional
        Of the stems; default: those of `stem_names`.

    Returns
    -------
    list of str
        The head, and a line for each row.
    """
    width = max(len(row.name) for row in rows)
    return [
        f"  {'':{width}}  {'SDR':>7} {'SIR':>7} {'SAR':>7}  (dB)",
        *(
            f"  {row.name:{width}}  {row.sdr:7.2f} {row.sir:7.2f} {row.sar:7.2f}"
            f"  {_stem(row.stem, names)}".rstrip()
            for row in rows
        ),
    ]


def write_measures(path: Path, rows: Iterable[Measured]) -> None:
    """Write a table of measures, with a column for each of `MEASURE_COLUMNS`."""
    cells = ((row.name, row.sdr, row.sir, row.sar, _stem(row.stem)) for row in rows)
    write_table(path, MEASURE_COLUMNS, cells)


def write_tones(path: Path, separation: Separation) -> None:
    """Write the tones with a column for each of ``separation.tones``, instruments by name."""
    tones = separation.tones
    names = np.array(stem_names(len(separation.stems)))
    columns = [
        names[tones[name]] if name == "instrument" else tones[name] for name in tones.dtype.names
    ]
    write_table(path, tones.dtype.names, zip(*(column.tolist() for column in columns), strict=True))


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file whole or not at all; AudioFileError if that is impossible."""
    with (
        files.replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def _level(level: float) -> str:
    return "silent" if level == -math.inf else f"{level:.1f} dB"


def _range(range_hz: tuple[float, float] | None) -> str:
    return "" if range_hz is None else "{:.0f} to {:.0f} Hz".format(*range_hz)


def _choice(separation: Separation) -> str:
    what, number = ANSWERS.get(separation.settings.method, "answers"), len(separation.answers)
    return f" (best of {number} {what})" if number > 1 else ""


def _stem(number: int | None, names: Sequence[str] | None = None) -> str:
    return "" if number is None else (names or stem_names(number + 1))[number]


def _extent(audio: NDArray[np.float64] | Stored, sample_rate: int) -> str:
    channels, samples = audio.shape
    return f"{samples} samples x {channels} channels at {sample_rate} Hz"
