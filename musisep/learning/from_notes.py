"""Learning the instruments of a recording from its notes: the default.

First it is asked what sounds, not who plays: common columns, which the tones of any instrument may
take, are learned, and tones are found with them. They are linked into notes, the notes are assigned
to instruments, and each instrument's column of the dictionary is learned from its notes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

import numpy as np

from musisep._util.checks import at_least
from musisep._util.constants import TINY
from musisep._util.fields import check_fields
from musisep._util.limits import MOST_INSTRUMENTS
from musisep._util.progress import Progress, no_progress
from musisep._util.threads import each
from musisep.audio.arrays import as_integers
from musisep.audio.sides import Sides
from musisep.learning.common import CommonColumns
from musisep.learning.learner import Learned
from musisep.learning.selection import audible, evenly_spaced
from musisep.learning.updates import fit_columns, normalized
from musisep.multipitch.expected import Expected
from musisep.multipitch.finder import Prior, Proposals
from musisep.multipitch.joint import JointSearch, instruments_search
from musisep.multipitch.viterbi import TENTATIVE, Prices, Viterbi
from musisep.notes.assignment import AnnealedAssignment, Assigned, Assignment, agreed
from musisep.notes.tracking import Notes, NoteTracking
from musisep.tones.checks import check_tones
from musisep.tones.loss import unexplained
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Ints, Peaks, places

UNLIKELY = math.log(1e-3)
"""Least logarithm of the chance that an instrument plays a note: nothing is impossible."""


class Heard(NamedTuple):
    """What sounds, whoever plays it.

    Parameters
    ----------
    columns : ndarray [harmonic, column]
        Common columns, which tones of any instrument may take.
    tones : Peaks [frame, place]
        Tones that were found with them.
    curve : tuple of float
        What was left unexplained after each turn of the learning of these columns.

    Examples
    --------
    A tone is heard in three frames, whoever plays it:

    >>> import math
    >>> import numpy as np
    >>> from musisep.learning.from_notes import NotesLearner
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=140)
    >>> tone = Peaks([1.0], [20.0], [1.0], [0.0], [0])
    >>> column = 1 / np.arange(1.0, 6)[:, None]
    >>> frame = inst_shift(tone, column, model.harscale, model.pexp, model.m, 1)
    >>> learner = NotesLearner(instruments=1)
    >>> heard = learner.anybodys_tones(np.tile(frame, (3, 1)), model, step_done=lambda: None)
    >>> heard.tones.shifts[heard.tones.amps > 0].round(1).tolist()
    [20.0, 20.0, 20.0]
    >>> len(heard.curve) == learner.common.steps
    True
    """

    columns: Floats
    tones: Peaks
    curve: tuple[float, ...] = ()


class Answer(NamedTuple):
    """An answer to who plays: what follows from it, what that leaves, and how sure it is.

    Parameters
    ----------
    columns : ndarray [harmonic, instrument]
        The column of each instrument.
    prior : Prior
        Tones of which it is known who plays them.
    tones : Peaks [frame, place]
        Tones that were found with the columns and the prior.
    unexplained : float
        What these leave unexplained, from 0 to 1.
    certainty : ndarray [instrument], optional
        Mean probability, weighted by amplitude, that the notes of an instrument are its own.
    notes : Notes
        The notes that were assigned.
    known : ndarray [note, instrument]
        Logarithms of the chances that the answer gives the notes.

    Examples
    --------
    Of tones that have been found already, it is asked who plays them:

    >>> import math
    >>> import numpy as np
    >>> from musisep.learning.from_notes import NotesLearner
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
    >>> answer = NotesLearner().from_tones(frames, tones, np.ones((3, 1)), model, lambda: None)
    >>> answer.columns.round(1).tolist(), answer.known.argmax(axis=1).tolist()
    ([[1.0, 0.4], [0.2, 1.0], [0.1, 0.3]], [0, 1, 0, 1, 0, 1, 0, 1])
    """

    columns: Floats
    prior: Prior
    tones: Peaks
    unexplained: float
    certainty: Floats | None
    notes: Notes
    known: Floats


@dataclass(frozen=True)
class NotesLearner:
    """Learns a dictionary from notes; a `Learner`.

    Parameters
    ----------
    instruments : int
        Number of instruments.
    tones : int
        Number of tones of one instrument at a time.
    restarts : int
        How often notes are assigned to instruments; the answers agree, see
        `musisep.notes.assignment.agreed`.
    seed : int
        Seed of the randomness.
    price : float
        What a tone must explain of a frame while it is found and not known who plays it; see
        `JointSearch`. Chosen on rendered recordings with `experiments/e14_ghosts.py`.
    common : CommonColumns
        How common columns are learned.
    tracking : NoteTracking
        How tones become notes.
    assignment : Assignment
        How notes are assigned to instruments.
    prices : Prices
        Prices while the tones that follow from an answer are found.
    updates : int
        Updates of an instrument's column; a guess, of which more change little.
    frames : int
        Frames from which a column is learned; a guess, of which more change little.
    expected : Expected, optional
        What is known beforehand of the frames, and of no others.
    expected_rounds : int
        How often tones and columns are found in turn, if all tones are expected.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    Examples
    --------
    Two instruments play a short tune. The higher one is the first:

    >>> import math
    >>> import numpy as np
    >>> from musisep.learning.from_notes import NotesLearner
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
    >>> learned = NotesLearner(instruments=2)(frames / frames.max(), model)
    >>> learned.dictionary[:3].round(1).tolist(), bool(learned.certainty.min() > 0.8)
    ([[1.0, 0.4], [0.2, 1.0], [0.1, 0.3]], True)
    """

    instruments: int = 2
    tones: int = 1
    restarts: int = 6
    seed: int = 0
    price: float = 0.04
    common: CommonColumns = field(default_factory=CommonColumns)
    tracking: NoteTracking = field(default_factory=NoteTracking)
    assignment: Assignment = field(default_factory=AnnealedAssignment)
    prices: Prices = TENTATIVE
    updates: int = 10
    frames: int = 1200
    expected: Expected | None = None
    expected_rounds: int = 2

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, instruments=1, tones=1, restarts=1, frames=1)

    @property
    def most(self) -> int:
        """Number of tones at a time that are found while it is not known who plays them.

        As many as there are instruments, unless one plays alone: with more come ghosts, which
        mislead who plays. Further tones are found when the columns of instruments are known.
        """
        return self.instruments if self.instruments > 1 else self.tones

    def __call__(
        self,
        frames: Floats,
        model: ToneModel,
        report: Progress = no_progress,
        sides: Sides | None = None,
        heard: Heard | None = None,
    ) -> Learned:
        """Learn a dictionary, and who plays which tone.

        For more than two instruments the tones are assigned to them again and again, as decoding
        with the columns finds octaves and unisons that common columns do not find.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major, with maximum 1.
        model : ToneModel
            What tones look like.
        report : function, optional
            Called with the progress.
        sides : ndarray of complex [frame, bin], optional
            Where between two channels the frames are heard.
        heard : Heard, optional
            What `anybodys_tones` has returned for the frames already.

        Returns
        -------
        Learned
            The dictionary, the prior, and how sure it is who plays.
        """
        done, total = count(1), self.rounds + (0 if heard else self.common.steps)

        def step_done() -> None:
            report("learning", next(done), total)

        columns, tones, curve = heard or self.anybodys_tones(frames, model, step_done)
        start = columns.mean(axis=1, keepdims=True)
        if self.expected is not None and self.expected.complete:
            start, tones = self.expected_tones(frames, start, model, self.expected)
        best = self.from_tones(frames, tones, start, model, step_done, sides)
        return Learned(
            best.columns,
            best.prior,
            (best.unexplained,),
            certainty=best.certainty,
            notes=best.notes._replace(known=best.known),
            common=columns,
            curve=(*curve, best.unexplained),
        )

    @property
    def rounds(self) -> int:
        """How often notes are found and assigned."""
        return max(1, self.instruments - 1)

    def from_tones(
        self,
        frames: Floats,
        tones: Peaks,
        start: Floats,
        model: ToneModel,
        step_done: Callable[[], None],
        sides: Sides | None = None,
    ) -> Answer:
        """Learn from tones that have been found.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        tones : Peaks [frame, place]
            Tones, in any places.
        start : ndarray [harmonic, 1 or instrument]
            Columns to start with: one for all, or one for each.
        model : ToneModel
            What tones look like.
        step_done : function
            Called without arguments after each round.
        sides : ndarray of complex [frame, bin], optional
            Where between two channels the frames are heard.

        Returns
        -------
        Answer
            That of the last round.
        """
        rng = np.random.default_rng(self.seed)
        for _ in range(self.rounds):
            best = self.best_answer(frames, tones, start, model, rng, sides)
            tones = best.tones
            step_done()
        return best

    def anybodys_tones(
        self, frames: Floats, model: ToneModel, step_done: Callable[[], None]
    ) -> Heard:
        """Return what sounds, whoever plays it: at most `most` tones at a time.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        model : ToneModel
            What tones look like.
        step_done : function
            Called without arguments after each turn.

        Returns
        -------
        Heard
            Common columns, and tones.
        """
        columns, curve = self.common(frames, self._anybody, model, step_done)
        return Heard(columns, self.common_tones(frames, columns, model), tuple(curve))

    def common_tones(self, frames: Floats, columns: Floats, model: ToneModel) -> Peaks:
        """Return the tones of frames with columns that anybody's tones may take.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        columns : ndarray [harmonic, column]
            Common columns.
        model : ToneModel
            What tones look like.

        Returns
        -------
        Peaks [frame, place]
            Tones; their `insts` are the common columns that they take.
        """
        prices, expected = Prices(crossing=0.0), self.expected
        if expected is not None:
            prices = Prices(contradiction=0.0, unison=0.0, novelty=0.0)
            expected = expected.of_anybody(columns.shape[1])
        return Viterbi(self._anybody, prices=prices, expected=expected)(frames, columns, model)

    def expected_tones(
        self, frames: Floats, start: Floats, model: ToneModel, expected: Expected
    ) -> tuple[Floats, Peaks]:
        """Return columns and tones as they are expected.

        Tones are found and columns learned from those that are expected, in turn; all columns start
        as one.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        start : ndarray [harmonic, 1]
            Column to start with.
        model : ToneModel
            What tones look like.
        expected : Expected
            What is known of the frames.

        Returns
        -------
        columns : ndarray [harmonic, instrument]
            The column of each instrument.
        tones : Peaks [frame, place]
            The tones.
        """
        columns = np.tile(start, self.instruments)
        for _ in range(self.expected_rounds):
            tones = self.finder(frames, columns, model)
            own = expected.owned(tones)
            columns = self.learn_columns(frames, own, columns, model)
        return columns, tones

    @property
    def finder(self) -> Viterbi:
        """What finds tones with the columns of instruments."""
        search = instruments_search(self.instruments, self.tones)
        return Viterbi(search, prices=self.prices, expected=self.expected)

    @property
    def _anybody(self) -> JointSearch:
        return JointSearch(self.most, self.most, price=self.price)

    def best_answer(
        self,
        frames: Floats,
        tones: Peaks,
        start: Floats,
        model: ToneModel,
        rng: np.random.Generator,
        sides: Sides | None = None,
    ) -> Answer:
        """Assign notes to instruments several times, and find the tones that follow the likeliest.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        tones : Peaks [frame, place]
            Tones, in any places.
        start : ndarray [harmonic, 1 or instrument]
            Columns to start with: one for all, or one for each.
        model : ToneModel
            What tones look like.
        rng : numpy.random.Generator
            Source of randomness.
        sides : ndarray of complex [frame, bin], optional
            Where between two channels the frames are heard.

        Returns
        -------
        Answer
            On which the assignments agree.
        """
        notes = self.tracking(tones, frames, model, sides)
        if self.expected is not None:
            notes = notes.told(
                self.expected.evidence(notes.numbers, notes.shifts, self.instruments)
            )
        best = self.who_plays(notes, rng)
        prior = Prior.of_notes(tones.shifts, notes.numbers, best.insts, best.chances)
        own = in_places(tones, prior.insts, self.instruments, min(self.tones, len(tones)))
        columns = self.learn_columns(frames, own, start, model)
        finder = self.finder
        hypotheses = finder.propose(frames, columns, model)
        found = finder.decode(frames, columns, model, hypotheses, prior)
        known = Proposals.made(finder.source, frames, columns, model, hypotheses)
        return Answer(
            columns=columns,
            prior=prior._replace(proposals=known),
            tones=found,
            unexplained=unexplained(frames, found, columns, model),
            certainty=self.certainty(notes, best),
            notes=notes,
            known=log_chances(best, self.instruments),
        )

    def who_plays(self, notes: Notes, rng: np.random.Generator) -> Assigned:
        """Assign notes to instruments several times, and return what the answers agree on.

        Parameters
        ----------
        notes : Notes
            Notes of a recording.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        Assigned
            See `musisep.notes.assignment.agreed`.
        """
        assigned: dict[int, Assigned] = {}
        rngs = rng.spawn(self.restarts)

        def assign(number: int) -> None:
            assigned[number] = Assigned(*self.assignment(notes, self.instruments, rngs[number]))

        each(assign, range(self.restarts))
        return agreed([assigned[number] for number in sorted(assigned)])

    def certainty(self, notes: Notes, answer: Assigned) -> Floats | None:
        """Return the mean certainty of each instrument's notes, by amplitude.

        Parameters
        ----------
        notes : Notes
            Notes of a recording.
        answer : Assigned
            Who plays them.

        Returns
        -------
        ndarray [instrument] or None
            0 for an instrument without notes; None if the answer has no chances.
        """
        sure = answer.certainty
        if sure is None:
            return None
        amounts = notes.amps * notes.lengths
        total = np.bincount(answer.insts, amounts, self.instruments)
        known = np.bincount(answer.insts, amounts * sure, self.instruments)
        return np.asarray(known / np.maximum(total, TINY))

    def learn_columns(
        self, frames: Floats, tones: Peaks, start: Floats, model: ToneModel
    ) -> Floats:
        """Learn the column of each instrument from its tones.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        tones : Peaks [frame, tone]
            Tones, whose `insts` are those who play them.
        start : ndarray [harmonic, 1 or instrument]
            Columns to start with: one for all, or one for each.
        model : ToneModel
            What tones look like.

        Returns
        -------
        ndarray [harmonic, instrument]
            Columns of maximum 1.
        """
        sounding = np.flatnonzero((tones.amps > 0).any(axis=1))
        chosen = sounding[evenly_spaced(audible(frames[sounding]), self.frames)]
        columns = np.broadcast_to(normalized(start), (len(start), self.instruments))
        return fit_columns(frames[chosen], tones[chosen], columns, model, self.updates)


def log_chances(answer: Assigned, instruments: int) -> Floats:
    """Return the logarithms [note, instrument] of the chances that instruments play notes."""
    chances = answer.chances
    if chances is None:
        chances = answer.insts[:, None] == np.arange(instruments)
    return np.asarray(np.log(np.maximum(chances, math.exp(UNLIKELY))))


def in_places(tones: Peaks, insts: Ints, instruments: int, most: int) -> Peaks:
    """Put tones into the places of their instruments; the loudest if there are too many.

    Parameters
    ----------
    tones : Peaks [frame, tone]
        Tones.
    insts : ndarray of int [frame, tone]
        The instrument that plays each, or `NONE`, -1.
    instruments : int
        Number of instruments.
    most : int
        Number of tones of each.

    Returns
    -------
    Peaks [frame, most * instruments]
        With amplitude 0 in the places of instruments that do not play.

    Raises
    ------
    ValueError
        If shapes do not fit, or `most` is more than the tones of a frame.

    Examples
    --------
    Instrument 1 plays the first tone, nobody the second, instrument 0 the third:

    >>> import numpy as np
    >>> from musisep.learning.from_notes import in_places
    >>> from musisep.tones.peaks import Peaks
    >>> shifts = np.array([[10.0, 20.0, 30.0]])
    >>> tones = Peaks(0 * shifts + 1, shifts, 0 * shifts + 1, 0 * shifts, [[0, 0, 0]])
    >>> own = in_places(tones, np.array([[1, -1, 0]]), instruments=2, most=1)
    >>> own.shifts.tolist(), own.insts.tolist()
    ([[30.0, 10.0]], [[0, 1]])
    """
    check_tones("tones", tones)
    insts = as_integers(insts, "insts")
    if insts.shape != tones.amps.shape:
        raise ValueError(f"insts.shape={insts.shape} must be {tones.amps.shape}, as of tones")
    instruments = at_least("instruments", instruments, 1, MOST_INSTRUMENTS)
    most = at_least("most", most, 1, len(tones))
    own_places = places(instruments, most)
    params = np.empty((len(insts), 4, own_places.size))
    for inst in range(instruments):
        amps = np.where(insts == inst, tones.amps, 0.0)
        order = np.argsort(-amps, axis=1, kind="stable")[:, :most]
        own = np.take_along_axis(tones.params, order[:, None], axis=2)
        own[:, 0] = np.take_along_axis(amps, order, axis=1)
        params[:, :, inst * most : (inst + 1) * most] = own
    return Peaks.from_params(params, own_places)
