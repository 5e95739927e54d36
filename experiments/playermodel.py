"""The model of players with parameters that can be fitted, for e13_players.py; needs PyTorch."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from owners import Recording, in_turns, with_solo
from torch.nn import functional

from musisep._util.constants import NONE
from musisep.notes import players

GHOST_WEIGHT = 0.3
"""Weight of a ghost in the likelihood."""
DIMENSION, HIDDEN = 12, 16
"""Of the vectors, of the networks."""
BATCH, RATE, DECAY, NOISE = 6, 5e-3, 1e-2, 0.1
"""Of the fit (AdamW with a cosine schedule); deviation of noise that is added to the inputs."""
SUBSETS = (0.15, 0.4, 1.0)
"""Shares of the notes, one of which is drawn, in the likelihood of the vectors alone."""
LEAST_NOTES = 6
"""Recordings of fewer notes are left out."""
PARTS = ("lines crossing", "together", "vectors lines together crossing")
"""What each term of the likelihood looks at, beside the vectors alone."""


class Inputs:
    """What the fit needs of a recording, as tensors."""

    def __init__(self, recording: Recording) -> None:
        notes = recording.notes
        tensor = lambda values: torch.as_tensor(np.asarray(values, np.float32))  # noqa: E731
        self.number, self.size = recording.number, notes.shifts.size
        self.vectors = tensor(players.inputs(notes))
        self.owner = torch.as_tensor(recording.owner)
        self.pitch = torch.as_tensor(players.pitch_classes(notes))
        weight = players.sizes(notes) * np.where(recording.ghost, GHOST_WEIGHT, 1.0)
        self.weight = tensor(weight / weight.sum())
        first, second = notes.pairs.T
        swap = notes.shifts[first] < notes.shifts[second]
        self.high = torch.as_tensor(np.where(swap, second, first))
        self.low = torch.as_tensor(np.where(swap, first, second))
        self.together = tensor(players.pair_features(notes))
        self.crossed = tensor(players.crossing_times(notes))
        self.steps = [self._steps(notes, *pair) for pair in self._neighbours(recording.owner)]

    def _neighbours(self, owner):
        """Who comes before and after each note in each player's line, [note, player]."""
        before, after = np.full((2, self.size, self.number), NONE)
        last = np.full(self.number, NONE)
        for note in range(self.size):
            before[note] = last
            last[owner[note]] = note
        last[:] = NONE
        for note in reversed(range(self.size)):
            after[note] = last
            last[owner[note]] = note
        own = np.repeat(np.arange(self.size)[:, None], self.number, axis=1)
        return (before, own), (own, after), (before, after)

    def _steps(self, notes, first, second):
        exist = (first != NONE) & (second != NONE) & (second - first <= players.WINDOW)
        features = players.step_features(notes, first[exist], second[exist])
        return torch.as_tensor(exist), torch.as_tensor(features.astype(np.float32))


class Model(torch.nn.Module):
    """The model of players with parameters that can be fitted."""

    def __init__(self, inputs: Inputs) -> None:
        super().__init__()
        nn = torch.nn
        self.map = nn.Linear(inputs.vectors.shape[1], DIMENSION + 1)
        with torch.no_grad():
            self.map.bias[-1] -= 2
        self.log_player = nn.Parameter(torch.zeros(DIMENSION))
        self.log_pitch = nn.Parameter(torch.full((DIMENSION,), -2.0))
        self.crossing = nn.Parameter(torch.tensor(0.3))
        self.networks = nn.ModuleDict({
            name: nn.Sequential(nn.Linear(size, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1))
            for name, size in (
                ("together", inputs.together.shape[1]), ("following", inputs.steps[0][1].shape[1]),
            )
        })  # fmt: skip

    def by_vectors(self, own: Inputs, chosen=slice(None), noise=0.0):
        """Log odds [note, player] of each note's player, given those of the other chosen ones."""
        owner, pitch = own.owner[chosen], own.pitch[chosen]
        rows = own.vectors[chosen]
        mapped = self.map(rows + noise * torch.randn_like(rows))
        precision = functional.softplus(mapped[:, -1:])
        weighted = torch.cat([precision, precision * mapped[:, :-1]], 1)
        size = int(pitch.max()) + 1
        sums = torch.zeros(own.number * size, DIMENSION + 1).index_add(
            0, owner * size + pitch, weighted
        )
        sums = sums.reshape(own.number, size, -1)
        of_pitch, of_player = self.log_pitch.exp(), self.log_player.exp()

        def evidence(group):
            count, total = group[..., :1], group[..., 1:]
            spread = 1 + of_pitch * count
            value = 0.5 * (of_pitch * total**2 / spread - torch.log(spread)).sum(-1)
            return count / spread, total / spread, value

        def marginal(count, total):
            spread = 1 + of_player * count
            return 0.5 * (of_player * total**2 / spread - torch.log(spread)).sum(-1)

        counts, totals, _ = evidence(sums)
        here = sums[:, pitch].transpose(0, 1)
        without = here - functional.one_hot(owner, own.number)[..., None] * weighted[:, None]
        without = torch.cat([without[..., :1].clamp(min=0), without[..., 1:]], -1)
        now, old, new = evidence(here), evidence(without), evidence(without + weighted[:, None])
        count, total = counts.sum(1) - now[0], totals.sum(1) - now[1]
        gained = marginal(count + new[0], total + new[1]) + new[2]
        return gained - marginal((count + old[0]).clamp(min=0), total + old[1]) - old[2]

    def log_odds(self, own: Inputs, parts: str):
        """Log odds [note, player] of each note's player, given those of all others."""
        odds = torch.zeros(own.size, own.number)
        if "vectors" in parts:
            odds = odds + self.by_vectors(own)
        if "together" in parts and len(own.high):
            alike = self.networks["together"](own.together)[:, 0]
            for one, other in ((own.high, own.low), (own.low, own.high)):
                odds = odds.index_put((one, own.owner[other]), alike, accumulate=True)
        if "crossing" in parts and len(own.high):
            names = torch.arange(own.number)
            for one, other, sign in ((own.high, own.low, 1), (own.low, own.high, -1)):
                crossed = ((names - own.owner[other][:, None]) * sign > 0) * own.crossed[:, None]
                odds = odds.index_add(0, one, -self.crossing * crossed)
        if "lines" in parts:
            for sign, (exist, features) in zip((1, 1, -1), own.steps, strict=True):
                if len(features):
                    steps = torch.zeros(exist.shape)
                    steps[exist] = self.networks["following"](features)[:, 0]
                    odds = odds + sign * steps
        return odds

    def loss(self, own: Inputs, rng: np.random.Generator):
        """Negative pseudo-likelihood of the players of a recording."""
        chosen = np.flatnonzero(rng.random(own.size) < rng.choice(SUBSETS))
        total = torch.zeros(())
        if chosen.size > 3:
            odds = self.by_vectors(own, torch.as_tensor(chosen), NOISE)
            weight = own.weight[chosen] / own.weight[chosen].sum()
            total = total + surprise(odds, own.owner[chosen], weight)
        for parts in PARTS:
            total = total + surprise(self.log_odds(own, parts), own.owner, own.weight)
        return total

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Return what `musisep.notes.players.from_arrays` reads."""
        result = {
            "projection": self.map.weight.T, "offset": self.map.bias,
            "player_variance": self.log_player.exp(), "pitch_variance": self.log_pitch.exp(),
            "crossing": self.crossing,
        }  # fmt: skip
        for name, network in self.networks.items():
            result |= {
                f"{name}_inner": network[0].weight.T, f"{name}_inner_bias": network[0].bias,
                f"{name}_outer": network[2].weight[0], f"{name}_outer_bias": network[2].bias[0],
            }  # fmt: skip
        return {name: value.detach().numpy().astype(np.float64) for name, value in result.items()}


def surprise(odds, owner, weight):
    """Return the weighted mean of the negative log probability of the owners."""
    return (functional.cross_entropy(odds, owner, reduction="none") * weight).sum()


def fit(recordings: Sequence[Recording], seed: int, epochs: int) -> Model:
    """Fit a model to recordings."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    changed = [change(own, rng) for own in recordings for change in (in_turns, with_solo)]
    data = [Inputs(own) for own in [*recordings, *changed] if own.notes.shifts.size >= LEAST_NOTES]
    model = Model(data[0])
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(epochs):
        total = 0.0
        for batch in np.array_split(rng.permutation(len(data)), len(data) // BATCH + 1):
            loss = sum(model.loss(data[i], rng) for i in batch) / len(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(batch)
        schedule.step()
        print(f"epoch {epoch}: {total / len(data):.4f}", flush=True)
    return model
