"""`musisep.separate` with other settings, one at a time."""

from functools import partial
from typing import Any

from items import Item

import musisep
from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.audio.logfreq import mel_magnitudes
from variants import Variant

OTHERS = {
    "restarts": (1, 12),
    "steps": (6, 20),
    "batch": (200, 1000),
    "harmonics": (15, 40),
    "hop_s": (0.008, 0.016),
    "qexp": (0.35, 0.7),
    "front_end": ("pursuit", "mel"),
    "phase": ("misi",),
}
"""Settings, and what they are set to instead of their default."""
MEL_WINDOWS_MS = (23, 32, 64)


def separated(**options: Any) -> Variant:
    """Return the variant with these settings, or parts as `stages`."""

    def variant(item: Item, seed: int) -> musisep.Separation:
        known = {"instruments": len(item.stems), "seed": seed}
        return musisep.separate(item.mixture, item.sample_rate, **known | options)

    return variant


def mel(window_ms: float) -> Variant:
    """Return the variant whose front end has windows of this standard deviation."""
    magnitudes = partial(mel_magnitudes, window_sigma_s=window_ms / 1000)
    return separated(stages={"front_end": LogFrequencyFrontEnd(magnitudes)})


VARIANTS = {
    "default": separated(),
    "auto": separated(instruments="auto"),
    **{
        f"{name}={value}": separated(**{name: value})
        for name, values in OTHERS.items()
        for value in values
    },
    **{f"mel-{window_ms}ms": mel(window_ms) for window_ms in MEL_WINDOWS_MS},
}
