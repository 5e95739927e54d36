"""Recordings with known stems, for the experiments: folders of items.

An item is a folder with ``mix.flac`` and one FLAC per true stem, named after its instrument.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep.io import files


class Item(NamedTuple):
    """A mixture [channel, sample] and its true stems [instrument, channel, sample]."""

    name: str
    instruments: list[str]
    mixture: NDArray[np.float64]
    stems: NDArray[np.float64]
    sample_rate: int


def item_folders(folder: Path) -> list[Path]:
    """Return the folders of the items that have two stems or more, by name."""
    mixtures = sorted(folder.glob("*/mix.flac"))
    return [mix.parent for mix in mixtures if len(_stem_paths(mix.parent)) > 1]


def read_item(folder: Path) -> Item:
    """Return the item in its folder."""
    mixture, sample_rate = files.read(folder / "mix.flac")
    paths = _stem_paths(folder)
    stems = np.stack([files.read(path)[0][:, : mixture.shape[1]] for path in paths])
    return Item(folder.name, [path.stem for path in paths], mixture, stems, sample_rate)


def _stem_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.flac") if path.name != "mix.flac")
