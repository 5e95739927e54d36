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
    n_fft, hop_length, win_length, window_fn, periodic, center, center_pad_mode, \
center_tail_pad, normalized
        See `SpectralTransform`.
    n_mels, f_min, f_max, norm, mel_scale
        See `melscale_fbanks`; without `f_max` the filters end at sample_rate / 2. They are for
        the bins k * sample_rate / n_fft, whether `n_fft` is even or odd.
    power : float > 0
        Magnitudes are raised to this power before they are pooled.
    top_db : float >= 0, optional
        Dynamic range of "db"; see `amplitude_to_db`.
    output_scale : {"db", "log", "linear"}
        Decibels (a factor of ten is 20 / power of them: 10 for powers, 20 for magnitudes, so that
        the level of a tone does not depend on `power`), the natural logarithm, or neither.
    log_amin : float > 0
    log_mode : {"clamp", "add", "log1p"}
        For "log": ln(max(mel, log_amin)), ln(mel + log_amin) or ln(1 + log_multiplier mel).
    mode : {"per_example", "torchaudio_compat"}
        Which maximum `top_db` refers to; see `amplitude_to_db`.
    log_multiplier : float > 0

    Raises
    ------
    ValueError
        If a parameter is out of its range.
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
        """Where the filters are highest, shape (n_mels,)."""
        ends = self.f_min, self.f_max
        return mel_frequencies(*ends, self.n_mels, self.sample_rate, self.mel_scale)

    def times_s(self, frames: int) -> NDArray[np.float64]:
        """Return the middles of so many frames in seconds."""
        return self.transform.times_s(frames)

    @property
    def framing(self) -> Framing:
        """Which samples the frames see."""
        limited = self.output_scale == "db" and self.top_db is not None
        return self.transform.framing._replace(maximum_of=f"top_db={self.top_db}" * limited)

    def shape(self, length: int) -> tuple[int, int]:
        """Return the numbers of bands and frames for signals of `length` samples."""
        return self.filterbank.bands, self.transform.frame_count(length)

    def spectrogram(self, x: ArrayLike) -> Real:
        """Return the powers (of magnitudes) that are pooled.

        Parameters
        ----------
        x : array_like [..., sample]

        Returns
        -------
        ndarray, float [..., frequency, frame]

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
        output_scale : {"db", "log", "linear"}, optional
            Instead of the transform's own.
        to_db : bool, optional
            Another way to say "db" (true) or "linear".

        Returns
        -------
        ndarray, float [..., n_mels, frame]
            float32 if the signal is, else float64.

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
        output_scale, to_db
            See `mel_spectrogram`.

        Returns
        -------
        ndarray, float [..., n_mels, frame]
            That of the signal; float32 if the spectrogram is in single precision, else float64.

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
        """Put linear mel values [..., n_mels, frame] on a scale, with this object's parameters."""
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
    """Return the scale of a call, which may name it in two ways, or a transform's own."""
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
    """`MelSpectrogramTransform` with ``output_scale="log"``; all other parameters are the same."""

    output_scale: OutputScale = field(default="log", init=False)


@shows_fields(MelSpectrogramTransform)
def mel_spectrogram(
    x: ArrayLike | None = None, *, spectrogram: ArrayLike | None = None, **parameters: Any
) -> Real:
    """Return the mel spectrogram of a signal.

    Parameters
    ----------
    x : array_like [..., sample]
    spectrogram : array_like [..., frequency, frame], optional
        Powers or complex spectra instead; see `MelSpectrogramTransform.from_spectrogram`.
    **parameters
        Those of `MelSpectrogramTransform`, with its defaults.

    Returns
    -------
    ndarray, float [..., n_mels, frame]

    Raises
    ------
    ValueError
        As `MelSpectrogramTransform`, or unless one of `x` and `spectrogram` is given.
    """
    transform = MelSpectrogramTransform(**parameters)
    return of_either(x, spectrogram, transform, transform.from_spectrogram)
