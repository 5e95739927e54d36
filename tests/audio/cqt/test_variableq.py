import math

import numpy as np
import pytest
import scipy.fft

from musisep.audio.cqt import variableq
from musisep.audio.cqt._kernels.variableq import CUT_SIGMAS, weigh
from musisep.audio.cqt.variableq import VariableQ

RATE = 8000
FREQUENCIES = np.geomspace(100, 3900, 12)
shapes = pytest.mark.parametrize(
    ("bandwidth", "gamma_hz"), [(0.03, 0), (0.02, 25), (0, 60), (1, 0)]
)


def noise(*shape):
    return np.random.default_rng(3).standard_normal(shape)


def complex_noise(*shape):
    return np.random.default_rng(4).standard_normal((*shape, 2)) @ [1, 1j]


def naive(signal, hop_length, bandwidth, gamma_hz):
    """The formula as a sum over samples: uncut Gaussians in time, of the full spectrum."""
    frames = np.arange(1 + len(signal) // hop_length) * hop_length
    distance_s = (np.arange(len(signal)) - frames[:, None]) / RATE
    rows = []
    for hz in FREQUENCIES:
        sigma = 2 * np.pi * (bandwidth * hz + gamma_hz)  # per second
        atoms = np.exp(-0.5 * (sigma * distance_s) ** 2 - 2j * np.pi * hz * distance_s)
        rows.append(2 * sigma / math.sqrt(2 * math.pi) / RATE * atoms @ signal)
    return np.array(rows)


@shapes
@pytest.mark.parametrize("hop_length", [31, 64, 509, 2503])
def test_equals_the_definition(hop_length, bandwidth, gamma_hz):
    signal = noise(2011)
    expected = naive(signal, hop_length, bandwidth, gamma_hz)
    found = VariableQ(RATE, FREQUENCIES, bandwidth, hop_length, gamma_hz).forward(signal)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@shapes
@pytest.mark.parametrize(("length", "hop_length"), [(1, 40), (2011, 31), (2000, 100), (3000, 2503)])
def test_adjoint(length, hop_length, bandwidth, gamma_hz):
    transform = VariableQ(RATE, FREQUENCIES, bandwidth, hop_length, gamma_hz)
    signal, coefficients = noise(length), complex_noise(*transform.coefficient_shape(length))
    found = transform.adjoint(coefficients, length)
    assert found.shape == (length,)
    forward = transform.forward(signal)
    scale = np.linalg.norm(forward) * np.linalg.norm(coefficients)
    assert abs(np.vdot(coefficients, forward).real - found @ signal) < 1e-12 * scale
    normal = transform.adjoint(forward, length)
    np.testing.assert_allclose(
        transform.normal(signal), normal, rtol=0, atol=1e-12 * np.abs(normal).max()
    )


def test_pieces_and_blocks_change_nothing(monkeypatch):
    signal = noise(30000)
    transform = VariableQ(RATE, FREQUENCIES, 0.03, 50)
    whole = transform.forward(signal)
    monkeypatch.setattr(variableq, "PIECE_SAMPLES", 4500)
    monkeypatch.setattr(variableq, "BLOCK_POINTS", 500)
    blocks = list(transform.blocks(signal))
    assert len({block[1].start for block, _ in blocks}) > 3
    assert len({block[0].start for block, _ in blocks}) > 3
    found = transform.forward(signal)
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-9 * np.abs(whole).max())
    coefficients = complex_noise(*whole.shape)
    scale = np.linalg.norm(found) * np.linalg.norm(coefficients)
    product = transform.adjoint(coefficients, 30000) @ signal
    assert abs(np.vdot(coefficients, found).real - product) < 1e-12 * scale


def test_threads_change_nothing():
    transform = VariableQ(RATE, FREQUENCIES, 0.03, 50)
    alone = transform.forward(noise(3000))
    with scipy.fft.set_workers(2):
        together = transform.forward(noise(3000))
    assert alone.tobytes() == together.tobytes()


@pytest.mark.parametrize("points", [5000, 5001])
def test_response(points):
    transform = VariableQ(RATE, FREQUENCIES[:9], 0.03, 8, 20)
    hz = np.arange(-(points // 2), points // 2 + 1) * RATE / points
    distance = (hz - FREQUENCIES[:9, None]) / transform.sigmas_hz[:, None]
    squares = np.exp(-(distance**2)).sum(0)
    expected = (squares + squares[::-1])[points // 2 :]
    np.testing.assert_allclose(transform.response(points), expected, atol=1e-9)


def test_the_normal_operator_is_the_response_where_filters_are_narrow():
    transform = VariableQ(RATE, np.geomspace(100, 3900, 200), 0.03, 3)
    time = np.arange(6000)
    signal = np.exp(-0.5 * ((time - 3000) / 500) ** 2) * np.cos(2 * np.pi * 0.125 * time)
    level = 2 / 3 * transform.response(8)[1]
    found = transform.normal(signal)[2500:3500]
    np.testing.assert_allclose(found, level * signal[2500:3500], atol=0.01 * level)


@pytest.mark.parametrize("sigma", [0.3, 1.3, 40.0])
@pytest.mark.parametrize("centre", [-5.2, 3.0, 17.3, 58.7])
@pytest.mark.parametrize("function", [weigh, weigh.py_func])
def test_weigh_equals_numpy(function, centre, sigma):
    source = complex_noise(60)
    offsets = np.arange(-400, 400)
    z = (offsets - centre) / sigma
    weight = np.where(np.abs(z) <= CUT_SIGMAS, np.exp(-0.5 * z**2), 0)
    expected = np.zeros(12, complex)
    np.add.at(expected, offsets % 12, weight * source[offsets % 60])
    target = np.zeros(12, complex)
    function(source, centre, sigma, target)
    np.testing.assert_allclose(target, expected, rtol=0, atol=1e-12 * np.abs(source).max() * sigma)


def test_a_long_gaussian_is_exact():
    """Computed from neighbour to neighbour over 140,000 points, rounding would add up to 1e-7."""
    target = np.zeros(150_000)
    weigh(np.ones(150_000), 75_000.3, 10_000.0, target)
    z = (np.arange(150_000) - 75_000.3) / 10_000
    np.testing.assert_allclose(target[6000:-6000], np.exp(-0.5 * z**2)[6000:-6000], rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hop_length": 0}, "hop_length=0 must be an integer of at least 1"),
        ({"hop_length": 2.5}, "hop_length=2.5 must be an integer of at least 1"),
        ({"sample_rate": "8000"}, "sample_rate='8000' must be an integer of at least 1"),
        ({"bandwidth": 0.0}, "bandwidth=0.0 and gamma_hz=0.0 .* not of 0 to 0 Hz"),
        ({"bandwidth": 1e-12}, r"make filters of 1.7e-05 Hz at least .* not of 1e-10 to"),
        ({"gamma_hz": 9000.0}, "sample_rate=8000 at most, not of 9010 to 9390 Hz"),
        ({"bandwidth": 1e308}, "sample_rate=8000 at most, not of inf to inf Hz"),
        ({"bandwidth": None}, "bandwidth=None must be a finite number"),
        (
            {"bandwidth": -0.1, "gamma_hz": 1.0},
            "bandwidth=-0.1 and gamma_hz=1.0 must .* at least 0",
        ),
        ({"gamma_hz": -1.0}, "gamma_hz=-1.0 must be at least 0"),
        ({"bandwidth": np.inf}, "bandwidth=inf must be a finite number"),
        ({"bandwidth": np.nan}, "bandwidth=nan must be a finite number"),
        ({"gamma_hz": np.nan}, "gamma_hz=nan must be a finite number"),
        ({"frequencies_hz": []}, r"frequencies_hz of shape=\(0,\)"),
        ({"frequencies_hz": [[100.0]]}, r"frequencies_hz of shape=\(1, 1\)"),
        ({"frequencies_hz": None}, "frequencies_hz of dtype=object must hold real numbers"),
        ({"frequencies_hz": [np.nan]}, "frequencies_hz from nan to nan must be above 0"),
        ({"frequencies_hz": [0, 100]}, "frequencies_hz from 0 to 100 must be above 0"),
        ({"frequencies_hz": [100, 4001]}, "to 4001 must be above 0 .* sample_rate=8000"),
    ],
)
def test_refuses_impossible_parameters(arguments, message):
    defaults = {
        "sample_rate": RATE,
        "frequencies_hz": FREQUENCIES,
        "bandwidth": 0.1,
        "hop_length": 3,
    }
    with pytest.raises(ValueError, match=message):
        VariableQ(**{**defaults, **arguments})


def test_what_it_was_made_of_may_change():
    frequencies = FREQUENCIES.copy()
    transform = VariableQ(np.int64(RATE), frequencies, 0.1, 3)
    frequencies[:] = 0
    np.testing.assert_array_equal(transform.centres_hz, FREQUENCIES)
    assert type(transform.sample_rate) is int
    for array in (transform.frequencies_hz, transform.centres_hz, transform.sigmas_hz):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda q: q.forward([]), r"signal of shape=\(0,\) must have at least one sample"),
        (lambda q: q.forward(np.ones(9, complex)), "signal of dtype=complex128 must hold real"),
        (lambda q: q.forward(None), "signal of dtype=object must hold real"),
        (lambda q: q.forward("abc"), "signal of dtype=<U3 must hold real"),
        (lambda q: next(q.blocks([])), r"signal of shape=\(0,\) must have at least one sample"),
        (
            lambda q: next(q.blocks(np.ones((2, 9)))),
            r"signal of shape=\(2, 9\) must be one channel",
        ),
        (lambda q: q.coefficient_shape(0), "length=0 must be an integer of at least 1"),
        (
            lambda q: q.adjoint(np.ones((12, 4)), 8),
            r"\(12, 4\) .* must be numbers of .*=\(12, 3\) for length=8",
        ),
    ],
)
def test_refuses_what_does_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call(VariableQ(RATE, FREQUENCIES, 0.1, 3 + 1))


@pytest.mark.parametrize("points", [0, 2.5, "8", None])
def test_points_of_the_response_are_an_integer(points):
    with pytest.raises(ValueError, match=r"^points="):
        VariableQ(8000, [200.0, 300.0], 0.05, 64).response(points)


@pytest.mark.parametrize("signal", [["a"], None, np.eye(3), [[1.0], [1.0, 2.0]]])
def test_normal_refuses_what_is_no_channel(signal):
    with pytest.raises(ValueError, match=r"^signal "):
        VariableQ(8000, [200.0, 300.0], 0.05, 64).normal(signal)


def test_coefficients_that_are_no_array_are_refused():
    with pytest.raises(ValueError, match=r"^coefficients must"):
        VariableQ(8000, [200.0, 300.0], 0.05, 64).adjoint([[1.0], [1.0, 2.0]], 640)
