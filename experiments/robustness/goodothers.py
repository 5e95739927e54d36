"""A good call of each public function and class outside `musisep.audio`."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from goodaudio import FFT, MAGNITUDES, NOISE, RATE, Call

import musisep
from musisep import Dictionary, Settings, Spectrogram, Subtract, Sum, metrics, stems
from musisep.audio.logfreq import LogAxis
from musisep.dictsep import adam_b, dictlearn, exptool, pursuit
from musisep.io import archives, files
from musisep.masking.synthesis import linear_peaks, synthesise
from musisep.masking.voices import Voices
from musisep.metrics import levels, table
from musisep.tones.loss import unexplained
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Peaks

STEMS = np.random.default_rng(1).standard_normal((2, 1, 1000))
DICT = np.array([[1.0, 0.5], [0.3, 1.0], [0.2, 0.1]])
BINS, FSIGMA = 120, 1.9
HARSCALE = pursuit.calc_harscale(100, 1600, BINS)
FRAME = np.random.default_rng(2).uniform(0, 1, BINS)
QUICK = {"restarts": 1, "steps": 2, "batch": 20}
MODEL = {"harscale": HARSCALE, "pexp": 1.0}


def calls(folder: Path) -> dict[str, Call]:
    """Return functions and arguments by names; files are made in a folder."""
    return {
        **_separation(), **_spectrograms(folder), **_files(folder), **_measures(), **_pursuit(),
        **_exptool(), **_learning(), **_tones(),
    }  # fmt: skip


def _separation() -> dict[str, Call]:
    given = {"mixture": NOISE, "sample_rate": RATE, "jobs": 1, "progress": None, "stages": None}
    settings = {field.name: getattr(Settings(), field.name) for field in fields(Settings)}
    rules = {"rest": Subtract("mixture", "a"), "both": Sum(("a", "b"))}
    parts = {"stems": {"a": STEMS[0], "b": STEMS[1]}, "mixture": STEMS.sum(axis=0), "rules": rules}
    adam = {"method": "adam", "runs": 3, "lifetime": 2, "dictionaries": 1, "harmonics": 4}
    return {
        "separate": (musisep.separate, {**given, "settings": None, **QUICK}),
        "separate dictionary": (
            musisep.separate, {**given, "settings": None, "dictionary": Dictionary(DICT)},
        ),
        "separate settings": (
            musisep.separate,
            {**given, "settings": Settings(**QUICK), "instruments": 2, "tones": 1, "harmonics": 5},
        ),
        "separate adam": (musisep.separate, {**given, **adam}),
        "Settings": (Settings, settings),
        "Dictionary": (Dictionary, {"amplitudes": DICT}),
        "derive_stems": (musisep.derive_stems, parts),
        "Subtract": (Subtract, {"stem_name": "a", "by_stem_name": "b"}),
        "Sum": (Sum, {"stem_names": ("a", "b")}),
        "stem_names": (stems.stem_names, {"instruments": 2}),
    }  # fmt: skip


def _spectrograms(folder: Path) -> dict[str, Call]:
    path = folder / "spectrogram.npz"
    one = Spectrogram.of(NOISE, RATE, **FFT)
    one.save(path)
    audio = {"audio": NOISE, "sample_rate": RATE}
    made = {"values": MAGNITUDES[None], "sample_rate": RATE, "length": 1200, "kind": "magnitude"}
    inverse = {"method": "griffin-lim", "max_iter": 2, "init": None, "rng": 0, "progress": None}
    return {
        "Spectrogram": (Spectrogram, {**made, "parameters": FFT}),
        "Spectrogram.of": (Spectrogram.of, {**audio, "kind": "magnitude", **FFT}),
        "Spectrogram.of mel": (Spectrogram.of, {**audio, "kind": "mel", **FFT, "n_mels": 8}),
        "Spectrogram.of log-frequency": (
            Spectrogram.of,
            {**audio, "kind": "log-frequency", "fmin_hz": 100.0, "bins_per_octave": 12},
        ),
        "Spectrogram.invert": (one.invert, inverse),
        "Spectrogram.load": (Spectrogram.load, {"path": path}),
        "Spectrogram.save": (one.save, {"path": folder / "again.npz"}),
    }  # fmt: skip


def _files(folder: Path) -> dict[str, Call]:
    path = folder / "noise.wav"
    sf.write(path, 0.1 * NOISE, RATE)
    written = {"path": folder / "out.wav", "audio": 0.1 * NOISE, "sample_rate": RATE}
    saved = {"path": folder / "out.npz", "arrays": {"a": NOISE}}
    return {
        "read": (files.read, {"path": path, "start_s": 0.01, "duration_s": 0.05}),
        "write": (files.write, {**written, "subtype": "FLOAT"}),
        "resample": (files.resample, {"audio": NOISE, "from_rate": RATE, "to_rate": 16000}),
        "check_rate": (files.check_rate, {"name": "sample_rate", "rate": RATE}),
        "headroom_gain": (files.headroom_gain, {"signals": [NOISE], "subtype": "PCM_16"}),
        "replacing": (_replacing, {"path": folder / "text.txt"}),
        "save_arrays": (archives.save_arrays, saved),
    }


def _replacing(path: Any) -> None:
    with files.replacing(path) as temporary:
        temporary.write_text("text")


def _measures() -> dict[str, Call]:
    both = {"references": STEMS, "estimates": 2 * STEMS + 0.1 * STEMS[::-1]}
    spectra = {"references": MAGNITUDES, "estimates": MAGNITUDES + 1}
    return {
        "bss_eval": (metrics.bss_eval, {**both, "filter_length": 8}),
        "si_sdr": (metrics.si_sdr, both),
        "snr": (metrics.snr, spectra),
        "ser": (metrics.ser, spectra),
        "spectral_convergence": (metrics.spectral_convergence, spectra),
        "level_db": (levels.level_db, {"signal": NOISE}),
        "measure_table": (
            table.measure_table, {"names": ["a", "b"], "references": STEMS, "stems": STEMS + 0.1},
        ),
    }  # fmt: skip


def _peaks() -> Peaks:
    return Peaks([1.0, 0.5], [40.3, 71.8], [2.0, 1.8], [1e-3, 5e-4], [0, 1])


def _pursuit() -> dict[str, Call]:
    array, insts = _peaks().get_array(), np.array([0, 1])
    loss = {
        "peak_array": array, "insts": insts, "inst_dict": DICT, **MODEL, "qexp": 0.5, "m": BINS,
        "n": 2, "y": FRAME,
    }  # fmt: skip
    pattern = {"baseshift": 60, "fsigma": FSIGMA, "inst_dict": DICT, **MODEL, "qexp": 0.5}
    spectra = pursuit.gen_inst_spect(**pattern, m=BINS)
    selected = {"y": FRAME, "prenum": 1, "baseshift": 60, "inst_spect": spectra, "qexp": 0.5}
    peaks = {
        "amps": [1.0, 0.5], "shifts": [40.3, 71.8], "sigmas": [2.0, 1.8], "spreads": [1e-3, 5e-4],
        "insts": [0, 1],
    }  # fmt: skip
    tones = {"peaks": _peaks(), "inst_dict": DICT, "pexp": 1.0, "m": BINS, "n": 2}
    return {
        "inst_shift_obj": (pursuit.inst_shift_obj, loss),
        "inst_shift_grad": (pursuit.inst_shift_grad, loss),
        "inst_shift_dict_grad": (pursuit.inst_shift_dict_grad, loss),
        "Peaks": (pursuit.Peaks, peaks),
        "Peaks.from_array": (pursuit.Peaks.from_array, {"array": array, "insts": insts}),
        "calc_harscale": (
            pursuit.calc_harscale, {"minfreq": 100, "maxfreq": 1600, "numfreqs": BINS},
        ),
        "gen_inst_spect": (pursuit.gen_inst_spect, {**pattern, "m": BINS}),
        "fft_selector": (pursuit.fft_selector, selected),
        "max_selector": (pursuit.max_selector, {"y": FRAME, "prenum": 1, "n": BINS}),
        "make_bounds": (pursuit.make_bounds, {"fsigma": FSIGMA, "length": 2}),
        "pursuit.inst_shift": (pursuit.inst_shift, {**tones, "harscale": HARSCALE}),
        "pursuit.inst_scale": (pursuit.inst_scale, tones),
        "unexplained": (
            unexplained,
            {"frames": FRAME[None], "peaks": _peaks()[None], "inst_dict": DICT,
             "model": ToneModel(FSIGMA, HARSCALE, BINS)},
        ),
    }  # fmt: skip


def _exptool() -> dict[str, Call]:
    tones = {"params": _peaks().params, "insts": np.array([0, 1]), "inst_dict": DICT}
    powers, jacobian = np.zeros(BINS), np.zeros((4, 2, BINS))
    weights = {"more": FRAME, "less": FRAME, "grads": np.zeros((2, 3, 2))}
    return {
        "exptool.inst_shift": (exptool.inst_shift, {**tones, **MODEL, "powers": powers}),
        "exptool.inst_scale": (exptool.inst_scale, {**tones, "pexp": 1.0, "powers": powers}),
        "exptool.inst_shift_grad": (
            exptool.inst_shift_grad, {**tones, **MODEL, "powers": powers, "jacobian": jacobian},
        ),
        "exptool.inst_scale_grad": (
            exptool.inst_scale_grad,
            {**tones, "pexp": 1.0, "powers": powers, "jacobian": jacobian},
        ),
        "exptool.inst_shift_dict_grad": (
            exptool.inst_shift_dict_grad, {**tones, **MODEL, **weights},
        ),
    }  # fmt: skip


def _learning() -> dict[str, Call]:
    exponents = {"pexp": 1, "qexp": 0.5}
    axis = {"fsigma": FSIGMA, "tone_num": 1, "inst_num": 2, **exponents, "har": 3, "m": BINS}
    band = {"minfreq": 100, "maxfreq": 1600}
    spect = {"spect": np.random.default_rng(3).uniform(0, 1, (BINS, 5))}
    synth = {
        **spect, "tone_num": 1, "inst_dict": DICT, "fsigma": FSIGMA, "spectheight": 100,
        **exponents, **band,
    }  # fmt: skip
    adam = {"init": DICT, "lo": 0, "hi": 1, "alpha": 1e-4, "beta1": 0.9, "beta2": 0.999}
    masked = {"spects": np.stack([MAGNITUDES, MAGNITUDES]), "orig_spect": MAGNITUDES}
    return {
        "Adam_B": (adam_b.Adam_B, {**adam, "eps": 1e-8}),
        "Adam_B.step": (adam_b.Adam_B(DICT).step, {"direction": DICT}),
        "gen_random_inst": (dictlearn.gen_random_inst, {"har": 3, "rng": None}),
        "gen_random_inst_dict": (
            dictlearn.gen_random_inst_dict, {"har": 3, "inst_num": 2, "rng": None},
        ),
        "learn_spect_dict": (
            dictlearn.learn_spect_dict, {**spect, **axis, **band, "runs": 2, "lifetime": 1},
        ),
        "test_learn": (
            dictlearn.test_learn, {**axis, "runs": 2, "test_samples": 2, "lifetime": 1},
        ),
        "mask_spectrums": (dictlearn.mask_spectrums, masked),
        "synth_spect": (dictlearn.synth_spect, synth),
    }  # fmt: skip


def _tones() -> dict[str, Call]:
    columns = np.array([[0, 1]])
    voices = Voices(_peaks()[None], columns, DICT, 2)
    return {
        "synthesise": (synthesise, {"voices": voices, **MODEL, "m": BINS}),
        "linear_peaks": (
            linear_peaks, {"peaks": _peaks(), "harscale": HARSCALE, "lowest": 3.0, "sigma": 1.0},
        ),
        "ToneModel": (
            ToneModel, {"fsigma": FSIGMA, **MODEL, "m": BINS, "qexp": 0.5},
        ),
        "LogAxis bins": (LogAxis, {"fmin_hz": 50.0, "fmax_hz": 1000.0, "bins": 10}),
    }  # fmt: skip
