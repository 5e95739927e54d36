"""Log-mel spectrograms, and sequences of features."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import one_of
from musisep.audio.arrays import Real, as_array
from musisep.audio.mel import MelSpectrogramTransform
from musisep.compat.splifft.constantq import HarmonicCQT, to_log_magnitude

NORMALIZED: dict[object, Any] = {
    False: False,
    True: "window",
    "window": "window",
    "frame_length": "frame_length",
}
"""How torchaudio's spectra may be normalized, and what `SpectralTransform` calls that."""


@dataclass(frozen=True, eq=False)
class LogMelSpect:
    """Mel spectrogram of torchaudio on the scale ln(1 + log_multiplier mel).

    Calling the object transforms waveforms, as `forward` does.

    Parameters
    ----------
    sample_rate : int > 0
        In Hz.
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0
        Samples between frames.
    n_mels : int > 0
        Number of bands.
    f_min : float
        Lower end of the first band in Hz.
    f_max : float, optional
        Upper end of the last band in Hz; half the sample rate if left out.
    mel_scale : {"htk", "slaney"}
        Scale on which the corners of the bands are evenly spaced.
    normalized : bool or {"frame_length", "window"}
        What spectra are divided by: the root of `n_fft`, or that of the sum of the squared window
        ("window" or true, as torchaudio has it).
    power : float > 0
        Power to which magnitudes are raised before they are pooled.
    log_multiplier : float > 0
        Factor of the values before the logarithm is taken.

    Attributes
    ----------
    spect_class : musisep.audio.mel.MelSpectrogramTransform
        What does the work; on the scale "linear".

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.compat.splifft import LogMelSpect
    >>> mel = LogMelSpect(sample_rate=8000, n_fft=256, hop_length=64, n_mels=20)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> values = mel(np.stack([sine, 0 * sine]))
    >>> values.shape
    (2, 1, 20, 63)
    >>> band = int(values[0, 0, :, 30].argmax())
    >>> round(float(mel.spect_class.frequencies_hz[band]))  # in Hz
    447
    >>> float(values[1].max())  # of silence
    0.0
    """

    sample_rate: int
    n_fft: int
    hop_length: int
    n_mels: int
    f_min: float = 0.0
    f_max: float | None = None
    mel_scale: Any = "slaney"
    normalized: bool | str = "frame_length"
    power: float = 1.0
    log_multiplier: float = 1000.0
    spect_class: MelSpectrogramTransform = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and prepare the filters."""
        one_of("normalized", self.normalized, NORMALIZED)
        spect_class = MelSpectrogramTransform(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            n_mels=self.n_mels,
            f_min=self.f_min,
            f_max=self.f_max,
            power=self.power,
            mel_scale=self.mel_scale,
            output_scale="linear",
            log_mode="log1p",
            normalized=NORMALIZED[self.normalized],
            log_multiplier=self.log_multiplier,
        )
        object.__setattr__(self, "spect_class", spect_class)

    def __call__(self, x: ArrayLike) -> Real:
        """Transform waveforms.

        Parameters
        ----------
        x : array_like, float [batch, channel, time] or [batch, time]
            Waveforms.

        Returns
        -------
        ndarray, float [batch, channel, n_mels, frame]
            One channel if there was no such axis.

        Raises
        ------
        ValueError
            If a signal is too short.
        """
        waveforms = as_array(x, "x")
        waveforms = waveforms[:, None] if waveforms.ndim == 2 else waveforms
        return self.spect_class(waveforms, "log")

    forward = __call__


class SequenceFeatureExtractor(Protocol):
    """What makes features [batch, step, feature] of signals [batch, channel, sample].

    Examples
    --------
    Levels of steps of ten samples:

    >>> import numpy as np
    >>> from musisep.compat.splifft import SequenceFeatureExtractor
    >>> class Levels:
    ...     hop_length_samples = 10
    ...     stage_name = "levels"
    ...     def __call__(self, x):
    ...         batch, channels, samples = np.shape(x)
    ...         steps = np.reshape(x, (batch, channels, samples // 10, 10))
    ...         return np.sqrt(np.mean(np.square(steps), axis=-1)).swapaxes(1, 2)
    >>> levels: SequenceFeatureExtractor = Levels()
    >>> levels(np.repeat([[[0.5, 0.25]]], 10, axis=2)).tolist()
    [[[0.5], [0.25]]]
    """

    hop_length_samples: int
    stage_name: str

    def __call__(self, x: ArrayLike, /) -> Real:
        """Return the features of signals.

        Parameters
        ----------
        x : array_like, float [batch, channel, sample]
            Signals.

        Returns
        -------
        ndarray, float [batch, step, feature]
            Features.
        """
        ...


class IdentitySequenceFeatureExtractor:
    """The samples themselves, as steps of one feature.

    Calling the object does the same as `forward`.

    Examples
    --------
    >>> from musisep.compat.splifft import IdentitySequenceFeatureExtractor
    >>> IdentitySequenceFeatureExtractor()([[[0.1, 0.2, 0.3]]]).tolist()
    [[[0.1], [0.2], [0.3]]]
    """

    hop_length_samples = 1
    stage_name = "sequence_features"

    def __call__(self, x: ArrayLike) -> Real:
        """Return the samples.

        Parameters
        ----------
        x : array_like, float [batch, 1, sample]
            Signals.

        Returns
        -------
        ndarray, float [batch, sample, 1]
            A copy, with the samples as steps.

        Raises
        ------
        ValueError
            If the shape is another one.
        """
        return np.ascontiguousarray(_mono(x).swapaxes(1, 2))

    forward = __call__


@dataclass(eq=False)
class LogMelSequenceFeatureExtractor:
    """Frames of a `LogMelSpect`.

    Calling the object does the same as `forward`.

    Parameters
    ----------
    mel : LogMelSpect
        What makes the frames.
    hop_length_samples : int
        Samples between frames, for whoever reads it.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.compat.splifft import LogMelSequenceFeatureExtractor, LogMelSpect
    >>> mel = LogMelSpect(sample_rate=8000, n_fft=256, hop_length=64, n_mels=20)
    >>> features = LogMelSequenceFeatureExtractor(mel, hop_length_samples=64)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> found = features(sine[np.newaxis, np.newaxis])
    >>> found.shape
    (1, 63, 20)
    >>> bool(np.array_equal(found[0].T, mel(sine[np.newaxis])[0, 0]))
    True
    """

    mel: LogMelSpect
    hop_length_samples: int = field(kw_only=True)
    stage_name = "mel"

    def __call__(self, x: ArrayLike) -> Real:
        """Return the frames of signals.

        Parameters
        ----------
        x : array_like, float [batch, 1, sample]
            Signals.

        Returns
        -------
        ndarray, float [batch, frame, n_mels]
            Values of the bands.

        Raises
        ------
        ValueError
            If the shape is another one, or a signal is too short.
        """
        return np.ascontiguousarray(self.mel(_mono(x))[:, 0].swapaxes(1, 2))

    forward = __call__


@dataclass(eq=False)
class CqtSequenceFeatureExtractor:
    """Levels of a `HarmonicCQT` in dB, frame by frame.

    Calling the object does the same as `forward`.

    Parameters
    ----------
    hcqt : HarmonicCQT
        What makes the frames.
    hop_length_samples : int
        Samples between frames, for whoever reads it.
    log_epsilon : float > 0
        Smaller magnitudes count as this.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.compat.splifft import CqtSequenceFeatureExtractor, HarmonicCQT
    >>> hcqt = HarmonicCQT(
    ...     harmonics=(1, 2), sr=8000, hop_length=100, fmin=220, fmax=None, bins_per_semitone=1,
    ...     n_bins=24, center_bins=False, gamma=0.0, center=True,
    ... )
    >>> features = CqtSequenceFeatureExtractor(hcqt, hop_length_samples=100, log_epsilon=1e-6)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> levels = features(sine[np.newaxis, np.newaxis])
    >>> levels.shape
    (1, 41, 48)
    >>> np.flatnonzero(levels[0, 20] > levels.max() - 1).tolist()  # bin 12 of harmonic 1, 0 of 2
    [12, 24]
    """

    hcqt: HarmonicCQT
    hop_length_samples: int = field(kw_only=True)
    log_epsilon: float = field(kw_only=True)
    stage_name = "cqt"

    def __call__(self, x: ArrayLike) -> Real:
        """Return the levels of signals.

        Parameters
        ----------
        x : array_like, float [batch, 1, sample]
            Signals.

        Returns
        -------
        ndarray, float, dB [batch, frame, harmonic * n_bins]
            Levels.

        Raises
        ------
        ValueError
            If the shape is another one, or a signal is too short.
        """
        levels = to_log_magnitude(self.hcqt(_mono(x)), epsilon=self.log_epsilon)
        batch, _, _, frames = levels.shape
        return np.moveaxis(levels, 3, 1).reshape(batch, frames, -1)

    forward = __call__


def create_sequence_feature_extractor(
    feature_cfg: Any, *, sample_rate: int, device: object = None
) -> SequenceFeatureExtractor:
    """Make what a configuration tells.

    Parameters
    ----------
    feature_cfg : object or None
        With the attributes of splifft's `LogMelConfig` (``kind="mel"``) or `CqtConfig`
        (``kind="cqt"``); None for `IdentitySequenceFeatureExtractor`.
    sample_rate : int > 0
        In Hz; that of a mel spectrogram is told by its configuration.
    device : object
        Of no effect.

    Returns
    -------
    SequenceFeatureExtractor
        A `LogMelSequenceFeatureExtractor`, a `CqtSequenceFeatureExtractor` or the identity.

    Raises
    ------
    ValueError
        If there is no such kind, or a parameter is out of its range.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from musisep.compat.splifft import create_sequence_feature_extractor
    >>> config = SimpleNamespace(
    ...     kind="mel", sample_rate=8000, n_fft=256, hop_length=64, n_mels=20, f_min=0.0,
    ...     f_max=None, mel_scale="slaney", normalized="frame_length", power=1.0,
    ...     log_multiplier=1000.0,
    ... )
    >>> features = create_sequence_feature_extractor(config, sample_rate=8000)
    >>> features.stage_name, features.hop_length_samples
    ('mel', 64)
    """
    if feature_cfg is None:
        return IdentitySequenceFeatureExtractor()
    one_of("kind", feature_cfg.kind, ("mel", "cqt"))
    if feature_cfg.kind == "mel":
        mel = LogMelSpect(
            sample_rate=feature_cfg.sample_rate,
            n_fft=feature_cfg.n_fft,
            hop_length=feature_cfg.hop_length,
            n_mels=feature_cfg.n_mels,
            f_min=feature_cfg.f_min,
            f_max=feature_cfg.f_max,
            mel_scale=feature_cfg.mel_scale,
            normalized=feature_cfg.normalized,
            power=feature_cfg.power,
            log_multiplier=feature_cfg.log_multiplier,
        )
        return LogMelSequenceFeatureExtractor(mel, hop_length_samples=mel.hop_length)
    hop_length = round(feature_cfg.hop_size_ms * sample_rate / 1000)
    hcqt = HarmonicCQT(
        harmonics=feature_cfg.harmonics,
        sr=sample_rate,
        hop_length=hop_length,
        fmin=feature_cfg.fmin,
        fmax=feature_cfg.fmax,
        bins_per_semitone=feature_cfg.bins_per_semitone,
        n_bins=feature_cfg.n_bins,
        center_bins=feature_cfg.center_bins,
        gamma=feature_cfg.gamma,
        center=feature_cfg.center,
    )
    return CqtSequenceFeatureExtractor(
        hcqt, hop_length_samples=hop_length, log_epsilon=feature_cfg.log_epsilon
    )


def _mono(x: ArrayLike) -> Real:
    """Refuse what is not [batch, 1, sample]."""
    signals = as_array(x, "x")
    if signals.ndim != 3 or signals.shape[1] != 1:
        raise ValueError(f"x of shape={signals.shape} must be [batch, 1, sample]")
    return signals
