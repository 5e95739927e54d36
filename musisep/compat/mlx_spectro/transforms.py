"""Transforms of mlx-spectro: short-time spectra and mel spectrograms, and what keeps them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, flag, one_of
from musisep.audio import mel, stft
from musisep.audio.arrays import Real, Spectra, as_array
from musisep.audio.caches import kept
from musisep.audio.decibels import amplitude_to_db
from musisep.audio.mel import MelNorm, MelScale
from musisep.audio.mel.transforms import OUTPUT_SCALES, chosen_scale
from musisep.compat.mlx_spectro.types import (
    CenterPadMode,
    CenterTailPad,
    ISTFTBackendPolicy,
    MelMode,
    OutputScale,
    STFTOutputLayout,
    WindowLike,
)

POLICIES = (None, "auto", "mlx_fft", "metal", "torch_fallback")
STRATEGIES = ("native", "numpy_fallback", "torch_fallback")
SAFETIES = ("off", "auto", "always")
MODES: dict[str, Any] = {
    "mlx_native": "per_example",
    "default": "per_example",
    "torchaudio_compat": "torchaudio_compat",
}
"""Modes of `MelSpectrogramTransform`, and what `amplitude_to_db` calls them."""


@dataclass(frozen=True, eq=False)
class SpectralTransform:
    """`musisep.audio.stft.SpectralTransform` with a batch axis: signals [T] or [B, T].

    Parameters
    ----------
    n_fft, hop_length, win_length, window_fn, window, periodic, center, center_pad_mode, \
center_tail_pad, normalized
        See there.
    istft_backend_policy : {None, "auto", "mlx_fft", "metal", "torch_fallback"}
        Of no effect.

    Attributes
    ----------
    transform : musisep.audio.stft.SpectralTransform
        What does the work, and takes gradients back.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    n_fft: int
    hop_length: int
    win_length: int | None = None
    window_fn: str = "hann"
    window: WindowLike = None
    periodic: bool = True
    center: bool = True
    center_pad_mode: CenterPadMode = "reflect"
    center_tail_pad: CenterTailPad = "symmetric"
    normalized: bool = False
    istft_backend_policy: ISTFTBackendPolicy | None = None
    transform: stft.SpectralTransform = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and build the window."""
        one_of("istft_backend_policy", self.istft_backend_policy, POLICIES)
        at_least("hop_length", self.hop_length, 1)
        transform = stft.SpectralTransform(
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            win_length=self.win_length,
            window_fn=self.window_fn,
            window=self.window,
            periodic=self.periodic,
            center=self.center,
            center_pad_mode=self.center_pad_mode,
            center_tail_pad=self.center_tail_pad,
            normalized=self.normalized,
        )
        object.__setattr__(self, "transform", transform)

    def stft(self, x: ArrayLike, output_layout: STFTOutputLayout = "bfn") -> Spectra:
        """Transform signals [T] or [B, T] to [B, F, N] ("bfn") or [B, N, F] ("bnf").

        Errors are those of `musisep.audio.stft.SpectralTransform.stft`.
        """
        return self.transform.stft(_batch(x), output_layout)

    def istft(
        self,
        z: ArrayLike,
        length: int | None = None,
        validate: bool = False,
        *,
        torch_like: bool = False,
        allow_fused: bool = True,
        safety: Literal["off", "auto", "always"] = "auto",
        long_mode_strategy: Literal["native", "numpy_fallback", "torch_fallback"] = "native",
        backend_policy: ISTFTBackendPolicy | None = None,
        input_layout: STFTOutputLayout = "bfn",
    ) -> Real:
        """Go back from spectra [B, F, N] to signals [B, T], from [F, N] to [T].

        Samples under no window are 0, or refused with `torch_like`, unless `safety` is "off". Of no
        effect are `validate`, `allow_fused`, `long_mode_strategy` and `backend_policy`. Errors are
        those of `musisep.audio.stft.SpectralTransform.istft`.
        """
        flags = {"validate": validate, "torch_like": torch_like, "allow_fused": allow_fused}
        for name, value in flags.items():
            flag(name, value)
        one_of("safety", safety, SAFETIES)
        one_of("long_mode_strategy", long_mode_strategy, STRATEGIES)
        one_of("backend_policy", backend_policy, POLICIES)
        return self.transform.istft(
            z,
            length,
            input_layout=input_layout,
            safety="always" if torch_like and safety != "off" else "off",
        )

    def compiled_pair(
        self, length: int, layout: STFTOutputLayout = "bnf", warmup_batch: int | None = None
    ) -> tuple[Callable[[ArrayLike], Spectra], Callable[[ArrayLike], Real]]:
        """Return `stft` and `istft` of one layout, the latter to `length` samples."""
        if warmup_batch is not None:
            self.warmup(warmup_batch, length)
        return (
            self.get_compiled_stft(layout),
            self.get_compiled_istft(length=length, input_layout=layout),
        )

    def get_compiled_stft(
        self, output_layout: STFTOutputLayout = "bfn"
    ) -> Callable[[ArrayLike], Spectra]:
        """Return `stft` with this layout."""
        return partial(self.stft, output_layout=output_layout)

    def get_compiled_istft(self, **options: Any) -> Callable[[ArrayLike], Real]:
        """Return `istft` with these options."""
        return partial(self.istft, **options)

    def stft_compiled(self, x: ArrayLike, output_layout: STFTOutputLayout = "bfn") -> Spectra:
        """Do as `stft`."""
        return self.stft(x, output_layout)

    def istft_compiled(self, z: ArrayLike, **options: Any) -> Real:
        """Do as `istft`."""
        return self.istft(z, **options)

    def warmup(self, batch: int = 1, length: int = 4096) -> None:
        """Go to and fro once, in single precision, so that numba's kernels are compiled."""
        self.prewarm_compiled(batch, length)

    def prewarm_kernels(self, batch: int = 1, length: int | None = None) -> None:
        """Do as `warmup`, with four times `n_fft` samples unless told otherwise."""
        self.prewarm_compiled(batch, length)

    def prewarm_compiled(self, batch: int = 1, length: int | None = None, **options: Any) -> None:
        """Do as `prewarm_kernels`; options are those of `istft`."""
        samples = at_least("length", 4 * self.transform.n_fft if length is None else length, 1)
        silence = np.zeros((at_least("batch", batch, 1), samples), np.float32)
        spectra = self.stft(silence, options.get("input_layout", "bfn"))
        self.istft(spectra, samples, **options)

    def differentiable_stft(self, x: ArrayLike) -> Spectra:
        """Transform signals to [B, N, F].

        Gradients [B, N, F] of a number by the result go back to signals of `length` samples by
        ``transform.stft_adjoint(gradient, length, input_layout="bnf")``.
        """
        return self.stft(x, "bnf")

    def differentiable_istft(self, z: ArrayLike, length: int | None = None) -> Real:
        """Go back from spectra [B, N, F] or [N, F] to signals [B, T].

        Gradients [B, T] of a number by the result go back to spectra [B, N, F] by
        ``transform.istft_adjoint(gradient, output_layout="bnf", safety="off")``.
        """
        return np.atleast_2d(self.istft(z, length, input_layout="bnf"))


@dataclass(frozen=True, eq=False)
class MelSpectrogramTransform:
    """`musisep.audio.mel.MelSpectrogramTransform` with a batch axis, and levels of its own.

    Parameters
    ----------
    sample_rate, n_fft, hop_length, win_length, n_mels, f_min, f_max, power, norm, mel_scale, \
top_db, output_scale, log_amin, log_mode, window_fn, periodic, center, center_pad_mode, \
center_tail_pad, normalized
        See there; but "db" is 10 log10 for any `power`.
    mode : {"mlx_native", "torchaudio_compat", "default"}
        Whose maximum `top_db` refers to: that of each signal, or ("torchaudio_compat") of all.

    Attributes
    ----------
    transform : musisep.audio.mel.MelSpectrogramTransform
        What does the work, on the scale "linear".

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    sample_rate: int = 24000
    n_fft: int = 2048
    hop_length: int = 240
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
    log_mode: Literal["clamp", "add"] = "clamp"
    mode: MelMode = "mlx_native"
    window_fn: str = "hann"
    periodic: bool = True
    center: bool = True
    center_pad_mode: CenterPadMode = "reflect"
    center_tail_pad: CenterTailPad = "symmetric"
    normalized: bool = False
    transform: mel.MelSpectrogramTransform = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and prepare the filters."""
        one_of("mode", self.mode, MODES)
        one_of("output_scale", self.output_scale, OUTPUT_SCALES)
        one_of("log_mode", self.log_mode, ("clamp", "add"))
        transform = mel.MelSpectrogramTransform(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            win_length=self.win_length,
            n_mels=self.n_mels,
            f_min=self.f_min,
            f_max=self.f_max,
            power=self.power,
            norm=self.norm,
            mel_scale=self.mel_scale,
            top_db=self.top_db,
            output_scale="linear",
            log_amin=self.log_amin,
            log_mode=self.log_mode,
            window_fn=self.window_fn,
            periodic=self.periodic,
            center=self.center,
            center_pad_mode=self.center_pad_mode,
            center_tail_pad=self.center_tail_pad,
            normalized=self.normalized,
        )
        object.__setattr__(self, "transform", transform)

    def spectrogram(self, x: ArrayLike) -> Real:
        """Return magnitudes to the power of `power`, [B, F, N], of signals [T] or [B, T]."""
        return self.transform.spectrogram(_batch(x))

    def mel_spectrogram(
        self, x: ArrayLike, output_scale: OutputScale | None = None, to_db: bool | None = None
    ) -> Real:
        """Return the mel spectrogram [B, n_mels, N] of signals [T] or [B, T].

        Parameters and errors are those of
        `musisep.audio.mel.MelSpectrogramTransform.mel_spectrogram`; calling does the same.
        """
        scale = chosen_scale(self.output_scale, output_scale, to_db)
        if scale == "db":
            linear = self.transform(_batch(x))
            return amplitude_to_db(linear, top_db=self.top_db, mode=MODES[self.mode])
        return self.transform(_batch(x), scale)

    __call__ = mel_spectrogram


@dataclass(frozen=True, eq=False)
class LogMelSpectrogramTransform(MelSpectrogramTransform):
    """`MelSpectrogramTransform` with ``output_scale="log"``; all other parameters are the same."""

    output_scale: OutputScale = field(default="log", init=False)


def _batch(x: ArrayLike) -> NDArray[Any]:
    """Return signals [B, T], or with more axes."""
    return np.atleast_2d(as_array(x, "x"))


def get_transform_mlx(
    *,
    n_fft: int,
    hop_length: int,
    win_length: int,
    window_fn: str,
    periodic: bool,
    center: bool,
    normalized: bool,
    window: WindowLike,
    center_pad_mode: CenterPadMode = "reflect",
    center_tail_pad: CenterTailPad = "symmetric",
    istft_backend_policy: ISTFTBackendPolicy | None = None,
) -> SpectralTransform:
    """Return a `SpectralTransform` that is kept for the next such call, unless `window` is given.

    Parameters and errors are those of `SpectralTransform`.
    """
    parameters: dict[str, Any] = dict(
        n_fft=n_fft,
        hop_length=hop_length,
        win_length=win_length,
        window_fn=window_fn,
        window=window,
        periodic=periodic,
        center=center,
        center_pad_mode=center_pad_mode,
        center_tail_pad=center_tail_pad,
        normalized=normalized,
        istft_backend_policy=istft_backend_policy,
    )
    if window is None:
        with suppress(TypeError):  # of a list: SpectralTransform says what is wrong with it
            return _kept(**parameters)
    return SpectralTransform(**parameters)


def get_cache_debug_stats(reset: bool = False) -> dict[str, dict[str, int]]:
    """Tell how often `get_transform_mlx` found what it was asked for.

    Parameters
    ----------
    reset : bool
        Whether to do as `reset_cache_debug_stats` afterwards.

    Returns
    -------
    dict
        Under "transform_cache": hits, misses, maxsize and currsize.
    """
    flag("reset", reset)
    found = {"transform_cache": _kept.cache_info()._asdict()}
    if reset:
        reset_cache_debug_stats()
    return found


def reset_cache_debug_stats() -> None:
    """Forget the transforms that `get_transform_mlx` keeps, and its counts."""
    _kept.cache_clear()


_kept = kept("transforms of mlx_spectro")(SpectralTransform)
