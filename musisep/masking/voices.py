"""With which columns of harmonics each tone sounds: its instrument's, or its pitch's own."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from musisep._util.constants import TINY
from musisep._util.fields import check_fields
from musisep.learning.updates import updated
from musisep.multipitch.finder import Prior
from musisep.tones.checks import check_tones, frames_with_tones
from musisep.tones.loss import dict_grads
from musisep.tones.model import ToneModel, checked_dictionary
from musisep.tones.peaks import Floats, Ints, Peaks


class Voices(NamedTuple):
    """Tones, and the columns with which they sound, of which an instrument may have many.

    Parameters
    ----------
    tones : Peaks [frame, tone]
        Tones, whose `insts` are the instruments that play them.
    columns : ndarray of int [frame, tone]
        The column of each tone.
    dictionary : ndarray [harmonic, column]
        Relative amplitudes of the harmonics.
    instruments : int
        Number of instruments, whether they sound or not.

    Examples
    --------
    It is likely, but not certain, that instrument 0 plays a tone. It sounds in both:

    >>> import numpy as np
    >>> from musisep.masking.voices import Voices
    >>> from musisep.multipitch.finder import Prior
    >>> from musisep.tones.peaks import Peaks
    >>> tones = Peaks([[1.0]], [[20.0]], [[1.0]], [[0.0]], [[0]])
    >>> voices = Voices.of(tones, np.array([[1.0, 1.0], [0.5, 0.2]]))
    >>> chances = np.array([[[0.8, 0.2]]])
    >>> prior = Prior(tones.shifts, tones.insts, chances=chances)
    >>> shared = voices.shared(prior, near=1.0)
    >>> shared.tones.amps.tolist(), shared.tones.insts.tolist(), shared.columns.tolist()
    ([[0.8, 0.2]], [[0, 1]], [[0, 0]])
    """

    tones: Peaks
    columns: Ints
    dictionary: Floats
    instruments: int

    @classmethod
    def of(cls, tones: Peaks, dictionary: Floats) -> "Voices":
        """Return voices that sound with the column of their instrument.

        Parameters
        ----------
        tones : Peaks [frame, tone]
            Tones, whose `insts` are columns of the dictionary.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.

        Returns
        -------
        Voices
            With as many columns as instruments.

        Raises
        ------
        ValueError
            If they are no tones [frame, tone], or the dictionary has no column for an instrument.
        """
        check_tones("tones", tones)
        dictionary = checked_dictionary(dictionary, tones.insts, "dictionary")
        return cls(tones, np.ascontiguousarray(tones.insts), dictionary, dictionary.shape[1])

    def with_tones(self, tones: Peaks) -> "Voices":
        """Return the same columns for tones that have changed otherwise.

        Parameters
        ----------
        tones : Peaks [frame, tone]
            The changed tones, in the same places.

        Returns
        -------
        Voices
            These tones with the same columns.
        """
        return self._replace(tones=tones)

    def shared(self, prior: Prior, near: float) -> "Voices":
        """Return voices in which tones are shared as likely as an instrument plays them.

        A tone of which it is not certain who plays it sounds in several instruments, softer: the
        mean of what the stems may be has the least squared error.

        Parameters
        ----------
        prior : Prior
            What is known of these frames.
        near : float
            Distance in bins up to which a tone is the one of the prior.

        Returns
        -------
        Voices
            With a place of each tone for each instrument; the same if there are no chances, or
            fewer than two instruments.

        Raises
        ------
        ValueError
            If the chances are not of these frames, of the places of the prior and of these
            instruments.
        """
        chances = prior.chances_of(self.tones, self.instruments, near)
        if chances is None or self.instruments < 2:
            return self
        size = len(self.tones)
        params = np.tile(self.tones.params, self.instruments)
        params[:, 0] *= np.moveaxis(chances, 2, 1).reshape(len(params), -1)
        return self._replace(
            tones=Peaks.from_params(params, np.repeat(np.arange(self.instruments), size)),
            columns=np.tile(self.columns, self.instruments),
        )

    def in_frames(self, frames: slice) -> "Voices":
        """Return the voices of some of the frames.

        Parameters
        ----------
        frames : slice
            Which frames.

        Returns
        -------
        Voices
            Of these frames.
        """
        return self._replace(tones=self.tones[frames], columns=self.columns[frames])


class Voicing(Protocol):
    """Tones → the columns that they sound with.

    Examples
    --------
    Tones above bin 30 sound with a second column, which has a softer second harmonic:

    >>> import math
    >>> import numpy as np
    >>> from musisep.masking.voices import Voices
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> def by_height(frames, tones, dictionary, model):
    ...     instruments = dictionary.shape[1]
    ...     softer = np.concatenate((dictionary[:1], 0.5 * dictionary[1:]))
    ...     columns = tones.insts + instruments * (tones.shifts > 30)
    ...     return Voices(tones, columns, np.hstack((dictionary, softer)), instruments)
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> tones = Peaks([[1.0, 1.0]], [[20.0, 40.0]], [[1.0, 1.0]], [[0.0, 0.0]], [[0, 0]])
    >>> voices = by_height(np.zeros((1, model.m)), tones, np.array([[1.0], [0.4]]), model)
    >>> voices.dictionary[:, voices.columns[0]].tolist()
    [[1.0, 1.0], [0.4, 0.2]]
    """

    def __call__(
        self, frames: Floats, tones: Peaks, dictionary: Floats, model: ToneModel
    ) -> Voices:
        """Choose columns for tones.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major, in which the tones were found.
        tones : Peaks [frame, tone]
            The tones of all frames.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        model : ToneModel
            What tones look like.

        Returns
        -------
        Voices
            The tones with their columns.
        """


@dataclass(frozen=True)
class InstrumentColumns:
    """Lets each tone sound with the column of its instrument; a `Voicing`.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from musisep.masking.voices import InstrumentColumns
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> tones = Peaks([[1.0, 1.0]], [[20.0, 40.0]], [[1.0, 1.0]], [[0.0, 0.0]], [[1, 0]])
    >>> columns = np.array([[1.0, 0.3], [0.4, 1.0]])
    >>> InstrumentColumns()(np.zeros((1, model.m)), tones, columns, model).columns.tolist()
    [[1, 0]]
    """

    def __call__(
        self, frames: Floats, tones: Peaks, dictionary: Floats, model: ToneModel
    ) -> Voices:
        """Return the voices; frames do not matter.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        tones : Peaks [frame, tone]
            The tones of all frames.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        model : ToneModel
            What tones look like.

        Returns
        -------
        Voices
            See `Voices.of`.

        Raises
        ------
        ValueError
            As `Voices.of`.
        """
        return Voices.of(tones, dictionary)


@dataclass(frozen=True)
class PitchColumns:
    """Fits columns of their own to the tones of each semitone; a `Voicing`.

    An instrument's resonances raise and lower harmonics by ten decibels, but alike whenever the
    pitch recurs. Where a harmonic is hidden the column of the instrument holds.

    Parameters
    ----------
    trust : float
        Weight of the instrument's column, relative to the data of one pitch: 3 %. Chosen by hand;
        `experiments/run.py "trust=*"` has others, `masks-one-column` has none.
    updates : int
        Updates of the columns; a guess, more change little.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    Examples
    --------
    An instrument has a louder second harmonic at the lower pitch, whatever its column says:

    >>> import math
    >>> import numpy as np
    >>> from musisep.masking.voices import PitchColumns
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> tones = Peaks([[1.0], [1.0]], [[20.0], [40.0]], [[1.0]] * 2, [[0.0]] * 2, [[0]] * 2)
    >>> true = np.array([[1.0, 1.0], [0.6, 0.2]])  # of the two pitches
    >>> frames = [
    ...     inst_shift(tones[frame], true[:, [frame]], model.harscale, model.pexp, model.m, 1)
    ...     for frame in (0, 1)
    ... ]
    >>> voices = PitchColumns()(np.array(frames), tones, np.array([[1.0], [0.4]]), model)
    >>> voices.dictionary.round(1).tolist(), voices.columns.tolist()
    ([[1.0, 1.0], [0.6, 0.2]], [[0], [1]])
    """

    trust: float = 0.03
    updates: int = 8

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self)

    def __call__(
        self, frames: Floats, tones: Peaks, dictionary: Floats, model: ToneModel
    ) -> Voices:
        """Return the voices.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        tones : Peaks [frame, tone]
            The tones of all frames.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        model : ToneModel
            What tones look like.

        Returns
        -------
        Voices
            With a column for each semitone that an instrument plays.

        Raises
        ------
        ValueError
            If shapes do not fit, or the dictionary has no column for an instrument.
        """
        frames = frames_with_tones(frames, tones, model, "tones")
        dictionary = checked_dictionary(dictionary, tones.insts, "dictionary")
        semitones = np.rint(12 * tones.shifts / model.octave).astype(np.int64)
        span = int(semitones.max(initial=0)) + 1
        found, numbers = np.unique(tones.insts * span + semitones, return_inverse=True)
        insts = found // span
        numbers = numbers.reshape(tones.insts.shape)
        own = tones.of_instruments(numbers)
        start = np.maximum(dictionary, TINY)[:, insts]
        columns, trust = start, np.zeros(start.shape)
        for update in range(self.updates):
            higher, lower = dict_grads(frames, own, columns, model)
            if not update:
                for inst in np.unique(insts):
                    usual = lower[:, insts == inst].mean(axis=1)[:, None]
                    trust[:, insts == inst] = self.trust * usual
            higher += trust * (start / np.maximum(columns, TINY)) ** model.qexp
            columns = updated(columns, higher, lower + trust, model)
        return Voices(tones, numbers, columns, dictionary.shape[1])
