"""Alignment: when the notes of a score sound in a recording, and at which tuning.

Score and recording are compared by what sounds, in thirds of a semitone, and by what begins, in
pitch classes. The cheapest way to warp the time of one to that of the other is found by dynamic
time warping [1]_, of coarse frames first, and then of finer ones near to that path [2]_. A score
whose times fit as they are keeps them.

.. [1] S. Ewert, M. Müller, P. Grosche, "High resolution audio synchronization using chroma onset
   features", ICASSP, 2009.
.. [2] S. Salvador, P. Chan, "Toward accurate dynamic time warping in linear time and space",
   Intelligent Data Analysis, 2007.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from musisep._util.constants import TINY
from musisep.audio.features import estimate_tuning
from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.io.stored import Scratch
from musisep.scores._kernels import warping as _kernels
from musisep.scores.score import NoteTable, Score, chosen
from musisep.tones.peaks import Floats, Ints

HOP_S = 0.0232
"""Seconds between frames."""
LOWEST_HZ, HIGHEST_HZ, BINS = 55.0, 3520.0, 36
"""Range in which recording and score are compared; bins of an octave."""
HARMONICS, FALL = 8, 0.7
"""Of the notes of a score: how many, and the exponent with which they fall with their number."""
SOFT = 0.01
"""A frame is silent that far below the loudest, -40 dB."""
RISE = 0.15
"""What begins counts in full from this share of the strongest onsets on."""
FORGOTTEN_S = 0.2
"""Time in which it is forgotten that something has begun."""
ONSETS = 0.5
"""Weight of what begins; the rest is of what sounds."""
BOTH, SINGLE = 2.0, 2.0
"""What a step in both times costs, and a step in one of them."""
COARSEST, FINER, RADIUS = 600, 4, 5
"""Frames of the coarsest warp at most; how much finer the next one is; how near to the one before
it keeps, in frames of that."""
SEMITONES = range(-6, 7)
"""Transpositions that are tried."""
TRANSPOSED = 0.93
"""One of more than half a semitone is believed if it costs at most so much as none does."""
STRANGE = 0.82
"""A score whose cost is a larger share of that of other transpositions is of something else:
`experiments/e31_wrong_scores.py`."""
SPANS = 8
"""Parts of a score of whose tempi the median is told."""
MOST, KEPT_S = 0.75, 0.12
"""Times are kept if this share of the notes would move by so many seconds at most."""
MOST_TIMES, MOST_MORE_S = 8.0, 60.0
"""A score takes at most so many times as long as its recording, and so many seconds more."""
BLOCK_S, MARGIN_S = 60.0, 1.0
"""Blocks in which a recording is heard, and what they have in common."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """How the time and the tuning of a score become those of a recording.

    Parameters
    ----------
    score_s, recording_s : ndarray, float [point]
        Times in seconds that belong together, both in rising order.
    cents : float
        By how much the recording is higher than the score, in cents.
    cost : float
        Mean cost of what is compared, from 0 to 1.
    share : float
        Cost as a share of the median of all transpositions, compared coarsely. It is near to 1 if
        the score is of something else, as no transposition is better than others then.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.scores import Score, note_table
    >>> from musisep.scores.alignment import Alignment
    >>> score_s, recording_s = np.array([0.0, 1.0]), np.array([0.5, 2.5])
    >>> played = Alignment(score_s, recording_s, cents=0.0, cost=0.1, share=0.5)
    >>> played.slower, played.fits
    (2.0, True)
    >>> played.times_s(np.array([0.0, 0.5, 1.0])).tolist()
    [0.5, 1.5, 2.5]
    >>> score = Score(note_table([0.0], [0.5], [440.0], [0]), ("horn",))
    >>> played.applied(score).notes.offset_s.tolist()
    [1.5]
    """

    score_s: Floats
    recording_s: Floats
    cents: float
    cost: float
    share: float

    @property
    def fits(self) -> bool:
        """Whether the score seems to be that of the recording."""
        return self.share < STRANGE

    @property
    def slower(self) -> float:
        """How many times as long the recording takes as the score, but for silence around it."""
        apart = max(1, self.score_s.size // SPANS)
        spans = (times[apart:] - times[:-apart] for times in (self.recording_s, self.score_s))
        return float(np.median(np.divide(*spans)))

    def times_s(self, score_s: Floats) -> Floats:
        """Return the times in the recording of times in the score.

        Parameters
        ----------
        score_s : ndarray, float [time]
            Times in seconds; beyond the ends of the score they keep their distance to it.

        Returns
        -------
        ndarray, float [time]
            Times in seconds, from 0 on.
        """
        inside = np.clip(score_s, self.score_s[0], self.score_s[-1])
        within_s = np.interp(inside, self.score_s, self.recording_s)
        return np.maximum(within_s + score_s - inside, 0.0)

    def applied(self, score: Score) -> Score:
        """Return the score as it is played.

        Parameters
        ----------
        score : Score
            The score that was aligned.

        Returns
        -------
        Score
            With times and pitches of the recording; notes that it has no time for are left out.
        """
        notes = score.notes.copy()
        notes.onset_s, notes.offset_s = self.times_s(notes.onset_s), self.times_s(notes.offset_s)
        notes.f0_hz = notes.f0_hz * 2 ** (self.cents / 1200)
        return Score(chosen(notes, notes.offset_s > notes.onset_s), score.names)


def align(score: Score, audio: Floats | Scratch, sample_rate: int) -> Alignment:
    """Find when the notes of a score sound in a recording, and how it is tuned.

    Parameters
    ----------
    score : Score
        What is played, in any tempo, up to six semitones higher or lower.
    audio : ndarray or Scratch, float [channel, sample]
        The recording.
    sample_rate : int
        Sample rate in Hz.

    Returns
    -------
    Alignment
        Times that belong together, and how much higher the recording is.

    Raises
    ------
    ValueError
        If the score is so much longer than the recording that it is none of it.

    Examples
    --------
    A recording takes twice as long as its score:

    >>> import numpy as np
    >>> from musisep.scores import Score, note_table
    >>> from musisep.scores.alignment import align
    >>> time_s = np.arange(16000) / 8000
    >>> audio = np.sin(2 * np.pi * np.where(time_s < 1, 440, 550) * time_s)[None]
    >>> score = Score(note_table([0.0, 0.5], [0.5, 1.0], [440.0, 550.0], [0, 0]), ("horn",))
    >>> alignment = align(score, audio, 8000)
    >>> round(alignment.slower, 1), alignment.fits
    (2.0, True)
    >>> alignment.applied(score).notes.offset_s.round(1).tolist()
    [1.0, 2.0]
    """
    notes: Any = chosen(score.notes, ~np.isnan(score.notes.f0_hz))
    hop_s, length_s = round(HOP_S * sample_rate) / sample_rate, audio.shape[1] / sample_rate
    if not len(notes) or length_s <= hop_s:
        whole_s = np.array([0.0, length_s])
        return Alignment(whole_s, whole_s, 0.0, 1.0, 1.0)
    _check_length(notes, length_s)
    start_s = notes.onset_s.min()  # a rest at the begin has nothing that it could be aligned with
    notes.onset_s, notes.offset_s = notes.onset_s - start_s, notes.offset_s - start_s
    spectrum, tuning = _heard(audio, sample_rate)
    fine = tuning - _tuning_of(notes)
    factors = _factors(max(len(spectrum), int(notes.offset_s.max() / hop_s)))
    heard = features(spectrum, factors[0])
    cents, share = _transposition(heard, notes, fine, hop_s, factors[0])
    rows, columns, _ = _warped(heard, _played(notes, cents, hop_s, factors[0]))
    tempo = float(np.polyfit(columns, rows, 1)[0])
    in_tempo = notes.copy()
    in_tempo.onset_s, in_tempo.offset_s = tempo * notes.onset_s, tempo * notes.offset_s
    near: tuple[Ints, Ints] | None = None
    for factor in factors:
        played = _played(in_tempo, cents, hop_s, factor)
        rows, columns, cost = _warped(features(spectrum, factor), played, near)
        near = rows, columns
    counts = np.bincount(columns)
    times_s = np.asarray(hop_s * np.bincount(columns, rows) / counts, np.float64)
    before = 1.0  # of the frames that are played is before the score
    points_s: Any = start_s + (np.arange(counts.size) - before) * hop_s / tempo
    found = Alignment(points_s, times_s, cents, cost, share)
    moved = np.abs(found.times_s(start_s + notes.onset_s) - notes.onset_s - start_s)
    return replace(found, recording_s=points_s) if np.quantile(moved, MOST) <= KEPT_S else found


def _check_length(notes: NoteTable, length_s: float) -> None:
    """Refuse a score that is far longer than the recording; ValueError."""
    last_s = notes.offset_s.max()
    if last_s > MOST_TIMES * length_s + MOST_MORE_S:
        raise ValueError(
            f"score ends at {last_s:.4g} s, but the recording takes {length_s:.4g} s; give the "
            "score of what is played"
        )


def _transposition(
    heard: Floats, notes: NoteTable, fine: float, hop_s: float, factor: int
) -> tuple[float, float]:
    """Return by how many cents, `fine` and semitones, notes are lower than is heard.

    The second is what that costs, as a share of the median of all transpositions.
    """
    tried = fine - 100 * round(fine / 100) + 100.0 * np.array(SEMITONES)
    costs = np.array(
        [_warped(heard, _played(notes, cents, hop_s, factor))[2] for cents in tried.tolist()]
    )
    best = int(np.argmin(costs / np.where(np.abs(tried) > 50, TRANSPOSED, 1.0)))
    return float(tried[best]), float(costs[best] / max(np.median(costs), TINY))


def features(spectrum: Floats, factor: int, begun: Floats | None = None) -> Floats:
    """Return what is compared of a spectrum [frame, bin]: the cosine of what sounds and begins.

    Parameters
    ----------
    spectrum : ndarray, shape (frame, bin)
        Magnitudes.
    factor : int
        Frames that make one.
    begun : ndarray, shape (frame, class), optional
        What begins; default: what rises in the spectrum.

    Returns
    -------
    ndarray, shape (coarse frame, feature)
        Of norm 1. Its last but one of each part says that nothing sounds, or begins.
    """
    begun = _rising(spectrum) if begun is None else begun
    sounding, begun = _coarse(spectrum, factor, np.mean), _coarse(begun, factor, np.max)
    roots = np.sqrt(sounding)
    norms = np.linalg.norm(roots, axis=1, keepdims=True)
    silent = norms <= np.sqrt(SOFT) * norms.max(initial=TINY)
    sounds = np.hstack((np.where(silent, 0.0, roots / np.maximum(norms, TINY)), silent))
    strength = np.linalg.norm(begun, axis=1, keepdims=True)
    share = strength / np.maximum(strength, max(RISE * np.quantile(strength, 0.98), TINY))
    begins = np.hstack((share * begun / np.maximum(strength, TINY), np.sqrt(1 - share**2)))
    return np.hstack((np.sqrt(1 - ONSETS) * sounds, np.sqrt(ONSETS) * begins))


def _rising(spectrum: Floats) -> Floats:
    """Return by how much each pitch class rises, [frame, class]; it is forgotten in a while."""
    roots = np.sqrt(spectrum)
    rises = np.maximum(np.diff(roots, axis=0, prepend=roots[:1]), 0)
    rises += np.vstack((rises[1:], rises[:1] * 0))  # an onset takes more than a frame
    return _forgotten(_classes(rises))


def _forgotten(begun: Floats) -> Floats:
    """Let what begins fade away."""
    frames = max(1, round(FORGOTTEN_S / HOP_S))
    result = begun.copy()
    for later in range(1, min(frames, len(begun))):
        np.maximum(result[later:], begun[:-later] * (1 - later / frames), out=result[later:])
    return result


def _classes(values: Floats) -> Floats:
    """Sum values [frame, bin] in pitch classes."""
    number = np.arange(values.shape[1]) * 12 // BINS % 12
    return np.asarray(values @ (number[:, None] == np.arange(12)))


def _coarse(values: Floats, factor: int, joined: Callable[..., Floats]) -> Floats:
    """Join so many frames to one."""
    missing = -len(values) % factor
    padded = np.pad(values, ((0, missing), (0, 0)))
    return joined(padded.reshape(-1, factor, values.shape[1]), axis=1)


def _heard(audio: Floats | Scratch, sample_rate: int) -> tuple[Floats, float]:
    """Return the spectrum [frame, bin] of a recording, and its tuning in cents."""
    front_end = LogFrequencyFrontEnd(
        hop_s=HOP_S, fmin_hz=LOWEST_HZ, fmax_hz=HIGHEST_HZ, bins_per_octave=BINS, sigma_bins=1.0
    )
    hop = round(HOP_S * sample_rate)
    margin, size = round(MARGIN_S / HOP_S) * hop, round(BLOCK_S / HOP_S) * hop
    parts: list[Floats] = []
    tunings: list[float] = []
    for begin in range(0, audio.shape[1], size):
        start = max(0, begin - margin)
        block = np.asarray(audio[..., start : begin + size + margin])
        frames, level, _ = front_end(block, sample_rate)
        first = (begin - start) // hop
        last = None if begin + size >= audio.shape[1] else first + size // hop
        parts.append(level * frames[first:last])
        tunings.append(float(estimate_tuning(block.mean(axis=0), sample_rate=sample_rate)))
    return np.concatenate(parts), 100.0 * float(np.median(tunings))


def _tuning_of(notes: NoteTable) -> float:
    """Return by how many cents notes are above the scale on 440 Hz, from -50 to 50."""
    pitches = 12 * np.log2(notes.f0_hz / 440)
    return 100 * float(np.angle(np.exp(2j * np.pi * pitches).sum())) / (2 * np.pi)


def _played(notes: NoteTable, cents: float, hop_s: float, factor: int) -> Floats:
    """Return what notes sound like as `features`, behind a frame of silence at the finest."""
    frames = 2 + int(np.ceil(notes.offset_s.max() / hop_s))
    bins = round(BINS * np.log2(HIGHEST_HZ / LOWEST_HZ))
    spectrum, begun = np.zeros((2, frames, bins))
    orders = np.arange(1, HARMONICS + 1)
    for note in notes:
        begin, end = (1 + int(np.rint(time / hop_s)) for time in (note.onset_s, note.offset_s))
        place = BINS * np.log2(note.f0_hz * 2 ** (cents / 1200) * orders / LOWEST_HZ)
        shape = np.exp(-0.5 * (np.arange(bins) - place[:, None]) ** 2) * orders[:, None] ** -FALL
        spectrum[begin : max(end, begin + 1)] += shape.sum(axis=0)
        begun[begin] += shape.sum(axis=0)
    return features(spectrum, factor, _forgotten(_classes(begun)))


def _factors(frames: int) -> list[int]:
    """Return how many frames make one in each warp, from the coarsest to the finest, 1."""
    factors = [1]
    while frames > COARSEST * factors[0]:
        factors.insert(0, FINER * factors[0])
    return factors


def _warped(
    heard: Floats, played: Floats, near: tuple[Ints, Ints] | None = None
) -> tuple[Ints, Ints, float]:
    """Return the cheapest path, as frames of both, and its mean cost; near to a coarser one."""
    size, others = len(heard), len(played)
    lows, highs = np.zeros(size, np.int64), np.full(size, others)
    if near is not None:
        rows, columns = near
        frame = np.minimum(np.arange(size) // FINER, rows[-1])
        first = np.searchsorted(rows, np.maximum(frame - RADIUS, 0), side="left")
        last = np.searchsorted(rows, np.minimum(frame + RADIUS, rows[-1]), side="right") - 1
        lows = np.maximum((columns[first] - RADIUS) * FINER, 0)
        highs = np.minimum((columns[last] + RADIUS + 1) * FINER, others)
        highs[-1] = others
    steps = np.zeros((size, int((highs - lows).max())), np.uint8)
    total = _kernels.cheapest_warp(
        np.ascontiguousarray(heard, np.float32), np.ascontiguousarray(played, np.float32),
        lows, highs, BOTH, SINGLE, steps,
    )  # fmt: skip
    i, j = size - 1, others - 1
    path, weight = [(i, j)], BOTH
    while i > 0 or j > 0:
        step = steps[i, j - lows[i]]
        weight += BOTH if step == _kernels.DIAGONAL else SINGLE
        i, j = i - (step != _kernels.LEFT), j - (step != _kernels.UP)
        path.append((i, j))
    rows, columns = np.array(path[::-1]).T
    return rows, columns, float(total / weight)
