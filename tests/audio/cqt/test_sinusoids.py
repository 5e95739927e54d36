import numpy as np
import pytest
import scipy.fft

from musisep.audio.cqt._kernels.sinusoids import add_products, sample_sinusoids, slide_sums
from musisep.audio.cqt.sinusoids import SinusoidBank, interpolation


def noise(*shape):
    return np.random.default_rng(2).standard_normal(shape)


def make_bank(hop_length=50):
    frequencies = np.array([0.05, 0.1, 0.11, 0.9, 3.0])
    lengths = np.array([2000, 1001, 900, 130, 20])
    return SinusoidBank(
        frequencies, lengths, np.arange(1.0, 6.0), np.array([0.5, -0.5]), hop_length
    )


def correlate(bank, signal, first_centre=0, frames=30):
    result = np.zeros((bank.lengths.size, frames), np.complex128)
    bank.correlate(signal, first_centre, result)
    return result


@pytest.mark.parametrize("hop_length", [1, 50, 51, 1000, 2003])
@pytest.mark.parametrize("first_centre", [0, 1200])
def test_bank_is_what_its_formula_says(hop_length, first_centre):
    bank, signal = make_bank(hop_length), noise(5000)
    values = correlate(bank, signal, first_centre, 5)
    for k, length in enumerate(bank.lengths):
        samples = np.arange(length) - (length + 1) // 2
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
        sinusoid = (k + 1) * window * np.exp(-1j * bank.frequencies[k] * samples)
        padded = np.pad(signal, 15_000, mode="reflect")
        for t in range(5):
            around = padded[15_000 + first_centre + t * hop_length + samples]
            np.testing.assert_allclose(values[k, t], sinusoid @ around, rtol=1e-9, atol=1e-10)


def test_bank_adds_to_the_result():
    bank, signal = make_bank(), noise(2000)
    result = np.ones((5, 30), np.complex128)
    bank.correlate(signal, 0, result)
    np.testing.assert_allclose(result, 1 + correlate(bank, signal))


def test_bank_gives_the_same_bits_in_several_threads():
    bank, signal = make_bank(), noise(2000)
    expected = correlate(bank, signal)
    with scipy.fft.set_workers(3):
        np.testing.assert_array_equal(correlate(bank, signal), expected)


def test_union():
    bank = make_bank()
    other = SinusoidBank(
        np.array([0.1 * (1 + 1e-14), 0.2]),
        np.array([1001, 500]),
        np.array([2.0, 7.0]),
        bank.amplitudes,
        bank.hop_length,
    )
    union, places = SinusoidBank.union([bank, other])
    np.testing.assert_allclose(union.frequencies, [0.05, 0.1, 0.11, 0.2, 0.9, 3.0])
    np.testing.assert_array_equal(union.lengths, [2000, 1001, 900, 500, 130, 20])
    np.testing.assert_array_equal(union.gains, [1, 2, 3, 7, 4, 5])
    np.testing.assert_array_equal(places, [0, 1, 2, 4, 5, 1, 3])


@pytest.mark.parametrize("rows", [1, 7, 512])
@pytest.mark.parametrize("width", [0.0, 0.1, 1.0])
def test_interpolation_between_frequencies(rows, width):
    frequencies = 1.0 + width * np.random.default_rng(3).random((4, 3))
    nodes, weights = interpolation(frequencies, rows)
    samples = np.arange(rows) - rows // 2
    found = weights @ np.exp(-1j * nodes[:, None] * samples)
    expected = np.exp(-1j * frequencies[..., None] * samples)
    np.testing.assert_allclose(found, expected, atol=1e-13)
    assert nodes.size < 50 + width * rows / 4


def test_sample_sinusoids():
    frequencies, gains, turns = np.array([0.3, 2.0]), np.array([2.0, -1.0]), np.array([0.01, 0.02])
    begins, starts, counts = np.array([-300, -100]), np.array([-250, 20]), np.array([400, 3])
    amplitudes = np.array([0.4, -0.5, 0.1])
    table = np.full((2, 2, 400), np.nan)
    sample_sinusoids(frequencies, gains, turns, begins, amplitudes, starts, counts, table)
    for p in range(2):
        n = starts[p] + np.arange(counts[p])
        angles = turns[p] * (n - begins[p])
        window = 0.4 - 0.5 * np.cos(angles) + 0.1 * np.cos(2 * angles)
        expected = gains[p] * window * np.exp(-1j * frequencies[p] * n)
        found = table[0, p, : counts[p]] + 1j * table[1, p, : counts[p]]
        np.testing.assert_allclose(found, expected, atol=1e-13)
    assert np.isnan(table[:, 1, 3:]).all()


def test_add_products():
    table, blocks = noise(2, 3, 20), noise(1009, 20)
    bins, shifts = np.array([1, 0, 1]), np.array([0, 4, 8])
    starts, stops = np.array([0, 15, 3]), np.array([20, 20, 4])
    result = np.ones((2, 1001), np.complex128)
    expected = result.copy()
    for p in range(3):
        weights = (table[0] + 1j * table[1])[p, : stops[p] - starts[p]]
        expected[bins[p]] += (blocks[:, starts[p] : stops[p]] @ weights)[shifts[p] :][:1001]
    add_products(table, blocks, bins, shifts, starts, stops, result)
    np.testing.assert_allclose(result, expected)


@pytest.mark.parametrize("count", [1, 2, 7, 40, 300])
def test_slide_sums(count):
    values = noise(2, 3, 350) + 1j * noise(2, 3, 350)
    shifts, counts, bins = np.array([0, 5]), np.array([count, max(count - 1, 1)]), np.array([2, 0])
    angles, gains = noise(2, 3), noise(2, 3) + 1j * noise(2, 3)
    result = np.ones((3, 40), np.complex128)
    expected = result.copy()
    for run in range(2):
        phases = np.exp(-1j * angles[run][:, None] * np.arange(counts[run]))
        for t in range(40):
            neighbours = values[run, :, shifts[run] + t :][:, : counts[run]]
            expected[bins[run], t] += gains[run] @ (phases * neighbours).sum(axis=1)
    slide_sums(values, shifts, counts, angles, gains, bins, result)
    np.testing.assert_allclose(result, expected, rtol=1e-11, atol=1e-11)
