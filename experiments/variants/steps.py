"""Separation without one of its steps, or with a plainer one in its place."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from items import Item
from shared import ideal_shares

import musisep
from musisep.audio.arrays import Spectra
from musisep.learning.common import Shape
from musisep.learning.from_notes import NotesLearner
from musisep.learning.updates import falling, normalized, smoothed
from musisep.masking.places import Placing
from musisep.masking.ratio import SpectralMask
from musisep.masking.surroundings import Surroundings
from musisep.masking.synthesis import synthesise
from musisep.masking.voices import PitchColumns, Voices
from musisep.multipitch.viterbi import TENTATIVE, Prices, Viterbi
from musisep.notes.assignment import AnnealedAssignment, Annealing
from musisep.notes.players import Network, Players, fitted
from musisep.notes.tracking import NoteTracking
from musisep.settings import Settings
from musisep.stages import make_stages
from musisep.tones._kernels import LINEAR
from variants import Variant
from variants.settings import separated

AROUND = {
    "decay_db_s": (30.0, 120.0),
    "near_semitones": (0.05, 0.7),
    "reach": (1,),
    "fall": (2.0, 4.0),
}
"""What sounds around tones: what is set to what instead of its default."""


def learned(change: Callable[[NotesLearner], NotesLearner], **parts: Any) -> Variant:
    """Change the learner, and put other parts in their places."""

    def variant(item: Item, seed: int) -> musisep.Separation:
        settings = Settings(instruments=len(item.stems), seed=seed)
        stages = {"learner": change(make_stages(settings).learner), **parts}
        return musisep.separate(item.mixture, item.sample_rate, settings=settings, stages=stages)

    return variant


def common(early: Shape, late: Shape) -> Variant:
    """Keep common columns in other shapes, at first and in the last turns."""
    return learned(lambda own: replace(own, common=replace(own.common, early=early, late=late)))


def assigned(**changes: Any) -> Variant:
    """Give notes to instruments in another way."""
    return separated(stages={"assignment": AnnealedAssignment(**changes)})


def by_tones(voices: Voices, spectra: Spectra, pexp: float) -> Spectra:
    """Divide spectra by nothing but the tones; a `musisep.masking.ratio.Share`."""
    spects = synthesise(voices, LINEAR, pexp, spectra.shape[-1])
    return ideal_shares(spects[:, None], spectra)


def masks(surroundings: Surroundings | None) -> Variant:
    """Make masks of tones and what sounds around them."""
    return separated(stages={"mask": SpectralMask(placing=Placing(), surroundings=surroundings)})


def silent(network: Network) -> Network:
    """Return a network that says nothing."""
    return network._replace(outer=0 * network.outer, outer_bias=0 * network.outer_bias)


def players(change: Callable[[Players], Players]) -> Variant:
    """Change the model of players."""

    def variant(item: Item, seed: int) -> musisep.Separation:
        return assigned(players=change(fitted()))(item, seed)

    return variant


def prices(**changes: float) -> Variant:
    """Decode at other prices; while it is tried who plays, two have values of their own."""
    tried = replace(
        Prices(**changes), contradiction=TENTATIVE.contradiction, novelty=TENTATIVE.novelty
    )
    finder = Viterbi(prices=Prices(**changes))
    return learned(lambda own: replace(own, prices=tried), finder=finder)


VARIANTS = {
    "common-free": common(normalized, normalized),
    "common-smooth": common(smoothed, smoothed),
    "common-falling": common(falling, falling),
    "common-smooth-then-free": common(smoothed, normalized),
    "masks-by-tones": separated(stages={"mask": SpectralMask(share=by_tones)}),
    "masks-without-surroundings": masks(None),
    **{
        f"masks-{name}={value}": masks(Surroundings(**{name: value}))
        for name, values in AROUND.items()
        for value in values
    },
    "masks-one-column": separated(voicing="instrument"),
    **{
        f"trust={value}": separated(stages={"voicing": PitchColumns(trust=value)})
        for value in (0.3, 0.003)
    },
    "no-lines": players(lambda own: own._replace(following=silent(own.following))),
    "no-together": players(lambda own: own._replace(together=silent(own.together))),
    "no-crossing": players(lambda own: own._replace(crossing=0.0)),
    "no-rise": learned(lambda own: replace(own, tracking=NoteTracking(rise=np.inf))),
    "hot-annealing": assigned(annealing=Annealing(sweeps=30, start_temperature=3.0)),
    "contradiction=0.05-novelty=0": prices(contradiction=0.05, novelty=0.0),
    "novelty=0": prices(novelty=0.0),
    "unison=0.1": prices(unison=0.1),
    "onset=0.4": prices(onset=0.4),
}
