"""Constant-Q and harmonic constant-Q transforms with windowed kernels, computed exactly.

See `musisep.audio.cqt.constantq` for filters that are Gaussians in frequency, and for an inverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import above_zero, at_least, flag, number, whole_hz
from musisep._util.messages import shown
from musisep._util.remaking import Remade
from musisep.audio.arrays import (
    Real,
    Spectra,
    as_array,
    as_channel,
    as_numbers,
    as_samples,
    check_length,
    read_only,
    real_kind,
)
from musisep.audio.axes import Framing, frame_times
from musisep.audio.cqt.cosinewindows import Window, cosine_sum, window_norms
from musisep.audio.cqt.kernels import (
    Frequencies,
    Lengths,
    exceeds,
    frequency_of,
    kernel_sizes,
    kernel_width,
    octave_share,
)
from musisep.audio.cqt.sinusoids import SinusoidBank


@dataclass(frozen=True, eq=False, kw_only=True)
class CQT(Remade):
    r"""Constant-Q transform of real signals: the correlation with a kernel for each bin.

    Bin k has the frequency :math:`f_k` = fmin 2^(k / bins_per_octave) and a kernel of

    .. math:: L_k = \left\lceil \frac{Q \, sr}{f_k + \gamma Q} \right\rceil
              \text{ samples}, \quad Q = \frac{1}{2^{1 / bins\_per\_octave} - 1}.

    In frame t, centred on sample c = t hop_length, its coefficient is

    .. math:: C(k, t) = \frac{\sqrt{L_k}}{\lVert w_k \rVert_p} \sum_{n = -\lceil L_k / 2 \rceil}
              ^{\lfloor L_k / 2 \rfloor - 1} w_k(n) \, x(c + n) \, e^{-2 \pi i f_k n / sr}

    with a window :math:`w_k` whose norm has p = `norm`. This is the signal times the conjugate
    of the kernel, so that phases are those of a short-time Fourier transform in the centre of
    a frame. For p = 1, a sinusoid of amplitude A on a bin's frequency has the magnitude
    A / 2 sqrt(L_k) there.

    Parameters
    ----------
    sr : int > 0
        Sample rate in Hz.
    hop_length : int > 0
        Samples between frames.
    fmin : float > 0
        Frequency of the first bin in Hz.
    fmax : float, optional
        Limit in Hz that the last bin must not exceed. It must never exceed sr / 2.
    n_bins : int > 0
        Number of bins.
    bins_per_octave : int > 0
        Bins per factor 2 in frequency.
    gamma : float >= 0
        In Hz; shortens the kernels of low frequencies (variable-Q transform).
    center : bool
        If true, the signal goes on beyond its ends as in mirrors. Otherwise frame 0 is centred on
        sample kernel_width // 2, and frames count if kernels of kernel_width samples fit in.
    window : str or tuple
        Periodic window of `scipy.signal.get_window`, a sum of cosines: boxcar, hann, hamming,
        blackman, blackmanharris, nuttall, flattop, general_cosine or general_hamming.
    norm : int >= 0
        The p of the norm; 0 stands for the factor 1 / sqrt(L_k).

    Attributes
    ----------
    frequencies_hz : ndarray, float [bin]
        In Hz.
    lengths : ndarray, int [bin]
        Samples of the kernels.
    kernel_width : int
        Samples of the longest kernel, rounded up to a power of two.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    In double precision the values are those of the sum to 1e-12 of the largest magnitude that a
    signal of this maximum could give. The cost grows with the number of samples and of bins, but
    hardly with the lengths of the kernels; see
    `musisep.audio.cqt.sinusoids`. Lengths, centres and scale follow nnAudio [1]_.
    Magnitudes of tones are those of `librosa.cqt` times sqrt(Q (q^2 - 1) / (q^2 + 1)) with
    q = 2^(1 / bins_per_octave), 0.985 for 12 bins per octave: its kernels are longer. It is silent
    beyond the ends of a signal unless told otherwise.

    References
    ----------
    .. [1] K. W. Cheuk, H. Anderson, K. Agres, D. Herremans: nnAudio: an on-the-fly GPU audio to
       spectrogram conversion toolbox using 1D convolutional neural networks. IEEE Access 8 (2020),
       doi:10.1109/ACCESS.2020.3019084.

    Examples
    --------
    A sinusoid of 440 Hz and amplitude 1, an octave above the first bin:

    >>> import numpy as np
    >>> from musisep.audio import CQT
    >>> cqt = CQT(sr=8000, hop_length=200, fmin=220.0, n_bins=24, bins_per_octave=12)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> magnitudes = np.abs(cqt(sine))  # [bin, frame]
    >>> magnitudes[:, 20].argmax().item(), magnitudes.shape
    (12, (24, 41))
    >>> round(float(magnitudes[12, 20] / np.sqrt(cqt.lengths[12])), 3)
    0.5
    """

    sr: int
    hop_length: int
    fmin: float
    fmax: float | None = None
    n_bins: int
    bins_per_octave: int
    gamma: float = 0.0
    center: bool = True
    window: Window = "hann"
    norm: int = 1
    frequencies_hz: Frequencies = field(init=False, repr=False)
    lengths: Lengths = field(init=False, repr=False)
    kernel_width: int = field(init=False, repr=False)
    bank: SinusoidBank = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and prepare the kernels."""
        object.__setattr__(self, "sr", whole_hz("sr", self.sr))
        limits = {"hop_length": 1, "n_bins": 1, "bins_per_octave": 1, "norm": 0}
        for name, limit in limits.items():
            object.__setattr__(self, name, at_least(name, getattr(self, name), limit))
        for name in ("fmin", "gamma"):
            object.__setattr__(self, name, number(name, getattr(self, name)))
        flag("center", self.center)
        amplitudes = cosine_sum(self.window)
        frequencies, lengths = kernel_sizes(
            1 / octave_share(self.bins_per_octave),
            self.sr,
            self.fmin,
            self.fmax,
            self.n_bins,
            self.bins_per_octave,
            self.gamma,
        )
        gains = np.sqrt(lengths) / window_norms(amplitudes, lengths, self.norm)
        bank = SinusoidBank(
            2 * np.pi / self.sr * frequencies, lengths, gains, amplitudes, self.hop_length
        )
        object.__setattr__(self, "frequencies_hz", read_only(frequencies))
        object.__setattr__(self, "lengths", bank.lengths)
        object.__setattr__(self, "kernel_width", kernel_width(lengths))
        object.__setattr__(self, "bank", bank)

    @property
    def first_centre(self) -> int:
        """Sample in the middle of frame 0."""
        return 0 if self.center else self.kernel_width // 2

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
        return frame_times(frames, self.hop_length, self.sr, self.first_centre)

    @property
    def framing(self) -> Framing:
        """Which samples the frames see."""
        lead = self.kernel_width // 2 - self.first_centre
        return Framing(self.kernel_width, self.hop_length, lead, True, self.frame_count)

    def frame_count(self, length: int) -> int:
        """Count the frames of a signal.

        Parameters
        ----------
        length : int > 0
            Samples of the signal.

        Returns
        -------
        int
            Number of frames, at least 1.

        Raises
        ------
        ValueError
            If the signal is empty or, without `center`, shorter than kernel_width.
        """
        shortest = 1 if self.center else self.kernel_width
        length = at_least("length", length, shortest)
        return 1 + (length if self.center else length - self.kernel_width) // self.hop_length

    def __call__(self, signal: ArrayLike) -> Spectra:
        """Transform a signal.

        Parameters
        ----------
        signal : array_like [..., sample]
            One signal or several.

        Returns
        -------
        ndarray, complex [..., bin, frame]
            In complex64 if the signal is float32, else in complex128.

        Raises
        ------
        ValueError
            If the signal is not real, or is empty or, without `center`, shorter than kernel_width.
        """
        return self._correlate(self.bank, signal)

    def _correlate(self, bank: SinusoidBank, signal: ArrayLike) -> Spectra:
        """Transform a signal with other kernels of the same hop, in the frames of this one."""
        signal = as_samples(signal)
        check_length(signal, 1 if self.center else self.kernel_width)
        shape = (*signal.shape[:-1], bank.lengths.size, self.frame_count(signal.shape[-1]))
        result = np.zeros(shape, np.result_type(signal, np.complex64))
        for index in np.ndindex(signal.shape[:-1]):
            bank.correlate(as_channel(signal[index]), self.first_centre, result[index])
        return result


@dataclass(frozen=True, eq=False, kw_only=True)
class HarmonicCQT(Remade):
    """Constant-Q transforms whose first bins are multiples of one frequency.

    A tone's harmonic h is in the same bin of the transform of `harmonics` h as its fundamental
    in that of 1.

    Parameters
    ----------
    harmonics : sequence of float > 0
        Multiples of `fmin` at which the transforms begin.
    sr : int > 0
        Sample rate in Hz.
    hop_length : int > 0
        Samples between frames.
    fmin : float > 0
        In Hz. The transform of harmonic h begins at h fmin.
    fmax : float, optional
        Limit in Hz that no bin up to sr / 2 must exceed.
    bins_per_semitone : int > 0
        Twelve times as many make an octave.
    n_bins : int > 0
        Number of bins of each transform.
    center_bins : bool
        If true, `fmin` is lowered by (bins_per_semitone - 1) / bins_per_semitone semitones: bin
        bins_per_semitone - 1 of harmonic 1 has the frequency `fmin`.
    gamma : float >= 0
        In Hz; as of `CQT`.
    center : bool
        Whether the signal goes on beyond its ends as in mirrors; as of `CQT`.

    Attributes
    ----------
    frequencies_hz : ndarray, float [harmonic, bin]
        In Hz, also of bins above sr / 2.
    audible : ndarray, bool [harmonic, bin]
        Which bins are not above sr / 2.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    Bins above sr / 2 hold 0: harmonics that a recording cannot contain are silent. So high
    fundamentals can be looked for in a stack of many harmonics. (`CQT` refuses such bins. Kernels
    of their frequencies would find what is as far below sr / 2, once more and in a wrong place.)

    Bins that several harmonics share are computed once. Without `center`, frames are those of
    the transform with the longest kernels.

    References
    ----------
    R. M. Bittner, B. McFee, J. Salamon, P. Li, J. P. Bello: Deep salience representations for F0
    estimation in polyphonic music. Proc. ISMIR, Suzhou (2017).

    Examples
    --------
    The fundamental of 220 Hz and its second harmonic are in bin 12 of their transforms, so that the
    product over the harmonics is largest there:

    >>> import numpy as np
    >>> from musisep.audio import HarmonicCQT
    >>> transform = HarmonicCQT(
    ...     harmonics=(1, 2), sr=8000, hop_length=200, fmin=110.0, bins_per_semitone=1, n_bins=24
    ... )
    >>> phase = 2 * np.pi * 220 * np.arange(8000) / 8000
    >>> tone = np.sin(phase) + 0.5 * np.sin(2 * phase)
    >>> magnitudes = np.abs(transform(tone))  # [harmonic, bin, frame]
    >>> magnitudes.prod(axis=0)[:, 20].argmax().item()
    12
    """

    harmonics: Sequence[float]
    sr: int
    hop_length: int
    fmin: float
    fmax: float | None = None
    bins_per_semitone: int
    n_bins: int
    center_bins: bool = False
    gamma: float = 0.0
    center: bool = True
    frequencies_hz: Frequencies = field(init=False, repr=False)
    lowest: CQT = field(init=False, repr=False)
    bank: SinusoidBank = field(init=False, repr=False)
    audible: NDArray[np.bool_] = field(init=False, repr=False)
    places: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and prepare the kernels."""
        finer = at_least("bins_per_semitone", self.bins_per_semitone, 1)
        if not as_array(self.harmonics, "harmonics").size or np.ndim(self.harmonics) != 1:
            raise ValueError(
                f"harmonics={shown(self.harmonics)} must be a sequence of some numbers"
            )
        harmonics = tuple(above_zero("harmonics", harmonic) for harmonic in self.harmonics)
        fmin = above_zero("fmin", self.fmin)
        flag("center_bins", self.center_bins)
        object.__setattr__(self, "sr", whole_hz("sr", self.sr))
        lowered = (finer - 1) / finer if self.center_bins else 0
        firsts = [h * fmin / 2 ** (lowered / 12) for h in harmonics]
        frequencies = _stack_frequencies(firsts, self.n_bins, 12 * finer)
        audible = ~exceeds(frequencies, self.sr / 2)
        if not audible.any():
            raise ValueError(
                f"{fmin=} and harmonics={shown(self.harmonics)} must leave a bin up to "
                f"sr / 2={self.sr / 2:g}"
            )
        layers = [
            CQT(
                sr=self.sr,
                hop_length=self.hop_length,
                fmin=first,
                fmax=self.fmax,
                n_bins=int(count),
                bins_per_octave=12 * finer,
                gamma=self.gamma,
                center=self.center,
            )
            for first, count in zip(firsts, audible.sum(axis=1), strict=True)
            if count
        ]
        bank, places = SinusoidBank.union([layer.bank for layer in layers])
        object.__setattr__(self, "harmonics", harmonics)
        object.__setattr__(self, "n_bins", frequencies.shape[1])
        object.__setattr__(self, "frequencies_hz", read_only(frequencies))
        object.__setattr__(self, "lowest", min(layers, key=lambda layer: layer.fmin))
        object.__setattr__(self, "bank", bank)
        object.__setattr__(self, "audible", read_only(audible))
        object.__setattr__(self, "places", read_only(places))

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
        return self.lowest.times_s(frames)

    @property
    def framing(self) -> Framing:
        """Which samples the frames see."""
        return self.lowest.framing

    def frame_count(self, length: int) -> int:
        """Count the frames of a signal.

        Parameters
        ----------
        length : int > 0
            Samples of the signal.

        Returns
        -------
        int
            Number of frames, at least 1.

        Raises
        ------
        ValueError
            If the signal is empty or, without `center`, shorter than kernel_width.
        """
        return self.lowest.frame_count(length)

    def __call__(self, signal: ArrayLike) -> Spectra:
        """Transform a signal.

        Parameters
        ----------
        signal : array_like [..., sample]
            One signal or several.

        Returns
        -------
        ndarray, complex [..., harmonic, bin, frame]
            In complex64 if the signal is float32, else in complex128.

        Raises
        ------
        ValueError
            As `CQT`.
        """
        values = self.lowest._correlate(self.bank, signal)
        shape = (*values.shape[:-2], *self.audible.shape, values.shape[-1])
        result = np.zeros(shape, values.dtype)
        result[..., self.audible, :] = values[..., self.places, :]
        return result


def _stack_frequencies(firsts: Sequence[float], n_bins: int, bins_per_octave: int) -> Frequencies:
    """Return the frequencies [harmonic, bin] in Hz, or refuse more than there are numbers for."""
    n_bins, highest = at_least("n_bins", n_bins, 1), max(firsts)
    last = frequency_of(n_bins - 1, highest, bins_per_octave)
    if not np.isfinite(last):
        raise ValueError(f"{n_bins=} from {highest:g} Hz end at {last:g} Hz, which must be finite")
    return np.stack([frequency_of(np.arange(n_bins), first, bins_per_octave) for first in firsts])


def to_log_magnitude(x: ArrayLike, *, epsilon: float = 1e-8) -> Real:
    """Convert coefficients or magnitudes to decibels.

    Parameters
    ----------
    x : array_like [...]
        Complex or real; the sign or phase does not matter.
    epsilon : float > 0
        Smaller magnitudes count as `epsilon`.

    Returns
    -------
    ndarray, float [...]
        As `x` in shape, 20 log10 of the magnitude; in float32 if `x` is float32 or complex64, else
        in float64.

    Raises
    ------
    ValueError
        If `x` holds no numbers, or `epsilon` is out of its range.

    Examples
    --------
    >>> from musisep.audio import to_log_magnitude
    >>> to_log_magnitude([1.0, -10.0, 0.1j, 0.0]).round(6).tolist()
    [0.0, 20.0, -20.0, -160.0]
    """
    epsilon = above_zero("epsilon", epsilon)
    given = as_numbers(x, "x").reshape(np.shape(x))
    levels = np.abs(given).astype(real_kind(given), copy=False)
    levels = np.log10(np.maximum(levels, epsilon))
    levels *= 20
    return levels
