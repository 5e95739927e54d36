import naive
import numpy as np
import pytest
import scipy.fft
from overlapping import EXPONENTS, MODEL, TRUE, M, model, random_case, random_tones, spectra, tones

from musisep._util.threads import BLOCK
from musisep.tones.loss import dict_grads, frame_roots, silence_losses, unexplained


def summed(function, frames, peaks, own):
    """Sum over the frames of a function of the roots of what sounds and of the frame, by naive."""

    def of_dictionary(inst_dict):
        total = 0.0
        for params, insts, frame in zip(peaks.params, peaks.insts, frames, strict=True):
            spectrum = naive.magnitudes(params, insts, inst_dict, own.harscale, own.pexp, M)
            total += function((spectrum + naive.EPS) ** own.qexp, (frame + naive.EPS) ** own.qexp)
        return total

    return of_dictionary


@EXPONENTS
def test_gradients_are_those_of_the_two_parts_of_the_loss(pexp, qexp):
    own = model(pexp, qexp)
    frames, peaks, inst_dict = random_case(1, own)
    higher, lower = dict_grads(frames, peaks, inst_dict, own)
    for found, part in (
        (higher, lambda sounding, heard: np.sum(sounding * heard)),
        (lower, lambda sounding, heard: 0.5 * np.sum(sounding**2)),
        (lower - higher, lambda sounding, heard: 0.5 * np.sum((sounding - heard) ** 2)),
    ):
        expected = naive.gradient(summed(part, frames, peaks, own), inst_dict)
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7 * np.abs(expected).max())


def test_gradients_of_frames_are_their_sum_and_jobs_change_no_byte():
    rng = np.random.default_rng(0)
    peaks = random_tones(rng, 2 * BLOCK + 10)
    frames = spectra(peaks, TRUE) * rng.uniform(0.3, 1.7, (len(peaks.amps), M))
    found = []
    for jobs in (1, 2, 3):
        with scipy.fft.set_workers(jobs):
            found.append(dict_grads(frames, peaks, TRUE, MODEL))
    one, two, three = found
    assert one.tobytes() == two.tobytes() == three.tobytes()
    single = [
        dict_grads(frames[i : i + 1], peaks[i : i + 1], TRUE, MODEL) for i in range(len(frames))
    ]
    np.testing.assert_allclose(one, np.sum(single, axis=0), rtol=1e-10)


def test_instruments_beyond_the_dictionary_are_refused():
    peaks = tones([[100.0]], 1.0, 2)
    for function in (dict_grads, unexplained):
        with pytest.raises(ValueError, match="instrument numbers 2 to 2 must lie in 0 to 1"):
            function(np.ones((1, M)), peaks, TRUE, MODEL)


def test_unexplained_is_the_share_of_the_loss_of_silence():
    rng = np.random.default_rng(0)
    peaks = random_tones(rng, BLOCK + 20, 2)
    frames, wrong = spectra(peaks, TRUE), np.clip(TRUE + 0.1, 0, 1)
    losses = [
        naive.loss(params, insts, wrong, MODEL.harscale, 1, 0.5, frame)
        for params, insts, frame in zip(peaks.params, peaks.insts, frames, strict=True)
    ]
    silence = [naive.loss(np.zeros((4, 0)), [], wrong, 1, 1, 0.5, frame) for frame in frames]
    left = unexplained(frames, peaks, wrong, MODEL)
    assert left == pytest.approx(np.sum(losses) / np.sum(silence), rel=1e-6)
    assert unexplained(frames, peaks, TRUE, MODEL) == pytest.approx(0, abs=1e-9)


def test_silent_tones_leave_all_and_silence_leaves_nothing():
    silent = tones(np.ones((5, 2)), 0.0, [0, 1])
    frames = np.random.default_rng(0).uniform(0, 1, (5, M))
    assert unexplained(frames, silent, TRUE, MODEL) == pytest.approx(1)
    assert unexplained(0 * frames, silent, TRUE, MODEL) == 0
    assert unexplained(frames[:0], silent[:0], TRUE, MODEL) == 0


def test_silence_losses_are_those_without_tones():
    frames = np.random.default_rng(0).uniform(0, 1, (150, M))  # more than a block
    expected = [naive.loss(np.zeros((4, 0)), [], TRUE, 1, 1, 0.5, frame) for frame in frames]
    np.testing.assert_allclose(silence_losses(frames, MODEL), expected)


def test_unexplained_is_the_same_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    peaks = random_tones(rng, 2 * BLOCK + 10)
    frames, found = spectra(peaks, TRUE) * rng.uniform(0.5, 1.5, (len(peaks.amps), M)), set()
    for jobs in (1, 2, 3):
        with scipy.fft.set_workers(jobs):
            found.add(unexplained(frames, peaks, TRUE, MODEL))
    assert len(found) == 1


def test_roots_of_a_frame():
    y = np.array([0.0, 0.25, 1.0])
    np.testing.assert_allclose(frame_roots(y, 0.5), np.sqrt(y + 1e-7))
    with pytest.raises(ValueError, match=r"y\.shape=\(1, 3\) must be \(m,\)"):
        frame_roots(y[None], 0.5)
    with pytest.raises(ValueError, match=r"y\.min\(\)=-1\.0 must be at least 0"):
        frame_roots(-y, 0.5)
