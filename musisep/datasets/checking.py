"""What is wrong with a data set."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from musisep._util.progress import Progress, no_progress
from musisep.datasets.hearing import Heard, hear
from musisep.datasets.layouts import SUM_OF_MUSDB, unknown_code
from musisep.datasets.names import CODES
from musisep.datasets.opening import checked_place
from musisep.datasets.recordings import Recording
from musisep.datasets.singles import INSTRUMENTS, open_all
from musisep.io.formats import UNREAD_SUFFIXES, readable_suffixes
from musisep.io.replacing import AudioFileError
from musisep.stems import MIXTURE

ERROR, WARNING = "error", "warning"
"""An error makes results wrong or stops the work; a warning may be meant so."""
SUM_DB = -50.0
"""Level of what a mixture has and its references have not, above which it is not their sum."""
MOST_TRACKS = 0.8
"""If so many of the recordings have a reference, the others lack it."""
RAW = re.compile("_RAW$")
"""Folders of MedleyDB whose recordings are left out."""

Twins = dict[str, tuple[Path, Recording]]
"""The first file with some samples, and its recording, by `Heard.digest`."""


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or may be.

    Parameters
    ----------
    path : Path
        The file or folder.
    problem, advice : str
        What is wrong, and what to do.
    severity : {"error", "warning"}
        An error makes results wrong or stops the work; a warning may be meant so.

    Examples
    --------
    >>> from pathlib import Path
    >>> from musisep.datasets import Finding
    >>> print(Finding(Path("flute.wav"), "is silent", "remove it", "warning"))
    flute.wav: warning: is silent; remove it
    >>> Finding.of(Path("a.wav"), "has no samples; export it anew", "error").advice
    'export it anew'
    """

    path: Path
    problem: str
    advice: str
    severity: str

    @classmethod
    def of(cls, path: Path, message: object, severity: str) -> "Finding":
        """Take a message about a file apart, which may begin with its name.

        Parameters
        ----------
        path : Path
            The file.
        message : object
            An exception, or a text; the advice stands behind its first semicolon.
        severity : {"error", "warning"}
            How bad it is.

        Returns
        -------
        Finding
            The finding.
        """
        text = str(message).replace(f"{str(path)!r}", "", 1).strip(" :")
        problem, _, advice = text.partition("; ")
        return cls(path, problem, advice, severity)

    def __str__(self) -> str:
        """All of it on one line."""
        line = f"{self.path}: {self.severity}: {self.problem}"
        return " ".join((f"{line}; {self.advice}" if self.advice else line).splitlines())


def check_dataset(
    path: str | os.PathLike[str],
    split: str | None = None,
    layout: str | None = None,
    *,
    progress: Progress = no_progress,
) -> list[Finding]:
    """Listen to all files of a data set and tell what is wrong.

    Errors are files that cannot be read to their end, are missing, empty, or have samples that are
    NaN or infinite; lengths, sample rates or channels of a recording that do not fit; two files of
    one name; the same samples in two splits. Warnings are silence, clipping, a mixture that is not
    the sum of its references, the same samples in two files, references that nearly all other
    recordings have, names that differ by capitals only, codes of instruments that are not known,
    and audio files that belong to nothing.

    Parameters
    ----------
    path : path
        See `musisep.datasets.open_stems`.
    split, layout : str, optional
        See `musisep.datasets.open_stems`.
    progress : function, optional
        Called with the name of the stage, and how many recordings of how many are done.

    Returns
    -------
    list of Finding
        Those of the files in the order of the recordings, then those of the whole.

    Raises
    ------
    ValueError
        If there is no such layout or split.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.datasets import check_dataset
    >>> from musisep.io import files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files.write(Path(folder, "song", "flute.wav"), np.zeros(800), 8000)
    ...     files.write(Path(folder, "song", "cello.wav"), np.full(801, 0.5), 8000)
    ...     for one in check_dataset(folder):
    ...         print(one.severity, one.problem)
    warning is silent
    error has files of different lengths: cello 801, flute 800 samples
    """
    folder = checked_place(path, split, None if layout == INSTRUMENTS else layout)
    findings: list[Finding] = []

    def note(error: AudioFileError) -> None:
        findings.append(Finding.of(error.path or folder, error, ERROR))

    try:
        recordings = open_all(folder, split, layout, report=note)
    except AudioFileError as error:
        note(error)
        return findings
    left_out = [one.path for one in findings]
    twins: Twins = {}
    for done, recording in enumerate(recordings):
        progress("checking", done, len(recordings))
        findings += _of_recording(recording, twins)
    progress("checking", len(recordings), len(recordings))
    findings += _lacking(recordings)
    if os.path.isdir(folder):
        findings += _stray(folder, split, recordings, left_out)
    return findings


def summary(findings: Sequence[Finding]) -> str:
    """Return the numbers of errors and warnings in words."""
    counts = Counter(one.severity for one in findings)
    words = [
        f"{counts[severity]} {severity}{'s' * (counts[severity] > 1)}"
        for severity in (ERROR, WARNING)
        if counts[severity]
    ]
    return ", ".join(words) or "nothing is wrong"


def _of_recording(recording: Recording, twins: Twins) -> Iterator[Finding]:
    """Listen to a recording; `twins` are those that were heard before."""
    heard, difference_db = hear(recording)
    for one in heard:
        yield from _of_file(one)
        if code := unknown_code(one.path):
            advice = f"the codes are {' '.join(CODES)}"
            yield Finding(one.path, f"has an unknown instrument {code!r}", advice, WARNING)
    for one in heard:
        yield from _of_twins(one, recording, twins)
    yield from _of_all_files(recording, heard)
    yield from _of_names(recording)
    if difference_db > SUM_DB:
        missed = f"is not the sum of its references: the rest has {difference_db:.1f} dB"
        advice = "compare levels and places, or remove it: then it is their sum"
        yield Finding(heard[-1].path, missed, advice, WARNING)


def _of_twins(heard: Heard, recording: Recording, twins: Twins) -> Iterator[Finding]:
    """Tell whether a file has the samples of one that was heard before."""
    if heard.error or not heard.peak:
        return
    other, owner = twins.setdefault(heard.digest, (heard.path, recording))
    if owner is recording and heard.path in (other, recording.mixture):
        return  # a mixture is its only reference, if the others are silent
    same = f"has the same samples as {str(other)!r}"
    if owner.split != recording.split:
        advice = "remove one of them, as no result would be honest"
        yield Finding(heard.path, f"{same}, of another split", advice, ERROR)
    elif other != heard.path:
        yield Finding(heard.path, same, "remove one of them", WARNING)


def _of_file(heard: Heard) -> Iterator[Finding]:
    """Tell what is wrong with a file by itself."""
    if heard.error:
        yield Finding.of(heard.path, heard.error, ERROR)
        return
    for note in heard.notes:
        yield Finding.of(heard.path, note, WARNING)
    if not heard.peak:
        yield Finding(heard.path, "is silent", "remove it if it should not be", WARNING)
    if heard.clipped:
        places = f"is cut off at full scale in {heard.clipped} places"
        yield Finding(heard.path, places, "export it anew, with less gain", WARNING)


def _of_all_files(recording: Recording, heard: Sequence[Heard]) -> Iterator[Finding]:
    """Tell what of the files of a recording does not fit together."""
    folder = heard[0].path.parent
    labels = [*recording.references, MIXTURE]
    infos = {label: one.info for label, one in zip(labels, heard, strict=False) if one.info}
    rates = {label: info.sample_rate for label, info in infos.items()}
    lengths = {label: info.samples for label, info in infos.items()}
    channels = {label: info.channels for label, info in infos.items()}
    if len(set(rates.values())) > 1:
        problem = f"has files of different sample rates: {_listed(rates)} Hz"
        yield Finding(folder, problem, "resample them to one", ERROR)
    elif len(set(lengths.values())) > 1:
        problem = f"has files of different lengths: {_listed(lengths)} samples"
        yield Finding(folder, problem, "export them anew, from one start to one end", ERROR)
    if len(set(channels.values())) > 1:
        problem = f"has files of different channels: {_listed(channels)}"
        if len(set(channels.values()) - {1}) == 1:
            yield Finding(folder, problem, "a single one is repeated", WARNING)
        else:
            yield Finding(folder, problem, "export them anew, with as many", ERROR)


def _of_names(recording: Recording) -> Iterator[Finding]:
    """Tell which names of references would be one where capitals do not count."""
    plain = Counter(name.casefold() for name in recording.references)
    for name, path in recording.references.items():
        if plain[name.casefold()] > 1:
            same = f"{name!r} is the name of another reference but for capitals"
            yield Finding(path, same, "rename one of them", WARNING)


def _listed(values: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _lacking(recordings: Sequence[Recording]) -> Iterator[Finding]:
    """Tell which recordings lack references that nearly all others have."""
    counts = Counter(name for recording in recordings for name in recording.references)
    for recording in recordings:
        for name, count in counts.items():
            if name not in recording.references and count >= MOST_TRACKS * len(recordings):
                folder = next(iter(recording.references.values())).parent
                lacks = f"lacks {name!r}, which {count} of {len(recordings)} recordings have"
                yield Finding(folder, lacks, "add it, or a silent file", WARNING)


def _stray(
    folder: Path, split: str | None, recordings: Sequence[Recording], left_out: Sequence[Path]
) -> Iterator[Finding]:
    """Tell which audio files belong to no recording, but for those that are left out."""
    used = {path for recording in recordings for path in recording.paths}
    known = {*readable_suffixes(), *UNREAD_SUFFIXES}
    elsewhere = {path if os.path.isdir(path) else path.parent for path in left_out}
    for place, folders, names in os.walk(folder / (split or "")):
        folders[:] = sorted(name for name in folders if name[0] != "." and not RAW.search(name))
        if Path(place) in elsewhere:
            continue
        for path in (Path(place, name) for name in sorted(names) if name[0] != "."):
            suffix = path.suffix.lower()
            if suffix in known and path not in used and path.stem.lower() != SUM_OF_MUSDB:
                what = "convert it" if suffix in UNREAD_SUFFIXES else "put it into a recording"
                advice = f"{what}, or remove it"
                yield Finding(path, "belongs to no recording", advice, WARNING)
