"""Kernels of phase retrieval. Spectra and magnitudes are [frame, frequency], and contiguous."""

import heapq
import math

import numpy as np

from musisep._util.compiled import kernel, sum_kernel


@sum_kernel
def set_magnitudes(spectra, magnitudes):
    """Give spectra other magnitudes and leave their phases; where they are 0, they stay so."""
    tiny = np.finfo(magnitudes.dtype).tiny
    for t in range(spectra.shape[0]):
        values, wanted = spectra[t].view(magnitudes.dtype), magnitudes[t]
        for f in range(wanted.size):
            real, imag = values[2 * f], values[2 * f + 1]
            scale = wanted[f] / math.sqrt(real * real + imag * imag + tiny)
            values[2 * f] = scale * real
            values[2 * f + 1] = scale * imag


@sum_kernel
def accelerate(spectra, former, magnitudes, share):
    """Take the phases of ``spectra - share * former`` and the given magnitudes.

    Parameters
    ----------
    spectra : array of complex
        Replaced by the result.
    former : array of complex
        Replaced by what `spectra` was.
    magnitudes : array of reals
    share : float
        Of the type of the magnitudes.
    """
    tiny = np.finfo(magnitudes.dtype).tiny
    for t in range(spectra.shape[0]):
        values, wanted = spectra[t].view(magnitudes.dtype), magnitudes[t]
        before = former[t].view(magnitudes.dtype)
        for f in range(wanted.size):
            real = values[2 * f] - share * before[2 * f]
            imag = values[2 * f + 1] - share * before[2 * f + 1]
            before[2 * f] = values[2 * f]
            before[2 * f + 1] = values[2 * f + 1]
            scale = wanted[f] / math.sqrt(real * real + imag * imag + tiny)
            values[2 * f] = scale * real
            values[2 * f + 1] = scale * imag


@sum_kernel
def reflect_magnitudes(spectra, state, magnitudes, rho):
    """Take one step of the alternating direction method of multipliers.

    Parameters
    ----------
    spectra : array of complex
        Consistent spectra closest to `state`; replaced by the new state.
    state : array of complex
        Magnitude estimate plus dual variable; replaced by the new state.
    magnitudes : array of reals
    rho : float
        Of the type of the magnitudes.
    """
    tiny = np.finfo(magnitudes.dtype).tiny
    one = magnitudes.dtype.type(1)
    two = magnitudes.dtype.type(2)
    own, found = rho / (one + rho), one / (one + rho)
    for t in range(spectra.shape[0]):
        values, wanted = spectra[t].view(magnitudes.dtype), magnitudes[t]
        sums = state[t].view(magnitudes.dtype)
        for f in range(wanted.size):
            near_real = own * sums[2 * f] + found * values[2 * f]
            near_imag = own * sums[2 * f + 1] + found * values[2 * f + 1]
            real = two * near_real - sums[2 * f]
            imag = two * near_imag - sums[2 * f + 1]
            scale = wanted[f] / math.sqrt(real * real + imag * imag + tiny)
            sums[2 * f] += scale * real - near_real
            sums[2 * f + 1] += scale * imag - near_imag
            values[2 * f] = sums[2 * f]
            values[2 * f + 1] = sums[2 * f + 1]


@kernel
def weave(frames, before, gains, window, hop_length, beyond, mirrored):
    """Overlap and add frames to what came before them, and cut the sum into frames again.

    Parameters
    ----------
    frames : array, shape (frame, n)
        Inverse transforms; replaced by the windowed frames of the sum.
    before : array, shape (sample,)
        What earlier frames add to the samples of these.
    gains : array, shape (sample,)
        What the sum is multiplied by.
    window : array, shape (n,)
    hop_length : int
    beyond, mirrored : array of int, shape (place,)
        Samples of the sum that are replaced, and those that they become equal to.
    """
    total = before.copy()
    for t in range(frames.shape[0]):
        part = total[t * hop_length : t * hop_length + window.size]
        for n in range(window.size):
            part[n] += window[n] * frames[t, n]
    for n in range(total.size):
        total[n] *= gains[n]
    for i in range(beyond.size):
        total[beyond[i]] = total[mirrored[i]]
    for t in range(frames.shape[0]):
        part = total[t * hop_length : t * hop_length + window.size]
        for n in range(window.size):
            frames[t, n] = window[n] * part[n]


@kernel
def find_peaks(magnitudes, advance, peaks, turns):
    """Find the peak that each bin belongs to, and its frequency.

    A peak takes the bins down to the next valleys. It is where a parabola through the logarithms
    of three bins has its maximum.

    Parameters
    ----------
    magnitudes : array, shape (frame, frequency)
    advance : float
        Turns by which a sinusoid of 1 bin goes on from a frame to the next.
    peaks : array of int, shape (frame, frequency)
        Filled in with the bin of the peak.
    turns : array, shape (frame, frequency)
        Filled in with the part of a turn, from 0 to 1, by which the peak's sinusoid goes on.
    """
    bins = magnitudes.shape[1]
    for t in range(magnitudes.shape[0]):
        wanted = magnitudes[t]
        start = 0
        while start < bins:
            peak = start
            while peak + 1 < bins and wanted[peak + 1] > wanted[peak]:
                peak += 1
            stop = peak + 1
            while stop < bins and wanted[stop] <= wanted[stop - 1] and wanted[stop] > 0:
                stop += 1
            place = float(peak)
            if 0 < peak < bins - 1 and wanted[peak - 1] > 0 and wanted[peak + 1] > 0:
                left = math.log(wanted[peak] / wanted[peak - 1])
                right = math.log(wanted[peak] / wanted[peak + 1])
                if 0 < left + right < math.inf:
                    place += 0.5 * (left - right) / (left + right)
            phase = advance * place
            peaks[t, start:stop] = peak
            turns[t, start:stop] = phase - np.floor(phase)
            start = stop


@kernel
def follow_peaks(peaks, turns):
    """Add up the turns of each peak and of what was in its bin before, from frame to frame.

    Parameters
    ----------
    peaks : array of int, shape (frame, frequency)
    turns : array, shape (frame, frequency)
        Replaced by the sums, less whole turns.
    """
    for t in range(1, turns.shape[0]):
        for f in range(turns.shape[1]):
            phase = turns[t - 1, peaks[t, f]] + turns[t, f]
            turns[t, f] = phase - np.floor(phase)


@kernel
def turn(peaks, turns, factors, phasors):
    """Make phasors of the phases of peaks.

    Parameters
    ----------
    peaks : array of int, shape (frame, frequency)
    turns : array, shape (frame, frequency)
        Phases, the same for all bins of a peak.
    factors : array of complex, shape (frequency,)
        What the phasors are multiplied by.
    phasors : array of complex, shape (frame, frequency)
        Filled in.
    """
    kind = factors.real.dtype.type
    for t in range(turns.shape[0]):
        peak = -1
        phasor = factors[0]
        for f in range(turns.shape[1]):
            if peaks[t, f] != peak:
                peak = peaks[t, f]
                angle = kind(2 * math.pi * turns[t, f])
                phasor = complex(math.cos(angle), math.sin(angle))
            phasors[t, f] = factors[f] * phasor


@kernel
def compare(found, wanted, scale, difference):
    """Return the sum of the squares, in double precision, of ``scale * (found - wanted)``.

    Parameters
    ----------
    found, wanted : array, shape (frame, frequency)
    scale : float
    difference : array, shape (frame, frequency)
        Filled in with what is squared.
    """
    total = 0.0
    for t in range(found.shape[0]):
        for f in range(found.shape[1]):
            value = scale * (found[t, f] - wanted[t, f])
            difference[t, f] = value
            total += value * value
    return total


@kernel
def integrate_gradients(logs, order, limit, by_time, by_frequency, phases, known):
    """Integrate the gradient of the phase, from louder points to softer ones.

    Parameters
    ----------
    logs : array, shape (frame, frequency)
        Logarithms of the magnitudes.
    order : array of int, shape (frame * frequency,)
        Points by falling magnitude.
    limit : float
        Points whose logarithm is below are left out.
    by_time, by_frequency : array, shape (frame, frequency)
        Differences of the phase per frame and per bin, in radians.
    phases : array, shape (frame, frequency)
        Filled in; each connected region begins with what its loudest point holds.
    known : array of bool, shape (frame, frequency)
        All false; set for the points that are filled in.
    """
    frames, bins = logs.shape
    heap = [(0.0, 0)]
    heap.clear()
    for first in order:
        t, f = first // bins, first % bins
        if logs[t, f] < limit:
            break
        if known[t, f]:
            continue
        known[t, f] = True
        heapq.heappush(heap, (-logs[t, f], first))
        while heap:
            _, place = heapq.heappop(heap)
            t, f = place // bins, place % bins
            for step_t, step_f in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                u, g = t + step_t, f + step_f
                if not (0 <= u < frames and 0 <= g < bins) or known[u, g] or logs[u, g] < limit:
                    continue
                slope = by_time if step_t != 0 else by_frequency
                mean = 0.5 * (slope[t, f] + slope[u, g])
                phases[u, g] = phases[t, f] + (step_t + step_f) * mean
                known[u, g] = True
                heapq.heappush(heap, (-logs[u, g], u * bins + g))
