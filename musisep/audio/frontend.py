"""Front ends: a recording of any number of channels in, log-frequency frames out."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from musisep._util.checks import above_zero, at_least, from_zero, instance
from musisep.audio.arrays import full_scale, peak
from musisep.audio.floors import NoiseFloor
from musisep.audio.logfreq import FillMagnitudes, LogAxis, log_spectrogram

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Where the frames and bins of a log-frequency spectrogram lie.

    Parameters
    ----------
    axis : LogAxis
        Frequencies of the bins.
    hop_length : int
        Samples between frames; frame t is centred on sample t * hop_length.
    sample_rate : int
        In Hz.
    sigma_bins : float
        Width (standard deviation) of a steady sinusoid, in bins.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    An axis of three octaves, and a frame every 10 ms at 8 kHz:

    >>> from musisep.audio.frontend import Grid
    >>> from musisep.audio.logfreq import LogAxis
    >>> grid = Grid(LogAxis(110.0, 880.0, 36), hop_length=80, sample_rate=8000, sigma_bins=1.0)
    >>> grid.hop_length / grid.sample_rate
    0.01
    >>> grid.axis.hz(12).round(6).item()
    220.0
    """

    axis: LogAxis
    hop_length: int
    sample_rate: int
    sigma_bins: float

    def __post_init__(self) -> None:
        """Refuse impossible grids."""
        instance("axis", self.axis, LogAxis)
        for name in ("hop_length", "sample_rate"):
            object.__setattr__(self, name, at_least(name, getattr(self, name), 1))
        object.__setattr__(self, "sigma_bins", above_zero("sigma_bins", self.sigma_bins))


class Frames(NamedTuple):
    """A log-frequency spectrogram, frame-major, as tones are found in it.

    Parameters
    ----------
    magnitudes : ndarray, float [frame, bin]
        Magnitudes with maximum 1, or all 0.
    level : float
        What they have been divided by.
    grid : Grid
        Where they lie.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio.frontend import Frames, Grid
    >>> from musisep.audio.logfreq import LogAxis
    >>> grid = Grid(LogAxis(110.0, 440.0, 2), hop_length=80, sample_rate=8000, sigma_bins=1.0)
    >>> frames = Frames.of(np.array([[0.0, 0.2, 0.4], [0.1, 0.0, 0.0]]), grid)  # [bin, frame]
    >>> frames.magnitudes.tolist()
    [[0.0, 0.25], [0.5, 0.0], [1.0, 0.0]]
    >>> frames.level
    0.4
    """

    magnitudes: Floats
    level: float
    grid: Grid

    @classmethod
    def of(cls, spectrogram: Floats, grid: Grid) -> "Frames":
        """Return the frames of magnitudes.

        Parameters
        ----------
        spectrogram : ndarray, float [bin, frame]
            Magnitudes in which 1 is a sinusoid of amplitude 1.
        grid : Grid
            Where they lie.

        Returns
        -------
        Frames
            The magnitudes divided by their maximum, which is the level; 1 if all are 0.
        """
        level = float(spectrogram.max()) or 1.0
        return cls(np.divide(spectrogram.T, level, order="C"), level, grid)


class FrontEnd(Protocol):
    """Recording → log-frequency frames.

    Parameters
    ----------
    *args : Any
        Of the constructor, which the protocol leaves open.
    **kwargs : Any
        The same.

    Examples
    --------
    A front end that hears the magnitudes at three frequencies in frames that do not overlap:

    >>> import numpy as np
    >>> from musisep.audio.frontend import Frames, Grid
    >>> from musisep.audio.logfreq import LogAxis
    >>> class Probe:
    ...     def __call__(self, mixture, sample_rate):
    ...         grid = Grid(LogAxis(220.0, 1760.0, 3), 100, sample_rate, 1.0)
    ...         waves = np.exp(2j * np.pi * np.outer(grid.axis.frequencies_hz, np.arange(100))
    ...                        / sample_rate)
    ...         blocks = mixture.mean(axis=0).reshape(-1, 100)
    ...         return Frames.of(np.abs(waves @ blocks.T) / 50, grid)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(400) / 4400)
    >>> Probe()(sine[None], 4400).magnitudes.round(3).tolist()
    [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
    """

    def __call__(self, mixture: Floats, sample_rate: int) -> Frames:
        """Make the frames of a mixture.

        Parameters
        ----------
        mixture : ndarray, float [channel, sample]
            The recording.
        sample_rate : int
            In Hz.

        Returns
        -------
        Frames
            Log-frequency frames, with their level and their grid.
        """


@dataclass(frozen=True)
class LogFrequencyFrontEnd:
    """Makes log-frequency frames of a recording; a `FrontEnd`.

    Parameters
    ----------
    front_end : {"cqt", "pursuit", "mel"} or function
        How the spectrogram of a channel is made; see `musisep.audio.logfreq.log_spectrogram`.
    hop_s : float
        Seconds between frames.
    fmin_hz, fmax_hz : float
        Range of the log-frequency axis; it ends below the Nyquist frequency in any case.
    bins_per_octave : float
        Its resolution.
    sigma_bins : float
        Width (standard deviation) of a steady sinusoid on it, in bins.
    silence_s : float
        A frame is silent if there are only zeros for so many seconds around its centre, though
        filters at low frequencies reach further. Default: a frame of the mask, which has nothing
        to divide then.
    floor : NoiseFloor or None
        What is subtracted as noise.

    Examples
    --------
    A sinusoid of 440 Hz is loudest in the bin that is nearest to it:

    >>> import numpy as np
    >>> from musisep.audio.frontend import LogFrequencyFrontEnd
    >>> front_end = LogFrequencyFrontEnd(hop_s=0.02, fmin_hz=110.0, bins_per_octave=24.0)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> frames = front_end(sine[None], 8000)
    >>> loudest = frames.magnitudes[12].argmax()
    >>> float(round(frames.grid.axis.frequencies_hz[loudest], 2))
    440.0
    """

    front_end: str | FillMagnitudes = "cqt"
    hop_s: float = 0.0116
    fmin_hz: float = 27.5
    fmax_hz: float = 20480.0
    bins_per_octave: float = 102.4
    sigma_bins: float = 6 / math.pi
    silence_s: float = 0.186
    floor: NoiseFloor | None = field(default_factory=NoiseFloor)

    def __call__(self, mixture: Floats, sample_rate: int) -> Frames:
        """Return the root mean square over the channels of a mixture.

        The floor is subtracted from that.

        Parameters
        ----------
        mixture : ndarray, float [channel, sample]
            The recording.
        sample_rate : int
            In Hz.

        Returns
        -------
        Frames
            With 1 + sample // hop_length frames.

        Raises
        ------
        ValueError
            If the axis does not fit the sample rate in Hz, or the mixture is not of this shape.
        """
        mixture = full_scale(mixture, "mixture").astype(np.float64, copy=False)
        if mixture.ndim != 2 or not mixture.size:
            raise ValueError(f"mixture of shape={mixture.shape} must be [channel, sample]")
        grid = self.grid(sample_rate)
        scale = peak(mixture) or 1.0  # squares must not overflow
        energy = self._energy(mixture[0] / scale, grid)
        for channel in mixture[1:]:
            energy += self._energy(channel / scale, grid)
        reach = math.ceil(
            from_zero("silence_s", self.silence_s) * sample_rate / (2 * grid.hop_length)
        )
        energy[:, silent_frames(mixture, grid.hop_length, reach)] = 0
        magnitudes = np.sqrt(energy, out=energy)
        if self.floor is not None:
            instance("floor", self.floor, NoiseFloor)
            self.floor.subtract(magnitudes, grid.axis.bins_per_octave)
        frames = Frames.of(magnitudes, grid)
        return frames._replace(level=scale * frames.level / np.sqrt(len(mixture)))

    def grid(self, sample_rate: int) -> Grid:
        """Return where frames and bins lie at a sample rate.

        Parameters
        ----------
        sample_rate : int
            In Hz.

        Returns
        -------
        Grid
            The axis below the Nyquist frequency, and the hop in samples.
        """
        axis = LogAxis.below_nyquist(self.fmin_hz, self.fmax_hz, self.bins_per_octave, sample_rate)
        hop_length = max(1, round(above_zero("hop_s", self.hop_s) * sample_rate))
        return Grid(axis, hop_length, sample_rate, self.sigma_bins)

    def _energy(self, channel: Floats, grid: Grid) -> Floats:
        """Square of the log-frequency spectrogram [bin, frame] of one channel."""
        magnitudes = log_spectrogram(
            channel, grid.sample_rate, grid.axis, hop_length=grid.hop_length,
            sigma_bins=self.sigma_bins, front_end=self.front_end,
        )  # fmt: skip
        return np.square(magnitudes, out=magnitudes)


def silent_frames(mixture: Floats, hop_length: int, reach: int) -> NDArray[np.bool_]:
    """Tell which frames have nothing but zeros for `reach` hops on either side of their centre.

    Parameters
    ----------
    mixture : ndarray, float [channel, sample]
        The recording.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.
    reach : int > 0
        Hops.

    Returns
    -------
    ndarray, bool [frame]
        With 1 + sample // hop_length frames.
    """
    hops = np.arange(0, mixture.shape[1], hop_length)
    heard = np.logical_or.reduceat(mixture.any(axis=0), hops)
    before = np.concatenate([[0], np.cumsum(heard)])  # hops that are heard before each centre
    centres = np.arange(1 + mixture.shape[1] // hop_length)
    first, stop = np.maximum(centres - reach, 0), np.minimum(centres + reach, hops.size)
    return before[first] == before[stop]
