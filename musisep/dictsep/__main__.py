"""Separation of a recording: the command ``python -m musisep.dictsep``, and as a function."""

import sys

from musisep.dictsep.commands import command as command

if __name__ == "__main__":  # before all else, so that Ctrl-C finds what it needs
    sys.exit(command())

import math
import operator
import os
import re
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from musisep._util.progress import Bars
from musisep.dictsep.checks import checked

if TYPE_CHECKING:
    from musisep.metrics.table import Measured
    from musisep.result import Separation
    from musisep.settings import Settings


PARAMETERS = {
    "instruments": "inst_num", "tones": "tone_num", "harmonics": "har", "dictionaries": "num_dicts",
    "hop_s": "sampdist/rate", "window_s": "2*spectheight/rate",
}  # fmt: skip
"""Of `main`, by the fields of `Settings` that follow from them and are called otherwise."""


@partial(checked, plot_range=lambda _, value: checked_range(value))
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
) -> "Separation":
    """Separate a recording by sparse pursuit and a dictionary that bounded Adam learns.

    The method is that of [1]_. It is ``musisep.separate(..., method="adam")`` in units of samples
    and bins, see `documented_settings`. It uses all processor cores, shows its progress
    on stderr and writes, whole or not at all:

    * ``{out_name}-instrument1.wav``, ...: the stems, the loudest first;
    * ``{out_name}-dictionary.npz``, ``{out_name}-dictionary.png``: the dictionary, as
      `musisep.Dictionary.load` reads it, and a picture of it;
    * ``{out_name}-tones.csv``: the tones, a line for each frame in which one sounds;
    * ``{out_name}-spectrograms.png``, with `plot_range`: a picture of the log-frequency
      spectrograms of the mixture, of the model (all tones together), and of the stems;
    * ``{out_name}-measures.csv``, with `orig_soundfiles`: SDR, SIR and SAR, which are printed too.

    Parameters
    ----------
    mixed_soundfile : str
        Name of the mixed input file.
    orig_soundfiles : sequence of str or None
        Names of the files with the isolated instruments, one for each instrument, or None.
    inst_num : int
        Number of INSTRUMENTS, and of the columns of the dictionary that comes out; twice as many
        columns learn.
    tone_num : int
        Maximum number of simultaneous tones of EACH SINGLE INSTRUMENT, not of all together: two
        instruments with ``tone_num=2`` play up to four tones at a time.
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
        Prefix of the names of the files that are written.
    runs : int
        Number of training iterations, of one frame each.
    lifetime : int
        Number of steps after which half of the columns is renewed; 0: never. At most `runs`.
    num_dicts : int
        Number of dictionaries to learn; the one that leaves least of the recording unexplained
        is used, and it is printed which.
    mask : bool
        Whether the stems are shares of the mixture's spectrum; otherwise they are synthesised
        from the tones, with its phases.
    plot_range : slice of int or None
        Frames for the picture of the spectrograms.

    Returns
    -------
    Separation
        What was written, as `musisep.separate` returns it.

    Raises
    ------
    TypeError
        If `plot_range` is not None or a slice of integers.
    ValueError
        If a parameter is out of its range, `plot_range` holds no frame, the isolated instruments
        do not fit the mixture, or an input would be overwritten.
    AudioFileError
        If a file cannot be read or written.

    References
    ----------
    .. [1] S. Schulze, E. J. King, "Sparse pursuit and dictionary learning for blind source
       separation in polyphonic music recordings", EURASIP J. Audio, Speech, Music Process., 2021.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.dictsep.__main__ import main
    >>> from musisep.io import files
    >>> seconds = np.arange(8000) / 8000
    >>> tones = [np.sin(2 * np.pi * hz * seconds) for hz in (220, 660, 330)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     name = f"{folder}/duo.wav"
    ...     files.write(name, 0.1 * sum(tones), 8000)
    ...     separation = main(
    ...         mixed_soundfile=name, orig_soundfiles=None, inst_num=2, tone_num=1, pexp=1,
    ...         qexp=0.5, har=3, sigmas=6, sampdist=128, spectheight=512, logspectheight=128,
    ...         minfreq=100, maxfreq=3000, out_name=f"{folder}/duo", runs=5, lifetime=0,
    ...         num_dicts=1, mask=True, plot_range=None,
    ...     )
    ...     written = sorted(path.name for path in Path(folder).glob("duo-*"))
    >>> written
    ['duo-dictionary.npz', 'duo-dictionary.png', 'duo-instrument1.wav', 'duo-instrument2.wav',
     'duo-tones.csv']
    >>> separation.stems.shape
    (2, 1, 8000)
    """
    from joblib import cpu_count

    from musisep._util.checks import at_least
    from musisep.cli.guard import tell
    from musisep.cli.summary import choice_lines, measure_lines, read_references
    from musisep.io import files
    from musisep.metrics.table import measure_table
    from musisep.separation import separate

    originals = [Path(name) for name in orig_soundfiles or ()]
    if originals and len(originals) != inst_num:
        raise ValueError(f"orig_soundfiles are {len(originals)}, {inst_num=}: one for each")
    mixture, sample_rate = files.read(mixed_soundfile)
    frames = 1 + mixture.shape[1] // at_least("sampdist", sampdist, 1)
    if plot_range and not range(*plot_range.indices(frames)):
        raise ValueError(f"{plot_range=} holds none of the {frames} frames")
    settings = documented_settings(
        sample_rate, inst_num, tone_num, pexp, qexp, har, sigmas, sampdist, spectheight,
        logspectheight, minfreq, maxfreq, runs, lifetime, num_dicts, mask,
    )  # fmt: skip
    references = read_references(originals, mixture, sample_rate)
    check_outputs(out_name, settings.most_instruments, [Path(mixed_soundfile), *originals])
    with closing(Bars()) as bars:
        separation = separate(
            mixture, sample_rate, settings=settings, jobs=cpu_count(), progress=bars
        )
    lines, measures = choice_lines(separation), []
    if originals:
        measures = measure_table([path.stem for path in originals], references, separation.stems)
        lines += measure_lines(measures)
    write(separation, out_name, measures, plot_range)
    tell(lines)
    return separation


def documented_settings(
    sample_rate: int,
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
    runs: int,
    lifetime: int,
    num_dicts: int,
    mask: bool,
) -> "Settings":
    """Return the settings that the parameters of `main` mean at a sample rate.

    Parameters
    ----------
    sample_rate : int
        Samples per second.
    inst_num, ..., mask
        As in `main`.

    Returns
    -------
    Settings

    Raises
    ------
    ValueError
        If a parameter is out of its range; the message names it as `main` does.
    """
    from musisep.settings import Settings
    from musisep.tones.model import calc_harscale

    try:
        return Settings(
            method="adam",
            instruments=inst_num,
            tones=tone_num,
            pexp=pexp,
            qexp=qexp,
            harmonics=har,
            window_sigmas=sigmas,
            sigma_bins=sigmas / math.pi,
            hop_s=sampdist / sample_rate,
            window_s=2 * spectheight / sample_rate,
            bins_per_octave=calc_harscale(minfreq, maxfreq, logspectheight) * math.log(2),
            fmin_hz=minfreq,
            fmax_hz=maxfreq,
            runs=runs,
            lifetime=lifetime,
            dictionaries=num_dicts,
            mask="ratio" if mask else "synthesis",
        )
    except ValueError as error:
        message = str(error)
        for field, parameter in PARAMETERS.items():
            message = re.sub(rf"\b{field}=", f"{parameter}=", message)
        raise ValueError(message) from None


def checked_range(plot_range: object) -> slice | None:
    """Return a range of frames that is one; TypeError or ValueError otherwise."""
    if plot_range is None:
        return None
    if not isinstance(plot_range, slice):
        raise TypeError(f"{plot_range=} must be a slice or None")
    try:
        first, end, step = (
            None if part is None else operator.index(part)
            for part in (plot_range.start, plot_range.stop, plot_range.step)
        )
    except TypeError:
        raise TypeError(f"{plot_range=} must be a slice of integers") from None
    if step is not None and step < 1:
        raise ValueError(f"{plot_range=} must have a step of at least 1")
    return slice(first, end, step)


def check_outputs(out_name: str, instruments: int, inputs: Sequence[Path]) -> None:
    """Refuse a prefix of which a file cannot be written (OSError), or is an input (ValueError)."""
    from musisep.cli.planning import check_writable, overwritten
    from musisep.stems import stem_names

    names = [f"{stem}.wav" for stem in stem_names(instruments)]
    names += ["dictionary.npz", "dictionary.png", "tones.csv", "measures.csv", "spectrograms.png"]
    outputs = [Path(f"{out_name}-{name}") for name in names]
    if lost := overwritten(outputs, inputs):
        raise ValueError(f"{out_name=}: {lost} is an input and would be overwritten")
    for path in outputs:
        check_writable(path)


def write(
    separation: "Separation",
    out_name: str,
    measures: "Sequence[Measured]" = (),
    frames: slice | None = None,
) -> None:
    """Write a separation: stems, dictionary, tones; measures and frames if there are any."""
    from musisep.cli.summary import write_measures, write_tones
    from musisep.plots import dictionary_figure, save_figure, separation_figure

    folder, prefix = os.path.split(out_name)
    separation.save(folder, filename="{track}-{stem}.{ext}", track=prefix)
    separation.dictionary.save(f"{out_name}-dictionary.npz")
    write_tones(Path(f"{out_name}-tones.csv"), separation)
    if measures:
        write_measures(Path(f"{out_name}-measures.csv"), measures)
    save_figure(dictionary_figure(separation.dictionary.amplitudes), f"{out_name}-dictionary.png")
    if frames is not None:
        save_figure(separation_figure(separation, frames), f"{out_name}-spectrograms.png")
