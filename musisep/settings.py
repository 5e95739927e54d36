"""What a user can choose, and the defaults; light enough to import for a help text."""

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any

FRONT_ENDS = ("cqt", "pursuit", "mel")
PHASES = ("mixture", "misi")
SPECTROGRAMS = ("magnitude", "mel", "log-frequency")
INVERSIONS = ("griffin-lim", "admm", "rtisi-la", "l-bfgs")
STARTS = ("single-pass", "pghi", "random", "zero")
SUBTYPES = {"wav": ("FLOAT", "PCM_16", "PCM_24"), "flac": ("PCM_24", "PCM_16")}
"""File formats that are written, and their sample formats, the default first."""
PEXP_MAX = 16
"""Amplitudes add up to hardly more than their maximum from there on."""
LIMITS = {
    "instruments": (1, 16), "tones": (1, 16), "harmonics": (1, 1000), "restarts": (1, 1000),
    "steps": (1, 10**6), "batch": (1, 10**6), "seed": (0, 2**63 - 1),
}  # fmt: skip
"""Lower and upper limits of the integers."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that determines a separation, beside the mixture and a given dictionary.

    Parameters
    ----------
    instruments : int
        Number of instruments.
    tones : int
        Number of tones that one instrument plays at a time.
    harmonics : int
        Harmonics of a tone.
    front_end : {"cqt", "pursuit", "mel"}
        How the log-frequency spectrogram is made, see `musisep.audio.logfreq`.
    restarts : int
        How often notes are given to instruments (see `musisep.learning`); the likeliest answer
        is used, of which one sign is that its tones leave little unexplained.
    seed : int
        Seed of the randomness.
    hop_s : float
        Seconds between frames.
    window_s : float
        Length of the Gaussian window of the linear-frequency spectrogram, in seconds.
    window_sigmas : float
        Standard deviations after which that window is cut.
    fmin_hz, fmax_hz : float
        Range of the log-frequency axis; it ends below the Nyquist frequency in any case.
    bins_per_octave : float
        Its resolution.
    sigma_bins : float
        Width (standard deviation) of a steady sinusoid on it, in bins.
    pexp : float
        Exponent for the addition of sinusoids.
    qexp : float
        Exponent that is applied to spectra before they are compared.
    steps, batch : int
        Steps of the learning of a palette, and frames of the recording from which it is learned.
    masking : bool
        Whether stems are shares of the mixture, or synthesised from the tones with its phase.
    phase : {"mixture", "misi"}
        Whose phases the stems have: those of the mixture, or their own, retrieved so that the
        stems add up to the mixture and nothing is left (`musisep.audio.inversion.misi`).

    Raises
    ------
    ValueError
        If a setting is out of its range.
    """

    instruments: int = 2
    tones: int = 1
    harmonics: int = 25
    front_end: str = "cqt"
    restarts: int = 6
    seed: int = 0
    hop_s: float = 0.0116
    window_s: float = 0.186
    window_sigmas: float = 4.0
    fmin_hz: float = 27.5
    fmax_hz: float = 20480.0
    bins_per_octave: float = 102.4
    sigma_bins: float = 6 / math.pi
    pexp: float = 1.0
    qexp: float = 0.5
    steps: int = 10
    batch: int = 400
    masking: bool = True
    phase: str = "mixture"

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not _whole(value) or not low <= value <= high:
                raise ValueError(f"{name}={value!r} must be an integer from {low} to {high}")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is float and not _positive(value):
                raise ValueError(f"{field.name}={value!r} must be a number above 0")
        if not 1 <= self.pexp <= PEXP_MAX:
            raise ValueError(f"pexp={self.pexp!r} must be from 1 to {PEXP_MAX}")
        if not isinstance(self.masking, bool):
            raise ValueError(f"masking={self.masking!r} must be True or False")
        for name, choices in (("front_end", FRONT_ENDS), ("phase", PHASES)):
            value = getattr(self, name)
            if value not in choices:
                raise ValueError(f"{name}={value!r} must be one of {', '.join(choices)}")
        if self.fmin_hz >= self.fmax_hz:
            raise ValueError(f"fmin_hz={self.fmin_hz} must be below fmax_hz={self.fmax_hz}")
        if 2 * self.hop_s > self.window_s:
            raise ValueError(f"hop_s={self.hop_s} must be at most half of window_s={self.window_s}")


def _whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _positive(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and 0 < float(value) < math.inf
