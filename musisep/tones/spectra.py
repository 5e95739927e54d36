"""Spectra of tones, and the patterns of instruments that are searched for in frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import at_least, from_zero, instance, within
from musisep._util.limits import MOST_BINS, PEXP_MAX
from musisep.tones import _kernels
from musisep.tones.model import ToneModel, checked_dictionary
from musisep.tones.peaks import Floats, Peaks


def inst_shift(
    peaks: Peaks, inst_dict: ArrayLike, harscale: float, pexp: float, m: int, n: int
) -> Floats:
    """Synthesise the log-frequency spectrum of tones.

    Parameters
    ----------
    peaks : Peaks [tone]
        Tones of one frame.
    inst_dict : array_like [harmonic, instrument]
        Relative amplitudes of the harmonics.
    harscale : float
        Scale of the frequency axis, see `calc_harscale`.
    pexp : float
        Exponent for the addition of sinusoids.
    m : int
        Number of bins.
    n : int
        Number of tones: at least that of `peaks`.

    Returns
    -------
    ndarray [m]
        Magnitudes: each harmonic is a Gaussian.

    Raises
    ------
    ValueError
        If there are more tones than `n`, or the dictionary has no column for an instrument.

    References
    ----------
    .. [1] S. Schulze, E. J. King, "Sparse pursuit and dictionary learning for blind source
       separation in polyphonic music recordings", EURASIP J. Audio, Speech, Music Process., 2021.

    Examples
    --------
    A tone with its fundamental at bin 10 has its second harmonic an octave, 12 bins, higher:

    >>> import math
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift
    >>> tone = Peaks([2.0], [10.0], [1.0], [0.0], [0])
    >>> spectrum = inst_shift(tone, [[1.0], [0.5]], 12 / math.log(2), pexp=1, m=40, n=1)
    >>> spectrum[[10, 16, 22]].round(3).tolist()
    [2.0, 0.0, 1.0]
    """
    return _checked_magnitudes(peaks, inst_dict, harscale, pexp, m, n)


def inst_scale(peaks: Peaks, inst_dict: ArrayLike, pexp: float, m: int, n: int) -> Floats:
    """Synthesise the linear-frequency spectrum of tones.

    Parameters
    ----------
    peaks : Peaks [tone]
        Tones of one frame. Shifts are positions of fundamentals on the linear axis, in bins.
    inst_dict : array_like [harmonic, instrument]
        Relative amplitudes of the harmonics.
    pexp : float
        Exponent for the addition of sinusoids.
    m : int
        Number of bins.
    n : int
        Number of tones: at least that of `peaks`.

    Returns
    -------
    ndarray [m]
        Magnitudes: each harmonic is a Gaussian.

    Raises
    ------
    ValueError
        As `inst_shift`.

    Examples
    --------
    The harmonics of a tone lie at multiples of its fundamental:

    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_scale
    >>> tone = Peaks([2.0], [10.0], [1.0], [0.0], [0])
    >>> spectrum = inst_scale(tone, [[1.0], [0.5], [0.25]], pexp=1, m=40, n=1)
    >>> spectrum[[10, 20, 30]].round(3).tolist()
    [2.0, 1.0, 0.5]
    """
    return _checked_magnitudes(peaks, inst_dict, _kernels.LINEAR, pexp, m, n)


def _checked_magnitudes(
    peaks: Peaks, inst_dict: ArrayLike, harscale: float, pexp: float, m: int, n: int
) -> Floats:
    instance("peaks", peaks, Peaks)
    if peaks.amps.ndim != 1:
        raise ValueError(f"peaks of shape={peaks.amps.shape} must be those of one frame, [tone]")
    harscale, pexp = from_zero("harscale", harscale), within("pexp", pexp, 1, PEXP_MAX)
    m, n = at_least("m", m, 0, 2 * MOST_BINS), at_least("n", n, 0)
    if n < len(peaks):
        raise ValueError(f"{n=} must be at least {len(peaks)}, the number of tones of peaks")
    return magnitudes(peaks, inst_dict, harscale, pexp, m)


def magnitudes(peaks: Peaks, inst_dict: ArrayLike, harscale: float, pexp: float, m: int) -> Floats:
    """Return what `inst_shift` does, of checked numbers: pursuits ask for it often."""
    powers = np.zeros(m)
    params, insts = peaks.params, peaks.insts.copy()
    columns = checked_dictionary(inst_dict, insts)
    _kernels.inst_shift(params, insts, columns, harscale, pexp, powers)
    return powers if pexp == 1 else powers ** (1 / pexp)


def gen_inst_spect(
    baseshift: int,
    fsigma: float,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    qexp: float,
    m: int,
) -> Floats:
    """Generate the pattern of each instrument: a tone of amplitude 1, to the power of q.

    It is ``(Y + eps)^q - eps^q`` for the spectrum Y of the tone, see `ToneModel.roots`.

    Parameters
    ----------
    baseshift : int
        Bin of the fundamental, and bins to add to a spectrum in order to avoid circular
        convolution; see `ToneModel.baseshift`.
    fsigma : float
        Width of the harmonics, in bins.
    inst_dict : array_like [harmonic, instrument]
        Relative amplitudes of the harmonics.
    harscale : float
        Scale of the frequency axis.
    pexp : float
        Exponent for the addition of sinusoids.
    qexp : float
        Exponent to be applied to the spectrum.
    m : int
        Height of the spectrogram, without `baseshift`.

    Returns
    -------
    ndarray [m + baseshift, instrument]
        Spectra of the instruments in the columns, with the fundamental at bin `baseshift`.

    Raises
    ------
    ValueError
        If the dictionary is none, or a number is out of its range.

    Examples
    --------
    The fundamental is at bin 20, the second harmonic 12 bins higher. A quarter becomes about a
    half by the exponent:

    >>> import math
    >>> from musisep.tones.spectra import gen_inst_spect
    >>> columns = [[1.0, 0.25], [0.25, 1.0]]
    >>> spects = gen_inst_spect(20, 1.0, columns, 12 / math.log(2), pexp=1, qexp=0.5, m=40)
    >>> spects[[20, 32]].round(2).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    baseshift, m = at_least("baseshift", baseshift, 0), at_least("m", m, 1)
    model = ToneModel(fsigma, harscale, m + baseshift, pexp, qexp)
    inst_dict = checked_dictionary(inst_dict, np.empty(0, np.int64))
    if not inst_dict.size:
        raise ValueError(f"inst_dict.shape={inst_dict.shape} must have an instrument")
    tone = np.array([[1.0], [baseshift], [fsigma], [0.0]])
    columns = [
        magnitudes(
            Peaks.from_params(tone, np.array([inst])),
            inst_dict, model.harscale, model.pexp, model.m,
        )
        for inst in range(inst_dict.shape[1])
    ]  # fmt: skip
    return model.roots(np.stack(columns, axis=1))


def patterns(inst_dict: Floats, model: ToneModel) -> tuple[int, Floats]:
    """Return a `baseshift` that suits the model, and the patterns of `gen_inst_spect`.

    Parameters
    ----------
    inst_dict : ndarray [harmonic, instrument]
        Relative amplitudes of the harmonics.
    model : ToneModel
        What tones look like.

    Returns
    -------
    baseshift : int
        Bin of the fundamental.
    spects : ndarray [m + baseshift, instrument]
        Patterns in the columns, where m is the number of bins of the model.

    Raises
    ------
    ValueError
        If the dictionary is none, or the model of another class.

    Examples
    --------
    Of two harmonics, the pattern of an instrument is highest at the louder one:

    >>> import math
    >>> import numpy as np
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.spectra import patterns
    >>> model = ToneModel(fsigma=1.0, harscale=12 / math.log(2), m=60)
    >>> baseshift, spects = patterns(np.array([[1.0, 0.3], [0.3, 1.0]]), model)
    >>> (spects.argmax(axis=0) - baseshift).tolist()
    [0, 12]
    """
    instance("model", model, ToneModel)
    inst_dict = checked_dictionary(inst_dict, np.empty(0, np.int64))
    baseshift = model.baseshift(inst_dict.shape[0])
    return baseshift, gen_inst_spect(
        baseshift, model.fsigma, inst_dict, model.harscale, model.pexp, model.qexp, model.m
    )
