"""Whose the notes of an item are, and how many an assignment gives to the right player.

Notes are found as `musisep.separate` finds them; each belongs to the player whose score has it, or
else, as a ghost, to the one whose stem is loudest at its harmonics.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from items import Floats, read_item
from numpy.typing import NDArray

from musisep._util.constants import NONE
from musisep.learning.from_notes import NotesLearner
from musisep.notes.assignment import Assignment
from musisep.notes.tracking import Notes
from musisep.settings import Settings
from musisep.stages import make_stages
from musisep.tones.model import ToneModel

Bools = NDArray[np.bool_]

NEAR_SEMITONES = 0.6
"""A note is one of the score if it is so near."""
EARLY_S, LATE_S = 0.06, 0.3
"""... and sounds at most so long before and after it."""
MATCHED = 0.3
"""... for at least this share of its amplitude; otherwise it is a ghost."""


class Recording(NamedTuple):
    """Notes of an item, and whose they are.

    Attributes
    ----------
    notes : Notes
    owner : ndarray of int, shape (note,)
        Player of each, 0 the highest.
    ghost : ndarray of bool, shape (note,)
        Whether nobody plays it.
    amount : ndarray, shape (note,)
        Its summed amplitude.
    kind : str
        By number of players.
    number : int
        Of players.
    """

    notes: Notes
    owner: NDArray[np.int64]
    ghost: Bools
    amount: Floats
    kind: str
    number: int


def recording(folder: Path) -> Recording:
    """Find the notes of an item, and say whose they are."""
    item, score = read_item(folder), json.loads((folder / "score.json").read_text())
    number = len(item.stems)
    stages = make_stages(Settings(instruments=number))
    learner = stages.learner
    assert isinstance(learner, NotesLearner)
    frames, _, grid = stages.front_end(item.mixture, item.sample_rate)
    model = ToneModel.on(grid)
    tones = learner.anybodys_tones(frames, model, lambda: None).tones
    notes = learner.tracking(tones, frames, model)
    frame, place = np.nonzero(notes.numbers != NONE)
    note, amps = notes.numbers[frame, place], tones.amps[frame, place]
    shifts = tones.shifts[frame, place]
    pitch = 69 + 12 * np.log2(model.lowest_hz * np.exp(shifts / model.harscale) / 440)
    scores = {one["stem"]: one["notes"] for one in score["stems"]}
    loud, played = np.zeros((2, number, note.size))
    for k in range(number):
        stem, own, _ = stages.front_end(item.stems[k], item.sample_rate)
        for order in range(1, 11):
            bins = np.rint(shifts + model.harscale * np.log(order)).astype(np.int64)
            inside = bins < stem.shape[1]
            loud[k] += np.where(inside, stem[frame, np.minimum(bins, stem.shape[1] - 1)], 0) * own
        played[k] = in_score(scores[item.instruments[k]], frame * model.hop_s, pitch)

    def total(values: Floats) -> Floats:
        return np.array([np.bincount(note, amps * row, notes.shifts.size) for row in values])

    amount = np.bincount(note, amps, notes.shifts.size)
    ghost = total(played).max(axis=0) < MATCHED * amount
    owner = np.where(ghost, total(loud).argmax(axis=0), total(played * loud).argmax(axis=0))
    heights = [
        np.average(notes.shifts, weights=amount * (owner == k) + 1e-12) for k in range(number)
    ]
    owner = np.argsort(np.argsort(-np.array(heights)))[owner]
    bare = notes._replace(numbers=notes.numbers[:0])  # not needed any more, and large
    return Recording(bare, owner, ghost, amount, score["kind"], number)


def kept(own: Recording, mask: Bools) -> Recording:
    """Return a recording of some of the notes."""
    return own._replace(
        notes=own.notes.chosen(mask), owner=own.owner[mask], ghost=own.ghost[mask],
        amount=own.amount[mask],
    )  # fmt: skip


def in_turns(own: Recording, rng: np.random.Generator) -> Recording:
    """Return a recording in which players take turns of one length, from 0.4 to 5 s."""
    turn = (_middles(own) // rng.uniform(0.4, 5.0)).astype(np.int64)
    return kept(own, (turn + rng.integers(own.number)) % own.number == own.owner)


def with_solo(own: Recording, rng: np.random.Generator) -> Recording:
    """Return a recording in which one player is alone for a fifth to a half of the time."""
    middles = _middles(own)
    alone = middles < rng.uniform(0.2, 0.5) * middles.max(initial=0.0)
    return kept(own, ~alone | (own.owner == rng.integers(own.number)))


def _middles(own: Recording) -> Floats:
    notes = own.notes
    return notes.hop_s * (notes.onsets + 0.5 * notes.lengths)


def in_score(notes: Sequence[Mapping[str, float]], seconds: Floats, pitch: Floats) -> Bools:
    """Tell which tones, at MIDI pitches, the notes of a score have."""
    found = np.zeros(seconds.size, np.bool_)
    for note in notes:
        now = (seconds > note["onset"] - EARLY_S) & (seconds < note["offset"] + LATE_S)
        found |= now & (np.abs(pitch - note["midi"] - note["cents"] / 100) < NEAR_SEMITONES)
    return found


def right_share(own: Recording, assign: Assignment, restarts: int = 3) -> float:
    """Return which share of the amplitude of notes that somebody plays has the right player."""
    rngs = np.random.default_rng(0).spawn(restarts)
    answers = [assign(own.notes, own.number, rng) for rng in rngs]
    insts = max(answers, key=lambda answer: answer[0])[1]
    amount = np.where(own.ghost, 0.0, own.amount)
    table = np.zeros((own.number, own.number))
    np.add.at(table, (own.owner, insts), amount)
    orders = permutations(range(own.number))
    return max(table[range(own.number), order].sum() for order in orders) / amount.sum()
