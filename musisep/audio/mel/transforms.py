"""Mel spectrograms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import above_zero, flag, one_of, whole_hz
from musisep._util.remaking import Remade
from musisep._util.signatures import shows_fields
from musisep.audio.arrays import Real, Spectra, as_channel, as_real
from musisep.audio.axes import Framing
from musisep.audio.decibels import (
    AMIN,
    RangeMode,
    check_range,
    limit_range,
    representable,
    to_levels,
)
from musisep.audio.filterbank import (
    Filterbank,
    as_spectrogram,
    measure_frames,
    measure_spectra,
    of_either,
    spectral_power,
)
from musisep.audio.mel.scale import MelNorm, MelScale, mel_filterbank, mel_frequencies
from musisep.audio.stft import SpectralTransform, get_transform

OutputScale = Literal["linear", "log", "db"]

OUTPUT_SCALES = ("linear", "log", "db")
LOG_MODES = ("clamp", "add", "log1p")


@dataclass(frozen=True, eq=False)
class MelSpectrogramTransform(Remade):
    """Mel spectrograms of signals, linear or on a logarithmic scale.

    A sample that is not finite spoils its frames and, on the scale "db" with `top_db`, all levels
    that refer to the same maximum.

    Parameters
    ----------
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
    win_length : int, optional
        Samples of the window; n_fft if None.
    n_mels : int > 0
        Number of filters; see `melscale_fbanks`, as for the next two and for `norm` and
        `mel_scale`.
    f_min : float
        Where the first filter begins, in Hz.
    f_max : float, optional
        Where the last filter ends, in Hz; sample_rate / 2 if None. Filters are for the bins
        k * sample_rate / n_fft, whether `n_fft` is even or odd.
    power : float > 0
        Magnitudes are raised to this power before they are pooled.
    norm : {None, "slaney"}
        Filters of height 1, or of area 1 (over Hz).
    mel_scale : {"htk", "slaney"}
        Which formula of mel.
    top_db : float >= 0, optional
        Dynamic range of "db"; see `amplitude_to_db`.
    output_scale : {"db", "log", "linear"}
        Decibels (a factor of ten is 20 / power of them: 10 for powers, 20 for magnitudes, so that
        the level of a tone does not depend on `power`), the natural logarithm, or neither.
    log_amin : float > 0
        Least value, or what is added; see `log_mode`.
    log_mode : {"clamp", "add", "log1p"}
        For "log": ln(max(mel, log_amin)), ln(mel + log_amin) or ln(1 + log_multiplier mel).
    mode : {"per_example", "torchaudio_compat"}
        Which maximum `top_db` refers to; see `amplitude_to_db`.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`; see `SpectralTransform`, as for the next five.
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
    log_multiplier : float > 0
        See `log_mode`.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    The band in which a sinusoid of 1 kHz is loudest, and where that is highest:

    >>> import numpy as np
    >>> from musisep.audio import MelSpectrogramTransform
    >>> transform = MelSpectrogramTransform(8000, n_fft=512, hop_length=128, n_mels=24)
    >>> levels = transform(np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000))  # [band, frame], dB
    >>> loudest = levels[:, 30].argmax()
    >>> loudest.item(), transform.frequencies_hz[loudest].round(1).item()
    (11, 1046.1)
    """

    sample_rate: int = 24000
    n_fft: int = 2048
    hop_length: int | None = 240
    win_length: int | None = None
    n_mels: int = 128
    f_min: float = 0.0
    f_max: float | None = None
    power: float = 2.0
    norm: MelNorm | None = None
    mel_scale: MelScale = "htk"
    top_db: float | None = 80.0
    output_scale: OutputScale = "db"
    log_amin: float = 1e-5
    log_mode: Literal["clamp", "add", "log1p"] = "clamp"
    mode: RangeMode = "per_example"
    window_fn: str | tuple[object, ...] = "hann"
    periodic: bool = True
    center: bool = True
    center_pad_mode: Literal["reflect", "constant"] = "reflect"
    center_tail_pad: Literal["symmetric", "minimal"] = "symmetric"
    normalized: bool | Literal["frame_length", "window"] = False
    log_multiplier: float = 1000.0

    transform: SpectralTransform = field(init=False, repr=False)
    filterbank: Filterbank = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and fetch the window and the filters."""
        one_of("output_scale", self.output_scale, OUTPUT_SCALES)
        one_of("log_mode", self.log_mode, LOG_MODES)
        object.__setattr__(self, "top_db", check_range(self.top_db, self.mode))
        for name in ("power", "log_amin", "log_multiplier"):
            object.__setattr__(self, name, above_zero(name, getattr(self, name)))
        object.__setattr__(self, "sample_rate", whole_hz("sample_rate", self.sample_rate))
        transform = get_transform(
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            win_length=self.win_length,
            window_fn=self.window_fn,
            periodic=self.periodic,
            center=self.center,
            center_pad_mode=self.center_pad_mode,
            center_tail_pad=self.center_tail_pad,
            normalized=self.normalized,
            sample_rate=self.sample_rate,
        )
        filterbank = mel_filterbank(
            transform.n_fft,
            self.f_min,
            self.f_max,
            self.n_mels,
            self.sample_rate,
            self.norm,
            self.mel_scale,
        )
        object.__setattr__(self, "transform", transform)
        object.__setattr__(self, "filterbank", filterbank)

    @property
    def frequencies_hz(self) -> NDArray[np.float64]:
        """Where the filters are highest, in Hz, [n_mels]."""
        ends = self.f_min, self.f_max
        return mel_frequencies(*ends, self.n_mels, self.sample_rate, self.mel_scale)

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

    @property
    def framing(self) -> Framing:
        """Which samples the frames see."""
        limited = self.output_scale == "db" and self.top_db is not None
        return self.transform.framing._replace(maximum_of=f"top_db={self.top_db}" * limited)

    def shape(self, length: int) -> tuple[int, int]:
        """Return the numbers of bands and frames for signals of a length.

        Parameters
        ----------
        length : int > 0
            Samples of a signal.

        Returns
        -------
        bands : int
            Number of filters.
        frames : int
            Number of frames.

        Raises
        ------
        ValueError
            If such signals are too short; see `SpectralTransform.stft`.
        """
        return self.filterbank.bands, self.transform.frame_count(length)

    def spectrogram(self, x: ArrayLike) -> Real:
        """Return the powers (of magnitudes) that are pooled.

        Parameters
        ----------
        x : array_like [..., sample]
            One signal or several.

        Returns
        -------
        ndarray, float [..., frequency, frame]
            In float32 if the signal is, else in float64.

        Raises
        ------
        ValueError
            If the signal is too short; see `SpectralTransform.stft`.
        """
        return measure_frames(self.transform, x, self.transform.bins, self._power, name="x")

    def mel_spectrogram(
        self, x: ArrayLike, output_scale: OutputScale | None = None, to_db: bool | None = None
    ) -> Real:
        """Return the mel spectrogram of a signal; calling the object does the same.

        Parameters
        ----------
        x : array_like [..., sample]
            One signal or several.
        output_scale : {"db", "log", "linear"}, optional
            Instead of the transform's own.
        to_db : bool, optional
            Another way to say "db" (true) or "linear".

        Returns
        -------
        ndarray, float [..., n_mels, frame]
            In float32 if the signal is, else in float64.

        Raises
        ------
        ValueError
            If the signal is too short (see `SpectralTransform.stft`), the scale is unknown, or
            both ways of naming it are used.
        """
        scale = chosen_scale(self.output_scale, output_scale, to_db)
        measure = partial(self._measure, scale)
        mel = measure_frames(self.transform, x, self.filterbank.bands, measure, name="x")
        return self._limited(mel, scale)

    __call__ = mel_spectrogram

    def from_spectrogram(
        self,
        spectrogram: ArrayLike,
        output_scale: OutputScale | None = None,
        to_db: bool | None = None,
    ) -> Real:
        """Return the mel spectrogram that belongs to a spectrogram.

        Parameters
        ----------
        spectrogram : array_like [..., frequency, frame]
            Powers (of magnitudes), as `spectrogram` returns them, or complex spectra.
        output_scale : {"db", "log", "linear"}, optional
            Instead of the transform's own.
        to_db : bool, optional
            Another way to say "db" (true) or "linear".

        Returns
        -------
        ndarray, float [..., n_mels, frame]
            That of the signal; in float32 if the spectrogram is in single precision, else in
            float64.

        Raises
        ------
        ValueError
            If the number of frequencies is another one, powers are negative, or the scale is
            unknown or named in both ways.
        """
        scale = chosen_scale(self.output_scale, output_scale, to_db)
        values = as_spectrogram(spectrogram, self.transform.bins)
        measure = partial(self._measure if np.iscomplexobj(values) else self._pool, scale)
        return self._limited(measure_spectra(values, self.filterbank.bands, measure), scale)

    def linearized(self, x: ArrayLike) -> tuple[Real, Callable[[ArrayLike], Real]]:
        """Return the mel spectrogram of a signal and what takes gradients back to the signal.

        Parameters
        ----------
        x : array_like [sample]
            One channel.

        Returns
        -------
        mel : ndarray, float [n_mels, frame]
            On the transform's own scale.
        pullback : function
            Takes the gradient of a number by `mel` and returns its gradient by the samples. Where
            the magnitude is 0 or a level is raised to `amin`, the gradient counts as 0; levels
            that `top_db` raises go with the maximum.

        Raises
        ------
        ValueError
            If the signal is too short; see `SpectralTransform.stft`.

        Examples
        --------
        The gradient of the sum of all levels, and how much the sum changes along it:

        >>> import numpy as np
        >>> from musisep.audio import MelSpectrogramTransform
        >>> transform = MelSpectrogramTransform(8000, n_fft=256, hop_length=64, n_mels=8)
        >>> noise = np.random.default_rng(0).standard_normal(1000)
        >>> mel, pullback = transform.linearized(noise)
        >>> gradient = pullback(np.ones_like(mel))
        >>> step = 1e-6 * gradient / np.linalg.norm(gradient)
        >>> rise = (transform(noise + step) - transform(noise - step)).sum() / 2e-6
        >>> np.isclose(rise, np.linalg.norm(gradient), rtol=1e-3).item()
        True
        """
        signal = as_channel(x, "x")
        power = self.spectrogram(signal)
        linear = self.filterbank.project(power)
        mel = self.scaled(linear, self.output_scale)

        def pullback(gradient: ArrayLike) -> Real:
            by_scaled = as_real(gradient, "gradient")
            if by_scaled.shape != mel.shape:
                raise ValueError(f"gradient of shape={by_scaled.shape} must be of {mel.shape}")
            by_mel = self._slopes(linear) * self._unlimited(by_scaled, mel)
            # |z|^p has the gradient p |z|^(p - 2) z.
            heard = power > np.finfo(power.dtype).tiny
            factor = self.power * heard * np.where(heard, power, 1) ** (1 - 2 / self.power)
            factor = (factor * self.filterbank.project_adjoint(by_mel)).T

            def change(frames: slice, spectra: Spectra) -> Spectra:
                return spectra * factor[frames]

            return self.transform.map_spectra(signal, change, (), adjoint=True)

        return mel, pullback

    def _slopes(self, linear: Real) -> Real:
        """Differentiate the scale by linear values."""
        if self.output_scale == "linear":
            return np.ones_like(linear)
        if self.output_scale == "db":
            amin = representable(AMIN, linear)
            return (20 / self.power / math.log(10)) * (linear > amin) / np.maximum(linear, amin)
        if self.log_mode == "log1p":
            return self.log_multiplier / (1 + self.log_multiplier * linear)
        amin = representable(self.log_amin, linear)
        if self.log_mode == "add":
            return 1 / (linear + amin)
        return (linear > amin) / np.maximum(linear, amin)

    def _unlimited(self, gradient: Real, mel: Real) -> Real:
        """Let the gradients of levels that `top_db` has raised go to the largest level."""
        if self.output_scale != "db" or self.top_db is None:
            return gradient
        raised = mel <= mel.max() - self.top_db
        own = np.where(raised, 0, gradient)
        own.flat[mel.argmax()] += gradient[raised].sum()
        return own

    def scaled(self, mel: ArrayLike, output_scale: OutputScale) -> Real:
        """Put linear mel values on a scale, with this object's parameters.

        Parameters
        ----------
        mel : array_like [..., n_mels, frame]
            Values on a linear scale; left as they are.
        output_scale : {"db", "log", "linear"}
            Scale of the result.

        Returns
        -------
        ndarray, float [..., n_mels, frame]
            The values on this scale.

        Raises
        ------
        ValueError
            If the scale is unknown, or the values are not real.
        """
        one_of("output_scale", output_scale, OUTPUT_SCALES)
        values = np.array(as_real(mel, "mel"))
        self._rescale(values, output_scale)
        return self._limited(values, output_scale)

    def _power(self, spectra: Spectra, out: Real | None = None) -> Real:
        return spectral_power(spectra, self.power, out)

    def _measure(self, scale: OutputScale, spectra: Spectra, bands: Real) -> None:
        self._pool(scale, self._power(spectra), bands)

    def _pool(self, scale: OutputScale, powers: Real, bands: Real) -> None:
        self.filterbank.apply(powers, bands)
        self._rescale(bands, scale)

    def _rescale(self, mel: Real, scale: OutputScale) -> None:
        """Replace linear values, each for itself."""
        if scale == "db":
            to_levels(mel, 20 / self.power)
        elif scale == "log" and self.log_mode == "log1p":
            mel *= self.log_multiplier
            np.log1p(mel, out=mel)
        elif scale == "log":
            combine = np.add if self.log_mode == "add" else np.maximum
            combine(mel, representable(self.log_amin, mel), out=mel)
            np.log(mel, out=mel)

    def _limited(self, mel: Real, scale: OutputScale) -> Real:
        """Limit the range of levels, if it is levels, in place."""
        if scale == "db":
            limit_range(mel, self.top_db, self.mode)
        return mel


def chosen_scale(
    own: OutputScale, output_scale: OutputScale | None, to_db: bool | None
) -> OutputScale:
    """Return the scale of a call, which may name it in two ways, or a transform's own.

    Raises
    ------
    ValueError
        If the scale is unknown, or named in both ways.
    """
    if to_db is not None:
        flag("to_db", to_db)
        if output_scale is not None:
            raise ValueError(f"{output_scale=} and {to_db=} must not both be given")
        output_scale = "db" if to_db else "linear"
    scale = own if output_scale is None else output_scale
    one_of("output_scale", scale, OUTPUT_SCALES)
    return scale


@dataclass(frozen=True, eq=False)
class LogMelSpectrogramTransform(MelSpectrogramTransform):
    """`MelSpectrogramTransform` with ``output_scale="log"``; all other parameters are the same.

    Parameters
    ----------
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
    win_length : int, optional
        Samples of the window; n_fft if None.
    n_mels : int > 0
        Number of filters; see `melscale_fbanks`, as for the next two and for `norm` and
        `mel_scale`.
    f_min : float
        Where the first filter begins, in Hz.
    f_max : float, optional
        Where the last filter ends, in Hz; sample_rate / 2 if None. Filters are for the bins
        k * sample_rate / n_fft, whether `n_fft` is even or odd.
    power : float > 0
        Magnitudes are raised to this power before they are pooled.
    norm : {None, "slaney"}
        Filters of height 1, or of area 1 (over Hz).
    mel_scale : {"htk", "slaney"}
        Which formula of mel.
    top_db : float >= 0, optional
        Dynamic range of "db"; see `amplitude_to_db`.
    log_amin : float > 0
        Least value, or what is added; see `log_mode`.
    log_mode : {"clamp", "add", "log1p"}
        For "log": ln(max(mel, log_amin)), ln(mel + log_amin) or ln(1 + log_multiplier mel).
    mode : {"per_example", "torchaudio_compat"}
        Which maximum `top_db` refers to; see `amplitude_to_db`.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`; see `SpectralTransform`, as for the next five.
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
    log_multiplier : float > 0
        See `log_mode`.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    Silence is at the logarithm of the least value, and noise above it:

    >>> import numpy as np
    >>> from musisep.audio import LogMelSpectrogramTransform
    >>> transform = LogMelSpectrogramTransform(8000, n_fft=256, hop_length=64, n_mels=8)
    >>> transform(np.zeros(1000)).max().round(3).item()
    -11.513
    >>> noise = np.random.default_rng(0).standard_normal(1000)
    >>> bool(transform(noise).min() > transform(np.zeros(1000)).max())
    True
    """

    output_scale: OutputScale = field(default="log", init=False)


@shows_fields(MelSpectrogramTransform)
def mel_spectrogram(
    x: ArrayLike | None = None, *, spectrogram: ArrayLike | None = None, **parameters: Any
) -> Real:
    """Return the mel spectrogram of a signal.

    Parameters
    ----------
    x : array_like [..., sample]
        One signal or several.
    spectrogram : array_like [..., frequency, frame], optional
        Powers or complex spectra instead; see `MelSpectrogramTransform.from_spectrogram`.
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if None.
    win_length : int, optional
        Samples of the window; n_fft if None.
    n_mels : int > 0
        Number of filters; see `melscale_fbanks`, as for the next two and for `norm` and
        `mel_scale`.
    f_min : float
        Where the first filter begins, in Hz.
    f_max : float, optional
        Where the last filter ends, in Hz; sample_rate / 2 if None. Filters are for the bins
        k * sample_rate / n_fft, whether `n_fft` is even or odd.
    power : float > 0
        Magnitudes are raised to this power before they are pooled.
    norm : {None, "slaney"}
        Filters of height 1, or of area 1 (over Hz).
    mel_scale : {"htk", "slaney"}
        Which formula of mel.
    top_db : float >= 0, optional
        Dynamic range of "db"; see `amplitude_to_db`.
    output_scale : {"db", "log", "linear"}
        Decibels (a factor of ten is 20 / power of them: 10 for powers, 20 for magnitudes, so that
        the level of a tone does not depend on `power`), the natural logarithm, or neither.
    log_amin : float > 0
        Least value, or what is added; see `log_mode`.
    log_mode : {"clamp", "add", "log1p"}
        For "log": ln(max(mel, log_amin)), ln(mel + log_amin) or ln(1 + log_multiplier mel).
    mode : {"per_example", "torchaudio_compat"}
        Which maximum `top_db` refers to; see `amplitude_to_db`.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`; see `SpectralTransform`, as for the next five.
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
    log_multiplier : float > 0
        See `log_mode`.

    Returns
    -------
    ndarray, float [..., n_mels, frame]
        In float32 if the signal is, else in float64.

    Raises
    ------
    ValueError
        As `MelSpectrogramTransform`, or unless one of `x` and `spectrogram` is given.

    Examples
    --------
    A sinusoid of 1 kHz, ten times as loud in the second half, is 20 dB higher there:

    >>> import numpy as np
    >>> from musisep.audio import mel_spectrogram
    >>> sine = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    >>> sine[:4000] *= 0.1
    >>> levels = mel_spectrogram(sine, sample_rate=8000, n_fft=512, hop_length=128, n_mels=24)
    >>> (levels[:, 45].max() - levels[:, 15].max()).round(3).item()
    20.0
    """
    transform = MelSpectrogramTransform(**parameters)
    return of_either(x, spectrogram, transform, transform.from_spectrogram)
