"""Mixtures that are made from single stems."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from musisep._util import checks
from musisep._util.messages import shown
from musisep.datasets.drawing import Drawn, of_length
from musisep.datasets.excerpts import DAY_S
from musisep.datasets.recordings import Audio
from musisep.datasets.singles import Stem
from musisep.io import files
from musisep.names import numbered

Range = tuple[float, float]

MOST_INSTRUMENTS = 64
MOST_DB = 120.0
OCTAVE = 12


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture that was made, and what it was made of.

    Parameters
    ----------
    mixture : ndarray [channel, sample]
        The sum of the references, to the last bit.
    references : ndarray [instrument, channel, sample]
        What each instrument plays.
    names : tuple of str
        Of the references: what plays, with a number where several are alike.
    stems : tuple of Stem
        From which the references were taken.
    sample_rate : int
        In Hz.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.datasets import Mixture, Stem
    >>> references = np.array([[[0.25, 0.5]], [[0.5, -0.5]]])
    >>> stems = Stem("oboe/a", "oboe", "oboe/a.wav"), Stem("tuba/b", "tuba", "tuba/b.wav")
    >>> one = Mixture(references.sum(axis=0), references, ("oboe", "tuba"), stems, 8000)
    >>> one.mixture.tolist()
    [[0.75, 0.0]]
    """

    mixture: Audio
    references: Audio
    names: tuple[str, ...]
    stems: tuple[Stem, ...]
    sample_rate: int


@dataclass(frozen=True, eq=False)
class Mixtures(Drawn[Mixture]):
    """Mixtures of random excerpts of single stems.

    Mixture i depends on `seed` and i alone: it is the same in whatever order they are made, and by
    however many processes. ``mixtures[i]`` makes it; iterating makes one after the other. All
    numbers are drawn evenly from their ranges.

    Parameters
    ----------
    stems : sequence of Stem
        As `open_stems` returns. Instruments are drawn first, equally often, then a stem of each.
    instruments : int > 0
        How many play at a time.
    length_s : float > 0, a day at most
        Length of a mixture in seconds; a shorter stem is read whole, with silence behind it.
    sample_rate : int
        To what stems are resampled, in Hz.
    gains_db : pair of float
        Range of the gain of a stem, in dB.
    shifts_s : pair of float >= 0
        Range of the silence before a stem begins, in seconds.
    positions : pair of float, optional
        Range of the places between two channels, from -1, left, to 1, right, by levels of which the
        squares add up to 1; the default is one channel. Channels of the stems are averaged first.
    transpose : pair of int
        Range in semitones by which a stem is played faster and higher, or slower and lower.
    distinct : bool
        Whether no instrument plays twice in a mixture. If not, any stems are drawn, none twice.
    count : int > 0, optional
        Number of mixtures; by default, they do not end.
    seed : int >= 0
        Seed of all mixtures; another one gives other mixtures.

    Raises
    ------
    ValueError
        If there are too few stems, or a number is out of its range.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.datasets import Mixtures, open_stems
    >>> from musisep.io import files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files.write(Path(folder, "flute", "low.wav"), np.full(800, 0.25), 8000)
    ...     files.write(Path(folder, "cello", "high.wav"), np.full(800, 0.5), 8000)
    ...     mixtures = Mixtures(
    ...         open_stems(folder), length_s=0.05, sample_rate=8000, gains_db=(0, 0), count=3
    ...     )
    ...     one = mixtures[0]
    >>> len(mixtures), sorted(one.names)
    (3, ['cello', 'flute'])
    >>> one.mixture.shape, round(float(one.mixture[0, 0]), 3)
    ((1, 400), 0.75)
    """

    stems: Sequence[Stem]
    instruments: int = 2
    length_s: float = 10.0
    sample_rate: int = 44100
    gains_db: Range = (-6.0, 6.0)
    shifts_s: Range = (0.0, 0.0)
    positions: Range | None = None
    transpose: tuple[int, int] = (0, 0)
    distinct: bool = True
    count: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be made later."""
        checks.iterable("stems", self.stems)
        stems = tuple(self.stems)
        for place, stem in enumerate(stems):
            checks.instance(f"stems[{place}]", stem, Stem)
        checks.flag("distinct", self.distinct)
        length_s = checks.above_zero("length_s", self.length_s, DAY_S)
        positions = self.positions
        least, most = _range("transpose", self.transpose, -OCTAVE, OCTAVE)
        if not (least.is_integer() and most.is_integer()):
            raise ValueError(f"transpose={shown(self.transpose)} must be whole numbers")
        kept = {
            "stems": stems,
            "instruments": checks.at_least("instruments", self.instruments, 1, MOST_INSTRUMENTS),
            "length_s": length_s,
            "sample_rate": files.check_rate("sample_rate", self.sample_rate),
            "gains_db": _range("gains_db", self.gains_db, -MOST_DB, MOST_DB),
            "shifts_s": _range("shifts_s", self.shifts_s, 0, length_s),
            "positions": None if positions is None else _range("positions", positions, -1, 1),
            "transpose": (int(least), int(most)),
        }
        for name, value in kept.items():
            object.__setattr__(self, name, value)
        self._check_numbers()
        there = len(self._played) if self.distinct else len(stems)
        if there < self.instruments:
            kind = "instruments" if self.distinct else "stems"
            raise ValueError(f"instruments={self.instruments} must be at most {there}, all {kind}")

    @cached_property
    def _played(self) -> dict[str, list[Stem]]:
        """The stems of each instrument."""
        played: dict[str, list[Stem]] = {}
        for stem in self.stems:
            played.setdefault(stem.instrument, []).append(stem)
        return dict(sorted(played.items()))

    def draw(self, rng: np.random.Generator) -> Mixture:
        """Make a mixture.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws stems, places in them, gains and all else.

        Returns
        -------
        Mixture
            The mixture, and what it was made of.

        Raises
        ------
        ValueError, AudioFileError
            If a stem cannot be read, or is transposed beyond the sample rates that are resampled.
        """
        pools = list(self._played.values()) if self.distinct else [[stem] for stem in self.stems]
        chosen = rng.choice(len(pools), self.instruments, replace=False)
        stems = tuple(pools[i][int(rng.integers(len(pools[i])))] for i in chosen)
        references = np.stack([self._reference(stem, rng) for stem in stems])
        names = tuple(numbered([stem.instrument for stem in stems]))
        return Mixture(references.sum(axis=0), references, names, stems, self.sample_rate)

    def _reference(self, stem: Stem, rng: np.random.Generator) -> Audio:
        """Return a reference [channel, sample], from a random place in a stem."""
        least, most = self.transpose
        faster = 2.0 ** (int(rng.integers(least, most + 1)) / OCTAVE)
        shift_s, gain_db = rng.uniform(*self.shifts_s), rng.uniform(*self.gains_db)
        place = rng.uniform(*self.positions) if self.positions else None
        samples = max(1, round(self.length_s * self.sample_rate))
        silent = min(round(shift_s * self.sample_rate), samples - 1)
        info = files.info(stem.path)
        needed_s = (samples - silent) / self.sample_rate * faster
        last = max(0, info.samples - max(1, round(needed_s * info.sample_rate)))
        start_s = int(rng.integers(last + 1)) / info.sample_rate
        audio, rate = files.read(stem.path, start_s=start_s, duration_s=needed_s)
        twice = 2 if rate * faster < files.MIN_RATE else 1  # only the ratio of the rates counts
        rates = round(twice * rate * faster), twice * self.sample_rate
        audio = files.resample(audio.mean(axis=0), *rates)
        audio = 10 ** (gain_db / 20) * of_length(audio, samples - silent)
        angle = 0.0 if place is None else np.pi / 4 * (1 + place)
        levels = [1.0] if place is None else [np.cos(angle), np.sin(angle)]
        return np.pad(np.outer(levels, audio), ((0, 0), (silent, 0)))


def _range(name: str, values: object, least: float, most: float) -> Range:
    """Return the least and the greatest value of a range; ValueError if it is none."""
    pair = tuple(values) if isinstance(values, Sequence) else ()
    if len(pair) != 2:
        raise ValueError(f"{name}={shown(values)} must be a pair, the least and the greatest")
    low, high = (checks.within(name, value, least, most) for value in pair)
    if low > high:
        raise ValueError(f"{name}={shown(values)} must have the least first")
    return low, high
