"""Count how many notes a separation finds, and for how many of them it is right who plays.

    python experiments/e25_notes.py FOLDER ... [--most 50] [--basic-pitch PYTHON] [--seed 0]
        [--results FOLDER]

Items (see items.py) that have a score are separated with the number of their instruments. Their
notes, `musisep.Separation.notes`, are compared with those of the score as they are played, by
`mir_eval.transcription`: a note is found if it begins within 50 ms and is within 50 cents; with
offsets, it must also end within 50 ms or a fifth of its length. A note counts once. The F-measure
of an item is twice the notes that are found, by all that are played and all that are returned.

* **any player**: all notes together, whoever plays them;
* **right player**: an instrument's notes are compared with those of one stem; which one is the
  permutation with the most notes found.

`PYTHON` is the interpreter of an environment that has Basic Pitch (Spotify, 2022; ``pip install
basic-pitch``), a neural network for transcription. It was trained on recordings with scores and
does not tell who plays, so its notes count for any player only.
"""

import argparse
import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import mir_eval.transcription
import numpy as np
from items import Floats, Item, item_folders, read_item
from joblib import Parallel, delayed
from results import write_table, write_values
from scipy.optimize import linear_sum_assignment
from script import Script

import musisep
from musisep.scores import NoteTable

OFFSET_RATIO = 0.2
"""Of the length of a note, by which its end may be off; 50 ms are allowed in any case."""
BASIC_PITCH = """
import json, sys
from basic_pitch import ICASSP_2022_MODEL_PATH
from basic_pitch.inference import Model, predict
model, found = Model(ICASSP_2022_MODEL_PATH), []
for path in sys.argv[2:]:
    notes = predict(path, model)[2]
    found.append([[float(value) for value in note[:3]] for note in notes])
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(found, file)
"""
"""Writes the notes of recordings, [onset in s, offset in s, MIDI pitch], with its defaults."""


class Counts(NamedTuple):
    """Notes that are found, that are played, and that are returned."""

    found: int
    played: int
    returned: int

    @property
    def f_measure(self) -> float:
        """Twice what is found, by what is played and returned; 0 without any notes."""
        return 2 * self.found / max(self.played + self.returned, 1)


class Scores(NamedTuple):
    """F-measures of one item, each by onset alone, and by onset and offset."""

    any_player: tuple[float, float]
    right_player: tuple[float, float] | None


def with_pitches(notes: NoteTable, instruments: int) -> list[Floats]:
    """Return the notes of each instrument, [note, (onset in s, offset in s, MIDI pitch)]."""
    pitches = 69 + 12 * np.log2(notes.f0_hz / 440)
    table = np.column_stack([notes.onset_s, notes.offset_s, pitches])
    return [table[notes.instrument == number] for number in range(instruments)]


def found_of(played: Floats, returned: Floats, offset_ratio: float | None) -> int:
    """Return how many notes are found; both are [note, (onset in s, offset in s, MIDI pitch)]."""
    if not len(played) or not len(returned):
        return 0
    hz = [440 * 2 ** ((notes[:, 2] - 69) / 12) for notes in (played, returned)]
    matched = mir_eval.transcription.match_notes(
        played[:, :2], hz[0], returned[:, :2], hz[1], offset_ratio=offset_ratio
    )
    return len(matched)


def measured(
    played: Sequence[Floats], returned: Sequence[Floats], offset_ratio: float | None
) -> tuple[float, float]:
    """Return F-measures of notes by instrument: of any player, and of the right one."""
    total = sum(map(len, played)), sum(map(len, returned))
    anybodys = found_of(np.concatenate(played), np.concatenate(returned), offset_ratio)
    pairs = np.array([[found_of(own, stem, offset_ratio) for stem in returned] for own in played])
    right = int(pairs[linear_sum_assignment(-pairs)].sum())
    return Counts(anybodys, *total).f_measure, Counts(right, *total).f_measure


def scores(played: Sequence[Floats], returned: Sequence[Floats], who: bool = True) -> Scores:
    """Compare notes by instrument; `who` tells whether it is known who plays what is returned."""
    onset, both = (measured(played, returned, ratio) for ratio in (None, OFFSET_RATIO))
    return Scores((onset[0], both[0]), (onset[1], both[1]) if who else None)


def played_in(item: Item) -> list[Floats]:
    """Return the notes of each instrument that begin within the recording and last."""
    end_s = item.mixture.shape[1] / item.sample_rate
    return [own[(own[:, 0] < end_s) & (own[:, 1] > own[:, 0])] for own in item.notes or ()]


def separated(folder: Path, seed: int = 0) -> Scores:
    """Return the scores of the notes of a blind separation."""
    item = read_item(folder)
    number = len(item.stems)
    found = musisep.separate(item.mixture, item.sample_rate, instruments=number, seed=seed)
    return scores(played_in(item), with_pitches(found.notes, number))


def transcribed(folders: Sequence[Path], python: Path) -> list[Scores]:
    """Return the scores of the notes that Basic Pitch finds."""
    mixtures = [folder / "mix.flac" for folder in folders]
    with TemporaryDirectory() as work:
        output = Path(work) / "notes.json"
        command = [python, "-c", BASIC_PITCH, output, *mixtures]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = json.loads(output.read_text(encoding="utf-8"))
    tables = [np.array(notes, dtype=float).reshape(-1, 3) for notes in found]
    return [
        scores(played_in(read_item(folder)), [table], who=False)
        for folder, table in zip(folders, tables, strict=True)
    ]


def row(name: str, method: str, found: Sequence[Scores]) -> list[str]:
    """Return a row of the table: means over the items."""
    cells = [name, method, str(len(found))]
    for columns in ([own.any_player for own in found], [own.right_player for own in found]):
        known = None not in columns
        means = np.mean(columns, axis=0) if known else (None, None)
        cells += ["" if mean is None else f"{100 * mean:.0f}" for mean in means]
    return cells


def rows(folder: Path, args: argparse.Namespace) -> Iterator[list[str]]:
    """Yield the rows of a folder: one for each method."""
    items = [own for own in item_folders(folder) if (own / "score.json").exists()][: args.most]
    if not items:
        raise SystemExit(f"{folder}: no item has a score.json; give a folder of such items")
    found = Parallel(args.jobs)(delayed(separated)(item, args.seed) for item in items)
    yield row(folder.name, "musisep", found)
    if args.basic_pitch:
        yield row(folder.name, "Basic Pitch", transcribed(items, args.basic_pitch))


def main() -> None:
    """Print the table, and write it."""
    parser = Script(__doc__, ["{items}", "--most", "2", "--jobs", "1"], seed=True, results=True)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--most", type=int, help="items of a folder (default: all)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--basic-pitch", type=Path, metavar="PYTHON", help="that has Basic Pitch")
    args = parser.parse_args()
    who, what = ("any player", "right player"), ("onset", "and offset")
    heads = [f"{player}: {part}" for player in who for part in what]
    table = [["recordings", "method", "items", *heads]]
    for folder in args.folders:
        table += rows(folder, args)
    print(*("  ".join(own) for own in table), sep="\n")
    if args.results:
        write_table(args.results, "notes", table)
        data = ", ".join(f"{own[0]} ({own[2]} items)" for own in table[1:] if own[1] == "musisep")
        write_values(args.results, "notes", data, values_of(table))


def values_of(table: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the figures of a table by their names, as "duets right onset", ours without a name."""
    names = [f"{who} {what}" for who in ("any", "right") for what in ("onset", "offset")]
    return {
        " ".join((folder, *((method,) if method != "musisep" else ()), name)): float(cell)
        for folder, method, _, *cells in table[1:]
        for name, cell in zip(names, cells, strict=True)
        if cell
    }


if __name__ == "__main__":
    main()
