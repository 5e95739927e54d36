"""Learning a dictionary from a spectrogram, and using it, under the documented names.

``inst_num`` is the number of instruments, and of the columns of the dictionary that comes out
(while it is learned there are twice as many). ``tone_num`` is the number of simultaneous tones of
ONE instrument. When run, the learning is tested on artificial spectra:
``python -m musisep.dictsep.dictlearn``.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before all else, so that Ctrl-C finds what it needs
    from musisep.dictsep.commands import learning_command

    sys.exit(learning_command())

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import above_zero
from musisep._util.constants import TINY
from musisep.dictsep.artificial import gen_test_spects, test_learn, test_learn_multi
from musisep.dictsep.checks import array, checked, fit_patterns
from musisep.dictsep.pursuit import inst_shift_dict_grad
from musisep.learning import adam as learning
from musisep.learning.adam import AdamSteps, random_batches
from musisep.learning.adam_b import Adam_B
from musisep.learning.selection import audible, evenly_spaced
from musisep.masking.synthesis import linear_peaks, synthesise
from musisep.masking.voices import Voices
from musisep.multipitch.finder import ToneFinder
from musisep.multipitch.greedy import GreedyPursuit, fft_selector, peak_pursuit
from musisep.multipitch.joint import JointSearch
from musisep.tones._kernels import LINEAR
from musisep.tones.model import ToneModel, calc_harscale
from musisep.tones.peaks import Floats, Peaks

__all__ = [
    "Learner",
    "gen_random_inst",
    "gen_random_inst_dict",
    "gen_test_spects",
    "learn_spect_dict",
    "mask_spectrums",
    "stoch_grad",
    "synth_spect",
    "test_learn",
    "test_learn_multi",
]

gen_random_inst = checked(learning.gen_random_inst)
gen_random_inst_dict = checked(learning.gen_random_inst_dict)


class Learner(AdamSteps):
    """A dictionary that learns from frames; `musisep.learning.adam.AdamSteps` does the work.

    Parameters
    ----------
    fsigma : float
        Width of a steady sinusoid, in bins.
    tone_num : int
        Maximum number of simultaneous tones of one instrument.
    inst_num : int
        Number of instruments: of the columns that `get_dict` returns. Twice as many learn, if
        `lifetime` is not 0.
    har : int
        Number of harmonics.
    m : int
        Height of the log-frequency spectrogram.
    lifetime : int
        Steps after which the half of the columns that carried the least amplitude is renewed;
        0: never.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied on the spectrum.
    init : array_like [har, column], optional
        The columns that learn, to start with; random by default.
    harscale : float, optional
        Scale of the frequency axis; default: m bins are ten octaves.
    finder : ToneFinder, optional
        Finds the tones of frames; `GreedyPursuit` by default.
    rng : numpy.random.Generator, optional
        Source of randomness.

    Raises
    ------
    ValueError
        If a number is out of its range, or `init` has not the columns that learn.

    Examples
    --------
    The columns come near those of artificial spectra, of which each has a tone of either
    instrument:

    >>> import numpy as np
    >>> from musisep.dictsep.dictlearn import Learner, gen_test_spects
    >>> inst_dict = np.array([[1.0, 0.1], [0.2, 1.0], [0.1, 0.6]])
    >>> rng = np.random.default_rng(0)
    >>> learner = Learner(1.9, 1, 2, 3, 128, 0, 1.0, 0.5, init=np.eye(3, 2) + 0.3, rng=rng)
    >>> frames = gen_test_spects(inst_dict, learner.model, 1, 100, rng).sum(axis=0).T
    >>> _ = learner.step(frames)
    >>> learner.fit(frames)
    >>> learner.get_dict().round(1).tolist()
    [[1.0, 0.1], [0.2, 1.0], [0.1, 0.6]]
    """

    @partial(checked, harscale=above_zero)
    def __init__(
        self,
        fsigma: float,
        tone_num: int,
        inst_num: int,
        har: int,
        m: int,
        lifetime: int,
        pexp: float,
        qexp: float,
        init: ArrayLike | None = None,
        *,
        harscale: float | None = None,
        finder: ToneFinder | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        model = ToneModel(fsigma, harscale or calc_harscale(1, 1024, m), m, pexp, qexp)
        finder = finder or GreedyPursuit(tone_num, most=tone_num * inst_num)
        rng = rng or np.random.default_rng()
        super().__init__(model, finder, inst_num, har, lifetime, rng, init)

    def step(self, frames: ArrayLike) -> Peaks:
        """Find the tones of frames and improve the dictionary.

        Parameters
        ----------
        frames : array_like [frame, m]
            Log-frequency spectra.

        Returns
        -------
        Peaks
            The tones that were found [frame, tone]; an amplitude of 0 is an empty place.

        Raises
        ------
        ValueError
            If frames are negative somewhere, or of another height.
        """
        return super().step(self._frames(frames))

    def fit(self, frames: ArrayLike) -> None:
        """Find the tones of frames and fit the columns to them, several times.

        Parameters
        ----------
        frames : array_like [frame, m]
            Log-frequency spectra.

        Raises
        ------
        ValueError
            If frames are negative somewhere, or of another height.
        """
        super().fit(self._frames(frames))

    def _frames(self, frames: ArrayLike) -> Floats:
        values = np.ascontiguousarray(array("frame", "bin", least=0)("frames", frames))
        if values.shape[1] != self.model.m:
            raise ValueError(f"frames.shape={values.shape} must be [frame, {self.model.m}]")
        return values


@checked
def stoch_grad(
    y: ArrayLike,
    inst_dict: Floats,
    tone_num: int,
    adam: Adam_B,
    fsigma: float,
    harscale: float,
    baseshift: int,
    inst_spect: Floats,
    pexp: float,
    qexp: float,
) -> tuple[Floats, Floats, Floats]:
    """Perform a dictionary training step on one frame, with greedy pursuit.

    Parameters
    ----------
    y : array_like [m]
        Log-frequency spectrum to represent.
    inst_dict : ndarray [harmonic, instrument]
        Relative amplitudes of the harmonics.
    tone_num : int
        Maximum number of simultaneous tones of one instrument.
    adam : Adam_B
        Optimiser that holds the dictionary.
    fsigma, harscale : float
        Width of a steady sinusoid in bins; scale of the frequency axis.
    baseshift : int
        Length to add to the spectrum in order to avoid circular convolution.
    inst_spect : ndarray [m + baseshift, instrument]
        Patterns from `pursuit.gen_inst_spect`.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied on the spectrum.

    Returns
    -------
    inst_dict : ndarray [harmonic, instrument]
        Updated dictionary.
    reconstruction : ndarray [m]
        Synthesised spectrum.
    inst_amps : ndarray [instrument]
        Summed amplitudes of each instrument.

    Raises
    ------
    ValueError
        If a shape does not fit, or a number is out of its range.

    Examples
    --------
    A tone has a second harmonic of 0.2, the dictionary one of 0.4; a step of 0.01 lowers it:

    >>> import numpy as np
    >>> from musisep.dictsep.adam_b import Adam_B
    >>> from musisep.dictsep.dictlearn import stoch_grad
    >>> from musisep.dictsep.exptool import inst_shift
    >>> from musisep.dictsep.pursuit import gen_inst_spect
    >>> y = np.zeros(100)
    >>> inst_shift([[1.0], [40.0], [1.9], [0.0]], [0], [[1.0], [0.2]], 20.0, 1.0, y)
    >>> inst_dict = np.array([[1.0], [0.4]])
    >>> patterns = gen_inst_spect(30, 1.9, inst_dict, 20.0, 1.0, 0.5, 100)
    >>> adam = Adam_B(inst_dict, alpha=0.01)
    >>> learned, _, amps = stoch_grad(y, inst_dict, 1, adam, 1.9, 20.0, 30, patterns, 1.0, 0.5)
    >>> learned.round(2).tolist(), amps.round(1).tolist()
    ([[1.0], [0.39]], [0.8])
    """
    y = np.asarray(y, dtype=np.float64)
    instruments = np.shape(inst_dict)[1]
    fit_patterns(inst_spect, y.size, baseshift, instruments)
    if adam.value.shape != np.shape(inst_dict):
        raise ValueError(f"{adam.value.shape=} must be inst_dict.shape={np.shape(inst_dict)}")
    number = tone_num * instruments
    peaks, reconstruction = peak_pursuit(
        y, number, 1, 2 * number, inst_dict, fsigma, harscale, fft_selector,
        (baseshift, inst_spect, qexp), pexp, qexp, GreedyPursuit.beta, tone_num=tone_num,
    )  # fmt: skip
    grad = inst_shift_dict_grad(
        peaks.get_array(), peaks.insts, inst_dict, harscale, pexp, qexp, y.size, len(peaks), y
    )
    inst_amps = np.bincount(peaks.insts, peaks.amps, minlength=instruments).astype(np.float64)
    return adam.step(-grad).copy(), reconstruction, inst_amps


@checked
def learn_spect_dict(
    spect: ArrayLike,
    fsigma: float,
    tone_num: int,
    inst_num: int,
    pexp: float,
    qexp: float,
    har: int,
    m: int,
    minfreq: float,
    maxfreq: float,
    runs: int,
    lifetime: int,
    *,
    finder: ToneFinder | None = None,
    rng: np.random.Generator | None = None,
) -> Floats:
    """Train the dictionary containing the relative amplitudes of the harmonics.

    Frames are drawn one at a time, and bounded Adam improves the dictionary at their tones [1]_.

    Parameters
    ----------
    spect : array_like [m, frame]
        Log-frequency spectrogram of the recording.
    fsigma : float
        Width of a steady sinusoid, in bins.
    tone_num : int
        Maximum number of simultaneous tones of one instrument.
    inst_num : int
        Number of instruments, and of the columns that are returned.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied on the spectrum.
    har : int
        Number of harmonics.
    m : int
        Height of the log-frequency spectrogram.
    minfreq, maxfreq : float
        Frequency range of the spectrogram, in one unit.
    runs : int
        Number of training iterations, of one frame each.
    lifetime : int
        Number of steps after which to renew half of the columns; 0: never.
    finder : ToneFinder, optional
        Finds the tones of the frames; `GreedyPursuit` by default.
    rng : numpy.random.Generator, optional
        Source of randomness.

    Returns
    -------
    ndarray [har, inst_num]
        The columns that lived longest, with maximum 1.

    Raises
    ------
    ValueError
        If the spectrogram has not m bins, or a lifetime is longer than all runs.

    References
    ----------
    .. [1] S. Schulze, E. J. King, "Sparse pursuit and dictionary learning for blind source
       separation in polyphonic music recordings", EURASIP J. Audio, Speech, Music Process., 2021.

    Examples
    --------
    With most seeds, the dictionary of artificial spectra is found again:

    >>> import numpy as np
    >>> from musisep.dictsep.dictlearn import gen_test_spects, learn_spect_dict
    >>> from musisep.tones.model import ToneModel, calc_harscale
    >>> inst_dict = np.array([[1.0, 0.1], [0.2, 1.0], [0.1, 0.6]])
    >>> model = ToneModel(1.9, calc_harscale(20, 20480, 128), 128, 1.0, 0.5)
    >>> rng = np.random.default_rng(0)
    >>> spect = gen_test_spects(inst_dict, model, 1, 50, rng).sum(axis=0)
    >>> learned = learn_spect_dict(
    ...     spect, fsigma=1.9, tone_num=1, inst_num=2, pexp=1.0, qexp=0.5, har=3, m=128,
    ...     minfreq=20, maxfreq=20480, runs=20, lifetime=0, rng=rng,
    ... )
    >>> sorted(learned.T.round(1).tolist())
    [[0.1, 1.0, 0.6], [1.0, 0.2, 0.1]]
    """
    rng = rng or np.random.default_rng()
    frames = np.ascontiguousarray(np.asarray(spect, dtype=np.float64).T)
    if frames.shape[1:] != (m,):
        raise ValueError(f"spect.shape={np.shape(spect)} must be [{m=}, frame]")
    learner = Learner(
        fsigma, tone_num, inst_num, har, m, lifetime, pexp, qexp,
        harscale=calc_harscale(minfreq, maxfreq, m), finder=finder, rng=rng,
    )  # fmt: skip
    for _ in learner.learn(random_batches(frames, 1, rng), runs):
        pass
    learner.fit(frames[evenly_spaced(audible(frames), learner.schedule.fit_frames)])
    return learner.get_dict()


@partial(checked, spect=array("bin", "frame", least=0, filled=True))
def synth_spect(
    spect: ArrayLike,
    tone_num: int,
    inst_dict: ArrayLike,
    fsigma: float,
    spectheight: int,
    pexp: float,
    qexp: float,
    minfreq: float,
    maxfreq: float,
    *,
    finder: ToneFinder | None = None,
) -> tuple[Floats, list[Floats], Floats, list[Floats]]:
    """Separate and synthesise the spectrograms from the original spectrogram.

    Parameters
    ----------
    spect : array_like [m, frame]
        Log-frequency spectrogram of the recording.
    tone_num : int
        Maximum number of simultaneous tones of one instrument.
    inst_dict : array_like [harmonic, instrument]
        Relative amplitudes of the harmonics.
    fsigma : float
        Width of a steady sinusoid, in bins, on either axis.
    spectheight : int
        Height of the linear-frequency spectrograms, from 0 to half the sampling frequency:
        half of the length of a short-time Fourier transform, which `mask_spectrums` takes.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied on the spectrum.
    minfreq, maxfreq : float
        Frequency range of `spect`, in units of the sampling frequency.
    finder : ToneFinder, optional
        Finds the tones; `JointSearch` by default.

    Returns
    -------
    dict_spectrum : ndarray [m, frame]
        Synthesised log-frequency spectrogram with all instruments.
    inst_spectrums : list of ndarray [m, frame]
        The same for each instrument.
    dict_spectrum_lin : ndarray [spectheight, frame]
        Synthesised linear-frequency spectrogram with all instruments.
    inst_spectrums_lin : list of ndarray [spectheight, frame]
        The same for each instrument.

    Raises
    ------
    ValueError
        If the spectrogram is empty or negative somewhere, or a number is out of its range.

    Examples
    --------
    Artificial spectra are separated with the dictionary that they were made with:

    >>> import numpy as np
    >>> from musisep.dictsep.dictlearn import gen_test_spects, synth_spect
    >>> from musisep.tones.model import ToneModel, calc_harscale
    >>> inst_dict = np.array([[1.0, 0.1], [0.2, 1.0], [0.1, 0.6]])
    >>> model = ToneModel(1.9, calc_harscale(0.0005, 0.5, 128), 128, 1.0, 0.5)
    >>> true = gen_test_spects(inst_dict, model, 1, 5, np.random.default_rng(0))
    >>> spectrum, found, _, linear = synth_spect(
    ...     true.sum(axis=0), 1, inst_dict, 1.9, 256, 1.0, 0.5, 0.0005, 0.5
    ... )
    >>> bool(np.abs(np.array(found) - true).max() < 0.01), np.shape(linear)
    (True, (2, 256, 5))
    """
    frames = np.ascontiguousarray(np.asarray(spect, dtype=np.float64).T)
    inst_dict = np.require(inst_dict, np.float64, ["C", "W"])
    m = frames.shape[1]
    model = ToneModel(fsigma, calc_harscale(minfreq, maxfreq, m), m, pexp, qexp)
    peaks = (finder or JointSearch(tone_num))(frames, inst_dict, model)
    voices = Voices.of(peaks, inst_dict)
    linear = voices.with_tones(linear_peaks(peaks, model.harscale, 2 * spectheight * minfreq))
    spects = synthesise(voices, model.harscale, pexp, m).swapaxes(1, 2)
    spects_lin = synthesise(linear, LINEAR, pexp, spectheight).swapaxes(1, 2)
    return (
        all_instruments(spects, pexp),
        list(spects),
        all_instruments(spects_lin, pexp),
        list(spects_lin),
    )


def all_instruments(spects: Floats, pexp: float) -> Floats:
    """Return the spectrogram of all instruments [bin, frame] from those of each."""
    return np.asarray(np.sum(spects**pexp, axis=0) ** (1 / pexp))


@checked
def mask_spectrums(
    spects: Sequence[ArrayLike] | Floats, orig_spect: ArrayLike
) -> tuple[list[NDArray[Any]], NDArray[Any]]:
    """Mask the synthesised spectrograms with the original spectrogram.

    Parameters
    ----------
    spects : sequence of array_like [bin, frame]
        Synthesised spectrograms of the instruments, all of one shape.
    orig_spect : array_like [bin, frame]
        Original spectrogram, real or complex, of the same shape; or with one bin more, as
        short-time Fourier transforms have it for half of the sampling frequency, where `spects`
        count as 0.

    Returns
    -------
    spectrums : list of ndarray [bin, frame]
        Masked spectrograms; they add up to the original wherever a spectrogram is above 0.
    mask_spect : ndarray [bin, frame]
        What each spectrogram is multiplied by: the original over the sum of `spects`.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    One bin and two frames; the instruments share them 1 to 3, and 1 to 1:

    >>> import numpy as np
    >>> from musisep.dictsep.dictlearn import mask_spectrums
    >>> spectrums, mask = mask_spectrums([[[1.0, 1.0]], [[3.0, 1.0]]], np.array([[8.0, 2j]]))
    >>> [spectrum.tolist() for spectrum in spectrums]
    [[[(2+0j), 1j]], [[(6+0j), 1j]]]
    """
    spects, orig_spect = np.asarray(spects, dtype=np.float64), np.asarray(orig_spect)
    if spects.ndim == 3 and orig_spect.shape == (spects.shape[1] + 1, spects.shape[2]):
        spects = np.pad(spects, ((0, 0), (0, 1), (0, 0)))
    if not spects.ndim or spects.shape[1:] != orig_spect.shape:
        raise ValueError(
            f"spects of shape={spects.shape} must be [instrument, frequency, frame] and fit "
            f"orig_spect of shape={orig_spect.shape}"
        )
    total = np.sum(spects, axis=0)
    mask_spect = np.divide(
        orig_spect, total, out=np.zeros(total.shape, np.result_type(orig_spect, total)),
        where=total > TINY,
    )  # fmt: skip
    return [mask_spect * spect for spect in spects], mask_spect
