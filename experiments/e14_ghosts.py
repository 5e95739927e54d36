"""Measure how much of what is found nobody plays, and how much of what is played is found.

    python experiments/e14_ghosts.py FOLDER [--number 25] [--variants NAME ...]

Each item of the folder needs a ``score.json`` beside its stems, with the notes of each. The first
mono items without chords are taken. Notes are tracked as they are before it is asked who plays, and
a tone is a ghost if no note of the score is within `NEAR` semitones of it, nor ended less than
`TAIL_S` before. Prints for each variant of noise floor and price of a tone which share of the
amplitude of all notes found is the ghosts', and in the place of which share of the true notes'
amplitude a tone is found.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from items import Item, item_folders, read_item
from script import Script
from shared import Floats

from musisep._util.constants import NONE
from musisep.audio.floors import NoiseFloor
from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.learning.common import CommonColumns
from musisep.learning.from_notes import NotesLearner
from musisep.notes.tracking import NoteTracking
from musisep.tones.model import ToneModel

NEAR = 0.6
"""Semitones between a tone and its note."""
TAIL_S = 0.5
"""Seconds for which a note may still be heard."""
HARMONICS = 10
"""Harmonics that tell how loud a true note is."""
PLAIN = LogFrequencyFrontEnd(floor=None)
FREE = CommonColumns(price=0.0)


class Score(NamedTuple):
    """Notes of a score: pitches in bins (note,), and what is heard of each [frame, note].

    That is whether it sounds or may still be heard, and how loud it is until it ends.
    """

    shifts: Floats
    heard: Floats
    amps: Floats


@dataclass(frozen=True)
class Finding:
    """Finds notes before it is asked who plays them."""

    front_end: LogFrequencyFrontEnd = field(default_factory=LogFrequencyFrontEnd)
    price: float = 0.04
    common: CommonColumns = field(default_factory=CommonColumns)

    def __call__(self, item: Item) -> tuple[Floats, Floats]:
        """Return amplitudes and shifts of the tones that belong to notes, [frame, place]."""
        frames, _, grid = self.front_end(item.mixture, item.sample_rate)
        model = ToneModel.on(grid)
        learner = NotesLearner(len(item.stems), price=self.price, common=self.common)
        tones = learner.anybodys_tones(frames, model, lambda: None).tones
        kept = NoteTracking().linked(tones, model) != NONE
        return np.where(kept, tones.amps, 0.0), tones.shifts


def with_floor(**changes: float) -> Finding:
    """Find with another noise floor."""
    return Finding(LogFrequencyFrontEnd(floor=NoiseFloor(**changes)))


VARIANTS: dict[str, Finding] = {
    "as before": Finding(PLAIN, 0.0, FREE),
    "floor alone": Finding(price=0.0, common=FREE),
    "pursuit": Finding(replace(PLAIN, front_end="pursuit"), 0.0, FREE),
    "floor and pursuit": Finding(LogFrequencyFrontEnd("pursuit"), 0.0, FREE),
    "default": Finding(),
    **{f"price={value}": Finding(price=value) for value in (0.02, 0.08, 0.12)},
    **{f"share={value}": with_floor(share=value) for value in (0.15, 0.5)},
    **{f"octaves={value}": with_floor(octaves=value) for value in (0.25, 1.0)},
    **{f"times={value}": with_floor(times=value) for value in (0.5, 2.0)},
}


def score_of(item: Item, score: dict[str, Any]) -> Score:
    """Return where the notes of a score are on the axis, and how loud in their stems."""
    stems = {stem["stem"]: stem["notes"] for stem in score["stems"]}
    shifts, heard, amps = [], [], []
    for name, signal in zip(item.instruments, item.stems, strict=True):
        frames, level, grid = PLAIN(signal, item.sample_rate)
        times = np.arange(len(frames)) * grid.hop_length / grid.sample_rate
        for note in stems[name]:
            midi = note["midi"] + note.get("cents", 0.0) / 100
            shift = float(grid.axis.position(440 * 2 ** ((midi - 69) / 12)))
            begun = times >= note["onset"]
            shifts.append(shift)
            heard.append(begun & (times < note["offset"] + TAIL_S))
            amps.append(begun * (times < note["offset"]) * level * loudness(frames, grid, shift))
    return Score(np.array(shifts), np.array(heard).T, np.array(amps).T)


def loudness(frames: Floats, grid: Any, shift: float) -> Floats:
    """Sum the harmonics of a pitch, each the highest of five bins, (frame,)."""
    centres = np.rint(shift + grid.axis.harscale * np.log(np.arange(1, HARMONICS + 1)))
    near = (centres[:, None] + np.arange(-2, 3)).astype(int)
    near = near[(near >= 0).all(axis=1) & (near < frames.shape[1]).all(axis=1)]
    return np.asarray(frames[:, near].max(axis=2).sum(axis=1))


def measure(amps: Floats, shifts: Floats, score: Score, octave: float) -> tuple[float, float]:
    """Return the ghosts' share of the tones, and the share of the notes that is found."""
    near = np.abs(shifts[:, :, None] - score.shifts) < NEAR * octave / 12
    hits = near & score.heard[:, None].astype(bool) & (amps > 0)[:, :, None]
    ghosts = np.where(hits.any(axis=2), 0.0, amps).sum() / amps.sum()
    return ghosts, (score.amps * hits.any(axis=1)).sum() / score.amps.sum()


def chosen(folder: Path, number: int) -> Iterator[tuple[Item, dict[str, Any]]]:
    """Yield the first mono items without chords, and their scores."""
    found = 0
    for path in item_folders(folder):
        score = json.loads((path / "score.json").read_text())
        if score["channels"] == 1 and all(stem["polyphony"] == 1 for stem in score["stems"]):
            yield read_item(path), score
            found += 1
            if found == number:
                return


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each variant."""
    parser = Script(__doc__, quick=["{items}", "--number", "1", "--variants", "default"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--number", type=int, default=25, help="of items")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    args = parser.parse_args(arguments)
    octave = ToneModel.on(PLAIN.grid(44_100)).octave
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in args.variants}
    for item, score in chosen(args.folder, args.number):
        notes = score_of(item, score)
        for name, rows in results.items():
            rows.append(measure(*VARIANTS[name](item), notes, octave))
    for name, rows in results.items():
        ghosts, found = 100 * np.mean(rows, axis=0)
        print(f"{name:20s} ghosts {ghosts:5.1f} %   found {found:5.1f} %   {len(rows)} items")


if __name__ == "__main__":
    main()
