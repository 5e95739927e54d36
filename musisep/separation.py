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
from musisep.hints import Hints
from musisep.informed import Knowledge
from musisep.instruments.naming import likenesses, names_right
from musisep.instruments.profiles import Profiles
from musisep.io.mixtures import load
from musisep.io.stored import Scratch, Stack, blocks_of, peak_of
from musisep.learning.told import Told
from musisep.passages import Outcome, find, hear, sounding, tell
from musisep.pieces import in_pieces, longest_s
from musisep.result import Separation
from musisep.scores.alignment import Alignment, align
from musisep.scores.score import Score
from musisep.settings import Settings
from musisep.stages import Stages
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
    hints: Hints | None = None,
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
    mixture : array_like [channel, sample] or [sample], Scratch or path
        The recording. A long one is separated in pieces, see `Settings.whole_s`.
    sample_rate : int, optional
        Sample rate in Hz, from 8 to 192 kHz; needed for an array, refused for a path.
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
    align_score : bool, optional
        Whether to warp the time of the score to that of the recording, and its tuning, where they
        do not fit as they are (`musisep.scores.alignment.align`).
    corrections : Score, optional
        Notes, and rests, that are certain, and notes of `musisep.scores.NOBODY`, which are none;
        times are those of the recording.
    edited : Score, optional
        All notes as they are since they were corrected: the instruments keep their order.
    hints : Hints, optional
        Ranges, the lead, and where instruments sit: see `musisep.Hints`. They are evidence of who
        plays, and the instruments keep their order.
    settings : Settings, optional
        How it is done; default: the defaults.
    stages : mapping of str to object, optional
        Parts in the place of those that the settings name, by the names of the fields of
        `musisep.stages.Stages`: front_end, counting, assignment, learner, finder, voicing,
        mask.
    jobs : int, optional
        Processor cores to use; the result does not depend on it.
    progress : callable, optional
        Called with the name of a stage, and with how much of it is done and to do.
    scratch : path, optional
        Folder for temporary files: there a recording that is separated in pieces, and its stems,
        are kept instead of in memory. The result does not depend on it.
    instruments, tones, harmonics, method, front_end, finder, voicing, mask, phase : optional
        Number or names of the instruments, and the parts to use; these and all that follow are
        fields of `Settings`, described there, and replace those in `settings`.
    seed, restarts, steps, batch, counting, assignment : int or str, optional
        Seed, and what method "notes" needs.
    runs, lifetime, dictionaries : int, optional
        What method "adam" needs.
    hop_s, window_s, window_sigmas : float, optional
        Time between frames and length of the window, in seconds, and where the window is cut.
    fmin_hz, fmax_hz, bins_per_octave, sigma_bins : float, optional
        The log-frequency axis: range in Hz, resolution, and width of a sinusoid in bins.
    pexp, qexp, whole_s : float, optional
        Exponents, and how many seconds are separated as a whole.

    Returns
    -------
    Separation
        Stems, residual, notes, dictionary, and how sure the method is.

    Raises
    ------
    ValueError
        If an argument or setting is out of its range, or a sample is NaN or infinite.
    TypeError
        If an option is no field of `Settings`.
    AudioFileError
        If the file cannot be read, or there is no room for temporary files.

    Examples
    --------
    Two seconds of a clarinet and a horn. The stems add up to the recording:

    >>> from importlib.resources import files
    >>> import numpy as np
    >>> import musisep
    >>> from musisep.io.files import read
    >>> audio, sample_rate = read(str(files("musisep") / "demo" / "mix.flac"), duration_s=2.0)
    >>> result = musisep.separate(audio, sample_rate, instruments=2, restarts=1, steps=2)
    >>> result.stems.shape
    (2, 1, 88200)
    >>> bool(np.allclose(result.stems.sum(axis=0), audio))
    True
    >>> result.called
    'good'
    """
    settings = Settings() if settings is None else settings
    instance("settings", settings, Settings)
    known = Knowledge(dictionary, profiles, hints, score, corrections, edited)
    settings = known.settings(settings, options)
    jobs, report = at_least("jobs", jobs, 1), no_progress if progress is None else progress
    function("progress", report)
    parts = known.stages(settings, stages)
    audio, sample_rate = load(mixture, sample_rate, scratch, settings.whole_s)
    known.check_times(audio.shape[1] / sample_rate)
    if hints:
        hints.positions_of(settings.most_instruments, len(audio))
    known, alignment = aligned(known, audio, sample_rate, report, keep=not align_score)
    with scipy.fft.set_workers(jobs):
        if audio.shape[1] > longest_s(settings, len(audio), sample_rate) * sample_rate:
            outcome = in_pieces(parts, audio, sample_rate, settings, report, scratch, known.told)
        else:
            outcome = whole(parts, np.asarray(audio), sample_rate, settings, report, known.told)
    if known.ordered:
        outcome = outcome._replace(learned=replace(outcome.learned, known=True))
    separation = ordered(outcome, parts, audio, sample_rate, settings, known.known_profiles)
    own_names = () if score is None or settings.names else score.names
    return replace(separation, given_names=own_names, alignment=alignment)


def aligned(
    known: Knowledge,
    audio: Floats | Scratch,
    sample_rate: int,
    report: Progress,
    *,
    keep: bool,
) -> tuple[Knowledge, Alignment | None]:
    """Put a score, if there is one, into the time and tuning of a recording."""
    if known.score is None or keep:
        return known, None
    report("aligning", 0, 1)
    alignment = align(known.score, audio, sample_rate)
    report("aligning", 1, 1)
    return replace(known, score=alignment.applied(known.score)), alignment


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
