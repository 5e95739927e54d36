"""Layouts: which files of a folder are the mixture and the references, and what plays them.

A layout is a function of a folder, what is in it, and the name of the recording. It returns None
for a folder of another layout. `LAYOUTS` is the table; an entry more is a layout more.
"""

import os
import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from musisep.datasets.names import CODES
from musisep.datasets.recordings import Recording
from musisep.io.formats import readable_suffixes
from musisep.io.replacing import problem, reason
from musisep.names import canonical, numbered
from musisep.stems import MIX, MIXTURE

Layout = Callable[[Path, list[Path], str], Recording | None]

MIXTURES = (MIX, MIXTURE)
"""Names of the file of a mixture, in small letters or not."""
SUM_OF_MUSDB = "linear_mixture"
"""A second mixture, which some programs store beside MUSDB's own."""
SOURCE = re.compile(r"AuSep_\d+_(?P<code>[A-Za-z]+)_", re.ASCII)
"""Beginning of the name of a reference of URMP."""
MOST_BYTES = 2**24
"""Of a text file that describes a data set."""


def tracks(
    folder: Path,
    entries: list[Path],
    name: str,
    *,
    suffixes: Collection[str] = readable_suffixes(),
    mixtures: Collection[str] = MIXTURES,
) -> Recording | None:
    """Take a file for each reference, called after it: ``bass.wav``, and ``mixture.wav``.

    Parameters
    ----------
    folder : Path
    entries : list of Path
        What is in the folder, by name.
    name : str
        Of the recording.
    suffixes : collection of str
        Of the files that count, in small letters.
    mixtures : collection of str
        What the mixture is called, in small letters.

    Returns
    -------
    Recording, optional
        None if there is no audio.

    Raises
    ------
    AudioFileError
        If there is a mixture only, or two files of one name.
    """
    stems: dict[str, Path] = {}
    for path in audio_in(entries, suffixes):
        if path.stem.lower() == SUM_OF_MUSDB:
            continue
        reference = MIXTURE if path.stem.lower() in mixtures else path.stem
        if reference in stems:
            raise problem(path, f"is called as {stems[reference].name!r}; remove one of them")
        stems[reference] = path
    mixture = stems.pop(MIXTURE, None)
    if stems:
        return Recording(stems, mixture, name)
    if mixture:
        raise problem(folder, "holds a mixture only; a recording has a file for each reference")
    return None


def urmp(folder: Path, entries: list[Path], name: str) -> Recording | None:
    """Take ``AuSep_1_vn_01_Jupiter.wav`` as a violin, and ``AuMix_01_Jupiter_vn_vc.wav``."""
    audio = audio_in(entries)
    sources = {path: found for path in audio if (found := SOURCE.match(path.name))}
    codes = (found["code"].lower() for found in sources.values())
    mixtures = [path for path in audio if path.name.startswith("AuMix_")]
    return _named(folder, name, sources, [CODES.get(code, code) for code in codes], mixtures)


def bach10(folder: Path, entries: list[Path], name: str) -> Recording | None:
    """Take ``01-Piece-violin.wav`` as a violin, and ``01-Piece.wav`` as the mixture."""
    audio, prefix = audio_in(entries), f"{folder.name}-"
    if not all(path.stem == folder.name or path.name.startswith(prefix) for path in audio):
        return None
    sources = [path for path in audio if path.stem != folder.name]
    played = [canonical(path.stem.removeprefix(prefix)) for path in sources]
    return _named(folder, name, sources, played, [path for path in audio if path not in sources])


def medleydb(folder: Path, entries: list[Path], name: str) -> Recording | None:
    """Take the stems that ``Song_METADATA.yaml`` lists; the raw recordings are left out.

    The metadata may also be in a folder ``Metadata`` beside the song, or beside its folder.

    Raises
    ------
    AudioFileError
        If there are no metadata, or PyYAML is missing, or they are not as MedleyDB has them.
    """
    song = folder.name
    mixtures = [path for path in audio_in(entries) if path.stem == f"{song}_MIX"]
    stems = folder / f"{song}_STEMS"
    if not mixtures and stems not in entries:
        return None
    file = f"{song}_METADATA.yaml"
    elsewhere = [place / "Metadata" for place in (folder.parent, folder.parent.parent)]
    places = [place / file for place in (folder, *elsewhere)]
    described = next((path for path in places if os.path.isfile(path)), None)
    if described is None:
        raise problem(folder, f"lacks {file}, which names its instruments; put it there")
    sources: dict[Path, str] = {}
    for stem in _metadata(described).values():
        played = stem["instrument"]
        words = played if isinstance(played, list) else [played]
        sources[stems / str(stem["filename"])] = "+".join(canonical(str(w)) for w in words)
    return _named(folder, name, sources, list(sources.values()), mixtures)


LAYOUTS: dict[str, Layout] = {
    "urmp": urmp, "medleydb": medleydb, "bach10": bach10, "musdb": tracks, "tracks": tracks,
}  # fmt: skip
"""By name, those first that are easily told."""


def read_folder(
    folder: Path, entries: list[Path], name: str, layout: str | None = None
) -> Recording | None:
    """Return the recording in a folder, by its layout, which is found out if it is None."""
    for reader in [LAYOUTS[layout]] if layout else LAYOUTS.values():
        if recording := reader(folder, entries, name):
            return recording
    return None


def unknown_code(path: Path) -> str:
    """Return the code of an instrument in a file's name that URMP does not have; empty if none."""
    found = SOURCE.match(path.name)
    return found["code"] if found and found["code"].lower() not in CODES else ""


def audio_in(
    entries: Iterable[Path], suffixes: Collection[str] = readable_suffixes()
) -> list[Path]:
    """Return the files that have one of these suffixes."""
    return [path for path in entries if path.suffix.lower() in suffixes and os.path.isfile(path)]


def visible(folder: Path) -> list[Path]:
    """Return what is in a folder, by name; AudioFileError if it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.name[0] != ".")
    except OSError as error:
        raise problem(folder, f"is no folder that can be read: {reason(error)}") from error
    except ValueError as error:
        raise problem(folder, f"is no name of a folder: {error}") from error


def text_of(path: Path) -> str:
    """Return a text file in UTF-8, with or without a mark at its beginning."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise problem(path, f"has more than {MOST_BYTES} bytes; divide it")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise problem(path, f"is no text in UTF-8 ({error.reason}); store it as such") from error
    except OSError as error:
        raise problem(path, f"cannot be read: {reason(error)}; check its name") from error


def _named(
    folder: Path,
    name: str,
    sources: Iterable[Path],
    instruments: list[str],
    mixtures: list[Path],
) -> Recording | None:
    """Return a recording whose references are called after what plays them."""
    if not instruments:
        return None
    if len(mixtures) > 1:
        listed = ", ".join(path.name for path in mixtures)
        raise problem(folder, f"has {len(mixtures)} mixtures: {listed}; remove all but one")
    names = numbered(instruments)
    references = dict(zip(names, sources, strict=True))
    mixture = mixtures[0] if mixtures else None
    return Recording(references, mixture, name, dict(zip(names, instruments, strict=True)))


def _metadata(path: Path) -> dict[str, dict[str, Any]]:
    """Return the stems in metadata of MedleyDB; each has a filename and an instrument."""
    try:
        import yaml
    except ImportError as error:
        raise problem(path, "is read by PyYAML: pip install PyYAML") from error
    try:
        stems = yaml.safe_load(text_of(path))["stems"]
        complete = all(stem["filename"] and stem["instrument"] for stem in stems.values())
    except (yaml.YAMLError, RecursionError, AttributeError, LookupError, TypeError, ValueError):
        stems, complete = {}, False
    if not stems or not complete:
        raise problem(path, "must list stems, each with filename and instrument; get it again")
    return dict(stems)
