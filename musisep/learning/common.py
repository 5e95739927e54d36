"""Columns that the tones of any instrument may take, learned before it is known who plays."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from musisep._util.fields import check_fields
from musisep.learning.selection import audible, evenly_spaced
from musisep.learning.updates import falling, fit_columns, smoothed
from musisep.multipitch.joint import JointSearch
from musisep.tones.loss import unexplained
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats

Shape = Callable[[Floats], Floats]
"""Keeps columns [harmonic, column] in a shape."""


@dataclass(frozen=True)
class CommonColumns:
    """Learns columns that the tones of any instrument may take.

    Tones are found and columns fitted to them in turn. The columns are kept smooth at first and
    falling at last: otherwise one tone comes to stand for two that have an octave below in common.
    `experiments/run.py steps` has variants without, `settings` other numbers of steps and frames.

    Parameters
    ----------
    harmonics : int
    steps : int
        Turns.
    frames : int
        Frames of the recording from which they are learned, evenly spaced.
    falls : tuple of float
        Exponents with which the columns fall with the harmonic at the start; one for each.
    price : float
        What a tone must explain of a frame in all turns but the last; see `JointSearch`. High: a
        column that is learned with several tones for one stands for parts of it, and these become
        notes of their own.
    updates : int
        Updates of the columns in each turn.
    early, late : function
        Shapes that the columns are kept in, at first and in the last turns.
    late_steps : int
        How many turns are the last.
    """

    harmonics: int = 25
    steps: int = 10
    frames: int = 400
    falls: tuple[float, ...] = (0.5, 3.0)
    price: float = 0.3
    updates: int = 2
    early: Shape = smoothed
    late: Shape = falling
    late_steps: int = 3

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, harmonics=1, frames=1)

    def __call__(
        self,
        frames: Floats,
        search: JointSearch,
        model: ToneModel,
        step_done: Callable[[], None],
    ) -> tuple[Floats, list[float]]:
        """Return columns [harmonic, column], and what they left unexplained after each turn.

        `search` finds tones, at first at this price.
        """
        dear = replace(search, price=self.price)
        columns = np.arange(1.0, self.harmonics + 1)[:, None] ** -np.array(self.falls)
        audible_frames = np.ascontiguousarray(frames[evenly_spaced(audible(frames), self.frames)])
        curve = []
        for step in range(self.steps):
            peaks = (dear if step < self.steps - 1 else search)(audible_frames, columns, model)
            columns = fit_columns(audible_frames, peaks, columns, model, self.updates)
            columns = (self.early if step < self.steps - self.late_steps else self.late)(columns)
            curve.append(unexplained(audible_frames, peaks, columns, model))
            step_done()
        return columns, curve
