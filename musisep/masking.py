"""Dividing a mixture among instruments whose tones are known."""

from itertools import repeat

import numpy as np

from musisep.analysis import Analysis
from musisep.audio.arrays import Spectra
from musisep.audio.inversion.joint import add_up
from musisep.audio.inversion.representations import with_magnitudes
from musisep.dictsep import exptool
from musisep.dictsep.columns import Voices
from musisep.dictsep.synthesis import share_spectra, synth_instruments
from musisep.dictsep.tones import Floats
from musisep.progress import Progress, no_progress

MISI_ITERATIONS = 5
"""Of phase retrieval; more change next to nothing."""


def mask(
    analysis: Analysis,
    audio: Floats,
    voices: Voices,
    level: float,
    report: Progress = no_progress,
) -> Floats:
    """Divide the mixture by the instruments' spectra.

    Parameters
    ----------
    analysis : Analysis
    audio : ndarray, shape (channel, sample)
        The mixture.
    voices : Voices
        Tones, and columns of the dictionary for them.
    level : float
        What the frames have been divided by, in which the tones have been found.
    report : function
        Called with the progress.

    Returns
    -------
    ndarray, shape (instrument, channel, sample)
    """
    settings, transform = analysis.settings, analysis.transform
    peaks, columns, owners = voices
    linear = analysis.linear(peaks.scaled(level))
    total = transform.frame_count(audio.shape[1])

    def divide(frames: slice, spectra: Spectra) -> Spectra:
        tones = linear[frames]
        report("masking", min(frames.stop, total - 1), total)
        if settings.masking:
            return share_spectra(tones, columns, settings.pexp, spectra, owners)
        spects = synth_instruments(
            tones, columns, exptool.LINEAR, settings.pexp, transform.frequencies, owners
        )
        phases = np.exp(1j * np.angle(spectra)) * (spectra != 0)
        return spects.swapaxes(1, 2)[:, None] * phases

    def retrieve(frames: slice, spectra: Spectra) -> Spectra:
        """Give the stems the magnitudes of their shares of the mixture."""
        return with_magnitudes(spectra[1:], np.abs(divide(frames, spectra[0])))

    shape = settings.instruments, len(audio)
    report("masking", 0, total)
    stems = transform.map_spectra(audio, divide, shape)
    if settings.phase == "misi":
        signals = np.concatenate([audio[None], stems])  # the stems follow the mixture
        stems = add_up(signals[1:], audio)
        for _ in repeat(None, MISI_ITERATIONS):
            stems[:] = transform.map_spectra(signals, retrieve, shape)
            add_up(stems, audio)
    report("masking", total, total)
    return np.asarray(stems, dtype=np.float64)
