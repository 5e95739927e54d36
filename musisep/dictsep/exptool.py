"""Spectra of tones and their derivatives, under their documented names.

These check what they are given and call the kernels of `musisep.tones`, which do not. ``params`` is
``[4, tone]``: amplitude, shift, sigma, spread; ``insts`` ``[tone]`` are columns of ``inst_dict``
``[harmonic, instrument]``; positions are in bins. All add to the arrays that they are given last.
Spectra are kept as sums of p-th powers; ``harscale`` is the scale of the logarithmic axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from musisep.dictsep.checks import checked
from musisep.tones import _kernels
from musisep.tones._kernels import EPS, LINEAR
from musisep.tones.model import checked_dictionary
from musisep.tones.peaks import Floats, Ints

__all__ = [
    "EPS",
    "LINEAR",
    "inst_scale",
    "inst_scale_grad",
    "inst_shift",
    "inst_shift_dict_grad",
    "inst_shift_grad",
]


@checked
def inst_shift(
    params: ArrayLike,
    insts: ArrayLike,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    powers: Floats,
) -> None:
    """Add the p-th powers of all harmonics of all tones.

    Parameters
    ----------
    params : array_like [4, tone]
        Amplitude, shift, sigma and spread of each tone.
    insts : array_like of int [tone]
        Instrument numbers.
    inst_dict : array_like [harmonic, instrument]
        Relative amplitudes of the harmonics.
    harscale : float
        Scale of the frequency axis; `LINEAR` for a linear one.
    pexp : float
        Exponent for the addition of sinusoids.
    powers : ndarray of float64 [bin]
        What is added to.

    Raises
    ------
    ValueError
        If a shape does not fit, or the dictionary has no column for an instrument.

    Examples
    --------
    With 12 bins per octave, the second harmonic of a tone is 12 bins above the first:

    >>> import numpy as np
    >>> from musisep.dictsep.exptool import inst_shift
    >>> powers = np.zeros(24)
    >>> tone, inst_dict = [[2.0], [5.0], [1.0], [0.0]], [[1.0], [0.5]]
    >>> inst_shift(tone, [0], inst_dict, 12 / np.log(2), 1.0, powers)
    >>> powers[[4, 5, 6, 16, 17, 18]].round(2).tolist()
    [1.21, 2.0, 1.21, 0.61, 1.0, 0.61]
    """
    tones = _tones(params, insts, inst_dict)
    _added("powers", powers, (getattr(powers, "size", "bin"),))
    _kernels.inst_shift(*tones, float(harscale), float(pexp), powers)


@checked
def inst_shift_grad(
    params: ArrayLike,
    insts: ArrayLike,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    powers: Floats,
    jacobian: Floats,
) -> None:
    """Add the p-th powers of all tones, and their derivatives by the tones.

    Parameters
    ----------
    params : array_like [4, tone]
        As in `inst_shift`.
    insts : array_like of int [tone]
        As in `inst_shift`.
    inst_dict : array_like [harmonic, instrument]
        As in `inst_shift`.
    harscale, pexp : float
        As in `inst_shift`.
    powers : ndarray of float64 [bin]
        As in `inst_shift`.
    jacobian : ndarray of float64 [4, tone, bin]
        What the derivatives by `params` are added to.

    Raises
    ------
    ValueError
        As `inst_shift`.

    Examples
    --------
    The spectrum is proportional to the amplitude, and stationary at its maximum in bin 5:

    >>> import numpy as np
    >>> from musisep.dictsep.exptool import inst_shift_grad
    >>> powers, jacobian = np.zeros(24), np.zeros((4, 1, 24))
    >>> tone, inst_dict = [[2.0], [5.0], [1.0], [0.0]], [[1.0], [0.5]]
    >>> inst_shift_grad(tone, [0], inst_dict, 12 / np.log(2), 1.0, powers, jacobian)
    >>> powers[5].round(2).item(), jacobian[:2, 0, 5].round(2).tolist()
    (2.0, [1.0, 0.0])
    """
    tones = _tones(params, insts, inst_dict)
    _added("powers", powers, (getattr(powers, "size", "bin"),))
    _added("jacobian", jacobian, (4, tones[1].size, powers.size))
    _kernels.inst_shift_grad(*tones, float(harscale), float(pexp), powers, jacobian)


@checked
def inst_shift_dict_grad(
    params: ArrayLike,
    insts: ArrayLike,
    inst_dict: ArrayLike,
    harscale: float,
    pexp: float,
    more: ArrayLike,
    less: ArrayLike,
    grads: Floats,
) -> None:
    """Add weighted derivatives of the p-th powers by the dictionary.

    Parameters
    ----------
    params : array_like [4, tone]
        As in `inst_shift`.
    insts : array_like of int [tone]
        As in `inst_shift`.
    inst_dict : array_like [harmonic, instrument]
        As in `inst_shift`.
    harscale, pexp : float
        As in `inst_shift`.
    more, less : array_like [bin]
        Two weights of each bin.
    grads : ndarray of float64 [2, harmonic, instrument]
        What the sums over bins are added to: the first with `more`, the second with `less`.

    Raises
    ------
    ValueError
        As `inst_shift`.

    Examples
    --------
    The first harmonic is in bin 5 and the second in bin 17; the amplitude is 2:

    >>> import numpy as np
    >>> from musisep.dictsep.exptool import inst_shift_dict_grad
    >>> more, less, grads = np.eye(24)[5], np.eye(24)[17], np.zeros((2, 2, 1))
    >>> tone, inst_dict = [[2.0], [5.0], [1.0], [0.0]], [[1.0], [0.5]]
    >>> inst_shift_dict_grad(tone, [0], inst_dict, 12 / np.log(2), 1.0, more, less, grads)
    >>> grads.round(2).tolist()
    [[[2.0], [0.0]], [[0.0], [2.0]]]
    """
    tones = _tones(params, insts, inst_dict)
    weights = [np.require(values, np.float64, ["C", "W"]) for values in (more, less)]
    if weights[0].ndim != 1 or weights[0].shape != weights[1].shape:
        raise ValueError(f"shapes {[w.shape for w in weights]} of more and less must be one, (m,)")
    _added("grads", grads, (2, *tones[2].shape))
    _kernels.inst_shift_dict_grad(*tones, float(harscale), float(pexp), *weights, grads)


@checked
def inst_scale(
    params: ArrayLike, insts: ArrayLike, inst_dict: ArrayLike, pexp: float, powers: Floats
) -> None:
    """Do as `inst_shift` on the linear axis.

    Parameters
    ----------
    params : array_like [4, tone]
        As in `inst_shift`; shifts are positions of fundamentals, in bins.
    insts : array_like of int [tone]
        As in `inst_shift`.
    inst_dict : array_like [harmonic, instrument]
        As in `inst_shift`.
    pexp : float
        As in `inst_shift`.
    powers : ndarray of float64 [bin]
        As in `inst_shift`.

    Raises
    ------
    ValueError
        As `inst_shift`.

    Examples
    --------
    The second harmonic is in the bin of twice the number:

    >>> import numpy as np
    >>> from musisep.dictsep.exptool import inst_scale
    >>> powers = np.zeros(24)
    >>> inst_scale([[2.0], [10.0], [1.0], [0.0]], [0], [[1.0], [0.5]], 1.0, powers)
    >>> powers[[9, 10, 11, 19, 20, 21]].round(2).tolist()
    [1.21, 2.0, 1.21, 0.61, 1.0, 0.61]
    """
    inst_shift(params, insts, inst_dict, LINEAR, pexp, powers)


@checked
def inst_scale_grad(
    params: ArrayLike,
    insts: ArrayLike,
    inst_dict: ArrayLike,
    pexp: float,
    powers: Floats,
    jacobian: Floats,
) -> None:
    """Do as `inst_shift_grad` on the linear axis.

    Parameters
    ----------
    params : array_like [4, tone]
        As in `inst_shift`; shifts are positions of fundamentals, in bins.
    insts : array_like of int [tone]
        As in `inst_shift`.
    inst_dict : array_like [harmonic, instrument]
        As in `inst_shift`.
    pexp : float
        As in `inst_shift`.
    powers : ndarray of float64 [bin]
        As in `inst_shift`.
    jacobian : ndarray of float64 [4, tone, bin]
        What the derivatives by `params` are added to.

    Raises
    ------
    ValueError
        As `inst_shift`.

    Examples
    --------
    If the fundamental moves up by some bins, the second harmonic moves up by twice as many:

    >>> import numpy as np
    >>> from musisep.dictsep.exptool import inst_scale_grad
    >>> powers, jacobian = np.zeros(24), np.zeros((4, 1, 24))
    >>> tone, inst_dict = [[2.0], [10.0], [1.0], [0.0]], [[1.0], [1.0]]
    >>> inst_scale_grad(tone, [0], inst_dict, 1.0, powers, jacobian)
    >>> by_shift = jacobian[1, 0]
    >>> by_shift[[9, 11, 19, 21]].round(2).tolist()
    [-1.21, 1.21, -2.43, 2.43]
    """
    inst_shift_grad(params, insts, inst_dict, LINEAR, pexp, powers, jacobian)


def _tones(
    params: ArrayLike, insts: ArrayLike, inst_dict: ArrayLike
) -> tuple[Floats, Ints, Floats]:
    """Return tones and a dictionary as the kernels want them."""
    params = np.require(params, np.float64, ["C", "W"])
    insts = np.require(insts, np.int64, ["C", "W"])
    if insts.ndim != 1 or params.shape != (4, insts.size):
        raise ValueError(
            f"params.shape={params.shape} and insts.shape={insts.shape} must be (4, n) and (n,)"
        )
    return params, insts, checked_dictionary(inst_dict, insts)


def _added(name: str, array: Any, shape: tuple[Any, ...]) -> None:
    """Refuse what a kernel could not add to in place."""
    fits = isinstance(array, np.ndarray) and array.dtype == np.float64 and array.shape == shape
    if not fits or not array.flags.writeable:
        raise ValueError(f"{name} must be an array of float64 and shape {shape} to be written to")
