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

from musisep.compiled import kernel, sum_kernel
from musisep.gaussians import gaussian_start, support

EPS = 1e-7  # keeps the loss differentiable where a spectrum is 0
LINEAR = 0.0  # in the place of harscale: harmonics at multiples of the shift

AMP, SHIFT, SIGMA, SPREAD = range(4)


@kernel
def harmonic_centre(shift, spread, order, harscale):
    """Position of a harmonic, and its derivatives by shift and by spread."""
    stretch = 1.0 + spread * order * order
    if harscale == LINEAR:
        ratio = order * math.sqrt(stretch)
        return shift * ratio, ratio, 0.5 * shift * order**3 / math.sqrt(stretch)
    centre = shift + harscale * (math.log(order) + 0.5 * math.log(stretch))
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
            for i in range(low, high):
                powers[i] += value
                value *= ratio
                ratio *= ratio2


@kernel
def inst_shift_grad(params, insts, inst_dict, harscale, pexp, powers, jacobian):
    """`inst_shift`, and the derivatives of the powers, added to ``jacobian`` ``[4, tone, bin]``."""
    for tone in range(params.shape[1]):
        amp, sigma = params[AMP, tone], params[SIGMA, tone]
        inv = 1.0 / (sigma * sigma)
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
            for i in range(low, high):
                distance = i - centre
                by_centre = pexp * height * value * distance * inv
                powers[i] += height * value
                jacobian[AMP, tone, i] += by_amp * value
                jacobian[SHIFT, tone, i] += by_centre * by_shift
                jacobian[SIGMA, tone, i] += by_centre * distance / sigma
                jacobian[SPREAD, tone, i] += by_centre * by_spread
                value *= ratio
                ratio *= ratio2


@kernel
def inst_shift_dict_grad(params, insts, inst_dict, harscale, pexp, weights, grad):
    """Add the sum over bins of ``weights * dS/dD`` to ``grad`` ``[harmonic, instrument]``."""
    for tone in range(params.shape[1]):
        if params[AMP, tone] <= 0.0:
            continue
        sigma = params[SIGMA, tone]
        for har in range(inst_dict.shape[0]):
            centre, _, _ = harmonic_centre(
                params[SHIFT, tone], params[SPREAD, tone], har + 1.0, harscale
            )
            low, high = support(centre, sigma, weights.size)
            value, ratio, ratio2 = gaussian_start(low, centre, sigma, pexp)
            total = 0.0
            for i in range(low, high):
                total += weights[i] * value
                value *= ratio
                ratio *= ratio2
            relative = inst_dict[har, insts[tone]]
            scale = pexp * power(params[AMP, tone], pexp) * power(relative, pexp - 1.0)
            grad[har, insts[tone]] += scale * total


@kernel
def inst_scale(params, insts, inst_dict, pexp, powers):
    """`inst_shift` on the linear axis."""
    inst_shift(params, insts, inst_dict, LINEAR, pexp, powers)


@kernel
def inst_scale_grad(params, insts, inst_dict, pexp, powers, jacobian):
    """`inst_shift_grad` on the linear axis."""
    inst_shift_grad(params, insts, inst_dict, LINEAR, pexp, powers, jacobian)


@kernel
def residual_and_slope(powers, target, pexp, qexp, residual, slope):
    """Residual ``(Y+eps)^q - target``, its derivative by S, and half its squared norm.

    ``target`` is ``(y+eps)^q``. Where S is 0 and p > 1 no tone has a derivative either,
    and the slope is set to 0.
    """
    loss = 0.0
    for i in range(powers.size):
        magnitude = power(powers[i], 1.0 / pexp)
        root = power(magnitude + EPS, qexp)
        residual[i] = root - target[i]
        loss += residual[i] * residual[i]
        if pexp == 1.0:
            slope[i] = qexp * root / (magnitude + EPS)
        elif powers[i] > 0.0:
            slope[i] = qexp * root / (magnitude + EPS) * magnitude / (pexp * powers[i])
        else:
            slope[i] = 0.0
    return 0.5 * loss


@kernel
def loss_of(params, insts, inst_dict, harscale, pexp, qexp, target, powers):
    """Half the squared norm of the residual of these tones; ``powers`` is scratch."""
    powers[:] = 0.0
    inst_shift(params, insts, inst_dict, harscale, pexp, powers)
    loss = 0.0
    for i in range(powers.size):
        difference = power(power(powers[i], 1.0 / pexp) + EPS, qexp) - target[i]
        loss += difference * difference
    return 0.5 * loss


@kernel
def add_loss_dict_grad(params, insts, inst_dict, harscale, pexp, qexp, targets, grad):
    """Add the gradient of the loss of many frames to ``grad`` ``[harmonic, instrument]``.

    ``params`` is ``[frame, 4, tone]``, ``targets`` ``[frame, bin]``.
    """
    size = targets.shape[1]
    powers, residual, slope = np.empty(size), np.empty(size), np.empty(size)
    for frame in range(targets.shape[0]):
        powers[:] = 0.0
        inst_shift(params[frame], insts, inst_dict, harscale, pexp, powers)
        residual_and_slope(powers, targets[frame], pexp, qexp, residual, slope)
        slope *= residual
        inst_shift_dict_grad(params[frame], insts, inst_dict, harscale, pexp, slope, grad)


@kernel
def add_losses(params, insts, inst_dict, harscale, pexp, qexp, targets):
    """Sum of `loss_of` over frames: ``params`` [frame, 4, tone], ``targets`` [frame, bin]."""
    powers = np.empty(targets.shape[1])
    loss = 0.0
    for frame in range(targets.shape[0]):
        loss += loss_of(
            params[frame], insts, inst_dict, harscale, pexp, qexp, targets[frame], powers
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
    rows = jacobian.reshape(n, size)
    normal, gradient, step = np.empty((n, n)), np.empty(n), np.empty(n)
    free = np.empty(n, np.bool_)
    trial = np.empty_like(params)
    x, x_trial = params.reshape(n), trial.reshape(n)
    low, high = lower.reshape(n), upper.reshape(n)
    damping, loss, stale = 1e-3, 0.0, True
    for _ in range(steps):
        if stale:
            powers[:] = 0.0
            jacobian[:] = 0.0
            inst_shift_grad(params, insts, inst_dict, harscale, pexp, powers, jacobian)
            loss = residual_and_slope(powers, target, pexp, qexp, residual, slope)
            for i in range(n):
                rows[i] *= slope
                gradient[i] = dot(rows[i], residual)
                for j in range(i + 1):
                    normal[j, i] = dot(rows[i], rows[j])
            for i in range(n):
                leaves_low = x[i] <= low[i] and gradient[i] > 0.0
                leaves_high = x[i] >= high[i] and gradient[i] < 0.0
                movable = low[i] < high[i] and normal[i, i] > 0.0
                free[i] = movable and not leaves_low and not leaves_high
            stale = False
        if not solve_damped(normal, gradient, free, damping, step):
            damping *= 10.0
            continue
        for i in range(n):
            x_trial[i] = min(max(x[i] + step[i], low[i]), high[i])
        new_loss = loss_of(trial, insts, inst_dict, harscale, pexp, qexp, target, powers)
        if new_loss < loss:
            fall = loss - new_loss
            params[:] = trial
            loss, stale = new_loss, True
            damping = max(0.2 * damping, 1e-9)
            if fall < tol * loss:
                break
        else:
            damping *= 5.0
            if damping > 1e9:
                break
    return loss


@kernel
def add_tones_of_frames(params, insts, inst_dict, harscale, pexp, powers):
    """`inst_shift` of each frame, ``powers`` [instrument, frame, bin] of each instrument."""
    for frame in range(params.shape[0]):
        for tone in range(insts.size):
            one = slice(tone, tone + 1)
            inst_shift(
                params[frame, :, one], insts[one], inst_dict, harscale, pexp,
                powers[insts[tone], frame],
            )  # fmt: skip
