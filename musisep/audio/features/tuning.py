"""How far a recording is from concert pitch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, number, whole_hz, within
from musisep.audio.arrays import Real, Spectra
from musisep.audio.features._kernels.tuning import circular_moments
from musisep.audio.features.functions import shows_frames
from musisep.audio.filterbank import (
    as_spectrogram,
    measure_frames,
    measure_spectra,
    of_either,
    spectral_power,
)
from musisep.audio.stft import get_transform

WIDTH = 0.15
"""Standard deviation of what is drawn for a peak, in bins: if it was wider, strong partials beside
the scale (the fifth, the seventh) would draw the result to them; if narrower, the turning points of
a vibrato would be two maxima."""
ORDERS = 4
"""Terms of its Fourier series; the next is 1e-5 of the mean."""
FINEST_SCALE = 1200
"""Bins per octave, cents: peaks are not placed better than that."""
FINEST = 1e-4
"""Least resolution, a hundredth of a cent."""


@shows_frames
def estimate_tuning(
    x: ArrayLike | None = None,
    *,
    spectrogram: ArrayLike | None = None,
    sample_rate: int = 22050,
    n_fft: int = 2048,
    hop_length: int | None = 512,
    bins_per_octave: int = 12,
    resolution: float = 0.01,
    f_min: float = 150.0,
    f_max: float = 4000.0,
    **settings: Any,
) -> float | NDArray[np.float64]:
    """Estimate how far the bins of an equal-tempered scale are from those on 440 Hz.

    Every spectral peak of more than a tenth of the largest magnitude in its frame is placed between
    its neighbours by a parabola, and drawn with its power as a Gaussian on the circle that one bin
    makes. The result is where their sum is largest. It is the `tuning` of `chroma_stft`; a
    constant-Q transform follows it from ``fmin * 2 ** (tuning / bins_per_octave)``.

    Parameters
    ----------
    x : array_like [..., sample]
        One signal or several.
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
    bins_per_octave : int, from 1 to 1200
        Bins of the scale: 12 for semitones.
    resolution : float, from 0.0001 to 0.5
        Distance of the values that are tried, in bins.
    f_min, f_max : float
        Where peaks are looked for, in Hz, 0 <= f_min < f_max.
    win_length : int, optional
        Samples of the window; n_fft if None.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`; see `musisep.audio.stft.SpectralTransform`, as for the
        next three.
    center : bool
        Whether frames are centred on multiples of the hop, or begin there.
    center_pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends: mirrored, or silent.
    center_tail_pad : {"symmetric", "minimal"}
        How far it goes on at its end.

    Returns
    -------
    float, or ndarray, float [...]
        In bins, from -0.5 to below 0.5: one number for one signal. 0 without a peak, as in
        silence; NaN if a sample is not finite.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the signal too short, or not just one of `x` and
        `spectrogram` given.

    Examples
    --------
    A sinusoid a fifth of a semitone above 440 Hz:

    >>> import numpy as np
    >>> from musisep.audio import estimate_tuning
    >>> hz = 440 * 2 ** (0.2 / 12)
    >>> sine = np.sin(2 * np.pi * hz * np.arange(8000) / 8000)
    >>> round(estimate_tuning(sine, sample_rate=8000, resolution=0.05), 2)
    0.2
    """
    sample_rate = whole_hz("sample_rate", sample_rate)
    transform = get_transform(
        n_fft=n_fft, hop_length=hop_length, sample_rate=sample_rate, **settings
    )
    bins_per_octave = at_least("bins_per_octave", bins_per_octave, 1, FINEST_SCALE)
    steps = math.ceil(1 / within("resolution", resolution, FINEST, 0.5))
    bin_hz = sample_rate / transform.n_fft
    first, stop = _range(f_min, f_max, bin_hz, transform.bins)

    def measure(spectra: Real | Spectra, moments: Real) -> None:
        powers = spectral_power(spectra)
        moments[:] = circular_moments(powers, first, stop, bin_hz, bins_per_octave, ORDERS)

    def of_signal(x: ArrayLike) -> Real:
        return measure_frames(transform, x, 2 * ORDERS, measure, name="x")

    def of_spectrogram(spectrogram: ArrayLike) -> Real:
        return measure_spectra(as_spectrogram(spectrogram, transform.bins), 2 * ORDERS, measure)

    moments = of_either(x, spectrogram, of_signal, of_spectrogram)
    found = _densest(moments.sum(axis=-1, dtype=np.float64), steps)
    return found if found.ndim else float(found)


def _range(f_min: float, f_max: float, bin_hz: float, bins: int) -> tuple[int, int]:
    """Return the first bin from `f_min` on and the one after the last below `f_max`."""
    f_min, f_max = number("f_min", f_min), number("f_max", f_max)
    first = max(1, math.ceil(f_min / bin_hz))
    stop = min(bins - 1, math.ceil(f_max / bin_hz))
    if not (f_min >= 0 and first < stop):
        raise ValueError(
            f"0 <= {f_min=} < {f_max=} must have a bin between them; there is one every {bin_hz} Hz"
        )
    return first, stop


def _densest(moments: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Find where Gaussians are densest, by the moments [..., 2 * ORDERS] of their centres."""
    order = np.arange(1, ORDERS + 1)[:, np.newaxis]
    place = (np.arange(steps) - steps // 2) / steps
    weight = np.exp(-2 * (np.pi * WIDTH * order) ** 2)
    waves = np.concatenate(
        [weight * np.cos(2 * np.pi * order * place), weight * np.sin(2 * np.pi * order * place)]
    )
    density = moments @ waves
    largest = density.max(axis=-1)
    # Without a peak all is 0; what is not finite stays so.
    return np.where(largest > 0, place[density.argmax(axis=-1)], 0 * largest)
