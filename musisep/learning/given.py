"""A dictionary that was learned elsewhere: its columns tell who plays, and how it sounded then.

Tones are decoded with the given columns and linked into notes. For whom a note is decoded is
evidence of who plays it, beside what the model of players says; then each column is adapted to the
notes of its instrument, as if it had been learned from this recording.
"""

from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np

from musisep._util.constants import NONE
from musisep._util.progress import Progress, no_progress
from musisep.audio.sides import Sides
from musisep.learning.from_notes import UNLIKELY, NotesLearner
from musisep.learning.learner import Fit, Learned
from musisep.learning.updates import FLOOR, normalized
from musisep.multipitch.finder import ToneFinder
from musisep.multipitch.viterbi import Viterbi
from musisep.notes.assignment import Assigned, Assignment
from musisep.notes.tracking import Notes
from musisep.tones.loss import unexplained
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Ints, Peaks

SOFT, FALL = 0.01, 0.5
"""Where columns are compared: least amplitude of a harmonic, relative to the highest, -40 dB; and
exponent with which its weight falls with its number."""


@dataclass(frozen=True, eq=False)
class GivenDictionary:
    """Finds out who plays which note with a given dictionary, and adapts it; a `Learner`.

    An instrument whose column is 0 plays nothing.

    Parameters
    ----------
    dictionary : ndarray [harmonic, instrument]
        Relative amplitudes of the harmonics, as another recording taught them.
    finder : ToneFinder
        What will find the tones; only `Viterbi` makes use of a prior, others get none, and the
        dictionary as it is.
    learner : NotesLearner
        How notes are tracked and assigned, and columns learned from them.
    weight : float
        Log likelihood that a note gains for the instrument that all of it is decoded for;
        `experiments/run.py "given-weight=*"` has others.

    Examples
    --------
    The columns are about those of the instruments; then they are adapted to the recording:

    >>> import math
    >>> import numpy as np
    >>> from musisep.learning.given import GivenDictionary
    >>> from musisep.masking.synthesis import synthesise
    >>> from musisep.masking.voices import Voices
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=140)
    >>> columns = np.array([[1.0, 0.4], [0.2, 1.0], [0.1, 0.3]])
    >>> lines = np.repeat([[60.0, 20.0], [64.0, 17.0], [67.0, 12.0], [64.0, 24.0]], 12, axis=0)
    >>> insts = np.tile([0, 1], (48, 1))
    >>> tones = Peaks(0 * lines + 1, lines, 0 * lines + 1, 0 * lines, insts)
    >>> frames = synthesise(Voices.of(tones, columns), model.harscale, 1, model.m).sum(axis=0)
    >>> given = np.array([[1.0, 0.5], [0.4, 1.0], [0.1, 0.2]])
    >>> learned = GivenDictionary(given)(frames / frames.max(), model)
    >>> learned.dictionary.round(1).tolist(), learned.fit.misfits
    ([[1.0, 0.4], [0.2, 1.0], [0.1, 0.3]], [])
    """

    dictionary: Floats
    finder: ToneFinder = field(default_factory=Viterbi)
    learner: NotesLearner = field(default_factory=NotesLearner)
    weight: float = 1.0

    def __call__(
        self,
        frames: Floats,
        model: ToneModel,
        report: Progress = no_progress,
        sides: Sides | None = None,
    ) -> Learned:
        """Return the adapted dictionary, and who plays which tone.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        model : ToneModel
            What tones look like.
        report : function, optional
            Called with the progress.
        sides : ndarray of complex [frame, bin], optional
            Where between two channels the frames are heard.

        Returns
        -------
        Learned
            With `known`, and with `fit` if the dictionary was adapted.
        """
        players = np.flatnonzero(self.dictionary.any(axis=0))
        if not isinstance(self.finder, Viterbi) or not players.size:
            return Learned(self.dictionary, known=True)
        given = np.ascontiguousarray(self.dictionary[:, players])
        finder, learner = self.finder, self.learner
        if learner.expected is not None:
            own = learner.expected.of_players(players)
            finder, learner = replace(finder, expected=own), replace(learner, expected=own)
        learner = replace(learner, instruments=players.size, tones=finder.search.tones)
        steps = count()

        def step_done() -> None:
            report("finding notes", next(steps), learner.rounds)

        step_done()
        hypotheses = finder.propose(frames, given, model)
        decoded = finder.decode(frames, given, model, hypotheses)
        near = learner.prices.near_sigmas * model.fsigma
        informed = Informed(learner.assignment, decoded, near, self.weight)
        best = replace(learner, assignment=informed).from_tones(
            frames, decoded, np.maximum(given, FLOOR), model, step_done, sides
        )
        dictionary = self.dictionary.copy()
        dictionary[:, players] = best.columns
        prior = best.prior._replace(insts=np.append(players, NONE)[best.prior.insts])
        if prior.chances is not None:
            prior = prior._replace(chances=self._of_all(prior.chances, players))
        return Learned(
            dictionary,
            prior,
            known=True,
            certainty=None if best.certainty is None else self._of_all(best.certainty, players),
            notes=best.notes._replace(known=self._of_all(best.known, players, UNLIKELY)),
            fit=Fit(
                unexplained(frames, decoded, given, model) - best.unexplained,
                deviations(self.dictionary, dictionary),
            ),
        )

    def _of_all(self, values: Floats, players: Ints, others: float = 0.0) -> Floats:
        """Return values [..., player] as of all instruments."""
        result = np.full((*values.shape[:-1], self.dictionary.shape[1]), others)
        result[..., players] = values
        return result


@dataclass(frozen=True, eq=False)
class Informed:
    """Tells an assignment for which instrument notes are decoded; an `Assignment`.

    Parameters
    ----------
    assignment : Assignment
    decoded : Peaks [frame, place]
        Tones that were decoded with known columns.
    near : float
        Bins within which a tone is one of a note.
    weight : float
        Log likelihood of a note all of which is decoded for an instrument.
    """

    assignment: Assignment
    decoded: Peaks
    near: float
    weight: float

    def __call__(self, notes: Notes, instruments: int, rng: np.random.Generator) -> Assigned:
        """Return the answer of the assignment."""
        known = self.weight * decoded_shares(notes, self.decoded, instruments, self.near)
        return self.assignment(notes.told(known), instruments, rng)


def decoded_shares(notes: Notes, decoded: Peaks, instruments: int, near: float) -> Floats:
    """Return in which share of its tones a note is decoded for each instrument.

    Parameters
    ----------
    notes : Notes
    decoded : Peaks [frame, place]
        Tones of the same frames.
    instruments : int
    near : float
        Bins within which a tone is one of a note.

    Returns
    -------
    ndarray [note, instrument]
    """
    frame, place = np.nonzero(notes.numbers != NONE)
    note = notes.numbers[frame, place]
    near_it = np.abs(decoded.shifts[frame] - notes.shifts[note, None]) < near
    tone, own = np.nonzero(near_it & (decoded.amps[frame] > 0))
    counts = np.zeros((notes.shifts.size, instruments))
    np.add.at(counts, (note[tone], decoded.insts[frame[tone], own]), 1.0)
    return np.asarray(counts / notes.lengths[:, None])


def deviations(given: Floats, adapted: Floats) -> Floats:
    """Return how far columns are from others, in dB.

    Root mean squares of the differences of their harmonics, but for one gain; harmonics softer
    than `SOFT` count as that. The weight of harmonic h is ``h ** -FALL``.

    Parameters
    ----------
    given : ndarray [harmonic, instrument]
        Columns.
    adapted : ndarray [harmonic, instrument]
        Columns to compare them with.

    Returns
    -------
    ndarray [instrument]
        Deviations in dB.

    Examples
    --------
    A gain does not matter. The second column has its harmonics in another order:

    >>> import numpy as np
    >>> from musisep.learning.given import deviations
    >>> given, adapted = np.array([[1.0, 1.0], [0.5, 0.5]]), np.array([[0.8, 0.5], [0.4, 1.0]])
    >>> deviations(given, adapted).round(1).tolist()
    [0.0, 5.9]
    """
    weights = np.arange(1.0, len(given) + 1) ** -FALL
    louder, softer = (np.maximum(normalized(columns), SOFT) for columns in (given, adapted))
    differences = 20 * np.log10(louder / softer)
    differences -= np.average(differences, axis=0, weights=weights)
    return np.sqrt(np.average(differences**2, axis=0, weights=weights))
