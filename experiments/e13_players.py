"""Fit the model of players to recordings with true stems and scores, and try it on others.

    python experiments/e13_players.py --train FOLDER --check FOLDER --cache CACHE [--out fitted.npz]
        [--epochs 14] [--seed 0]

The items (see items.py) need a ``score.json`` each, which lists the notes of every stem; owners.py
says whose notes are. The parameters of `musisep.notes.players.Players` maximise the
pseudo-likelihood of the players: of each note's, given those of all others, by the vectors alone
(of all notes and of random subsets), by each of the other parts alone, and by all parts together.
Each recording counts three times: as it is, with players that take turns, and with a solo.
The gradient is PyTorch's, of the extra "experiments"; without it the shipped model is tried.
The fit itself is in playermodel.py.

The share of the notes' amplitude that `AnnealedAssignment` gives to the right player is printed for
both folders. ``fitted.npz`` belongs to ``musisep/notes/``.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from items import item_folders
from joblib import Memory, Parallel, delayed
from owners import Recording, recording, right_share
from script import Script, peer

from musisep.notes import players
from musisep.notes.assignment import AnnealedAssignment

EPOCHS = 14


def report(name: str, recordings: Sequence[Recording], model: players.Players) -> None:
    """Print the mean share of the right player by kind."""
    kinds = defaultdict(list)
    for own in recordings:
        kinds[own.kind].append(right_share(own, AnnealedAssignment(players=model)))
    for kind, shares in sorted(kinds.items()):
        print(f"{name} {kind}: {np.mean(shares):.3f} of {len(shares)}", flush=True)


def main() -> None:
    """Fit, report and save."""
    quick = ["--train", "{items}", "--check", "{items}", "--cache", "{scratch}/cache"]
    quick += ["--out", "{scratch}/fitted.npz", "--epochs", "1", "--jobs", "1"]
    parser = Script(__doc__, quick, seed=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--check", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("fitted.npz"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    kept = Memory(args.cache, verbose=0).cache(recording)
    train, check = (
        [own for own in Parallel(args.jobs)(delayed(kept)(one) for one in item_folders(folder))]
        for folder in (args.train, args.check)
    )
    model = fitted_to(train, args)
    for name, recordings in (("train", train), ("check", check)):
        report(name, recordings, model)


def fitted_to(train: Sequence[Recording], args: argparse.Namespace) -> players.Players:
    """Fit a model and write it; without PyTorch, return the one that is shipped."""
    torch = peer("torch")
    if torch is None:
        return players.fitted()
    from playermodel import fit

    torch.set_num_threads(args.jobs)
    arrays = fit(train, args.seed, args.epochs).arrays()
    source = f"e13_players.py on {len(train)} rendered recordings of the part train, version 1"
    np.savez_compressed(args.out, source=np.array(source), **arrays)
    return players.from_arrays(arrays)


if __name__ == "__main__":
    main()
