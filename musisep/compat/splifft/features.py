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

    Parameters
    ----------
    sample_rate, n_fft, hop_length, n_mels, f_min, f_max, mel_scale, power, log_multiplier
        See `musisep.audio.mel.MelSpectrogramTransform`.
    normalized : bool or {"frame_length", "window"}
        What spectra are divided by: the root of `n_fft`, or that of the sum of the squared window
        ("window" or true, as torchaudio has it).

    Attributes
    ----------
    spect_class : musisep.audio.mel.MelSpectrogramTransform
        On the scale "linear".

    Raises
    ------
    ValueError
        If a parameter is out of its range.
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
        """Transform waveforms [batch, channel, time] or [batch, time].

        Returns
        -------
        array, shape (batch, channel, n_mels, frame)
            One channel if there was no such axis.
        """
        waveforms = as_array(x, "x")
        waveforms = waveforms[:, None] if waveforms.ndim == 2 else waveforms
        return self.spect_class(waveforms, "log")

    forward = __call__


class SequenceFeatureExtractor(Protocol):
    """What makes features [batch, step, feature] of signals [batch, channel, sample]."""

    hop_length_samples: int
    stage_name: str

    def __call__(self, x: ArrayLike, /) -> Real:
        """Return the features of signals."""
        ...


class IdentitySequenceFeatureExtractor:
    """The samples themselves, as steps of one feature."""

    hop_length_samples = 1
    stage_name = "sequence_features"

    def __call__(self, x: ArrayLike) -> Real:
        """Return [batch, sample, 1] of signals [batch, 1, sample]."""
        return np.ascontiguousarray(_mono(x).swapaxes(1, 2))

    forward = __call__


@dataclass(eq=False)
class LogMelSequenceFeatureExtractor:
    """Frames of a `LogMelSpect`."""

    mel: LogMelSpect
    hop_length_samples: int = field(kw_only=True)
    stage_name = "mel"

    def __call__(self, x: ArrayLike) -> Real:
        """Return [batch, frame, n_mels] of signals [batch, 1, sample]."""
        return np.ascontiguousarray(self.mel(_mono(x))[:, 0].swapaxes(1, 2))

    forward = __call__


@dataclass(eq=False)
class CqtSequenceFeatureExtractor:
    """Levels of a `HarmonicCQT` in dB, frame by frame."""

    hcqt: HarmonicCQT
    hop_length_samples: int = field(kw_only=True)
    log_epsilon: float = field(kw_only=True)
    stage_name = "cqt"

    def __call__(self, x: ArrayLike) -> Real:
        """Return [batch, frame, harmonic * n_bins] of signals [batch, 1, sample]."""
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
    device
        Of no effect.

    Raises
    ------
    ValueError
        If there is no such kind, or a parameter is out of its range.
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
