"""Compiling the kernels ahead of time: what the jobs here call stays in the cache.

Numba compiles a kernel for the types that it is called with. So there is no list of kernels and
types: each job runs public functions on half a second of sound, those of `musisep.audio` in both
precisions. A kernel that no job reaches is among `Warmth.missing`.
"""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from os.path import commonpath
from pkgutil import walk_packages
from typing import Any

import numpy as np
from numpy.typing import NDArray

import musisep
from musisep._util.compiled import cache_folder, is_kernel, kept, name_of, telling
from musisep._util.helping import end_with_parent, helping
from musisep._util.progress import Progress, no_progress
from musisep.audio import chunks, features
from musisep.audio.arrays import read_only
from musisep.audio.cqt import CQT, HarmonicCQT
from musisep.audio.inversion import (
    ConstantQMagnitude,
    StftMagnitude,
    admm,
    griffin_lim,
    l_bfgs,
    misi,
    pghi,
    rtisi_la,
)
from musisep.audio.mel import MelSpectrogramTransform, mfcc
from musisep.audio.sides import Sides
from musisep.audio.stft import SpectralTransform
from musisep.learning.learner import Learned
from musisep.multipitch.finder import Prior
from musisep.notes.assignment import AnnealedAssignment
from musisep.notes.tracking import NoteTracking
from musisep.scores.alignment import align
from musisep.scores.score import Score, note_table
from musisep.separation import separate
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Peaks

SAMPLE_RATE = 8000
"""Of the sound, in Hz."""
SAMPLES = 4000
"""Of the sound, in each channel."""
FRAMING: dict[str, Any] = {"n_fft": 256, "hop_length": 64}
"""Of its spectra."""
QUICK: dict[str, Any] = {"window_s": 0.05, "fmax_hz": 4000.0, "harmonics": 5}
"""Settings that separate it soon."""
SETTINGS: tuple[dict[str, Any], ...] = (
    {"steps": 2, "restarts": 1},
    {"steps": 2, "restarts": 1, "instruments": "auto"},
    {"steps": 2, "restarts": 1, "front_end": "pursuit", "finder": "joint", "phase": "misi"},
    {"steps": 2, "restarts": 1, "front_end": "mel", "tones": 2, "mask": "synthesis"},
    {"method": "adam", "runs": 2, "lifetime": 1},
)
"""Of separations that make use of all parts."""


def sound(kind: type[np.floating] = np.float64) -> NDArray[np.floating]:
    """Return two instruments that play notes, [channel, sample]."""
    seconds = np.arange(SAMPLES) / SAMPLE_RATE
    first, second = (
        np.sin(2 * np.pi * np.arange(1, 5)[:, None] * f0_hz * seconds).sum(axis=0)
        for f0_hz in (220.0, 330.0)
    )
    notes = 0.05 * (seconds % 0.25 < 0.2)
    return (notes * np.stack([first + second, first - second])).astype(kind)


def compile_separation(settings: dict[str, Any], channels: int = 2) -> None:
    """Separate."""
    separate(sound()[:channels], SAMPLE_RATE, **QUICK, **settings)


def compile_rest() -> None:
    """Separate with tones that need not be found: what comes after that."""

    def found(frames: Floats, model: ToneModel) -> Peaks:
        tone = 1.0, model.m / 2, model.fsigma, 0.0
        params = np.tile(np.array(tone)[:, None], (len(frames), 1, 2))
        return Peaks.from_params(params, np.tile([0, 1], (len(frames), 1)))

    def learner(frames: Floats, model: ToneModel, _: Progress, sides: Sides | None) -> Learned:
        notes = NoteTracking()(found(frames, model), frames, model, sides)
        AnnealedAssignment()(notes, 2, np.random.default_rng(0))
        return Learned(np.ones((QUICK["harmonics"], 2)))

    def finder(frames: Floats, _: Floats, model: ToneModel, prior: Prior | None) -> Peaks:
        return found(frames, model)

    separate(sound()[:1], SAMPLE_RATE, **QUICK, stages={"learner": learner, "finder": finder})


def compile_alignment() -> None:
    """Align a score."""
    align(Score(note_table(0.0, 0.2, 220.0, 0), ("one",)), sound().astype(np.float64), SAMPLE_RATE)


def compile_spectra(kind: type[np.floating]) -> None:
    """Transform one signal and many, to and fro."""
    transform = SpectralTransform(**FRAMING)
    for signals in (sound(kind), read_only(sound(kind)), np.tile(sound(kind)[:, :600], (40, 1))):
        spectrum = transform.stft(signals)
        transform.istft(spectrum, length=signals.shape[-1])
        transform.stft_adjoint(spectrum, signals.shape[-1])
        transform.istft_adjoint(signals)
    mel = MelSpectrogramTransform(SAMPLE_RATE, **FRAMING, n_mels=20)
    values, back = mel.linearized(sound(kind)[0])
    back(values)
    mfcc(sound(kind), sample_rate=SAMPLE_RATE)
    grid: dict[str, Any] = {"sr": SAMPLE_RATE, "hop_length": 64, "fmin": 110.0, "n_bins": 24}
    CQT(**grid, bins_per_octave=12)(sound(kind))
    HarmonicCQT(**grid, bins_per_semitone=1, harmonics=(1, 2))(sound(kind))


def compile_features(kind: type[np.floating]) -> None:
    """Measure features, and put chunks together."""
    for x in (sound(kind), read_only(sound(kind))):
        features.spectral_features(x, sample_rate=SAMPLE_RATE, **FRAMING, n_bands=3, n_mels=20)
        features.estimate_tuning(x, sample_rate=SAMPLE_RATE, **FRAMING)
        features.rms(x, frame_length=256, hop_length=64)
        features.zero_crossing_rate(x, frame_length=256, hop_length=64)
    batches = (batch[:, None] for batch in chunks.generate_chunks(x, 1000, 500, 4))
    chunks.stitch_chunks(batches, 1, 1000, 500, SAMPLES, window=np.ones(1000))


def compile_inversion(kind: type[np.floating]) -> None:
    """Invert by all algorithms, from all starts."""
    transform = SpectralTransform(**FRAMING)
    magnitudes = np.abs(transform.stft(sound(kind)))
    options: dict[str, Any] = {"transform": transform, "max_iter": 2, "verbose": False}
    for init in ("single-pass", pghi(magnitudes, transform=transform)):
        griffin_lim(magnitudes, init=init, **options)
        rtisi_la(magnitudes, init=init, **options)
    rtisi_la(magnitudes, asymmetric_window=True, **options)
    admm(magnitudes, **options)
    misi(np.stack([magnitudes, magnitudes]), 2 * sound(kind), **options)
    for representation in (
        StftMagnitude(transform),
        MelSpectrogramTransform(SAMPLE_RATE, **FRAMING, n_mels=20),
        ConstantQMagnitude(SAMPLE_RATE, [220.0, 330.0], 0.05, 64),
    ):
        values = representation(sound(kind))
        l_bfgs(values, representation, SAMPLES, max_iter=2, verbose=False)


JOBS: tuple[Callable[[], None], ...] = (
    *(partial(compile_separation, settings) for settings in SETTINGS),
    partial(compile_separation, SETTINGS[0], channels=1),
    compile_alignment,
    *(
        partial(job, kind)
        for job in (compile_spectra, compile_features, compile_inversion)
        for kind in (np.float64, np.float32)
    ),
    compile_rest,
)
"""What leaves all kernels in the cache. The last is for `HELPER`."""
HELPER = "musisep.warming"
"""The module that another process runs, with a number of jobs, of which it does the last first."""


@dataclass(frozen=True)
class Warmth:
    """What is compiled.

    Parameters
    ----------
    kernels : int
        How many kernels there are.
    kept, fresh : int
        Compilations in the cache, of each kernel one for each combination of types; and how many
        of them are new.
    missing : tuple of str
        Kernels of which nothing is in the cache.

    Examples
    --------
    >>> from musisep.warming import Warmth
    >>> warmth = Warmth(kernels=90, kept=150, fresh=0, missing=())
    >>> "nothing was compiled" if not warmth.fresh else f"{warmth.fresh} were compiled"
    'nothing was compiled'
    """

    kernels: int
    kept: int
    fresh: int
    missing: tuple[str, ...]


def kernels() -> dict[str, Any]:
    """Return all kernels of the package by their names; none with NUMBA_DISABLE_JIT.

    Returns
    -------
    dict of str to object
        Compiled functions by the names of their modules and their own.

    Examples
    --------
    >>> from musisep.warming import kernels
    >>> kernels()["musisep.tones._kernels.inst_shift"].__name__
    'inst_shift'
    """
    names = [module.name for module in walk_packages(musisep.__path__, "musisep.")]
    return {
        f"{name}.{attribute}": value
        for name in names
        if "._kernels" in name
        for attribute, value in vars(import_module(name)).items()
        if is_kernel(value) and value.__module__ == name
    }


def cache_place() -> str | None:
    """Return the folder below which compiled kernels are kept, or None if they cannot be.

    Returns
    -------
    str, optional
        Name of the folder.

    Examples
    --------
    >>> import os
    >>> from musisep.warming import cache_place
    >>> place = cache_place()
    >>> place is None or os.path.isabs(place)
    True
    """
    folders = {cache_folder(kernel) for kernel in kernels().values()}
    return commonpath(filter(None, folders)) if any(folders) else None


def warm_up(report: Progress = no_progress, jobs: int = 1) -> Warmth:
    """Compile all kernels, but for those that are in the cache.

    Parameters
    ----------
    report : function, optional
        Told how many kernels are at hand.
    jobs : int
        Processor cores to use; more than two are of no use.

    Returns
    -------
    Warmth
        What there is in the cache then.

    Examples
    --------
    The first call takes minutes; ``missing`` is empty then:

    .. code-block:: python

        from musisep.warming import warm_up

        warm_up(jobs=2).missing
    """
    found = kernels()
    before = sum(map(kept, found.values()))

    elsewhere = set[str]()

    def tell(_: Any = None) -> None:
        ready = {name for name, kernel in found.items() if kernel.signatures}
        report("compiling", len(ready | elsewhere), len(found))

    help_ = helping(HELPER, str(len(JOBS)), elsewhere.add) if jobs > 1 and JOBS else nullcontext()
    with help_, telling(tell, tell):
        for job in JOBS:
            job()
            tell()
    after = {name: kept(kernel) for name, kernel in found.items()}
    total = sum(after.values())
    missing = tuple(name for name, number in after.items() if not number)
    return Warmth(len(found), total, total - before, missing)


def _help(number: int) -> None:
    """Do the last jobs, the very last first, and print the name of each kernel that is compiled."""
    end_with_parent()
    with telling(lambda _: None, lambda kernel: print(name_of(kernel), flush=True)):
        for job in JOBS[: -number - 1 : -1]:
            job()


if __name__ == "__main__":
    _help(int(sys.argv[1]))
