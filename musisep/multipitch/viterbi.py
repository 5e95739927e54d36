"""Decoding: the tones of all frames together.

Each frame offers its best combinations of candidates (`JointSearch.propose`). The path through
them is taken that costs least (Viterbi): what a frame leaves unexplained, and prices for what a
line seldom does, namely jump, begin or end. Who plays is told by a prior, which names the
instrument of tones that have been found before; without one there is a price for crossing the
line of another instrument.
"""

from dataclasses import dataclass, field

import numpy as np

from musisep._util.checks import instance
from musisep._util.constants import TINY
from musisep._util.fields import check_fields
from musisep.multipitch._kernels import viterbi as _kernels
from musisep.multipitch.expected import Expected
from musisep.multipitch.finder import Hypotheses, Prior, check_hypotheses, checked_input
from musisep.multipitch.joint import JointSearch
from musisep.tones.loss import silence_losses
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Ints, Peaks, places


@dataclass(frozen=True)
class Prices:
    """What a path of tones pays, in units of twice the mean loss of silence over all frames.

    All were chosen by hand on 24 items with `experiments/run.py steps finders`;
    `docs/decisions/` has what others gave.

    Parameters
    ----------
    jump : float
        For a jump of the shift, up to twice as much for a large one.
    onset : float
        For the begin of a tone, and for its end.
    crossing : float
        Per frame in which two instruments sound in the reverse of their usual order; without a
        prior.
    contradiction : float
        Per frame of a tone that the prior gives to another instrument.
    unison : float
        Per frame of a tone at the pitch of another instrument that sounds as well.
    novelty : float
        Per frame of a tone that the prior does not know.
    glide_sigmas : float
        Sigmas that a shift may move from frame to frame without a price.
    near_sigmas : float
        Sigmas within which a tone counts as one of the prior.

    Raises
    ------
    ValueError
        If a price is out of its range.

    Examples
    --------
    Notes are to begin and end less often than usual:

    >>> from musisep.multipitch.viterbi import Prices, Viterbi
    >>> finder = Viterbi(prices=Prices(onset=0.4))
    >>> finder.prices.onset, finder.prices.jump
    (0.4, 0.2)
    """

    jump: float = 0.2
    onset: float = 0.2
    crossing: float = 0.03
    contradiction: float = 0.1
    unison: float = 0.01
    novelty: float = 0.04
    glide_sigmas: float = 1.5
    near_sigmas: float = 3.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self)


TENTATIVE = Prices(contradiction=0.05, novelty=0.0)
"""Prices while learning: low, so that tones that were missed before may still be found."""


@dataclass(frozen=True)
class Viterbi:
    """Finds the tones of successive frames; a `ToneFinder`.

    The path that costs least is found by dynamic programming [1]_.

    Parameters
    ----------
    search : JointSearch
        Proposes combinations and refines the chosen ones.
    proposals : int
        Combinations that a frame offers.
    prices : Prices
        What jumps, onsets and the like cost.
    expected : Expected, optional
        Tones that are known beforehand, of the frames in which tones are found: half as many
        combinations of these are offered as well, and they are part of the prior.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    References
    ----------
    .. [1] A. J. Viterbi, "Error bounds for convolutional codes and an asymptotically optimum
       decoding algorithm", IEEE Trans. Inf. Theory 13, 1967.

    Examples
    --------
    A tone sounds in four frames, and again in two:

    >>> import math
    >>> import numpy as np
    >>> from musisep.multipitch.viterbi import Viterbi
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift
    >>> model = ToneModel(fsigma=1.0, harscale=12 / math.log(2), m=60)
    >>> column = np.array([[1.0], [0.5], [0.3]])
    >>> tone = Peaks([1.0], [20.0], [1.0], [0.0], [0])
    >>> spectrum = inst_shift(tone, column, model.harscale, model.pexp, model.m, 1)
    >>> frames = np.array([1, 1, 1, 1, 0, 0, 0.5, 0.5])[:, None] * spectrum
    >>> tones = Viterbi()(frames, column, model)
    >>> tones.amps.ravel().round(2).tolist()
    [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.5, 0.5]
    """

    search: JointSearch = field(default_factory=JointSearch)
    proposals: int = 40
    prices: Prices = field(default_factory=Prices)
    expected: Expected | None = None

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, proposals=1)

    def __call__(
        self, frames: Floats, dictionary: Floats, model: ToneModel, prior: Prior | None = None
    ) -> Peaks:
        """Find tones.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        model : ToneModel
            What tones look like.
        prior : Prior, optional
            What is known of the frames.

        Returns
        -------
        Peaks [frame, tones * instruments]
            With amplitude 0 where there is no tone.

        Raises
        ------
        ValueError
            If shapes do not fit.
        """
        return self.decode(
            frames, dictionary, model, self.propose(frames, dictionary, model, prior), prior
        )

    def propose(
        self, frames: Floats, dictionary: Floats, model: ToneModel, prior: Prior | None = None
    ) -> Hypotheses:
        """Return what the frames offer, which the prior may know already.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        model : ToneModel
            What tones look like.
        prior : Prior, optional
            What is known of the frames.

        Returns
        -------
        Hypotheses
            `offers` combinations of each frame.

        Raises
        ------
        ValueError
            If shapes do not fit.
        """
        frames, dictionary = checked_input(frames, dictionary, model)
        if prior is not None:
            instance("prior", prior, Prior)
        known = prior.proposals if prior else None
        if known is not None and known.of(self.source, frames, dictionary, model, self.offers):
            return known.hypotheses
        if self.expected is None:
            return self.search.propose(frames, dictionary, model, self.proposals)
        free = self.search.propose(
            frames, dictionary, model, self.proposals, excluded=self.expected.excluded
        ).widened(self.search.tones, self.tones)
        told = self.refining.propose(
            frames, dictionary, model, self.offers - self.proposals, excluded=self.expected.outside
        )
        return Hypotheses(*(np.concatenate(both, axis=1) for both in zip(free, told, strict=True)))

    @property
    def tones(self) -> int:
        """Number of tones of one instrument at a time: more if that is expected."""
        return max(self.search.tones, 1 if self.expected is None else self.expected.tones)

    @property
    def refining(self) -> JointSearch:
        """The search for so many tones."""
        return self.search if self.tones == self.search.tones else self.search.of_more(self.tones)

    @property
    def source(self) -> object:
        """What determines the hypotheses, beside frames, dictionary and model."""
        return self.search if self.expected is None else (self.search, self.expected)

    @property
    def offers(self) -> int:
        """Number of hypotheses of a frame."""
        return self.proposals if self.expected is None else self.proposals + self.proposals // 2

    def decode(
        self,
        frames: Floats,
        dictionary: Floats,
        model: ToneModel,
        hypotheses: Hypotheses,
        prior: Prior | None = None,
    ) -> Peaks:
        """Take the cheapest path through the hypotheses and refine the tones on it.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        model : ToneModel
            What tones look like.
        hypotheses : Hypotheses
            What `propose` returned for these frames.
        prior : Prior, optional
            What is known of the frames.

        Returns
        -------
        Peaks [frame, tones * instruments]
            With amplitude 0 where there is no tone.

        Raises
        ------
        ValueError
            If shapes do not fit, or the prior is not one of these frames.
        """
        frames, dictionary = checked_input(frames, dictionary, model)
        insts = places(dictionary.shape[1], self.tones)
        check_hypotheses(hypotheses, len(frames), insts.size)
        if prior is not None:
            check_prior(prior, len(frames))
        if self.expected is not None:
            told = self.expected.prior(len(frames), dictionary.shape[1])
            prior = told if prior is None else prior.joined(told)
        if not len(frames):
            return self.refining.refine(frames, dictionary, model, hypotheses)
        shifts, amps, gains = hypotheses
        silence, prices = silence_losses(frames, model), self.prices
        unit = 2 * max(silence.mean(), TINY)
        costs = np.where(gains < 0, np.inf, silence[:, None] - gains) / unit
        if prior is None:
            costs += prices.crossing * crossings(hypotheses, insts)
        else:
            demands = np.zeros(prior.shifts.shape) if prior.demands is None else prior.demands
            _kernels.add_contradictions(
                shifts, amps, insts, prior.shifts, prior.insts, demands,
                prices.near_sigmas * model.fsigma, prices.contradiction, prices.unison,
                prices.novelty, costs,
            )  # fmt: skip
        path = _kernels.cheapest_path(
            shifts, amps, costs, prices.jump, prices.onset, prices.glide_sigmas * model.fsigma,
            model.octave,
        )  # fmt: skip
        index = np.arange(len(frames)), path
        chosen = Hypotheses(*(array[index][:, None] for array in hypotheses))
        tones = self.refining.refine(frames, dictionary, model, chosen)
        return tones if self.expected is None else self.expected.enforced(tones)


def check_prior(prior: Prior, frames: int) -> None:
    """Refuse a prior that is not one of so many frames; the kernel does not check its indices."""
    instance("prior", prior, Prior)
    shape = prior.shifts.shape
    if len(shape) != 2 or len(prior.shifts) != frames or prior.insts.shape != shape:
        raise ValueError(
            f"prior.shifts.shape={shape} and prior.insts.shape={prior.insts.shape} must be one, "
            f"({frames} frames, place)"
        )


def crossings(hypotheses: Hypotheses, insts: Ints) -> Floats:
    """Pairs of places whose instruments are in reverse order, (frame, hypothesis).

    What order is usual is taken from the best hypotheses of the single frames, weighted by
    their gains.
    """
    result = np.zeros(hypotheses.gains.shape)
    sounding = hypotheses.amps > 0
    for i in range(insts.size):
        for j in range(i):
            if insts[i] == insts[j]:
                continue
            together = sounding[:, :, i] & sounding[:, :, j]
            above = (hypotheses.shifts[:, :, i] - hypotheses.shifts[:, :, j]) * together
            usual = np.sign(above[:, 0] @ np.maximum(hypotheses.gains[:, 0], 0))
            result += above * usual < 0
    return result
