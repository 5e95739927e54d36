"""What there is to hear in a data set: excerpts of recordings, and mixtures that are made of stems.

Each of them is known by a key, a hash of all that determines what is heard.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from musisep import __version__
from musisep._util.constants import NONE
from musisep.datasets import Mixtures, Recording
from musisep.instruments.lessons import Lesson
from musisep.io.hashing import digest
from musisep.models.config import ModelConfig
from musisep.models.hearing import hear_lesson
from musisep.names import canonical
from musisep.tones.peaks import Floats

REST = "(rest)"
"""What a mixture has beside its references."""
LEAST_REST = 1e-3
"""Share of the energy of a mixture from which on that counts."""


@cache
def digest_once(path: Path) -> str:
    """Return the SHA-256 of a file: in one run it does not change; OSError if there is none."""
    return digest(path)


class Known(NamedTuple):
    """A mixture [channel, sample] whose references [reference, channel, sample] are known.

    ``instruments`` and ``players`` are those of the references, of which the last may be `REST`.
    """

    mixture: Floats
    references: Floats
    instruments: tuple[str, ...]
    players: tuple[str, ...]
    sample_rate: int


class Source(Protocol):
    """Where there is something to hear; it can be pickled."""

    @property
    def name(self) -> str:
        """By which it is told of."""

    @property
    def instruments(self) -> tuple[str, ...]:
        """What may be heard."""

    def determined_by(self) -> Any:
        """Return what determines what is heard, in the types of JSON."""

    def load(self) -> Known:
        """Read it; OSError or ValueError if that is impossible."""


@dataclass(frozen=True, eq=False)
class Excerpt:
    """An excerpt of a recording, from `start_s` on; a `Source`."""

    recording: Recording
    start_s: float
    duration_s: float

    @property
    def name(self) -> str:
        """That of the recording."""
        return self.recording.name

    @property
    def instruments(self) -> tuple[str, ...]:
        """Those of the references."""
        return tuple(map(canonical, self.recording.instruments.values()))

    def determined_by(self) -> Any:
        """Return place and length, and the files."""
        mixture, named = self.recording.mixture, self.recording.instruments
        references = [
            (name, named[name], digest_once(path))
            for name, path in self.recording.references.items()
        ]
        whole = mixture and digest_once(mixture)
        return ["excerpt", self.name, self.start_s, self.duration_s, whole, references]

    def load(self) -> Known:
        """Read the excerpt."""
        names = list(self.recording.references)
        mixture, references = self.recording.read(
            names, start_s=self.start_s, duration_s=self.duration_s
        )
        instruments = self.instruments
        rest = mixture - references.sum(axis=0)
        if np.sum(rest**2) > LEAST_REST * np.sum(mixture**2):
            references, instruments = np.concatenate((references, rest[None])), (*instruments, REST)
            names.append(REST)
        players = tuple(f"{self.name}/{name}" for name in names)
        return Known(mixture, references, instruments, players, self.recording.info.sample_rate)


@dataclass(frozen=True, eq=False)
class Made:
    """A mixture that is made of single stems; a `Source`."""

    mixtures: Mixtures
    number: int

    @property
    def name(self) -> str:
        """A number."""
        return f"mixture {self.number + 1}"

    @property
    def instruments(self) -> tuple[str, ...]:
        """Those of all stems."""
        return tuple(sorted({canonical(stem.instrument) for stem in self.mixtures.stems}))

    def determined_by(self) -> Any:
        """Return the stems that may be drawn, and how."""
        made = self.mixtures
        stems = [(stem.name, stem.instrument, digest_once(stem.path)) for stem in made.stems]
        drawn = [made.instruments, made.length_s, made.sample_rate, made.distinct, made.seed]
        return ["mixture", self.number, drawn, stems]

    def load(self) -> Known:
        """Make the mixture."""
        made = self.mixtures[self.number]
        instruments = tuple(canonical(stem.instrument) for stem in made.stems)
        players = tuple(stem.name for stem in made.stems)
        return Known(made.mixture, made.references, instruments, players, made.sample_rate)


def key_of(*determining: Any) -> str:
    """Return the hash of what determines something, and of the version."""
    text = json.dumps([__version__, *determining])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def lesson_key(source: Source, config: ModelConfig) -> str:
    """Return by what a lesson is known; OSError if a file cannot be read."""
    return key_of("lesson", source.determined_by(), asdict(config.settings()))


def hear(source: Source, config: ModelConfig) -> Lesson:
    """Hear what a source teaches; OSError or ValueError if it cannot be read."""
    known = source.load()
    lesson = hear_lesson(
        known.mixture, known.references, known.instruments, known.sample_rate, config.settings(),
        players=known.players,
    )  # fmt: skip
    return only(lesson, [name for name in known.instruments if name != REST])


def only(lesson: Lesson, wanted: Sequence[str]) -> Lesson:
    """Return a lesson on some of its instruments; notes of others are nobody's."""
    kept = [number for number, name in enumerate(lesson.instruments) if name in wanted]
    if len(kept) == len(lesson.instruments):
        return lesson
    renumbered = np.full(len(lesson.instruments) + 1, NONE)  # the last is for NONE
    renumbered[kept] = np.arange(len(kept))
    owners = renumbered[lesson.owners]
    return lesson._replace(
        instruments=tuple(lesson.instruments[number] for number in kept),
        players=tuple(lesson.players[number] for number in kept),
        owners=owners,
        harmonics=lesson.harmonics * (owners != NONE)[:, None],
    )
