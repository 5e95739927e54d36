import tracemalloc

import numpy as np
import pytest
import scipy.fft

from musisep.audio import filterbank as module
from musisep.audio.filterbank import (
    Filterbank,
    as_spectrogram,
    measure_frames,
    measure_spectra,
    spectral_power,
)
from musisep.audio.stft import SpectralTransform

RNG = np.random.default_rng(3)
# Bands in the middle and at either end, one with a hole, one empty, one negative.
MATRIX = np.zeros((9, 6))
MATRIX[2:5, 0] = [0.5, 1, 0.25]
MATRIX[0, 1] = 2
MATRIX[[3, 8], 2] = 1
MATRIX[:, 4] = np.arange(1, 10)
MATRIX[5, 5] = -1


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_pools_like_a_matrix_product(kind):
    values = RNG.random((5, 9)).astype(kind)
    bands = Filterbank(MATRIX).apply(values)
    assert bands.dtype == kind
    np.testing.assert_allclose(bands, values @ MATRIX, rtol=10 * np.finfo(kind).eps)


def test_writes_where_it_is_told_and_reads_views():
    values, out = RNG.random((9, 10)), np.full((7, 6), np.nan)
    result = Filterbank(MATRIX).apply(values.T[::2], out[1:6])
    assert result.base is out
    np.testing.assert_allclose(out[1:6], values.T[::2] @ MATRIX)
    assert np.isnan(out[[0, 6]]).all()


def test_bands_look_at_nothing_else():
    values = np.full((1, 9), np.inf)
    values[0, 2:5] = 4
    bands = Filterbank(MATRIX).apply(values)[0]
    assert bands[0] == 7
    assert bands[3] == 0


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_projects_whole_spectrograms(workers, kind, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_FRAMES", 4)
    values = RNG.random((2, 3, 9, 11)).astype(kind)
    with scipy.fft.set_workers(workers):
        result = Filterbank(MATRIX).project(values)
    assert result.dtype == kind
    np.testing.assert_allclose(result, MATRIX.T @ values, rtol=10 * np.finfo(kind).eps)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_adjoint_spreads_bands_over_their_frequencies(workers, kind, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_FRAMES", 4)
    values, bands = RNG.random((2, 3, 9, 11)), RNG.standard_normal((2, 3, 6, 11))
    with scipy.fft.set_workers(workers):
        result = Filterbank(MATRIX).project_adjoint(bands.astype(kind))
    assert result.dtype == kind
    np.testing.assert_allclose(result, MATRIX @ bands, atol=100 * np.finfo(kind).eps)
    left, right = np.vdot(bands, Filterbank(MATRIX).project(values)), np.vdot(result, values)
    assert abs(left - right) <= (1e-10 if kind == np.float64 else 1e-3)


def test_bank_is_a_copy_that_cannot_be_changed():
    matrix = MATRIX.copy()
    bank = Filterbank(matrix)
    matrix[:] = 0
    np.testing.assert_array_equal(bank.matrix, MATRIX)
    assert bank.bands == 6
    with pytest.raises(ValueError, match="read-only"):
        bank.matrix[0, 0] = 1
    for kept in (bank._ranges, *bank._packed.values()):
        assert not kept.flags.writeable


@pytest.mark.parametrize("matrix", [np.ones(3), np.ones((0, 3)), np.full((2, 2), np.nan)])
def test_refuses_matrices(matrix):
    with pytest.raises(ValueError, match=r"matrix of shape=.* must be finite and of shape"):
        Filterbank(matrix)


def test_refuses_values_and_room_that_do_not_fit():
    bank = Filterbank(MATRIX)
    for values in (np.ones((2, 8)), np.ones(9), np.ones((2, 2, 9))):
        with pytest.raises(ValueError, match=r"values of shape=.* must be of shape \(frame, freq"):
            bank.apply(values)
    with pytest.raises(ValueError, match=r"values of dtype=complex128 must hold real numbers"):
        bank.apply(np.ones((2, 9)) * 1j)
    for out in (
        np.empty((2, 5)),
        np.empty((2, 6), np.float32),
        np.empty((2, 6), ">f8"),
        [0],
        [[1], []],
    ):
        with pytest.raises(ValueError, match=r"out of shape=.* must be of shape=\(2, 6\), float64"):
            bank.apply(np.ones((2, 9)), out)
    for out in (np.empty((2, 4)), np.empty((2, 5), np.float32)):
        with pytest.raises(ValueError, match=r"out of shape=.* must be of shape=\(2, 5\), float64"):
            spectral_power(np.ones((2, 5), dtype=complex), 2, out)
    for spectrogram in (np.ones((8, 4)), np.ones(9), np.ones((8, 0))):
        with pytest.raises(
            ValueError, match=r"spectrogram of shape=.* \(\.\.\., frequencies=9, fr"
        ):
            bank.project(spectrogram)


def test_the_adjoint_refuses_bands_that_do_not_fit():
    bank = Filterbank(MATRIX)
    for bands in (np.ones((5, 4)), np.ones(6), np.ones((9, 4)), np.ones((6, 4))[:, 0]):
        with pytest.raises(ValueError, match=r"bands of shape=.* \(\.\.\., bands=6, frame\)"):
            bank.project_adjoint(bands)
    with pytest.raises(ValueError, match="bands of dtype=complex128 must hold real numbers"):
        bank.project_adjoint(np.ones((6, 4)) * 1j)


def test_refuses_powers():
    for power in (0, -1.0, "2", None):
        with pytest.raises(ValueError, match=f"power={power!r} must be"):
            spectral_power(np.ones((2, 5), dtype=complex), power)
    for spectra in (np.ones(5), np.array([["a"]])):
        with pytest.raises(ValueError, match=r"spectra of shape=.* must be numbers \[frame, freq"):
            spectral_power(spectra)


def test_takes_lists_and_any_order_of_bytes():
    values = RNG.random((5, 9))
    expected = Filterbank(MATRIX).apply(values)
    for same in (values.tolist(), values.astype(">f8")):
        np.testing.assert_array_equal(Filterbank(MATRIX).apply(same), expected)
    spectra = np.array([[3 + 4j, 1j]])
    for same in (spectra.tolist(), spectra.astype(">c16")):
        np.testing.assert_array_equal(spectral_power(same), [[25, 1]])


def test_projects_nothing():
    assert Filterbank(MATRIX).project(np.ones((0, 9, 4))).shape == (0, 6, 4)
    assert Filterbank(MATRIX).project(np.ones((2, 9, 0))).shape == (2, 6, 0)
    assert Filterbank(MATRIX).project_adjoint(np.ones((0, 6, 4))).shape == (0, 9, 4)
    assert Filterbank(MATRIX).project_adjoint(np.ones((2, 6, 0))).shape == (2, 9, 0)


@pytest.mark.parametrize("power", [1, 2, 2.0, 0.5, 3])
@pytest.mark.parametrize("kind", [np.complex64, np.complex128])
def test_powers_of_magnitudes(power, kind):
    spectra = (RNG.standard_normal((4, 7)) + 1j * RNG.standard_normal((4, 7))).astype(kind)
    values = spectral_power(spectra, power)
    assert values.dtype == spectra.real.dtype
    np.testing.assert_allclose(values, np.abs(spectra) ** power, rtol=20 * np.finfo(kind).eps)


def test_powers_beyond_the_type_are_infinite():
    np.testing.assert_array_equal(spectral_power([[10, 1]], 400), [[np.inf, 1]])


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16])
def test_measures_each_frame_of_each_channel(kind):
    transform = SpectralTransform(16, 4)
    signal = (100 * RNG.standard_normal((2, 3, 50))).astype(kind)

    def ends(spectra, out):
        out[:, 0], out[:, 1] = spectra[:, 0].real, spectra[:, -1].real

    values = measure_frames(transform, signal, 2, ends)
    assert values.dtype == (np.float32 if kind == np.float32 else np.float64)
    np.testing.assert_array_equal(values, transform.stft(signal)[..., [0, -1], :].real)


def test_many_short_signals_are_measured_together():
    blocks = []

    def loudest(spectra, rows):
        blocks.append(len(spectra))
        rows[:, 0] = abs(spectra).max(axis=1)

    signals = np.random.default_rng(0).standard_normal((2000, 160))
    transform = SpectralTransform(64, 16)
    found = measure_frames(transform, signals, 1, loudest)
    assert sum(blocks) == 2000 * 11
    assert len(blocks) < 20
    np.testing.assert_array_equal(found[:, 0], abs(transform.stft(signals)).max(axis=1))


def test_what_is_not_measured_is_zero():
    transform = SpectralTransform(64, 16)
    found = measure_frames(transform, np.ones(200), 3, lambda spectra, out: None)
    np.testing.assert_array_equal(found, np.zeros((3, 13)))
    with pytest.raises(ValueError, match=r"^sound of shape=\(0,\) must have at least one sample"):
        measure_frames(transform, [], 3, print, name="sound")


def test_spectrograms_are_measured_block_by_block_in_any_order_of_memory():
    values = np.random.default_rng(0).random((3, 9, 5000))
    blocks = []

    def total(frames, rows):
        assert frames.flags.c_contiguous
        blocks.append(len(frames))
        rows[:, 0] = frames.sum(axis=1)

    frame_major = np.ascontiguousarray(values.swapaxes(-1, -2)).swapaxes(-1, -2)
    for given in (values, frame_major, values[:, :, ::-1][:, :, ::-1]):
        tracemalloc.start()
        found = measure_spectra(given, 1, total)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < values.nbytes / 2
        assert sum(blocks) == 15000 and max(blocks) < 1000
        blocks.clear()
        np.testing.assert_allclose(found[:, 0], values.sum(axis=1))


def test_many_short_spectrograms_are_measured_together():
    blocks = []
    spectra = SpectralTransform(64, 16).stft(RNG.standard_normal((2000, 160)))
    measure_spectra(spectra, 1, lambda frames, rows: blocks.append(len(frames)))
    assert sum(blocks) == 22000 and len(blocks) < 100


def test_negative_magnitudes_are_found_beside_values_that_are_none():
    values = -np.ones((33, 3))
    values[0] = np.nan
    with pytest.raises(ValueError, match="spectrogram with a value of -1 must be at least 0"):
        as_spectrogram(values, 33)
