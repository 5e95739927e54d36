"""Which tracks and stems folders hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from musisep._util import checks
from musisep.datasets import open_dataset
from musisep.datasets.opening import Report, refuse
from musisep.io.formats import readable_suffixes
from musisep.io.replacing import AudioFileError, problem, reason
from musisep.stems import MIX, MIXTURE, RESIDUAL

NO_STEMS = {MIX, MIXTURE, RESIDUAL}
"""Names of audio files that are no stems, in small letters or not."""


@dataclass(frozen=True)
class Track:
    """The files of a track.

    Parameters
    ----------
    name : str
        Its folder as seen from the one that was named, with slashes; or the name of that.
    stems : mapping of str to Path
        Files by their names without suffix.
    mixture : Path, optional
        File of the mixture.

    Examples
    --------
    >>> from pathlib import Path
    >>> from musisep.evaluation.folders import Track
    >>> song = Track("test/song", {"flute": Path("test/song/flute.wav")})
    >>> list(song.stems), song.mixture
    (['flute'], None)
    """

    name: str
    stems: Mapping[str, Path]
    mixture: Path | None = None


def tracks_in(folder: str | os.PathLike[str], *, report: Report = refuse) -> list[Track]:
    """Find the tracks of a folder: itself, if it holds stems, or folders at any depth that do.

    Hidden files and folders are left out, and links to folders. Nothing is opened.

    Parameters
    ----------
    folder : path
        The folder of a track or of many.
    report : function, optional
        Called with the `AudioFileError` of each folder with two files of one name, which is then
        left out. By default the first one is raised.

    Returns
    -------
    list of Track
        By name; one for each folder that holds audio files other than mixture and residual.

    Raises
    ------
    AudioFileError
        If there is no such folder or no track in it, or if two files have one name.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.evaluation.folders import tracks_in
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     song = Path(folder, "test", "song")
    ...     song.mkdir(parents=True)
    ...     for name in ("mixture", "flute", "cello"):
    ...         (song / f"{name}.wav").touch()
    ...     (track,) = tracks_in(folder)
    >>> track.name, list(track.stems), track.mixture.name
    ('test/song', ['cello', 'flute'], 'mixture.wav')
    """
    root = checks.path("folder", folder)

    def fail(error: OSError) -> None:
        raise problem(Path(error.filename), f"is no folder that can be read: {reason(error)}")

    tracks = []
    for place, folders, names in os.walk(root, onerror=fail):
        folders[:] = sorted(name for name in folders if name[0] != ".")
        path = Path(place)
        try:
            audio = _audio(path, names)
        except AudioFileError as error:
            report(error)
            continue
        stems = {name: file for name, file in audio.items() if name.lower() not in NO_STEMS}
        if stems:
            name = path.relative_to(root).as_posix() if path != root else path.resolve().name
            mixtures = [file for name, file in audio.items() if name.lower() in (MIX, MIXTURE)]
            tracks.append(Track(name, stems, mixtures[0] if mixtures else None))
            if path == root:
                break
    if not tracks:
        listed = " ".join(readable_suffixes())
        raise problem(root, f"holds no stems; name a folder with audio files ({listed})")
    return sorted(tracks, key=lambda track: track.name)


def references_in(
    data: str | os.PathLike[str],
    split: str | None = None,
    layout: str | None = None,
    *,
    report: Report = refuse,
) -> list[Track]:
    """Find the tracks of a data set, with their references as stems.

    Parameters
    ----------
    data : path
        A folder of one track, or what `musisep.datasets.open_dataset` opens: a folder of tracks in
        any layout that is known, or a manifest.
    split : {"train", "valid", "test"}, optional
        The part that is wanted; default: all.
    layout : {"tracks", "musdb", "medleydb", "urmp", "bach10"}, optional
        How the files are called; by default, this is found out.
    report : function, optional
        See `musisep.datasets.open_dataset`.

    Returns
    -------
    list of Track
        In the order of `musisep.datasets.open_dataset`.

    Raises
    ------
    ValueError
        If there is no such split or layout.
    AudioFileError
        If there is no track.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.evaluation.folders import references_in
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     song = Path(folder, "01-Chorale")
    ...     song.mkdir()
    ...     for name in ("01-Chorale", "01-Chorale-violin", "01-Chorale-bassoon"):
    ...         (song / f"{name}.wav").touch()
    ...     (track,) = references_in(folder)
    >>> list(track.stems), track.mixture.name
    (['bassoon', 'violin'], '01-Chorale.wav')
    """
    root = checks.path("data", data)
    if root.is_dir() and _audio(root, os.listdir(root)):
        return tracks_in(root)
    recordings = open_dataset(root, split, layout, report=report)
    return [Track(own.name, own.references, own.mixture) for own in recordings]


def _audio(folder: Path, names: list[str]) -> dict[str, Path]:
    """Return the audio files of a folder by their names without suffix."""
    suffixes = readable_suffixes()
    found: dict[str, Path] = {}
    for path in (Path(folder, name) for name in sorted(names) if name[0] != "."):
        if path.suffix.lower() in suffixes and path.is_file():
            if path.stem in found:
                raise problem(path, f"is called as {found[path.stem].name!r}; remove one of them")
            found[path.stem] = path
    return found


def pair_tracks(
    estimates: list[Track], references: list[Track]
) -> tuple[list[tuple[Track, Track]], list[str], list[str]]:
    """Match tracks by their names; one of each makes a pair whatever its name.

    Tracks that differ in their places are matched by the names of their folders, if these are
    different ones.

    Parameters
    ----------
    estimates, references : list of Track
        Tracks with estimated stems, and with true ones.

    Returns
    -------
    pairs : list of (Track, Track)
        Estimates and references, in the order of the references.
    missing, left : list of str
        Names of tracks without estimates, and without references.

    Examples
    --------
    >>> from musisep.evaluation.folders import Track, pair_tracks
    >>> estimates = [Track("march", {}), Track("tango", {})]
    >>> references = [Track("test/march", {}), Track("test/waltz", {})]
    >>> pairs, missing, left = pair_tracks(estimates, references)
    >>> [(one.name, other.name) for one, other in pairs], missing, left
    ([('march', 'test/march')], ['test/waltz'], ['tango'])
    """
    if len(estimates) == len(references) == 1:
        return [(estimates[0], references[0])], [], []
    found = {track.name: track for track in estimates}
    ends = _by_folder(estimates)
    own_ends = _by_folder(references)
    pairs, missing = [], []
    for track in references:
        end = track.name.rsplit("/", 1)[-1]
        other = found.get(track.name) or (ends.get(end) if end in own_ends else None)
        if other is None:
            missing.append(track.name)
        else:
            pairs.append((other, track))
    used = {other.name for other, _ in pairs}
    return pairs, missing, [track.name for track in estimates if track.name not in used]


def _by_folder(tracks: list[Track]) -> dict[str, Track]:
    """Return tracks by the last part of their names, without those that share it."""
    ends = [track.name.rsplit("/", 1)[-1] for track in tracks]
    return {end: track for end, track in zip(ends, tracks, strict=True) if ends.count(end) == 1}
