"""Profiles that are learned from lessons."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from musisep._util.constants import TINY
from musisep._util.fields import check_fields
from musisep.instruments.lessons import Lesson
from musisep.instruments.profiles import BANDS, LOUDNESS, Profiles, discriminants
from musisep.tones.peaks import Floats, Ints

MOST_NOTES = 20
"""The notes of a player in a lesson count as so many at most, ..."""
MOST_OF_PLAYER = 50
"""... and those in all lessons as so many for the mean of the instrument: there are few players,
and many notes of each."""
FOLDS = 5
"""Parts of the players, each of which is judged by what the others tell."""


class Observations(NamedTuple):
    """Notes of all lessons that are clearly somebody's, (note, ...), and who the players are.

    ``player`` are numbers of ``of``, the instrument of each player.
    """

    rows: Floats
    weights: Floats
    player: Ints
    of: Ints


@dataclass(frozen=True)
class ProfileFit:
    """How profiles are learned from lessons.

    Constants are compared by `experiments/e20_library.py`.

    Parameters
    ----------
    pseudo_notes : float
        Notes that sound as before that are added to each instrument: as the same instrument of
        the profiles to begin with or, without, as all of the lessons together.
    base_notes : float
        Notes that the covariance of the profiles to begin with counts as.
    shrinkage : float
        Share of the covariance that is replaced by its diagonal.
    ridge : float
        Variance that is added to all.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    Examples
    --------
    Lessons of oboes whose numbers are near 1, and tubas whose numbers are near -1:

    >>> import numpy as np
    >>> from musisep.instruments import Lesson, ProfileFit
    >>> def lesson(seed):
    ...     owners = np.arange(20) % 2
    ...     centers = np.where(owners == 0, 1.0, -1.0)[:, None]
    ...     rows = np.random.default_rng(seed).normal(centers, 0.5, (20, 4))
    ...     numbers = rows, np.ones(20), owners, np.zeros(20, int), np.ones((20, 3))
    ...     return Lesson(("oboe", "tuba"), (f"oboe {seed}", f"tuba {seed}"), *numbers)
    >>> profiles = ProfileFit(pseudo_notes=0.0)([lesson(seed) for seed in range(5)])
    >>> profiles.names, (profiles.means.mean(axis=1).round(1) + 0.0).tolist()
    (('oboe', 'tuba'), [1.0, -1.0])
    """

    pseudo_notes: float = 25.0
    base_notes: float = 2000.0
    shrinkage: float = 0.1
    ridge: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self)

    def __call__(self, lessons: Sequence[Lesson], base: Profiles | None = None) -> Profiles:
        """Learn profiles of all instruments of the lessons.

        Parameters
        ----------
        lessons : sequence of Lesson
            What is learned from.
        base : Profiles, optional
            What is known before, such as the library.

        Returns
        -------
        Profiles
            Of the instruments of the lessons, by name.

        Raises
        ------
        ValueError
            If no note is anybody's.
        """
        names = tuple(sorted({name for lesson in lessons for name in lesson.instruments}))
        seen = observations(names, lessons)
        if not len(seen.rows):
            raise ValueError("no note of the lessons is clearly one of an instrument")
        means, covariance = self._moments(names, seen, base)
        return Profiles(
            names,
            means,
            covariance,
            weight=self._weight(names, lessons, seen, base),
            amounts=np.bincount(seen.of[seen.player], seen.weights, len(names)).astype(float),
            columns=columns_of(names, lessons),
        )

    def _moments(
        self, names: Sequence[str], seen: Observations, base: Profiles | None
    ) -> tuple[Floats, Floats]:
        """Return means [instrument, input], and the covariance of notes about their player's."""
        everyone = np.average(seen.rows, axis=0, weights=seen.weights)
        before = np.tile(everyone, (len(names), 1))
        if base is not None:
            for number, name in enumerate(names):
                with suppress(ValueError):  # that it is not known
                    before[number] = base.means[base.numbers(name)].mean(axis=0)
        heard = np.bincount(seen.player, seen.weights, len(seen.of))
        own = np.zeros((len(seen.of), seen.rows.shape[1]))
        np.add.at(own, seen.player, seen.weights[:, None] * seen.rows)
        own /= np.maximum(heard, TINY)[:, None]
        counts = np.minimum(heard, MOST_OF_PLAYER)
        means = self.pseudo_notes * before
        np.add.at(means, seen.of, counts[:, None] * own)
        means /= (self.pseudo_notes + np.bincount(seen.of, counts, len(names)))[:, None]
        apart = seen.rows - own[seen.player]
        covariance, total = (seen.weights * apart.T) @ apart, seen.weights.sum()
        if base is not None:
            covariance += self.base_notes * base.covariance
            return means, covariance / (total + self.base_notes)
        covariance /= total
        covariance += self.shrinkage * (np.diag(np.diag(covariance)) - covariance)
        return means, covariance + self.ridge * np.eye(len(covariance))

    def _weight(
        self,
        names: Sequence[str],
        lessons: Sequence[Lesson],
        seen: Observations,
        base: Profiles | None,
    ) -> float:
        """Return the weight with which players are told best by profiles of the others."""
        everyone = sorted({player for lesson in lessons for player in lesson.players})
        players = np.array([player for player, _ in players_of(lessons)])
        told = []
        for fold in range(FOLDS):
            judged = set(everyone[fold::FOLDS])
            others = ~np.isin(players, list(judged))[seen.player]
            if others.all() or not others.any():
                continue
            rest = seen._replace(**{
                field: getattr(seen, field)[others] for field in ("rows", "weights", "player")
            })  # fmt: skip
            means, covariance = self._moments(names, rest, base)
            known = {names[number] for number in seen.of[rest.player]}
            known |= set() if base is None else set(base.names)
            for lesson in lessons:
                here = [names.index(name) for name in lesson.instruments]
                new = [number for number, player in enumerate(lesson.players) if player in judged]
                own = np.isin(lesson.owners, new)
                distinct = len(set(here)) == len(here) > 1
                if distinct and known.issuperset(lesson.instruments) and own.any():
                    scores = discriminants(lesson.rows[own], means[here], covariance)
                    told.append((scores, lesson.owners[own], lesson.sizes[own]))
        if not told:
            return 1.0 if base is None else base.weight

        def surprise(weight: float) -> float:
            return sum(
                -float(size @ log_softmax(weight * scores, axis=1)[range(len(own)), own])
                for scores, own, size in told
            )

        return float(minimize_scalar(surprise, bounds=(0.0, 1.0), method="bounded").x)


def players_of(lessons: Sequence[Lesson]) -> list[tuple[str, str]]:
    """Return all players, as name and instrument, in a fixed order."""
    found = {pair for one in lessons for pair in zip(one.players, one.instruments, strict=True)}
    return sorted(found)


def observations(names: Sequence[str], lessons: Sequence[Lesson]) -> Observations:
    """Return the notes of all lessons that are clearly somebody's."""
    players = players_of(lessons)
    numbers = {pair: number for number, pair in enumerate(players)}
    rows, weights, player = [], [], []
    for lesson in lessons:
        for reference, pair in enumerate(zip(lesson.players, lesson.instruments, strict=True)):
            own = lesson.owners == reference
            size = lesson.sizes[own]
            rows.append(lesson.rows[own])
            weights.append(size / max(size.sum(), TINY) * min(len(size), MOST_NOTES))
            player.append(np.full(len(size), numbers[pair]))
    return Observations(
        np.vstack(rows),
        np.concatenate(weights),
        np.concatenate(player).astype(np.int64),
        np.array([names.index(instrument) for _, instrument in players]),
    )


def columns_of(names: Sequence[str], lessons: Sequence[Lesson]) -> Floats:
    """Return columns (instrument, band, loudness, harmonic), see `Profiles`."""
    harmonics = lessons[0].harmonics.shape[1]
    sums = np.zeros((len(names), len(BANDS) + 1, LOUDNESS, harmonics))
    for lesson in lessons:
        for reference, name in enumerate(lesson.instruments):
            own = lesson.owners == reference
            if own.any():
                loud = (lesson.sizes > np.median(lesson.sizes[own])).astype(np.int64)
                place = names.index(name), lesson.bands[own], loud[own]
                np.add.at(sums, place, lesson.sizes[own, None] * lesson.harmonics[own])
    return np.asarray(sums / np.maximum(sums.max(axis=-1, keepdims=True), TINY))
