"""Who plays: how much of the tones that are found goes to the right player."""

from collections.abc import Sequence

import numpy as np
from items import Floats, Item
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from variants import ladder

from musisep.tones.table import Table, tone_table

NEAR_SEMITONES = 0.6
"""A tone is one of a note that is that near in pitch."""
NEAR_S = 0.1
"""A note sounds so long before its onset and after its offset: that much do windows and rooms."""


def right_share(tones: Table, notes: Sequence[Floats]) -> float:
    """Return which share of the amplitude of true tones the right instruments have.

    A tone is true if somebody plays it, and right if that is its instrument's player, or one of
    several who play it. Each instrument has the player that suits it best over the whole item.

    Parameters
    ----------
    tones : recarray
        As a separation has them.
    notes : sequence of ndarray, shape (note, 3)
        Of each player: onset and offset in s, MIDI pitch.

    Returns
    -------
    share : float
        From 0 to 1; NaN if no tone is true.
    """
    played = np.array([_played(tones, own) for own in notes])  # [player, tone]
    amplitudes = np.array(
        [np.bincount(tones.instrument, own * tones.amplitude) for own in played]
    )  # [player, instrument]
    right = amplitudes[linear_sum_assignment(amplitudes, maximize=True)].sum()
    true = tones.amplitude[played.any(axis=0)].sum()
    return float(right / true) if true > 0 else np.nan


def _played(tones: Table, notes: Floats) -> NDArray[np.bool_]:
    """Return which tones are tones of the notes."""
    pitch, played = _midi(tones.f0_hz), np.zeros(len(tones), dtype=bool)
    for onset, offset, midi in notes:
        sounding = (onset - NEAR_S <= tones.time_s) & (tones.time_s <= offset + NEAR_S)
        played |= sounding & (np.abs(pitch - midi) <= NEAR_SEMITONES)
    return played


def true_notes(item: Item) -> list[Floats]:
    """Return the notes of each stem: those of the score or, without one, its tones one by one."""
    if item.notes is not None:
        return item.notes
    found = ladder.true(item)
    table = tone_table(found.tones, found.frames.grid)
    tones = np.stack([table.time_s, table.time_s, _midi(table.f0_hz)], axis=1)
    return [tones[table.instrument == stem] for stem in range(len(item.stems))]


def _midi(hz: Floats) -> Floats:
    return 69 + 12 * np.log2(hz / 440)
