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
        One signal or several.
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
    lag : int > 0
        Frames between the levels that are compared.
    max_size : int > 0
        Bands whose loudest is compared with: above 1, vibrato is no onset [1]_.
    norm : {None, "slaney"}
        Filters of height 1, or of area 1 (over Hz).
    mel_scale : {"htk", "slaney"}
        Which formula of mel.
    win_length : int, optional
        Samples of the window; n_fft if None.
    n_mels : int > 0
        Number of bands.
    f_min : float
        Where the first band begins, in Hz.
    f_max : float, optional
        Where the last band ends, in Hz; sample_rate / 2 if None.
    power : float > 0
        Magnitudes are raised to this power before they are pooled.
    top_db : float >= 0, optional
        Dynamic range of the levels; see `musisep.audio.decibels.amplitude_to_db`.
    mode : {"per_example", "torchaudio_compat"}
        Which maximum `top_db` refers to.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`; see `musisep.audio.stft.SpectralTransform`, as for the
        next five.
    periodic : bool
        Whether the window is periodic or symmetric.
    center : bool
        Whether frames are centred on multiples of the hop, or begin there.
    center_pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends: mirrored, or silent.
    center_tail_pad : {"symmetric", "minimal"}
        How far it goes on at its end.
    normalized : bool or {"frame_length", "window"}
        What spectra are divided by.

    Returns
    -------
    ndarray, float [..., n_mels, frame]
        In dB; float32 for a float32 signal, else float64.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the signal too short, or not just one of `x` and
        `spectrogram` given.

    References
    ----------
    .. [1] S. Böck, G. Widmer: Maximum filter vibrato suppression for onset detection.
       Proc. DAFx-13, Maynooth (2013).

    Examples
    --------
    Two sinusoids, of which the higher one begins later:

    >>> import numpy as np
    >>> from musisep.audio import onset_strength_multi
    >>> time_s = np.arange(16000) / 8000
    >>> low = np.sin(2 * np.pi * 300 * time_s) * (time_s >= 0.5)
    >>> high = np.sin(2 * np.pi * 2000 * time_s) * (time_s >= 1.0)
    >>> rises = onset_strength_multi(
    ...     low + high, sample_rate=8000, n_fft=512, hop_length=80, n_mels=2, top_db=40
    ... )
    >>> (rises.argmax(axis=1) * 80 / 8000).round(1).tolist()  # [band], in seconds
    [0.5, 1.0]
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
        One signal or several.
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
    lag : int > 0
        Frames between the levels that are compared.
    max_size : int > 0
        Bands whose loudest is compared with; see `onset_strength_multi`.
    norm : {None, "slaney"}
        Filters of height 1, or of area 1 (over Hz).
    mel_scale : {"htk", "slaney"}
        Which formula of mel.
    win_length : int, optional
        Samples of the window; n_fft if None.
    n_mels : int > 0
        Number of bands.
    f_min : float
        Where the first band begins, in Hz.
    f_max : float, optional
        Where the last band ends, in Hz; sample_rate / 2 if None.
    power : float > 0
        Magnitudes are raised to this power before they are pooled.
    top_db : float >= 0, optional
        Dynamic range of the levels; see `musisep.audio.decibels.amplitude_to_db`.
    mode : {"per_example", "torchaudio_compat"}
        Which maximum `top_db` refers to.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`; see `musisep.audio.stft.SpectralTransform`, as for the
        next five.
    periodic : bool
        Whether the window is periodic or symmetric.
    center : bool
        Whether frames are centred on multiples of the hop, or begin there.
    center_pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends: mirrored, or silent.
    center_tail_pad : {"symmetric", "minimal"}
        How far it goes on at its end.
    normalized : bool or {"frame_length", "window"}
        What spectra are divided by.

    Returns
    -------
    ndarray, float [..., frame]
        In dB; float32 for a float32 signal, else float64.

    Raises
    ------
    ValueError
        As `onset_strength_multi`.

    Examples
    --------
    A click after one second:

    >>> import numpy as np
    >>> from musisep.audio import onset_strength
    >>> signal = np.zeros(16000)
    >>> signal[8000] = 1.0
    >>> strength = onset_strength(signal, sample_rate=8000, n_fft=256, hop_length=80, n_mels=8)
    >>> (strength.argmax() * 80 / 8000).round(1).item()
    1.0
    """
    return onset_strength_multi(x, **parameters).mean(axis=-2)
