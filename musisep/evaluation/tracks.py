"""One track: estimated and true stems from files, matched and measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from musisep.evaluation.folders import Track
from musisep.io import files
from musisep.metrics.stems import Signals
from musisep.metrics.windows import Evaluation, Row, evaluate

AUTO, BY_NAME, BY_PERMUTATION = "auto", "name", "permutation"
MATCHES = (AUTO, BY_NAME, BY_PERMUTATION)
MOST_CUT = 16
"""Samples by which lengths may differ: what rounding makes of them on resampling."""


@dataclass(frozen=True)
class Options:
    """How tracks are measured, see `musisep.metrics.windows.evaluate`.

    Parameters
    ----------
    filter_length : int
        Taps of the distortion that is allowed; 1 is a gain.
    window_s : float > 0, optional
        Length of windows in seconds; by default, there are none.
    hop_s : float > 0, optional
        Time from window to window in seconds; default: `window_s`.
    version : {"sources", "images"}
        What counts as the truth.
    filters : {"track", "window"}
        What filters are fitted to.
    match : {"auto", "name", "permutation"}
        How estimates and references are matched: "auto" is by name if each reference has an
        estimate of its name, in small letters or not, and by permutation otherwise.

    Examples
    --------
    What BSS Eval 4 does by default, as on MUSDB18:

    >>> from musisep.evaluation.tracks import Options
    >>> Options(filter_length=512, window_s=1.0, version="images").match
    'auto'
    """

    filter_length: int = 1
    window_s: float | None = None
    hop_s: float | None = None
    version: str = "sources"
    filters: str = "track"
    match: str = AUTO


@dataclass(frozen=True)
class Measured:
    """The measures of a track.

    Parameters
    ----------
    name : str
        Name of the track.
    matched : {"name", "permutation"}
        How estimates and references were matched.
    estimates : dict of str to str
        The estimate of each reference.
    rows : list of (str, float or None, str, float)
        Stem, start of the window in seconds or None for the whole track, measure, value in dB.
    medians : dict of str to dict of str to float
        By stem and measure: medians over the windows, see `Evaluation.medians`.
    notes : list of str
        What is to be known about it.

    Examples
    --------
    >>> from musisep.evaluation.tracks import Measured
    >>> rows = [("flute", 0.0, "SDR", 7.0), ("flute", 1.0, "SDR", 9.0)]
    >>> song = Measured("song", "name", {"flute": "flute"}, rows, {"flute": {"SDR": 8.0}})
    >>> song.medians["flute"]["SDR"], song.notes
    (8.0, [])
    """

    name: str
    matched: str
    estimates: dict[str, str]
    rows: list[Row]
    medians: dict[str, dict[str, float]]
    notes: list[str] = field(default_factory=list)


def measure_track(estimates: Track, references: Track, options: Options) -> Measured:
    """Read the stems of a track and measure them.

    Parameters
    ----------
    estimates, references : Track
        Files of estimated and of true stems.
    options : Options
        How they are measured.

    Returns
    -------
    Measured
        The measures, by the names of the references.

    Raises
    ------
    AudioFileError
        If a file cannot be read.
    ValueError
        If stems cannot be matched, or rates or lengths differ.

    Examples
    --------
    Of each instrument, a tenth of the amplitude is left in the estimate of the other, which is
    20 dB below:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.evaluation.folders import tracks_in
    >>> from musisep.evaluation.tracks import Options, measure_track
    >>> from musisep.io import files
    >>> seconds = np.arange(8000) / 8000
    >>> flute, cello = (0.1 * np.sin(2 * np.pi * hz * seconds) for hz in (660, 220))
    >>> stems = {"true/flute": flute, "true/cello": cello}
    >>> stems |= {"found/flute": flute + 0.1 * cello, "found/cello": cello + 0.1 * flute}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, stem in stems.items():
    ...         files.write(Path(folder, f"{name}.wav"), stem, 8000)
    ...     (true,), (found,) = (tracks_in(Path(folder, name)) for name in ("true", "found"))
    ...     measured = measure_track(found, true, Options())
    >>> {stem: round(values["SDR"], 1) for stem, values in measured.medians.items()}
    {'cello': 20.0, 'flute': 20.0}
    """
    pairs, matched, notes = match_stems(estimates.stems, references.stems, options.match)
    paths = [*references.stems.values(), *pairs.values()]
    signals, rate, read_notes = read_alike(paths)
    check_length(signals.shape[-1], len(references.stems), options.filter_length)
    true, found = signals[: len(references.stems)], signals[len(references.stems) :]
    result = evaluate(
        true, found, sample_rate=rate, window_s=options.window_s, hop_s=options.hop_s,
        filter_length=options.filter_length, version=options.version, filters=options.filters,
        permute=matched == BY_PERMUTATION,
    )  # fmt: skip
    names, own = list(references.stems), list(pairs)
    return Measured(
        references.name,
        matched,
        {name: own[place] for name, place in zip(names, result.permutation, strict=True)},
        list(result.rows(names)),
        _medians(result, names),
        [*notes, *read_notes, *_silent(result, names, own)],
    )


def match_stems(
    estimates: Mapping[str, Path], references: Mapping[str, Path], match: str
) -> tuple[dict[str, Path], str, list[str]]:
    """Return the estimates to measure, how they are matched, and what is to be known about that.

    Parameters
    ----------
    estimates, references : mapping of str to Path
        Files by the names of their stems.
    match : {"auto", "name", "permutation"}
        See `Options`.

    Returns
    -------
    pairs : dict of str to Path
        The estimates to measure; matched by name, they are in the order of the references.
    matched : {"name", "permutation"}
        How they are matched.
    notes : list of str
        Estimates that are left out.

    Raises
    ------
    ValueError
        If a reference has no estimate of its name, or their numbers differ.

    Examples
    --------
    >>> from pathlib import Path
    >>> from musisep.evaluation.tracks import match_stems
    >>> true = {"flute": Path("true/flute.wav"), "cello": Path("true/cello.wav")}
    >>> found = {name: Path(f"found/{name}.wav") for name in ("Cello", "Flute", "drums")}
    >>> pairs, matched, notes = match_stems(found, true, "auto")
    >>> list(pairs), matched, notes
    (['Flute', 'Cello'], 'name', ['no reference for drums, which is left out'])
    """
    folded = {name.casefold(): name for name in reversed(list(estimates))}
    own = {name: name if name in estimates else folded.get(name.casefold()) for name in references}
    missing = [name for name, found in own.items() if found is None]
    named = [found for found in own.values() if found is not None]
    if match != BY_PERMUTATION and len(set(named)) == len(own):
        others = [name for name in estimates if name not in named]
        notes = [f"no reference for {', '.join(others)}, which is left out"] if others else []
        return {name: estimates[name] for name in named}, BY_NAME, notes
    if match == BY_NAME:
        raise ValueError(
            f"no estimate is called {', '.join(missing or own)}; there is {_list(estimates)}"
        )
    if len(estimates) != len(references):
        raise ValueError(
            f"{len(estimates)} estimates ({_list(estimates)}) for {len(references)} references "
            f"({_list(references)}); make them as many, or call them alike"
        )
    return dict(estimates), BY_PERMUTATION, []


def read_alike(
    paths: Sequence[Path], duration_s: float = math.inf
) -> tuple[Signals, int, list[str]]:
    """Read files that differ by a few samples at most.

    They are cut to the shortest and to so many seconds, and a single channel is repeated where
    others have more; what was done is told.

    Parameters
    ----------
    paths : sequence of Path
        The files.
    duration_s : float
        How much is read at most, in seconds; default: all.

    Returns
    -------
    signals : ndarray [file, channel, sample]
        The samples.
    sample_rate : int
        In Hz.
    notes : list of str
        What was done to make them alike.

    Raises
    ------
    ValueError
        If they differ by more than `MOST_CUT` samples, or in their rates, or have channels that do
        not fit; the message names a file.
    AudioFileError
        If a file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.evaluation.tracks import read_alike
    >>> from musisep.io import files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = [Path(folder, name) for name in ("flute.wav", "cello.wav")]
    ...     files.write(paths[0], np.full((2, 800), 0.5), 8000)
    ...     files.write(paths[1], np.full((1, 803), 0.25), 8000)
    ...     signals, sample_rate, notes = read_alike(paths)
    >>> signals.shape, signals[:, :, 0].tolist()
    ((2, 2, 800), [[0.5, 0.5], [0.25, 0.25]])
    >>> notes[0]
    'lengths differ by 3 samples; all are cut to the shortest'
    """
    found = [files.info(path) for path in paths]
    first, notes = found[0], []
    for path, info in zip(paths, found, strict=True):
        if info.sample_rate != first.sample_rate:
            raise ValueError(
                f"{path} has {info.sample_rate} Hz, {paths[0]} {first.sample_rate} Hz; "
                "resample one of them"
            )
    samples, channels = min(i.samples for i in found), max(i.channels for i in found)
    longest = max(info.samples for info in found)
    if longest - samples > MOST_CUT:
        short, long = (
            next(path for path, info in zip(paths, found, strict=True) if info.samples == length)
            for length in (samples, longest)
        )
        raise ValueError(
            f"{short} has {samples} samples, {long} {longest}; cut them to the same part"
        )
    if longest > samples:
        notes.append(f"lengths differ by {longest - samples} samples; all are cut to the shortest")
    if any(info.channels not in (1, channels) for info in found):
        raise ValueError(f"files have 1 to {channels} channels; make them alike")
    if any(info.channels != channels for info in found):
        notes.append(f"files with one channel are taken for {channels} equal ones")
    samples = max(1, int(min(samples, duration_s * first.sample_rate)))
    signals = np.empty((len(paths), channels, samples))
    for signal, path in zip(signals, paths, strict=True):
        audio = files.read(path)[0][:, :samples]
        if audio.shape[1] < samples:
            raise ValueError(f"{path} has fewer samples than its header tells; write it anew")
        signal[:] = audio
    return signals, first.sample_rate, notes


def check_length(samples: int, stems: int, filter_length: int) -> None:
    """Raise ValueError if a track is too short for its stems to be told apart."""
    if samples < max(stems, filter_length):
        number = f"{samples} samples are" if samples > 1 else "one sample is"
        raise ValueError(f"{number} too few for {stems} stems and {filter_length=}")


def _medians(result: Evaluation, names: Sequence[str]) -> dict[str, dict[str, float]]:
    medians = result.medians()
    return {
        name: {measure: float(values[stem]) for measure, values in medians.items()}
        for stem, name in enumerate(names)
    }


def _silent(result: Evaluation, names: Sequence[str], own: Sequence[str]) -> list[str]:
    """Tell what is silent from beginning to end, and windows that do not count."""
    silent = [f"the reference {names[stem]}" for stem in result.silent_references]
    silent += [f"the estimate {own[stem]}" for stem in result.silent_estimates]
    notes = [f"{', '.join(silent)}: silent, not measured"] if silent else []
    values = result.windows["SDR"][~np.isnan(result.whole["SDR"])]
    skipped = int(np.isnan(values).all(axis=0).sum()) if len(values) else 0
    if skipped:
        of = result.starts_s.size
        notes.append(f"windows with a silent stem, which do not count: {skipped} of {of}")
    return notes


def _list(stems: Mapping[str, Path]) -> str:
    return ", ".join(stems)
