"""Pictures of separations: what was heard, what was found, and what was made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from musisep._util.checks import above_zero, one_of
from musisep.plots.spectrograms import (
    Axis,
    LinearAxis,
    checked_panels,
    drawn,
    spectrogram_figure,
)
from musisep.stems import MIXTURE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from musisep.audio.arrays import Spectra
    from musisep.audio.frontend import Frames
    from musisep.io.stored import Scratch, Stack
    from musisep.settings import Settings
    from musisep.stages import Stages
    from musisep.tones.dictionary import Dictionary
    from musisep.tones.peaks import Peaks

Floats = NDArray[np.float64]

MODEL = "model"
"""Title of the panel that shows what the tones sound like together."""
SCALES = ("log", "linear")


class Separated(Protocol):
    """What is drawn of a `musisep.Separation`, which stands above this room."""

    @property
    def stems(self) -> Floats | Stack: ...  # noqa: D102
    @property
    def mixture(self) -> Floats | Scratch: ...  # noqa: D102
    @property
    def sample_rate(self) -> int: ...  # noqa: D102
    @property
    def dictionary(self) -> Dictionary: ...  # noqa: D102
    @property
    def tones(self) -> np.recarray[Any, Any]: ...  # noqa: D102
    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def parts(self) -> Stages | None: ...  # noqa: D102
    @property
    def names(self) -> list[str]: ...  # noqa: D102


class View(NamedTuple):
    """A separation on an axis of frequencies.

    Attributes
    ----------
    axis : LogAxis or LinearAxis
    hop_s : float
        Time between frames, in seconds.
    frames : int
        Number of frames.
    spectrum : function
        Returns the magnitudes [bin, frame] of a signal [channel, sample].
    model : function
        Returns those of what the tones of some frames sound like together.
    """

    axis: Axis
    hop_s: float
    frames: int
    spectrum: Callable[[Floats], Floats]
    model: Callable[[slice], Floats]


def separation_figure(
    separation: Separated,
    frames: slice = slice(None),
    *,
    scale: str = "log",
    highest_hz: float | None = None,
    range_db: float = 60.0,
) -> Figure:
    """Draw spectrograms of a mixture, of its model, and of its stems.

    The model is what the tones that were found sound like with the columns of the dictionary.

    Parameters
    ----------
    separation : Separation
        What `musisep.separate` returned.
    frames : slice, optional
        Which frames to draw; default: all.
    scale : {"log", "linear"}, optional
        Scale of the frequencies: the log-frequency spectrogram in which tones are found, or the
        short-time spectrum that the masks divide.
    highest_hz : float, optional
        Up to which frequency to draw on a linear scale, in Hz; default: up to half of the sample
        rate.
    range_db : float, optional
        What is that far below the loudest point is drawn as silence; above 0, in dB.

    Returns
    -------
    matplotlib.figure.Figure
        With a panel for the mixture, for the model, and for each stem.

    Raises
    ------
    ValueError
        If there are no such frames, no such scale, or `highest_hz` is given for a log scale.

    Examples
    --------
    >>> from importlib.resources import files
    >>> import musisep
    >>> from musisep.io.files import read
    >>> from musisep.plots import separation_figure
    >>> audio, sample_rate = read(str(files("musisep") / "demo" / "mix.flac"), duration_s=1.0)
    >>> result = musisep.separate(audio, sample_rate, restarts=1, steps=2)
    >>> figure = separation_figure(result, slice(0, 40))
    >>> [axes.get_title(loc="left") for axes in figure.axes[:-1]]  # the last one is the scale
    ['mixture', 'model', 'instrument1', 'instrument2']
    """
    view = _view(separation, scale, highest_hz)
    panels = {
        MIXTURE: view.spectrum(np.asarray(separation.mixture))[:, frames],
        MODEL: view.model(frames),
    }
    for name, stem in zip(separation.names, separation.stems, strict=True):
        panels[name] = view.spectrum(np.asarray(stem))[:, frames]
    hop_s, start_s = _times(view, frames)
    return spectrogram_figure(panels, view.axis, hop_s, start_s=start_s, range_db=range_db)


def masks_figure(
    separation: Separated,
    frames: slice = slice(None),
    *,
    scale: str = "log",
    highest_hz: float | None = None,
    range_db: float = 60.0,
) -> Figure:
    """Draw which share of a mixture each stem has, from 0 to 1.

    Parameters
    ----------
    separation : Separation
        What `musisep.separate` returned.
    frames : slice, optional
        Which frames to draw; default: all.
    scale : {"log", "linear"}, optional
        Scale of the frequencies: the log-frequency spectrogram in which tones are found, or the
        short-time spectrum that the masks divide.
    highest_hz : float, optional
        Up to which frequency to draw on a linear scale, in Hz; default: up to half of the sample
        rate.
    range_db : float, optional
        Where the mixture is so far below its loudest point, in dB, there is nothing to share: it is
        gray.

    Returns
    -------
    matplotlib.figure.Figure
        With a panel for each stem.

    Raises
    ------
    ValueError
        If there are no such frames, no such scale, or `highest_hz` is given for a log scale.

    Examples
    --------
    >>> from importlib.resources import files
    >>> import musisep
    >>> from musisep.io.files import read
    >>> from musisep.plots import masks_figure
    >>> audio, sample_rate = read(str(files("musisep") / "demo" / "mix.flac"), duration_s=1.0)
    >>> result = musisep.separate(audio, sample_rate, restarts=1, steps=2)
    >>> figure = masks_figure(result, scale="linear", highest_hz=2000)
    >>> shares = figure.axes[0].images[0].get_array()
    >>> bool(0 <= shares.min() and shares.max() <= 1)
    True
    """
    view = _view(separation, scale, highest_hz)
    heard = view.spectrum(np.asarray(separation.mixture))[:, frames]
    quiet = heard <= 10 ** (-range_db / 20) * heard.max(initial=0.0)
    panels = {}
    for name, stem in zip(separation.names, separation.stems, strict=True):
        share = view.spectrum(np.asarray(stem))[:, frames] / np.where(quiet, 1.0, heard)
        panels[name] = np.where(quiet, np.nan, np.minimum(share, 1.0))
    hop_s, start_s = _times(view, frames)
    panels = checked_panels(panels, view.axis)
    meaning = "share of the magnitude"
    return drawn(panels, view.axis, hop_s, start_s, (0.0, 1.0), "cividis", meaning)


def _times(view: View, frames: slice) -> tuple[float, float]:
    """Return the time between frames that are drawn, and that of the first, in seconds."""
    first, _, step = frames.indices(view.frames)
    return step * view.hop_s, first * view.hop_s


def heard_by(separation: Separated) -> tuple[Frames, Peaks]:
    """Return the log-frequency frames of a separation, and its tones in them."""
    from musisep.stages import make_stages
    from musisep.tones.peaks import places
    from musisep.tones.table import tones_from_table

    front_end = (separation.parts or make_stages(separation.settings)).front_end
    frames = front_end(np.asarray(separation.mixture), separation.sample_rate)
    table = separation.tones
    _, counts = np.unique(table[["time_s", "instrument"]], return_counts=True)
    own = places(len(separation.stems), int(counts.max(initial=1)))
    grid, number = frames.grid, len(frames.magnitudes)
    return frames, tones_from_table(table, grid, number, own, grid.sigma_bins)


def _view(separation: Separated, scale: str, highest_hz: float | None) -> View:
    one_of("scale", scale, SCALES)
    if scale == "linear":
        return _linear_view(separation, highest_hz)
    if highest_hz is not None:
        raise ValueError(f"{highest_hz=} is of use with scale='linear' only; leave it out")
    return _log_view(separation)


def _log_view(separation: Separated) -> View:
    """Return the view in which tones are found."""
    from musisep.stages import make_stages

    front_end = (separation.parts or make_stages(separation.settings)).front_end
    (magnitudes, _, grid), tones = heard_by(separation)

    def spectrum(signal: Floats) -> Floats:
        own, level, _ = front_end(signal, separation.sample_rate)
        return level * own.T

    def model(frames: slice) -> Floats:
        return _model(separation, tones[frames], grid.axis.harscale, grid.axis.bins)

    hop_s = grid.hop_length / grid.sample_rate
    return View(grid.axis, hop_s, len(magnitudes), spectrum, model)


def _linear_view(separation: Separated, highest_hz: float | None) -> View:
    """Return the view of the masks: magnitudes of the short-time Fourier transform."""
    from musisep.masking.ratio import SpectralMask
    from musisep.tones._kernels import LINEAR

    settings = separation.settings
    mask = SpectralMask(settings.window_s, settings.window_sigmas, settings.pexp)
    (magnitudes, _, grid), tones = heard_by(separation)
    transform = mask.transform(grid)
    axis = LinearAxis(transform.bins, grid.sample_rate / transform.n_fft)
    if highest_hz is not None:
        most = int(above_zero("highest_hz", highest_hz) / axis.step_hz) + 1
        axis = axis._replace(bins=min(axis.bins, max(most, 2)))
    level = 2 / transform.frame_window.sum()  # a sinusoid of amplitude 1 has a peak of 1

    def spectrum(signal: Floats) -> Floats:
        power = np.zeros((axis.bins, len(magnitudes)))

        def add(frames: slice, spectra: Spectra) -> None:
            power[:, frames] += (np.abs(spectra[:, : axis.bins]) ** 2).T

        for channel in signal:
            transform.each_block(channel, add)
        return level * np.sqrt(power / len(signal))

    def model(frames: slice) -> Floats:
        linear = mask.linear(tones[frames], grid, transform).scaled(level)
        return _model(separation, linear, LINEAR, axis.bins)

    hop_s = grid.hop_length / grid.sample_rate
    return View(axis, hop_s, len(magnitudes), spectrum, model)


def _model(separation: Separated, tones: Peaks, harscale: float, bins: int) -> Floats:
    """Return what tones sound like together, [bin, frame]."""
    from musisep.masking.synthesis import synthesise
    from musisep.masking.voices import Voices

    voices = Voices.of(tones, separation.dictionary.amplitudes)
    alone = tones.of_instruments(np.zeros_like(tones.insts))  # one instrument with all columns
    voices = voices._replace(tones=alone, instruments=1)
    return synthesise(voices, harscale, separation.settings.pexp, bins)[0].T
