"""Spectra that are changed and transformed back block by block."""

import numpy as np
import pytest
import scipy.fft

from musisep.audio import blocks
from musisep.audio.stft import SpectralTransform

PADDINGS = (("reflect", "symmetric"), ("constant", "symmetric"), ("constant", "minimal"))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape)


def complex_noise(*shape: int) -> np.ndarray:
    return noise(2, *shape)[0] + 1j * noise(3, *shape)[2]


def swell(frames, spectra):
    """Two changes of the spectra of two channels, of which one depends on the frame."""
    gains = 1 + np.arange(frames.start, frames.stop)[:, None] / 10
    return np.stack([gains * spectra, spectra[::-1] ** 2])


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(("n_fft", "hop"), [(16, 5), (15, 1), (1, 1)])
@pytest.mark.parametrize("length", [1, 17, 301])
@pytest.mark.parametrize("points", [2**17, 64])
def test_changed_spectra_are_transformed_back(padding, n_fft, hop, length, points, monkeypatch):
    monkeypatch.setattr(blocks, "CACHE_POINTS", points)
    mode, tail = padding
    transform = SpectralTransform(
        n_fft, hop, window_fn="hamming", center_pad_mode=mode, center_tail_pad=tail
    )
    signal = noise(2, length)
    frames = transform.frame_count(length)
    expected = transform.istft(
        swell(slice(0, frames), transform.stft(signal, "bnf")), length, input_layout="bnf"
    )
    result = transform.map_spectra(signal, swell, (2, 2))
    np.testing.assert_allclose(result, expected, atol=1e-12 * np.abs(expected).max())
    with scipy.fft.set_workers(3):
        np.testing.assert_array_equal(transform.map_spectra(signal, swell, (2, 2)), result)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(("n_fft", "hop"), [(16, 5), (15, 1), (1, 1)])
@pytest.mark.parametrize("length", [1, 17, 301])
@pytest.mark.parametrize("points", [2**17, 64])
def test_changed_spectra_go_back_by_the_adjoint(padding, n_fft, hop, length, points, monkeypatch):
    monkeypatch.setattr(blocks, "CACHE_POINTS", points)
    transform = SpectralTransform(
        n_fft, hop, window_fn="hamming", normalized="window",
        center_pad_mode=padding[0], center_tail_pad=padding[1],
    )  # fmt: skip
    signal, other = noise(2, 2, length)
    weights = complex_noise(2, transform.frame_count(length), transform.bins)

    def weighted(frames, spectra):
        return weights[:, frames] * spectra

    result = transform.map_spectra(signal, weighted, (2,), adjoint=True)
    spectrum = weighted(slice(None), transform.stft(signal, "bnf"))
    left, right = np.vdot(spectrum, transform.stft(other, "bnf")).real, np.vdot(result, other)
    assert abs(left - right) <= 1e-10
    expected = transform.stft_adjoint(spectrum.swapaxes(1, 2), length)
    np.testing.assert_allclose(result, expected, atol=1e-12 * np.abs(expected).max())
    with scipy.fft.set_workers(3):
        again = transform.map_spectra(signal, weighted, (2,), adjoint=True)
    np.testing.assert_array_equal(again, result)


def test_changed_spectra_keep_the_precision():
    transform = SpectralTransform(16, 4)
    signal = noise(2, 100).astype(np.float32)
    kinds = set()

    def keep(frames, spectra):
        kinds.add(spectra.dtype)
        return spectra

    result = transform.map_spectra(signal, keep, (2,))
    assert result.dtype == np.float32 and kinds == {np.dtype(np.complex64)}
    assert transform.map_spectra(signal, keep, (2,), adjoint=True).dtype == np.float32
    np.testing.assert_allclose(result, signal, atol=1e-5)


def test_changes_of_another_shape_are_refused():
    transform = SpectralTransform(16, 4)
    with pytest.raises(ValueError, match=r"change .* of shape=\(2, 11, 9\), not \(11, 9\)"):
        transform.map_spectra(noise(40), lambda _, spectra: spectra, (2,))
    with pytest.raises(ValueError, match=r"change .* of shape=\(2, 11, 9\), not \(11, 9\)"):
        transform.map_spectra(noise(40), lambda _, spectra: spectra, (2,), adjoint=True)
    apart = SpectralTransform(64, 64)
    with pytest.raises(ValueError, match="lies under no window"):
        apart.map_spectra(noise(300), lambda _, spectra: spectra, ())
    found = apart.map_spectra(noise(300), lambda _, spectra: spectra, (), adjoint=True)
    np.testing.assert_allclose(found, apart.stft_adjoint(apart.stft(noise(300)), 300), atol=1e-12)
