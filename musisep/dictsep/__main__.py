"""Separation of a recording: the command ``python -m musisep.dictsep``, and as a function."""

import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from musisep.cli.base import execute, new_parser
from musisep.cli.separate import SEPARATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from musisep.separation import Separation


def command(argv: Sequence[str] | None = None) -> int:
    """Run ``musisep separate`` without naming it; exit status as of `execute`."""
    parser = new_parser("python -m musisep.dictsep", SEPARATE.summary)
    SEPARATE.equip(parser)
    return execute(parser, argv)


def main(
    mixed_soundfile: str,
    orig_soundfiles: Sequence[str] | None,
    inst_num: int,
    tone_num: int,
    pexp: float,
    qexp: float,
    har: int,
    sigmas: float,
    sampdist: int,
    spectheight: int,
    logspectheight: int,
    minfreq: float,
    maxfreq: float,
    out_name: str,
    runs: int,
    lifetime: int,
    num_dicts: int,
    mask: bool,
    plot_range: slice | None,
) -> None:
    """Separate a recording into its instruments, save and measure them.

    A wrapper of `musisep.separate` in units of samples and bins.

    Parameters
    ----------
    mixed_soundfile : str
        Name of the mixed input file.
    orig_soundfiles : sequence of str or None
        Names of the files with the isolated instruments, if SDR, SIR and SAR are to be printed.
    inst_num : int
        Number of instruments.
    tone_num : int
        Maximum number of simultaneous tones of an instrument.
    pexp : float
        Exponent for the addition of sinusoids.
    qexp : float
        Exponent to be applied on the spectrum.
    har : int
        Number of harmonics.
    sigmas : float
        Number of standard deviations after which the window is cut; the width of a sinusoid is
        then sigmas / π bins, on the log-frequency axis too.
    sampdist : int
        Samples between the frames of the spectrograms.
    spectheight : int
        Height of the linear-frequency spectrogram; the window has twice as many samples.
    logspectheight : int
        Height of the log-frequency spectrogram.
    minfreq, maxfreq : float
        The range of the latter in Hz, from the first that is included to the first that is not.
    out_name : str
        Prefix of the files that are written: ``{out_name}-instrument1.wav`` and so on.
    runs : int
        Number of training iterations, of one frame each.
    lifetime : int
        Of no effect: where instruments are learned from notes, nothing is renewed.
    num_dicts : int
        Number of dictionaries to learn; the best one is used.
    mask : bool
        Whether the stems are shares of the mixture's spectrum.
    plot_range : slice or None
        Frames for a picture of the mixture and the stems, ``{out_name}.png``.

    Raises
    ------
    ValueError
        If a parameter is out of its range or the isolated instruments do not fit the mixture.
    AudioFileError
        If a file cannot be read or written.
    """
    from musisep.cli.summary import measure_lines, read_references
    from musisep.dictsep.pursuit import calc_harscale
    from musisep.io import files
    from musisep.separation import separate
    from musisep.settings import Settings

    calc_harscale(minfreq, maxfreq, logspectheight)
    mixture, sample_rate = files.read(mixed_soundfile)
    originals = [Path(name) for name in orig_soundfiles or ()]
    if originals and len(originals) != inst_num:
        raise ValueError(f"orig_soundfiles are {len(originals)}, {inst_num=}: one for each")
    references = read_references(originals, mixture, sample_rate)
    separation = separate(
        mixture, sample_rate, instruments=inst_num, tones=tone_num, pexp=pexp, qexp=qexp,
        harmonics=har, window_sigmas=sigmas, sigma_bins=sigmas / math.pi,
        hop_s=sampdist / sample_rate, window_s=2 * spectheight / sample_rate,
        bins_per_octave=logspectheight / math.log2(maxfreq / minfreq),
        fmin_hz=minfreq, fmax_hz=maxfreq, steps=math.ceil(runs / Settings.batch),
        restarts=num_dicts, masking=mask,
    )  # fmt: skip
    folder, prefix = os.path.split(out_name)
    separation.save(folder, filename="{track}-{stem}.{ext}", track=prefix)
    if originals:
        names = [path.stem for path in originals]
        print("\n".join(measure_lines(names, references, separation.stems)))
    if plot_range is not None:
        draw(mixture, separation, plot_range, f"{out_name}.png")


def draw(
    mixture: "NDArray[np.float64]", separation: "Separation", frames: slice, path: str
) -> None:
    """Write a picture of some frames of a mixture [channel, sample] and of its stems."""
    from musisep.analysis import Analysis
    from musisep.audio.logfreq import log_spectrogram
    from musisep.plots import save_figure, spectrogram_figure

    settings = separation.settings
    analysis = Analysis(settings, separation.sample_rate)
    names = ["mixture", *(f"instrument{k + 1}" for k in range(len(separation.stems)))]
    panels = {
        name: log_spectrogram(
            signal.mean(axis=0), separation.sample_rate, analysis.axis,
            hop_length=analysis.hop_length, sigma_bins=settings.sigma_bins,
            front_end=settings.front_end,
        )
        for name, signal in zip(names, (mixture, *separation.stems), strict=True)
    }  # fmt: skip
    first, _, step = frames.indices(panels["mixture"].shape[1])
    hop_s = analysis.hop_length / separation.sample_rate
    figure = spectrogram_figure(
        {name: panel[:, frames] for name, panel in panels.items()},
        analysis.axis, step * hop_s, start_s=first * hop_s,
    )  # fmt: skip
    save_figure(figure, path)


if __name__ == "__main__":
    sys.exit(command())
