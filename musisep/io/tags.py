"""What a file tells in words about its recording: title, artist and the like.

libsndfile reads these itself and writes them, but for MP3, where it takes UTF-8 for Latin-1. A
package for more tags (pictures, lyrics) is not worth a dependency, the less as the usual one is
under the GPL.
"""

import os
from collections.abc import Mapping
from contextlib import suppress

import soundfile as sf

from musisep._util import checks
from musisep._util.messages import shown
from musisep.io.decoding import complaints
from musisep.io.reading import regular_file

TAGS = (
    "title", "artist", "album", "date", "tracknumber", "genre", "comment", "copyright", "license"
)  # fmt: skip
"""Their names; each format has some of them."""
FRAMES = {
    "title": b"TIT2", "artist": b"TPE1", "album": b"TALB", "date": b"TDRC",
    "tracknumber": b"TRCK", "genre": b"TCON", "comment": b"COMM", "copyright": b"TCOP",
}  # fmt: skip
"""What ID3 calls them."""
UTF_8 = b"\3"
"""How ID3 names a coding."""
MOST_BYTES = 2**10
"""Of a tag; what is longer is left out, as libsndfile loses it in WAV, and all that follows."""


def tags(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the tags of an audio file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    dict of str to str
        By those names of `TAGS` that the file has; empty if it has none, or cannot be understood.
        What is in no known coding, or longer than `MOST_BYTES`, is left out.

    Raises
    ------
    AudioFileError
        If the file is missing, empty or no file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.io.files import tags, write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "song.flac"
    ...     write(path, np.zeros(8000), 8000, subtype="PCM_16", tags={"title": "Silence"})
    ...     print(tags(path))
    {'title': 'Silence'}
    """
    with regular_file(checks.path("path", path)) as file, complaints():
        try:
            with sf.SoundFile(file) as sound:
                found = {name: getattr(sound, name) for name in TAGS}
        except sf.SoundFileError:
            return {}
    return {name: text for name, text in found.items() if text and _is_fit(text)}


def checked_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """Refuse what are no texts by the names of `TAGS`; ValueError."""
    known = {} if tags is None else tags
    checks.instance("tags", known, Mapping)
    for name, text in known.items():
        checks.one_of("tag", name, TAGS)
        if not (isinstance(text, str) and _is_fit(text)):
            limit = f"must be text without NUL, of at most {MOST_BYTES} bytes"
            raise ValueError(f"tags[{name!r}]={shown(text)} {limit}")
    return dict(known)


def set_tags(sound: sf.SoundFile, tags: Mapping[str, str]) -> None:
    """Give tags to a file that is about to be written, as far as its format has them."""
    for name, text in tags.items():
        with suppress(sf.LibsndfileError):
            setattr(sound, name, text)


def id3(tags: Mapping[str, str]) -> bytes:
    """Return what stands at the beginning of an MP3 with tags (ID3v2.4.0)."""
    frames = b""
    for name, text in tags.items():
        if name in FRAMES:
            begin = b"XXX\0" if name == "comment" else b""  # in what language, and about what
            content = UTF_8 + begin + text.encode()
            frames += FRAMES[name] + _seven_bits(len(content)) + bytes(2) + content
    return b"ID3\4\0\0" + _seven_bits(len(frames)) + frames if frames else b""


def _seven_bits(number: int) -> bytes:
    """Return four bytes of seven bits each."""
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def _is_fit(text: str) -> bool:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return False
    return size <= MOST_BYTES and "\0" not in text and "\N{REPLACEMENT CHARACTER}" not in text
