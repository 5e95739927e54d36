"""Sparse pursuit and what it needs, under the documented names and signatures."""

from __future__ import annotations

from functools import wraps

import numpy as np
from numpy.typing import ArrayLike

from musisep.dictsep.checks import checked, fit_patterns, instance, whole
from musisep.multipitch import greedy
from musisep.tones import _kernels, model, spectra
from musisep.tones.loss import frame_roots
from musisep.tones.model import checked_dictionary
from musisep.tones.peaks import Floats, Ints, Peaks

__all__ = [
    "Peaks",
    "calc_harscale",
    "fft_selector",
    "gen_inst_spect",
    "inst_scale",
    "inst_shift",
    "inst_shift_dict_grad",
    "inst_shift_grad",
    "inst_shift_obj",
    "make_bounds",
    "max_selector",
    "peak_pursuit",
]

calc_harscale = checked(model.calc_harscale)
make_bounds = checked(model.make_bounds)
gen_inst_spect = checked(spectra.gen_inst_spect)
inst_scale = checked(spectra.inst_scale)
inst_shift = checked(spectra.inst_shift)
max_selector = checked(greedy.max_selector, n=whole(1, 2**24))
peak_pursuit = checked(greedy.peak_pursuit, init=instance(Peaks))


@checked
@wraps(greedy.fft_selector)
def fft_selector(  # noqa: D103
    y: ArrayLike, prenum: int, baseshift: int, inst_spect: ArrayLike, qexp: float
) -> tuple[Floats, Floats, Ints]:
    fit_patterns(inst_spect, np.size(y), baseshift)
    return greedy.fft_selector(y, prenum, baseshift, inst_spect, qexp)


@checked
def inst_shift_obj(
    peak_array: ArrayLike,
    insts: ArrayLike,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    qexp: float,
    m: int,
    n: int,
    y: ArrayLike,
) -> float:
    """Loss of tones on a frame: half the sum over bins of ((Y + eps)^q - (y + eps)^q)^2.

    Parameters
    ----------
    peak_array : array_like [4 * n]
        Tones as in `Peaks.get_array`.
    insts : array_like of int [n]
        Instrument numbers.
    inst_dict : array_like [harmonic, instrument]
        Relative amplitudes of the harmonics.
    harscale : float
        Scale of the frequency axis.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied to the spectra.
    m, n : int
        Number of bins, number of tones.
    y : array_like [m]
        Spectrum to compare with.

    Returns
    -------
    float
        The loss, which is 0 if the tones have the spectrum y.

    Raises
    ------
    ValueError
        If a shape does not fit, the spectrum is negative somewhere, or the dictionary has no
        column for an instrument.

    Examples
    --------
    A tone of the amplitude 2, compared with itself and with one of the amplitude 1:

    >>> import numpy as np
    >>> from musisep.dictsep.exptool import inst_shift
    >>> from musisep.dictsep.pursuit import inst_shift_obj
    >>> tone, inst_dict, harscale = np.array([2.0, 8.0, 1.5, 0.0]), [[1.0], [0.5]], 12 / np.log(2)
    >>> y = np.zeros(32)
    >>> inst_shift(tone[:, None], [0], inst_dict, harscale, 1.0, y)
    >>> setting = [0], inst_dict, harscale, 1.0, 0.5, 32, 1, y
    >>> weaker = np.array([1.0, 8.0, 1.5, 0.0])
    >>> round(inst_shift_obj(tone, *setting), 3), round(inst_shift_obj(weaker, *setting), 3)
    (0.0, 0.484)
    """
    params, insts, inst_dict = _tones(peak_array, insts, inst_dict, n)
    target = _target(y, m, qexp)
    exponents = float(harscale), float(pexp), float(qexp)
    return float(_kernels.loss_of(params, insts, inst_dict, *exponents, target, np.empty(m)))


@checked
def inst_shift_grad(
    peak_array: ArrayLike,
    insts: ArrayLike,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    qexp: float,
    m: int,
    n: int,
    y: ArrayLike,
) -> Floats:
    """Gradient of `inst_shift_obj` with respect to the tones.

    Parameters
    ----------
    peak_array : array_like [4 * n]
        As in `inst_shift_obj`.
    insts : array_like of int [n]
        As in `inst_shift_obj`.
    inst_dict : array_like [harmonic, instrument]
        As in `inst_shift_obj`.
    harscale : float
        As in `inst_shift_obj`.
    pexp, qexp : float
        As in `inst_shift_obj`.
    m, n : int
        As in `inst_shift_obj`.
    y : array_like [m]
        As in `inst_shift_obj`.

    Returns
    -------
    ndarray [4 * n]
        Derivatives by the numbers of `peak_array`.

    Raises
    ------
    ValueError
        As `inst_shift_obj`.

    Examples
    --------
    A tone that is too weak, and 0.1 bins too low: the loss falls as amplitude and shift rise:

    >>> import numpy as np
    >>> from musisep.dictsep.exptool import inst_shift
    >>> from musisep.dictsep.pursuit import inst_shift_grad
    >>> inst_dict, harscale, y = [[1.0], [0.5]], 12 / np.log(2), np.zeros(32)
    >>> inst_shift([[2.0], [8.0], [1.5], [0.0]], [0], inst_dict, harscale, 1.0, y)
    >>> tone = np.array([1.0, 7.9, 1.5, 0.0])
    >>> gradient = inst_shift_grad(tone, [0], inst_dict, harscale, 1.0, 0.5, 32, 1, y)
    >>> (gradient[:2] < 0).tolist()
    [True, True]
    """
    params, insts, inst_dict = _tones(peak_array, insts, inst_dict, n)
    harscale, pexp, qexp = float(harscale), float(pexp), float(qexp)
    powers, residual, slope = np.zeros(m), np.empty(m), np.empty(m)
    jacobian = np.zeros((4, n, m))
    _kernels.inst_shift_grad(params, insts, inst_dict, harscale, pexp, powers, jacobian)
    _kernels.residual_and_slope(powers, _target(y, m, qexp), pexp, qexp, residual, slope)
    return np.asarray(jacobian.reshape(4 * n, m) @ (residual * slope))


@checked
def inst_shift_dict_grad(
    peak_array: ArrayLike,
    insts: ArrayLike,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    qexp: float,
    m: int,
    n: int,
    y: ArrayLike,
) -> Floats:
    """Gradient of `inst_shift_obj` with respect to the dictionary.

    Parameters
    ----------
    peak_array : array_like [4 * n]
        As in `inst_shift_obj`.
    insts : array_like of int [n]
        As in `inst_shift_obj`.
    inst_dict : array_like [harmonic, instrument]
        As in `inst_shift_obj`.
    harscale : float
        As in `inst_shift_obj`.
    pexp, qexp : float
        As in `inst_shift_obj`.
    m, n : int
        As in `inst_shift_obj`.
    y : array_like [m]
        As in `inst_shift_obj`.

    Returns
    -------
    ndarray [harmonic, instrument]
        Derivatives by the entries of `inst_dict`.

    Raises
    ------
    ValueError
        As `inst_shift_obj`.

    Examples
    --------
    The second harmonic is 0.5, that of the dictionary 0.7, so that the loss rises with it:

    >>> import numpy as np
    >>> from musisep.dictsep.exptool import inst_shift
    >>> from musisep.dictsep.pursuit import inst_shift_dict_grad
    >>> tone, harscale, y = np.array([2.0, 8.0, 1.5, 0.0]), 12 / np.log(2), np.zeros(32)
    >>> inst_shift(tone[:, None], [0], [[1.0], [0.5]], harscale, 1.0, y)
    >>> gradient = inst_shift_dict_grad(tone, [0], [[1.0], [0.7]], harscale, 1.0, 0.5, 32, 1, y)
    >>> bool(gradient[1, 0] > 0)
    True
    """
    params, insts, inst_dict = _tones(peak_array, insts, inst_dict, n)
    grads = np.zeros((2, *inst_dict.shape))
    _kernels.add_loss_dict_grads(
        params[None], insts[None], inst_dict, float(harscale), float(pexp), float(qexp),
        _target(y, m, qexp)[None], grads,
    )  # fmt: skip
    return np.asarray(grads[1] - grads[0])


def _tones(
    peak_array: ArrayLike, insts: ArrayLike, inst_dict: ArrayLike, n: int
) -> tuple[Floats, Ints, Floats]:
    """Return tones and a dictionary as the kernels want them."""
    params = np.array(peak_array, dtype=np.float64)
    insts = np.require(insts, np.int64, ["C", "W"])
    if params.shape != (4 * n,) or insts.shape != (n,):
        raise ValueError(
            f"peak_array.shape={params.shape} and insts.shape={insts.shape} must be "
            f"({4 * n},) and ({n},) for {n=} tones"
        )
    return params.reshape(4, n), insts, checked_dictionary(inst_dict, insts)


def _target(y: ArrayLike, m: int, qexp: float) -> Floats:
    target = frame_roots(y, float(qexp))
    if target.size != m:
        raise ValueError(f"y.shape={target.shape} must be ({m=},)")
    return target
