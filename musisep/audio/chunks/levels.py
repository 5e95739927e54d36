"""The level of a mixture: brought to a standard, and given back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import above_zero, instance, number
from musisep.audio.arrays import Real, as_samples, check_finite, full_scale

SILENCE = 1e-8
"""Standard deviation up to which audio counts as silent."""


@dataclass(frozen=True)
class NormalizationStats:
    """How a mixture was normalized.

    Parameters
    ----------
    mean : float
        What was subtracted.
    std : float > 0
        What the rest was divided by.

    Raises
    ------
    ValueError
        If a number is not finite, or std is not above 0.

    Examples
    --------
    >>> from musisep.audio import NormalizationStats, denormalize_audio
    >>> denormalize_audio([-1.0, 0.0, 1.0], NormalizationStats(mean=0.25, std=0.5)).tolist()
    [-0.25, 0.25, 0.75]
    """

    mean: float
    std: float

    def __post_init__(self) -> None:
        """Refuse impossible numbers."""
        object.__setattr__(self, "mean", number("mean", self.mean))
        object.__setattr__(self, "std", above_zero("std", self.std))


@dataclass(frozen=True, eq=False)
class NormalizedAudio:
    """What `normalize_audio` returns.

    Parameters
    ----------
    audio : ndarray, float [channel, sample] or [sample]
        The normalized mixture.
    stats : NormalizationStats
        How to undo it.

    Examples
    --------
    >>> from musisep.audio import normalize_audio
    >>> normalized = normalize_audio([0.0, 0.25, 0.5])
    >>> normalized.audio.tolist()
    [-1.0, 0.0, 1.0]
    >>> normalized.stats
    NormalizationStats(mean=0.25, std=0.25)
    """

    audio: Real
    stats: NormalizationStats


def normalize_audio(audio: ArrayLike) -> NormalizedAudio:
    """Shift and scale a mixture so that its mono mix has mean 0 and standard deviation 1.

    All channels are treated alike. Audio whose mono mix is silent (a standard deviation of at
    most 1e-8) or a single sample is left as it is: mean 0, std 1.

    Parameters
    ----------
    audio : array_like [channel, sample] or [sample]
        The mixture.

    Returns
    -------
    NormalizedAudio
        In float32 for float32, else in float64.

    Raises
    ------
    ValueError
        If the audio is empty, has more axes, or holds NaN or infinite samples.

    Examples
    --------
    The mono mix of two channels has mean 0 and standard deviation 1:

    >>> import numpy as np
    >>> from musisep.audio import normalize_audio
    >>> noise = np.random.default_rng(0).standard_normal((2, 1000)) + 0.5
    >>> mono = normalize_audio(noise).audio.mean(axis=0)
    >>> abs(float(mono.mean())) < 1e-9, round(float(mono.std(ddof=1)), 6)
    (True, 1.0)
    """
    values = as_audio(audio)
    check_finite(values, "audio")
    as_samples(values, "audio")
    mono = np.atleast_2d(values).mean(axis=0, dtype=np.float64)
    mean, std = float(mono.mean()), float(mono.std(ddof=1)) if mono.size > 1 else 0.0
    if std <= SILENCE:
        mean, std = 0.0, 1.0
    return NormalizedAudio((values - mean) / std, NormalizationStats(mean, std))


def denormalize_audio(audio: ArrayLike, stats: NormalizationStats) -> Real:
    """Give normalized audio, or stems made from it, the level of the mixture again.

    The mean is added to each stem: take it into account when stems are added up.

    Parameters
    ----------
    audio : array_like [..., sample]
        Normalized audio, or stems.
    stats : NormalizationStats
        From `normalize_audio`.

    Returns
    -------
    ndarray, float [..., sample]
        In float32 for float32, else in float64.

    Raises
    ------
    ValueError
        If `audio` holds no real numbers, or `stats` is of another kind.

    Examples
    --------
    >>> from musisep.audio import denormalize_audio, normalize_audio
    >>> normalized = normalize_audio([0.0, 0.25, 0.5])
    >>> denormalize_audio(normalized.audio, normalized.stats).tolist()
    [0.0, 0.25, 0.5]
    """
    instance("stats", stats, NormalizationStats)
    return full_scale(audio, "audio") * stats.std + stats.mean


def as_audio(audio: ArrayLike) -> Real:
    """Return audio in the precision to compute in; refuse what is none."""
    values = full_scale(audio, "audio")
    if values.ndim not in (1, 2) or not values.size:
        raise ValueError(
            f"audio of shape={values.shape} must be [channel, sample] or [sample], not empty"
        )
    return values
