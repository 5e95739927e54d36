"""Losses by which masks and their models are trained, as numbers without gradients."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import within

__all__ = ["component_loss", "kl_div_loss"]

LARGEST = 2.0**240
"""Magnitude up to which sums of squares of products are finite."""

Values = NDArray[np.float64]


def component_loss(
    mask: ArrayLike,
    target: ArrayLike,
    residual: ArrayLike,
    alpha: float = 0.2,
    beta: float | None = None,
) -> float:
    r"""Return the weighted loss of what a mask does to a target and to all else.

    .. math:: \frac{1 - \alpha - \beta}{n} \lVert M Y - Y \rVert^2
              + \frac{\alpha}{n} \lVert M R \rVert^2
              + \frac{\beta}{n} \left\lVert \frac{M R}{\lVert M R \rVert}
              - \frac{R}{\lVert R \rVert} \right\rVert^2

    with norms over all axes of arrays of n numbers [1]_. The first component is the damage to the
    target, the second what the mask leaves of the residual, the third how much that differs in
    shape from the residual. 0 is best.

    Parameters
    ----------
    mask : array_like [...]
        Mask :math:`M`, of any shape.
    target : array_like [...]
        Magnitudes of the target, :math:`Y`, of the same shape.
    residual : array_like [...]
        Magnitudes of the mixture less those of the target, :math:`R`, of the same shape.
    alpha : float, optional
        Weight of the second component, from 0 to 1.
    beta : float, optional
        Weight of the third component, from 0 to 1 - alpha; if left out, there are two. The shape
        of silence is 0.

    Returns
    -------
    float
        Weighted sum of the components, from 0 on.

    Raises
    ------
    ValueError
        If shapes differ, an array is empty or holds other than real numbers of up to 2^240, or a
        weight is out of its range.

    References
    ----------
    .. [1] Z. Xu, S. Elshamy, Z. Zhao, T. Fingscheidt: Components loss for neural networks in
       mask-based speech enhancement (2019). arXiv:1908.05087.

    Examples
    --------
    The target is in the first of two points, and all else in the second:

    >>> from musisep.metrics import component_loss
    >>> component_loss([1.0, 0.0], target=[2.0, 0.0], residual=[0.0, 2.0])
    0.0
    >>> component_loss([1.0, 0.5], target=[2.0, 0.0], residual=[0.0, 2.0])  # 0.2 / 2 * 1
    0.1
    """
    alpha = within("alpha", alpha, 0, 1)
    shape_weight = 0.0 if beta is None else within("beta", beta, 0, 1)
    if alpha + shape_weight > 1:
        raise ValueError(f"{alpha=} and {beta=} must add up to at most 1")
    gains, wanted, other = _arrays(mask=mask, target=target, residual=residual)
    left = gains * other
    loss = (1 - (alpha + shape_weight)) * _power(gains * wanted - wanted) + alpha * _power(left)
    if shape_weight:
        loss += shape_weight * _power(_unit(left) - _unit(other))
    return loss / gains.size


def kl_div_loss(mu: ArrayLike, sigma: ArrayLike) -> float:
    r"""Return the Kullback-Leibler divergence of normal distributions from the standard normal one.

    .. math:: \tfrac12 \sum_i \left( \mu_i^2 + \sigma_i^2 - \ln \sigma_i^2 - 1 \right)

    It is 0 if all means are 0 and all standard deviations 1.

    Parameters
    ----------
    mu : array_like [...]
        Means, of any shape.
    sigma : array_like [...]
        Standard deviations, of the same shape; above 0.

    Returns
    -------
    float
        The sum over all elements, in nats.

    Raises
    ------
    ValueError
        If shapes differ, an array is empty or holds other than real numbers of up to 2^240, or a
        standard deviation is not above 0.

    Examples
    --------
    >>> from musisep.metrics import kl_div_loss
    >>> kl_div_loss(mu=[0.0, 1.0], sigma=[1.0, 1.0])
    0.5
    """
    means, deviations = _arrays(mu=mu, sigma=sigma)
    if (least := deviations.min()) <= 0:
        raise ValueError(f"sigma.min()={least} must be above 0")
    return float(np.sum(means**2 + deviations**2 - 2 * np.log(deviations) - 1) / 2)


def _power(values: Values) -> float:
    return float(np.sum(values**2))


def _unit(values: Values) -> Values:
    """Return values with a norm of 1, or silence as it is."""
    peak = np.abs(values).max()
    if not peak:
        return values
    values = values / peak
    return values / np.sqrt(_power(values))


def _arrays(**given: ArrayLike) -> list[Values]:
    """Return arrays of one shape; ValueError by name if they are none."""
    arrays = [_real(name, values) for name, values in given.items()]
    if len({array.shape for array in arrays}) > 1 or not arrays[0].size:
        shapes = ", ".join(f"{n}.shape={a.shape}" for n, a in zip(given, arrays, strict=True))
        raise ValueError(f"{shapes} must be the same, without an axis of 0")
    return arrays


def _real(name: str, values: ArrayLike) -> Values:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers: {error}") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} of dtype={array.dtype} must be real numbers")
    with np.errstate(over="ignore"):  # of long doubles
        array = array.astype(np.float64, copy=False)
    if not (np.abs(array) <= LARGEST).all():
        raise ValueError(f"{name} must be finite numbers of at most 2^240")
    return array
