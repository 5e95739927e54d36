"""Joint search: the tones of a frame from all combinations of a few candidates.

Tones are compared as roots ``(y + eps)^q - eps^q``, in which the patterns of tones that do not
overlap add up. For each instrument the best shifts are candidates; combinations of one
candidate (or silence) for every place grow place by place in a beam, each scored exactly by
linear least squares; the best few are refined by the fit that `peak_pursuit` uses. For two
places the beam holds every pair, and the search is exhaustive over the candidates.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from musisep._util.checks import at_least
from musisep._util.fields import check_fields
from musisep._util.threads import each_block
from musisep.audio._kernels.gaussians import CUT
from musisep.multipitch._kernels import joint as _kernels
from musisep.multipitch.finder import (
    NO_GAIN,
    Hypotheses,
    Prior,
    check_hypotheses,
    checked_input,
    without_rounding,
)
from musisep.tones._kernels import SIGMA
from musisep.tones.model import ToneModel, bound_arrays, checked_dictionary
from musisep.tones.peaks import Floats, Peaks, places
from musisep.tones.spectra import patterns

Complexes = NDArray[np.complex128]

CHORD_PRICE = 0.075
"""What a tone must explain of a frame, times the number of instruments, for each tone that one of
them may have, where that is several."""


@dataclass(frozen=True)
class JointSearch:
    """Finds the tones of each frame; a `ToneFinder`.

    The numbers are a compromise of quality and time; `docs/decisions/` has what others gave.

    Parameters
    ----------
    tones : int
        Number of tones of one instrument at a time.
    most : int, optional
        Number of tones of all instruments at a time; default: as many as have a place.
    candidates : int
        Shifts that are tried for each instrument.
    flanks : tuple of float
        Distances in sigma: shifts so far from the best candidate of all are tried as well, on
        either side and for each instrument, for tones that hide behind a louder one.
    beam : int
        Combinations that are kept from place to place.
    refined : int
        Combinations that are refined; the one of lowest loss is taken.
    steps : int
        Trials of the fit.
    price : float
        What a tone must explain of a frame, or it is left out: harmonics that a column has too
        low are no tones. With 1 that is what each of `most` tones explains if all explain the same
        and nothing is left.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    Examples
    --------
    Two instruments play a tone each. The first place of the result is that of instrument 0:

    >>> import math
    >>> import numpy as np
    >>> from musisep.multipitch.joint import JointSearch
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift
    >>> model = ToneModel(fsigma=1.0, harscale=12 / math.log(2), m=60)
    >>> columns = np.array([[1.0, 0.2], [0.2, 1.0]])
    >>> tones = Peaks([0.6, 1.0], [26.0, 15.0], [1.0, 1.0], [0.0, 0.0], [1, 0])
    >>> frame = inst_shift(tones, columns, model.harscale, model.pexp, model.m, 2)
    >>> found = JointSearch()(frame[None], columns, model)
    >>> found.shifts.round(1).tolist(), found.amps.round(1).tolist()
    ([[15.0, 26.0]], [[1.0, 0.6]])
    """

    tones: int = 1
    most: int | None = None
    candidates: int = 14
    flanks: tuple[float, ...] = ()
    beam: int = 64
    refined: int = 1
    steps: int = 6
    price: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, tones=1, candidates=1, beam=1, refined=1)

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
        hypotheses = self.propose(frames, dictionary, model, self.refined)
        return self.refine(frames, dictionary, model, hypotheses)

    def propose(
        self,
        frames: Floats,
        dictionary: Floats,
        model: ToneModel,
        number: int,
        *,
        excluded: Callable[[slice, int, int], NDArray[np.bool_]] | None = None,
    ) -> Hypotheses:
        """Return the best combinations of candidates of each frame.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        model : ToneModel
            What tones look like.
        number : int
            Number of combinations of each frame.
        excluded : function, optional
            Called with a slice of frames and the numbers of instruments and bins; tells where no
            tone can be, [frame, instrument, bin]. Default: nowhere.

        Returns
        -------
        Hypotheses
            The combinations, the best first.

        Raises
        ------
        ValueError
            If shapes do not fit.
        """
        frames, dictionary = checked_input(frames, dictionary, model)
        number = at_least("number", number, 1)
        insts = places(dictionary.shape[1], self.tones)
        most = insts.size if self.most is None else self.most
        baseshift, spects = patterns(dictionary, model)
        rows = np.ascontiguousarray(spects.T)
        norms = _norms(rows, baseshift, model.m)
        size, transforms = _transforms(rows, baseshift, model.m)
        products = scipy.fft.irfft(transforms[:, None] * transforms.conj(), size)
        origin = math.ceil(CUT * model.fsigma)
        rows = np.ascontiguousarray(rows[:, baseshift - origin : 2 * baseshift])
        distances = np.round(np.array(self.flanks) * model.fsigma).astype(np.int64)
        flanks = np.concatenate((-distances, distances))
        found = Hypotheses(
            np.zeros((len(frames), number, insts.size)),
            np.zeros((len(frames), number, insts.size)),
            np.full((len(frames), number), NO_GAIN),
        )

        def search(block: slice) -> None:
            roots = model.roots(without_rounding(frames[block]))
            prices = 0.5 * self.price / most * np.einsum("ij,ij->i", roots, roots)
            spectra = scipy.fft.rfft(roots, size)[:, None]
            scores = scipy.fft.irfft(spectra * transforms, size)[..., : model.m]
            if excluded is not None:
                here = slice(block.start, block.start + len(scores))
                scores[excluded(here, len(rows), model.m)] = 0.0
            _kernels.search_frames(
                scores, norms, rows, products, origin, insts, most,
                self.candidates, flanks, max(self.beam, number), prices, 1 / model.qexp,
                *(array[block] for array in found),
            )  # fmt: skip

        each_block(search, len(frames))
        return found

    def refine(
        self, frames: Floats, dictionary: Floats, model: ToneModel, hypotheses: Hypotheses
    ) -> Peaks:
        """Fit each hypothesis of each frame and return the tones of the one of lowest loss.

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
        check_hypotheses(hypotheses, len(frames), insts.size)
        params = np.zeros((len(frames), 4, insts.size))
        params[:, SIGMA] = model.fsigma
        lower, upper = bound_arrays(model.fsigma, insts.size, model.m)
        dictionary = checked_dictionary(dictionary, insts)

        def refine(block: slice) -> None:
            _kernels.refine_frames(
                model.roots(frames[block]) + model.root_floor,
                *(array[block] for array in hypotheses), insts, dictionary, model.harscale,
                model.pexp, model.qexp, model.fsigma, lower, upper, self.steps, params[block],
            )  # fmt: skip

        each_block(refine, len(frames))
        return Peaks.from_params(params, insts)

    def of_more(self, tones: int) -> "JointSearch":
        """Return a search for so many tones of one instrument, each of which has a price.

        Parameters
        ----------
        tones : int
            Number of tones of one instrument at a time.

        Returns
        -------
        JointSearch
            The search.

        Raises
        ------
        ValueError
            If the number is out of its range.
        """
        return replace(self, tones=tones, most=None, price=max(self.price, CHORD_PRICE * tones))


def instruments_search(instruments: int, tones: int) -> JointSearch:
    """Return the search for tones of instruments whose columns are known.

    If they may have several tones, mostly one has them at a time, and tones have a price: without
    it, all of the best combinations have as many tones as they may.

    Parameters
    ----------
    instruments : int
        Number of instruments.
    tones : int
        Number of tones of one instrument at a time.

    Returns
    -------
    JointSearch
        The search.

    Raises
    ------
    ValueError
        If a number is no integer of at least 1.

    Examples
    --------
    Of three instruments with up to two tones each, four tones sound at a time at most:

    >>> from musisep.multipitch.joint import instruments_search
    >>> search = instruments_search(instruments=3, tones=2)
    >>> search.tones, search.most, round(search.price, 3)
    (2, 4, 0.2)
    """
    instruments, tones = at_least("instruments", instruments, 1), at_least("tones", tones, 1)
    if tones == 1:
        return JointSearch()
    most = instruments + tones - 1
    return JointSearch(tones, most, price=CHORD_PRICE * tones * most / instruments)


def _norms(patterns: Floats, baseshift: int, m: int) -> Floats:
    """Squared norm of the part of a shifted pattern that lies on the axis, [instrument, bin]."""
    energy = np.cumsum(np.pad(patterns**2, ((0, 0), (1, 0))), axis=1)
    first = np.maximum(baseshift - np.arange(m), 0)
    last = first + m - np.maximum(np.arange(m) - baseshift, 0)
    return np.ascontiguousarray(energy[:, last] - energy[:, first])


def _transforms(patterns: Floats, baseshift: int, m: int) -> tuple[int, Complexes]:
    """Length of a circle that holds the axis and a pattern, and conjugate transforms on it.

    A pattern reaches no further than `baseshift` up from its fundamental, which is put at 0.
    """
    size = scipy.fft.next_fast_len(m + baseshift, real=True)
    padded = np.pad(patterns, ((0, 0), (0, size - patterns.shape[1])))
    return size, scipy.fft.rfft(np.roll(padded, -baseshift, axis=1)).conj()
