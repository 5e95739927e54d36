"""Stems measured over a whole track and in windows of time, as evaluations publish it.

The measures are those of BSS Eval 4 [1]_, the sources or the images version, and SI-SDR. Windows,
silence and medians are as in museval: see the page on evaluation.

References
----------
.. [1] F.-R. Stöter, A. Liutkus, N. Ito, "The 2018 Signal Separation Evaluation Campaign",
   LVA/ICA 2018.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from musisep._util import checks
from musisep.metrics.averages import middle
from musisep.metrics.projections import Energies, Projections
from musisep.metrics.stems import Signals, refuse_bad, signed_reals

__all__ = ["Evaluation", "Row", "evaluate"]

SOURCES, IMAGES = "sources", "images"
MEASURES = {
    SOURCES: ("SDR", "SIR", "SAR", "SI-SDR"),
    IMAGES: ("SDR", "SIR", "SAR", "ISR", "SI-SDR"),
}
"""Of each version of BSS Eval, and SI-SDR."""
TRACK, WINDOW = "track", "window"
MOST_WINDOWS = 10**6
LARGEST_SIR, UNDEFINED_SIR = 400.0, -1e6
"""What infinite ratios, and those of silent signals, count in dB when estimates are assigned."""
ROUNDING = 1e-12
"""Share of energy that counts as rounding if there are several taps: -120 dB."""
SAFE_PEAKS = (1e-100, 1e100)
"""Peaks whose squares are numbers."""

Row = tuple[str, float | None, str, float]
"""Stem, start of the window in s (none for the whole), measure, value in dB."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How close the stems of a track are to its references.

    Parameters
    ----------
    whole : dict of str to ndarray, float [stem]
        Measures over the whole track by their names, in dB, in the order of the references.
    windows : dict of str to ndarray, float [stem, window]
        The same in windows; no window if none were asked for.
    starts_s : ndarray, float [window]
        Where the windows begin, in seconds.
    permutation : ndarray, int [stem]
        ``estimates[permutation[r]]`` is the estimate of ``references[r]``.
    silent_references, silent_estimates : tuple of int, optional
        Numbers of those that are silent from beginning to end; the stem's measures are NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.metrics.windows import evaluate
    >>> time_s = np.arange(8000) / 8000
    >>> sines = np.sin(2 * np.pi * np.outer([440, 660], time_s))
    >>> evaluation = evaluate(sines, sines + 0.1 * sines[::-1], sample_rate=8000, window_s=0.25)
    >>> evaluation.starts_s.tolist()
    [0.0, 0.25, 0.5, 0.75]
    >>> evaluation.medians()["SI-SDR"].round(1).tolist()
    [20.0, 20.0]
    >>> [(stem, name) for stem, start_s, name, _ in evaluation.rows("ab") if start_s == 0.25][:2]
    [('a', 'SDR'), ('a', 'SIR')]
    """

    whole: dict[str, Signals]
    windows: dict[str, Signals]
    starts_s: Signals
    permutation: NDArray[np.intp]
    silent_references: tuple[int, ...] = ()
    silent_estimates: tuple[int, ...] = ()

    def medians(self) -> dict[str, Signals]:
        """Return medians over the windows.

        Returns
        -------
        dict of str to ndarray, float [stem]
            By measure, in dB, of what is not NaN; NaN if nothing is left. Where there are no
            windows, they are the measures over the whole track.
        """
        if not self.starts_s.size:
            return self.whole
        return {
            name: np.array([middle(row) for row in values]) for name, values in self.windows.items()
        }

    def rows(self, names: Sequence[str]) -> Iterator[Row]:
        """Yield stem, start of the window in seconds, measure and value, one after another.

        Those over the whole track come first; their start is None.

        Parameters
        ----------
        names : sequence of str
            Names of the references.

        Yields
        ------
        stem : str
            Name of the reference.
        start_s : float or None
            Start of the window in seconds; None for the whole track.
        measure : str
            Name of the measure.
        value : float
            Measure in dB.
        """
        for stem, name in enumerate(names):
            for measure, whole in self.whole.items():
                yield name, None, measure, float(whole[stem])
        for stem, name in enumerate(names):
            for measure, values in self.windows.items():
                for start_s, value in zip(self.starts_s, values[stem], strict=True):
                    yield name, float(start_s), measure, float(value)


def evaluate(
    references: ArrayLike,
    estimates: ArrayLike,
    *,
    sample_rate: int,
    window_s: float | None = None,
    hop_s: float | None = None,
    filter_length: int = 1,
    version: str = SOURCES,
    filters: str = TRACK,
    permute: bool = True,
) -> Evaluation:
    """Measure the stems of a track over all of it, and in windows of time.

    Parameters
    ----------
    references : array_like, float [instrument, sample] or [instrument, channel, sample]
        True stems.
    estimates : array_like, float [instrument, sample] or [instrument, channel, sample]
        Estimated stems, of the same shape.
    sample_rate : int
        Sample rate in Hz.
    window_s : float, optional
        Length of the windows in seconds, above 0, 1 as a rule; by default, there are none. There
        are as many as fit whole, and one if it is longer than the track.
    hop_s : float, optional
        Time from window to window in seconds, above 0; default: `window_s`.
    filter_length : int, optional
        Taps of the distortion that is allowed. With 1 it is a gain for each stem, as in
        `bss_eval`; with more, 512 as a rule, each channel of a reference goes through a filter
        into each channel of the estimate, as in BSS Eval 4.
    version : {"sources", "images"}, optional
        Whether what the allowed distortion makes of a reference counts as the truth, or the
        reference itself. Images have ISR, the ratio of image to spatial distortion, as well, and
        SDR counts that distortion.
    filters : {"track", "window"}, optional
        Whether filters are fitted to the whole track, as in BSS Eval 4, or to each window, as in
        its version 3.
    permute : bool, optional
        Whether estimates are assigned to references, once for the track, so that the mean SIR over
        all of it is highest; otherwise they are in the order of the references.

    Returns
    -------
    Evaluation
        Measures over the whole track and in windows, and which estimate is whose.

    Raises
    ------
    ValueError
        If shapes differ or are not those above, a sample is not finite, or a number is out of its
        range; a window must be as long as the filters.

    Notes
    -----
    Where a reference or an estimate is silent in a window, SDR, SIR, SAR and ISR of all stems are
    NaN there, but stems that are silent from beginning to end do not count for that. Memory beside
    the signals is a few blocks, and 8 bytes times the square of stems x channels x taps.

    Examples
    --------
    The estimate of the first sine has a tenth of the other one in its second half:

    >>> import numpy as np
    >>> from musisep.metrics.windows import evaluate
    >>> time_s = np.arange(8000) / 8000
    >>> sines = np.sin(2 * np.pi * np.outer([440, 660], time_s))
    >>> found = sines.copy()
    >>> found[0, 4000:] += 0.1 * sines[1, 4000:]
    >>> evaluation = evaluate(sines, found, sample_rate=8000, window_s=0.5)
    >>> evaluation.windows["SI-SDR"][0].round(1).tolist()
    [inf, 20.0]
    >>> evaluation.whole["SI-SDR"].round(1).tolist()
    [23.0, inf]
    """
    checks.one_of("version", version, tuple(MEASURES))
    checks.one_of("filters", filters, (TRACK, WINDOW))
    checks.flag("permute", permute)
    taps = checks.at_least("filter_length", filter_length, 1)
    rate = checks.at_least("sample_rate", sample_rate, 1)
    true, found = _checked(references, estimates, taps)
    windows = list(_windows(true.shape[-1], rate, window_s, hop_s, taps))
    measured = _Track(true, found, taps, version)
    permutation = measured.permutation() if permute else np.arange(len(true))
    within = [measured.measures(permutation, part, filters == WINDOW) for part in windows]
    names = MEASURES[version]
    stacked = np.stack(within, axis=-1) if within else np.empty((len(names), len(true), 0))
    return Evaluation(
        dict(zip(names, measured.measures(permutation), strict=True)),
        dict(zip(names, stacked, strict=True)),
        np.array([part.start for part in windows], dtype=float) / rate,
        permutation,
        *(tuple(np.flatnonzero(~heard).tolist()) for heard in (measured.played, measured.heard)),
    )


class _Track:
    """References and estimates [stem, channel, sample], and their projections."""

    def __init__(self, references: Signals, estimates: Signals, taps: int, version: str) -> None:
        self.references, self.estimates = references, estimates
        self.taps, self.version = taps, version
        self.played, self.heard = _audible(references), _audible(estimates)
        self._projections = self._project(slice(None))

    def _project(self, part: slice) -> Projections | None:
        references, estimates = self._excerpt(part)
        if not (len(references) and len(estimates)):
            return None
        return Projections(references, estimates, self.taps)

    def _excerpt(self, part: slice) -> tuple[Signals, Signals]:
        """Return what is audible in the track; with one tap, channels laid end to end."""
        pair = self.references[self.played][..., part], self.estimates[self.heard][..., part]
        return (_flat(pair[0]), _flat(pair[1])) if self.taps == 1 else pair

    def permutation(self) -> NDArray[np.intp]:
        """Return the estimates of the references for which the mean SIR is highest."""
        sir = np.full((len(self.references), len(self.estimates)), UNDEFINED_SIR)
        if self._projections is not None:
            target = self._projections.target
            rest = np.maximum(self._projections.projection - target, 0.0)
            ratios = _decibels(target, rest, target + rest, self.taps)
            sir[np.ix_(self.played, self.heard)] = np.nan_to_num(
                np.clip(ratios, -LARGEST_SIR, LARGEST_SIR), nan=UNDEFINED_SIR
            )
        return np.asarray(scipy.optimize.linear_sum_assignment(sir, maximize=True)[1])

    def measures(
        self, permutation: NDArray[np.intp], part: slice = slice(None), anew: bool = False
    ) -> Signals:
        """Return [measure, stem] of an excerpt, with filters of its own if they are made anew."""
        result = np.full((len(MEASURES[self.version]), len(self.references)), np.nan)
        both = np.flatnonzero(self.played & self.heard[permutation])
        for stem in both:
            pair = self.references[stem][..., part], self.estimates[permutation[stem]][..., part]
            result[-1, stem] = _si_sdr(*pair)
        references, estimates = self._excerpt(part)
        if both.size and _audible(references).all() and _audible(estimates).all():
            projections = self._project(part) if anew else self._projections
            assert projections is not None
            # Places among those that are audible; a stem without an estimate takes any.
            places = np.cumsum(self.heard) - 1
            own = places[permutation[self.played]]
            energies = projections.energies(references, estimates, own)
            rows = np.flatnonzero(self.played)
            measured = _ratios(energies, self.version, self.taps)
            good = self.heard[permutation[rows]]
            result[:-1, rows[good]] = measured[:, good]
        return result


def _ratios(energies: Energies, version: str, taps: int) -> Signals:
    """Return the measures [measure, stem] but SI-SDR."""
    if version == SOURCES:
        sdr = energies.target, energies.target_error
    else:
        sdr = energies.true, energies.true_error
    ratios = [
        sdr,
        (energies.target, energies.interference),
        (energies.projection, energies.artefacts),
        (energies.true, energies.spatial),
    ][: len(MEASURES[version]) - 1]
    scale = np.maximum(energies.estimate, energies.projection)
    return np.stack([_decibels(signal, noise, scale, taps) for signal, noise in ratios])


def _decibels(signal: Signals, noise: Signals, scale: Signals, taps: int) -> Signals:
    """Return ratios of energies in dB, where what is rounding of the scale counts as none."""
    rounding = (ROUNDING if taps > 1 else ROUNDING**2) * scale
    signal, noise = (np.where(energy <= rounding, 0.0, energy) for energy in (signal, noise))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(10 * np.log10(signal / noise))


def _si_sdr(reference: Signals, estimate: Signals) -> float:
    """Return the SI-SDR of [channel, sample], channels laid end to end; NaN if one is silent."""
    true, found = _energy(reference), _energy(estimate)
    if not (true and found):
        return math.nan
    gain = float(np.einsum("cn,cn->", reference, estimate)) / true
    error = _energy(estimate - gain * reference)
    signal, noise, scale = np.array([gain**2 * true, error, found])
    return float(_decibels(signal, noise, scale, 1))


def _energy(signal: Signals) -> float:
    return float(np.einsum("cn,cn->", signal, signal))


def _audible(signals: Signals) -> NDArray[np.bool_]:
    """Tell which signals are not 0 everywhere."""
    return np.array([bool(signal.any()) for signal in signals], dtype=bool)


def _flat(signals: Signals) -> Signals:
    return signals.reshape(len(signals), 1, math.prod(signals.shape[1:]))


def _checked(references: ArrayLike, estimates: ArrayLike, taps: int) -> tuple[Signals, Signals]:
    """Return both as [stem, channel, sample], at a level at which squares are numbers."""
    true = signed_reals("references", references)
    found = signed_reals("estimates", estimates)
    if true.shape != found.shape:
        raise ValueError(f"references.shape={true.shape} must equal estimates.shape={found.shape}")
    refuse_bad("references", true, taps)
    refuse_bad("estimates", found, taps)
    if true.ndim == 2:
        true, found = true[:, None], found[:, None]
    loudest = max(float(max(part.max(), -part.min())) for part in (true, found))
    if loudest and not SAFE_PEAKS[0] <= loudest <= SAFE_PEAKS[1]:
        true, found = true / loudest, found / loudest
    return true, found


def _windows(
    samples: int, rate: int, window_s: float | None, hop_s: float | None, taps: int
) -> Iterator[slice]:
    """Yield windows of a track, placed as by museval; ValueError if they are out of range."""
    if window_s is None:
        if hop_s is not None:
            raise ValueError(f"{hop_s=} needs a window_s")
        return
    window = checks.above_zero("window_s", window_s) * rate
    hop = window if hop_s is None else checks.above_zero("hop_s", hop_s) * rate
    if min(window, samples) < max(taps, 1):
        raise ValueError(f"{window_s=} has fewer samples than filter_length={taps}")
    if hop < 1:
        raise ValueError(f"{hop_s=} is less than a sample")
    number = int((samples - window + hop) / hop) if window < samples else 1
    if number > MOST_WINDOWS:
        raise ValueError(f"{window_s=} and {hop_s=} make more than {MOST_WINDOWS} windows")
    for place in range(number):
        yield slice(int(place * hop), int(min(place * hop + window, samples)))
