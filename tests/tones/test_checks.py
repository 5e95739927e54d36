"""What would lead a kernel beyond its arrays, or hang it, is refused by the name of a parameter."""

import numpy as np
import pytest
from overlapping import MODEL, TRUE, M, random_case

from musisep.learning.updates import fit_columns, updated
from musisep.masking.voices import InstrumentColumns, PitchColumns
from musisep.multipitch.finder import Hypotheses
from musisep.multipitch.greedy import GreedyPursuit
from musisep.multipitch.joint import JointSearch
from musisep.multipitch.viterbi import Viterbi
from musisep.notes.tracking import NoteTracking
from musisep.tones.checks import checked_frames
from musisep.tones.loss import dict_grads, silence_losses, unexplained
from musisep.tones.peaks import Peaks
from musisep.tones.spectra import gen_inst_spect, inst_shift, patterns

FRAMES, PEAKS, _ = random_case(0, MODEL)
GIVEN = {
    "frames": FRAMES, "peaks": PEAKS, "tones": PEAKS, "inst_dict": TRUE, "dictionary": TRUE,
    "model": MODEL, "higher": TRUE, "lower": TRUE, "updates": 1,
}  # fmt: skip
PARTS = {
    "silence_losses": (silence_losses, "frames model"),
    "dict_grads": (dict_grads, "frames peaks inst_dict model"),
    "unexplained": (unexplained, "frames peaks inst_dict model"),
    "fit_columns": (fit_columns, "frames peaks inst_dict model updates"),
    "updated": (updated, "inst_dict higher lower model"),
    "patterns": (patterns, "inst_dict model"),
    "InstrumentColumns": (InstrumentColumns(), "frames tones dictionary model"),
    "PitchColumns": (PitchColumns(), "frames tones dictionary model"),
    "GreedyPursuit": (GreedyPursuit(), "frames dictionary model"),
    "JointSearch": (JointSearch(), "frames dictionary model"),
    "Viterbi": (Viterbi(), "frames dictionary model"),
    "NoteTracking": (NoteTracking(), "peaks frames model"),
}
WRONG = {
    "frames": (
        None, 3, "hann", [1, "a"], np.zeros((0, 5)), np.ones((2, 33, 76)), np.ones((3, 10)),
        FRAMES[:, :-1], FRAMES[:, 0], 1j * FRAMES, -FRAMES, np.array([None, 1]),
    ),
    "peaks": (None, 1.5, PEAKS[0], Peaks.empty(), np.ones(3), [PEAKS]),
    "dictionary": (
        None, 3, "hann", np.zeros((0, 5)), TRUE[:, 0], TRUE[None], 1j * TRUE, [[1.0], [1.0, 2]],
    ),
    "model": (None, 7, np.ones(3), int),
    "updates": (-1, 1.5, None, np.uint64(2**63), np.ones(1)),
}  # fmt: skip
KINDS = {"tones": "peaks", "inst_dict": "dictionary", "higher": "dictionary", "lower": "dictionary"}
CASES = [
    (part, parameter)
    for part, (_, parameters) in PARTS.items()
    for parameter in parameters.split()
    if (part, parameter) not in {("InstrumentColumns", "frames"), ("InstrumentColumns", "model")}
]


@pytest.mark.parametrize(("part", "parameter"), CASES)
def test_what_does_not_fit_is_refused_by_name(part, parameter):
    function, parameters = PARTS[part]
    given = {name: GIVEN[name] for name in parameters.split()}
    function(**given)
    for wrong in WRONG[KINDS.get(parameter, parameter)]:
        with pytest.raises(ValueError, match=rf"\b{parameter}\b"):
            function(**{**given, parameter: wrong})


@pytest.mark.parametrize("wrong", [-1.0, 1e305, np.nan, np.inf])
@pytest.mark.parametrize("part", ["GreedyPursuit", "JointSearch", "Viterbi"])
def test_harmonics_have_amplitudes_whose_powers_are_finite(part, wrong):
    with pytest.raises(ValueError, match=r"dictionary must hold numbers from 0 to 1e\+06"):
        PARTS[part][0](FRAMES, np.where(TRUE == 1, wrong, TRUE), MODEL)


@pytest.mark.parametrize(
    "part", ["dict_grads", "unexplained", "fit_columns", "PitchColumns", "NoteTracking"]
)
def test_frames_must_be_as_many_as_those_of_the_tones(part):
    function, parameters = PARTS[part]
    given = {name: GIVEN[name] for name in parameters.split()}
    with pytest.raises(ValueError, match=rf"must be \[frame, tone\], of {len(FRAMES) + 1} frames"):
        function(**{**given, "frames": np.concatenate([FRAMES, FRAMES[:1]])})


def test_frames_of_any_kind_become_what_kernels_are_compiled_for():
    for given in (FRAMES.astype(np.float32), np.asfortranarray(FRAMES), FRAMES.tolist()):
        found = checked_frames(given, MODEL)
        assert found.dtype == np.float64 and found.flags.c_contiguous
        np.testing.assert_allclose(found, FRAMES, rtol=1e-6)
    assert np.shares_memory(checked_frames(FRAMES, MODEL), FRAMES)  # no copy


def test_hypotheses_of_other_frames_or_places_are_refused():
    good = JointSearch().propose(FRAMES, TRUE, MODEL, 3)
    for wrong in (
        None,
        Hypotheses(*(array[1:] for array in good)),
        good._replace(amps=good.amps[:, :, :1]),
        good._replace(gains=good.gains[:, 0]),
        Hypotheses(good.shifts[..., :1], good.amps[..., :1], good.gains),
    ):
        for part in (JointSearch().refine, Viterbi().decode):
            with pytest.raises(ValueError, match="hypotheses"):
                part(FRAMES, TRUE, MODEL, wrong)
    with pytest.raises(ValueError, match="prior=3 must be a Prior"):
        Viterbi()(FRAMES, TRUE, MODEL, 3)


@pytest.mark.parametrize("wrong", [np.array(3.0), 2.5, -1, 2**63, None, "64"])
def test_patterns_of_impossible_sizes_are_refused(wrong):
    given = {
        "baseshift": 10, "fsigma": 1.5, "inst_dict": TRUE, "harscale": 80.0, "pexp": 1.0,
        "qexp": 0.5, "m": 50,
    }  # fmt: skip
    assert gen_inst_spect(**given).shape == (60, 2)
    for name in ("m", "baseshift"):
        with pytest.raises(ValueError, match=rf"^{name}="):
            gen_inst_spect(**{**given, name: wrong})


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("peaks", PEAKS), ("peaks", 3), ("pexp", 0), ("pexp", 100), ("harscale", -1.0), ("m", -1),
     ("n", None), ("inst_dict", 1j)],
)  # fmt: skip
def test_tones_of_one_frame_and_numbers_in_range_sound(name, wrong):
    given = {
        "peaks": PEAKS[0], "inst_dict": TRUE, "harscale": 80.0, "pexp": 1.0, "m": M,
        "n": len(PEAKS),
    }  # fmt: skip
    assert inst_shift(**given).any()
    with pytest.raises(ValueError, match=rf"\b{name}\b"):
        inst_shift(**{**given, name: wrong})
