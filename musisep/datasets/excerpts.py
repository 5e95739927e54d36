"""Excerpts of recordings, drawn at random."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musisep._util import checks
from musisep._util.messages import shown
from musisep.datasets.drawing import Drawn, of_length
from musisep.datasets.recordings import Audio, Recording, checked_targets
from musisep.io import files

DAY_S = 86_400
"""Length of the longest excerpt."""


@dataclass(frozen=True, eq=False)
class Excerpts(Drawn[tuple[Audio, Audio]]):
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
        To what excerpts are resampled, in Hz; None: that of each recording.
    channels : int > 0, optional
        See `Recording.read`.
    count : int > 0, optional
        Number of excerpts; by default, they do not end.
    seed : int >= 0
        Seed of all excerpts; another one gives other excerpts.

    Raises
    ------
    ValueError
        If there is no recording, one has not all targets, or a number is out of its range.

    Examples
    --------
    A recording whose samples tell where they are:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.datasets import Excerpts, Recording
    >>> from musisep.io import files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "flute.wav")
    ...     files.write(path, np.arange(8000) / 8000, 8000, subtype="FLOAT")
    ...     excerpts = Excerpts([Recording({"flute": path})], ["flute"], 0.5, 8000, count=2)
    ...     starts_s = [float(mixture[0, 0]) for mixture, references in excerpts]
    ...     again_s = float(excerpts[1][0][0, 0])
    >>> [0 <= start_s <= 0.5 for start_s in starts_s], again_s == starts_s[1]
    ([True, True], True)
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
        }
        if self.sample_rate is not None:
            kept["sample_rate"] = files.check_rate("sample_rate", self.sample_rate)
        if self.channels is not None:
            kept["channels"] = checks.at_least("channels", self.channels, 1, files.MAX_CHANNELS)
        for name, value in kept.items():
            object.__setattr__(self, name, value)
        self._check_numbers()

    def draw(self, rng: np.random.Generator) -> tuple[Audio, Audio]:
        """Read an excerpt.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws the recording and the place.

        Returns
        -------
        mixture : ndarray [channel, sample]
            The mixture.
        references : ndarray [target, channel, sample]
            The references, in the order of the targets.

        Raises
        ------
        ValueError, AudioFileError
            As `Recording.read`.
        """
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
        mixture, references = (of_length(audio, samples) for audio in excerpt)
        return mixture, references
