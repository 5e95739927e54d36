"""A function for each feature of the short-time spectrum, and one for several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypedDict, Unpack

from numpy.typing import ArrayLike

from musisep._util.signatures import shows_fields
from musisep.audio.arrays import Real
from musisep.audio.features.spectral import SpectralFeatureTransform
from musisep.audio.filterbank import of_either


class FrameSettings(TypedDict, total=False):
    """Parameters that all features of spectra share: see `SpectralFeatureTransform`."""

    sample_rate: int
    n_fft: int
    hop_length: int | None
    win_length: int | None
    window_fn: str | tuple[object, ...]
    center: bool
    center_pad_mode: Literal["reflect", "constant"]
    center_tail_pad: Literal["symmetric", "minimal"]


@shows_fields(SpectralFeatureTransform)
def spectral_features(
    x: ArrayLike | None = None,
    *,
    spectrogram: ArrayLike | None = None,
    include: Iterable[str] | None = None,
    **settings: Any,
) -> dict[str, Real]:
    """Measure several features of a signal in one pass over its short-time spectrum.

    Parameters
    ----------
    x : array_like [..., sample]
        One signal or several.
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead; see `SpectralFeatureTransform.from_spectrogram`.
    include : iterable of str, optional
        Features; see `SpectralFeatureTransform`.
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
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
    n_chroma : int > 0
        Pitch classes in an octave; see `chroma_stft`, as for the next two.
    chroma_norm : float, optional
        The `norm` there.
    tuning : float
        Deviation from 440 Hz, in pitch classes.
    bandwidth_p : float
        The `p` of `spectral_bandwidth`.
    roll_percent : float
        As of `spectral_rolloff`.
    n_bands : int > 0
        Number of octaves; see `spectral_contrast`, as for the next two.
    contrast_fmin : float > 0
        The `fmin` there, in Hz.
    contrast_quantile : float
        The `quantile` there.
    n_mfcc : int > 0
        Number of coefficients; see `musisep.audio.mel.MFCCTransform`, as for all that follow.
    n_mels : int > 0
        Number of mel filters.
    f_min : float
        Where the first of these begins, in Hz.
    f_max : float, optional
        Where the last of these ends, in Hz; sample_rate / 2 if None.
    mel_norm : {None, "slaney"}
        The `norm` there.
    mel_scale : {"htk", "slaney"}
        Which formula of mel.
    top_db : float >= 0, optional
        Dynamic range of the levels.
    lifter : int >= 0
        How coefficients are weighted.
    dct_norm : {"ortho", None}
        How the cosine transform is scaled.

    Returns
    -------
    dict of ndarray, float [..., row, frame]
        The features by name, in the order of `include`.

    Raises
    ------
    ValueError
        As `SpectralFeatureTransform`, or unless one of `x` and `spectrogram` is given.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio import spectral_features
    >>> sine = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    >>> features = spectral_features(
    ...     sine, include=("spectral_centroid", "spectral_rolloff"), sample_rate=8000, n_fft=512
    ... )
    >>> {name: round(float(values[0, 8]), 1) for name, values in features.items()}
    {'spectral_centroid': 1000.0, 'spectral_rolloff': 1015.6}
    """
    transform = SpectralFeatureTransform(include=include, **settings)
    return of_either(x, spectrogram, transform, transform.from_spectrogram)


shows_frames = shows_fields(SpectralFeatureTransform, only=FrameSettings.__annotations__)


@shows_frames
def chroma_stft(
    x: ArrayLike | None = None,
    *,
    spectrogram: ArrayLike | None = None,
    n_chroma: int = 12,
    norm: float | None = 2,
    tuning: float = 0.0,
    **settings: Unpack[FrameSettings],
) -> Real:
    """Measure the energy of each pitch class.

    Parameters
    ----------
    x : array_like [..., sample]
        One signal or several.
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    n_chroma : int > 0
        Pitch classes in an octave; the first is C.
    norm : float, optional
        Each frame is scaled to this norm of 1: from 0.1 on, or infinite for a maximum of 1; -inf
        for a minimum of 1, if that is not 0. If it is 0, each frame is divided by the number of
        classes that are not 0. Not scaled if None.
    tuning : float
        Deviation from 440 Hz, in pitch classes; an octave at most.
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
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
    ndarray, float [..., n_chroma, frame]
        In float32 for a float32 signal, else in float64, as in all functions here.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the signal too short, or not just one of `x` and
        `spectrogram` given.

    References
    ----------
    D. P. W. Ellis: Chroma feature analysis and synthesis. Columbia University (2007).

    Examples
    --------
    An A of 440 Hz is the pitch class 9, counted from C:

    >>> import numpy as np
    >>> from musisep.audio import chroma_stft
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> chroma = chroma_stft(sine, sample_rate=8000, n_fft=2048)  # [pitch class, frame]
    >>> chroma[:, 8].argmax().item()
    9
    """
    parameters = {"n_chroma": n_chroma, "chroma_norm": norm, "tuning": tuning}
    return _single("chroma_stft", x, spectrogram, settings, **parameters)


@shows_frames
def spectral_centroid(
    x: ArrayLike | None = None,
    *,
    spectrogram: ArrayLike | None = None,
    **settings: Unpack[FrameSettings],
) -> Real:
    """Measure the mean frequency of each frame, weighted by magnitude.

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
    ndarray, float [..., 1, frame]
        In Hz; 0 where it is silent.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the signal too short, or not just one of `x` and
        `spectrogram` given.

    Examples
    --------
    The mean of two sinusoids, of which the higher is three times as loud:

    >>> import numpy as np
    >>> from musisep.audio import spectral_centroid
    >>> phase = 2 * np.pi * 500 * np.arange(8000) / 8000
    >>> signal = np.sin(phase) + 3 * np.sin(2 * phase)
    >>> spectral_centroid(signal, sample_rate=8000, n_fft=512)[0, 8].round(1).item()
    875.0
    """
    return _single("spectral_centroid", x, spectrogram, settings)


@shows_frames
def spectral_bandwidth(
    x: ArrayLike | None = None,
    *,
    spectrogram: ArrayLike | None = None,
    p: float = 2.0,
    **settings: Unpack[FrameSettings],
) -> Real:
    """Measure how far the spectrum of each frame spreads around its centroid.

    Parameters
    ----------
    x : array_like [..., sample]
        One signal or several.
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    p : float, from 0.01 to 30
        The p-th root of the mean p-th power of the distance is taken, weighted by magnitude.
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
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
    ndarray, float [..., 1, frame]
        In Hz; 0 where it is silent.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the signal too short, or not just one of `x` and
        `spectrogram` given.

    Examples
    --------
    Two sinusoids of one amplitude, either 250 Hz away from their mean:

    >>> import numpy as np
    >>> from musisep.audio import spectral_bandwidth
    >>> phase = 2 * np.pi * 500 * np.arange(8000) / 8000
    >>> signal = np.sin(phase) + np.sin(2 * phase)
    >>> spectral_bandwidth(signal, sample_rate=8000, n_fft=2048)[0, 8].round(0).item()
    250.0
    """
    return _single("spectral_bandwidth", x, spectrogram, settings, bandwidth_p=p)


@shows_frames
def spectral_rolloff(
    x: ArrayLike | None = None,
    *,
    spectrogram: ArrayLike | None = None,
    roll_percent: float = 0.85,
    **settings: Unpack[FrameSettings],
) -> Real:
    """Find the frequency below which lies a given share of each frame's magnitudes.

    Parameters
    ----------
    x : array_like [..., sample]
        One signal or several.
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    roll_percent : float
        The share (not in percent), above 0 and below 1.
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
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
    ndarray, float [..., 1, frame]
        In Hz; 0 where it is silent.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the signal too short, or not just one of `x` and
        `spectrogram` given.

    Examples
    --------
    Of two sinusoids, the lower one has two thirds of the magnitudes:

    >>> import numpy as np
    >>> from musisep.audio import spectral_rolloff
    >>> phase = 2 * np.pi * 500 * np.arange(8000) / 8000
    >>> signal = 2 * np.sin(phase) + np.sin(2 * phase)
    >>> for share in (0.6, 0.9):
    ...     spectral_rolloff(signal, roll_percent=share, sample_rate=8000, n_fft=512)[0, 8].item()
    515.625
    1000.0
    """
    return _single("spectral_rolloff", x, spectrogram, settings, roll_percent=roll_percent)


@shows_frames
def spectral_contrast(
    x: ArrayLike | None = None,
    *,
    spectrogram: ArrayLike | None = None,
    n_bands: int = 6,
    fmin: float = 200.0,
    quantile: float = 0.02,
    **settings: Unpack[FrameSettings],
) -> Real:
    """Compare peaks and valleys of the spectrum, octave by octave [1]_.

    Parameters
    ----------
    x : array_like [..., sample]
        One signal or several.
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    n_bands : int > 0
        Bands above `fmin`, an octave each; the last goes on to half the sample rate.
    fmin : float > 0
        Highest frequency of the first band, in Hz.
    quantile : float
        Share of a band's bins that are averaged for its peak and for its valley, above 0 and
        below 1.
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
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
    ndarray, float [..., n_bands + 1, frame]
        In dB, where magnitudes (as in librosa) are taken for powers, and what is 80 dB below the
        maximum of the signal's peaks, or of its valleys, counts as that.

    Raises
    ------
    ValueError
        If a parameter is out of its range, some band has no bin, the signal is too short, or not
        just one of `x` and `spectrogram` given.

    References
    ----------
    .. [1] D.-N. Jiang, L. Lu, H.-J. Zhang, J.-H. Tao, L.-H. Cai: Music type classification by
       spectral contrast feature. Proc. IEEE International Conference on Multimedia and Expo,
       Lausanne (2002), doi:10.1109/ICME.2002.1035731.

    Examples
    --------
    A tone of ten harmonics has more contrast than noise:

    >>> import numpy as np
    >>> from musisep.audio import spectral_contrast
    >>> phase = 2 * np.pi * 220 * np.arange(8000) / 8000
    >>> tone = sum(np.sin(h * phase) for h in range(1, 11))
    >>> noise = np.random.default_rng(0).standard_normal(8000)
    >>> settings = {"n_bands": 3, "sample_rate": 8000, "n_fft": 1024}
    >>> [round(float(spectral_contrast(x, **settings)[1:].mean())) for x in (tone, noise)]
    [49, 13]
    """
    parameters = {"n_bands": n_bands, "contrast_fmin": fmin, "contrast_quantile": quantile}
    return _single("spectral_contrast", x, spectrogram, settings, **parameters)


def _single(
    name: str,
    x: ArrayLike | None,
    spectrogram: ArrayLike | None,
    settings: FrameSettings,
    **parameters: Any,
) -> Real:
    features = spectral_features(
        x, spectrogram=spectrogram, include=(name,), **settings, **parameters
    )
    return features[name]
