"""The main path: a mixture in, one stem per instrument out."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from musisep.analysis import Analysis
from musisep.audio import files
from musisep.dictionary import Dictionary
from musisep.dictsep.columns import fit_pitches, unexplained
from musisep.dictsep.tones import Floats
from musisep.learning import learn, recognize
from musisep.masking import mask
from musisep.progress import Progress, no_progress
from musisep.settings import SUBTYPES, Settings
from musisep.stems import Subtract as Subtract
from musisep.stems import Sum as Sum
from musisep.stems import derive_stems as derive_stems


@dataclass(frozen=True, eq=False)
class Separation:
    """What `separate` returns.

    Attributes
    ----------
    stems : ndarray, shape (instrument, channel, sample)
        The instruments, the loudest first.
    mixture : ndarray, shape (channel, sample)
        What was separated; not a copy of an array that was given.
    sample_rate : int
        In Hz.
    dictionary : Dictionary
        What the instruments sound like.
    tones : recarray
        All tones: ``time_s``, ``instrument``, ``f0_hz``, ``amplitude``, ``inharmonicity``.
    settings : Settings
        How it was made.
    unexplained : tuple of float
        What the tones of each different answer to who plays leave unexplained of the recording,
        from 0 to 1; with a given dictionary, what its tones leave.
    chosen : int
        The answer that was used.
    """

    stems: Floats
    mixture: Floats
    sample_rate: int
    dictionary: Dictionary
    tones: "np.recarray[Any, Any]"
    settings: Settings
    unexplained: tuple[float, ...]
    chosen: int

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
        residual: bool = False,
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
        format : {"wav", "flac"}
            File format.
        subtype : str, optional
            Sample format; default: FLOAT for wav, PCM_24 for flac.
        residual : bool
            Whether to write the residual as well.

        Returns
        -------
        paths : list of Path
            The files.
        gain : float
            The common gain that kept integers from clipping; 1 if none was needed.

        Raises
        ------
        ValueError
            If the format is unknown or lacks the subtype.
        AudioFileError
            If a file cannot be written.
        """
        if format not in SUBTYPES:
            raise ValueError(f"format={format!r} must be one of {', '.join(SUBTYPES)}")
        subtype = subtype or SUBTYPES[format][0]
        signals = {f"instrument{k}": stem for k, stem in enumerate(self.stems, start=1)}
        if residual:
            signals["residual"] = self.residual
        gain = files.headroom_gain(signals.values(), subtype)
        paths = []
        for stem, signal in signals.items():
            path = Path(folder) / filename.format(stem=stem, ext=format, track=track)
            scaled = signal if gain == 1 else gain * signal
            files.write(path, scaled, self.sample_rate, subtype=subtype)
            paths.append(path)
        return paths, gain


def separate(
    mixture: ArrayLike | str | os.PathLike[str],
    sample_rate: int | None = None,
    *,
    dictionary: Dictionary | None = None,
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
        One that was learned elsewhere, with a column for each instrument.
    jobs : int
        Processor cores to use; the result does not depend on it.
    progress : function, optional
        Called with the name of a stage, and with how much of it is done and to do.
    **options
        Fields of `Settings`.

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
    settings = _checked(options, dictionary)
    if jobs < 1:
        raise ValueError(f"{jobs=} must be at least 1")
    report = progress or no_progress
    audio, sample_rate = load(mixture, sample_rate)
    analysis = Analysis(settings, sample_rate)
    with scipy.fft.set_workers(jobs):
        return _separate(analysis, audio, dictionary, jobs, report)


def _separate(
    analysis: Analysis,
    audio: Floats,
    dictionary: Dictionary | None,
    jobs: int,
    report: Progress,
) -> Separation:
    frames, level = analysis.frames(audio)
    if dictionary is None:
        learned = learn(analysis, frames, jobs, report)
    else:
        learned = recognize(analysis, frames, dictionary, jobs)
    amplitudes = learned.dictionary.amplitudes
    report("decoding", 0, 1)
    peaks = analysis.decoder(frames, amplitudes, jobs, learned.guide)
    report("decoding", 1, 1)
    voices = fit_pitches(analysis.model, frames, peaks, amplitudes, jobs)
    left = learned.unexplained or (unexplained(analysis.model, frames, peaks, amplitudes),)
    del frames  # a third of the memory of the stems
    stems = mask(analysis, audio, voices, level, report)
    order = loudest_first(stems) if dictionary is None else np.arange(len(stems))
    reorder(stems, order)
    return Separation(
        stems=stems,
        mixture=audio,
        sample_rate=analysis.sample_rate,
        dictionary=Dictionary(amplitudes[:, order]),
        tones=analysis.table(peaks.scaled(level).renumbered(np.argsort(order))),
        settings=analysis.settings,
        unexplained=left,
        chosen=learned.chosen,
    )


def load(
    mixture: ArrayLike | str | os.PathLike[str], sample_rate: int | None
) -> tuple[Floats, int]:
    """Return the mixture as [channel, sample], not to be changed, and its sample rate in Hz."""
    if isinstance(mixture, str | os.PathLike):
        if sample_rate is not None:
            raise ValueError(f"{sample_rate=} must be left out: the file tells it")
        return files.read(mixture)
    audio = np.atleast_2d(np.asarray(mixture, dtype=np.float64))
    if audio.ndim != 2 or not audio.size:
        raise ValueError(
            f"mixture.shape={np.shape(mixture)} must be [channel, sample] or [sample], not empty"
        )
    if audio.shape[0] > files.MAX_CHANNELS:
        raise ValueError(
            f"mixture.shape={audio.shape} has more than {files.MAX_CHANNELS} channels: "
            "is it transposed? It must be [channel, sample]"
        )
    files.check_finite(audio, "mixture")
    return audio, files.check_rate("sample_rate", sample_rate)


def loudest_first(stems: Floats) -> NDArray[np.intp]:
    """Return the order of stems by energy."""
    peak = max(float(stems.max()), -float(stems.min())) or 1.0  # squares must not overflow
    energies = np.zeros(len(stems))
    for first in range(0, stems.shape[-1], files.BLOCK_FRAMES):
        block = stems[..., first : first + files.BLOCK_FRAMES] / peak
        energies += np.einsum("ics,ics->i", block, block)
    return np.argsort(-energies, kind="stable")


def reorder(stems: Floats, order: NDArray[np.intp]) -> None:
    """Put stems into another order in place, as a copy of all would double the memory."""
    for first in range(0, stems.shape[-1], files.BLOCK_FRAMES):
        block = stems[..., first : first + files.BLOCK_FRAMES]
        block[:] = block[order]


def _checked(settings: dict[str, Any], dictionary: Dictionary | None) -> Settings:
    """Make settings from keywords; a given dictionary tells the number of instruments."""
    if dictionary is None:
        return Settings(**settings)
    settings = {"instruments": dictionary.instruments, **settings}
    if settings["instruments"] != dictionary.instruments:
        raise ValueError(
            f"instruments={settings['instruments']} must be {dictionary.instruments}, "
            "the number of columns of the dictionary"
        )
    return Settings(**{**settings, "harmonics": len(dictionary.amplitudes)})
