"""What tells files apart: their bytes."""

import hashlib
from pathlib import Path


def digest(path: Path) -> str:
    """Return the SHA-256 of the bytes of a regular file; `AudioFileError` if there is none."""
    from musisep.io.reading import regular_file  # loads NumPy

    with regular_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
