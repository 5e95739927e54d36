"""How files of scores are read: none that is too large."""

import os
from pathlib import Path

from musisep.io.reading import regular_file


def content_of(path: str | os.PathLike[str], largest: int, what: str) -> bytes:
    """Return the bytes of a file that should be `what`, at most so many.

    Raises
    ------
    ValueError
        If it is larger.
    AudioFileError
        If it cannot be read.
    """
    with regular_file(Path(path)) as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"is larger than {largest >> 20} MB, which is no {what}")
    return content
