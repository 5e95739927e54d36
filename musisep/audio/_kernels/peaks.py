"""Kernels: the peaks of short-time spectra, found and redrawn on a logarithmic axis."""

import numpy as np

from musisep._util.compiled import kernel
from musisep._util.constants import TINY
from musisep.audio._kernels.gaussians import gaussian_start, support

PASSES = 2
"""Times that peaks are looked for in what the earlier times left over."""
FLOOR = 1e-7
"""Peaks below this share of a frame's largest are rounding and the cut of the window."""
NARROWEST, WIDEST = 0.8, 1.5
"""Limits of a fitted width, relative to that of a steady sinusoid."""


@kernel
def redraw_peaks(residuals, peak_sigma, first_bin, harscale, sigma_bins, drawn):
    """Move the peaks of magnitude spectra to a logarithmic axis.

    Parameters
    ----------
    residuals : array, shape (frame, frequency)
        Magnitudes; what no peak explains is left. A frame that is not finite becomes NaN.
    peak_sigma : float
        Standard deviation of a sinusoid's peak, in bins of `residuals`.
    first_bin : float
        Position on the logarithmic axis of bin 1 of `residuals`.
    harscale : float
        Bins of the logarithmic axis per factor e.
    sigma_bins : float
        Standard deviation of a drawn peak.
    drawn : array, shape (frame, bin)
        Changed in place: the peaks are added to it.
    """
    frames, size = residuals.shape
    position = np.empty(size)
    height = np.empty(size)
    sigma = np.empty(size)
    for t in range(frames):
        residual = residuals[t]
        floor = FLOOR * residual.max() + TINY  # never 0: its logarithm is taken
        if not np.isfinite(floor):
            drawn[t] = np.nan
            continue
        for _ in range(PASSES):
            count = 0
            for i in range(1, size - 1):
                if residual[i] > floor and residual[i - 1] < residual[i] >= residual[i + 1]:
                    fitted = fit_peak(residual[i - 1], residual[i], residual[i + 1], floor)
                    position[count] = i + fitted[0]
                    height[count] = fitted[1]
                    sigma[count] = min(max(fitted[2], NARROWEST * peak_sigma), WIDEST * peak_sigma)
                    count += 1
            for peak in range(count):
                add_gaussian(residual, position[peak], -height[peak], sigma[peak])
                centre = first_bin + harscale * np.log(position[peak])
                add_gaussian(drawn[t], centre, height[peak], sigma_bins)


@kernel
def fit_peak(left, top, right, floor):
    """Fit a Gaussian through a maximum and its neighbours, raised to `floor` if below.

    Returns its position relative to the maximum, its height and its standard deviation.
    """
    down = np.log(top / max(left, floor))
    up = np.log(top / max(right, floor))
    position = 0.5 * (down - up) / (down + up)
    height = top * np.exp(0.125 * (down - up) ** 2 / (down + up))
    return position, height, 1 / np.sqrt(down + up)


@kernel
def add_gaussian(target, centre, height, sigma):
    """Add height * exp(-(i - centre)**2 / (2 sigma**2)), cut at 6 sigma, to target [i]."""
    low, high = support(centre, sigma, target.size)
    value, ratio, decay = gaussian_start(low, centre, sigma, 1.0)
    value *= height
    for i in range(low, high):
        target[i] += value
        value *= ratio
        ratio *= decay
