"""What the documented parameters may not be is refused by their names."""

import math
from functools import partial

import numpy as np
import pytest

from musisep.dictsep import dictlearn, exptool, pursuit
from musisep.dictsep.__main__ import main
from musisep.dictsep.adam_b import Adam_B
from musisep.dictsep.checks import checked, whole
from musisep.tones.model import ToneModel

M, HAR = 60, 3
COLUMNS = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]).T.copy()
PARAMS, INSTS = np.array([[1.0, 1], [20, 40], [2, 2], [0, 0]]), [0, 1]
PEAKS = pursuit.Peaks(*PARAMS, INSTS)
Y = pursuit.inst_shift(PEAKS, COLUMNS, 30.0, 1.0, M, 2)
SPECT = np.tile(Y[:, None], 5)
PATTERNS = pursuit.gen_inst_spect(80, 2.0, COLUMNS, 30.0, 1.0, 0.5, M)
EXPONENTS = {"pexp": 1.0, "qexp": 0.5}
TONE = {"fsigma": 2.0, "tone_num": 1, "inst_num": 2, "har": HAR, "m": M, "lifetime": 1}
LOSS = {
    "peak_array": PEAKS.get_array(), "insts": INSTS, "inst_dict": COLUMNS, "harscale": 30.0,
    **EXPONENTS, "m": M, "n": 2, "y": Y,
}  # fmt: skip
KERNEL = {"params": PARAMS, "insts": INSTS, "inst_dict": COLUMNS, "harscale": 30.0, "pexp": 1.0}
STEP = {
    "y": Y, "inst_dict": COLUMNS, "tone_num": 1, "fsigma": 2.0, "harscale": 30.0,
    "baseshift": 80, "inst_spect": PATTERNS, **EXPONENTS,
}  # fmt: skip
CALLS = {
    "Adam_B": (Adam_B, {"init": COLUMNS, "lo": 0, "hi": 1, "alpha": 1e-4, "beta1": 0.9,
                        "beta2": 0.999, "eps": 1e-8}),
    "Adam_B.step": (lambda direction: Adam_B(COLUMNS).step(direction), {"direction": COLUMNS}),
    "Adam_B.reset": (lambda i: Adam_B(COLUMNS).reset(i), {"i": 1}),
    "Learner": (dictlearn.Learner, {**TONE, **EXPONENTS, "init": np.ones((HAR, 4)),
                                    "harscale": 30.0, "finder": None, "rng": None}),
    "gen_random_inst_dict": (dictlearn.gen_random_inst_dict,
                             {"har": 3, "inst_num": 2, "rng": None}),
    "gen_test_spects": (dictlearn.gen_test_spects,
                        {"inst_dict": COLUMNS, "model": ToneModel(2.0, 30.0, M), "tone_num": 1,
                         "number": 3, "rng": np.random.default_rng(0)}),
    "learn_spect_dict": (dictlearn.learn_spect_dict,
                         {"spect": SPECT, **TONE, **EXPONENTS, "minfreq": 1, "maxfreq": 32,
                          "runs": 2, "finder": None, "rng": None}),
    "mask_spectrums": (dictlearn.mask_spectrums, {"spects": [SPECT], "orig_spect": SPECT}),
    "stoch_grad": (dictlearn.stoch_grad, STEP | {"adam": Adam_B(COLUMNS)}),
    "synth_spect": (dictlearn.synth_spect,
                    {"spect": SPECT, "tone_num": 1, "inst_dict": COLUMNS, "fsigma": 2.0,
                     "spectheight": M, **EXPONENTS, "minfreq": 0.01, "maxfreq": 0.4,
                     "finder": None}),
    "test_learn": (dictlearn.test_learn,
                   {**TONE, **EXPONENTS, "runs": 2, "test_samples": 4, "rng": None}),
    "test_learn_multi": (dictlearn.test_learn_multi,
                         {"m": M, "runs": 2, "lifetime": 0, "test_samples": 4, "num_dicts": 1,
                          "seed": 0, "progress": None}),
    "exptool.inst_shift": (exptool.inst_shift, {**KERNEL, "powers": np.zeros(M)}),
    "exptool.inst_shift_dict_grad": (exptool.inst_shift_dict_grad,
                                     {**KERNEL, "more": np.ones(M), "less": np.ones(M),
                                      "grads": np.zeros((2, HAR, 2))}),
    "calc_harscale": (pursuit.calc_harscale, {"minfreq": 1, "maxfreq": 32, "numfreqs": M}),
    "fft_selector": (pursuit.fft_selector, {"y": Y, "prenum": 1, "baseshift": 80,
                                            "inst_spect": PATTERNS, "qexp": 0.5}),
    "gen_inst_spect": (pursuit.gen_inst_spect, {"baseshift": 80, "fsigma": 2.0, "m": M,
                                                "inst_dict": COLUMNS, "harscale": 30.0,
                                                **EXPONENTS}),
    "inst_shift": (pursuit.inst_shift, {"peaks": PEAKS, "inst_dict": COLUMNS, "harscale": 30.0,
                                        "pexp": 1.0, "m": M, "n": 2}),
    "inst_shift_obj": (pursuit.inst_shift_obj, LOSS),
    "inst_shift_grad": (pursuit.inst_shift_grad, LOSS),
    "inst_shift_dict_grad": (pursuit.inst_shift_dict_grad, LOSS),
    "make_bounds": (pursuit.make_bounds, {"fsigma": 2.0, "length": 2}),
    "max_selector": (pursuit.max_selector, {"y": Y, "prenum": 1, "n": 3}),
    "peak_pursuit": (partial(pursuit.peak_pursuit, selector_args=(80, PATTERNS, 0.5)),
                     {"y": Y, "num": 2, "prenum": 1, "runs": 2, "inst_dict": COLUMNS,
                      "fsigma": 2.0, "harscale": 30.0, "selector": pursuit.fft_selector,
                      **EXPONENTS, "beta": 1, "init": None, "tone_num": 1}),
}  # fmt: skip
WRONG = [
    "x", b"x", math.nan, -1.5, 1j, {}, object(), True, [["a"]], [[1], [2, 3]],
    np.full((HAR, 2), np.nan), np.zeros((2, 2, 2)), np.full(M, 1j), np.full((M, 5), np.inf),
]  # fmt: skip
"""What no parameter may be, but for those in `FITTING`."""
FITTING = {"alpha": [-1.5], "lo": [-1.5]}


@pytest.mark.parametrize(
    ("name", "parameter"), [(name, p) for name, (_, given) in CALLS.items() for p in given]
)
def test_what_a_parameter_may_not_be_is_refused_by_its_name(name, parameter):
    function, given = CALLS[name]
    for value in WRONG:
        if isinstance(value, float) and value in FITTING.get(parameter, []):
            continue
        with pytest.raises((TypeError, ValueError), match=rf"\b{parameter}\b"):
            function(**given | {parameter: value})


INTEGERS = ["tone_num", "inst_num", "har", "m", "runs", "num_dicts", "spectheight", "numfreqs"]


@pytest.mark.parametrize(
    ("name", "parameter"),
    [(name, p) for name, (_, given) in CALLS.items() for p in given if p in INTEGERS],
)
def test_counts_are_integers_within_limits(name, parameter):
    function, given = CALLS[name]
    for value in (0, -1, 0.5, 10**12, 10**20, np.int64(-1), np.float64(2), "2"):
        with pytest.raises(ValueError, match=rf"\b{parameter}="):
            function(**given | {parameter: value})


@pytest.mark.parametrize(
    ("name", "parameter", "value", "match"),
    [
        ("Adam_B", "init", np.zeros((3, 0)), r"init.shape=\(3, 0\) must have no axis of length 0"),
        ("Adam_B", "lo", 2, "lo=2.0 must be at most hi=1"),
        ("Adam_B", "beta1", 1, "beta1=1 must be at least 0 and below 1"),
        ("Adam_B", "eps", 0, "eps=0 must be finite and above 0"),
        ("Adam_B.step", "direction", 1.0, r"direction.shape=\(\) must be \(3, 2\)"),
        ("Adam_B.reset", "i", 2, "i=2 must be at most 1"),
        ("Learner", "harscale", 0, "harscale=0 must be finite and above 0"),
        ("Learner", "rng", 5, "rng must be a numpy.random.Generator, not int"),
        ("learn_spect_dict", "fsigma", 1e300, r"fsigma=1e\+300 must be from 0.001 to 10000"),
        ("learn_spect_dict", "pexp", 0, "pexp=0 must be from 1 to 16"),
        ("learn_spect_dict", "qexp", 0, "qexp=0 must be from 0.01 to 16"),
        ("learn_spect_dict", "finder", 3, "finder must be a function, not int"),
        ("stoch_grad", "adam", Adam_B(np.ones((3, 4))), r"adam.value.shape=\(3, 4\) must be inst"),
        ("stoch_grad", "inst_spect", PATTERNS[1:], r"inst_spect.shape=\(\d+, 2\) must be"),
        ("synth_spect", "spect", np.zeros((0, 3)), r"spect.shape=\(0, 3\) must have no axis of l"),
        ("synth_spect", "spect", -SPECT, r"spect.min\(\)=-.* must be at least 0"),
        ("test_learn", "test_samples", 1, "test_samples=1 must be at least inst_num=2"),
        ("test_learn_multi", "seed", -1, "seed=-1 must be an integer of at least 0"),
        ("exptool.inst_shift", "insts", [0, 7], "insts: instrument numbers 0 to 7 must lie in 0"),
        ("exptool.inst_shift", "insts", [0.5, 1], "insts must be an array of integers"),
        ("exptool.inst_shift", "inst_dict", -COLUMNS, r"inst_dict.min\(\)=-1.0 must be at least 0"),
        ("max_selector", "n", 0, "n=0 must be an integer of at least 1"),
        ("peak_pursuit", "init", PARAMS, "init must be a Peaks, not ndarray"),
        ("peak_pursuit", "selector_args", "xyz", "selector_args must be a tuple, not str"),
        ("peak_pursuit", "selector", None, "selector must be a function, not NoneType"),
    ],
)
def test_the_message_tells_what_a_parameter_must_be(name, parameter, value, match):
    function, given = CALLS[name]
    with pytest.raises((TypeError, ValueError), match=match):
        function(**given | {parameter: value})


@pytest.mark.parametrize("frames", [Y, [["a"]], SPECT[1:].T, -SPECT.T, SPECT.T * np.nan])
def test_learners_refuse_frames_that_are_none(frames):
    learner = dictlearn.Learner(2.0, 1, 2, HAR, M, 0, 1.0, 0.5, COLUMNS)
    for work in (learner.step, learner.fit):
        with pytest.raises((TypeError, ValueError), match="frames"):
            work(frames)
    np.testing.assert_array_equal(learner.get_dict(), COLUMNS)


def test_small_integers_of_numpy_do_not_wrap_around():
    uint8, grown = np.uint8(200), pursuit.gen_inst_spect(200, 2.0, COLUMNS, 30.0, 1.0, 0.5, 200)
    small = pursuit.gen_inst_spect(uint8, 2.0, COLUMNS, 30.0, 1.0, 0.5, uint8)
    np.testing.assert_array_equal(small, grown)
    seeds = [np.random.default_rng(1) for _ in range(2)]
    wide = np.repeat(SPECT, 4, axis=0)[:200]
    small, usual = (
        dictlearn.learn_spect_dict(
            wide, 2, one, 2 * one, 1, 0.5, 3 * one, m, 1, 32, 4, one, rng=rng
        )
        for one, m, rng in zip((np.uint8(1), 1), (uint8, 200), seeds, strict=True)
    )
    np.testing.assert_array_equal(small, usual)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({0: 5}, "mixed_soundfile must be a name of a file, not int"),
        ({1: "reed.wav"}, "orig_soundfiles must be a list of names"),
        ({1: ["reed.wav", 5]}, r"orig_soundfiles\[1\] must be a name of a file"),
        ({2: "2"}, "inst_num='2' must be an integer of at least 1"),
        ({4: None}, "pexp=None must be a finite number"),
        ({7: 0}, "sigmas=0 must be finite and above 0"),
        ({8: 0.5}, "sampdist=0.5 must be an integer of at least 1"),
        ({11: "20"}, "minfreq='20' must be a finite number"),
        ({13: None}, "out_name must be a name of a file"),
        ({17: "yes"}, "mask='yes' must be True or False"),
    ],
)
def test_main_refuses_what_its_parameters_may_not_be(changes, match):
    given = ["no.wav", None, 2, 1, 1, 0.5, 12, 6, 256, 1024, 512, 100, 6400, "x", 5, 0, 1, True]
    for place, value in changes.items():
        given[place] = value
    with pytest.raises((TypeError, ValueError), match=match):
        main(*given, None)


def test_defaults_are_not_checked_and_own_rules_come_first():
    seen = []

    def function(m, y=None, own=3):
        """Return what arrives."""
        return m, y, own

    wrapped = checked(function, own=lambda name, value: seen.append(name) or value, m=whole(2, 9))
    assert wrapped.__doc__ == "Return what arrives."
    assert wrapped(np.uint8(2)) == (2, None, 3)
    assert wrapped(2, own=4) == (2, None, 4)
    assert seen == ["own"]
    with pytest.raises(ValueError, match="m=1 must be an integer of at least 2"):
        wrapped(1)
