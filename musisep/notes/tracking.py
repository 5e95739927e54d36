"""Notes: tones of successive frames at one pitch, and what they sound like."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep._util.constants import NONE, TINY
from musisep._util.fields import check_fields
from musisep.notes._kernels import tracking as _kernels
from musisep.tones.checks import frames_with_tones
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Ints, Peaks


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
    harmonics : int
        Harmonics of a profile.
    rivals : int
        Number of harmonics of other tones that those of a profile are compared with.
    apart_sigmas : float
        Least distance to them, in sigmas, with which a harmonic counts.
    seen_share, seen_frames : float, int
        Least share of the frames of a note, and least number, in which a harmonic must count.
    """

    glide_sigmas: float = 2.0
    gap_frames: int = 5
    rise: float = 2.0
    shortest_frames: int = 5
    harmonics: int = 12
    rivals: int = 25
    apart_sigmas: float = 3.5
    seen_share: float = 0.1
    seen_frames: int = 3

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self)

    def __call__(self, peaks: Peaks, frames: Floats, model: ToneModel) -> "Notes":
        """Link the tones of successive frames.

        Parameters
        ----------
        peaks : Peaks, shape (frame, place)
            Tones, in any places.
        frames : ndarray, shape (frame, bin)
            Magnitudes in which they were found.
        model : ToneModel

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
        heard, energy = np.zeros((size, self.harmonics)), np.zeros((size, self.harmonics))
        _kernels.add_profiles(
            peaks.params, numbers, frames, model.harscale, self.rivals,
            self.apart_sigmas * model.fsigma, heard, energy,
        )  # fmt: skip
        pairs, together = overlaps(numbers, peaks.amps, level)
        return Notes(
            numbers=numbers,
            onsets=onsets,
            lengths=lengths,
            shifts=np.bincount(note, amps * peaks.shifts[frame, place], size) / weights,
            amps=level,
            movement=movement(numbers, peaks.shifts, size) / model.fsigma,
            profiles=np.sqrt(energy / np.maximum(heard, 1)) / np.maximum(level, TINY)[:, None],
            seen=heard >= np.maximum(self.seen_share * lengths, self.seen_frames)[:, None],
            pairs=pairs,
            together=together,
            octave=model.octave,
        )

    def linked(self, peaks: Peaks, model: ToneModel) -> Ints:
        """Return the number of each tone's note, by onset; short notes are `NONE`."""
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

    Attributes
    ----------
    numbers : ndarray of int, shape (frame, place)
        To which note each tone belongs, or `NONE`.
    onsets, lengths : ndarray of int, shape (note,)
        First frame, and number of frames with a tone.
    shifts, amps : ndarray, shape (note,)
        Mean fundamental in bins, weighted by amplitude; root mean square of the amplitudes.
    movement : ndarray, shape (note,)
        Mean movement of the pitch from frame to frame, in sigmas: vibrato, for one.
    profiles : ndarray, shape (note, harmonic)
        Magnitude of the frames at the first harmonics, relative to `amps`.
    seen : ndarray of bool, shape (note, harmonic)
        Whether the harmonic was on the axis and far from those of other tones for long enough.
    pairs : ndarray of int, shape (pair, 2)
        Notes that sound together.
    together : ndarray, shape (pair,)
        For how many frames; one in which a note is quiet counts less.
    octave : float
        Bins of an octave.
    """

    numbers: Ints
    onsets: Ints
    lengths: Ints
    shifts: Floats
    amps: Floats
    movement: Floats
    profiles: Floats
    seen: NDArray[np.bool_]
    pairs: Ints
    together: Floats
    octave: float


def movement(numbers: Ints, shifts: Floats, size: int) -> Floats:
    """Mean movement of the pitch of each of `size` notes from frame to frame, in bins."""
    frame, place = np.nonzero(numbers != NONE)
    order = np.lexsort((frame, numbers[frame, place]))
    frame, place = frame[order], place[order]
    note, steps = numbers[frame, place], np.abs(np.diff(shifts[frame, place]))
    follows = (np.diff(note) == 0) & (np.diff(frame) == 1)
    note, steps = note[1:][follows], steps[follows]
    return np.bincount(note, steps, size) / np.maximum(np.bincount(note, minlength=size), 1)


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
