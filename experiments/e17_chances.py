"""Choose the temperature at which answers are drawn: how far chances are from who really plays.

    python experiments/e17_chances.py FOLDER --cache CACHE [--seed 0]

Items (see items.py) need a ``score.json``; owners.py says whose notes are. For each temperature are
printed, by number of players: the share of the notes' amplitude with the wrong player, the mean
squared error of the chances weighted by energy, and what that would leave of the SDR, in dB, if
nothing else were wrong but `REST` of the energy. "hard": the same if each note is its likeliest
player's alone.
"""

from collections import defaultdict
from pathlib import Path

import numpy as np
from items import Floats, item_folders
from joblib import Memory, Parallel, delayed
from owners import Recording, recording
from script import Script

from musisep.notes.assignment import AnnealedAssignment, Annealing, agreed, same_names

TEMPERATURES = (1.0, 1.5, 2.0, 2.5, 3.0)
RESTARTS = 6
REST = 0.03
"""Share of the energy that is wrong anyway."""


def chances(own: Recording, temperature: float, seed: int = 0) -> Floats:
    """Return the chances [note, player] that several answers agree on, with the true names."""
    assign = AnnealedAssignment(annealing=Annealing(temperature=temperature))
    rngs = np.random.default_rng(seed).spawn(RESTARTS)
    found = agreed([assign(own.notes, own.number, rng) for rng in rngs]).chances
    assert found is not None
    return found[:, same_names(np.eye(own.number)[own.owner] * _played(own)[:, None], found)]


def measures(own: Recording, guess: Floats) -> tuple[float, float, float]:
    """Return the wrong share, the squared error, and the SDR in dB of chances."""
    true, amount = np.eye(own.number)[own.owner], _played(own)
    wrong = amount @ (guess.argmax(axis=1) != own.owner) / amount.sum()
    error = amount**2 @ ((guess - true) ** 2).sum(axis=1) / 2 / (amount**2).sum()
    return wrong, error, -10 * np.log10(error + REST)


def _played(own: Recording) -> Floats:
    return np.where(own.ghost, 0.0, own.amount)


def main() -> None:
    """Print a table."""
    quick = ["{items}", "--cache", "{scratch}", "--jobs", "1"]
    parser = Script(__doc__, quick, seed=True)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    kept = Memory(args.cache, verbose=0).cache(recording)
    recordings = Parallel(args.jobs)(delayed(kept)(one) for one in item_folders(args.folder))
    heard = [own for own in recordings if own.notes.shifts.size and _played(own).any()]
    report(heard, args.seed)


def report(recordings: list[Recording], seed: int = 0) -> None:
    """Print the table of recordings."""
    print("players  temperature        wrong  error  SDR / dB")
    for temperature in TEMPERATURES:
        rows = defaultdict(list)
        for own in recordings:
            guess = chances(own, temperature, seed)
            rows[own.number, "soft"].append(measures(own, guess))
            hard = np.eye(own.number)[guess.argmax(axis=1)]
            rows[own.number, "hard"].append(measures(own, hard))
        for (number, name), values in sorted(rows.items()):
            wrong, error, sdr = np.mean(values, axis=0)
            print(f"{number:7d}  {temperature:11.1f}  {name}  {wrong:.4f}  {error:.4f}  {sdr:.2f}")


if __name__ == "__main__":
    main()
