"""Spectrograms of the instruments from their tones, and masks from these."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep.compiled import kernel
from musisep.dictsep import exptool
from musisep.dictsep.pursuit import calc_harscale, checked_dictionary
from musisep.dictsep.search import JointSearch
from musisep.dictsep.tones import Floats, Ints, Peaks, ToneFinder, ToneModel

TINY = float(np.finfo(np.float64).tiny)
"""What is not above it, is divided among nobody."""


def synth_instruments(
    peaks: Peaks,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    m: int,
    owners: Ints | None = None,
) -> Floats:
    """Synthesise the spectrogram of each instrument.

    Parameters
    ----------
    peaks : Peaks, shape (frame, tone)
        Tones, whose `insts` are columns of the dictionary.
    inst_dict : array_like, shape (harmonic, column)
        Relative amplitudes of the harmonics.
    harscale : float
        Scale of the log-frequency axis, or `exptool.LINEAR`.
    pexp : float
        Exponent for the addition of sinusoids.
    m : int
        Number of bins.
    owners : ndarray of int, shape (column,), optional
        Instruments that the columns belong to; default: each is an instrument.

    Returns
    -------
    ndarray, shape (instrument, m, frame)
    """
    return np.moveaxis(_synthesise(peaks, inst_dict, harscale, pexp, m, owners), 1, 2)


def _synthesise(
    peaks: Peaks,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    m: int,
    owners: Ints | None,
) -> Floats:
    """Synthesise the spectrogram of each instrument, [instrument, frame, bin]."""
    inst_dict = checked_dictionary(inst_dict, peaks.insts)
    if owners is None:
        owners = np.arange(inst_dict.shape[1])
    params = peaks.params
    powers = np.zeros((int(owners.max()) + 1, len(params), m))
    insts = np.ascontiguousarray(peaks.insts)
    exptool.add_tones_of_frames(params, insts, owners, inst_dict, harscale, pexp, powers)
    return powers if pexp == 1 else powers ** (1 / pexp)


def linear_peaks(peaks: Peaks, harscale: float, lowest: float, sigma: float | None = None) -> Peaks:
    """Move tones from a log-frequency axis to a linear one.

    Parameters
    ----------
    peaks : Peaks
        Tones with shifts on the log-frequency axis.
    harscale : float
        Scale of that axis.
    lowest : float
        Position of its bin 0 on the linear axis.
    sigma : float, optional
        Width of a harmonic there, in bins; default: the numbers of the log-frequency axis.
    """
    sigmas = peaks.sigmas if sigma is None else np.full(peaks.sigmas.shape, sigma)
    shifts = lowest * np.exp(peaks.shifts / harscale)
    return Peaks(peaks.amps, shifts, sigmas, peaks.spreads, peaks.insts)


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
    spect : array_like, shape (m, frame)
        Log-frequency spectrogram of the recording.
    tone_num : int
        Maximum number of simultaneous tones of an instrument.
    inst_dict : array_like, shape (harmonic, instrument)
        Relative amplitudes of the harmonics.
    fsigma : float
        Width of a steady sinusoid, in bins, on either axis.
    spectheight : int
        Height of the linear-frequency spectrograms, from 0 to half the sampling frequency.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied on the spectrum.
    minfreq, maxfreq : float
        Frequency range of `spect`, in units of the sampling frequency.
    finder : ToneFinder, optional
        Finds the tones; `JointSearch` by default.

    Returns
    -------
    dict_spectrum : ndarray, shape (m, frame)
        Synthesised log-frequency spectrogram with all instruments.
    inst_spectrums : list of ndarray
        The same for each instrument.
    dict_spectrum_lin : ndarray, shape (spectheight, frame)
        Synthesised linear-frequency spectrogram with all instruments.
    inst_spectrums_lin : list of ndarray
        The same for each instrument.
    """
    frames = np.ascontiguousarray(np.asarray(spect, dtype=np.float64).T)
    inst_dict = np.ascontiguousarray(inst_dict, dtype=np.float64)
    m = frames.shape[1]
    harscale = calc_harscale(minfreq, maxfreq, m)
    finder = finder or JointSearch(ToneModel(fsigma, harscale, m, pexp, qexp), tone_num)
    peaks = finder(frames, inst_dict)
    spects = synth_instruments(peaks, inst_dict, harscale, pexp, m)
    linear = linear_peaks(peaks, harscale, 2 * spectheight * minfreq)
    spects_lin = synth_instruments(linear, inst_dict, exptool.LINEAR, pexp, spectheight)
    return (
        all_instruments(spects, pexp),
        list(spects),
        all_instruments(spects_lin, pexp),
        list(spects_lin),
    )


def all_instruments(spects: Floats, pexp: float) -> Floats:
    """Spectrogram of all instruments from those of each."""
    return np.asarray(np.sum(spects**pexp, axis=0) ** (1 / pexp))


def mask_spectrums(
    spects: Sequence[ArrayLike] | Floats, orig_spect: ArrayLike
) -> tuple[list[NDArray[Any]], NDArray[Any]]:
    """Mask the synthesised spectrograms with the original spectrogram.

    Parameters
    ----------
    spects : sequence of array_like, all of one shape
        Synthesised spectrograms of the instruments.
    orig_spect : array_like, of the same shape, real or complex
        Original spectrogram.

    Returns
    -------
    spectrums : list of ndarray
        Masked spectrograms; they add up to the original wherever a spectrogram is above 0.
    mask_spect : ndarray
        What each spectrogram is multiplied by: the original over the sum of `spects`.
    """
    total = np.sum(np.asarray(spects), axis=0)
    mask_spect = np.divide(
        orig_spect, total, out=np.zeros(total.shape, np.result_type(orig_spect, total)),
        where=total > TINY,
    )  # fmt: skip
    return [mask_spect * spect for spect in spects], mask_spect


def share_spectra(
    peaks: Peaks,
    inst_dict: ArrayLike,
    pexp: float,
    spectra: NDArray[np.complexfloating],
    owners: Ints | None = None,
) -> NDArray[np.complexfloating]:
    """Divide spectra among the instruments, as `mask_spectrums` does with those of their tones.

    Parameters
    ----------
    peaks : Peaks, shape (frame, tone)
        Tones on the linear-frequency axis.
    inst_dict, pexp, owners
        As in `synth_instruments`.
    spectra : ndarray of complex, shape (channel, frame, bin)
        What is divided; the same shares in all channels.

    Returns
    -------
    ndarray of complex, shape (instrument, channel, frame, bin)
    """
    spects = _synthesise(peaks, inst_dict, exptool.LINEAR, pexp, spectra.shape[-1], owners)
    shares = np.empty((len(spects), *spectra.shape), spectra.dtype)
    divide_spectra(spects, spectra, shares)
    return shares


@kernel
def divide_spectra(spects, spectra, shares):  # type: ignore[no-untyped-def]
    """Fill ``shares`` [instrument, channel, frame, bin] by parts of ``spectra`` [channel, ...].

    The parts are proportional to ``spects`` [instrument, frame, bin], and 0 where all of these are.
    """
    size = spects.shape[2]
    inverse = np.empty(size)
    for frame in range(spects.shape[1]):
        inverse[:] = 0.0
        for inst in range(spects.shape[0]):
            inverse += spects[inst, frame]
        for i in range(size):
            inverse[i] = 1.0 / inverse[i] if inverse[i] > TINY else 0.0
        for inst in range(spects.shape[0]):
            spect = spects[inst, frame]
            for channel in range(spectra.shape[0]):
                source, target = spectra[channel, frame], shares[inst, channel, frame]
                for i in range(size):
                    target[i] = (spect[i] * inverse[i]) * source[i]
