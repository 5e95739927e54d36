"""A recording whose references are known, in files that are read when they are needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import iadd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musisep._util import checks
from musisep._util.messages import shown
from musisep.datasets.names import SPLITS
from musisep.io import files
from musisep.names import canonical

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
    name : str
        By which it is known in its data set, as ``"train/song"``.
    instruments : mapping of str to str, optional
        What plays each reference; by default what its name says, see
        `musisep.names.canonical`.

    Raises
    ------
    ValueError
        If there is no reference, or an instrument is that of none.
    TypeError
        If references or instruments are no mappings, or the name is no text.

    Examples
    --------
    Without a file of its own, the mixture is the sum of the references:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.datasets import Recording
    >>> from musisep.io import files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = {name: Path(folder, f"{name}.wav") for name in ("fl", "vc")}
    ...     files.write(paths["fl"], np.full(80, 0.25), 8000)
    ...     files.write(paths["vc"], np.full(80, 0.5), 8000)
    ...     song = Recording(paths, name="train/song")
    ...     mixture, references = song.read(["vc"], start_s=0.005, duration_s=0.0005)
    >>> song.instruments, song.split
    ({'fl': 'flute', 'vc': 'cello'}, 'train')
    >>> mixture.round(3).tolist(), references.round(3).tolist()
    ([[0.75, 0.75, 0.75, 0.75]], [[[0.5, 0.5, 0.5, 0.5]]])
    """

    references: Mapping[str, Path]
    mixture: Path | None = None
    name: str = ""
    instruments: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a recording of which no reference is known, and name all instruments."""
        checks.instance("references", self.references, Mapping)
        if not self.references:
            raise ValueError("references={} must name at least one file")
        checks.instance("name", self.name, str)
        given = {} if self.instruments is None else self.instruments
        checks.instance("instruments", given, Mapping)
        for reference in given:
            if reference not in self.references:
                known = shown(list(self.references))
                raise ValueError(f"instruments: there is no {reference!r}, but only {known}")
        named = {name: given.get(name) or canonical(name) for name in self.references}
        object.__setattr__(self, "instruments", named)

    @property
    def split(self) -> str:
        """The part of the data set that it belongs to, "train" for instance; empty if none."""
        first, _, rest = self.name.partition("/")
        return first if rest and first in SPLITS else ""

    @property
    def paths(self) -> list[Path]:
        """All files, the references first."""
        return [*self.references.values(), *([self.mixture] if self.mixture else [])]

    @cached_property
    def info(self) -> files.AudioInfo:
        """Length and sample rate of the files, and the most channels that one of them has.

        ValueError if lengths or sample rates differ, AudioFileError if a file cannot be read.
        """
        paths = self.paths
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
        mixture : ndarray [channel, sample]
            The mixture.
        references : ndarray [target, channel, sample]
            The references, in the order of the targets.

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
            return files.resample(with_channels(audio, channels, path), file_rate, rate)

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


def with_channels(audio: Audio, channels: int, path: Path) -> Audio:
    """Return audio [channel, sample] with so many channels; ValueError if it has others."""
    if channels == 1:
        return audio.mean(axis=0, keepdims=True)
    if len(audio) not in (1, channels):
        raise ValueError(f"{str(path)!r} has {len(audio)} channels, and must have {channels=} or 1")
    return np.broadcast_to(audio, (channels, audio.shape[1]))
