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
        Number of harmonics of a column.
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
    early : function
        Shape that the columns are kept in at first.
    late : function
        Shape that the columns are kept in during the last turns.
    late_steps : int
        How many turns are the last.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    Examples
    --------
    Two instruments play a short tune. The more turns, the less is left unexplained:

    >>> import math
    >>> import numpy as np
    >>> from musisep.learning.common import CommonColumns
    >>> from musisep.masking.synthesis import synthesise
    >>> from musisep.masking.voices import Voices
    >>> from musisep.multipitch.joint import JointSearch
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=140)
    >>> columns = np.array([[1.0, 0.4], [0.2, 1.0], [0.1, 0.3]])
    >>> lines = np.repeat([[60.0, 20.0], [64.0, 17.0], [67.0, 12.0], [64.0, 24.0]], 3, axis=0)
    >>> insts = np.tile([0, 1], (12, 1))
    >>> tones = Peaks(0 * lines + 1, lines, 0 * lines + 1, 0 * lines, insts)
    >>> frames = synthesise(Voices.of(tones, columns), model.harscale, 1, model.m).sum(axis=0)
    >>> common = CommonColumns(harmonics=3, steps=4)
    >>> found, curve = common(frames, JointSearch(2), model, lambda: None)
    >>> len(curve), curve[-1] < curve[0]
    (4, True)
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
        """Return common columns, and what they left unexplained after each turn.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        search : JointSearch
            Finds tones, but in all turns except the last at the price of these columns.
        model : ToneModel
            What tones look like.
        step_done : function
            Called without arguments after each turn.

        Returns
        -------
        columns : ndarray [harmonic, column]
            Relative amplitudes of the harmonics.
        curve : list of float
            What was left unexplained after each turn, from 0 to 1.
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
