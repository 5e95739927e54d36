"""Kernels of synthesis and of masks."""

import numpy as np

from musisep._util.compiled import kernel
from musisep._util.constants import TINY
from musisep.tones._kernels import AMP, SHIFT, SIGMA, inst_shift


@kernel
def add_tones_of_frames(params, insts, columns, dictionary, harscale, pexp, powers):
    """Add the p-th powers of all tones to ``powers`` [instrument, frame, bin].

    ``params`` is ``[frame, 4, tone]``; ``insts`` ``[frame, tone]`` tells to which instrument a tone
    belongs, ``columns`` ``[frame, tone]`` with which column of ``dictionary`` it sounds.
    """
    for frame in range(params.shape[0]):
        for tone in range(insts.shape[1]):
            one = slice(tone, tone + 1)
            inst_shift(
                params[frame, :, one], columns[frame, one], dictionary, harscale, pexp,
                powers[insts[frame, tone], frame],
            )  # fmt: skip


@kernel
def ring(params, insts, columns, decay, near, rings, ring_insts, ring_columns):
    """Fill ``rings`` [frame, 4, place]: in each place the tone that was lost last, dying away.

    Its amplitude is multiplied by `decay` from frame to frame. A tone is lost where its place has
    none `near` it, or one of another instrument; a softer one than what rings does not ring.
    """
    for place in range(insts.shape[1]):
        ring_insts[0, place], ring_columns[0, place] = insts[0, place], columns[0, place]
        rings[0, SIGMA, place] = params[0, SIGMA, place]
    for frame in range(1, insts.shape[0]):
        last = frame - 1
        for place in range(insts.shape[1]):
            amp = decay * params[last, AMP, place]
            move = abs(params[frame, SHIFT, place] - params[last, SHIFT, place])
            silent = params[frame, AMP, place] <= 0.0
            lost = silent or move > near or insts[frame, place] != insts[last, place]
            if lost and amp > decay * rings[last, AMP, place]:
                for i in range(4):
                    rings[frame, i, place] = params[last, i, place]
                rings[frame, AMP, place] = amp
                ring_insts[frame, place] = insts[last, place]
                ring_columns[frame, place] = columns[last, place]
            else:
                for i in range(4):
                    rings[frame, i, place] = rings[last, i, place]
                rings[frame, AMP, place] = decay * rings[last, AMP, place]
                ring_insts[frame, place] = ring_insts[last, place]
                ring_columns[frame, place] = ring_columns[last, place]


@kernel
def add_skirts(spects, level, decay):
    """Add to ``spects`` [instrument, frame, bin] `level` of themselves, spread over the bins.

    What is spread is multiplied by `decay` from bin to bin, on either side.
    """
    size = spects.shape[2]
    skirt = np.empty(size)
    for inst in range(spects.shape[0]):
        for frame in range(spects.shape[1]):
            spect, spread = spects[inst, frame], 0.0
            for i in range(size):
                spread = decay * spread + spect[i]
                skirt[i] = spread
            spread = 0.0
            for i in range(size - 1, -1, -1):
                skirt[i] += spread
                spread = decay * (spread + spect[i])
                spect[i] += level * skirt[i]


@kernel
def divide_spectra(spects, spectra, shares):
    """Fill ``shares`` [instrument, channel, frame, bin] by parts of ``spectra`` [channel, ...].

    The parts are proportional to ``spects`` [instrument, frame, bin], and 0 where all of these are.
    """
    size = spects.shape[2]
    inverse = np.empty(size)
    for frame in range(spects.shape[1]):
        inverse[:] = 0.0
        for inst in range(spects.shape[0]):
            for i in range(size):
                inverse[i] += spects[inst, frame, i]
        for i in range(size):
            inverse[i] = 1.0 / inverse[i] if inverse[i] > TINY else 0.0
        for inst in range(spects.shape[0]):
            spect = spects[inst, frame]
            for channel in range(spectra.shape[0]):
                source, target = spectra[channel, frame], shares[inst, channel, frame]
                for i in range(size):
                    target[i] = (spect[i] * inverse[i]) * source[i]


@kernel
def divide_by_place(shares, silent, points, spectra, stems):
    """Fill ``stems`` [instrument, channel, frame, bin] by parts of ``spectra`` [2, frame, bin].

    ``shares`` is [instrument, frame, bin], ``silent`` [frame, bin] the share of nobody, ``points``
    [instrument] the places. The formulas are those of `musisep.masking.places`.
    """
    size = points.size
    powers = np.empty(size)
    for frame in range(spectra.shape[1]):
        for i in range(spectra.shape[2]):
            left, right = spectra[0, frame, i], spectra[1, frame, i]
            lefts, rights = left.real**2 + left.imag**2, right.real**2 + right.imag**2
            both = 2.0 * (left.real * right.real + left.imag * right.imag)
            energy = max(lefts + rights, TINY)
            # The covariance of the point, [[total + across, along], [along, total - across]] / 2.
            total, across, along = silent[frame, i], 0.0, 0.0
            for k in range(size):
                place = points[k]
                off = 1.0 - (place.real * (lefts - rights) + place.imag * both) / energy
                near = 1.0 - place.real**2 - place.imag**2
                powers[k] = shares[k, frame, i] * near / (off * off)
                total += powers[k]
                across += powers[k] * place.real
                along += powers[k] * place.imag
            scale = 1.0 / (total * total - across * across - along * along)
            white_left = scale * ((total - across) * left - along * right)
            white_right = scale * ((total + across) * right - along * left)
            for k in range(size):
                place = points[k]
                stems[k, 0, frame, i] = powers[k] * (
                    (1.0 + place.real) * white_left + place.imag * white_right
                )
                stems[k, 1, frame, i] = powers[k] * (
                    place.imag * white_left + (1.0 - place.real) * white_right
                )
