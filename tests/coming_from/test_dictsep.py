"""The documented names of `musisep.dictsep`, with their parameters, and the page about them."""

import inspect
from functools import reduce
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from musisep.dictsep.dictlearn import (
    gen_random_inst_dict,
    learn_spect_dict,
    mask_spectrums,
    synth_spect,
)
from musisep.dictsep.pursuit import Peaks, calc_harscale, inst_shift
from musisep.metrics import bss_eval

PAGE = Path(__file__).parents[2] / "docs" / "coming_from" / "dictsep.rst"

LOSS = "peak_array, insts, inst_dict, harscale, pexp, qexp, m, n, y"
LEARNING = "fsigma, tone_num, inst_num, pexp, qexp, har, m, runs, test_samples, lifetime"
DOCUMENTED = {
    "__main__.main": "mixed_soundfile, orig_soundfiles, inst_num, tone_num, pexp, qexp, har, "
    "sigmas, sampdist, spectheight, logspectheight, minfreq, maxfreq, out_name, runs, lifetime, "
    "num_dicts, mask, plot_range",
    "adam_b.Adam_B": "init, lo, hi, alpha, beta1, beta2, eps",
    "dictlearn.Learner": "fsigma, tone_num, inst_num, har, m, lifetime, pexp, qexp, init",
    "dictlearn.Learner.get_dict": "self",
    "dictlearn.gen_random_inst": "har",
    "dictlearn.gen_random_inst_dict": "har, inst_num",
    "dictlearn.learn_spect_dict": "spect, fsigma, tone_num, inst_num, pexp, qexp, har, m, "
    "minfreq, maxfreq, runs, lifetime",
    "dictlearn.mask_spectrums": "spects, orig_spect",
    "dictlearn.stoch_grad": "y, inst_dict, tone_num, adam, fsigma, harscale, baseshift, "
    "inst_spect, pexp, qexp",
    "dictlearn.synth_spect": "spect, tone_num, inst_dict, fsigma, spectheight, pexp, qexp, "
    "minfreq, maxfreq",
    "dictlearn.test_learn": LEARNING,
    "dictlearn.test_learn_multi": f"{LEARNING}, num_dicts",
    "exptool.inst_scale": None,
    "exptool.inst_scale_grad": None,
    "exptool.inst_shift": None,
    "exptool.inst_shift_dict_grad": None,
    "exptool.inst_shift_grad": None,
    "pursuit.Peaks": "amps, shifts, sigmas, spreads, insts",
    "pursuit.Peaks.empty": "",
    "pursuit.Peaks.from_array": "array, insts",
    "pursuit.Peaks.get_array": "self",
    "pursuit.calc_harscale": "minfreq, maxfreq, numfreqs",
    "pursuit.fft_selector": "y, prenum, baseshift, inst_spect, qexp",
    "pursuit.gen_inst_spect": "baseshift, fsigma, inst_dict, harscale, pexp, qexp, m",
    "pursuit.inst_scale": "peaks, inst_dict, pexp, m, n",
    "pursuit.inst_shift": "peaks, inst_dict, harscale, pexp, m, n",
    "pursuit.inst_shift_dict_grad": LOSS,
    "pursuit.inst_shift_grad": LOSS,
    "pursuit.inst_shift_obj": LOSS,
    "pursuit.make_bounds": "fsigma, length",
    "pursuit.max_selector": "y, prenum, n",
    "pursuit.peak_pursuit": "y, num, prenum, runs, inst_dict, fsigma, harscale, selector, "
    "selector_args, pexp, qexp, beta, init",
}
"""Positional parameters by name; None where the documents do not tell them."""
DEFAULTS = {
    "adam_b.Adam_B": (0, 1, 0.0001, 0.9, 0.999, 1e-8),
    "dictlearn.Learner": (None,),
    "pursuit.peak_pursuit": (1, None),
}
"""Of the last of them."""


def documented(name):
    module, *path = name.split(".")
    return reduce(getattr, path, import_module(f"musisep.dictsep.{module}"))


def test_there_are_as_many_as_in_the_documents():
    assert len(DOCUMENTED) == 32


@pytest.mark.parametrize("name", DOCUMENTED)
def test_names_and_positional_parameters_are_the_documented_ones(name):
    found, wanted = documented(name), DOCUMENTED[name]
    assert callable(found) and found.__doc__
    if wanted is not None:
        parameters = list(inspect.signature(found).parameters.values())
        names = wanted.split(", ") if wanted else []
        assert [p.name for p in parameters[: len(names)]] == names
        assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters[: len(names)])
        assert all(p.default is not p.empty for p in parameters[len(names) :])


@pytest.mark.parametrize("name", sorted({*DOCUMENTED} - {"dictlearn.test_learn_multi"}))
def test_defaults_are_the_documented_ones(name):
    parameters = inspect.signature(documented(name)).parameters
    defaults = [parameters[p].default for p in (DOCUMENTED[name] or "").split(", ") if p]
    given = tuple(value for value in defaults if value is not inspect.Parameter.empty)
    assert given == DEFAULTS.get(name, ())


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_page_tells_where_each_name_is(name):
    assert f"``{name}``" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("module", ["dictlearn", "exptool", "pursuit"])
def test_the_documented_names_are_public(module):
    names = {name.split(".")[1] for name in DOCUMENTED if name.startswith(module)}
    assert names <= set(import_module(f"musisep.dictsep.{module}").__all__)


def test_artificial_tones_are_learned_synthesised_and_masked():
    rng = np.random.default_rng(1)
    har, m, fsigma, pexp, qexp = 8, 400, 1.9, 1, 0.5
    minfreq, maxfreq, rate = 50, 3200, 16_000
    harscale = calc_harscale(minfreq, maxfreq, m)
    played = gen_random_inst_dict(har, 2, rng)

    def tone(inst):
        peaks = Peaks([rng.uniform(0.3, 1)], [rng.uniform(60, 240)], [fsigma], [0], [inst])
        return inst_shift(peaks, played, harscale, pexp, m, 1)

    tracks = [np.stack([tone(inst) for _ in range(150)], axis=1) for inst in (0, 1)]
    spect = sum(tracks)  # [bin, frame]; amplitudes add up as pexp is 1
    inst_dict = learn_spect_dict(
        spect, fsigma, 1, 2, pexp, qexp, har, m, minfreq, maxfreq, runs=400, lifetime=100, rng=rng
    )
    whole, inst_spects, whole_lin, inst_spects_lin = synth_spect(
        spect, 1, inst_dict, fsigma, 512, pexp, qexp, minfreq / rate, maxfreq / rate
    )
    masked, mask_spect = mask_spectrums(inst_spects, spect)

    assert inst_dict.shape == (har, 2)
    assert whole_lin.shape == inst_spects_lin[1].shape == (512, 150)
    np.testing.assert_allclose(sum(masked)[whole > 0], spect[whole > 0])
    np.testing.assert_array_equal(masked[0], mask_spect * inst_spects[0])
    assert bss_eval(np.stack(tracks), np.stack(masked)).sdr.min() > 20
