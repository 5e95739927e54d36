"""The main path: a mixture in, one stem per instrument out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, function, instance
from musisep._util.progress import Progress, no_progress
from musisep._util.signatures import shows_fields
from musisep.instruments.naming import likenesses, names_right
from musisep.instruments.profiles import Profiles
from musisep.instruments.shipped import library
from musisep.io.mixtures import load
from musisep.io.stored import Scratch, Stack, blocks_of, peak_of
from musisep.learning.adam import AdamLearner
from musisep.learning.from_notes import NotesLearner
from musisep.learning.given import GivenDictionary
from musisep.learning.learner import Learner
from musisep.learning.named import NamedLearner
from musisep.learning.told import Told
from musisep.multipitch.viterbi import Viterbi
from musisep.passages import Outcome, find, hear, sounding, tell
from musisep.pieces import in_pieces, longest_s
from musisep.result import Separation
from musisep.scores.alignment import align
from musisep.scores.score import Score
from musisep.settings import Settings
from musisep.stages import Stages, make_stages
from musisep.tones.dictionary import Dictionary
from musisep.tones.peaks import Floats
from musisep.tones.table import tone_table


@shows_fields(Settings)
def separate(
    mixture: ArrayLike | Scratch | str | os.PathLike[str],
    sample_rate: int | None = None,
    *,
    dictionary: Dictionary | None = None,
    profiles: Profiles | None = None,
    score: Score | None = None,
    align_score: bool = True,
    corrections: Score | None = None,
    edited: Score | None = None,
    settings: Settings | None = None,
    stages: Mapping[str, Any] | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
    scratch: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Separation:
    """Separate a recording into its instruments.

    Parameters
    ----------
    mixture : array or Scratch, shape (channel, sample) or (sample,), or path
        The recording. A long one is separated in pieces, see `Settings.whole_s`.
    sample_rate : int, optional
        In Hz, from 8 to 192 kHz; needed for an array, refused for a path.
    dictionary : Dictionary, optional
        One that was learned elsewhere, with a column for each instrument, in the order of the
        stems. It tells who plays and is adapted to the recording, as `Separation.dictionary`;
        settings of the learning are refused among the options.
    profiles : Profiles, optional
        What is known of instruments by name; default: `musisep.instruments.library`. Those whose
        names `instruments` gives are told apart by it, and stems are compared with all of it.
    score : Score, optional
        What is played; its instruments are those of the recording, in the order of the stems. It
        is a prior: wrong and missing notes are survived.
    align_score : bool
        Whether to warp the time of the score to that of the recording, and its tuning, where they
        do not fit as they are (`musisep.scores.align`).
    corrections : Score, optional
        Notes, and rests, that are certain, and notes of `musisep.scores.NOBODY`, which are none;
        times are those of the recording.
    edited : Score, optional
        All notes as they are since they were corrected: the instruments keep their order.
    settings : Settings, optional
        How it is done; default: the defaults.
    stages : mapping of str to object, optional
        Parts in the place of those that the settings name, by the names of the fields of
        `musisep.stages.Stages`: front_end, counting, assignment, learner, finder, voicing,
        mask.
    jobs : int
        Processor cores to use; the result does not depend on it.
    progress : function, optional
        Called with the name of a stage, and with how much of it is done and to do.
    scratch : path, optional
        Folder for temporary files: there a recording that is separated in pieces, and its stems,
        are kept instead of in memory. The result does not depend on it.
    **options
        Fields of `Settings`, instead of those in `settings`.

    Returns
    -------
    Separation

    Raises
    ------
    ValueError
        If an argument is out of its range, or a sample is NaN or infinite.
    AudioFileError
        If the file cannot be read, or there is no room for temporary files.
    """
    settings = Settings() if settings is None else settings
    instance("settings", settings, Settings)
    if score is not None:
        options = {"instruments": settings.names or len(score.names), **options}
    if dictionary is not None:
        instance("dictionary", dictionary, Dictionary)
    shape = None if dictionary is None else dictionary.amplitudes.shape
    settings = settings.changed(options, dictionary=shape)
    jobs, report = at_least("jobs", jobs, 1), no_progress if progress is None else progress
    function("progress", report)
    parts = make_stages(settings, stages)
    if dictionary is not None:
        for useless in {"assignment", "learner"}.intersection(stages or ()):
            raise ValueError(f"stages: leave the {useless} out, the dictionary is given")
        learner = NotesLearner(seed=settings.seed, assignment=parts.assignment)
        given = GivenDictionary(dictionary.amplitudes, parts.finder, learner)
        parts = replace(parts, learner=given)
    profiles = library() if profiles is None else profiles
    instance("profiles", profiles, Profiles)
    if settings.names:
        parts = replace(parts, learner=named(settings.names, profiles, parts.learner))
    for name, given in (("score", score), ("corrections", corrections), ("edited", edited)):
        check_told(name, given, settings, parts)
    audio, sample_rate = load(mixture, sample_rate, scratch, settings.whole_s)
    alignment = None
    if score is not None and align_score:
        report("aligning", 0, 1)
        alignment = align(score, audio, sample_rate)
        score = alignment.applied(score)
        report("aligning", 1, 1)
    told = Told(score, corrections, edited)
    with scipy.fft.set_workers(jobs):
        if audio.shape[1] > longest_s(settings, len(audio), sample_rate) * sample_rate:
            outcome = in_pieces(parts, audio, sample_rate, settings, report, scratch, told)
        else:
            outcome = whole(parts, np.asarray(audio), sample_rate, settings, report, told)
    if told:
        outcome = outcome._replace(learned=replace(outcome.learned, known=True))
    separation = ordered(outcome, parts, audio, sample_rate, settings, profiles)
    given_names = () if score is None or settings.names else score.names
    return replace(separation, given_names=given_names, alignment=alignment)


def check_told(name: str, score: Score | None, settings: Settings, parts: Stages) -> None:
    """Refuse a score that is none of these instruments, or of no use to the parts; ValueError."""
    if score is None:
        return
    instance(name, score, Score)
    number = settings.most_instruments
    if settings.counted or len(score.names) != number:
        given = f"{name} is of {len(score.names)} instruments, {', '.join(score.names)}"
        raise ValueError(f"instruments={settings.instruments!r}, but {given}; make them alike")
    if not isinstance(parts.finder, Viterbi) or isinstance(parts.learner, AdamLearner):
        raise ValueError(f"{name} is of use with method='notes' and finder='viterbi' only")


def named(names: tuple[str, ...], profiles: Profiles, learner: Learner) -> NamedLearner:
    """Return a learner that knows what to expect of instruments with these names."""
    if not isinstance(learner, NotesLearner):
        raise ValueError("instruments: names are of no use to the learner; give their number")
    for name in names:
        profiles.numbers(name)
    return NamedLearner(names, profiles, learner)


def whole(
    parts: Stages,
    audio: Floats,
    sample_rate: int,
    settings: Settings,
    report: Progress,
    told: Told,
) -> Outcome:
    """Separate a recording [channel, sample] as a whole."""
    heard = hear(parts, audio, sample_rate, settings)
    parts = tell(parts, told, heard)
    learned = parts.learner(heard.frames, heard.model, report, heard.sides)
    found, grid = find(parts, heard, learned, report), heard.grid
    del heard  # its frames take a third of the memory of the stems
    stems = parts.mask(audio, found.voices, grid, report)
    table = tone_table(found.tones, grid)
    return Outcome(stems, learned, table, found.unexplained, learned.certainty, sounding(found))


def ordered(
    outcome: Outcome,
    parts: Stages,
    mixture: Floats | Scratch,
    sample_rate: int,
    settings: Settings,
    profiles: Profiles,
) -> Separation:
    """Return what came out, the loudest instrument first unless they were known before."""
    stems, learned = outcome.stems, outcome.learned
    order = np.arange(len(stems)) if learned.known else loudest_first(stems)
    reorder(stems, order)
    tones = outcome.tones.copy()
    tones.instrument = np.argsort(order)[tones.instrument]
    certainty, notes = outcome.certainty, learned.notes
    alike, right = None, None
    if notes is not None and notes.known is not None and profiles.fit(notes):
        chances = np.exp(notes.known[:, order])
        alike = likenesses(profiles, notes, chances)
        right = names_right(profiles, notes, chances, settings.names) if settings.names else None
    return Separation(
        stems=stems,
        mixture=mixture,
        sample_rate=sample_rate,
        dictionary=Dictionary(learned.dictionary[:, order]),
        tones=tones,
        settings=settings,
        parts=parts,
        unexplained=outcome.unexplained,
        answers=learned.answers,
        chosen=learned.chosen,
        certainty=None if certainty is None else certainty[order],
        fit=learned.fit,
        counted=learned.counted,
        likenesses=alike,
        names_right=right,
        curve=learned.curve,
        certainties=outcome.certainties,
    )


def loudest_first(stems: Floats | Stack) -> NDArray[np.intp]:
    """Return the order of stems by energy."""
    scale = peak_of(stems) or 1.0  # squares must not overflow
    energies = np.zeros(len(stems))
    for block in blocks_of(stems):
        energies += np.einsum("ics,ics->i", block / scale, block / scale)
    return np.argsort(-energies, kind="stable")


def reorder(stems: Floats | Stack, order: NDArray[np.intp]) -> None:
    """Put stems into another order in place, as a copy of all would double the memory."""
    if isinstance(stems, Stack):
        stems.reorder(order.tolist())
    else:
        for block in blocks_of(stems):
            block[:] = block[order]
