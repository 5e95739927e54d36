"""Pictures of what instruments sound like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.constants import TINY
from musisep.plots.separations import Separated, heard_by
from musisep.plots.style import colour_of, set_title, stacked
from musisep.stems import stem_names
from musisep.tones.dictionary import Dictionary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from musisep.masking.voices import Voices

Floats = NDArray[np.float64]

BAR_WIDTH = 0.7
"""Of the bar of a harmonic, of which the next one is 1 away."""
BAND_WIDTH = 0.3
QUARTILES = (0.25, 0.75)


def dictionary_figure(
    amplitudes: ArrayLike,
    *,
    range_db: float = 60.0,
    quartiles: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> Figure:
    """Draw what instruments sound like: the levels of the harmonics, as bars.

    Parameters
    ----------
    amplitudes : array_like, float [harmonic, instrument]
        Relative amplitudes in [0, 1], as in `musisep.Dictionary`; 1 is 0 dB.
    range_db : float, optional
        Harmonics that are further than that below 1 have no bar; above 0, in dB.
    quartiles : array_like, float [2, harmonic, instrument], optional
        Relative amplitudes between which half of the pitches are, as `pitch_quartiles` returns
        them: drawn as bands on the bars.
    names : sequence of str, optional
        Names of the instruments; default: instrument1, instrument2, ...

    Returns
    -------
    matplotlib.figure.Figure
        With a panel for each instrument, independent of the state of `matplotlib.pyplot`.

    Raises
    ------
    ValueError
        If the amplitudes are none of a dictionary, or quartiles or names none of it.

    Examples
    --------
    >>> from musisep.plots import dictionary_figure
    >>> figure = dictionary_figure([[1.0, 0.5], [0.1, 1.0]], names=["flute", "horn"])
    >>> flute, horn = figure.axes
    >>> [round(float(bar.get_height())) for bar in flute.patches]  # 0 and -20 dB, from -60 dB on
    [60, 40]
    """
    columns = Dictionary(np.asarray(amplitudes)).amplitudes
    bands = None if quartiles is None else np.asarray(quartiles, dtype=np.float64)
    if bands is not None and bands.shape != (2, *columns.shape):
        raise ValueError(f"quartiles.shape={bands.shape} must be {(2, *columns.shape)}")
    titles = stem_names(columns.shape[1], None if names is None else list(names))
    orders = np.arange(1, len(columns) + 1)
    figure, grid = stacked(len(titles), sharey=True)
    for number, (axes, title) in enumerate(zip(grid, titles, strict=True)):
        tops = levels_db(columns[:, number], range_db) + range_db
        axes.bar(orders, tops, BAR_WIDTH, bottom=-range_db, color=colour_of(number))
        if bands is not None:
            low, high = levels_db(bands[:, :, number], range_db)
            axes.bar(
                orders, high - low, BAND_WIDTH, bottom=low, color="white", edgecolor="black",
                linewidth=0.8, alpha=0.8,
            )  # fmt: skip
        set_title(axes, title)
        axes.grid(axis="y", alpha=0.4)
        axes.set_axisbelow(True)
    grid[0].set_ylim(-range_db, 3)
    grid[0].set_xlim(0.5, orders[-1] + 0.5)
    grid[0].locator_params(axis="x", integer=True)
    grid[-1].set_xlabel("harmonic")
    figure.supylabel("level in dB", fontsize="medium")
    return figure


def spread_figure(separation: Separated, *, range_db: float = 60.0) -> Figure:
    """Draw what the instruments of a separation sound like, and how that varies over pitches.

    Bars are the columns of the dictionary, bands reach from quartile to quartile of the pitches.

    Parameters
    ----------
    separation : Separation
        What `musisep.separate` returned.
    range_db : float, optional
        As for `dictionary_figure`, in dB.

    Returns
    -------
    matplotlib.figure.Figure
        With a panel for each instrument, as of `dictionary_figure`.

    Examples
    --------
    >>> from importlib.resources import files
    >>> import musisep
    >>> from musisep.io.files import read
    >>> from musisep.plots import spread_figure
    >>> audio, sample_rate = read(str(files("musisep") / "demo" / "mix.flac"), duration_s=1.0)
    >>> result = musisep.separate(audio, sample_rate, restarts=1, steps=2)
    >>> figure = spread_figure(result)
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['instrument1', 'instrument2']
    """
    from musisep.masking.voices import PitchColumns
    from musisep.tones.model import ToneModel

    (frames, level, grid), tones = heard_by(separation)
    columns, settings = separation.dictionary.amplitudes, separation.settings
    model = ToneModel.on(grid, settings.pexp, settings.qexp)
    voices = PitchColumns()(frames, tones.scaled(1 / level), columns, model)
    return dictionary_figure(
        columns, range_db=range_db, quartiles=pitch_quartiles(voices, columns),
        names=separation.names,
    )  # fmt: skip


def pitch_quartiles(voices: Voices, dictionary: ArrayLike) -> Floats:
    """Return between which amplitudes the harmonics of half of the pitches are.

    Parameters
    ----------
    voices : Voices
        Tones with a column for each pitch, as `musisep.masking.voices.PitchColumns` makes them.
    dictionary : array_like, float [harmonic, instrument]
        The columns of the instruments; those of a pitch get their energy, so that soft pitches
        count as loud ones do.

    Returns
    -------
    ndarray, float [2, harmonic, instrument]
        First and third quartiles, in which a pitch counts by the amplitude of its tones. For an
        instrument that plays nothing, its column twice.

    Examples
    --------
    Three pitches of an instrument, whose second harmonics differ:

    >>> import numpy as np
    >>> from musisep.masking.voices import Voices
    >>> from musisep.plots import pitch_quartiles
    >>> from musisep.tones.peaks import Peaks
    >>> ones, zeros = np.ones((1, 3)), np.zeros((1, 3))
    >>> tones = Peaks(ones, np.array([[10.0, 20.0, 30.0]]), ones, zeros, zeros.astype(int))
    >>> columns = np.array([[1.0, 1.0, 1.0], [0.2, 0.4, 0.6]])  # [harmonic, pitch]
    >>> voices = Voices(tones, np.array([[0, 1, 2]]), columns, instruments=1)
    >>> pitch_quartiles(voices, [[1.0], [0.4]])[:, 1, 0].round(2).tolist()
    [0.21, 0.55]
    """
    columns = np.asarray(dictionary, dtype=np.float64)
    amounts = np.bincount(
        voices.columns.ravel(), voices.tones.amps.ravel(), voices.dictionary.shape[1]
    )
    owners = np.zeros(amounts.size, np.int64)
    owners[voices.columns] = voices.tones.insts
    result = np.stack([columns, columns])
    for instrument in range(columns.shape[1]):
        own = np.flatnonzero((owners == instrument) & (amounts > 0))
        if own.size:
            pitches = voices.dictionary[:, own]
            energies = np.linalg.norm(pitches, axis=0)
            pitches = pitches * np.linalg.norm(columns[:, instrument]) / np.maximum(energies, TINY)
            result[:, :, instrument] = _weighted_quartiles(pitches, amounts[own])
    return result


def levels_db(amplitudes: Floats, range_db: float) -> Floats:
    """Return levels from -range_db on; 1 is 0 dB."""
    return np.asarray(20 * np.log10(np.maximum(amplitudes, 10 ** (-range_db / 20))))


def _weighted_quartiles(values: Floats, weights: NDArray[Any]) -> Floats:
    """Return the quartiles [2, harmonic] of values [harmonic, pitch] with weights (pitch,)."""
    order = np.argsort(values, axis=1, kind="stable")
    below = np.cumsum(weights[order], axis=1) / weights.sum()
    ranks = [(below < share - 1e-9).sum(axis=1, keepdims=True) for share in QUARTILES]
    chosen = np.take_along_axis(order, np.concatenate(ranks, axis=1), axis=1)
    return np.take_along_axis(values, chosen, axis=1).T
