"""What notes sound like: numbers that tell players apart.

Magnitudes are measured at the harmonics of a note, in bands of frequency (a resonance stays in
hertz while the harmonics move) and between harmonics (breath and bow). They count in frames in
which no harmonic of another tone is near; what is not seen for long enough is not known. The
course of level and pitch tells how a note begins, decays and trembles.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep._util.constants import NONE, TINY
from musisep._util.fields import check_fields
from musisep.audio.sides import Sides
from musisep.notes._kernels import sound as _kernels
from musisep.notes.course import COURSE, course
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Ints, Peaks

Bools = NDArray[np.bool_]


class Sound(NamedTuple):
    """Features of notes.

    Parameters
    ----------
    values : ndarray [note, feature]
        In units of about the usual spread; 0 where not known.
    known : ndarray of bool [note, feature]
        Whether the value is known.

    Examples
    --------
    The mean of a feature is that of the notes of which it is known:

    >>> import numpy as np
    >>> from musisep.notes.sound import Sound
    >>> sound = Sound(np.array([[1.0], [3.0], [0.0]]), np.array([[True], [True], [False]]))
    >>> float(np.average(sound.values[:, 0], weights=sound.known[:, 0]))
    2.0
    """

    values: Floats
    known: Bools


@dataclass(frozen=True)
class NoteSound:
    """Measures what notes sound like.

    The fitted model of players (`musisep.notes.players`) knows these features only: fit it anew
    after a change.

    Parameters
    ----------
    harmonics : int
        Harmonics that are measured.
    between : int
        Places midway between two harmonics that are measured.
    bands : int
        Bands of frequency.
    lowest_band_hz : float
        Where the first band begins, in Hz.
    bands_per_octave : float
        Bands of an octave.
    rivals : int
        Number of harmonics of other tones, near which nothing is measured.
    apart_sigmas : float
        How near that is, in sigmas.
    seen_share : float
        Least share of the frames of a note for a number to be known.
    seen_frames : int
        Least number of these frames.
    floor_db : float
        Least level, relative to the note's amplitude, in dB.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    Examples
    --------
    The second harmonic of a note is half as loud as the first, -6 dB. Features are in units of
    10 dB:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.sound import NoteSound
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> tone = Peaks([0.7], [40.0], [1.0], [0.0], [0])
    >>> frame = inst_shift(tone, [[1.0], [0.5]], model.harscale, model.pexp, model.m, 1)
    >>> numbers = np.zeros((8, 1), int)  # eight frames, one note
    >>> tones = Peaks.from_params(np.tile(tone.params, (8, 1, 1)), tone.insts)
    >>> sound = NoteSound()(numbers, tones, np.tile(frame, (8, 1)), model)
    >>> (10 * sound.values[0, :2]).round(1).tolist()
    [0.0, -6.0]
    """

    harmonics: int = 24
    between: int = 8
    bands: int = 22
    lowest_band_hz: float = 110.0
    bands_per_octave: float = 3.0
    rivals: int = 30
    apart_sigmas: float = 3.5
    seen_share: float = 0.1
    seen_frames: int = 3
    floor_db: float = -60.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, harmonics=1)

    @property
    def features(self) -> int:
        """How many numbers a note has."""
        return self.harmonics + self.bands + self.between + len(COURSE)

    def __call__(self, numbers: Ints, peaks: Peaks, frames: Floats, model: ToneModel) -> Sound:
        """Measure notes.

        Parameters
        ----------
        numbers : ndarray of int [frame, place]
            To which note each tone belongs, or `NONE`, -1.
        peaks : Peaks [frame, place]
            Tones.
        frames : ndarray [frame, bin]
            Magnitudes in which they were found.
        model : ToneModel
            What tones look like.

        Returns
        -------
        Sound [note, feature]
            Levels at the harmonics, in the bands and between harmonics, and the course of the note
            (`musisep.notes.course`).
        """
        size = int(numbers.max(initial=NONE)) + 1
        lengths = np.bincount(numbers[numbers != NONE], minlength=size)
        power = np.bincount(numbers[numbers != NONE], peaks.amps[numbers != NONE] ** 2, size)
        loudness = np.maximum(power / np.maximum(lengths, 1), TINY)[:, None]
        seen = np.maximum(self.seen_share * lengths, self.seen_frames)[:, None]

        def energies(orders: Floats) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
            """Return how often, and with what energy, notes are heard at orders, and in bands."""
            at = np.zeros((size, orders.size)), np.zeros((size, orders.size))
            in_bands = np.zeros((size, self.bands)), np.zeros((size, self.bands))
            _kernels.add_energies(
                peaks.params, numbers, frames, model.harscale, self.rivals,
                self.apart_sigmas * model.fsigma, orders, *at,
                model.harscale * np.log(self.lowest_band_hz / model.lowest_hz),
                model.octave / self.bands_per_octave, *in_bands,
            )  # fmt: skip
            return at, in_bands

        at, in_bands = energies(np.arange(1.0, self.harmonics + 1))
        between, _ = energies(np.arange(1.5, self.between + 1))
        columns = [
            (self._decibels(energy / np.maximum(heard, 1) / loudness) / 10, heard >= seen)
            for heard, energy in (at, in_bands, between)
        ]
        columns.append(course(numbers, peaks, model, size))
        values, known = (np.hstack(part) for part in zip(*columns, strict=True))
        return Sound(np.where(known, values, 0.0), known)

    def sides(
        self, numbers: Ints, peaks: Peaks, frames: Floats, model: ToneModel, sides: Sides
    ) -> Sides:
        """Measure where between two channels notes are heard, as `Notes` tells.

        Parameters
        ----------
        numbers : ndarray of int [frame, place]
            To which note each tone belongs, or `NONE`, -1.
        peaks : Peaks [frame, place]
            Tones.
        frames : ndarray [frame, bin]
            Magnitudes in which they were found.
        model : ToneModel
            What tones look like.
        sides : ndarray of complex [frame, bin]
            Where between two channels they are heard, see `musisep.audio.sides`.

        Returns
        -------
        ndarray of complex [note]
            Mean sides; 0 where they are not known.

        Raises
        ------
        ValueError
            If the sides are not those of the frames.
        """
        if sides.shape != frames.shape:
            raise ValueError(f"sides.shape={sides.shape} must be {frames.shape}, as of frames")
        size = int(numbers.max(initial=NONE)) + 1
        weights, sums = np.zeros(size), np.zeros(size, np.complex128)
        _kernels.add_sides(
            peaks.params, numbers, frames, sides, model.harscale, self.harmonics // 2, self.rivals,
            self.apart_sigmas * model.fsigma, weights, sums,
        )  # fmt: skip
        return sums / np.maximum(weights, TINY)

    def _decibels(self, power: Floats) -> Floats:
        return 10 * np.log10(power + 10 ** (self.floor_db / 10))
