"""Slow and obvious twins of the kernels, from the formulas.

All of them take complex numbers too, so that `gradient` can differentiate them.
"""

import itertools

import numpy as np
import scipy.optimize
import scipy.stats

CUT, EPS = 6, 1e-7


def centres(shift, spread, har, harscale):
    """Positions of the harmonics; ``harscale`` 0 is the linear axis."""
    h = np.arange(1, har + 1)
    if harscale == 0:
        return h * shift * np.sqrt(1 + spread * h**2)
    return shift + harscale * (np.log(h) + 0.5 * np.log(1 + spread * h**2))


def harmonics(params, insts, inst_dict, harscale, size):
    """Magnitude of each harmonic of each tone, [tone, harmonic, bin]."""
    result = []
    for (amp, shift, sigma, spread), inst in zip(np.transpose(params), insts, strict=True):
        distance = np.arange(size) - centres(shift, spread, len(inst_dict), harscale)[:, None]
        gaussians = np.exp(-(distance**2) / (2 * sigma**2))
        gaussians[np.abs(distance.real) > CUT * np.real(sigma)] = 0
        result.append(amp * inst_dict[:, inst, None] * gaussians)
    return np.array(result).reshape(-1, len(inst_dict), size)


def powers(params, insts, inst_dict, harscale, pexp, size):
    return (harmonics(params, insts, inst_dict, harscale, size) ** pexp).sum((0, 1))


def magnitudes(params, insts, inst_dict, harscale, pexp, size):
    return powers(params, insts, inst_dict, harscale, pexp, size) ** (1 / pexp)


def loss(params, insts, inst_dict, harscale, pexp, qexp, y):
    spectrum = magnitudes(params, insts, inst_dict, harscale, pexp, len(y))
    return 0.5 * (((spectrum + EPS) ** qexp - (y + EPS) ** qexp) ** 2).sum()


def gradient(function, x, step=1e-30):
    """Derivative of a real function by each entry of ``x``, [..., *x.shape].

    A step along the imaginary axis needs no difference of nearly equal values, and it works
    where entries at 0 must not become negative.
    """
    result = []
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[index] += 1j * step
        result.append(np.imag(function(moved)) / step)
    return np.moveaxis(np.array(result), 0, -1).reshape(np.shape(result[0]) + x.shape)


def correlations(roots, inst_spect, baseshift):
    """Scalar products of ``roots`` [bin] with the patterns at each shift, [instrument, bin]."""
    m = len(roots)
    result = np.zeros((inst_spect.shape[1], m))
    for shift in range(m):
        for i in range(m):
            if 0 <= i - shift + baseshift < len(inst_spect):
                result[:, shift] += roots[i] * inst_spect[i - shift + baseshift]
    return result


def best_combination(root, atoms, places, most):
    """Greatest fall of the loss by one atom (or none) of ``atoms[place]`` at each place.

    Tries all combinations by non-negative least squares; returns the fall, the places' atoms
    (None: silent) and their coefficients.
    """
    best = (0.0, (None,) * places, np.zeros(places))
    offers = [[None, *range(len(atoms[place]))] for place in range(places)]
    for members in itertools.product(*offers):
        sounding = [place for place in range(places) if members[place] is not None]
        if not 0 < len(sounding) <= most:
            continue
        matrix = np.stack([atoms[place][members[place]] for place in sounding], axis=1)
        found, norm = scipy.optimize.nnls(matrix, root)
        fall = 0.5 * (root @ root - norm**2)
        if fall > best[0] + 1e-12:
            best = (fall, members, np.zeros(places))
            best[2][sounding] = found
    return best


def cheapest_path(shifts, amps, costs, jump, onset, glide, octave):
    """Path of least cost among all paths."""

    def price(path):
        total = sum(costs[frame, here] for frame, here in enumerate(path))
        for frame, (there, here) in enumerate(itertools.pairwise(path)):
            sounded, sounds = amps[frame, there] > 0, amps[frame + 1, here] > 0
            total += onset * np.sum(sounded != sounds)
            move = np.abs(shifts[frame + 1, here] - shifts[frame, there])[sounded & sounds]
            total += jump * np.sum(1 + np.minimum(move[move > glide] / octave, 1))
        return total

    frames, number = costs.shape
    paths = list(itertools.product(range(number), repeat=frames))
    return np.array(min(paths, key=price))


def linked(amps, shifts, glide, gap, rise):
    """Number of the note of each tone [frame, place], -1 for silence, by onset and place."""
    numbers, notes, total = np.full(amps.shape, -1), [], 0
    for frame in range(len(amps)):
        pairs = [
            (abs(shifts[frame, place] - note["shift"]), place, note["number"])
            for note in notes
            for place in np.flatnonzero(amps[frame])
            if amps[frame, place] < rise * note["level"]
        ]
        for distance, place, number in sorted(pairs):
            if distance <= glide and numbers[frame, place] < 0 and number not in numbers[frame]:
                numbers[frame, place] = number
        begun = []
        for place in np.flatnonzero(amps[frame]):
            if numbers[frame, place] < 0:
                numbers[frame, place] = total
                begun.append({"number": total, "level": amps[frame, place]})
                total += 1
        for note in [*notes, *begun]:
            for place in np.flatnonzero(numbers[frame] == note["number"]):
                note["level"] = 0.5 * (note["level"] + amps[frame, place])
                note["shift"], note["seen"] = shifts[frame, place], frame
        for note in notes:
            apart = all(abs(note["shift"] - other["shift"]) > glide for other in begun)
            note["lost"] = frame - note["seen"] > (gap if apart else 0)
        notes = [note for note in notes if not note["lost"]] + begun
    return numbers


def energies(params, numbers, frames, harscale, rivals, apart, orders):
    """Order, centre and square of the frame, of each tone of a note [i] at each order not hidden.

    Returns (note, index of the order, centre, square) of each, in any order.
    """
    result = []
    for frame, place in np.argwhere(numbers >= 0):
        own, others = params[frame, :, place], np.delete(params[frame].T, place, axis=0)
        harmonics = [centres(o[1], o[3], rivals, harscale) for o in others if o[0] > 0]
        centre = own[1] + harscale * (np.log(orders) + 0.5 * np.log(1 + own[3] * orders**2))
        far = np.abs(np.concatenate([*harmonics, [np.inf]])[:, None] - centre).min(axis=0) >= apart
        for i in np.flatnonzero(far & (np.rint(centre) > 0)):
            near = frames[frame, round(centre[i]) - 1 : round(centre[i]) + 2]
            if near.size == 3:
                result.append((numbers[frame, place], i, centre[i], near.max() ** 2))
    return result


def log_density(values, covariance):
    return scipy.stats.multivariate_normal.logpdf(values, cov=covariance)


def assignment_value(
    insts, vectors, precisions, pitches, variances, heights, lines, pairs, alike, crossing
):
    """The value of an assignment, from the description in `musisep.notes.assignment`.

    The vectors' is relative to that of notes which have only their own variances about 0.
    ``variances`` are those of players and of pitches, ``lines`` [note, next] of all later notes.
    """
    total = 0.0
    for inst in np.unique(insts):
        mine = np.flatnonzero(insts == inst)
        same = pitches[mine, None] == pitches[mine]
        own = np.diag(1 / precisions[mine])
        for values, of_players, of_pitches in zip(vectors[mine].T, *variances, strict=True):
            total += log_density(values, own + of_players + of_pitches * same)
            total -= log_density(values, own)
        total += sum(lines[one, other] for one, other in itertools.pairwise(mine))
    for (one, other), odds, price in zip(pairs, alike, crossing, strict=True):
        if insts[one] == insts[other]:
            total += odds
        elif (heights[one] > heights[other]) == (insts[one] > insts[other]):
            total -= price
    return total


def shares(spects, spectra, tiny):
    """Parts [instrument, frame, bin] of complex spectra [frame, bin] in proportion to `spects`."""
    total = spects.sum(axis=0)
    mask = np.where(total > tiny, spects / np.where(total > tiny, total, 1), 0)
    return mask * spectra


def placed(shares, silent, points, spectra):
    """Parts of spectra [2, frame, bin] by the multichannel Wiener filter, point by point."""
    covariances = [0.5 * np.array([[1 + p.real, p.imag], [p.imag, 1 - p.real]]) for p in points]
    parts = np.empty((len(points), *spectra.shape), complex)
    for at in np.ndindex(silent.shape):
        pair = spectra[(slice(None), *at)]
        unit = pair / np.linalg.norm(pair)
        powers = [
            share[at] / np.linalg.det(own) / (unit.conj() @ np.linalg.inv(own) @ unit).real ** 2
            for share, own in zip(shares, covariances, strict=True)
        ]
        total = silent[at] * np.eye(2) / 2
        total = total + sum(v * own for v, own in zip(powers, covariances, strict=True))
        for k, (power, own) in enumerate(zip(powers, covariances, strict=True)):
            parts[(k, slice(None), *at)] = power * own @ np.linalg.inv(total) @ pair
    return parts


def cheapest_warp(rows, columns, lows, highs, both, single):
    """Cost of the cheapest way from the first cell to the last within a band; infinite if none."""
    costs = {(-1, -1): 0.0}
    for i, j in np.ndindex(len(rows), len(columns)):
        if lows[i] <= j < highs[i]:
            cell = 1 - rows[i].astype(float) @ columns[j].astype(float)
            ways = [((i - 1, j - 1), both), ((i - 1, j), single), ((i, j - 1), single)]
            costs[i, j] = min(costs.get(way, np.inf) + price * cell for way, price in ways)
    return costs[len(rows) - 1, len(columns) - 1]
