"""The one table of audio file formats, and the limits of what is read and written.

A format more is an entry more in `FORMATS`, which all commands and functions look into.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musisep._util import checks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Writer = Callable[[Path, NDArray[np.floating], int, str], object]

MIN_RATE, MAX_RATE = 8_000, 192_000
"""Hz."""
MAX_CHANNELS = 64
"""As many as ambisonics of seventh order has."""
MAX_SAMPLES = 4 * 3600 * 48_000 * 2
"""Of all channels: 4 hours of stereo at 48 kHz, 11 GB."""
BLOCK_FRAMES = 65_536
"""Samples of each channel per call: libsndfile 1.2.2 crashes on a minute of Vorbis at once."""


@dataclass(frozen=True)
class Format:
    """A format of audio files.

    Parameters
    ----------
    container : str
        Name that libsndfile has for it; empty if libsndfile does not know it.
    suffixes : tuple of str
        Suffixes of the files, in lower case, each with its dot.
    subtypes : tuple of str, optional
        Sample formats that are offered for writing, the default first; if none, files of this
        format are only read, unless `write` is told a subtype that libsndfile knows.
    write : callable, optional
        Called with path, audio [channel, sample] (finite floating point numbers), sample rate in
        Hz and subtype, instead of libsndfile. The path is that of a temporary file with the
        right suffix, which exists and is to be overwritten.
    quality : float, optional
        The default quality, from 0 to 1, of a format that keeps only what is heard; None if it
        keeps all samples.
    channels : int, optional
        Most channels that it holds.

    Raises
    ------
    ValueError
        If there is neither a container nor a function.

    Examples
    --------
    >>> from musisep.io.formats import Format
    >>> lossy = Format("OGG", (".ogg", ".oga"), ("VORBIS",), quality=0.8)
    >>> lossy.checked_quality(None), lossy.checked_quality(0.5)
    (0.8, 0.5)
    """

    container: str
    suffixes: tuple[str, ...]
    subtypes: tuple[str, ...] = ()
    write: "Writer | None" = None
    quality: float | None = None
    channels: int = MAX_CHANNELS

    def __post_init__(self) -> None:
        """Refuse formats that can be neither read nor written."""
        if not self.container and self.write is None:
            raise ValueError(f"format of {self.suffixes} must have a container or be written")

    def checked_quality(self, quality: float | None) -> float | None:
        """Return the quality to write with.

        Parameters
        ----------
        quality : float or None
            What was chosen, from 0 to 1; None for the default.

        Returns
        -------
        float or None
            The quality; None if the format keeps all samples.

        Raises
        ------
        ValueError
            If it is out of its range, or the format has none.
        """
        if quality is None:
            return self.quality
        if self.quality is None:
            raise ValueError(f"{quality=} is for {', '.join(with_quality())} only; leave it out")
        return checks.within("quality", quality, 0, 1)


FORMATS = {
    "wav": Format("WAV", (".wav",), ("FLOAT", "PCM_16", "PCM_24")),
    "flac": Format("FLAC", (".flac",), ("PCM_24", "PCM_16"), channels=8),
    "ogg": Format("OGG", (".ogg", ".oga"), ("VORBIS",), quality=0.8),
    "opus": Format("OGG", (".opus",), ("OPUS",), quality=0.5),
    "mp3": Format("MP3", (".mp3", ".mp2"), ("MPEG_LAYER_III",), quality=1.0, channels=2),
    "aiff": Format("AIFF", (".aif", ".aiff")),
    "au": Format("AU", (".au",)),
    "caf": Format("CAF", (".caf",)),
    "w64": Format("W64", (".w64",)),
    "rf64": Format("RF64", (".rf64",)),
}
"""From the names that a user types, which are suffixes without their dots.

The default qualities give stereo at 44.1 or 48 kHz about 260 kbit/s.
"""

UNREAD_SUFFIXES = (
    ".m4a", ".aac", ".wma", ".mp4", ".m4b", ".amr", ".ape", ".wv", ".mka", ".ac3", ".dts",
    ".webm", ".mov", ".mkv", ".3gp", ".mpc", ".tta", ".ra", ".spx", ".avi",
)  # fmt: skip
"""Suffixes of files with audio that libsndfile does not know."""


def writable() -> dict[str, Format]:
    """Return the formats that are offered for writing, by name.

    Returns
    -------
    dict of str to Format
        Formats that have subtypes.

    Examples
    --------
    >>> from musisep.io.formats import writable
    >>> list(writable())
    ['wav', 'flac', 'ogg', 'opus', 'mp3']
    """
    return {name: form for name, form in FORMATS.items() if form.subtypes}


def with_quality() -> dict[str, Format]:
    """Return the formats whose quality can be chosen, by name.

    Returns
    -------
    dict of str to Format
        Formats that have a default quality.

    Examples
    --------
    >>> from musisep.io.formats import with_quality
    >>> {name: form.quality for name, form in with_quality().items()}
    {'ogg': 0.8, 'opus': 0.5, 'mp3': 1.0}
    """
    return {name: form for name, form in FORMATS.items() if form.quality is not None}


def readable_suffixes() -> tuple[str, ...]:
    """Return the suffixes of the files that are read when a folder is given.

    Returns
    -------
    tuple of str
        In lower case, each with its dot.

    Examples
    --------
    >>> from musisep.io.formats import readable_suffixes
    >>> ".flac" in readable_suffixes(), ".m4a" in readable_suffixes()
    (True, False)
    """
    return tuple(suffix for form in FORMATS.values() if form.container for suffix in form.suffixes)


def format_of(path: Path) -> Format:
    """Return the format that a path's suffix names.

    Parameters
    ----------
    path : Path
        A path, of which only the suffix is looked at, in any case.

    Returns
    -------
    Format
        Entry of `FORMATS`.

    Raises
    ------
    ValueError
        If there is none of this suffix.

    Examples
    --------
    >>> from pathlib import Path
    >>> from musisep.io.formats import format_of
    >>> format_of(Path("stem.FLAC")).subtypes
    ('PCM_24', 'PCM_16')
    """
    suffix = path.suffix.lower()
    for form in FORMATS.values():
        if suffix in form.suffixes:
            return form
    known = ", ".join(suffix for form in FORMATS.values() for suffix in form.suffixes)
    raise ValueError(f"{str(path)!r}: suffix={path.suffix!r} must be one of {known}")
