import naive
import numpy as np
import pytest
import scipy.fft
from duet import REED, SAMPLE_RATE, STRING, duet

from musisep._util.constants import TINY
from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.audio.inversion import misi
from musisep.masking.ratio import (
    MISI_ITERATIONS,
    SpectralMask,
    share_spectra,
    synthesised_spectra,
)
from musisep.masking.synthesis import linear_peaks, synthesise, with_skirts
from musisep.masking.voices import PitchColumns, Voices
from musisep.multipitch.viterbi import Viterbi
from musisep.tones._kernels import LINEAR
from musisep.tones.model import ToneModel, calc_harscale
from musisep.tones.peaks import Peaks

DICT = np.array([[1, 0.4, 0.3, 0.2], [0.6, 1, 0.1, 0.3]]).T
HEIGHT = 1024
SCALE = calc_harscale(20, 7_000, 700)
COLUMNS = np.maximum(np.stack([REED, STRING], axis=1), 1e-3)


def low_voices():
    """Two instruments in three frames, so low that harmonics overlap; the second rests at last."""
    tones = Peaks(
        [[1.0, 0.5], [0.9, 0.6], [0.8, 0.0]], [[300.0, 391.3], [301.0, 391.0], [302.0, 0.0]],
        np.full((3, 2), 2.0), np.zeros((3, 2)), [[0, 1]] * 3,
    )  # fmt: skip
    return Voices.of(linear_peaks(tones, SCALE, 0.1, 1.5), DICT)


def noise(channels=2):
    return np.random.default_rng(0).normal(size=(channels, 3, HEIGHT)) * (1 + 0.5j)


@pytest.mark.parametrize("pexp", [1.0, 2.0])
def test_instruments_share_spectra_by_their_tones(pexp):
    voices, spectra = low_voices(), noise()
    shares = share_spectra(voices, spectra, pexp)
    spects = with_skirts(synthesise(voices, LINEAR, pexp, HEIGHT))
    expected = naive.shares(spects, spectra[1], TINY)
    np.testing.assert_allclose(shares[:, 1], expected, rtol=1e-12)
    assert shares[:, :, 0].any() and not shares[1, :, 2].any()


@pytest.mark.parametrize("pexp", [1.0, 2.0])
def test_synthesised_spectra_have_the_phases_of_the_mixture(pexp):
    voices, spectra = low_voices(), noise()
    spectra[1, :, :5] = 0
    found = synthesised_spectra(voices, spectra, pexp)
    spects = synthesise(voices, LINEAR, pexp, HEIGHT)
    np.testing.assert_allclose(np.abs(found[:, 0]), spects, rtol=1e-12)
    sounding = found[0, 0] != 0
    np.testing.assert_allclose(np.angle(found[0, 0])[sounding], np.angle(spectra[0])[sounding])
    assert not found[:, 1, :, :5].any() and found[:, 1].any()


@pytest.fixture(scope="module")
def heard():
    """Half a second of a duet [channel, sample], its voices and where they lie."""
    audio = duet().sum(axis=0)[None, :8000]
    frames, level, grid = LogFrequencyFrontEnd()(audio, SAMPLE_RATE)
    model = ToneModel(grid.sigma_bins, grid.axis.harscale, grid.axis.bins)
    tones = Viterbi()(frames, COLUMNS, model)
    voices = PitchColumns()(frames, tones, COLUMNS, model)
    return audio, voices.with_tones(tones.scaled(level)), grid


@pytest.mark.parametrize("share", [share_spectra, synthesised_spectra])
def test_the_level_of_the_tones_is_that_of_synthesised_stems_only(heard, share):
    audio, voices, grid = heard
    one, double = (
        SpectralMask(share=share)(audio, voices.with_tones(voices.tones.scaled(scale)), grid)
        for scale in (1, 2)
    )
    wanted = one if share is share_spectra else 2 * one
    np.testing.assert_allclose(double, wanted, rtol=1e-6, atol=1e-9)
    assert one.any()


def test_retrieval_goes_on_from_the_masks_as_misi_does(heard):
    """Masks are computed anew in each iteration; `misi` keeps the magnitudes that they give."""
    audio, voices, grid = heard
    own = SpectralMask(misi=True)
    transform = own.transform(grid)
    linear = voices.with_tones(own.linear(voices.tones, grid, transform))
    spectra = transform.stft(audio, output_layout="bnf")
    shares = share_spectra(linear, spectra, 1.0).swapaxes(2, 3)
    expected = misi(shares, audio, MISI_ITERATIONS, 0, init=shares, transform=transform)
    np.testing.assert_allclose(own(audio, voices, grid), expected, atol=1e-9)


@pytest.mark.parametrize("misi", [False, True])
def test_jobs_change_no_byte_of_the_stems(heard, misi):
    one = SpectralMask(misi=misi)(*heard)
    with scipy.fft.set_workers(2):
        assert one.tobytes() == SpectralMask(misi=misi)(*heard).tobytes()


def test_the_mask_has_the_frames_of_the_grid(heard):
    audio, voices, grid = heard
    transform = SpectralMask().transform(grid)
    assert transform.frame_count(audio.shape[1]) == len(voices.tones.amps)


def test_tones_on_the_linear_axis_have_their_frequencies_and_levels(heard):
    _, _, grid = heard
    transform = SpectralMask().transform(grid)
    shift = grid.axis.harscale * np.log(440.0 / grid.axis.fmin_hz)
    tone = Peaks([[0.5]], [[shift]], [[2.0]], [[0.0]], [[0]])
    linear = SpectralMask().linear(tone, grid, transform)
    assert linear.shifts[0, 0] == pytest.approx(440.0 * transform.n_fft / SAMPLE_RATE)
    sine = 0.5 * np.sin(2 * np.pi * 440.0 * np.arange(16_000) / SAMPLE_RATE)
    spectrum = np.abs(transform.stft(sine[None], output_layout="bnf"))[0, 40]
    there = synthesise(Voices.of(linear, np.ones((1, 1))), LINEAR, 1.0, spectrum.size)[0, 0]
    np.testing.assert_allclose(there, spectrum, atol=0.01 * spectrum.max())


def test_progress_of_the_masking_is_reported(heard):
    calls = []
    SpectralMask()(*heard, lambda *call: calls.append(call))
    assert {stage for stage, _, _ in calls} == {"masking"}
    assert calls[0][1] == 0 and calls[-1][1] == calls[-1][2]


@pytest.mark.parametrize("function", [share_spectra, synthesised_spectra])
@pytest.mark.parametrize(
    ("name", "wrong"),
    [("voices", None), ("voices", (1, 2, 3, 4)), ("spectra", None), ("spectra", 2.5),
     ("spectra", noise()[0]), ("spectra", noise()[:, :2]), ("spectra", np.array([None, 1])),
     ("pexp", -1), ("pexp", 10**5), ("pexp", None), ("pexp", np.ones(2))],
)  # fmt: skip
def test_what_cannot_be_shared_is_refused(function, name, wrong):
    given = {"voices": low_voices(), "spectra": noise(), "pexp": 1.0}
    with pytest.raises(ValueError, match=rf"\b{name}\b"):
        function(**{**given, name: wrong})


@pytest.mark.parametrize("misi", [False, True])
@pytest.mark.parametrize(
    ("name", "wrong"),
    [("mixture", np.ones((2, 33, 76))), ("mixture", 2.5), ("mixture", []), ("mixture", {"a": 1}),
     ("mixture", np.full((1, 9000), np.nan)), ("voices", 3), ("grid", 3), ("report", None),
     ("voices", "shorter")],
)  # fmt: skip
def test_what_cannot_be_masked_is_refused(misi, name, wrong):
    mixture = np.random.default_rng(0).normal(size=(1, 8820))
    grid = LogFrequencyFrontEnd(fmax_hz=8000.0).grid(44_100)
    frames = 1 + mixture.shape[1] // grid.hop_length
    tones = Peaks.from_params(np.ones((frames, 4, 2)), np.array([0, 1]))
    voices = Voices.of(tones, DICT)
    given = {"mixture": mixture, "voices": voices, "grid": grid, "report": print}
    if isinstance(wrong, str):
        wrong = voices.in_frames(slice(3))
    with pytest.raises(ValueError, match=rf"\b{name}\b"):
        SpectralMask(misi=misi)(**{**given, name: wrong})


@pytest.mark.parametrize("wrong", [0, -1.0, None, "long", np.nan])
def test_masks_are_checked_once(wrong):
    for name in ("window_s", "window_sigmas"):
        with pytest.raises(ValueError, match=f"^{name}="):
            SpectralMask(**{name: wrong})
