"""Pictures; the only place that imports matplotlib, and only when a picture is drawn.

All figures are independent of the state of `matplotlib.pyplot`; `save_figure` writes them. Colours
of instruments are those of `PALETTE`, which people with any kind of sight tell apart.
"""

from musisep.plots.curves import curve_figure as curve_figure
from musisep.plots.dictionaries import dictionary_figure as dictionary_figure
from musisep.plots.dictionaries import pitch_quartiles as pitch_quartiles
from musisep.plots.dictionaries import spread_figure as spread_figure
from musisep.plots.measures import measures_figure as measures_figure
from musisep.plots.rolls import roll_figure as roll_figure
from musisep.plots.separations import masks_figure as masks_figure
from musisep.plots.separations import separation_figure as separation_figure
from musisep.plots.spectrograms import LinearAxis as LinearAxis
from musisep.plots.spectrograms import spectrogram_figure as spectrogram_figure
from musisep.plots.style import PALETTE as PALETTE
from musisep.plots.style import colour_of as colour_of
from musisep.plots.style import figure_bytes as figure_bytes
from musisep.plots.style import picture_suffixes as picture_suffixes
from musisep.plots.style import save_figure as save_figure
from musisep.plots.waveforms import waveform_figure as waveform_figure
