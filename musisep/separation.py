"""The main path: a mixture in, one stem per instrument out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, function, instance
from musisep._util.progress import Progress, no_progress
from musisep._util.signatures import shows_fields
from musisep.audio.arrays import Real, peak
from musisep.audio.sides import sides_on
from musisep.confidence import called, confidence
from musisep.io import files
from musisep.io.formats import writable
from musisep.io.mixtures import load
from musisep.learning.from_notes import NotesLearner
from musisep.learning.given import GivenDictionary
from musisep.learning.learner import Fit
from musisep.multipitch.viterbi import Prices
from musisep.notes.counting import Counted
from musisep.settings import Settings
from musisep.stages import Stages, make_stages
from musisep.stems import RESIDUAL, derive_stems, parse_rules, stem_names, track_names
from musisep.tones.dictionary import Dictionary
from musisep.tones.loss import unexplained
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats
from musisep.tones.table import tone_table


@dataclass(frozen=True, eq=False, repr=False)
class Separation:
    """What `separate` returns.

    Attributes
    ----------
    stems : ndarray, shape (instrument, channel, sample)
        The instruments, the loudest first; or in the order of the dictionary that was given.
    mixture : ndarray, shape (channel, sample)
        What was separated; not a copy of an array that was given.
    sample_rate : int
        In Hz.
    dictionary : Dictionary
        What the instruments sound like.
    tones : recarray
        All tones: ``time_s``, ``instrument``, ``f0_hz``, ``amplitude``, ``inharmonicity``.
    settings : Settings
        How it was made; what they leave to the method, and what took their place, is in `parts`.
    unexplained : float
        What these tones leave unexplained of the recording: their share of the loss of silence,
        from 0 to 1.
    answers : tuple of float
        The same while learning, of each answer whose tones were found (of some frames, for "adam",
        which tries several); empty if a dictionary was given.
    chosen : int
        The answer that was used.
    parts : Stages, optional
        The parts that it was made by; default: those that the settings name.
    certainty : ndarray, shape (instrument,), optional
        Mean probability, by the model of players, that the notes of a stem are its instrument's;
        None if the method does not tell.
    fit : Fit, optional
        How a dictionary that was given fits the recording; ``fit.misfits`` are the instruments
        that do not sound like their columns. None if none was given, or if it was not adapted.
    counted : Counted, optional
        How many instruments were found, and how sure that is; None if their number was given.
    """

    stems: Floats
    mixture: Floats
    sample_rate: int
    dictionary: Dictionary
    tones: "np.recarray[Any, Any]"
    settings: Settings
    unexplained: float
    answers: tuple[float, ...] = ()
    chosen: int = 0
    parts: Stages | None = None
    certainty: Floats | None = None
    fit: Fit | None = None
    counted: Counted | None = None

    @property
    def confidence(self) -> Floats | None:
        """Probability [instrument] that a stem is good, see `musisep.confidence`; or None."""
        if self.certainty is None:
            return None
        return confidence(self.certainty, len(self.stems), self.unexplained)

    @property
    def called(self) -> str:
        """What the mean confidence is called: good, doubtful, poor, or unknown."""
        sure = self.confidence
        return "unknown" if sure is None else called(float(sure.mean()))

    def __repr__(self) -> str:
        """Tell in a line what was separated."""
        instruments, channels, samples = self.stems.shape
        return (
            f"<Separation: instruments={instruments}, channels={channels}, "
            f"{samples / self.sample_rate:.1f} s, {self.unexplained:.1%} left unexplained>"
        )

    @cached_property
    def residual(self) -> Floats:
        """What belongs to none [channel, sample]; ``stems.sum(0) + residual`` is the mixture.

        It is made when it is first asked for, as it takes as much memory as the mixture.
        """
        residual = self.stems.sum(axis=0)
        return np.subtract(self.mixture, residual, out=residual)

    def save(
        self,
        folder: str | os.PathLike[str],
        *,
        filename: str = "{stem}.{ext}",
        track: str = "",
        format: str = "wav",
        subtype: str | None = None,
        quality: float | None = None,
        residual: bool = False,
        names: Sequence[str] | None = None,
        derive: Mapping[str, str] | None = None,
        only: Sequence[str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> tuple[list[Path], float]:
        """Write the stems: instrument1, instrument2, ...

        Parameters
        ----------
        folder : path
            Where to.
        filename : str
            Names below it, with ``{stem}``, ``{ext}`` and ``{track}``.
        track : str
            Name of the mixture, for ``{track}``.
        format : {"wav", "flac", "ogg", "opus", "mp3"}
            File format; `musisep.io.formats.FORMATS` has the table.
        subtype : str, optional
            Sample format; default: FLOAT for wav, PCM_24 for flac.
        quality : float, optional
            Of ogg, opus and mp3, from 0, the smallest files, to 1, the best sound; default: 0.8,
            0.5 and 1.
        residual : bool
            Whether to write the residual as well.
        names : sequence of str, optional
            Of the stems, in their order, instead of instrument1, instrument2, ...
        derive : mapping of str to str, optional
            Sums and differences to write as well, by their names, such as
            ``{"karaoke": "mix - 0.5*horn"}``; see `musisep.stems.parse_rules`.
        only : sequence of str, optional
            Names of what to write, instead of all stems and what is derived.
        tags : mapping of str to str, optional
            Title, artist and the like, for all files; ``musisep.io.files.tags(path)`` reads them.

        Returns
        -------
        paths : list of Path
            The files.
        gain : float
            The common gain that kept files from clipping; 1 if none was needed.

        Raises
        ------
        ValueError
            If the format is unknown, lacks the subtype or the quality, or cannot hold the stems,
            or if names or rules are wrong, or names not different.
        AudioFileError
            If a file cannot be written.
        """
        offered = writable()
        if format not in offered:
            raise ValueError(f"format={format!r} must be one of {', '.join(offered)}")
        tracks = self.tracks(residual=residual, names=names, derive=derive, only=only)
        try:
            places = [filename.format(stem=name, ext=format, track=track) for name in tracks]
        except (LookupError, ValueError, AttributeError) as error:
            fields = "{stem}, {ext} and {track}"
            raise ValueError(f"{filename=} must be a template with {fields} only") from error
        if len(set(places)) < len(places):
            raise ValueError(
                f"{filename=} gives {places[0]!r} to several stems; put {{stem}} in it"
            )
        paths = [Path(folder) / name for name in places]
        subtype = subtype or offered[format].subtypes[0]
        signals = list(tracks.values())
        return paths, self.write(paths, subtype, quality=quality, signals=signals, tags=tags)

    def tracks(
        self,
        *,
        residual: bool = False,
        names: Sequence[str] | None = None,
        derive: Mapping[str, str] | None = None,
        only: Sequence[str] | None = None,
    ) -> dict[str, Real]:
        """Return what `save` writes, by name; parameters and errors are those of `save`.

        Returns
        -------
        dict of str to ndarray, shape (channel, sample)
            Stems are not copied.
        """
        stems = stem_names(len(self.stems), names)
        rules = parse_rules(derive or {}, stems)
        written = track_names(stems, rules, residual=residual, only=only)
        known: dict[str, Real] = dict(zip(stems, self.stems, strict=True))
        if RESIDUAL in written or any(RESIDUAL in rule.names for rule in rules.values()):
            known[RESIDUAL] = self.residual
        known = derive_stems(known, self.mixture, rules)
        return {name: known[name] for name in written}

    def write(
        self,
        paths: Sequence[str | os.PathLike[str]],
        subtype: str,
        written: Callable[[Path], object] | None = None,
        *,
        quality: float | None = None,
        signals: Sequence[Real] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> float:
        """Write the stems to files, and the residual if there is one path more.

        Parameters
        ----------
        paths : sequence of path
            In the order of the stems; suffixes name the formats.
        subtype : str
            Sample format.
        written : function, optional
            Called with each path when it is written.
        quality, tags : optional
            As for `save`.
        signals : sequence of array, shape (channel, sample), optional
            What to write instead, such as `tracks`.

        Returns
        -------
        gain : float
            The common gain that kept files from clipping; 1 if none was needed.

        Raises
        ------
        ValueError
            If the number of paths, the subtype or the quality is wrong, or if a file cannot hold
            the stems.
        AudioFileError
            If a file cannot be written.
        """
        if signals is None:
            signals = list(self.tracks(residual=len(paths) > len(self.stems)).values())
        if len(paths) != len(signals):
            raise ValueError(f"{len(paths)} paths for {len(signals)} stems")
        gain = files.headroom_gain(signals, subtype)
        for path, signal in zip(paths, signals, strict=True):
            scaled = signal if gain == 1 else gain * signal
            files.write(path, scaled, self.sample_rate, subtype=subtype, quality=quality, tags=tags)
            if written:
                written(Path(path))
        return gain


@shows_fields(Settings)
def separate(
    mixture: ArrayLike | str | os.PathLike[str],
    sample_rate: int | None = None,
    *,
    dictionary: Dictionary | None = None,
    settings: Settings | None = None,
    stages: Mapping[str, Any] | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
    **options: Any,
) -> Separation:
    """Separate a recording into its instruments.

    Parameters
    ----------
    mixture : array, shape (channel, sample) or (sample,), or path
        The recording.
    sample_rate : int, optional
        In Hz, from 8 to 192 kHz; needed for an array, refused for a path.
    dictionary : Dictionary, optional
        One that was learned elsewhere, with a column for each instrument, in the order of the
        stems. It tells who plays and is adapted to the recording, as `Separation.dictionary`;
        settings of the learning are refused among the options.
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
        If the file cannot be read.
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
    audio, sample_rate = load(mixture, sample_rate)
    with scipy.fft.set_workers(jobs):
        return _separate(parts, audio, sample_rate, settings, report)


def _separate(
    parts: Stages, audio: Floats, sample_rate: int, settings: Settings, report: Progress
) -> Separation:
    frames, level, grid = parts.front_end(audio, sample_rate)
    model = ToneModel.on(grid, settings.pexp, settings.qexp)
    learned = parts.learner(frames, model, report, sides_on(grid, audio))
    dictionary = learned.dictionary
    report("finding tones", 0, 1)
    tones = parts.finder(frames, dictionary, model, learned.prior)
    report("finding tones", 1, 1)
    left = unexplained(frames, tones, dictionary, model)
    voices = parts.voicing(frames, tones, dictionary, model)
    if learned.prior is not None:
        voices = voices.shared(learned.prior, Prices.near_sigmas * model.fsigma)
    del frames  # a third of the memory of the stems
    voices = voices.with_tones(voices.tones.scaled(level))
    stems = parts.mask(audio, voices, grid, report)
    order = np.arange(len(stems)) if learned.known else loudest_first(stems)
    reorder(stems, order)
    return Separation(
        stems=stems,
        mixture=audio,
        sample_rate=sample_rate,
        dictionary=Dictionary(dictionary[:, order]),
        tones=tone_table(tones.scaled(level).renumbered(np.argsort(order)), grid),
        settings=settings,
        parts=parts,
        unexplained=left,
        answers=learned.answers,
        chosen=learned.chosen,
        certainty=None if learned.certainty is None else learned.certainty[order],
        fit=learned.fit,
        counted=learned.counted,
    )


def loudest_first(stems: Floats) -> NDArray[np.intp]:
    """Return the order of stems by energy."""
    scale = peak(stems) or 1.0  # squares must not overflow
    energies = np.zeros(len(stems))
    for first in range(0, stems.shape[-1], files.BLOCK_FRAMES):
        block = stems[..., first : first + files.BLOCK_FRAMES] / scale
        energies += np.einsum("ics,ics->i", block, block)
    return np.argsort(-energies, kind="stable")


def reorder(stems: Floats, order: NDArray[np.intp]) -> None:
    """Put stems into another order in place, as a copy of all would double the memory."""
    for first in range(0, stems.shape[-1], files.BLOCK_FRAMES):
        block = stems[..., first : first + files.BLOCK_FRAMES]
        block[:] = block[order]
