"""Notes: tones of successive frames at one pitch, and what they sound like."""

from typing import NamedTuple

import numpy as np

from musisep.compiled import kernel
from musisep.dictsep.exptool import harmonic_centre
from musisep.dictsep.tones import Floats, Ints, Peaks, ToneModel

NO_NOTE = -1
"""In the place of the number of a note: the tone belongs to none."""
GLIDE = 2.0
"""Sigmas that the pitch of a note may move from frame to frame."""
GAP = 5
"""Frames for which a note may be lost."""
RISE = 2.0
"""Times as loud as before, at which a tone begins a note of its own."""
SHORTEST = 5
"""Frames that a note lasts at least."""
HARMONICS = 12
"""Harmonics of a profile."""
RIVALS = 25
"""Harmonics of other tones from which those of a profile must be apart."""
APART = 3.5
"""Sigmas from which on harmonics of two tones are told apart."""
SEEN = 0.1, 3
"""Share of the frames of a note, and number, in which a harmonic must be apart from others."""


class Notes(NamedTuple):
    """The notes of a recording, in the order of their onsets.

    Attributes
    ----------
    numbers : ndarray of int, shape (frame, place)
        To which note each tone belongs, or `NO_NOTE`.
    onsets, lengths : ndarray of int, shape (note,)
        First frame, and number of frames with a tone.
    shifts, amps : ndarray, shape (note,)
        Mean fundamental in bins, weighted by amplitude; root mean square of the amplitudes.
    unrest : ndarray, shape (note,)
        Mean movement of the pitch from frame to frame, in sigmas: vibrato, for one.
    profiles : ndarray, shape (note, harmonic)
        Magnitude of the frames at the first harmonics, relative to `amps`.
    seen : ndarray of bool, shape (note, harmonic)
        Whether the harmonic was on the axis and far from those of other tones for long enough.
    pairs : ndarray of int, shape (pair, 2)
        Notes that sound together.
    together : ndarray, shape (pair,)
        For how many frames; one in which a note is quiet counts less.
    """

    numbers: Ints
    onsets: Ints
    lengths: Ints
    shifts: Floats
    amps: Floats
    unrest: Floats
    profiles: Floats
    seen: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"
    pairs: Ints
    together: Floats

    @classmethod
    def of(cls, peaks: Peaks, frames: Floats, model: ToneModel) -> "Notes":
        """Link the tones of successive frames.

        Parameters
        ----------
        peaks : Peaks, shape (frame, place)
            Tones, in any places.
        frames : ndarray, shape (frame, bin)
            Magnitudes in which they were found.
        model : ToneModel
        """
        numbers = linked(peaks, GLIDE * model.fsigma)
        frame, place = np.nonzero(numbers != NO_NOTE)
        note, amps = numbers[frame, place], peaks.amps[frame, place]
        size = int(numbers.max(initial=NO_NOTE)) + 1
        lengths = np.bincount(note, minlength=size)
        onsets = np.full(size, len(numbers))
        np.minimum.at(onsets, note, frame)
        weights = np.maximum(np.bincount(note, amps, size), np.finfo(np.float64).tiny)
        level = np.sqrt(np.bincount(note, amps**2, size) / np.maximum(lengths, 1))
        heard, energy = np.zeros((size, HARMONICS)), np.zeros((size, HARMONICS))
        add_profiles(
            peaks.params, numbers, frames, model.harscale, APART * model.fsigma, heard, energy
        )  # fmt: skip
        profiles = np.sqrt(energy / np.maximum(heard, 1)) / np.maximum(level, 1e-300)[:, None]
        pairs, together = overlaps(numbers, peaks.amps, level)
        return cls(
            numbers, onsets, lengths,
            np.bincount(note, amps * peaks.shifts[frame, place], size) / weights, level,
            movement(numbers, peaks.shifts, size) / model.fsigma, profiles,
            heard >= np.maximum(SEEN[0] * lengths, SEEN[1])[:, None], pairs, together,
        )  # fmt: skip


def linked(peaks: Peaks, glide: float) -> Ints:
    """Return the number of each tone's note, by onset; short notes are `NO_NOTE`."""
    numbers = np.full(peaks.amps.shape, NO_NOTE)
    link(peaks.amps, peaks.shifts, glide, GAP, RISE, numbers)
    lengths = np.bincount(numbers[numbers != NO_NOTE])
    kept = np.append(lengths >= SHORTEST, False)  # the last is for NO_NOTE
    return np.where(kept, np.cumsum(kept) - 1, NO_NOTE)[numbers]


def movement(numbers: Ints, shifts: Floats, size: int) -> Floats:
    """Mean movement of the pitch of each of `size` notes from frame to frame, in bins."""
    frame, place = np.nonzero(numbers != NO_NOTE)
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
            both = (numbers[:, first] != NO_NOTE) & (numbers[:, second] != NO_NOTE)
            one, other = numbers[both, first], numbers[both, second]
            keys.append(np.minimum(one, other) * len(level) + np.maximum(one, other))
            relative = np.minimum(amps[both, first] / level[one], amps[both, second] / level[other])
            loudness.append(np.minimum(relative, 1))
    if not keys:
        return np.zeros((0, 2), np.int64), np.zeros(0)
    found, index = np.unique(np.concatenate(keys), return_inverse=True)
    together = np.bincount(index, np.concatenate(loudness), found.size).astype(np.float64)
    return np.stack(np.divmod(found, max(len(level), 1)), axis=1), together


@kernel
def link(amps, shifts, glide, gap, rise, numbers):  # type: ignore[no-untyped-def]
    """Fill ``numbers`` [frame, place]: tones continue the nearest note, the nearest pair first.

    A tone that is `rise` times as loud as a note has been lately begins another one, and ends it.
    """
    frames, places = amps.shape
    room = places * (gap + 2)
    last, level = np.empty(room), np.empty(room)
    number, seen = np.empty(room, np.int64), np.empty(room, np.int64)
    active, total = 0, 0
    for frame in range(frames):
        while True:
            nearest, chosen, here = glide, -1, -1
            for i in range(active):
                if seen[i] == frame:
                    continue
                for place in range(places):
                    amp = amps[frame, place]
                    if 0.0 < amp < rise * level[i] and numbers[frame, place] == NO_NOTE:
                        move = abs(shifts[frame, place] - last[i])
                        if move <= nearest:
                            nearest, chosen, here = move, i, place
            if chosen < 0:
                break
            numbers[frame, here] = number[chosen]
            last[chosen], seen[chosen] = shifts[frame, here], frame
            level[chosen] = 0.5 * (level[chosen] + amps[frame, here])
        continued = active
        for place in range(places):
            if amps[frame, place] > 0.0 and numbers[frame, place] == NO_NOTE:
                numbers[frame, place] = number[active] = total
                last[active], level[active] = shifts[frame, place], amps[frame, place]
                seen[active] = frame
                active, total = active + 1, total + 1
        kept = 0
        for i in range(active):
            ended = frame - seen[i] > gap
            for j in range(continued, active):
                if seen[i] < frame and abs(last[j] - last[i]) <= glide:
                    ended = True
            if not ended:
                last[kept], level[kept] = last[i], level[i]
                number[kept], seen[kept] = number[i], seen[i]
                kept += 1
        active = kept


@kernel
def add_profiles(params, numbers, frames, harscale, apart, heard, energy):  # type: ignore[no-untyped-def]
    """Add to ``heard`` and ``energy`` [note, harmonic]: frames, and squared magnitudes."""
    places, harmonics, bins = numbers.shape[1], heard.shape[1], frames.shape[1]
    for frame in range(numbers.shape[0]):
        for place in range(places):
            note = numbers[frame, place]
            if note == NO_NOTE:
                continue
            tone = params[frame, :, place]
            for har in range(harmonics):
                centre, _, _ = harmonic_centre(tone[1], tone[3], har + 1.0, harscale)
                bin_ = round(centre)
                if not 0 < bin_ < bins - 1:
                    continue
                free = True
                for other in range(places):
                    if other == place or params[frame, 0, other] <= 0.0:
                        continue
                    rival = params[frame, :, other]
                    for order in range(1, RIVALS + 1):
                        position, _, _ = harmonic_centre(rival[1], rival[3], order, harscale)
                        if abs(position - centre) < apart:
                            free = False
                if free:
                    value = max(
                        frames[frame, bin_ - 1], frames[frame, bin_], frames[frame, bin_ + 1]
                    )
                    heard[note, har] += 1.0
                    energy[note, har] += value * value
