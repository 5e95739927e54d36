"""What a separation returns, and how its tracks are written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from musisep._util.progress import Progress, no_progress
from musisep.audio.arrays import Real
from musisep.confidence import called, confidence
from musisep.instruments.naming import Likeness
from musisep.io import files
from musisep.io.formats import writable
from musisep.io.stored import Scratch, Stack, Stored
from musisep.learning.learner import Fit
from musisep.names import numbered
from musisep.notebook import html_of
from musisep.notes.counting import Counted
from musisep.scores.alignment import Alignment
from musisep.scores.found import notes_of_tones
from musisep.scores.score import NoteTable, Score
from musisep.settings import Settings
from musisep.stages import Stages
from musisep.stems import RESIDUAL, derive_stems, parse_rules, stem_names, track_names
from musisep.tones.dictionary import Dictionary
from musisep.tones.peaks import Floats


@dataclass(frozen=True, eq=False, repr=False)
class Separation:
    """What `separate` returns.

    Parameters
    ----------
    stems : ndarray or Stack, float [instrument, channel, sample]
        The instruments, the loudest first; or in the order of the dictionary that was given.
        Those of a long recording may be in temporary files (`musisep.io.stored`): then
        ``stems[..., first:stop]`` is an array, and ``numpy.asarray(stems)`` all of it.
    mixture : ndarray or Scratch, float [channel, sample]
        What was separated; not a copy of an array that was given.
    sample_rate : int
        Sample rate in Hz.
    dictionary : Dictionary
        What the instruments sound like.
    tones : recarray [tone]
        All tones, with the columns ``time_s``, ``instrument``, ``f0_hz``, ``amplitude`` and
        ``inharmonicity``.
    settings : Settings
        How it was made; what they leave to the method, and what took their place, is in `parts`.
    unexplained : float
        What these tones leave unexplained of the recording: their share of the loss of silence,
        from 0 to 1.
    answers : tuple of float, optional
        The same while learning, of each answer whose tones were found (of some frames, for "adam",
        which tries several); empty if a dictionary was given.
    chosen : int, optional
        Index of the answer that was used.
    parts : Stages, optional
        The parts that it was made by; default: those that the settings name.
    certainty : ndarray, float [instrument], optional
        Mean probability, by the model of players, that the notes of a stem are its instrument's;
        None if the method does not tell.
    fit : Fit, optional
        How a dictionary that was given fits the recording; ``fit.misfits`` are the instruments
        that do not sound like their columns. None if none was given, or if it was not adapted.
    counted : Counted, optional
        How many instruments were found, and how sure that is; None if their number was given.
    likenesses : list of list of Likeness, optional
        Names of the instruments that each stem sounds like, the likeliest first; see
        `musisep.instruments.likenesses`. None if the method finds no notes.
    names_right : ndarray, float [instrument], optional
        If the instruments were named: how likely each stem is the one of its name, and not of
        another one that was named, by what it sounds like; NaN for a stem without notes.
    certainties : ndarray, float [tone], optional
        Probability of each of the tones that its instrument plays it; None if the method does not
        tell.
    curve : tuple of float, optional
        What was left unexplained while the dictionary was learned, from 0 to 1, after each turn:
        of the frames that were looked at, and at last of the recording. For "adam" means over
        successive steps, of the frames that were drawn. Empty if a dictionary was given.
    given_names : tuple of str, optional
        Names of the instruments of a score that was given; none if none was.
    alignment : Alignment, optional
        How a score that was given was aligned, see `musisep.scores.align`; None if none was.

    Examples
    --------
    >>> from importlib.resources import files
    >>> import musisep
    >>> from musisep.io.files import read
    >>> mix = str(files("musisep") / "demo" / "mix.flac")
    >>> audio, sample_rate = read(mix, duration_s=2.0)
    >>> result = musisep.separate(audio, sample_rate, restarts=1, steps=2)
    >>> result.names
    ['instrument1', 'instrument2']
    >>> round(result.unexplained, 2)
    0.12
    >>> result.notes.f0_hz[:3].round().tolist()  # in the order of onsets
    [196.0, 587.0, 390.0]
    >>> sorted(result.tracks(residual=True, derive={"soft": "mix - 0.5*instrument1"}))
    ['instrument1', 'instrument2', 'residual', 'soft']
    """

    stems: Floats | Stack
    mixture: Floats | Scratch
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
    likenesses: list[list[Likeness]] | None = None
    names_right: Floats | None = None
    certainties: Floats | None = None
    curve: tuple[float, ...] = ()
    given_names: tuple[str, ...] = ()
    alignment: Alignment | None = None

    @property
    def names(self) -> list[str]:
        """Names of the stems: those of the instruments, or instrument1, instrument2, ..."""
        names = self.given_names or numbered(self.settings.names)
        return stem_names(len(self.stems), names or None)

    @property
    def confidence(self) -> Floats | None:
        """Probability [instrument] that a stem is good, see `musisep.confidence`.

        None if that is unknown, as of silence.
        """
        if self.certainty is None or not self.tones.size:
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

    def _repr_html_(self) -> str:
        """Show in a notebook how sure it is, players for a minute at most, and the notes."""
        return html_of(self)

    @cached_property
    def notes(self) -> NoteTable:
        """The notes of all instruments in the order of their onsets, see `musisep.scores`.

        They have the columns ``onset_s``, ``offset_s``, ``f0_hz``, ``level_db``, ``instrument`` and
        ``certainty``, the probability that the instrument plays the note.
        """
        hop_s = max(1, round(self.settings.hop_s * self.sample_rate)) / self.sample_rate
        return notes_of_tones(self.tones, self.dictionary.amplitudes, hop_s, self.certainties)

    @property
    def score(self) -> Score:
        """The notes with the names of the instruments; `musisep.scores.save_score` writes them."""
        return Score(self.notes, tuple(self.names))

    @cached_property
    def residual(self) -> Floats:
        """What belongs to none [channel, sample]; ``stems.sum(0) + residual`` is the mixture.

        It is made when it is first asked for, as it takes as much memory as the mixture.
        """
        residual = np.asarray(self.stems).sum(axis=0)
        return np.subtract(self.mixture, residual, out=residual)

    def excerpt(self, first: int, stop: int) -> "Separation":
        """Return the same with stems and mixture, in memory, from sample `first` to `stop`.

        Parameters
        ----------
        first, stop : int
            First sample, and the one behind the last.

        Returns
        -------
        Separation
            With stems and mixture that are shorter; tones and notes stay those of the whole.
        """
        part = ..., slice(first, stop)
        return replace(self, stems=self.stems[part], mixture=self.mixture[part])

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
            Folder to write to; it is made if it is missing.
        filename : str, optional
            Names of the files in the folder, with ``{stem}``, ``{ext}`` and ``{track}``.
        track : str, optional
            Name of the mixture, for ``{track}``.
        format : {"wav", "flac", "ogg", "opus", "mp3"}, optional
            File format; `musisep.io.formats.FORMATS` has the table.
        subtype : str, optional
            Sample format; default: FLOAT for wav, PCM_24 for flac.
        quality : float, optional
            Quality of ogg, opus and mp3, from 0, the smallest files, to 1, the best sound;
            default: 0.8, 0.5 and 1.
        residual : bool, optional
            Whether to write the residual as well.
        names : sequence of str, optional
            Names of the stems, in their order, instead of instrument1, instrument2, ...
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
    ) -> dict[str, Real | Stored]:
        """Return what `save` writes, by name.

        Parameters
        ----------
        residual : bool, optional
            Whether the residual is one of them.
        names : sequence of str, optional
            Names of the stems, in their order, instead of instrument1, instrument2, ...
        derive : mapping of str to str, optional
            Sums and differences, by their names; see `musisep.stems.parse_rules`.
        only : sequence of str, optional
            Names of what to return, instead of all stems and what is derived.

        Returns
        -------
        dict of str to ndarray or Stored, float [channel, sample]
            Stems are not copied; what is not in memory is computed block by block.

        Raises
        ------
        ValueError
            If names or rules are wrong, or names not different.
        """
        stems = self.names if names is None else stem_names(len(self.stems), names)
        rules = parse_rules(derive or {}, stems)
        written = track_names(stems, rules, residual=residual, only=only)
        if isinstance(self.stems, Stack):
            options = {"residual": residual, "names": names, "derive": derive, "only": only}
            return {
                name: self.stems[stems.index(name)] if name in stems else Track(self, name, options)
                for name in written
            }
        known: dict[str, Real] = dict(zip(stems, self.stems, strict=True))
        if RESIDUAL in written or any(RESIDUAL in rule.names for rule in rules.values()):
            known[RESIDUAL] = self.residual
        known = derive_stems(known, np.asarray(self.mixture), rules)
        return {name: known[name] for name in written}

    def write(
        self,
        paths: Sequence[str | os.PathLike[str]],
        subtype: str,
        ready: Callable[[Path, Path], object] | None = None,
        *,
        quality: float | None = None,
        signals: Sequence[Real | Stored] | None = None,
        tags: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> float:
        """Write the stems to files, and the residual if there is one path more.

        Parameters
        ----------
        paths : sequence of path
            Files in the order of the stems; suffixes name the formats.
        subtype : str
            Sample format, such as ``"FLOAT"``.
        ready : callable, optional
            Called with each path, and with the complete temporary file that will be there next.
        quality : float, optional
            Quality as for `save`.
        signals : sequence of ndarray or Stored, float [channel, sample], optional
            What to write instead, such as the values of `tracks`.
        tags : mapping of str to str, optional
            Title, artist and the like, as for `save`.
        progress : callable, optional
            Called with "writing", how many files are written, and how many there are.

        Returns
        -------
        float
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
        report = no_progress if progress is None else progress
        gain = files.headroom_gain(signals, subtype)
        for number, (path, signal) in enumerate(zip(paths, signals, strict=True)):
            report("writing", number, len(paths))
            scaled = signal if gain == 1 else louder(signal, gain)
            files.write(
                path, scaled, self.sample_rate, subtype=subtype, quality=quality, tags=tags,
                ready=ready and partial(ready, Path(path)),
            )  # fmt: skip
        report("writing", len(paths), len(paths))
        return gain


class Track(Stored):
    """A track of a separation that is not in memory, such as its residual.

    Parameters
    ----------
    separation : Separation
    name : str
    options : mapping of str to object
        With which `Separation.tracks` has this track.
    """

    def __init__(self, separation: Separation, name: str, options: Mapping[str, Any]) -> None:
        self._separation, self._name, self._options = separation, name, options
        self.shape = separation.mixture.shape

    def read(self, first: int, stop: int) -> Floats:
        """Return samples from `first` to `stop` [channel, sample]."""
        tracks = self._separation.excerpt(first, stop).tracks(**self._options)
        return np.asarray(tracks[self._name])


class Scaled(Stored):
    """A signal with a gain."""

    def __init__(self, signal: Stored, gain: float) -> None:
        self._signal, self._gain = signal, gain
        self.shape = signal.shape

    def read(self, first: int, stop: int) -> Floats:
        """Return samples from `first` to `stop`."""
        return self._gain * self._signal.read(first, stop)


def louder(signal: Real | Stored, gain: float) -> Real | Stored:
    """Return a signal with a gain."""
    return Scaled(signal, gain) if isinstance(signal, Stored) else gain * signal
