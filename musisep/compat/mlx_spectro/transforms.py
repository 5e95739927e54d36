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
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0
        Samples between frames.
    win_length : int, optional
        Samples of the window; `n_fft` if left out.
    window_fn : str
        Window for `scipy.signal.get_window`, or "rect".
    window : array_like, float [win_length], optional
        Samples of the window itself, or the n_fft samples of a whole frame.
    periodic : bool
        Whether the window that `window_fn` names is periodic or symmetric.
    center : bool
        Whether frame t has sample t * hop_length in its middle, or begins with it.
    center_pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends: mirrored or silent.
    center_tail_pad : {"symmetric", "minimal"}
        Whether n_fft // 2 samples are added at either end, or as many frames as begin a hop of
        the signal.
    normalized : bool
        Whether spectra are divided by the root of `n_fft`.
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

    Examples
    --------
    A sine of 1 kHz is in bin 32 of 31.25 Hz, and comes back:

    >>> import numpy as np
    >>> from musisep.compat.mlx_spectro import SpectralTransform
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> sine = np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000)
    >>> spectra = transform.stft(sine)
    >>> spectra.shape, int(np.abs(spectra[0, :, 30]).argmax())
    ((1, 129, 63), 32)
    >>> bool(np.allclose(transform.istft(spectra, length=4000), sine))
    True
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
        """Transform signals to complex spectra.

        Parameters
        ----------
        x : array_like, float [B, T] or [T]
            Signals.
        output_layout : {"bfn", "bnf"}
            Order of the axes: batch, frequency, frame, or batch, frame, frequency.

        Returns
        -------
        ndarray, complex [B, F, N] or [B, N, F]
            Spectra in single precision if the signals are, else in double precision.

        Raises
        ------
        ValueError
            If a signal is shorter than `musisep.audio.stft.SpectralTransform.stft` takes it, or
            there is no such layout.
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

        Parameters
        ----------
        z : array_like, complex [B, F, N] or [F, N]
            Spectra.
        length : int > 0, optional
            Samples of a signal; if left out, those of the shortest one with as many frames.
        validate : bool
            Of no effect.
        torch_like : bool
            Whether samples under no window are refused, unless `safety` is "off"; otherwise they
            are 0.
        allow_fused : bool
            Of no effect.
        safety : {"off", "auto", "always"}
            Of effect with `torch_like` only.
        long_mode_strategy : {"native", "numpy_fallback", "torch_fallback"}
            Of no effect.
        backend_policy : {None, "auto", "mlx_fft", "metal", "torch_fallback"}
            Of no effect.
        input_layout : {"bfn", "bnf"}
            Order of the axes of `z`, as of `stft`.

        Returns
        -------
        ndarray, float [B, T] or [T]
            Signals in single precision if the spectra are, else in double precision.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the shape does not fit, or samples are refused.
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
        """Return `stft` and `istft` of one layout.

        Parameters
        ----------
        length : int > 0
            Samples of the signals that come back.
        layout : {"bfn", "bnf"}
            Order of the axes of spectra, as of `stft`.
        warmup_batch : int > 0, optional
            Signals with which to do `warmup` first.

        Returns
        -------
        stft : function
            Takes signals and returns spectra.
        istft : function
            Takes spectra and returns signals.

        Raises
        ------
        ValueError
            If `warmup_batch` is given, and a number is out of its range.
        """
        if warmup_batch is not None:
            self.warmup(warmup_batch, length)
        return (
            self.get_compiled_stft(layout),
            self.get_compiled_istft(length=length, input_layout=layout),
        )

    def get_compiled_stft(
        self, output_layout: STFTOutputLayout = "bfn"
    ) -> Callable[[ArrayLike], Spectra]:
        """Return `stft` with this layout.

        Parameters
        ----------
        output_layout : {"bfn", "bnf"}
            Order of the axes of spectra, as of `stft`.

        Returns
        -------
        function
            Takes signals and returns spectra.
        """
        return partial(self.stft, output_layout=output_layout)

    def get_compiled_istft(self, **options: Any) -> Callable[[ArrayLike], Real]:
        """Return `istft` with these options.

        Parameters
        ----------
        **options : object
            Parameters of `istft`.

        Returns
        -------
        function
            Takes spectra and returns signals.
        """
        return partial(self.istft, **options)

    def stft_compiled(self, x: ArrayLike, output_layout: STFTOutputLayout = "bfn") -> Spectra:
        """Do as `stft`.

        Parameters
        ----------
        x : array_like, float [B, T] or [T]
            Signals.
        output_layout : {"bfn", "bnf"}
            Order of the axes, as of `stft`.

        Returns
        -------
        ndarray, complex [B, F, N] or [B, N, F]
            Spectra.
        """
        return self.stft(x, output_layout)

    def istft_compiled(self, z: ArrayLike, **options: Any) -> Real:
        """Do as `istft`.

        Parameters
        ----------
        z : array_like, complex [B, F, N] or [F, N]
            Spectra.
        **options : object
            Parameters of `istft`.

        Returns
        -------
        ndarray, float [B, T] or [T]
            Signals.
        """
        return self.istft(z, **options)

    def warmup(self, batch: int = 1, length: int = 4096) -> None:
        """Go to and fro once, in single precision, so that numba's kernels are compiled.

        Parameters
        ----------
        batch : int > 0
            Number of signals.
        length : int > 0
            Samples of a signal.

        Raises
        ------
        ValueError
            If a number is out of its range.
        """
        self.prewarm_compiled(batch, length)

    def prewarm_kernels(self, batch: int = 1, length: int | None = None) -> None:
        """Do as `warmup`, with four times `n_fft` samples unless told otherwise.

        Parameters
        ----------
        batch : int > 0
            Number of signals.
        length : int > 0, optional
            Samples of a signal.

        Raises
        ------
        ValueError
            If a number is out of its range.
        """
        self.prewarm_compiled(batch, length)

    def prewarm_compiled(self, batch: int = 1, length: int | None = None, **options: Any) -> None:
        """Do as `prewarm_kernels`, with options of `istft`.

        Parameters
        ----------
        batch : int > 0
            Number of signals.
        length : int > 0, optional
            Samples of a signal.
        **options : object
            Parameters of `istft`.

        Raises
        ------
        ValueError
            If a number or an option is out of its range.
        """
        samples = at_least("length", 4 * self.transform.n_fft if length is None else length, 1)
        silence = np.zeros((at_least("batch", batch, 1), samples), np.float32)
        spectra = self.stft(silence, options.get("input_layout", "bfn"))
        self.istft(spectra, samples, **options)

    def differentiable_stft(self, x: ArrayLike) -> Spectra:
        """Transform signals to [B, N, F].

        Gradients [B, N, F] of a number by the result go back to signals of `length` samples by
        ``transform.stft_adjoint(gradient, length, input_layout="bnf")``.

        Parameters
        ----------
        x : array_like, float [B, T] or [T]
            Signals.

        Returns
        -------
        ndarray, complex [B, N, F]
            Spectra.
        """
        return self.stft(x, "bnf")

    def differentiable_istft(self, z: ArrayLike, length: int | None = None) -> Real:
        """Go back from spectra [B, N, F] or [N, F] to signals [B, T].

        Gradients [B, T] of a number by the result go back to spectra [B, N, F] by
        ``transform.istft_adjoint(gradient, output_layout="bnf", safety="off")``.

        Parameters
        ----------
        z : array_like, complex [B, N, F] or [N, F]
            Spectra.
        length : int > 0, optional
            Samples of a signal, as of `istft`.

        Returns
        -------
        ndarray, float [B, T]
            Signals.
        """
        return np.atleast_2d(self.istft(z, length, input_layout="bnf"))


@dataclass(frozen=True, eq=False)
class MelSpectrogramTransform:
    """`musisep.audio.mel.MelSpectrogramTransform` with a batch axis, and levels of its own.

    Parameters
    ----------
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0
        Samples between frames.
    win_length : int, optional
        Samples of the window; `n_fft` if left out.
    n_mels : int > 0
        Number of bands.
    f_min : float
        Lower end of the first band in Hz.
    f_max : float, optional
        Upper end of the last band in Hz; half the sample rate if left out.
    power : float > 0
        Power to which magnitudes are raised before they are pooled.
    norm : {None, "slaney"}
        Bands of height 1, or of area 1 over Hz.
    mel_scale : {"htk", "slaney"}
        Scale on which the corners of the bands are evenly spaced.
    top_db : float >= 0, optional
        Dynamic range of levels in dB.
    output_scale : {"linear", "log", "db"}
        Neither, the natural logarithm, or decibels: 10 log10 for any `power`.
    log_amin : float > 0
        For "log": least value, or what is added to values, before the logarithm is taken.
    log_mode : {"clamp", "add"}
        Whether "log" is ln(max(mel, log_amin)) or ln(mel + log_amin).
    mode : {"mlx_native", "torchaudio_compat", "default"}
        Whose maximum `top_db` refers to: that of each signal, or ("torchaudio_compat") of all.
    window_fn : str
        Window for `scipy.signal.get_window`, or "rect".
    periodic : bool
        Whether the window is periodic or symmetric.
    center : bool
        Whether frame t has sample t * hop_length in its middle, or begins with it.
    center_pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends: mirrored or silent.
    center_tail_pad : {"symmetric", "minimal"}
        Whether n_fft // 2 samples are added at either end, or as many frames as begin a hop of
        the signal.
    normalized : bool
        Whether spectra are divided by the root of `n_fft`.

    Attributes
    ----------
    transform : musisep.audio.mel.MelSpectrogramTransform
        What does the work, on the scale "linear".

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    Half the amplitude is 6 dB less in the loudest band:

    >>> import numpy as np
    >>> from musisep.compat.mlx_spectro import MelSpectrogramTransform
    >>> mel = MelSpectrogramTransform(8000, n_fft=256, hop_length=64, n_mels=20)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> levels = mel(np.stack([sine, sine / 2]))
    >>> levels.shape
    (2, 20, 63)
    >>> loud, soft = levels[..., 30].max(axis=1)
    >>> round(float(loud - soft), 2)
    6.02
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
        """Return magnitudes to the power of `power`.

        Parameters
        ----------
        x : array_like, float [B, T] or [T]
            Signals.

        Returns
        -------
        ndarray, float [B, F, N]
            Powers of magnitudes, before they are pooled.

        Raises
        ------
        ValueError
            If a signal is too short.
        """
        return self.transform.spectrogram(_batch(x))

    def mel_spectrogram(
        self, x: ArrayLike, output_scale: OutputScale | None = None, to_db: bool | None = None
    ) -> Real:
        """Return the mel spectrogram of signals; calling the object does the same.

        Parameters
        ----------
        x : array_like, float [B, T] or [T]
            Signals.
        output_scale : {"linear", "log", "db"}, optional
            Instead of the transform's own.
        to_db : bool, optional
            Another way to say "db" (true) or "linear".

        Returns
        -------
        ndarray, float [B, n_mels, N]
            Values on this scale; single precision if the signals are, else double precision.

        Raises
        ------
        ValueError
            If a signal is too short, the scale is unknown, or both ways of naming it are used.
        """
        scale = chosen_scale(self.output_scale, output_scale, to_db)
        if scale == "db":
            linear = self.transform(_batch(x))
            return amplitude_to_db(linear, top_db=self.top_db, mode=MODES[self.mode])
        return self.transform(_batch(x), scale)

    __call__ = mel_spectrogram


@dataclass(frozen=True, eq=False)
class LogMelSpectrogramTransform(MelSpectrogramTransform):
    """`MelSpectrogramTransform` with ``output_scale="log"``; all other parameters are the same.

    Parameters
    ----------
    sample_rate, n_fft, hop_length : int
        Sample rate in Hz, points and hop of frames in samples.
    win_length : int, optional
        Samples of the window.
    n_mels : int
        Number of bands.
    f_min : float
        Lower end of the first band in Hz.
    f_max : float, optional
        Upper end of the last band in Hz.
    power : float
        Power to which magnitudes are raised.
    norm, mel_scale : str
        Height and scale of the bands.
    top_db : float, optional
        Dynamic range in dB, if `mel_spectrogram` is asked for levels.
    log_amin : float
        Least value, or what is added, before the logarithm is taken.
    log_mode, mode, window_fn : str
        Kind of logarithm, reference of `top_db`, and window.
    periodic, center : bool
        Kind of window and of frames.
    center_pad_mode, center_tail_pad : str
        How the signal goes on beyond its ends.
    normalized : bool
        Whether spectra are divided by the root of `n_fft`.

    Examples
    --------
    Silence has the logarithm of `log_amin`:

    >>> import numpy as np
    >>> from musisep.compat.mlx_spectro import LogMelSpectrogramTransform
    >>> mel = LogMelSpectrogramTransform(8000, n_fft=256, hop_length=64, n_mels=20, log_amin=0.01)
    >>> mel(np.zeros(4000)).max().round(3).item()  # ln 0.01
    -4.605
    """

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

    Parameters
    ----------
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0
        Samples between frames.
    win_length : int
        Samples of the window.
    window_fn : str
        Window for `scipy.signal.get_window`, or "rect".
    periodic : bool
        Whether the window that `window_fn` names is periodic or symmetric.
    center : bool
        Whether frame t has sample t * hop_length in its middle, or begins with it.
    normalized : bool
        Whether spectra are divided by the root of `n_fft`.
    window : array_like, float [win_length], or None
        Samples of the window itself.
    center_pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends: mirrored or silent.
    center_tail_pad : {"symmetric", "minimal"}
        As of `SpectralTransform`.
    istft_backend_policy : {None, "auto", "mlx_fft", "metal", "torch_fallback"}
        Of no effect.

    Returns
    -------
    SpectralTransform
        The same object for the same parameters.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> from musisep.compat.mlx_spectro import get_transform_mlx
    >>> sizes = {"n_fft": 256, "hop_length": 64, "win_length": 256}
    >>> rest = {"window_fn": "hann", "periodic": True, "center": True, "normalized": False}
    >>> first = get_transform_mlx(**sizes, **rest, window=None)
    >>> get_transform_mlx(**sizes, **rest, window=None) is first
    True
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

    Raises
    ------
    ValueError
        If `reset` is no bool.

    Examples
    --------
    >>> from musisep.compat import mlx_spectro
    >>> mlx_spectro.reset_cache_debug_stats()
    >>> sizes = {"n_fft": 256, "hop_length": 64, "win_length": 256}
    >>> rest = {"window_fn": "hann", "periodic": True, "center": True, "normalized": False}
    >>> for _ in range(3):
    ...     transform = mlx_spectro.get_transform_mlx(**sizes, **rest, window=None)
    >>> counts = mlx_spectro.get_cache_debug_stats()["transform_cache"]
    >>> counts["hits"], counts["misses"]
    (2, 1)
    """
    flag("reset", reset)
    found = {"transform_cache": _kept.cache_info()._asdict()}
    if reset:
        reset_cache_debug_stats()
    return found


def reset_cache_debug_stats() -> None:
    """Forget the transforms that `get_transform_mlx` keeps, and its counts.

    Examples
    --------
    >>> from musisep.compat.mlx_spectro import get_cache_debug_stats, reset_cache_debug_stats
    >>> reset_cache_debug_stats()
    >>> get_cache_debug_stats()["transform_cache"]["currsize"]
    0
    """
    _kept.cache_clear()


_kept = kept("transforms of mlx_spectro")(SpectralTransform)
