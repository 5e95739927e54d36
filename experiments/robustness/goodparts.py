"""A good call of each part of a separation, and of each class that has a default for everything."""

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
from goodaudio import RATE, Call

from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.learning.from_notes import in_places
from musisep.learning.updates import fit_columns, updated
from musisep.masking.ratio import SpectralMask, share_spectra, synthesised_spectra
from musisep.masking.synthesis import synthesise
from musisep.masking.voices import InstrumentColumns, PitchColumns
from musisep.multipitch.greedy import GreedyPursuit
from musisep.multipitch.joint import JointSearch
from musisep.multipitch.viterbi import Viterbi
from musisep.notes.assignment import AnnealedAssignment
from musisep.notes.tracking import NoteTracking
from musisep.tones.loss import dict_grads, silence_losses, unexplained
from musisep.tones.model import ToneModel
from musisep.tones.spectra import patterns
from musisep.tones.table import pitch_range_hz, tone_table, tones_from_table

DICT = np.array([[1.0, 0.5], [0.3, 1.0], [0.2, 0.1]])
ROOMS = (
    "learning.adam", "learning.from_notes", "learning.given", "masking.ratio", "masking.voices",
    "multipitch.greedy", "multipitch.joint", "multipitch.viterbi", "notes.assignment",
    "notes.tracking", "audio.frontend",
)  # fmt: skip
"""In which classes are looked for."""


class Song:
    """A quarter of a second of two tones, and what each stage makes of it."""

    def __init__(self) -> None:
        time_s = np.arange(RATE // 4) / RATE
        parts = [np.sin(2 * np.pi * 440 * n * time_s) / n for n in (1, 2, 3)]
        parts += [np.sin(2 * np.pi * 660 * n * time_s) / 2 for n in (1, 2)]
        self.mixture = np.sum(parts, axis=0)[None] / 8
        front_end = LogFrequencyFrontEnd(fmin_hz=100.0, fmax_hz=3900.0, bins_per_octave=24.0)
        self.frames, level, self.grid = front_end(self.mixture, RATE)
        self.model = ToneModel(self.grid.sigma_bins, self.grid.axis.harscale, self.grid.axis.bins)
        self.tones = Viterbi()(self.frames, DICT, self.model)
        self.notes = NoteTracking()(self.tones, self.frames, self.model)
        voices = PitchColumns()(self.frames, self.tones, DICT, self.model)
        self.voices = voices.with_tones(self.tones.scaled(level))


def calls() -> dict[str, Call]:
    """Return functions and arguments by names."""
    return {**_stages(Song()), **_functions(Song()), **dict(_defaults())}


def _stages(song: Song) -> dict[str, Call]:
    found = {"frames": song.frames, "dictionary": DICT, "model": song.model, "prior": None}
    voiced = {"frames": song.frames, "tones": song.tones, "dictionary": DICT, "model": song.model}
    assigned = {"notes": song.notes, "instruments": 2, "rng": np.random.default_rng(0)}
    heard = {"mixture": song.mixture, "voices": song.voices, "grid": song.grid}
    tracked = {"peaks": song.tones, "frames": song.frames, "model": song.model}
    return {
        "GreedyPursuit.__call__": (GreedyPursuit(), found),
        "JointSearch.__call__": (JointSearch(), found),
        "Viterbi.__call__": (Viterbi(), found),
        "NoteTracking.__call__": (NoteTracking(), tracked),
        "AnnealedAssignment.__call__": (AnnealedAssignment(), assigned),
        "InstrumentColumns.__call__": (InstrumentColumns(), voiced),
        "PitchColumns.__call__": (PitchColumns(), voiced),
        "SpectralMask.__call__": (SpectralMask(), heard),
        "SpectralMask misi": (SpectralMask(misi=True), heard),
    }


def _functions(song: Song) -> dict[str, Call]:
    fitted = {
        "frames": song.frames, "peaks": song.tones, "inst_dict": DICT, "model": song.model,
    }  # fmt: skip
    mask = SpectralMask()
    transform = mask.transform(song.grid)
    linear = mask.linear(song.voices.tones, song.grid, transform)
    shared = {
        "voices": song.voices.with_tones(linear),
        "spectra": transform.stft(song.mixture, output_layout="bnf"), "pexp": 1.0,
    }  # fmt: skip
    table = tone_table(song.tones, song.grid)
    synth = {"voices": song.voices, "harscale": song.model.harscale, "pexp": 1.0, "m": song.model.m}
    again = {
        "table": table, "grid": song.grid, "frames": len(song.frames),
        "places": np.array([0, 1]), "sigma": song.model.fsigma,
    }  # fmt: skip
    ratio = {"inst_dict": DICT, "higher": DICT, "lower": DICT, "model": song.model}
    placed = {"tones": song.tones, "insts": song.tones.insts, "instruments": 2, "most": 1}
    return {
        "unexplained frames": (unexplained, fitted),
        "dict_grads": (dict_grads, fitted),
        "silence_losses": (silence_losses, {"frames": song.frames, "model": song.model}),
        "fit_columns": (fit_columns, {**fitted, "updates": 2}),
        "updated": (updated, ratio),
        "patterns": (patterns, {"inst_dict": DICT, "model": song.model}),
        "share_spectra": (share_spectra, shared),
        "synthesised_spectra": (synthesised_spectra, shared),
        "synthesise frames": (synthesise, synth),
        "tone_table": (tone_table, {"tones": song.tones, "grid": song.grid}),
        "tones_from_table": (tones_from_table, again),
        "pitch_range_hz": (pitch_range_hz, {"table": table, "instrument": 0}),
        "in_places": (in_places, placed),
    }


def _defaults() -> Iterator[tuple[str, Call]]:
    """Yield the classes whose parameters all have defaults, found by introspection."""
    for room in ROOMS:
        module = importlib.import_module(f"musisep.{room}")
        for name, kind in vars(module).items():
            if not inspect.isclass(kind) or kind.__module__ != module.__name__ or name[0] == "_":
                continue
            given = _filled(kind)
            if given:
                yield name, (kind, given)


def _filled(kind: type) -> dict[str, Any]:
    """Return the defaults; nothing if there is none for a parameter, or no parameter."""
    parameters = inspect.signature(kind).parameters.values()
    if any(parameter.default is parameter.empty for parameter in parameters):
        return {}
    good = kind()
    return {parameter.name: getattr(good, parameter.name, None) for parameter in parameters}
