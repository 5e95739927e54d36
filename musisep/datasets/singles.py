"""Single stems: recordings of one instrument alone, of which mixtures can be made."""

import os
from dataclasses import dataclass
from pathlib import Path

from musisep._util import checks
from musisep.datasets.layouts import audio_in, visible
from musisep.datasets.opening import (
    Report,
    checked_place,
    folders_of,
    holds_instruments,
    open_dataset,
    refuse,
)
from musisep.datasets.recordings import Recording
from musisep.io.replacing import problem
from musisep.names import canonical

INSTRUMENTS = "instruments"
"""Name of the layout with a folder for each instrument."""


@dataclass(frozen=True)
class Stem:
    """A recording of one instrument alone.

    Parameters
    ----------
    name : str
        By which it is known in its data set, as "clarinet/scale" or "train/song/clarinet".
    instrument : str
        What plays.
    path : Path
        The file.

    Raises
    ------
    TypeError
        If the name or the instrument is no text, or the path is none.

    Examples
    --------
    >>> from musisep.datasets import Stem
    >>> scale = Stem("clarinet/scale", "clarinet", "stems/clarinet/scale.wav")
    >>> scale.path.name
    'scale.wav'
    """

    name: str
    instrument: str
    path: Path

    def __post_init__(self) -> None:
        """Refuse what is no name or path."""
        checks.instance("name", self.name, str)
        checks.instance("instrument", self.instrument, str)
        object.__setattr__(self, "path", checks.path("path", self.path))


def open_stems(
    path: str | os.PathLike[str],
    split: str | None = None,
    layout: str | None = None,
    *,
    report: Report = refuse,
) -> list[Stem]:
    """Find recordings of single instruments.

    Parameters
    ----------
    path : path
        A folder that holds a folder for each instrument, with recordings of it alone
        (``clarinet/scale.wav``); or any data set that `open_dataset` reads, of which the references
        are taken.
    split : {"train", "valid", "test"}, optional
        The part that is wanted; default: all.
    layout : {"instruments", "tracks", "musdb", "medleydb", "urmp", "bach10"}, optional
        How the files are called. By default it is "instruments" if folders have the names of
        instruments and files have not, and if not, what `open_dataset` finds out.
    report : function, optional
        See `open_dataset`.

    Returns
    -------
    list of Stem
        By name. No audio file has been opened.

    Raises
    ------
    ValueError
        If there is no such layout or split.
    AudioFileError
        As `open_dataset`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.datasets import open_stems
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("Clarinet", "Vc"):
    ...         Path(folder, name).mkdir()
    ...         Path(folder, name, "scale.wav").touch()
    ...     stems = open_stems(folder)
    >>> [(stem.name, stem.instrument) for stem in stems]
    [('Clarinet/scale', 'clarinet'), ('Vc/scale', 'cello')]
    """
    folder = checked_place(path, split, None if layout == INSTRUMENTS else layout)
    if _is_by_instrument(folder, split, layout):
        return _by_instrument(folder, split)
    return [
        Stem(f"{recording.name}/{name}", recording.instruments[name], file)
        for recording in open_dataset(folder, split, layout, report=report)
        for name, file in recording.references.items()
    ]


def open_all(
    path: str | os.PathLike[str],
    split: str | None = None,
    layout: str | None = None,
    *,
    report: Report = refuse,
) -> list[Recording]:
    """Find recordings as `open_dataset`, or single stems, each as a recording of one reference.

    Parameters
    ----------
    path : path
        A folder or a manifest, see `open_stems`.
    split : {"train", "valid", "test"}, optional
        The part that is wanted; default: all.
    layout : {"instruments", "tracks", "musdb", "medleydb", "urmp", "bach10"}, optional
        How the files are called; by default, this is found out.
    report : function, optional
        See `open_dataset`.

    Returns
    -------
    list of Recording
        By name. No audio file has been opened.

    Raises
    ------
    ValueError
        If there is no such layout or split.
    AudioFileError
        As `open_dataset`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.datasets import open_all
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "clarinet").mkdir()
    ...     Path(folder, "clarinet", "scale.wav").touch()
    ...     (scale,) = open_all(folder)
    >>> scale.name, list(scale.references)
    ('clarinet/scale', ['clarinet'])
    """
    folder = checked_place(path, split, None if layout == INSTRUMENTS else layout)
    if not _is_by_instrument(folder, split, layout):
        return open_dataset(folder, split, layout, report=report)
    return [
        Recording({stem.instrument: stem.path}, name=stem.name)
        for stem in _by_instrument(folder, split)
    ]


def _is_by_instrument(folder: Path, split: str | None, layout: str | None) -> bool:
    """Tell whether there is a folder for each instrument; names tell if it is not said."""
    if layout is None and os.path.isdir(folder):
        return holds_instruments(folder, split)
    return layout == INSTRUMENTS


def _by_instrument(folder: Path, split: str | None) -> list[Stem]:
    """Return the files of a folder for each instrument."""
    stems = [
        Stem(f"{name}/{file.stem}", canonical(place.name), file)
        for name, place in folders_of(folder, split)
        for file in audio_in(visible(place))
    ]
    if not stems:
        raise problem(folder, "holds no folders of audio files; it needs one for each instrument")
    return stems
