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
from musisep.learning.from_notes import NotesLearner
from musisep.learning.given import GivenDictionary
from musisep.learning.learner import Learner
from musisep.learning.named import NamedLearner
from musisep.passages import Outcome, find, hear
from musisep.pieces import in_pieces, longest_s
from musisep.result import Separation
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
    audio, sample_rate = load(mixture, sample_rate, scratch, settings.whole_s)
    with scipy.fft.set_workers(jobs):
        if audio.shape[1] > longest_s(settings, len(audio), sample_rate) * sample_rate:
            outcome = in_pieces(parts, audio, sample_rate, settings, report, scratch)
        else:
            outcome = whole(parts, np.asarray(audio), sample_rate, settings, report)
    return ordered(outcome, parts, audio, sample_rate, settings, profiles)


def named(names: tuple[str, ...], profiles: Profiles, learner: Learner) -> NamedLearner:
    """Return a learner that knows what to expect of instruments with these names."""
    if not isinstance(learner, NotesLearner):
        raise ValueError("instruments: names are of no use to the learner; give their number")
    for name in names:
        profiles.numbers(name)
    return NamedLearner(names, profiles, learner)


def whole(
    parts: Stages, audio: Floats, sample_rate: int, settings: Settings, report: Progress
) -> Outcome:
    """Separate a recording [channel, sample] as a whole."""
    heard = hear(parts, audio, sample_rate, settings)
    learned = parts.learner(heard.frames, heard.model, report, heard.sides)
    found, grid = find(parts, heard, learned, report), heard.grid
    del heard  # its frames take a third of the memory of the stems
    stems = parts.mask(audio, found.voices, grid, report)
    table = tone_table(found.tones, grid)
    return Outcome(stems, learned, table, found.unexplained, learned.certainty)


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
