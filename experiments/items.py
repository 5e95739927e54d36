"""Recordings with known stems, for the experiments: folders of items.

An item is a folder with ``mix.flac`` and one FLAC per true stem, named after its instrument.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep.audio import files


class Item(NamedTuple):
    """A mixture [channel, sample] and its true stems [instrument, channel, sample]."""

    name: str
    instruments: list[str]
    mixture: NDArray[np.float64]
    stems: NDArray[np.float64]
    sample_rate: int


def items_in(folder: Path) -> Iterator[Item]:
    """Yield the items of a folder that have two stems or more, by name."""
    for mix in sorted(folder.glob("*/mix.flac")):
        mixture, sample_rate = files.read(mix)
        paths = sorted(path for path in mix.parent.glob("*.flac") if path != mix)
        if len(paths) > 1:
            stems = np.stack([files.read(path)[0][:, : mixture.shape[1]] for path in paths])
            names = [path.stem for path in paths]
            yield Item(mix.parent.name, names, mixture, stems, sample_rate)
