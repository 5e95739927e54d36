"""Greedy sparse pursuit: the tones of a frame one after another, fitted jointly.

The documented method [1]_: the residual is correlated with the instruments' patterns, what
correlates best joins the other tones, all are fitted, and the pursuit goes on while the residual
falls. `GreedyPursuit` lets each instrument propose a tone, `fft_selector` proposes the best of all.

References
----------
.. [1] S. Schulze, E. J. King, "Sparse pursuit and dictionary learning for blind source separation
   in polyphonic music recordings", EURASIP J. Audio, Speech, Music Process., 2021.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import ArrayLike, NDArray

from musisep._util.fields import check_fields
from musisep._util.threads import each_block
from musisep.multipitch.finder import Prior, checked_input, without_rounding
from musisep.tones import _kernels
from musisep.tones.loss import frame_roots
from musisep.tones.model import ToneModel, bound_arrays, checked_dictionary
from musisep.tones.peaks import Floats, Ints, Peaks, places
from musisep.tones.spectra import magnitudes, patterns

FIT_STEPS = 40
"""Trials of the joint fit of `peak_pursuit`, a guess: fits end by `FIT_TOLERANCE` before."""
FIT_TOLERANCE = 1e-6
"""Relative fall of the loss at which that fit ends, a guess."""


class Correlation:
    """Correlates spectra with the patterns of the instruments, of unit norm, at every shift.

    Parameters
    ----------
    inst_spect : array_like [m + baseshift, instrument]
        Patterns from `gen_inst_spect`.
    baseshift : int
        Bin of the fundamental in the patterns.
    m : int
        Number of bins of a spectrum.

    Examples
    --------
    A tone of instrument 1 correlates best with the pattern of instrument 1:

    >>> import math
    >>> import numpy as np
    >>> from musisep.multipitch.greedy import Correlation
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift, patterns
    >>> model = ToneModel(fsigma=1.0, harscale=12 / math.log(2), m=60)
    >>> columns = np.array([[1.0, 0.2], [0.2, 1.0]])
    >>> baseshift, spects = patterns(columns, model)
    >>> tone = Peaks([1.0], [20.0], [1.0], [0.0], [1])
    >>> spectrum = inst_shift(tone, columns, model.harscale, model.pexp, model.m, 1)
    >>> amps, shifts, insts = Correlation(spects, baseshift, model.m).select(spectrum, 1, 0.5)
    >>> shifts.tolist(), insts.tolist()
    ([20.0], [1])
    """

    def __init__(self, inst_spect: ArrayLike, baseshift: int, m: int) -> None:
        spects = np.asarray(inst_spect, dtype=np.float64)
        self.norms = np.linalg.norm(spects, axis=0)
        self.norms[self.norms == 0] = np.inf
        self.size = scipy.fft.next_fast_len(m + len(spects), real=True)
        rows = np.zeros((spects.shape[1], self.size))
        rows[:, : len(spects)] = (spects / self.norms).T
        self.transforms = scipy.fft.rfft(np.roll(rows, -baseshift, axis=-1)).conj()

    def __call__(self, roots: Floats) -> Floats:
        """Return scalar products with the patterns shifted to fundamentals 0 to m - 1.

        Parameters
        ----------
        roots : ndarray [..., m]
            Spectra to the power of q.

        Returns
        -------
        ndarray [..., instrument, m]
            Scalar products.
        """
        spectra = scipy.fft.rfft(roots, self.size)
        products = scipy.fft.irfft(spectra[..., None, :] * self.transforms, self.size)
        return products[..., : roots.shape[-1]]

    def select(self, y: ArrayLike, prenum: int, qexp: float) -> tuple[Floats, Floats, Ints]:
        """Find tones at the highest local maxima of the correlation; see `fft_selector`.

        Parameters
        ----------
        y : array_like [m]
            Spectrum, before the exponent is applied; it may have negative values.
        prenum : int
            Number of tones to return at most.
        qexp : float
            Exponent to be applied to the spectrum.

        Returns
        -------
        amps : ndarray [tone]
            Amplitudes, that of the highest correlation first.
        shifts : ndarray [tone]
            Fundamentals, in whole bins.
        insts : ndarray of int [tone]
            Instruments.
        """
        scores = self._scores(y, qexp)
        peaks = np.where(_maxima(scores), scores, -np.inf)
        insts, shifts = np.unravel_index(_highest(peaks.ravel(), prenum), scores.shape)
        return self._tones(peaks[insts, shifts], shifts, insts, qexp)

    def select_each(self, y: ArrayLike, prenum: int, qexp: float) -> tuple[Floats, Floats, Ints]:
        """Find for each instrument the tone of highest correlation; see `fft_selector`.

        Parameters
        ----------
        y : array_like [m]
            Spectrum, before the exponent is applied; it may have negative values.
        prenum : int
            Number of tones to return at most.
        qexp : float
            Exponent to be applied to the spectrum.

        Returns
        -------
        amps : ndarray [tone]
            Amplitudes, that of the highest correlation first.
        shifts : ndarray [tone]
            Fundamentals, in whole bins.
        insts : ndarray of int [tone]
            Instruments, each at most once.
        """
        scores = self._scores(y, qexp)
        shifts = np.argmax(scores, axis=1)
        heights = scores[np.arange(len(scores)), shifts]
        insts = _highest(heights, prenum)
        return self._tones(heights[insts], shifts[insts], insts, qexp)

    def _scores(self, y: ArrayLike, qexp: float) -> Floats:
        """Correlate a spectrum, of which the power keeps the sign, [instrument, bin]."""
        y = np.asarray(y, dtype=np.float64)
        return self(np.sign(y) * np.abs(y) ** qexp)

    def _tones(
        self, scores: Floats, shifts: Ints, insts: Ints, qexp: float
    ) -> tuple[Floats, Floats, Ints]:
        """Return amplitudes, shifts and instruments where the correlation is positive."""
        positive = scores > 0
        scores, shifts, insts = scores[positive], shifts[positive], insts[positive]
        amps = (scores / self.norms[insts]) ** (1 / qexp)
        return amps, shifts.astype(np.float64), insts.astype(np.int64)


def _maxima(values: Floats) -> NDArray[np.bool_]:
    """Tell which values (..., m) are local maxima; of equal neighbours it is the first."""
    rises = np.diff(values, prepend=-np.inf, append=-np.inf) > 0
    return rises[..., :-1] & ~rises[..., 1:]


def _highest(values: Floats, number: int) -> Ints:
    """Return the indices of the highest values, the highest first, of equal ones the first."""
    if number >= values.size:
        return np.argsort(-values, kind="stable")
    least = np.partition(values, values.size - number)[values.size - number] if number else np.inf
    found = np.flatnonzero(values >= least)
    return found[np.argsort(-values[found], kind="stable")[:number]]


def fft_selector(
    y: ArrayLike, prenum: int, baseshift: int, inst_spect: ArrayLike, qexp: float
) -> tuple[Floats, Floats, Ints]:
    """Find tones at local maxima of the correlation with the instruments' patterns of unit norm.

    Parameters
    ----------
    y : array_like [m]
        Spectrum, before the exponent is applied; a residual may have negative values, of which the
        power keeps the sign.
    prenum : int
        Number of tones to return at most.
    baseshift : int
        Bin of the fundamental in the patterns.
    inst_spect : array_like [m + baseshift, instrument]
        Patterns from `gen_inst_spect`.
    qexp : float
        Exponent to be applied to the spectrum.

    Returns
    -------
    amps : ndarray [tone]
        Amplitudes at the positive maxima of each instrument, that of the highest correlation
        first; at most `prenum`.
    shifts : ndarray [tone]
        Fundamentals, in whole bins from 0 to m - 1.
    insts : ndarray of int [tone]
        Instruments.

    Examples
    --------
    >>> import math
    >>> from musisep.multipitch.greedy import fft_selector
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import gen_inst_spect, inst_shift
    >>> columns, harscale = [[1.0, 0.2], [0.2, 1.0]], 12 / math.log(2)
    >>> spects = gen_inst_spect(20, 1.0, columns, harscale, pexp=1, qexp=0.5, m=60)
    >>> tone = Peaks([0.7], [25.0], [1.0], [0.0], [1])
    >>> spectrum = inst_shift(tone, columns, harscale, pexp=1, m=60, n=1)
    >>> amps, shifts, insts = fft_selector(spectrum, 1, 20, spects, 0.5)
    >>> amps.round(2).tolist(), shifts.tolist(), insts.tolist()
    ([0.7], [25.0], [1])
    """
    y = np.asarray(y, dtype=np.float64)
    return Correlation(inst_spect, baseshift, y.size).select(y, prenum, qexp)


def max_selector(y: ArrayLike, prenum: int, n: int) -> tuple[Floats, Floats, Ints]:
    """Find peaks: points that are the highest of an interval of which they are the midpoint.

    Parameters
    ----------
    y : array_like [m]
        Spectrum.
    prenum : int
        Number of peaks to return at most.
    n : int > 0
        Length of the interval: it holds the points up to n / 2 bins away.

    Returns
    -------
    amps : ndarray [peak]
        Heights of the positive peaks, the highest first; at most `prenum`.
    shifts : ndarray [peak]
        Their bins.
    insts : ndarray of int [peak]
        Instruments, all of which are 0.

    Examples
    --------
    >>> from musisep.multipitch.greedy import max_selector
    >>> amps, shifts, insts = max_selector([0, 1, 0, 3, 2, 0, 0, 2], prenum=2, n=3)
    >>> amps.tolist(), shifts.tolist(), insts.tolist()
    ([3.0, 2.0], [3.0, 7.0], [0, 0])
    """
    y = np.asarray(y, dtype=np.float64)
    highest = scipy.ndimage.maximum_filter1d(y, 2 * (n // 2) + 1, mode="constant", cval=-np.inf)
    shifts = np.flatnonzero((y == highest) & (y > 0))
    shifts = shifts[np.argsort(-y[shifts], kind="stable")][:prenum]
    return y[shifts], shifts.astype(np.float64), np.zeros(shifts.size, np.int64)


def peak_pursuit(
    y: ArrayLike,
    num: int,
    prenum: int,
    runs: int,
    inst_dict: ArrayLike,
    fsigma: float,
    harscale: float,
    selector: Callable[..., tuple[Floats, Floats, Ints]],
    selector_args: Sequence[Any],
    pexp: float,
    qexp: float,
    beta: float = 1,
    init: Peaks | None = None,
    *,
    tone_num: int | None = None,
) -> tuple[Peaks, Floats]:
    """Find the few tones that explain a frame, greedily.

    In each run the selector proposes tones for what is left unexplained, all tones are fitted
    jointly, and the `num` loudest stay and are fitted again. The pursuit ends when a run does
    not reduce the norm of the residual below `beta` of its former value; that run is undone.

    Parameters
    ----------
    y : array_like [m]
        Spectrum.
    num : int
        Maximum number of tones in all.
    prenum : int
        Number of tones that are proposed per run.
    runs : int
        Maximum number of runs.
    inst_dict : array_like [harmonic, instrument]
        Relative amplitudes of the harmonics.
    fsigma : float
        Width of a steady sinusoid, in bins.
    harscale : float
        Scale of the frequency axis.
    selector : function
        Called with the residual (to the power 1/q, with its sign) and `prenum`;
        `fft_selector` or `max_selector`, for instance.
    selector_args : sequence
        Its further arguments.
    pexp : float
        Exponent for the addition of sinusoids.
    qexp : float
        Exponent to be applied to the spectrum.
    beta : float
        Residual reduction factor.
    init : Peaks, optional
        Tones to start with.
    tone_num : int, optional
        Number of tones of one instrument that stay at most; default: `num`.

    Returns
    -------
    peaks : Peaks [tone]
        Tones of amplitude above 0, the loudest first.
    reconstruction : ndarray [m]
        Their spectrum.

    Raises
    ------
    ValueError
        If the spectrum is negative somewhere, or the dictionary has no column for an instrument.

    References
    ----------
    .. [1] S. Schulze, E. J. King, "Sparse pursuit and dictionary learning for blind source
       separation in polyphonic music recordings", EURASIP J. Audio, Speech, Music Process.,
       2021.

    Examples
    --------
    Two instruments play a tone each, of which the spectra add up:

    >>> import math
    >>> from musisep.multipitch.greedy import fft_selector, peak_pursuit
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import gen_inst_spect, inst_shift
    >>> columns, harscale = [[1.0, 0.2], [0.2, 1.0]], 12 / math.log(2)
    >>> spects = gen_inst_spect(20, 1.0, columns, harscale, pexp=1, qexp=0.5, m=60)
    >>> tones = Peaks([1.0, 0.6], [15.3, 26.0], [1.0, 1.0], [0.0, 0.0], [0, 1])
    >>> spectrum = inst_shift(tones, columns, harscale, pexp=1, m=60, n=2)
    >>> found, reconstruction = peak_pursuit(
    ...     spectrum, num=2, prenum=1, runs=4, inst_dict=columns, fsigma=1.0, harscale=harscale,
    ...     selector=fft_selector, selector_args=(20, spects, 0.5), pexp=1, qexp=0.5,
    ... )
    >>> found.shifts.round(1).tolist(), found.amps.round(1).tolist(), found.insts.tolist()
    ([15.3, 26.0], [1.0, 0.6], [0, 1])
    """
    y = np.asarray(y, dtype=np.float64)
    fsigma, harscale, pexp, qexp = (float(x) for x in (fsigma, harscale, pexp, qexp))
    target = frame_roots(y, qexp)
    peaks = Peaks.empty() if init is None else loudest(init, num, tone_num or num)

    def residual_of(peaks: Peaks) -> tuple[Floats, Floats]:
        spectrum = magnitudes(peaks, inst_dict, harscale, pexp, y.size)
        return target - (spectrum + _kernels.EPS) ** qexp, spectrum

    def fitted(peaks: Peaks) -> Peaks:
        params, insts = peaks.params, peaks.insts
        columns = checked_dictionary(inst_dict, insts)
        bounds = bound_arrays(fsigma, len(peaks), y.size)
        params = np.clip(params, *bounds)
        _kernels.fit_tones(
            params, insts, columns, harscale, pexp, qexp, target, *bounds, FIT_STEPS, FIT_TOLERANCE
        )
        return Peaks.from_array(params.ravel(), insts)

    residual, reconstruction = residual_of(peaks)
    for _ in range(runs):
        signed = np.sign(residual) * np.abs(residual) ** (1 / qexp)
        amps, shifts, insts = selector(signed, prenum, *selector_args)
        if not len(amps):
            break
        proposed = Peaks(amps, shifts, np.full(len(amps), fsigma), np.zeros(len(amps)), insts)
        trial = fitted(peaks.merged(proposed))
        kept = loudest(trial, num, tone_num or num)
        trial = fitted(kept) if len(kept) < len(trial) else trial
        new_residual, new_reconstruction = residual_of(trial)
        if np.linalg.norm(new_residual) >= beta * np.linalg.norm(residual):
            break
        peaks, residual, reconstruction = trial, new_residual, new_reconstruction
    return peaks.loudest(int(np.count_nonzero(peaks.amps))), reconstruction


def loudest(tones: Peaks, most: int, of_one: int) -> Peaks:
    """Return the loudest tones of one frame, at most `of_one` of each instrument."""
    tones = tones.loudest(len(tones))
    rank = [np.count_nonzero(tones.insts[:i] == inst) for i, inst in enumerate(tones.insts)]
    return tones[np.flatnonzero(np.array(rank) < of_one)[:most]]


@dataclass(frozen=True)
class GreedyPursuit:
    """Finds the tones of each frame by `peak_pursuit`; a `ToneFinder`.

    Parameters
    ----------
    tones : int
        Number of tones of one instrument at a time.
    most : int, optional
        Number of tones of all instruments at a time; default: as many as have a place.
    beta : float
        Residual reduction factor; 0.9 in the paper.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    Examples
    --------
    Two instruments play a tone each. The first place of the result is that of instrument 0:

    >>> import math
    >>> import numpy as np
    >>> from musisep.multipitch.greedy import GreedyPursuit
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift
    >>> model = ToneModel(fsigma=1.0, harscale=12 / math.log(2), m=60)
    >>> columns = np.array([[1.0, 0.2], [0.2, 1.0]])
    >>> tones = Peaks([0.6, 1.0], [26.0, 15.0], [1.0, 1.0], [0.0, 0.0], [1, 0])
    >>> frame = inst_shift(tones, columns, model.harscale, model.pexp, model.m, 2)
    >>> found = GreedyPursuit()(frame[None], columns, model)
    >>> found.shifts.round(1).tolist(), found.amps.round(1).tolist()
    ([[15.0, 26.0]], [[1.0, 0.6]])
    """

    tones: int = 1
    most: int | None = None
    beta: float = 0.9

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, tones=1)

    def __call__(
        self, frames: Floats, dictionary: Floats, model: ToneModel, prior: Prior | None = None
    ) -> Peaks:
        """Find tones; a prior is not made use of.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        model : ToneModel
            What tones look like.
        prior : Prior, optional
            Does not matter.

        Returns
        -------
        Peaks [frame, tones * instruments]
            With amplitude 0 where there is no tone.

        Raises
        ------
        ValueError
            If shapes do not fit.
        """
        frames, dictionary = checked_input(frames, dictionary, model)
        insts = places(dictionary.shape[1], self.tones)
        number = insts.size if self.most is None else self.most
        params = np.zeros((len(frames), 4, insts.size))
        params[:, _kernels.SIGMA] = model.fsigma
        baseshift, inst_spect = patterns(dictionary, model)
        correlation = Correlation(inst_spect, baseshift, model.m)

        def pursue(block: slice) -> None:
            for frame, y in zip(params[block], without_rounding(frames[block]), strict=True):
                found, _ = peak_pursuit(
                    y, number, dictionary.shape[1], 2 * number, dictionary, model.fsigma,
                    model.harscale, correlation.select_each, (model.qexp,), model.pexp,
                    model.qexp, self.beta, tone_num=self.tones,
                )  # fmt: skip
                for inst in range(dictionary.shape[1]):
                    own = found[found.insts == inst].params[:, : self.tones]
                    frame[:, inst * self.tones : inst * self.tones + own.shape[1]] = own

        each_block(pursue, len(frames))
        return Peaks.from_params(params, insts)
