"""Mel-frequency cepstral coefficients: the cosine transform of mel levels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, one_of
from musisep._util.remaking import Remade
from musisep._util.signatures import shows_fields
from musisep.audio.arrays import Real, read_only
from musisep.audio.axes import Framing
from musisep.audio.caches import kept
from musisep.audio.filterbank import Filterbank, of_either
from musisep.audio.mel.scale import MelNorm, MelScale
from musisep.audio.mel.transforms import MelSpectrogramTransform

DCT_NORMS = ("ortho", None)
MOST_MELS = 2**16
"""Bands of which cosines are made: a square of 32 GB."""


@dataclass(frozen=True, eq=False)
class MFCCTransform(Remade):
    """Mel-frequency cepstral coefficients of signals: the cosine transform of mel levels in dB.

    Parameters
    ----------
    sample_rate : int > 0
        In Hz.
    n_mfcc : int, from 1 to n_mels
        Coefficients that are kept.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
    win_length : int, optional
        Samples of the window; n_fft if None.
    n_mels : int > 0
        Number of mel filters; see `melscale_fbanks`, as for the next two and for `norm` and
        `mel_scale`.
    f_min : float
        Where the first filter begins, in Hz.
    f_max : float, optional
        Where the last filter ends, in Hz; sample_rate / 2 if None.
    norm : {None, "slaney"}
        Filters of height 1, or of area 1 (over Hz).
    mel_scale : {"htk", "slaney"}
        Which formula of mel.
    top_db : float >= 0, optional
        Levels that are further than this below the maximum of an example are raised to this
        distance.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`; see `SpectralTransform`, as for the next three.
    center : bool
        Whether frames are centred on multiples of the hop, or begin there.
    center_pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends: mirrored, or silent.
    center_tail_pad : {"symmetric", "minimal"}
        How far it goes on at its end.
    lifter : int >= 0
        If above 0, coefficient n = 1, 2, … is multiplied by
        1 + lifter / 2 sin(pi n / lifter) (Juang, Rabiner and Wilpon, 1987).
    dct_norm : {"ortho", None}
        See `dct_matrix`.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    S. B. Davis, P. Mermelstein: Comparison of parametric representations for monosyllabic word
    recognition in continuously spoken sentences. IEEE Transactions on Acoustics, Speech, and Signal
    Processing 28 (1980), doi:10.1109/TASSP.1980.1163420.

    Examples
    --------
    A signal of half the amplitude has another first coefficient only, that of its level:

    >>> import numpy as np
    >>> from musisep.audio import MFCCTransform
    >>> transform = MFCCTransform(8000, n_mfcc=4, n_fft=512, hop_length=128, n_mels=24)
    >>> noise = np.random.default_rng(0).standard_normal(4000)
    >>> np.abs(transform(noise) - transform(0.5 * noise))[:, 10].round(3).tolist()
    [29.495, 0.0, 0.0, 0.0]
    """

    sample_rate: int = 22050
    n_mfcc: int = 20
    n_fft: int = 2048
    hop_length: int | None = 512
    win_length: int | None = None
    n_mels: int = 128
    f_min: float = 0.0
    f_max: float | None = None
    norm: MelNorm | None = "slaney"
    mel_scale: MelScale = "slaney"
    top_db: float | None = 80.0
    window_fn: str | tuple[object, ...] = "hann"
    center: bool = True
    center_pad_mode: Literal["reflect", "constant"] = "reflect"
    center_tail_pad: Literal["symmetric", "minimal"] = "symmetric"
    lifter: int = 0
    dct_norm: Literal["ortho"] | None = "ortho"
    mel: MelSpectrogramTransform = field(init=False, repr=False)
    cosines: Filterbank = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and prepare the mel spectrogram."""
        mel = MelSpectrogramTransform(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            win_length=self.win_length,
            n_mels=self.n_mels,
            f_min=self.f_min,
            f_max=self.f_max,
            norm=self.norm,
            mel_scale=self.mel_scale,
            top_db=self.top_db,
            window_fn=self.window_fn,
            center=self.center,
            center_pad_mode=self.center_pad_mode,
            center_tail_pad=self.center_tail_pad,
        )
        cosines = cepstral_filterbank(self.n_mfcc, self.n_mels, self.dct_norm, self.lifter)
        object.__setattr__(self, "mel", mel)
        object.__setattr__(self, "cosines", cosines)

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
        return self.mel.times_s(frames)

    @property
    def framing(self) -> Framing:
        """Which samples the frames see."""
        return self.mel.framing

    def mfcc(self, x: ArrayLike) -> Real:
        """Return the coefficients of a signal; calling the object does the same.

        Parameters
        ----------
        x : array_like [..., sample]
            One signal or several.

        Returns
        -------
        ndarray, float [..., n_mfcc, frame]
            In float32 if the signal is, else in float64.

        Raises
        ------
        ValueError
            If the signal is too short; see `SpectralTransform.stft`.
        """
        return self.cosines.project(self.mel(x))

    __call__ = mfcc

    def from_spectrogram(self, spectrogram: ArrayLike) -> Real:
        """Return the coefficients that belong to a spectrogram.

        Parameters
        ----------
        spectrogram : array_like [..., frequency, frame]
            Powers (squared magnitudes) or complex spectra.

        Returns
        -------
        ndarray, float [..., n_mfcc, frame]
            Those of the signal; in float32 if the spectrogram is in single precision, else in
            float64.

        Raises
        ------
        ValueError
            If the number of frequencies is another one, or powers are negative.
        """
        return self.cosines.project(self.mel.from_spectrogram(spectrogram))

    def from_mel(self, mel_power: ArrayLike) -> Real:
        """Return the coefficients that belong to a linear mel spectrogram of powers.

        Parameters
        ----------
        mel_power : array_like [..., n_mels, frame]
            Powers in the mel bands.

        Returns
        -------
        ndarray, float [..., n_mfcc, frame]
            The coefficients; in float32 if the powers are, else in float64.

        Raises
        ------
        ValueError
            If the number of bands is another one.
        """
        if np.ndim(mel_power) < 2 or np.shape(mel_power)[-2] != self.n_mels:
            raise ValueError(
                f"mel_power of shape={np.shape(mel_power)} must be of shape "
                f"(..., n_mels={self.n_mels}, frame)"
            )
        return self.cosines.project(self.mel.scaled(mel_power, "db"))


@shows_fields(MFCCTransform)
def mfcc(
    x: ArrayLike | None = None, *, spectrogram: ArrayLike | None = None, **parameters: Any
) -> Real:
    """Return the mel-frequency cepstral coefficients of a signal.

    Parameters
    ----------
    x : array_like [..., sample]
        One signal or several.
    spectrogram : array_like [..., frequency, frame], optional
        Powers or complex spectra instead; see `MFCCTransform.from_spectrogram`.
    sample_rate : int > 0
        In Hz.
    n_mfcc : int, from 1 to n_mels
        Coefficients that are kept.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
    win_length : int, optional
        Samples of the window; n_fft if None.
    n_mels : int > 0
        Number of mel filters; see `melscale_fbanks`, as for the next two and for `norm` and
        `mel_scale`.
    f_min : float
        Where the first filter begins, in Hz.
    f_max : float, optional
        Where the last filter ends, in Hz; sample_rate / 2 if None.
    norm : {None, "slaney"}
        Filters of height 1, or of area 1 (over Hz).
    mel_scale : {"htk", "slaney"}
        Which formula of mel.
    top_db : float >= 0, optional
        Levels that are further than this below the maximum of an example are raised to this
        distance.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`; see `SpectralTransform`, as for the next three.
    center : bool
        Whether frames are centred on multiples of the hop, or begin there.
    center_pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends: mirrored, or silent.
    center_tail_pad : {"symmetric", "minimal"}
        How far it goes on at its end.
    lifter : int >= 0
        If above 0, coefficient n = 1, 2, … is multiplied by
        1 + lifter / 2 sin(pi n / lifter) (Juang, Rabiner and Wilpon, 1987).
    dct_norm : {"ortho", None}
        See `dct_matrix`.

    Returns
    -------
    ndarray, float [..., n_mfcc, frame]
        In float32 if the signal is, else in float64.

    Raises
    ------
    ValueError
        As `MFCCTransform`, or unless one of `x` and `spectrogram` is given.

    Examples
    --------
    The coefficients of a signal are those of its powers:

    >>> import numpy as np
    >>> from musisep.audio import SpectralTransform, mfcc
    >>> noise = np.random.default_rng(0).standard_normal(4000)
    >>> parameters = {"n_fft": 512, "hop_length": 128, "n_mels": 24, "n_mfcc": 4}
    >>> coefficients = mfcc(noise, sample_rate=8000, **parameters)
    >>> powers = np.abs(SpectralTransform(512, 128).stft(noise)) ** 2
    >>> np.allclose(coefficients, mfcc(spectrogram=powers, sample_rate=8000, **parameters))
    True
    """
    transform = MFCCTransform(**parameters)
    return of_either(x, spectrogram, transform, transform.from_spectrogram)


def dct_matrix(
    n_mfcc: int, n_mels: int, *, norm: Literal["ortho"] | None = "ortho"
) -> NDArray[np.float64]:
    """Make the first rows of the discrete cosine transform of type 2.

    Parameters
    ----------
    n_mfcc : int, from 1 to n_mels
        Number of rows.
    n_mels : int > 0
        Number of values that are transformed.
    norm : {"ortho", None}
        Rows of unit length, or 2 cos(pi k (2 n + 1) / (2 n_mels)).

    Returns
    -------
    ndarray, float [n_mfcc, n_mels]
        Read-only.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    N. Ahmed, T. Natarajan, K. R. Rao: Discrete cosine transform. IEEE Transactions on Computers
    C-23 (1974), doi:10.1109/T-C.1974.223784.

    Examples
    --------
    Rows are orthogonal and have unit length:

    >>> from musisep.audio import dct_matrix
    >>> matrix = dct_matrix(2, 4)
    >>> matrix.round(3).tolist()
    [[0.5, 0.5, 0.5, 0.5], [0.653, 0.271, -0.271, -0.653]]
    >>> (matrix @ matrix.T).round(6).diagonal().tolist()
    [1.0, 1.0]
    """
    n_mfcc, n_mels = at_least("n_mfcc", n_mfcc, 1), at_least("n_mels", n_mels, 1, MOST_MELS)
    if n_mfcc > n_mels:
        raise ValueError(f"{n_mfcc=} must be at most {n_mels=}")
    one_of("norm", norm, DCT_NORMS)
    return _cosines(n_mfcc, n_mels, norm)


def cepstral_filterbank(
    n_mfcc: int, n_mels: int, dct_norm: Literal["ortho"] | None, lifter: int
) -> Filterbank:
    """Return the rows of `dct_matrix`, liftered, as bands; see `MFCCTransform`."""
    one_of("dct_norm", dct_norm, DCT_NORMS)
    sizes = dct_matrix(n_mfcc, n_mels, norm=dct_norm).shape
    return _liftered(*sizes, dct_norm, at_least("lifter", lifter, 0))


@kept("cosines")
def _cosines(n_mfcc: int, n_mels: int, norm: str | None) -> NDArray[np.float64]:
    square = scipy.fft.dct(np.eye(n_mels), type=2, axis=0, norm=norm)
    return read_only(square[:n_mfcc])


@kept("liftered cosines")
def _liftered(n_mfcc: int, n_mels: int, norm: str | None, lifter: int) -> Filterbank:
    matrix = _cosines(n_mfcc, n_mels, norm).T
    if lifter:
        order = np.arange(1, n_mfcc + 1)
        matrix = matrix * (1 + lifter / 2 * np.sin(np.pi * order / lifter))
    return Filterbank(matrix)
