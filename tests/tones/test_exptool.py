"""The documented face of the kernels: checked, and else the same."""

import inspect

import numpy as np
import pytest

from musisep.dictsep import exptool
from musisep.tones import _kernels

SIZE, HAR, HARSCALE = 220, 6, 40.0
PARAMS = np.array([[1.0, 0.4], [30.0, 61.5], [2.0, 1.9], [0.0, 1e-3]])
INSTS = np.array([0, 1])
INST_DICT = np.random.default_rng(0).uniform(0.1, 1, (HAR, 2))
FACES = {
    "inst_shift": lambda **given: exptool.inst_shift(*tones(given), *axis(given), powers(given)),
    "inst_scale": lambda **given: exptool.inst_scale(*tones(given), 1.0, powers(given)),
    "inst_shift_grad": lambda **given: exptool.inst_shift_grad(
        *tones(given), *axis(given), powers(given), jacobian(given)
    ),
    "inst_scale_grad": lambda **given: exptool.inst_scale_grad(
        *tones(given), 1.0, powers(given), jacobian(given)
    ),
    "inst_shift_dict_grad": lambda **given: exptool.inst_shift_dict_grad(
        *tones(given), *axis(given), given.get("more", np.ones(SIZE)),
        given.get("less", np.ones(SIZE)), given.get("grads", np.zeros((2, HAR, 2))),
    ),
}  # fmt: skip
EVERY = pytest.mark.parametrize("face", FACES)
WITH_POWERS = pytest.mark.parametrize("face", [name for name in FACES if "dict" not in name])


def tones(given):
    return (
        given.get("params", PARAMS), given.get("insts", INSTS), given.get("inst_dict", INST_DICT)
    )  # fmt: skip


def axis(given):
    return given.get("harscale", HARSCALE), given.get("pexp", 1.0)


def powers(given):
    return given.get("powers", np.zeros(SIZE))


def jacobian(given):
    return given.get("jacobian", np.zeros((4, 2, SIZE)))


@EVERY
@pytest.mark.parametrize("insts", [[0, 7], [-1, 0], [2, 2]])
def test_instruments_that_the_dictionary_lacks_are_refused(face, insts):
    with pytest.raises(ValueError, match=f"{min(insts)} to {max(insts)} must lie in 0 to 1"):
        FACES[face](insts=np.array(insts))


@EVERY
def test_a_transposed_dictionary_is_refused(face):
    with pytest.raises(ValueError, match="instrument numbers 1 to 2 must lie in 0 to 1"):
        FACES[face](inst_dict=np.ones((3, HAR))[:, :2], insts=[1, 2])
    transposed = np.ascontiguousarray(np.ones((3, 2)).T)  # of two harmonics and three instruments
    with pytest.raises(ValueError, match="instrument numbers 0 to 4 must lie in 0 to 2"):
        FACES[face](inst_dict=transposed, insts=[0, 4])
    with pytest.raises(ValueError, match=r"inst_dict\.shape=\(6,\) must be"):
        FACES[face](inst_dict=np.ones(HAR))


@EVERY
@pytest.mark.parametrize(
    ("params", "insts"),
    [
        (PARAMS.T, INSTS),
        (PARAMS[:3], INSTS),
        (PARAMS[:, :1], INSTS),
        (PARAMS.ravel(), INSTS),
        (PARAMS, INSTS[None]),
        (PARAMS, INSTS[:1]),
    ],
)
def test_tones_of_other_shapes_are_refused(face, params, insts):
    with pytest.raises(ValueError, match=r"must be \(4, n\) and \(n,\)"):
        FACES[face](params=params, insts=insts)


BAD_POWERS = [
    np.zeros(SIZE, np.float32), np.zeros(SIZE, int), np.zeros((1, SIZE)), [0.0] * SIZE, None,
]  # fmt: skip


@WITH_POWERS
@pytest.mark.parametrize("bad", BAD_POWERS, ids=lambda bad: str(type(bad)))
def test_powers_that_cannot_be_added_to_are_refused(face, bad):
    with pytest.raises(ValueError, match="powers must be an array of float64"):
        FACES[face](powers=bad)


@pytest.mark.parametrize("face", ["inst_shift_grad", "inst_scale_grad"])
@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((4, 2, SIZE - 1)),
        np.zeros((2, 4, SIZE)),
        np.zeros((4, 1, SIZE)),
        np.zeros((8, SIZE)),
        np.zeros((4, 2, SIZE), np.float32),
    ],
)
def test_jacobians_that_cannot_be_added_to_are_refused(face, bad):
    with pytest.raises(ValueError, match=r"jacobian must be an array .* shape \(4, 2, 220\)"):
        FACES[face](jacobian=bad)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"less": np.ones(SIZE - 1)}, "more and less must be one"),
        ({"more": np.ones((SIZE, 1))}, "more and less must be one"),
        ({"grads": np.zeros((2, 2, HAR))}, r"grads must be .* shape \(2, 6, 2\)"),
        ({"grads": np.zeros((HAR, 2))}, "grads must be"),
        ({"grads": np.zeros((2, HAR, 2), int)}, "grads must be"),
        ({"inst_dict": INST_DICT[:3]}, r"grads must be .* shape \(2, 3, 2\)"),
    ],
)
def test_weights_and_gradients_of_other_shapes_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        FACES["inst_shift_dict_grad"](**given)


def test_the_faces_do_what_the_kernels_do():
    found, expected = np.ones((2, SIZE))
    by_face, by_kernel = np.ones((2, 4, 2, SIZE))
    arguments = PARAMS, INSTS, INST_DICT
    exptool.inst_shift_grad(*arguments, HARSCALE, 2.0, found, by_face)
    _kernels.inst_shift_grad(*arguments, HARSCALE, 2.0, expected, by_kernel)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(by_face, by_kernel)
    again = np.ones(SIZE)
    exptool.inst_shift(*arguments, HARSCALE, 2.0, again)
    np.testing.assert_allclose(again, found)
    grads, expected = np.ones((2, 2, HAR, 2))
    more, less = np.random.default_rng(0).uniform(size=(2, SIZE))
    exptool.inst_shift_dict_grad(*arguments, HARSCALE, 2.0, more, less, grads)
    _kernels.inst_shift_dict_grad(*arguments, HARSCALE, 2.0, more, less, expected)
    np.testing.assert_array_equal(grads, expected)


def test_the_linear_axis_is_the_one_without_a_scale():
    found, expected = np.zeros((2, SIZE))
    by_face, by_shift = np.zeros((2, 4, 2, SIZE))
    exptool.inst_scale_grad(PARAMS, INSTS, INST_DICT, 2.0, found, by_face)
    exptool.inst_shift_grad(PARAMS, INSTS, INST_DICT, exptool.LINEAR, 2.0, expected, by_shift)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(by_face, by_shift)
    alone = np.zeros(SIZE)
    exptool.inst_scale(PARAMS, INSTS, INST_DICT, 2.0, alone)
    np.testing.assert_allclose(alone, found)


def test_lists_integers_and_strided_arrays_will_do():
    found, expected = np.zeros((2, SIZE))
    exptool.inst_shift([[1], [30], [2], [0]], [0], np.ones((HAR, 1), int), 40, 1, found)
    exptool.inst_shift(
        np.array([[1.0], [30], [2], [0]]), [0], np.ones((HAR, 1)), 40.0, 1.0, expected
    )
    np.testing.assert_array_equal(found, expected)
    strided = np.zeros(SIZE)
    wide = np.repeat(PARAMS, 3, axis=1)[:, ::3]
    exptool.inst_shift(wide, INSTS, np.asfortranarray(INST_DICT), HARSCALE, 1.0, strided)
    plain = np.zeros(SIZE)
    exptool.inst_shift(PARAMS, INSTS, INST_DICT, HARSCALE, 1.0, plain)
    np.testing.assert_array_equal(strided, plain)


def test_no_tones_add_nothing():
    untouched = np.ones(SIZE)
    exptool.inst_shift(np.zeros((4, 0)), [], INST_DICT, HARSCALE, 1.0, untouched)
    np.testing.assert_array_equal(untouched, 1)


def test_integers_do_not_compile_the_kernels_anew():
    def compiled():
        return {
            name: len(function.signatures)
            for name, function in vars(_kernels).items()
            if hasattr(function, "signatures")
        }

    for face in FACES.values():
        face()
    before = compiled()
    assert before["inst_shift"] and before["inst_shift_dict_grad"]
    for face in FACES.values():
        face(harscale=40, pexp=1, insts=[0, 1], inst_dict=np.ones((HAR, 2), int))
    exptool.inst_scale(PARAMS, INSTS, INST_DICT, 1, np.zeros(SIZE))
    assert compiled() == before


def test_all_documented_names_have_the_documented_parameters():
    for name in FACES:
        kernel = getattr(_kernels, name.replace("scale", "shift"))
        wanted = list(inspect.signature(kernel.py_func).parameters)
        if "scale" in name:  # on the linear axis
            wanted.remove("harscale")
        assert list(inspect.signature(getattr(exptool, name)).parameters) == wanted
    assert (exptool.EPS, exptool.LINEAR) == (1e-7, 0)


def test_what_cannot_be_written_to_is_refused():
    fixed = np.zeros(SIZE)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="powers must be"):
        FACES["inst_shift"](powers=fixed)
