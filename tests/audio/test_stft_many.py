import numpy as np
import pytest
import scipy.fft

from musisep.audio.filterbank import measure_frames
from musisep.audio.stft import SpectralTransform


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("mode", ["reflect", "constant"])
def test_many_short_signals_are_as_each_by_itself(workers, mode):
    transform = SpectralTransform(16, 4, center_pad_mode=mode)
    signals = noise(3, 1300, 30).astype(np.float32)  # several blocks of short signals
    with scipy.fft.set_workers(workers):
        spectra = transform.stft(signals)
        back = transform.istft(spectra, 30)
        adjoint, inverse_adjoint = (
            transform.stft_adjoint(spectra, 30),
            transform.istft_adjoint(back),
        )
    for index in ((0, 0), (1, 700), (2, 1299)):
        own = transform.stft(signals[index])
        np.testing.assert_array_equal(spectra[index], own)
        np.testing.assert_array_equal(back[index], transform.istft(own, 30))
        np.testing.assert_array_equal(adjoint[index], transform.stft_adjoint(own, 30))
        np.testing.assert_array_equal(inverse_adjoint[index], transform.istft_adjoint(back[index]))
    np.testing.assert_allclose(back, signals, atol=1e-5)


def test_short_signals_go_together_through_few_blocks(monkeypatch):
    calls = []
    rfft, irfft = scipy.fft.rfft, scipy.fft.irfft
    monkeypatch.setattr(scipy.fft, "rfft", lambda *a, **k: calls.append("go") or rfft(*a, **k))
    monkeypatch.setattr(scipy.fft, "irfft", lambda *a, **k: calls.append("back") or irfft(*a, **k))
    transform = SpectralTransform(64, 16)
    transform.istft(transform.stft(noise(2000, 160)), 160)
    assert calls.count("go") == calls.count("back") == -(-2000 // (2**17 // (64 * 11)))


@pytest.mark.parametrize(("frames", "blocks"), [(1000, 1), (3000, 3)])
def test_little_work_is_not_divided_among_threads(frames, blocks, monkeypatch):
    calls = []
    rfft = scipy.fft.rfft
    monkeypatch.setattr(scipy.fft, "rfft", lambda *a, **k: calls.append(1) or rfft(*a, **k))
    with scipy.fft.set_workers(3):
        SpectralTransform(64, 16).stft(noise(16 * frames - 16))
    assert len(calls) == blocks


@pytest.mark.parametrize("shape", [(0, 40), (3, 0, 40)])
def test_no_signals_have_no_spectra(shape):
    transform = SpectralTransform(16, 4)
    spectra = transform.stft(np.zeros(shape))
    assert spectra.shape == (*shape[:-1], 9, 11)
    assert transform.istft(spectra, 40).shape == shape


@pytest.mark.parametrize("value", [None, 3, "text", np.ones(2)])
def test_what_cannot_be_called_is_refused_by_name(value):
    transform = SpectralTransform(16, 4)
    with pytest.raises(ValueError, match=r"^use=.* must be a function"):
        transform.each_block(noise(40), value)
    with pytest.raises(ValueError, match=r"^change=.* must be a function"):
        transform.map_spectra(noise(40), value, ())
    with pytest.raises(ValueError, match=r"^measure=.* must be a function"):
        measure_frames(transform, noise(40), 9, value)
    with pytest.raises(ValueError, match=r"^transform=.* must be a SpectralTransform"):
        measure_frames(value, noise(40), 9, print)


@pytest.mark.parametrize("leading", [None, 3, "ab", (2.5,), (-1,)])
def test_leading_axes_are_a_tuple_of_sizes(leading):
    with pytest.raises(ValueError, match=r"^leading="):
        SpectralTransform(16, 4).map_spectra(noise(40), print, leading)


@pytest.mark.parametrize("frames", [0, None, "3", 2.5])
def test_frames_of_the_shortest_signal_are_an_integer(frames):
    with pytest.raises(ValueError, match=r"^frames="):
        SpectralTransform(16, 4).shortest_length(frames)
    assert SpectralTransform(16, 100).shortest_length(np.uint8(4)) == 300


@pytest.mark.parametrize(("kind", "level"), [(np.complex64, 3e38), (np.complex128, 1.7e308)])
def test_spectra_whose_samples_would_overflow_are_refused(kind, level):
    transform = SpectralTransform(64, 16)
    spectrum = np.full((33, 5), level, kind)
    for call in (
        lambda: transform.istft(spectrum, 64),
        lambda: transform.stft_adjoint(spectrum, 64),
    ):
        with pytest.raises(ValueError, match=r"^spectrum with a peak of .* divide it by its peak"):
            call()
    spectrum[3, 2] = np.nan
    assert np.isnan(transform.istft(spectrum, 64)).any()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("every", [1, 3])
def test_blocks_of_all_signals_are_parts_of_their_spectra(workers, every):
    transform = SpectralTransform(1024, 64)
    signals = noise(2, 60_000)
    spectra, seen = transform.stft(signals, "bnf"), {}
    with scipy.fft.set_workers(workers):
        transform.each_block_of_all(signals, lambda own, x: seen.update({own.start: x}), every)
    sizes = [block.shape[1] for block in seen.values()]
    assert len(seen) > 2 and (sum(sizes) == spectra.shape[1]) == (every == 1)
    for start, block in seen.items():
        np.testing.assert_array_equal(block, spectra[:, start : start + block.shape[1]])
