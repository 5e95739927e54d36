"""Kernels for the spectra of tones, their derivatives, and the fit of tones to a frame.

A tone is a column of ``params`` ``[4, tone]``: amplitude, shift, sigma, spread (the order
of `Peaks.get_array`); ``insts[tone]`` is its column in the dictionary ``inst_dict``
``[harmonic, instrument]``. Spectra are kept as sums of p-th powers,

    S(i) = sum over tones and harmonics of (a D[h, k] exp(-(i - c_h)^2 / (2 sigma^2)))^p,

of which ``Y = S^(1/p)`` is the magnitude. All positions are in bins. One set of kernels
serves both frequency axes: ``harscale`` is the scale of the logarithmic axis, or `LINEAR`.
"""

import math

import numpy as np

from musisep._util.compiled import kernel, sum_kernel
from musisep.audio._kernels.gaussians import CUT, gaussian_start, support

EPS = 1e-7
"""Added to spectra, of maximum 1, before a root is taken: it has a derivative at 0 then."""
LINEAR = 0.0
"""In the place of harscale: harmonics at multiples of the shift."""
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 5e-3, 1e-9, 1e9
"""Of the fit, relative to the diagonal of the normal equations; it ends when the damping exceeds
the most. Guesses."""
EASED, RAISED, SINGULAR = 0.2, 5.0, 10.0
"""What the damping is multiplied by after a better and a worse trial, and while the equations have
no solution. Guesses."""
AMP, SHIFT, SIGMA, SPREAD = range(4)
"""Rows of ``params``: amplitude, shift and sigma in bins, inharmonicity."""


@kernel
def harmonic_centre(shift, spread, order, harscale):
    """Position of a harmonic, and its derivatives by shift and by spread."""
    stretch = 1.0 + spread * order * order
    if harscale == LINEAR:
        ratio = order * math.sqrt(stretch)
        return shift * ratio, ratio, 0.5 * shift * order**3 / math.sqrt(stretch)
    centre = shift + 0.5 * harscale * math.log(order * order * stretch)
    return centre, 1.0, 0.5 * harscale * order * order / stretch


@sum_kernel
def dot(a, b):
    """Scalar product of two vectors of one length."""
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@kernel
def power(x, exponent):
    """``x**exponent``, cheap for the exponents in use."""
    if exponent == 1.0:
        return x
    if exponent == 0.5:
        return math.sqrt(x)
    if exponent == 2.0:
        return x * x
    return x**exponent


@kernel
def raise_all(x, exponent):
    """`power` of all of a vector, in its place; square roots run in vectors."""
    if exponent == 0.5:
        for i in range(x.size):
            x[i] = math.sqrt(x[i])
    elif exponent != 1.0:
        for i in range(x.size):
            x[i] = power(x[i], exponent)


@kernel
def inst_shift(params, insts, inst_dict, harscale, pexp, powers):
    """Add the p-th powers of all harmonics of all tones to ``powers`` ``[bin]``."""
    for tone in range(params.shape[1]):
        sigma = params[SIGMA, tone]
        for har in range(inst_dict.shape[0]):
            height = params[AMP, tone] * inst_dict[har, insts[tone]]
            if height <= 0.0:
                continue
            centre, _, _ = harmonic_centre(
                params[SHIFT, tone], params[SPREAD, tone], har + 1.0, harscale
            )
            low, high = support(centre, sigma, powers.size)
            value, ratio, ratio2 = gaussian_start(low, centre, sigma, pexp)
            value *= power(height, pexp)
            part = powers[low:high]
            for i in range(part.size):
                part[i] += value
                value *= ratio
                ratio *= ratio2


@kernel
def inst_shift_grad(params, insts, inst_dict, harscale, pexp, powers, jacobian):
    """`inst_shift`, and the derivatives of the powers, added to ``jacobian`` ``[4, tone, bin]``."""
    for tone in range(params.shape[1]):
        amp, sigma = params[AMP, tone], params[SIGMA, tone]
        by_sigma = 1.0 / sigma
        for har in range(inst_dict.shape[0]):
            relative = inst_dict[har, insts[tone]]
            if relative <= 0.0:
                continue
            centre, by_shift, by_spread = harmonic_centre(
                params[SHIFT, tone], params[SPREAD, tone], har + 1.0, harscale
            )
            low, high = support(centre, sigma, powers.size)
            value, ratio, ratio2 = gaussian_start(low, centre, sigma, pexp)
            height = power(amp * relative, pexp)
            by_amp = pexp * power(amp, pexp - 1.0) * power(relative, pexp)
            by_centre = pexp * height / (sigma * sigma)
            part, start = powers[low:high], low - centre
            amp_row, shift_row = jacobian[AMP, tone, low:high], jacobian[SHIFT, tone, low:high]
            sigma_row, spread_row = (
                jacobian[SIGMA, tone, low:high],
                jacobian[SPREAD, tone, low:high],
            )
            for i in range(part.size):
                distance = start + i
                moment = by_centre * value * distance
                part[i] += height * value
                amp_row[i] += by_amp * value
                shift_row[i] += by_shift * moment
                sigma_row[i] += by_sigma * moment * distance
                spread_row[i] += by_spread * moment
                value *= ratio
                ratio *= ratio2


@kernel
def inst_shift_dict_grad(params, insts, inst_dict, harscale, pexp, more, less, grads):
    """Add the sums over bins of ``more * dS/dD`` and ``less * dS/dD`` to ``grads``.

    ``grads`` is ``[2, harmonic, instrument]``; ``more`` and ``less`` are weights of the bins.
    """
    for tone in range(params.shape[1]):
        if params[AMP, tone] <= 0.0:
            continue
        sigma, inst = params[SIGMA, tone], insts[tone]
        for har in range(inst_dict.shape[0]):
            centre, _, _ = harmonic_centre(
                params[SHIFT, tone], params[SPREAD, tone], har + 1.0, harscale
            )
            low, high = support(centre, sigma, more.size)
            value, ratio, ratio2 = gaussian_start(low, centre, sigma, pexp)
            wanted, present = 0.0, 0.0
            more_part, less_part = more[low:high], less[low:high]
            for i in range(more_part.size):
                wanted += more_part[i] * value
                present += less_part[i] * value
                value *= ratio
                ratio *= ratio2
            scale = pexp * power(params[AMP, tone], pexp) * power(inst_dict[har, inst], pexp - 1.0)
            grads[0, har, inst] += scale * wanted
            grads[1, har, inst] += scale * present


@kernel
def residual_and_slope(powers, target, pexp, qexp, residual, slope):
    """Residual ``(Y+eps)^q - target``, its derivative by S, and half its squared norm.

    ``target`` is ``(y+eps)^q``. Where S is 0 and p > 1 no tone has a derivative either,
    and the slope is set to 0.
    """
    for i in range(powers.size):
        residual[i], slope[i] = powers[i], 1.0
    raise_all(residual, 1.0 / pexp)
    if pexp != 1.0:
        for i in range(powers.size):
            slope[i] = residual[i] / (pexp * powers[i]) if powers[i] > 0.0 else 0.0
    for i in range(powers.size):  # np.divide, for / checks for 0 and does not run in vectors
        residual[i] += EPS
        slope[i] = np.divide(qexp * slope[i], residual[i])
    raise_all(residual, qexp)
    for i in range(powers.size):
        slope[i] *= residual[i]
        residual[i] -= target[i]
    return 0.5 * dot(residual, residual)


@kernel
def loss_of(params, insts, inst_dict, harscale, pexp, qexp, target, powers):
    """Half the squared norm of the residual of these tones; ``powers`` is scratch."""
    powers[:] = 0.0
    inst_shift(params, insts, inst_dict, harscale, pexp, powers)
    raise_all(powers, 1.0 / pexp)
    for i in range(powers.size):
        powers[i] += EPS
    raise_all(powers, qexp)
    for i in range(powers.size):
        powers[i] -= target[i]
    return 0.5 * dot(powers, powers)


@kernel
def add_loss_dict_grads(params, insts, inst_dict, harscale, pexp, qexp, targets, grads):
    """Add the two parts of the negative gradient of the loss of many frames to ``grads``.

    ``grads`` ``[2, harmonic, instrument]`` gets what calls for higher and for lower harmonics:
    derivatives of the model weighted by ``targets`` ``[frame, bin]``, and by the model itself.
    ``params`` is ``[frame, 4, tone]``, ``insts`` ``[frame, tone]``.
    """
    size = targets.shape[1]
    powers, residual, slope = np.empty(size), np.empty(size), np.empty(size)
    for frame in range(targets.shape[0]):
        powers[:] = 0.0
        inst_shift(params[frame], insts[frame], inst_dict, harscale, pexp, powers)
        residual_and_slope(powers, targets[frame], pexp, qexp, residual, slope)
        for i in range(size):
            residual[i] = (residual[i] + targets[frame, i]) * slope[i]
            slope[i] *= targets[frame, i]
        inst_shift_dict_grad(
            params[frame], insts[frame], inst_dict, harscale, pexp, slope, residual, grads
        )


@kernel
def add_losses(params, insts, inst_dict, harscale, pexp, qexp, targets):
    """Sum of `loss_of` over frames.

    ``params`` is ``[frame, 4, tone]``, ``insts`` ``[frame, tone]``, ``targets`` ``[frame, bin]``.
    """
    powers = np.empty(targets.shape[1])
    loss = 0.0
    for frame in range(targets.shape[0]):
        loss += loss_of(
            params[frame], insts[frame], inst_dict, harscale, pexp, qexp, targets[frame], powers
        )
    return loss


@kernel
def solve_damped(normal, gradient, free, damping, step):
    """Solve ``(N + damping diag N) step = -gradient`` over the free unknowns by Cholesky.

    ``normal`` keeps its upper triangle; its lower triangle is overwritten. Returns
    False, leaving ``step`` undefined, where the matrix is not positive definite.
    """
    n = gradient.size
    diagonal = np.empty(n)
    for i in range(n):
        step[i] = 0.0
        if not free[i]:
            continue
        for j in range(i + 1):
            if not free[j]:
                continue
            total = normal[j, i]
            if i == j:
                total += damping * normal[i, i]
            for k in range(j):
                if free[k]:
                    total -= normal[i, k] * normal[j, k]
            if i == j:
                if total <= 0.0:
                    return False
                diagonal[i] = math.sqrt(total)
            else:
                normal[i, j] = total / diagonal[j]
        total = -gradient[i]
        for k in range(i):
            if free[k]:
                total -= normal[i, k] * step[k]
        step[i] = total / diagonal[i]
    for i in range(n - 1, -1, -1):
        if free[i]:
            total = step[i]
            for k in range(i + 1, n):
                if free[k]:
                    total -= normal[k, i] * step[k]
            step[i] = total / diagonal[i]
    return True


@kernel
def span(params, tone, harmonics, harscale, size):
    """First bin, and one past the last bin, that a tone can reach."""
    reach = CUT * params[SIGMA, tone]
    lowest, _, _ = harmonic_centre(params[SHIFT, tone], params[SPREAD, tone], 1.0, harscale)
    highest, _, _ = harmonic_centre(
        params[SHIFT, tone], params[SPREAD, tone], float(harmonics), harscale
    )
    low = min(max(0.0, math.ceil(lowest - reach)), float(size))
    high = min(max(low, math.floor(highest + reach) + 1.0), float(size))
    return int(low), int(high)


@kernel
def normal_equations(rows, spans, residual, slope, normal, gradient):
    """Upper triangle of J^T J, and J^T residual, for ``J = rows * slope``.

    Row i is that of tone i modulo the number of tones, and 0 outside of ``spans`` [tone, 2].
    """
    size = slope.size
    pull, weights, weighted = np.empty(size), np.empty(size), np.empty(size)
    for k in range(size):
        pull[k], weights[k] = slope[k] * residual[k], slope[k] * slope[k]
    for i in range(gradient.size):
        low, high = spans[i % len(spans)]
        row, weight, product = rows[i, low:high], weights[low:high], weighted[: high - low]
        for k in range(row.size):
            product[k] = row[k] * weight[k]
        gradient[i] = dot(row, pull[low:high])
        for j in range(i + 1):
            first, last = spans[j % len(spans)]
            first = max(first, low)
            last = max(min(last, high), first)
            normal[j, i] = dot(weighted[first - low : last - low], rows[j, first:last])


@kernel
def fit_tones(params, insts, inst_dict, harscale, pexp, qexp, target, lower, upper, steps, tol):
    """Fit ``params`` in place between ``lower`` and ``upper`` ``[4, tone]``; return the loss.

    Projected Levenberg-Marquardt: unknowns that sit at a bound and would leave it are held
    for a step, the others follow the damped normal equations and are clipped to the bounds.
    Ends after `steps` trials, or when the loss falls by less than `tol` of itself.
    """
    tones, size = params.shape[1], target.size
    n = 4 * tones
    powers, residual, slope = np.empty(size), np.empty(size), np.empty(size)
    jacobian = np.empty((4, tones, size))
    spans = np.empty((tones, 2), np.int64)
    normal, gradient, step = np.empty((n, n)), np.empty(n), np.empty(n)
    free = np.zeros(n, np.bool_)
    trial = params.copy()
    x, x_trial = params.reshape(n), trial.reshape(n)
    low, high = lower.reshape(n), upper.reshape(n)
    damping, loss = FIRST_DAMPING, np.inf
    for _ in range(steps + 1):
        for tone in range(tones):
            first, last = span(trial, tone, inst_dict.shape[0], harscale, size)
            spans[tone, 0], spans[tone, 1] = first, last
            for row in range(4):
                jacobian[row, tone, first:last] = 0.0
        powers[:] = 0.0
        inst_shift_grad(trial, insts, inst_dict, harscale, pexp, powers, jacobian)
        new_loss = residual_and_slope(powers, target, pexp, qexp, residual, slope)
        if new_loss < loss:
            fall = loss - new_loss
            for i in range(n):
                x[i] = x_trial[i]
            loss = new_loss
            damping = max(EASED * damping, LEAST_DAMPING)
            if fall < tol * loss:
                break
            normal_equations(jacobian.reshape(n, size), spans, residual, slope, normal, gradient)
            for i in range(n):
                leaves_low = x[i] <= low[i] and gradient[i] > 0.0
                leaves_high = x[i] >= high[i] and gradient[i] < 0.0
                movable = low[i] < high[i] and normal[i, i] > 0.0
                free[i] = movable and not leaves_low and not leaves_high
        else:
            damping *= RAISED
        while not solve_damped(normal, gradient, free, damping, step):
            damping *= SINGULAR
        if damping > MOST_DAMPING:
            break
        for i in range(n):
            x_trial[i] = min(max(x[i] + step[i], low[i]), high[i])
    return loss
