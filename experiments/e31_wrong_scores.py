"""Measure how well it is noticed that a score is of another piece.

    python experiments/e31_wrong_scores.py FOLDER ... [--most 15] [--seed 0] [--results FOLDER]

FOLDER holds items with a score (see items.py), of the part train. Printed is `Alignment.share`
for scores of the item, for 60 % of their notes, and for scores of another item: `STRANGE` of
musisep/scores/alignment.py lies between the first and the last.
"""

from pathlib import Path

import numpy as np
from items import Floats, item_folders, read_item
from results import write_values
from script import Script

from musisep._util.pitches import hz_of
from musisep.scores import Score, note_table
from musisep.scores.alignment import align
from musisep.scores.score import chosen

KEPT = 0.6
"""Share of the notes of a score that lacks some."""


def score_of(notes: tuple[Floats, ...]) -> Score:
    """Return notes of each instrument, (onset in s, offset in s, MIDI pitch), as a score."""
    onset_s, offset_s, pitches = np.vstack(notes).T
    players = np.repeat(np.arange(len(notes)), [len(own) for own in notes])
    hz = [hz_of(pitch) for pitch in pitches.tolist()]
    names = tuple(f"instrument{number}" for number in range(1, len(notes) + 1))
    return Score(note_table(onset_s, offset_s, hz, players), names)


def main() -> None:
    """Align the scores and print the shares."""
    parser = Script(__doc__, quick=["{items}"], seed=True, results=True)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--most", type=int, default=15, metavar="N", help="items of a folder")
    args = parser.parse_args()
    paths = [path for folder in args.folders for path in item_folders(folder)[: args.most]]
    scores = [score_of(read_item(path).notes or ()) for path in paths]
    rng = np.random.default_rng(args.seed)
    shares = []
    for number, path in enumerate(paths):
        item, score = read_item(path), scores[number]
        some = Score(chosen(score.notes, rng.random(len(score)) < KEPT), score.names)
        shares.append([
            align(given, item.mixture, item.sample_rate).share
            for given in (score, some, scores[(number + 1) % len(scores)])
        ])  # fmt: skip
    values: dict[str, float] = {}
    for name, column in zip(("right", "some notes", "wrong"), np.transpose(shares), strict=True):
        print(f"{name}: {column.min():.2f} to {column.max():.2f}, median {np.median(column):.2f}")
        measures = {"least": column.min(), "most": column.max(), "median": np.median(column)}
        values |= {f"{name} {what}": float(value) for what, value in measures.items()}
    if args.results:
        names = ", ".join(folder.name for folder in args.folders)
        write_values(args.results, "wrong_scores", f"{len(paths)} items of {names}", values)


if __name__ == "__main__":
    main()
