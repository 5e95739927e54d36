"""Separation without one of its steps, or with a plainer one in its place."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any
from unittest import mock

import numpy as np
from items import Item

import musisep
from musisep import learning, separation
from musisep.analysis import Analysis
from musisep.dictsep import columns, grouping, notes
from musisep.dictsep.columns import Voices, normalized
from musisep.dictsep.tones import Floats, Peaks, ToneModel
from variants import Variant


def patched(*patches: Callable[[], Any]) -> Variant:
    """Return what separates with default settings while the patches are in force."""

    def variant(item: Item, seed: int) -> musisep.Separation:
        with ExitStack() as stack:
            for patch in patches:
                stack.enter_context(patch())
            return musisep.separate(
                item.mixture, item.sample_rate, instruments=len(item.stems), seed=seed
            )

    return variant


def put(module: object, name: str, value: object) -> Callable[[], Any]:
    """Return a patch."""
    return partial(mock.patch.object, module, name, value)


def shapes(early: Callable[[Floats], Floats], late: Callable[[Floats], Floats]) -> Variant:
    """Keep palettes in other shapes, at first and in the last steps."""
    return patched(put(learning, "smoothed", early), put(learning, "falling", late))


def one_column(
    model: ToneModel, frames: Floats, peaks: Peaks, inst_dict: Floats, jobs: int = 1
) -> Voices:
    """Make masks from the column of the instrument, whatever the pitch."""
    return Voices(peaks, inst_dict, np.arange(inst_dict.shape[1]))


def without_unrest(own: notes.Notes) -> tuple[Floats, Any]:
    """Return the features of notes but for the last one."""
    values, known = grouping_features(own)
    return values[:, :-1], known[:, :-1]


def prices(**changes: float) -> Variant:
    """Decode at other prices in the end."""
    decoder = property(lambda own: replace(usual_decoder(own), **changes))
    return patched(put(separation, "Analysis", type("Analysis", (Analysis,), {"decoder": decoder})))


grouping_features, usual_decoder = grouping.features, Analysis.decoder.func
smoothed, falling = learning.smoothed, learning.falling

VARIANTS = {
    "palette-free": shapes(normalized, normalized),
    "palette-smooth": shapes(smoothed, smoothed),
    "palette-falling": shapes(falling, falling),
    "palette-smooth-then-free": shapes(smoothed, normalized),
    "masks-one-column": patched(put(separation, "fit_pitches", one_column)),
    **{f"trust={value}": patched(put(columns, "TRUST", value)) for value in (0.3, 0.003)},
    "no-unrest": patched(put(grouping, "features", without_unrest)),
    "no-rise": patched(put(notes, "RISE", np.inf)),
    "worth=0": patched(put(learning, "WORTH", 0.0)),
    "hot-annealing": patched(put(grouping, "SWEEPS", 30), put(grouping, "HOTTEST", 3.0)),
    "contradiction=0.05-novelty=0": prices(contradiction=0.05, novelty=0.0),
    "novelty=0": prices(novelty=0.0),
    "unison=0.1": prices(unison=0.1),
    "onset=0.4": prices(onset=0.4),
}
