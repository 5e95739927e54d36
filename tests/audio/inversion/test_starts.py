import numpy as np
import pytest

from musisep.audio.inversion import (
    StftMagnitude,
    admm,
    griffin_lim,
    misi,
    pghi,
    phase_init,
    rtisi_la,
)
from musisep.audio.stft import SpectralTransform
from musisep.audio.windows import gaussian_window
from musisep.metrics import spectral_convergence

TRANSFORM = SpectralTransform(256, 64)
GAUSSIAN = SpectralTransform(1024, 128, window=gaussian_window(1024, 4.0))
TIMES = np.arange(6000)
SINUSOID = np.sin(0.37 * TIMES)
CHIRP = np.sin(0.2 * TIMES + 5e-5 * TIMES**2)
NAMES = ("single-pass", "pghi", "random", "zero")


def magnitudes(signal, transform=TRANSFORM):
    return np.abs(transform.stft(signal))


def consistency(spectrum, transform=TRANSFORM):
    """How far the magnitudes are from those of the closest signal, in dB."""
    length = TIMES.size if spectrum.shape[-1] > 20 else None
    found = transform.stft(transform.istft(spectrum, length))
    return spectral_convergence(np.abs(spectrum), np.abs(found))


@pytest.mark.parametrize(("signal", "limit"), [(SINUSOID, -18), (CHIRP, -13)])
def test_single_pass_phases_suit_sinusoids(signal, limit):
    wanted = magnitudes(signal)
    spectrum = phase_init(wanted, transform=TRANSFORM)
    assert consistency(spectrum) < limit
    assert consistency(spectrum) < consistency(wanted) - 10


@pytest.mark.parametrize(
    ("transform", "limit"), [(GAUSSIAN, -14), (SpectralTransform(256, 32), -18)]
)
@pytest.mark.parametrize("signal", [SINUSOID, CHIRP])
def test_integrated_phases_suit_the_window(signal, transform, limit):
    wanted = magnitudes(signal, transform)
    spectrum = pghi(wanted, rng=0, transform=transform)
    random = wanted * np.exp(2j * np.pi * np.random.default_rng(0).random(wanted.shape))
    assert consistency(spectrum, transform) < limit
    for other in (wanted, random):
        assert consistency(spectrum, transform) < consistency(other, transform) - 10


def test_integrated_phases_have_the_gradient_of_the_true_ones():
    true = GAUSSIAN.stft(CHIRP)[:, 8:-8]
    found = pghi(np.abs(true), rng=0, transform=GAUSSIAN)
    loud = np.abs(true) > 1e-2 * np.abs(true).max()
    for ahead, behind in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        steps = [spectrum[ahead] * spectrum[behind].conj() for spectrum in (found, true)]
        off = np.angle(steps[0] * steps[1].conj())[loud[ahead] & loud[behind]]
        assert np.sqrt(np.mean(off**2)) < 0.1


@pytest.mark.parametrize("start", [phase_init, pghi])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_magnitudes_stay(start, kind):
    wanted = magnitudes(np.stack([SINUSOID, CHIRP])).astype(kind)
    wanted[:, 3:9] = 0
    copy = wanted.copy()
    spectrum = start(wanted, n_fft=256, hop_length=64)
    assert spectrum.dtype == np.result_type(kind, np.complex64)
    np.testing.assert_allclose(np.abs(spectrum), wanted, rtol=4 * np.finfo(kind).eps)
    np.testing.assert_array_equal(wanted, copy)
    assert consistency(start(wanted * np.exp(1j * wanted), transform=TRANSFORM)).shape == (2,)
    np.testing.assert_array_equal(start(0 * wanted), 0)


def test_only_soft_points_are_random_and_a_seed_repeats_them():
    wanted = magnitudes(CHIRP, GAUSSIAN)
    loudest = wanted.max()
    wanted = np.maximum(wanted, 1e-6 * loudest)
    wanted[:100] = 1e-8 * loudest
    soft = wanted < 1e-7 * loudest
    first, again, other = (np.angle(pghi(wanted, rng=rng, transform=GAUSSIAN)) for rng in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    generator = np.random.default_rng(1)
    np.testing.assert_array_equal(np.angle(pghi(wanted, rng=generator, transform=GAUSSIAN)), first)
    turned = np.angle(np.exp(1j * (other - first)))
    assert turned[soft].std() > 1
    peak = np.unravel_index(wanted.argmax(), wanted.shape)
    np.testing.assert_allclose(np.exp(1j * turned[~soft]), np.exp(1j * turned[peak]), atol=1e-9)


def test_random_phases_are_drawn_frequency_by_frequency():
    wanted = np.random.default_rng(5).random((2, 33, 6))
    rng = np.random.default_rng(7)
    expected = np.stack([rng.random((33, 6)) for _ in range(2)])
    found = griffin_lim(wanted, 0, init="random", rng=7)
    start = griffin_lim(wanted, 0, init=2 * np.pi * expected)
    np.testing.assert_allclose(found, start, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_starts_by_name(name):
    wanted = magnitudes(CHIRP[:1500])
    options = {"hop_length": 64, "length": 1500}
    phases = {
        "single-pass": phase_init(wanted, transform=TRANSFORM),
        "pghi": pghi(wanted, rng=3, transform=TRANSFORM),
        "random": 2 * np.pi * np.random.default_rng(3).random(wanted.shape),
        "zero": 0.0,
    }[name]
    found = griffin_lim(wanted, 3, init=name, rng=3, **options)
    np.testing.assert_allclose(found, griffin_lim(wanted, 3, init=phases, **options), atol=1e-10)
    if name == "single-pass":
        np.testing.assert_array_equal(found, griffin_lim(wanted, 3, **options))


def test_starts_from_phases_that_are_given():
    spectrum = TRANSFORM.stft(CHIRP[:1500])
    wanted, options = np.abs(spectrum), {"transform": TRANSFORM, "length": 1500}
    expected = griffin_lim(wanted, 0, init=spectrum, **options)
    np.testing.assert_allclose(expected, CHIRP[:1500], atol=1e-12)
    for spec, init in ((wanted, np.angle(spectrum)), (wanted, 9 * spectrum), (spectrum, None)):
        found = griffin_lim(spec, 0, init=init, **options)
        np.testing.assert_allclose(found, expected, atol=1e-12)
    other = griffin_lim(spectrum, 0, init="zero", **options)
    np.testing.assert_allclose(other, griffin_lim(wanted, 0, init="zero", **options), atol=1e-12)


def test_phases_stand_for_all_leading_axes():
    wanted = np.random.default_rng(0).random((3, 2, 33, 6))
    phases = np.random.default_rng(1).uniform(-9, 9, (2, 33, 6))
    found = griffin_lim(wanted, 2, init=phases)
    for index in np.ndindex(3, 2):
        alone = griffin_lim(wanted[index], 2, init=phases[index[1]])
        np.testing.assert_array_equal(found[index], alone)


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ("loud", r"init='loud' must be one of \('single-pass', 'pghi', 'random', 'zero'\)"),
        (np.zeros((33, 5)), r"init of shape=\(33, 5\) must be of shape=\(2, 33, 6\)"),
        (np.zeros((3, 33, 6)), r"init of shape=\(3, 33, 6\) must be of"),
        (np.zeros((1, 2, 33, 6)), r"init of shape=\(1, 2, 33, 6\) must be of"),
        (np.full((33, 6), np.nan), "init of dtype=float64 must be finite"),
        (np.full((33, 6), 1j * np.inf), "init of dtype=complex128 must be finite"),
        (np.full((33, 6), "a"), "init of dtype=<U1 must be finite numbers"),
    ],
)
def test_refuses_starts(init, message):
    with pytest.raises(ValueError, match=message):
        griffin_lim(np.ones((2, 33, 6)), init=init)


@pytest.mark.parametrize("rng", ["text", -1, 2.5, [None], np.array([0.5])])
def test_what_is_no_source_of_randomness_is_refused(rng):
    for call, init in ((pghi, {}), (griffin_lim, {"init": "random"})):
        with pytest.raises(ValueError, match=r"^rng=.* must be a numpy.random.Generator or a seed"):
            call(np.ones((129, 3)), rng=rng, transform=TRANSFORM, **init)


@pytest.mark.parametrize("transform", [3, "hann", np.ones(3), SpectralTransform])
def test_what_is_no_transform_is_refused(transform):
    with pytest.raises(ValueError, match=r"^transform=.* must be a SpectralTransform"):
        phase_init(np.ones((129, 3)), transform=transform)
    with pytest.raises(ValueError, match=r"^transform=.* must be a SpectralTransform"):
        StftMagnitude(transform)


@pytest.mark.parametrize("spec", [[[1.0], [1.0, 2.0]], "text", None])
def test_magnitudes_that_are_no_array_are_refused(spec):
    with pytest.raises(ValueError, match=r"^spec "):
        griffin_lim(spec, transform=TRANSFORM)


@pytest.mark.parametrize("call", [griffin_lim, admm, rtisi_la, misi, phase_init, pghi])
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("pad_mode", ": it is center_pad_mode here"),
        ("onesided", r": there are always n_fft // 2 \+ 1 frequencies"),
        ("return_complex", ": spectra are always complex numbers"),
        ("maxiter", ": it is max_iter here"),
        ("evaiter", ": it is eva_iter here"),
        ("hop", ""),
    ],
)
def test_parameters_that_no_transform_has_are_named(call, name, hint):
    mixture = [np.ones(1000)] if call is misi else []
    message = rf"^{call.__name__}\(\) got an unexpected keyword argument '{name}'{hint}"
    for others in ({}, {"transform": TRANSFORM}):
        with pytest.raises(TypeError, match=message):
            call(np.ones((129, 3)), *mixture, **{name: True}, **others)


@pytest.mark.parametrize("call", [griffin_lim, admm, rtisi_la, phase_init, pghi])
@pytest.mark.parametrize("options", [{"n_fft": 256}, {"transform": TRANSFORM}])
def test_pairs_of_reals_are_refused_with_what_makes_complex_numbers(call, options):
    spec = TRANSFORM.stft(CHIRP[:1500])
    pairs = np.stack([spec.real, spec.imag], axis=-1)
    hint = r"if its last axis holds .*: spec\[\.\.\., 0\] \+ 1j \* spec\[\.\.\., 1\]$"
    for given in (pairs, pairs[np.newaxis]):
        with pytest.raises(ValueError, match=rf"^spec\[.*\]=-.* must be .*negative; {hint}"):
            call(given, window=np.ones(256))
        with pytest.raises(ValueError, match=rf"^spec of shape=.* must be \[.*\]; {hint}"):
            call(np.abs(given), **options)
    call(pairs[..., 0] + 1j * pairs[..., 1], **options)


def test_signals_of_two_frames_are_no_pairs():
    found = griffin_lim(np.ones((129, 129, 2)), 1, transform=TRANSFORM)
    assert found.shape == (129, 64)
    with pytest.raises(ValueError, match=r"have 129 frequencies$"):
        griffin_lim(np.ones((128, 128, 2)), transform=TRANSFORM)


@pytest.mark.parametrize("name", ["progress", "verbose"])
@pytest.mark.parametrize("value", [3, "text", np.ones(2)])
def test_what_reports_no_progress_is_refused(name, value):
    for call in (griffin_lim, rtisi_la):
        with pytest.raises(ValueError, match=f"^{name}=.* must be"):
            call(np.ones((129, 3)), transform=TRANSFORM, **{"max_iter": 1, name: value})


def test_iterations_may_be_integers_of_numpy():
    spec = magnitudes(SINUSOID)
    numbers = {"max_iter": 150, "eva_iter": 50}
    small = {name: np.uint8(number) for name, number in numbers.items()}
    reports = [], []
    for given, reported in zip((numbers, small), reports, strict=True):
        griffin_lim(
            np.stack([spec, spec]), init="zero", transform=TRANSFORM, tol=0,
            progress=lambda *at, reported=reported: reported.append(at), **given,
        )  # fmt: skip
    assert reports[0] == reports[1]
    assert reports[0][-1] == ("Griffin-Lim", 300, 300)


@pytest.mark.parametrize("call", [griffin_lim, admm, rtisi_la, phase_init, pghi])
def test_what_help_shows_can_be_given(call):
    options = {phase_init: {}, pghi: {"rng": 0}}.get(call, {"max_iter": 2, "verbose": False})
    expected = call(np.ones((129, 3)), **options)
    np.testing.assert_array_equal(call(np.ones((129, 3)), n_fft=None, **options), expected)
    call(np.ones((129, 3)), n_fft=None, transform=TRANSFORM, **options)
