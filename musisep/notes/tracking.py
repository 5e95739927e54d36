"""Notes: tones of successive frames at one pitch, and what they sound like."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep._util.constants import NONE, TINY
from musisep._util.fields import check_fields
from musisep.audio.sides import Sides
from musisep.notes._kernels import tracking as _kernels
from musisep.notes.sound import NoteSound, Sound
from musisep.tones.checks import frames_with_tones
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Ints, Peaks

LONG_PAUSE_S = 60.0
"""Notes so far apart do not follow each other in a line."""


@dataclass(frozen=True)
class NoteTracking:
    """How tones become notes.

    All are guesses that served on 24 items; `experiments/run.py steps` varies `rise`, the others
    have not been varied since.

    Parameters
    ----------
    glide_sigmas : float
        Sigmas that the pitch of a note may move from frame to frame.
    gap_frames : int
        Frames for which a note may be lost.
    rise : float
        Times as loud as before, at which a tone begins a note of its own.
    shortest_frames : int
        Frames that a note lasts at least.
    sound : NoteSound
        What notes sound like is measured by it.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    Examples
    --------
    Three notes of ten frames each. The third has the pitch of the second, but begins anew, louder:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.tracking import NoteTracking
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> shifts = np.repeat([24.0, 32.0, 32.0], 10)[:, None]
    >>> amps = np.tile(np.linspace(1.0, 0.2, 10), 3)[:, None]
    >>> tones = Peaks(amps, shifts, np.ones((30, 1)), np.zeros((30, 1)), np.zeros((30, 1), int))
    >>> notes = NoteTracking()(tones, np.zeros((30, model.m)), model)
    >>> notes.onsets.tolist(), notes.lengths.tolist(), notes.shifts.round(1).tolist()
    ([0, 10, 20], [10, 10, 10], [24.0, 32.0, 32.0])
    """

    glide_sigmas: float = 2.0
    gap_frames: int = 5
    rise: float = 2.0
    shortest_frames: int = 5
    sound: NoteSound = field(default_factory=NoteSound)

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self)

    def __call__(
        self, peaks: Peaks, frames: Floats, model: ToneModel, sides: Sides | None = None
    ) -> "Notes":
        """Link the tones of successive frames.

        Parameters
        ----------
        peaks : Peaks [frame, place]
            Tones, in any places.
        frames : ndarray [frame, bin]
            Magnitudes in which they were found.
        model : ToneModel
            What tones look like.
        sides : ndarray of complex [frame, bin], optional
            Where between two channels they are heard.

        Returns
        -------
        Notes [note]
            The notes in the order of their onsets.

        Raises
        ------
        ValueError
            If shapes do not fit.
        """
        frames = frames_with_tones(frames, peaks, model)
        numbers = self.linked(peaks, model)
        frame, place = np.nonzero(numbers != NONE)
        note, amps = numbers[frame, place], peaks.amps[frame, place]
        size = int(numbers.max(initial=NONE)) + 1
        lengths = np.bincount(note, minlength=size)
        onsets = np.full(size, len(numbers))
        np.minimum.at(onsets, note, frame)
        weights = np.maximum(np.bincount(note, amps, size), TINY)
        level = np.sqrt(np.bincount(note, amps**2, size) / np.maximum(lengths, 1))
        pairs, together = overlaps(numbers, peaks.amps, level)
        return Notes(
            numbers=numbers,
            onsets=onsets,
            lengths=lengths,
            shifts=np.bincount(note, amps * peaks.shifts[frame, place], size) / weights,
            amps=level,
            sound=self.sound(numbers, peaks, frames, model),
            pairs=pairs,
            together=together,
            octave=model.octave,
            lowest_hz=model.lowest_hz,
            hop_s=model.hop_s,
            sides=None if sides is None else self.sound.sides(numbers, peaks, frames, model, sides),
        )

    def linked(self, peaks: Peaks, model: ToneModel) -> Ints:
        """Return the number of each tone's note, by onset; short notes are `NONE`.

        Parameters
        ----------
        peaks : Peaks [frame, place]
            Tones, in any places.
        model : ToneModel
            What tones look like.

        Returns
        -------
        ndarray of int [frame, place]
            To which note each tone belongs, or `NONE`, -1.
        """
        numbers = np.full(peaks.amps.shape, NONE)
        _kernels.link(
            peaks.amps, peaks.shifts, self.glide_sigmas * model.fsigma, self.gap_frames, self.rise,
            numbers,
        )  # fmt: skip
        lengths = np.bincount(numbers[numbers != NONE])
        kept = np.append(lengths >= self.shortest_frames, False)  # the last is for NONE
        return np.where(kept, np.cumsum(kept) - 1, NONE)[numbers]


class Notes(NamedTuple):
    """The notes of a recording, in the order of their onsets.

    Parameters
    ----------
    numbers : ndarray of int [frame, place]
        To which note each tone belongs, or `NONE`, -1.
    onsets : ndarray of int [note]
        First frame.
    lengths : ndarray of int [note]
        Number of frames with a tone.
    shifts : ndarray [note]
        Mean fundamental in bins, weighted by amplitude.
    amps : ndarray [note]
        Root mean square of the amplitudes.
    sound : Sound
        What they sound like.
    pairs : ndarray of int [pair, 2]
        Notes that sound together.
    together : ndarray [pair]
        For how many frames; one in which a note is quiet counts less.
    octave : float
        Bins of an octave.
    lowest_hz : float
        Frequency of shift 0 in Hz.
    hop_s : float
        Seconds between frames.
    sides : ndarray of complex [note], optional
        Mean sides (`musisep.audio.sides`) of free harmonics, weighted by magnitude: where
        between two channels a note is heard, at 0 if that is not known. The nearer to the unit
        circle the more alike are its harmonics.
    known : ndarray [note, instrument], optional
        Log likelihood of each note by what is known of an instrument beforehand, up to a constant
        for each note.

    Examples
    --------
    Two notes sound together for ten frames, and only the higher one is kept:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.tracking import NoteTracking
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> shifts = np.tile([24.0, 38.0], (10, 1))
    >>> tones = Peaks(0 * shifts + 1, shifts, 0 * shifts + 1, 0 * shifts, np.tile([0, 1], (10, 1)))
    >>> notes = NoteTracking()(tones, np.zeros((10, model.m)), model)
    >>> notes.pairs.tolist(), notes.together.tolist()
    ([[0, 1]], [10.0])
    >>> notes.chosen(notes.shifts > 30).shifts.tolist()
    [38.0]
    """

    numbers: Ints
    onsets: Ints
    lengths: Ints
    shifts: Floats
    amps: Floats
    sound: Sound
    pairs: Ints
    together: Floats
    octave: float
    lowest_hz: float
    hop_s: float
    sides: Sides | None = None
    known: Floats | None = None

    def chosen(self, chosen: NDArray[np.bool_]) -> "Notes":
        """Return some of the notes.

        Parameters
        ----------
        chosen : ndarray of bool [note]
            Which notes.

        Returns
        -------
        Notes [note]
            The chosen ones, with numbers from 0 on; tones of others belong to `NONE`.
        """
        own = np.append(np.where(chosen, np.cumsum(chosen) - 1, NONE), NONE)  # the last is for NONE
        kept = chosen[self.pairs].all(axis=1)
        return self._replace(
            numbers=own[self.numbers],
            onsets=self.onsets[chosen],
            lengths=self.lengths[chosen],
            shifts=self.shifts[chosen],
            amps=self.amps[chosen],
            sound=Sound(self.sound.values[chosen], self.sound.known[chosen]),
            pairs=own[self.pairs[kept]],
            together=self.together[kept],
            sides=None if self.sides is None else self.sides[chosen],
            known=None if self.known is None else self.known[chosen],
        )

    def told(self, known: Floats) -> "Notes":
        """Return notes of which more is known; log likelihoods add up.

        Parameters
        ----------
        known : ndarray [note, instrument]
            Log likelihood of each note by what is known of an instrument.

        Returns
        -------
        Notes [note]
            The same notes, with `known`.
        """
        return self._replace(known=known if self.known is None else self.known + known)

    def after(self, earlier: "Notes") -> "Notes":
        """Return notes of a recording together with these, which sound long after them.

        Tones, `numbers`, are those of these notes only. It is known where notes are heard, and who
        plays them, if it is of both.

        Parameters
        ----------
        earlier : Notes
            The notes before, of the same bins and frames per second.

        Returns
        -------
        Notes [note]
            The earlier ones, and these.
        """
        size = earlier.shifts.size
        pause = round(LONG_PAUSE_S / self.hop_s)
        begin = pause + int((earlier.onsets + earlier.lengths).max(initial=0))

        def both(one: Any, other: Any) -> Any:
            return None if one is None or other is None else np.concatenate((one, other))

        return self._replace(
            numbers=np.where(self.numbers == NONE, NONE, self.numbers + size),
            onsets=np.concatenate((earlier.onsets, self.onsets + begin)),
            lengths=np.concatenate((earlier.lengths, self.lengths)),
            shifts=np.concatenate((earlier.shifts, self.shifts)),
            amps=np.concatenate((earlier.amps, self.amps)),
            sound=Sound(*map(both, earlier.sound, self.sound)),
            pairs=np.concatenate((earlier.pairs, self.pairs + size)),
            together=np.concatenate((earlier.together, self.together)),
            sides=both(earlier.sides, self.sides),
            known=both(earlier.known, self.known),
        )


def overlaps(numbers: Ints, amps: Floats, level: Floats) -> tuple[Ints, Floats]:
    """Pairs of notes that sound together, and for how many frames: see `Notes`."""
    keys, loudness = [], []
    for first in range(numbers.shape[1]):
        for second in range(first):
            both = (numbers[:, first] != NONE) & (numbers[:, second] != NONE)
            one, other = numbers[both, first], numbers[both, second]
            keys.append(np.minimum(one, other) * len(level) + np.maximum(one, other))
            relative = np.minimum(amps[both, first] / level[one], amps[both, second] / level[other])
            loudness.append(np.minimum(relative, 1))
    if not keys:
        return np.zeros((0, 2), np.int64), np.zeros(0)
    found, index = np.unique(np.concatenate(keys), return_inverse=True)
    together = np.bincount(index, np.concatenate(loudness), found.size).astype(np.float64)
    return np.stack(np.divmod(found, max(len(level), 1)), axis=1), together
