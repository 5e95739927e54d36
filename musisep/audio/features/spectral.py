"""Features of the short-time spectrum: one transform for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, whole_hz
from musisep._util.messages import shown
from musisep._util.remaking import Remade
from musisep.audio.arrays import Real, Spectra
from musisep.audio.axes import Framing
from musisep.audio.features import descriptors
from musisep.audio.features.descriptors import Descriptor
from musisep.audio.filterbank import (
    as_spectrogram,
    measure_frames,
    measure_spectra,
    spectral_power,
)
from musisep.audio.mel import MelNorm, MelScale, MFCCTransform
from musisep.audio.stft import SpectralTransform, get_transform


@dataclass(frozen=True, eq=False)
class SpectralFeatureTransform(Remade):
    """Several features of signals in one pass over the short-time spectrum.

    Spectra with magnitudes from about 1e-19 to 1e19 can be held in single precision; see
    `musisep.audio.filterbank.spectral_power`.

    Parameters
    ----------
    include : tuple of str, optional
        Features in the order in which they are wanted; by default all of "chroma_stft",
        "spectral_centroid", "spectral_bandwidth", "spectral_rolloff", "spectral_contrast" and
        "mfcc". Parameters of others are not looked at.
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

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    The centroid and the strongest pitch class of a sinusoid of 440 Hz:

    >>> import numpy as np
    >>> from musisep.audio import SpectralFeatureTransform
    >>> transform = SpectralFeatureTransform(
    ...     ("spectral_centroid", "chroma_stft"), sample_rate=8000, n_fft=2048
    ... )
    >>> features = transform(np.sin(2 * np.pi * 440 * np.arange(8000) / 8000))
    >>> features["spectral_centroid"][0, 8].round().item()
    440.0
    >>> features["chroma_stft"][:, 8].argmax().item()
    9
    """

    include: Iterable[str] | None = None
    sample_rate: int = 22050
    n_fft: int = 2048
    hop_length: int | None = 512
    win_length: int | None = None
    window_fn: str | tuple[object, ...] = "hann"
    center: bool = True
    center_pad_mode: Literal["reflect", "constant"] = "reflect"
    center_tail_pad: Literal["symmetric", "minimal"] = "symmetric"
    n_chroma: int = 12
    chroma_norm: float | None = 2
    tuning: float = 0.0
    bandwidth_p: float = 2.0
    roll_percent: float = 0.85
    n_bands: int = 6
    contrast_fmin: float = 200.0
    contrast_quantile: float = 0.02
    n_mfcc: int = 20
    n_mels: int = 128
    f_min: float = 0.0
    f_max: float | None = None
    mel_norm: MelNorm | None = "slaney"
    mel_scale: MelScale = "slaney"
    top_db: float | None = 80.0
    lifter: int = 0
    dct_norm: Literal["ortho"] | None = "ortho"

    transform: SpectralTransform = field(init=False, repr=False)
    _descriptors: dict[str, Descriptor] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and prepare what was asked for."""
        sample_rate, include = whole_hz("sample_rate", self.sample_rate), _names(self.include)
        transform = get_transform(
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            win_length=self.win_length,
            window_fn=self.window_fn,
            center=self.center,
            center_pad_mode=self.center_pad_mode,
            center_tail_pad=self.center_tail_pad,
            sample_rate=sample_rate,
        )
        object.__setattr__(self, "sample_rate", sample_rate)
        object.__setattr__(self, "include", include)
        object.__setattr__(self, "transform", transform)
        object.__setattr__(self, "_descriptors", {name: TABLE[name](self) for name in include})

    def extract(self, x: ArrayLike) -> dict[str, Real]:
        """Measure the features of a signal; calling the object does the same.

        Parameters
        ----------
        x : array_like [..., sample]
            One signal or several.

        Returns
        -------
        dict of ndarray, float [..., row, frame]
            The features by name, in the order of `include`; float32 for a float32 signal, else
            float64.

        Raises
        ------
        ValueError
            If the signal is too short; see `SpectralTransform.stft`.
        """
        values = measure_frames(self.transform, x, self._rows, self._measure, name="x")
        return self._finished(values)

    __call__ = extract

    def from_spectrogram(self, spectrogram: ArrayLike) -> dict[str, Real]:
        """Measure the features of a spectrogram.

        Parameters
        ----------
        spectrogram : array_like [..., frequency, frame]
            Magnitudes or complex spectra, for all features.

        Returns
        -------
        dict of ndarray, float [..., row, frame]
            Those of the signal; in float32 if the spectrogram is in single precision, else in
            float64.

        Raises
        ------
        ValueError
            If the number of frequencies is another one, or magnitudes are negative.
        """
        values = as_spectrogram(spectrogram, self.transform.bins)
        return self._finished(measure_spectra(values, self._rows, self._measure))

    @property
    def _rows(self) -> int:
        return sum(descriptor.rows for descriptor in self._descriptors.values())

    def _finished(self, values: Real) -> dict[str, Real]:
        """Make the features of all that was measured [..., row, frame]."""
        places = np.cumsum([descriptor.rows for descriptor in self._descriptors.values()])[:-1]
        parts = np.split(values, places, axis=-2)
        return {
            name: descriptor.finish(part)
            for (name, descriptor), part in zip(self._descriptors.items(), parts, strict=True)
        }

    def _measure(self, spectra: Spectra, rows: Real) -> None:
        """Fill the rows [frame, row] of all features for a block of spectra."""
        used = self._descriptors.values()
        powers = {d.power for d in used}
        values = {power: spectral_power(spectra, power) for power in powers}
        place = 0
        for descriptor in used:
            end = place + descriptor.rows
            rows[:, place:end] = descriptor.measure(values[descriptor.power])
            place = end

    @property
    def framing(self) -> Framing:
        """Which samples the frames see."""
        limits = [d.maximum_of for d in self._descriptors.values() if d.maximum_of]
        return self.transform.framing._replace(maximum_of=" and ".join(limits))

    @property
    def frequencies_hz(self) -> NDArray[np.float64]:
        """Frequencies of the bins of the spectra in Hz, [frequency]."""
        return self.transform.frequencies_hz

    def times_s(self, frames: int) -> NDArray[np.float64]:
        """Return the middles of frames.

        Parameters
        ----------
        frames : int >= 0
            Number of frames.

        Returns
        -------
        ndarray, float [frame]
            In seconds.
        """
        return self.transform.times_s(frames)


def _names(include: Iterable[str] | None) -> tuple[str, ...]:
    """Return the features that are wanted; refuse what is none."""
    table = tuple(TABLE)
    if include is None:
        return table
    if isinstance(include, str | np.ndarray) or not isinstance(include, Iterable):
        raise ValueError(f"include={shown(include)} must be several of {table}, as a tuple")
    include = tuple(include)
    at_least("len(include)", len(include), 1)
    for name in include:
        if name not in table:
            raise ValueError(
                f"Unknown spectral feature {name!r} in {include=}: each must be one of {table}"
            )
    return include


def _mfcc(features: SpectralFeatureTransform) -> Descriptor:
    transform = MFCCTransform(
        sample_rate=features.sample_rate,
        n_mfcc=features.n_mfcc,
        n_fft=features.transform.n_fft,
        n_mels=features.n_mels,
        f_min=features.f_min,
        f_max=features.f_max,
        norm=features.mel_norm,
        mel_scale=features.mel_scale,
        top_db=features.top_db,
        lifter=features.lifter,
        dct_norm=features.dct_norm,
    )
    bank = transform.mel.filterbank
    limit = transform.framing.maximum_of
    return Descriptor(bank.bands, 2, bank.apply, transform.from_mel, limit and f"mfcc with {limit}")


TABLE: dict[str, Callable[[SpectralFeatureTransform], Descriptor]] = {
    "chroma_stft": lambda of: descriptors.chroma(
        of.sample_rate, of.transform.n_fft, of.n_chroma, of.chroma_norm, of.tuning
    ),
    "spectral_centroid": lambda of: descriptors.centroid(of.frequencies_hz),
    "spectral_bandwidth": lambda of: descriptors.bandwidth(of.frequencies_hz, of.bandwidth_p),
    "spectral_rolloff": lambda of: descriptors.rolloff(of.frequencies_hz, of.roll_percent),
    "spectral_contrast": lambda of: descriptors.contrast(
        of.frequencies_hz, of.n_bands, of.contrast_fmin, of.contrast_quantile
    ),
    "mfcc": _mfcc,
}
