"""Recordings with known stems, for the experiments: folders of items.

An item is a folder with ``mix.flac`` and one FLAC per true stem, named after its instrument. It may
hold ``score.json``: what was played, and how it was made.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep.io import files

Floats = NDArray[np.float64]
Score = Mapping[str, Any]

ENSEMBLES = {2: "duo", 3: "trio", 4: "quartet"}


class Item(NamedTuple):
    """A mixture [channel, sample] and its true stems [instrument, channel, sample].

    `notes` are those of each stem, [note, (onset in s, offset in s, MIDI pitch)], if a score tells
    them; `kinds` are what the item is one of.
    """

    name: str
    instruments: list[str]
    mixture: Floats
    stems: Floats
    sample_rate: int
    notes: list[Floats] | None = None
    kinds: tuple[str, ...] = ()


def item_folders(folder: Path) -> list[Path]:
    """Return the folders of the items that have two stems or more, by name."""
    mixtures = sorted(folder.glob("*/mix.flac"))
    return [mix.parent for mix in mixtures if len(_stem_paths(mix.parent)) > 1]


def read_item(folder: Path) -> Item:
    """Return the item in its folder."""
    mixture, sample_rate = files.read(folder / "mix.flac")
    paths = _stem_paths(folder)
    stems = np.stack([files.read(path)[0][:, : mixture.shape[1]] for path in paths])
    instruments, score = [path.stem for path in paths], _score(folder)
    notes = _notes(score, instruments) if score else None
    kinds = _kinds(folder.name, score, stems)
    return Item(folder.name, instruments, mixture, stems, sample_rate, notes, kinds)


def _score(folder: Path) -> Score:
    path = folder / "score.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _notes(score: Score, instruments: list[str]) -> list[Floats]:
    """Return the notes of each instrument as they sound."""
    stems = {stem["stem"]: stem for stem in score["stems"]}
    return [_as_played(stems[name]) for name in instruments]


def _as_played(stem: Score) -> Floats:
    tuning = stem.get("fine_tune_cents", 0)
    notes = [
        (note["onset"], note["offset"], note["midi"] + note.get("cents", tuning) / 100)
        for note in stem["notes"]
    ]
    return np.array(notes, dtype=float).reshape(-1, 3)


def _kinds(name: str, score: Score, stems: Floats) -> tuple[str, ...]:
    """Return the kinds: of rendered items what their score tells, else the first word of the name.

    A name without words tells nothing; how many play does.
    """
    if "kind" not in score:
        word, *others = name.split("-")
        return (word if others else ENSEMBLES.get(len(stems), f"{len(stems)} players"),)
    chords = any(stem["polyphony"] > 1 for stem in score["stems"])
    return (
        score["kind"],
        "one family" if score["same_family"] else "several families",
        "room" if score["room"] else "dry",
        "chords" if chords else "lines",
        "mono" if score["channels"] == 1 else "stereo",
        "noise" if score["noise"] else "no noise",
    )


def _stem_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.flac") if path.name != "mix.flac")
