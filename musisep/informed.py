"""Parts that know what is told before a recording is heard: a dictionary, names, hints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from musisep._util.checks import instance
from musisep.hints import Hints
from musisep.instruments.profiles import Profiles
from musisep.instruments.shipped import library
from musisep.learning.adam import AdamLearner
from musisep.learning.from_notes import NotesLearner
from musisep.learning.given import GivenDictionary
from musisep.learning.hinted import Hinted
from musisep.learning.learner import Learner
from musisep.learning.named import NamedLearner
from musisep.learning.told import Told
from musisep.multipitch.viterbi import Viterbi
from musisep.names import numbered
from musisep.scores.score import Score
from musisep.settings import Settings
from musisep.stages import Stages, make_stages
from musisep.stems import stem_names
from musisep.tones.dictionary import Dictionary


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What is known of the instruments of a recording; `musisep.separate` has what each means.

    Raises
    ------
    ValueError
        If something is none of what it should be.
    """

    dictionary: Dictionary | None = None
    profiles: Profiles | None = None
    hints: Hints | None = None
    score: Score | None = None
    corrections: Score | None = None
    edited: Score | None = None

    def __post_init__(self) -> None:
        """Refuse what is none of what it should be."""
        kinds = {
            "dictionary": Dictionary, "profiles": Profiles, "hints": Hints, "score": Score,
            "corrections": Score, "edited": Score,
        }  # fmt: skip
        for name, kind in kinds.items():
            if getattr(self, name) is not None:
                instance(name, getattr(self, name), kind)

    @property
    def told(self) -> Told:
        """What is known of single notes."""
        return Told(self.score, self.corrections, self.edited)

    @property
    def ordered(self) -> bool:
        """Whether the instruments have an order, which their stems keep."""
        return bool(self.told) or bool(self.hints)

    @property
    def known_profiles(self) -> Profiles:
        """What is known of instruments by name."""
        return library() if self.profiles is None else self.profiles

    def settings(self, settings: Settings, options: Mapping[str, Any]) -> Settings:
        """Return the settings with these options, and what follows from a dictionary or score."""
        shape = None if self.dictionary is None else self.dictionary.amplitudes.shape
        if self.score is not None:
            options = {"instruments": settings.names or len(self.score.names), **options}
        return settings.changed(options, dictionary=shape)

    def check_times(self, length_s: float) -> None:
        """Refuse corrected notes that begin when a recording of this length is over; ValueError."""
        for name, score in (("edited", self.edited), ("corrections", self.corrections)):
            latest_s = 0.0 if score is None else score.notes.onset_s.max(initial=0.0)
            if latest_s > length_s:
                raise ValueError(
                    f"{name} has a note at {latest_s:g} s, but the recording ends at {length_s:g} s"
                )

    def names(self, settings: Settings) -> list[str]:
        """Return the names of the instruments: their own, those of a score, or by number."""
        own = numbered(settings.names) or (self.score.names if self.score else None)
        return stem_names(settings.most_instruments, own)

    def stages(self, settings: Settings, given: Mapping[str, Any] | None) -> Stages:
        """Return the parts that settings name, but for those that are given, with what they know.

        Raises
        ------
        ValueError
            If something that is known contradicts the settings, or is of no use to the parts.
        """
        parts = make_stages(settings, given)
        for name in ("score", "corrections", "edited"):
            score = getattr(self, name)
            if score is not None:
                what = "corrections are" if name == "corrections" else f"{name} is"
                _check_number(what, settings, score.names)
                _check_use(what, parts)
        if self.hints:
            _check_number("hints are", settings, [])
            _check_use("hints are", parts)
            parts = make_stages(
                settings, {**(given or {}), "assignment": self._hinted(settings, parts)}
            )
        if self.dictionary is not None:
            for useless in {"assignment", "learner"}.intersection(given or ()):
                raise ValueError(f"stages: leave the {useless} out, the dictionary is given")
            learner = NotesLearner(seed=settings.seed, assignment=parts.assignment)
            own = GivenDictionary(self.dictionary.amplitudes, parts.finder, learner)
            parts = replace(parts, learner=own)
        if settings.names:
            own_names = named(settings.names, self.known_profiles, parts.learner)
            parts = replace(parts, learner=own_names)
        return parts

    def _hinted(self, settings: Settings, parts: Stages) -> Hinted:
        assert self.hints is not None
        return Hinted(
            parts.assignment,
            self.hints.ranges_of(self.names(settings)),
            self.hints.lead,
            self.hints.positions_of(settings.most_instruments, channels=2),
        )


def named(names: tuple[str, ...], profiles: Profiles, learner: Learner) -> NamedLearner:
    """Return a learner that knows what to expect of instruments with these names."""
    if not isinstance(learner, NotesLearner):
        raise ValueError("instruments: names are of no use to the learner; give their number")
    for name in names:
        profiles.numbers(name)
    return NamedLearner(names, profiles, learner)


def _check_number(what: str, settings: Settings, names: Sequence[str]) -> None:
    """Refuse what is of another number of instruments than the settings say; ValueError."""
    number = settings.instruments
    if settings.counted:
        raise ValueError(f"instruments={number!r} must be a number or names, as {what} given")
    if names and len(names) != settings.most_instruments:
        given = f"{what} of {len(names)} instruments, {', '.join(names)}"
        raise ValueError(f"instruments={number!r}, but {given}; make them alike")


def _check_use(what: str, parts: Stages) -> None:
    if not isinstance(parts.finder, Viterbi) or isinstance(parts.learner, AdamLearner):
        raise ValueError(f"{what} of use with method='notes' and finder='viterbi' only")
