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
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead; see `SpectralFeatureTransform.from_spectrogram`.
    include : iterable of str, optional
        Features; see `SpectralFeatureTransform`.
    **settings
        Other parameters of `SpectralFeatureTransform`, with its defaults.

    Returns
    -------
    dict of ndarray, float [..., row, frame]
        The features by name, in the order of `include`.

    Raises
    ------
    ValueError
        As `SpectralFeatureTransform`, or unless one of `x` and `spectrogram` is given.
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
    **settings
        See `SpectralFeatureTransform`.

    Returns
    -------
    ndarray, float [..., n_chroma, frame]
        In float32 for a float32 signal, else in float64, as in all functions here.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the signal too short, or not just one of `x` and
        `spectrogram` given.
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
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    **settings
        See `SpectralFeatureTransform`.

    Returns
    -------
    ndarray, float [..., 1, frame]
        In Hz; 0 where it is silent.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the signal too short, or not just one of `x` and
        `spectrogram` given.
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
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    p : float, from 0.01 to 30
        The p-th root of the mean p-th power of the distance is taken, weighted by magnitude.
    **settings
        See `SpectralFeatureTransform`.

    Returns
    -------
    ndarray, float [..., 1, frame]
        In Hz; 0 where it is silent.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the signal too short, or not just one of `x` and
        `spectrogram` given.
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
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    roll_percent : float
        The share (not in percent), above 0 and below 1.
    **settings
        See `SpectralFeatureTransform`.

    Returns
    -------
    ndarray, float [..., 1, frame]
        In Hz; 0 where it is silent.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the signal too short, or not just one of `x` and
        `spectrogram` given.
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
    """Compare peaks and valleys of the spectrum, octave by octave (Jiang et al., ICME 2002).

    Parameters
    ----------
    x : array_like [..., sample]
    spectrogram : array_like [..., frequency, frame], optional
        Magnitudes or complex spectra instead.
    n_bands : int > 0
        Bands above `fmin`, an octave each; the last goes on to half the sample rate.
    fmin : float > 0
        Highest frequency of the first band, in Hz.
    quantile : float
        Share of a band's bins that are averaged for its peak and for its valley, above 0 and
        below 1.
    **settings
        See `SpectralFeatureTransform`.

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
