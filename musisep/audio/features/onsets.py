"""How much louder the bands of a signal become from frame to frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.ndimage
from numpy.typing import ArrayLike

from musisep._util.checks import at_least
from musisep._util.signatures import shows_fields
from musisep.audio.arrays import Real
from musisep.audio.filterbank import as_spectrogram, of_either
from musisep.audio.mel import MelNorm, MelScale, MelSpectrogramTransform

NOT_IN_DECIBELS = ("output_scale", "log_amin", "log_mode", "log_multiplier")


@shows_fields(MelSpectrogramTransform, without=NOT_IN_DECIBELS)
def onset_strength_multi(
    x: ArrayLike | None = None,
    *,
    spectrogram: ArrayLike | None = None,
    sample_rate: int = 22050,
    n_fft: int = 2048,
    hop_length: int | None = 512,
    lag: int = 1,
    max_size: int = 1,
    norm: MelNorm | None = "slaney",
    mel_scale: MelScale = "slaney",
    **parameters: Any,
) -> Real:
    """Measure by how much each band of a mel spectrogram in dB rises: its spectral flux.

    max(0, L[band, t] - max L[neighbours, t - lag]), where decreases count as 0, later by
    n_fft // (2 hop_length) frames if frames are centred: where a frame ends that contains the
    onset. Equal to librosa's `onset_strength_multi` with one channel for each band.

    Parameters
    ----------
    x : array_like [..., sample]
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    sample_rate, n_fft, hop_length, norm, mel_scale, **parameters
        Those of `musisep.audio.mel.MelSpectrogramTransform` that have to do with decibels; all but
        these have its defaults.
    lag : int > 0
        Frames between the levels that are compared.
    max_size : int > 0
        Bands whose loudest is compared with: above 1, vibrato is no onset (Böck and Widmer,
        "Maximum filter vibrato suppression for onset detection", 2013).

    Returns
    -------
    ndarray, float [..., n_mels, frame]
        In dB; float32 for a float32 signal, else float64.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the signal too short, or not just one of `x` and
        `spectrogram` given.
    """
    lag, max_size = at_least("lag", lag, 1), at_least("max_size", max_size, 1)
    mel = MelSpectrogramTransform(
        sample_rate=sample_rate,
        n_fft=n_fft,
        hop_length=hop_length,
        norm=norm,
        mel_scale=mel_scale,
        output_scale="db",
        **parameters,
    )

    def of_spectrogram(values: ArrayLike) -> Real:
        spectra = as_spectrogram(values, mel.transform.bins)
        # Magnitudes are spectra of phase 0.
        return mel.from_spectrogram(spectra.astype(np.result_type(spectra, np.complex64)))

    levels = of_either(x, spectrogram, mel, of_spectrogram)
    before = scipy.ndimage.maximum_filter1d(levels, max_size, axis=-2) if max_size > 1 else levels
    hop = mel.transform.hop_length or 1  # never None since construction
    late = mel.transform.n_fft // (2 * hop) if mel.center else 0
    rises = np.zeros_like(levels)
    count = max(0, levels.shape[-1] - lag - late)
    with np.errstate(invalid="ignore"):  # infinite levels have no difference
        later = levels[..., lag : lag + count]
        np.subtract(later, before[..., :count], out=rises[..., lag + late :])
    return np.maximum(rises, 0, out=rises)


@shows_fields(onset_strength_multi)
def onset_strength(x: ArrayLike | None = None, **parameters: Any) -> Real:
    """Measure how much louder a signal becomes: the mean of `onset_strength_multi` over its bands.

    Parameters
    ----------
    x : array_like [..., sample]
    **parameters
        Those of `onset_strength_multi`, with its defaults.

    Returns
    -------
    ndarray, float [..., frame]
        In dB; float32 for a float32 signal, else float64.

    Raises
    ------
    ValueError
        As `onset_strength_multi`.
    """
    return onset_strength_multi(x, **parameters).mean(axis=-2)
