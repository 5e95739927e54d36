"""Measure by how much the notes that are found begin and end late.

    python experiments/e29_note_times.py FOLDER ... [--most 30] [--seed 0] [--results FOLDER]

FOLDER holds items with a score (see items.py), of the part train. Printed are medians and quartiles
of the differences, in ms: `LATE_S` of musisep/scores/found.py are the medians.
"""

from pathlib import Path

import numpy as np
from items import Floats, item_folders, read_item
from results import write_values
from script import Script

import musisep
from musisep.scores import NoteTable

NEAR_SEMITONES, NEAR_S = 0.5, 0.2
"""A note is one of the score if it is so near in pitch and, at its begin, in time."""


def differences(found: NoteTable, true: Floats) -> Floats:
    """Return by how many seconds notes begin and end late, [note, (begin, end)].

    `true` is [note, (onset in s, offset in s, MIDI pitch)].
    """
    late = []
    for note in found:
        pitch = 69 + 12 * np.log2(note.f0_hz / 440)
        begins = note.onset_s - true[:, 0]
        near = (np.abs(true[:, 2] - pitch) < NEAR_SEMITONES) & (np.abs(begins) < NEAR_S)
        if near.any():
            nearest = np.flatnonzero(near)[np.abs(begins[near]).argmin()]
            late.append((begins[nearest], note.offset_s - true[nearest, 1]))
    return np.array(late).reshape(-1, 2)


def main() -> None:
    """Separate the items and print how late notes are."""
    parser = Script(__doc__, quick=["{items}", "--most", "1"], seed=True, results=True)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--most", type=int, default=30, metavar="N", help="items of a folder")
    args = parser.parse_args()
    every = []
    for folder in args.folders:
        for path in item_folders(folder)[: args.most]:
            item = read_item(path)
            separation = musisep.separate(
                item.mixture, item.sample_rate, instruments=len(item.stems), seed=args.seed
            )
            every.append(differences(separation.notes, np.vstack(item.notes or ())))
    late = 1000 * np.concatenate(every)
    values = {"notes": float(len(late))}
    for name, column in zip(("begin", "end"), late.T, strict=True):
        lower, median, upper = np.quantile(column, (0.25, 0.5, 0.75))
        print(f"{name}: {median:.0f} ms late (quartiles {lower:.0f} and {upper:.0f})")
        values[f"{name} ms"] = float(median)
    print(f"{len(late)} notes")
    if args.results:
        names = ", ".join(folder.name for folder in args.folders)
        write_values(args.results, "note_times", f"{len(every)} items of {names}", values)


if __name__ == "__main__":
    main()
