"""The stages of a separation, and which parts there are for each.

A part is any object that can be called as the protocol of its stage says, which stands in its room:
`musisep.audio.frontend.FrontEnd`, `musisep.notes.counting.Counting`,
`musisep.notes.assignment.Assignment`,
`musisep.learning.learner.Learner`, `musisep.multipitch.finder.ToneFinder`,
`musisep.masking.voices.Voicing` and `musisep.masking.ratio.Mask`. `musisep.separate` takes such
objects in ``stages``; names in `musisep.Settings` choose from `PARTS`, to which more can be added::

    musisep.stages.PARTS["finder"]["mine"] = lambda settings, made: MyFinder(settings.tones)
    musisep.separate("mix.wav", finder="mine")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from musisep._util.messages import shown

if TYPE_CHECKING:
    from musisep.audio.frontend import FrontEnd
    from musisep.learning.learner import Learner
    from musisep.masking.ratio import Mask, Share, SpectralMask
    from musisep.masking.voices import Voicing
    from musisep.multipitch.finder import ToneFinder
    from musisep.notes.assignment import Assignment
    from musisep.notes.counting import Counting
    from musisep.settings import Settings


@dataclass(frozen=True)
class Stages:
    """The parts that a separation is made of, in the order in which they are called.

    Parameters
    ----------
    front_end : FrontEnd
        Makes frames of a mixture.
    counting : Counting
        Tells how many instruments play.
    assignment : Assignment
        Tells who plays each note.
    learner : Learner
        Makes a dictionary of frames.
    finder : ToneFinder
        Finds tones in frames with a dictionary.
    voicing : Voicing
        Tells with which column each tone sounds.
    mask : Mask
        Makes stems of tones and the mixture.

    Examples
    --------
    >>> from musisep import Settings, separate
    >>> from musisep.stages import make_stages
    >>> stages = make_stages(Settings(method="adam"))
    >>> stages.finder
    GreedyPursuit(tones=1, most=2, beta=0.9)

    A part may be given to `musisep.separate` in the place of the one that the settings name:

    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)
    >>> result = separate(tone, 16000, stages={"finder": stages.finder}, restarts=1, steps=2)
    >>> round(float(np.median(result.tones.f0_hz)))
    440
    """

    front_end: FrontEnd
    counting: Counting
    assignment: Assignment
    learner: Learner
    finder: ToneFinder
    voicing: Voicing
    mask: Mask


Maker = Callable[["Settings", Mapping[str, Any]], Any]
"""Makes a part from `Settings` and from the parts, by stage, that have been made before."""


def make_stages(settings: Settings, given: Mapping[str, Any] | None = None) -> Stages:
    """Make the stages that settings name, but for those that are given.

    Parameters
    ----------
    settings : Settings
        What names the parts.
    given : mapping of str to object, optional
        Parts by the names of the fields of `Stages`.

    Returns
    -------
    Stages
        All seven parts.

    Raises
    ------
    ValueError
        If a stage is unknown, a part cannot be called, or there is no part of a name.

    Examples
    --------
    >>> from musisep import Settings
    >>> from musisep.stages import make_stages
    >>> make_stages(Settings(front_end="mel", hop_s=0.02)).front_end.hop_s
    0.02
    >>> make_stages(Settings(finder="best"))
    Traceback (most recent call last):
        ...
    ValueError: finder='best' must be one of viterbi, joint, greedy
    """
    known = [field.name for field in fields(Stages)]
    if not isinstance(given, Mapping | None):
        raise ValueError(f"stages={shown(given)} must be a mapping of names to parts")
    made: dict[str, Any] = dict(given or {})
    for stage, part in made.items():
        if stage not in known:
            raise ValueError(f"stages={stage!r} must be among {', '.join(known)}")
        if not callable(part):
            raise ValueError(f"stages: {stage}={shown(part)} must be callable")
    if "assignment" in made and "learner" not in made and settings.method == "adam":
        raise ValueError("stages: leave the assignment out, method='adam' makes no use of it")
    if "counting" in made and "learner" not in made and not settings.counted:
        number = settings.instruments
        raise ValueError(f"stages: leave the counting out, or instruments={number} must be 'auto'")
    for stage in ("finder", *known):  # learners may learn with the finder
        if stage not in made:
            made[stage] = maker(settings, CHOICES.get(stage, stage))(settings, made)
    return Stages(**made)


def maker(settings: Settings, choice: str) -> Maker:
    """Return the maker of the part that settings choose; without a choice, that of the method."""
    name = getattr(settings, choice)
    if name is None:
        usual = METHODS["notes"]
        own = METHODS.get(settings.method, usual) if isinstance(settings.method, str) else usual
        name = {**usual, **own}.get(choice)
    if not isinstance(name, str) or name not in PARTS[choice]:
        raise ValueError(f"{choice}={shown(name)} must be one of {', '.join(PARTS[choice])}")
    return PARTS[choice][name]


def _front_end(settings: Settings, made: Mapping[str, Any]) -> FrontEnd:
    from musisep.audio.frontend import LogFrequencyFrontEnd

    return LogFrequencyFrontEnd(
        settings.front_end, settings.hop_s, settings.fmin_hz, settings.fmax_hz,
        settings.bins_per_octave, settings.sigma_bins, settings.window_s,
    )  # fmt: skip


def _greedy(settings: Settings, made: Mapping[str, Any]) -> ToneFinder:
    from musisep.multipitch.greedy import GreedyPursuit

    return GreedyPursuit(settings.tones, most=settings.tones * settings.most_instruments)


def _joint(settings: Settings, made: Mapping[str, Any]) -> ToneFinder:
    from musisep.multipitch.joint import JointSearch

    return JointSearch(settings.tones, most=settings.tones * settings.most_instruments)


def _viterbi(settings: Settings, made: Mapping[str, Any]) -> ToneFinder:
    from musisep.multipitch.joint import instruments_search
    from musisep.multipitch.viterbi import Viterbi

    return Viterbi(instruments_search(settings.most_instruments, settings.tones))


def _texture(settings: Settings, made: Mapping[str, Any]) -> Counting:
    from musisep.notes.counting import TextureCounting

    return TextureCounting()


def _annealing(settings: Settings, made: Mapping[str, Any]) -> Assignment:
    from musisep.notes.assignment import AnnealedAssignment

    return AnnealedAssignment(settings.tones)


def _notes_learner(settings: Settings, made: Mapping[str, Any]) -> Learner:
    from musisep.learning.common import CommonColumns
    from musisep.learning.counted import CountingLearner
    from musisep.learning.from_notes import NotesLearner

    learner = NotesLearner(
        instruments=settings.most_instruments,
        tones=settings.tones,
        restarts=settings.restarts,
        seed=settings.seed,
        common=CommonColumns(settings.harmonics, settings.steps, settings.batch),
        assignment=made["assignment"],
    )
    return CountingLearner(learner, made["counting"]) if settings.counted else learner


def _adam_learner(settings: Settings, made: Mapping[str, Any]) -> Learner:
    from musisep.learning.adam import AdamLearner

    return AdamLearner(
        instruments=settings.most_instruments,
        harmonics=settings.harmonics,
        runs=settings.runs,
        lifetime=settings.lifetime,
        dictionaries=settings.dictionaries,
        finder=made["finder"],
        seed=settings.seed,
    )


def _pitch_columns(settings: Settings, made: Mapping[str, Any]) -> Voicing:
    from musisep.masking.voices import PitchColumns

    return PitchColumns()


def _instrument_columns(settings: Settings, made: Mapping[str, Any]) -> Voicing:
    from musisep.masking.voices import InstrumentColumns

    return InstrumentColumns()


def _ratio_mask(settings: Settings, made: Mapping[str, Any]) -> Mask:
    from musisep.masking.places import Placing
    from musisep.masking.ratio import share_spectra
    from musisep.masking.surroundings import Surroundings

    mask = _spectral_mask(settings, share_spectra)
    return replace(mask, placing=Placing(), surroundings=Surroundings())


def _synthesis(settings: Settings, made: Mapping[str, Any]) -> Mask:
    from musisep.masking.ratio import synthesised_spectra

    return _spectral_mask(settings, synthesised_spectra)


def _spectral_mask(settings: Settings, share: Share) -> SpectralMask:
    from musisep.masking.ratio import SpectralMask

    return SpectralMask(
        settings.window_s, settings.window_sigmas, settings.pexp, share,
        misi=settings.phase == "misi",
    )  # fmt: skip


PARTS: dict[str, dict[str, Maker]] = {
    "front_end": {"cqt": _front_end, "pursuit": _front_end, "mel": _front_end},
    "finder": {"viterbi": _viterbi, "joint": _joint, "greedy": _greedy},
    "counting": {"texture": _texture},
    "assignment": {"annealing": _annealing},
    "method": {"notes": _notes_learner, "adam": _adam_learner},
    "voicing": {"pitch": _pitch_columns, "instrument": _instrument_columns},
    "mask": {"ratio": _ratio_mask, "synthesis": _synthesis},
}
"""Makers of parts, by the field of `Settings` that names them, and by name."""

CHOICES = {"learner": "method"}
"""Fields of `Settings` that are not called like the stage for which they choose."""

METHODS = {
    "notes": {"finder": "viterbi", "voicing": "pitch"},
    "adam": {"finder": "greedy", "voicing": "instrument"},
}
"""The parts of each method, where `Settings` leave the choice to it."""
