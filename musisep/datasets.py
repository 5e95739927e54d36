"""Data sets: recordings whose references are known, one folder for each, read when they are needed.

A data set is a folder of recordings; a recording is a folder of audio files of one length and
sample rate, such as ``mixture.wav``, ``vocals.wav`` and ``bass.wav``. Every file but the mixture is
a reference. Nothing but headers is read before audio is asked for, and of audio nothing but the
excerpt.
"""

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from numbers import Integral
from operator import iadd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musisep._util import checks
from musisep._util.messages import shown
from musisep.io import files
from musisep.io.formats import FORMATS
from musisep.io.replacing import problem, reason
from musisep.stems import MIXTURE

DAY_S = 86_400
"""Length of the longest excerpt."""

Audio = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording in files.

    Parameters
    ----------
    references : mapping of str to path
        The file of each instrument, or group of instruments.
    mixture : path, optional
        The file of the mixture; by default, it is the sum of the references.

    Raises
    ------
    ValueError
        If there is no reference.
    """

    references: Mapping[str, Path]
    mixture: Path | None = None

    def __post_init__(self) -> None:
        """Refuse a recording of which no reference is known."""
        checks.instance("references", self.references, Mapping)
        if not self.references:
            raise ValueError("references={} must name at least one file")

    @cached_property
    def info(self) -> files.AudioInfo:
        """Length and sample rate of the files, and the most channels that one of them has.

        ValueError if lengths or sample rates differ, AudioFileError if a file cannot be read.
        """
        paths = [*self.references.values(), *([self.mixture] if self.mixture else [])]
        found = [files.info(path) for path in paths]
        if len({(info.samples, info.sample_rate) for info in found}) > 1:
            listed = ", ".join(
                f"{str(path)!r} {info.samples} at {info.sample_rate} Hz"
                for path, info in zip(paths, found, strict=True)
            )
            raise ValueError(f"files must have the same samples and sample rates, not {listed}")
        return replace(found[0], channels=max(info.channels for info in found))

    def read(
        self,
        targets: Sequence[str],
        *,
        start_s: float = 0.0,
        duration_s: float | None = None,
        sample_rate: int | None = None,
        channels: int | None = None,
    ) -> tuple[Audio, Audio]:
        """Read an excerpt of the mixture and of some references.

        Parameters
        ----------
        targets : sequence of str
            The names of these references.
        start_s : float >= 0
            Where to begin, in seconds.
        duration_s : float > 0, optional
            How much to read, in seconds; at most what there is, which is also the default.
        sample_rate : int, optional
            To what the excerpt is resampled, in Hz; default: that of the files.
        channels : int > 0, optional
            Channels of the result: 1 is their mean, and a single one is repeated. Default: the
            most that one of the files has.

        Returns
        -------
        mixture : ndarray, shape (channel, sample)
        references : ndarray, shape (target, channel, sample)

        Raises
        ------
        ValueError
            If a target is unknown, channels do not fit, or a number is out of its range.
        AudioFileError
            If a file cannot be read.
        """
        targets = checked_targets(targets, [self])
        channels = self.info.channels if channels is None else channels
        channels = checks.at_least("channels", channels, 1, files.MAX_CHANNELS)
        rate = self.info.sample_rate if sample_rate is None else sample_rate
        rate = files.check_rate("sample_rate", rate)

        def excerpt(path: Path) -> Audio:
            audio, file_rate = files.read(path, start_s=start_s, duration_s=duration_s)
            return files.resample(_with_channels(audio, channels, path), file_rate, rate)

        wanted = {name: excerpt(self.references[name]) for name in targets}
        if self.mixture:
            mixture = excerpt(self.mixture)
        else:
            parts = (
                wanted[name] if name in wanted else excerpt(path)
                for name, path in self.references.items()
            )
            mixture = reduce(iadd, parts, np.zeros_like(wanted[targets[0]]))
        return mixture, np.stack([wanted[name] for name in targets])


@dataclass(frozen=True, eq=False)
class Excerpts:
    """Excerpts of recordings, each from a random place in a random one (with replacement).

    Excerpt i depends on `seed` and i alone: it is the same in whatever order they are read, and by
    however many processes. ``excerpts[i]`` reads it; iterating reads one after the other.

    Parameters
    ----------
    recordings : sequence of Recording
        All are drawn equally often, whatever their lengths.
    targets : sequence of str
        The references that are wanted.
    length_s : float > 0, a day at most
        Length of an excerpt in seconds; a shorter recording is read whole, with silence behind it.
    sample_rate : int, optional
        To what excerpts are resampled, in Hz; default: that of each recording.
    channels : int > 0, optional
        See `Recording.read`.
    count : int > 0, optional
        Number of excerpts; by default, they do not end.
    seed : int >= 0

    Raises
    ------
    ValueError
        If there is no recording, one has not all targets, or a number is out of its range.
    """

    recordings: Sequence[Recording]
    targets: Sequence[str]
    length_s: float = 3.0
    sample_rate: int | None = 44100
    channels: int | None = None
    count: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be read later."""
        checks.iterable("recordings", self.recordings)
        recordings = tuple(self.recordings)
        if not recordings:
            raise ValueError(f"recordings={shown(self.recordings)} must have at least one")
        for place, recording in enumerate(recordings):
            checks.instance(f"recordings[{place}]", recording, Recording)
        kept = {
            "recordings": recordings,
            "targets": checked_targets(self.targets, recordings),
            "length_s": checks.above_zero("length_s", self.length_s, DAY_S),
            "seed": checks.at_least("seed", self.seed, 0),
        }
        if self.sample_rate is not None:
            kept["sample_rate"] = files.check_rate("sample_rate", self.sample_rate)
        if self.channels is not None:
            kept["channels"] = checks.at_least("channels", self.channels, 1, files.MAX_CHANNELS)
        if self.count is not None:
            kept["count"] = checks.at_least("count", self.count, 1)
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        """Return the number of excerpts; TypeError if they do not end."""
        if self.count is None:
            raise TypeError("excerpts without a count have no length")
        return self.count

    def __iter__(self) -> Iterator[tuple[Audio, Audio]]:
        """Read all excerpts from the first on."""
        return map(self.__getitem__, itertools.count() if self.count is None else range(self.count))

    def __getitem__(self, index: int) -> tuple[Audio, Audio]:
        """Read an excerpt.

        Parameters
        ----------
        index : int
            From 0 on; if they end, negative numbers count from there.

        Returns
        -------
        mixture : ndarray, shape (channel, sample)
        references : ndarray, shape (target, channel, sample)

        Raises
        ------
        IndexError
            If there are fewer excerpts.
        TypeError
            If the index is no integer.
        ValueError, AudioFileError
            As `Recording.read`.
        """
        if not isinstance(index, Integral):
            raise TypeError(f"index={shown(index)} must be an integer")
        if self.count is None:
            index = checks.at_least("index", index, 0)
        else:
            index = range(self.count)[index]
        rng = np.random.default_rng([self.seed, index])
        recording = self.recordings[int(rng.integers(len(self.recordings)))]
        info = recording.info
        length = max(1, round(self.length_s * info.sample_rate))
        start = int(rng.integers(max(0, info.samples - length) + 1))
        excerpt = recording.read(
            self.targets,
            start_s=start / info.sample_rate,
            duration_s=self.length_s,
            sample_rate=self.sample_rate,
            channels=self.channels,
        )
        samples = max(1, round(self.length_s * (self.sample_rate or info.sample_rate)))
        mixture, references = (_of_length(audio, samples) for audio in excerpt)
        return mixture, references


def find_recordings(
    folder: str | os.PathLike[str], *, audio_format: str = "wav", most: int | None = None
) -> list[Recording]:
    """Find the recordings of a data set.

    Parameters
    ----------
    folder : path
        Holds a folder for each recording; folders without audio files, and names that begin with a
        dot, are left out.
    audio_format : str
        Which files count, one of `musisep.io.formats.FORMATS`. The name of a file, without its
        suffix, is that of the reference; "mixture", in small letters or not, is the mixture.
    most : int > 0, optional
        Number of recordings after which to stop; default: all.

    Returns
    -------
    list of Recording
        By name of their folders. No file has been opened.

    Raises
    ------
    ValueError
        If there is no such format, or `most` is out of its range.
    AudioFileError
        If there is no such folder, or no recording in it, or one of them lacks references or has
        two files of one name.
    """
    folder = checks.path("folder", folder)
    checks.one_of("audio_format", audio_format, FORMATS)
    most = None if most is None else checks.at_least("most", most, 1)
    suffixes = FORMATS[audio_format].suffixes
    folders = ((path, _stems(path, suffixes)) for path in _visible(folder) if path.is_dir())
    found = [(path, stems) for path, stems in folders if stems][:most]
    if not found:
        listed = " ".join(suffixes)
        raise problem(
            folder, f"holds no folders of {listed}; a data set has one for each recording"
        )
    return [_recording(path, stems) for path, stems in found]


def checked_targets(targets: Sequence[str], recordings: Sequence[Recording]) -> tuple[str, ...]:
    """Return names of references that all recordings have; ValueError if they are none."""
    checks.iterable("targets", targets)
    names = () if isinstance(targets, str) else tuple(targets)
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"targets={shown(targets)} must be names, at least one, in a list")
    for recording in recordings:
        for name in names:
            if name not in recording.references:
                known = ", ".join(f"{str(path)!r}" for path in recording.references.values())
                raise ValueError(f"targets: there is no {name!r}, but only {known}")
    return names


def _visible(folder: Path) -> list[Path]:
    """Return what is in a folder, by name."""
    try:
        return sorted(path for path in folder.iterdir() if path.name[0] != ".")
    except OSError as error:
        raise problem(folder, f"is no folder that can be read: {reason(error)}") from error
    except ValueError as error:
        raise problem(folder, f"is no name of a folder: {error}") from error


def _stems(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Return the audio files in a folder by their names without suffix; each name is there once."""
    stems: dict[str, Path] = {}
    for path in _visible(folder):
        if path.suffix.lower() in suffixes and path.is_file():
            name = MIXTURE if path.stem.lower() == MIXTURE else path.stem
            if name in stems:
                raise problem(path, f"is called as {stems[name].name!r}; remove one of them")
            stems[name] = path
    return stems


def _recording(folder: Path, stems: dict[str, Path]) -> Recording:
    """Return the recording that has these files."""
    references = {name: path for name, path in stems.items() if name != MIXTURE}
    if not references:
        raise problem(folder, "holds a mixture only; a recording has a file for each reference")
    return Recording(references, stems.get(MIXTURE))


def _with_channels(audio: Audio, channels: int, path: Path) -> Audio:
    """Return audio [channel, sample] with so many channels; ValueError if it has others."""
    if channels == 1:
        return audio.mean(axis=0, keepdims=True)
    if len(audio) not in (1, channels):
        raise ValueError(f"{str(path)!r} has {len(audio)} channels, and must have {channels=} or 1")
    return np.broadcast_to(audio, (channels, audio.shape[1]))


def _of_length(audio: Audio, samples: int) -> Audio:
    """Return audio [..., sample] with so many samples, silent where there were none."""
    missing = max(0, samples - audio.shape[-1])
    return np.pad(audio, [(0, 0)] * (audio.ndim - 1) + [(0, missing)])[..., :samples]
