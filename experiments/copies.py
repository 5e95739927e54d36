"""Copies of an item: the same music with a small change, which should change little.

``COPIES`` has them by name. A copy is measured on what it has in common with the item, so that its
figures can be compared with those of the item itself, which is the copy "plain".
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from items import Floats, Item

from musisep.io.rates import resample

PLAIN = "plain"
PANNED = 0.5
"""The outer players are louder by that much in one channel, and softer in the other."""
FADE_S = 0.02
"""Players who take turns fade in and out for that long."""


def as_it_is(item: Item) -> Item:
    """Return the item."""
    return item


def all_of(stems: Floats, sample_rate: int) -> Floats:
    """Return the stems."""
    return stems


class Copy(NamedTuple):
    """How an item is changed, and what is measured of its stems [..., channel, sample]."""

    made: Callable[[Item], Item]
    scored: Callable[[Floats, int], Floats] = all_of


def noisy(item: Item, level_db: float) -> Item:
    """Add white noise, so much louder than the mixture."""
    noise = np.random.default_rng(0).standard_normal(item.mixture.shape)
    level = 10 ** (level_db / 20) * np.sqrt(np.mean(item.mixture**2))
    return item._replace(mixture=item.mixture + level * noise)


def louder(item: Item, gain: float) -> Item:
    """Multiply everything by a gain."""
    return item._replace(mixture=gain * item.mixture, stems=gain * item.stems)


def rounded(item: Item) -> Item:
    """Round the mixture to 16 bits, with triangular dither: as it is, it may have no more."""
    dither = np.random.default_rng(0).uniform(-0.5, 0.5, size=(2, *item.mixture.shape)).sum(axis=0)
    return item._replace(mixture=np.rint(item.mixture * 2**15 + dither) / 2**15)


def resampled(item: Item, rate: int) -> Item:
    """Change the sample rate."""
    mixture, stems = (resample(of, item.sample_rate, rate) for of in (item.mixture, item.stems))
    return item._replace(mixture=mixture, stems=stems, sample_rate=rate)


def remixed(item: Item, stems: Floats) -> Item:
    """Put other stems into the mixture; what is none of them, such as noise, stays."""
    return item._replace(mixture=item.mixture + (stems - item.stems).sum(axis=0), stems=stems)


def panned(item: Item) -> Item:
    """Place the players from left to right; the channels' mean is that of the item."""
    sides = np.linspace(-PANNED, PANNED, len(item.stems))
    gains = np.stack([1 - sides, 1 + sides], axis=1)
    mono = item._replace(mixture=downmix(item.mixture), stems=downmix(item.stems))
    return remixed(mono, gains[:, :, None] * mono.stems)


def downmix(signals: Floats, sample_rate: int = 0) -> Floats:
    """Return the mean of the channels, as one channel."""
    return signals.mean(axis=-2, keepdims=True)


def softer(item: Item, level_db: float) -> Item:
    """Change the level of the first player."""
    stems = item.stems.copy()
    stems[0] *= 10 ** (level_db / 20)
    return remixed(item, stems)


def preceded(item: Item, stems: Floats) -> Item:
    """Put other stems before those of the item."""
    shift = np.array([1, 1, 0]) * stems.shape[-1] / item.sample_rate
    notes = item.notes and [own + shift for own in item.notes]
    return item._replace(
        mixture=np.concatenate((stems.sum(axis=0), item.mixture), axis=-1),
        stems=np.concatenate((stems, item.stems), axis=-1),
        notes=notes,
    )


def later(item: Item, seconds: float) -> Item:
    """Put silence before the item."""
    return preceded(item, np.zeros_like(item.stems[..., : round(seconds * item.sample_rate)]))


def after_solo(item: Item, seconds: float) -> Item:
    """Put the first player's beginning before the item, alone."""
    solo = np.zeros((*item.stems.shape[:2], round(seconds * item.sample_rate)))
    own = item.stems[0, :, : solo.shape[-1]]
    solo[0, :, : own.shape[-1]] = own
    whole = preceded(item, solo)
    if not item.notes:
        return whole
    first = item.notes[0][item.notes[0][:, 0] < seconds]
    first = np.minimum(first, (seconds, seconds, np.inf))
    return whole._replace(notes=[np.concatenate((first, whole.notes[0])), *whole.notes[1:]])


def without(stems: Floats, sample_rate: int, seconds: float) -> Floats:
    """Leave the beginning out."""
    return stems[..., round(seconds * sample_rate) :]


def in_turns(item: Item, seconds: float) -> Item:
    """Let one player after the other play for so long, and never two together."""
    number = len(item.stems)
    begins = seconds * np.arange(number)
    time = np.arange(item.mixture.shape[1]) / item.sample_rate
    since = (time - begins[:, None]) % (number * seconds)
    gates = np.clip(np.minimum(since, seconds - since) / FADE_S, 0, 1)
    notes = item.notes and [
        heard(own, np.arange(begin, time[-1], number * seconds), seconds)
        for own, begin in zip(item.notes, begins, strict=True)
    ]
    return remixed(item, item.stems * gates[:, None])._replace(notes=notes)


def heard(notes: Floats, begins: Floats, seconds: float) -> Floats:
    """Return what is left of notes [note, (onset, offset, pitch)] in stretches that begin there."""
    parts = np.repeat(notes, len(begins), axis=0).reshape(len(notes), len(begins), 3)
    parts[..., 0] = np.maximum(parts[..., 0], begins)
    parts[..., 1] = np.minimum(parts[..., 1], begins + seconds)
    return parts[parts[..., 0] < parts[..., 1]]


COPIES = {
    PLAIN: Copy(as_it_is),
    "noise-50": Copy(partial(noisy, level_db=-50)),
    "noise-30": Copy(partial(noisy, level_db=-30)),
    "gain0.9": Copy(partial(louder, gain=0.9)),
    "late37ms": Copy(partial(later, seconds=0.037), partial(without, seconds=0.037)),
    "16bit": Copy(rounded),
    "32khz": Copy(partial(resampled, rate=32_000)),
    "panned": Copy(panned, downmix),
    "solo9s": Copy(partial(after_solo, seconds=9.0), partial(without, seconds=9.0)),
    "soft12db": Copy(partial(softer, level_db=-12)),
    **{f"turns{s:g}s": Copy(partial(in_turns, seconds=s)) for s in (0.5, 1.0, 2.0, 5.0)},
}
"""Levels are relative to what they are in the item; "32khz" is the rate."""
