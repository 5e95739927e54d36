"""Finding the recordings of a data set; nothing but folders and small text files is read."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from musisep._util import checks
from musisep.datasets.layouts import LAYOUTS, audio_in, read_folder, tracks, visible
from musisep.datasets.manifest import read_manifest
from musisep.datasets.names import KNOWN, SPLITS
from musisep.datasets.recordings import Recording
from musisep.io.formats import FORMATS, readable_suffixes
from musisep.io.replacing import AudioFileError, problem
from musisep.names import canonical
from musisep.stems import MIXTURE

Report = Callable[[AudioFileError], object]

PACKED = ".stem.mp4"
"""End of the names of MUSDB18's files."""


def refuse(error: AudioFileError) -> None:
    """Raise what is wrong."""
    raise error


def open_dataset(
    path: str | os.PathLike[str],
    split: str | None = None,
    layout: str | None = None,
    *,
    report: Report = refuse,
) -> list[Recording]:
    """Find the recordings of a data set, whatever its layout is.

    Parameters
    ----------
    path : path
        A folder that holds a folder for each recording, directly or in ``train``, ``valid`` and
        ``test``; or a manifest, see `musisep.datasets.read_manifest`.
    split : {"train", "valid", "test"}, optional
        The part that is wanted; default: all.
    layout : {"tracks", "musdb", "medleydb", "urmp", "bach10"}, optional
        How the files are called; by default, this is found out for each folder.
    report : function, optional
        Called with the `AudioFileError` of each recording that is not as it should be, and which is
        then left out. By default the first one is raised.

    Returns
    -------
    list of Recording
        By name. No audio file has been opened.

    Raises
    ------
    ValueError
        If there is no such layout or split.
    AudioFileError
        If there is nothing at the path, or no recording, or a manifest is not as it should be.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.datasets import open_dataset
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for split in ("train", "test"):
    ...         song = Path(folder, split, "song")
    ...         song.mkdir(parents=True)
    ...         for name in ("mixture", "flute", "cello"):
    ...             (song / f"{name}.wav").touch()
    ...     found = open_dataset(folder)
    ...     (tested,) = open_dataset(folder, "test")
    >>> [song.name for song in found]
    ['test/song', 'train/song']
    >>> list(tested.references), tested.mixture.name
    (['cello', 'flute'], 'mixture.wav')
    """
    place = checked_place(path, split, layout)
    if os.path.isfile(place):
        found = [one for one in read_manifest(place) if split in (None, one.split)]
        if not found:
            raise problem(place, f"names no recordings for {split}; see its column split")
        return found
    found = list(_recordings(place, split, layout, report))
    if not found:
        raise problem(place, _nothing(place))
    if layout is None and holds_instruments(place, split):
        name = "holds a folder for each instrument, not for each recording"
        raise problem(place, f"{name}; use open_stems, or layout='tracks'")
    return found


def find_recordings(
    folder: str | os.PathLike[str], *, audio_format: str = "wav", most: int | None = None
) -> list[Recording]:
    """Find the recordings in a folder whose files have one format.

    Parameters
    ----------
    folder : path
        Holds a folder for each recording; folders without audio files, and names that begin with a
        dot, are left out.
    audio_format : str
        Which files count, one of `musisep.io.formats.FORMATS`. The name of a file, without its
        suffix, is that of the reference; "mixture", in small letters or not, is the mixture.
    most : int > 0, optional
        Number of recordings after which to stop; default: all.

    Returns
    -------
    list of Recording
        By name of their folders. No file has been opened.

    Raises
    ------
    ValueError
        If there is no such format, or `most` is out of its range.
    AudioFileError
        If there is no such folder, or no recording in it, or one of them lacks references or has
        two files of one name.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.datasets import find_recordings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("march.flac", "waltz.wav"):
    ...         song = Path(folder, name.partition(".")[0])
    ...         song.mkdir()
    ...         (song / name.replace(song.name, "flute")).touch()
    ...     found = find_recordings(folder, audio_format="flac")
    >>> [(song.name, list(song.references)) for song in found]
    [('march', ['flute'])]
    """
    folder = checks.path("folder", folder)
    checks.one_of("audio_format", audio_format, FORMATS)
    most = None if most is None else checks.at_least("most", most, 1)
    suffixes = FORMATS[audio_format].suffixes
    read = partial(tracks, suffixes=suffixes, mixtures=(MIXTURE,))
    found: list[Recording] = []
    for path in filter(os.path.isdir, visible(folder)):
        if len(found) == most:
            break
        if recording := read(path, visible(path), path.name):
            found.append(recording)
    if not found:
        listed = " ".join(suffixes)
        raise problem(
            folder, f"holds no folders of {listed}; a data set has one for each recording"
        )
    return found


def checked_place(path: str | os.PathLike[str], split: str | None, layout: str | None) -> Path:
    """Return the path of a data set; ValueError if split or layout are none."""
    place = checks.path("path", path)
    if split is not None:
        checks.one_of("split", split, SPLITS)
    if layout is not None:
        checks.one_of("layout", layout, LAYOUTS)
    return place


def folders_of(folder: Path, split: str | None) -> Iterator[tuple[str, Path]]:
    """Yield the folders of recordings with their names, "train/song" if they are in a split.

    Raises
    ------
    AudioFileError
        If a folder cannot be read, there is no such split, or files are those of MUSDB18.
    """
    entries = visible(folder)
    splits = [path for path in entries if path.name in SPLITS and os.path.isdir(path)]
    if split and split not in (path.name for path in splits):
        listed = ", ".join(path.name for path in splits) or "no splits"
        raise problem(folder, f"has no folder {split!r}, but {listed}")
    for root in [path for path in splits if split in (None, path.name)] or [folder]:
        inside = visible(root) if splits else entries
        if packed := [path for path in inside if path.name.lower().endswith(PACKED)]:
            instead = "get MUSDB18-HQ, or take each of their five streams out by ffmpeg -map"
            raise problem(packed[0], f"has its stems in one file, which is not read; {instead}")
        prefix = f"{root.name}/" if splits else ""
        for path in inside:
            if os.path.isdir(path):
                yield f"{prefix}{path.name}", path


def holds_instruments(folder: Path, split: str | None) -> bool:
    """Tell whether a folder holds a folder for each instrument: names tell, if there are any."""
    places = [path for _, path in folders_of(folder, split)]
    if not any(canonical(path.name) in KNOWN for path in places):
        return False
    inside = [path for place in places for path in visible(place)]
    names = {canonical(path.stem) for path in audio_in(inside)}
    return not names & {MIXTURE, "mix", *KNOWN}


def _recordings(
    folder: Path, split: str | None, layout: str | None, report: Report
) -> Iterator[Recording]:
    for name, path in folders_of(folder, split):
        try:
            recording = read_folder(path, visible(path), name, layout)
        except AudioFileError as error:
            report(error)
        else:
            if recording:
                yield recording


def _nothing(folder: Path) -> str:
    """Tell why a folder is no data set."""
    wanted = "a data set has a folder of audio files for each recording"
    if audio_in(visible(folder)):
        return f"holds audio files and no folders of them; {wanted}: name the folder around it"
    return f"holds no folders of audio files ({' '.join(readable_suffixes())}); {wanted}"
