import warnings
from itertools import permutations

import mir_eval
import numpy as np
import pytest
import scipy.signal

from musisep.metrics import bss_eval, si_sdr

MEASURES = ("sdr", "sir", "sar")


def oracle(references, estimates, filter_length=1):
    """Least squares on delayed copies of the references, as the definition has it."""
    room = ((0, 0), (0, filter_length - 1))
    estimates = np.pad(estimates, room)
    copies = [
        np.stack([np.roll(reference, delay) for delay in range(filter_length)])
        for reference in np.pad(references, room)
    ]

    def projected(basis):
        return (np.linalg.lstsq(basis.T, estimates.T, rcond=None)[0].T @ basis)[None]

    target = np.concatenate([projected(basis) for basis in copies])
    explained = projected(np.concatenate(copies))
    pairs = zip(
        (target, target, explained),
        (estimates - target, explained - target, estimates - explained),
        strict=True,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        measures = [10 * np.log10(np.sum(s**2, -1) / np.sum(n**2, -1)) for s, n in pairs]
    places = np.arange(len(references))
    order = max(permutations(places), key=lambda order: np.sum(measures[1][places, order]))
    sdr, sir, sar = (np.broadcast_to(m, target.shape[:2])[places, order] for m in measures)
    return sdr, sir, sar, np.array(order)


def classic(references, estimates):
    """512 taps, whose noises are summed sample by sample."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return mir_eval.separation.bss_eval_sources(references, estimates)


PEERS = {
    "mir_eval, 512 taps": (512, classic),
    "the definition, 20 taps": (20, lambda *signals: oracle(*signals, 20)),
    "the definition, 1 tap": (1, oracle),
}


@pytest.fixture(params=PEERS.values(), ids=PEERS.keys())
def peer(request):
    return request.param


def assert_agrees(ours, expected, which=slice(None)):
    """Agree where the peer has an answer that is not its rounding."""
    for name, values in zip(MEASURES, expected, strict=False):
        answered = np.isfinite(values) & (values < 150)
        assert answered.any(), name
        np.testing.assert_allclose(
            getattr(ours, name)[which][answered], values[answered], rtol=0, atol=1e-6, err_msg=name
        )


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def separated(rng):
    """Three correlated references, and estimates with leakage, noise and other gains."""
    references = rng.standard_normal((3, 4000))
    references[2] += 0.4 * references[0]
    leakage = np.eye(3) + 0.2 * rng.standard_normal((3, 3))
    noise = 0.1 * rng.standard_normal(references.shape)
    return references, np.diag([1.0, 0.01, -20.0]) @ (leakage @ references + noise)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_agrees_with_the_definition_in_any_order(separated, order):
    references, estimates = separated
    shuffled = estimates[list(order)]
    ours = bss_eval(references, shuffled)
    *expected, permutation = oracle(references, shuffled)
    assert np.array_equal(ours.permutation, permutation)
    assert np.array_equal(shuffled[ours.permutation], estimates)
    for name, values in zip(MEASURES, expected, strict=True):
        np.testing.assert_allclose(getattr(ours, name), values, rtol=0, atol=1e-6, err_msg=name)


def test_follows_the_definitions(rng):
    """The textbook decomposition, where target, interference and artefacts are known."""
    references = np.linalg.qr(rng.standard_normal((500, 4)))[0].T
    true, artefact = references[:3], references[3]
    ours = bss_eval(true, [3 * true[0] + 0.3 * true[1] + 0.4 * artefact, true[1], true[2]])
    assert ours.sdr[0] == pytest.approx(10 * np.log10(9 / 0.25))
    assert ours.sir[0] == pytest.approx(10 * np.log10(9 / 0.09))
    assert ours.sar[0] == pytest.approx(10 * np.log10(9.09 / 0.16))


def test_exact_estimates_are_infinitely_good(separated):
    references, _ = separated
    ours = bss_eval(references, -0.3 * references)
    for name in MEASURES:
        assert np.all(getattr(ours, name) == np.inf), name


def test_single_source_has_no_interference(separated):
    references, estimates = separated
    ours = bss_eval(references[:1], estimates[:1])
    assert ours.sir[0] == np.inf
    assert ours.sdr[0] == pytest.approx(ours.sar[0], abs=1e-9)
    assert ours.sdr[0] == pytest.approx(oracle(references[:1], estimates[:1])[0][0], abs=1e-6)


@pytest.mark.parametrize("reference", [0, 2])
@pytest.mark.parametrize("silence", ["reference", "estimate", "both"])
def test_silence_is_nan_for_itself_only(separated, reference, silence):
    references, estimates = separated
    if silence != "estimate":
        references[reference] = 0
    if silence != "reference":
        estimates[reference] = 0
    with pytest.warns(RuntimeWarning, match=rf"NaN: .*\[{reference}\]") as caught:
        ours = bss_eval(references, estimates)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    others = np.delete(np.arange(3), reference)
    assert np.array_equal(ours.permutation, [0, 1, 2])
    for name in MEASURES:
        assert np.isnan(getattr(ours, name)[reference]), name
        assert np.all(np.isfinite(getattr(ours, name)[others])), name
    if silence != "estimate":
        expected = bss_eval(references[others], estimates[others])
        np.testing.assert_allclose(ours.sir[others], expected.sir, rtol=0, atol=1e-9)


def test_everything_silent_is_nan():
    with pytest.warns(RuntimeWarning, match=r"references \[0, 1\], estimates \[0, 1\]"):
        ours = bss_eval(np.zeros((2, 9)), np.zeros((2, 9)))
    assert np.isnan([ours.sdr, ours.sir, ours.sar]).all()
    assert sorted(ours.permutation) == [0, 1]


def test_silent_pair_is_assigned_to_each_other(rng):
    """Even where another assignment would have a higher sum of SIRs."""
    first, second = np.linalg.qr(rng.standard_normal((300, 2)))[0].T
    silence = np.zeros(300)
    estimates = [first + 0.3 * second, silence, first + 0.2 * second]
    with pytest.warns(RuntimeWarning, match=r"references \[0\], estimates \[1\]"):
        ours = bss_eval([silence, first, second], estimates)
    assert np.array_equal(ours.permutation, [1, 2, 0])
    assert ours.sir[1:] == pytest.approx([20 * np.log10(5), 20 * np.log10(0.3)])


@pytest.mark.parametrize("difference", [0, 1e-7])
def test_two_equal_references_span_one_direction(rng, difference):
    signal, noise = np.linalg.qr(rng.standard_normal((300, 2)))[0].T
    ours = bss_eval([signal, signal + difference * noise], [signal + 0.1 * noise, signal])
    assert min(ours.sir) > 120
    assert min(ours.sdr) == pytest.approx(20)
    assert max(ours.sdr) > 120


def test_gains_however_extreme_change_nothing(separated):
    references, estimates = separated
    expected = bss_eval(references, estimates)
    scaled = bss_eval(references * [[1e-300], [1e300], [1]], estimates * 1e-280)
    for name in MEASURES:
        np.testing.assert_allclose(getattr(scaled, name), getattr(expected, name), atol=1e-6)


def test_channels_are_laid_end_to_end(separated):
    references, estimates = separated
    flat = bss_eval(references, estimates)
    stereo = bss_eval(references.reshape(3, 2, -1), estimates.reshape(3, 2, -1))
    assert np.array_equal(flat, stereo)


def test_si_sdr_is_the_formula_and_keeps_the_order(separated):
    references, estimates = separated
    for order in ([0, 1, 2], [1, 2, 0]):
        values = si_sdr(references, estimates[order])
        for value, s, e in zip(values, references, estimates[order], strict=True):
            target = (e @ s) / (s @ s) * s
            assert value == pytest.approx(
                10 * np.log10((target @ target) / ((e - target) @ (e - target))), abs=1e-6
            )


def test_si_sdr_of_the_best_order_is_the_sdr(separated):
    references, estimates = separated
    ours = bss_eval(references, estimates[::-1])
    np.testing.assert_allclose(
        si_sdr(references, estimates[::-1][ours.permutation]), ours.sdr, rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("measure", [bss_eval, si_sdr])
def test_inputs_are_left_alone_and_bad_ones_refused(measure, separated):
    references, estimates = separated
    before = references.copy(), estimates.copy()
    measure(references, estimates)
    assert np.array_equal(before, (references, estimates))
    for bad, message in [
        (references[:2], r"references.shape=\(2, 4000\) must equal .*\(3, 4000\)"),
        (references[:, :9], r"must equal"),
    ]:
        with pytest.raises(ValueError, match=message):
            measure(bad, estimates)
    with pytest.raises(ValueError, match=r"transposed"):
        measure(references.T, estimates.T)
    for bad in (references[0], references[:0], references[:, :0]):
        with pytest.raises(ValueError, match=r"must be \[instrument, sample\]"):
            measure(bad, bad)
    estimates[1, 7] = np.nan
    with pytest.raises(ValueError, match=r"estimates\[1, 7\]=nan must be finite"):
        measure(references, estimates)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_agrees_with_peers_in_any_order(peer, separated, order):
    taps, measure = peer
    references, estimates = separated
    shuffled = estimates[list(order)]
    ours = bss_eval(references, shuffled, filter_length=taps)
    expected = measure(references, shuffled)
    assert np.array_equal(ours.permutation, expected[3])
    assert np.array_equal(shuffled[ours.permutation], estimates)
    assert_agrees(ours, expected)


def test_agrees_with_peers_about_unrelated_signals(peer, rng):
    taps, measure = peer
    references, estimates = rng.standard_normal((2, 3, 4000))
    ours = bss_eval(references, estimates, filter_length=taps)
    expected = measure(references, estimates)
    assert np.array_equal(ours.permutation, expected[3])
    assert_agrees(ours, expected)


@pytest.mark.parametrize("silent", [0, 2])
def test_agrees_with_peers_about_those_beside_a_silent_reference(peer, separated, silent):
    taps, measure = peer
    references, estimates = separated
    references[silent] = 0
    others = np.delete(np.arange(3), silent)
    shuffled = estimates[[1, 2, 0]]
    with pytest.warns(RuntimeWarning, match=rf"NaN: references \[{silent}\]$") as caught:
        ours = bss_eval(references, shuffled, filter_length=taps)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert np.array_equal(ours.permutation, [2, 0, 1])
    assert np.isnan([getattr(ours, name)[silent] for name in MEASURES]).all()
    expected = measure(references[others], estimates[others])
    assert np.array_equal(expected[3], [0, 1])
    assert_agrees(ours, expected, others)


@pytest.mark.parametrize("silent", [0, 2])
def test_agrees_with_peers_about_those_beside_a_silent_estimate(peer, separated, silent):
    """The silent estimate is the one of the reference that is left over."""
    taps, measure = peer
    references, estimates = separated
    whole = estimates.copy()
    estimates[silent] = 0
    others = np.delete(np.arange(3), silent)
    where = [2, 0, 1][silent]
    with pytest.warns(RuntimeWarning, match=rf"NaN: estimates \[{where}\]$") as caught:
        ours = bss_eval(references, estimates[[1, 2, 0]], filter_length=taps)
    assert len(caught) == 1
    assert np.array_equal(ours.permutation, [2, 0, 1])
    assert np.isnan([getattr(ours, name)[silent] for name in MEASURES]).all()
    expected = measure(references, whole)
    assert np.array_equal(expected[3], [0, 1, 2])
    assert_agrees(ours, [values[others] for values in expected[:3]], others)


@pytest.mark.parametrize("gain", [1, -0.3])
def test_agrees_with_peers_that_copies_are_perfect(peer, separated, gain):
    taps, measure = peer
    references, _ = separated
    copies = gain * references[[2, 0, 1]]
    ours = bss_eval(references, copies, filter_length=taps)
    expected = measure(references, copies)
    assert np.array_equal(ours.permutation, expected[3])
    for name, values in zip(MEASURES, expected, strict=False):
        assert np.all(getattr(ours, name) == np.inf), name
        assert not np.any(values < 120), name


@pytest.mark.parametrize("taps", [1, 16])
@pytest.mark.parametrize("silent", [([0], [2]), ([0, 1], [1]), ([1], [0, 2]), ([0, 1, 2], [0])])
def test_several_silent_signals_are_ordered_alike(separated, taps, silent):
    references, estimates = separated
    heard = [k for k in range(3) if k not in silent[0]]
    references[silent[0]] = 0
    estimates[silent[1]] = 0
    message = rf"references {silent[0]}, estimates {silent[1]}".replace("[", r"\[")
    with pytest.warns(RuntimeWarning, match=message):
        ours = bss_eval(references, estimates, filter_length=taps)
    assert sorted(ours.permutation) == [0, 1, 2]
    measured = np.isfinite(ours.sdr)
    assert measured.sum() == min(len(heard), 3 - len(silent[1]))
    for reference in np.flatnonzero(measured):
        assert reference in heard
        assert ours.permutation[reference] not in silent[1]
    with pytest.warns(RuntimeWarning):
        assert np.array_equal(ours.permutation, bss_eval(references, estimates).permutation)


def test_everything_silent_is_nan_with_filters_too():
    with pytest.warns(RuntimeWarning, match=r"references \[0, 1\], estimates \[0, 1\]"):
        ours = bss_eval(np.zeros((2, 9)), np.zeros((2, 9)), filter_length=4)
    assert np.isnan([ours.sdr, ours.sir, ours.sar]).all()
    assert sorted(ours.permutation) == [0, 1]


def test_filters_forgive_what_they_can_do(rng):
    """A filter that is as long is no error, a longer one is; of one reference nothing is left."""
    references = np.zeros((2, 2000))
    references[:, :-8] = rng.standard_normal((2, 1992))
    filtered = scipy.signal.lfilter([0.1, 0, -2, 1], 1, references)
    for name in MEASURES:
        assert np.all(getattr(bss_eval(references, filtered, filter_length=4), name) == np.inf)
    assert bss_eval(references, filtered, filter_length=3).sdr.max() < 10
    single = bss_eval(references[:1], filtered[:1], filter_length=3)
    assert single.sir == np.inf
    assert single.sdr == single.sar < 10


@pytest.mark.parametrize("channels", [1, 2])
def test_channels_share_a_filter_that_stays_within_each(rng, channels):
    references, noise = rng.standard_normal((2, 3, channels, 900))
    references[..., -7:] = noise[..., -7:] = 0
    estimates = scipy.signal.lfilter([0.5, 1, 0.25], 1, references) + 0.1 * noise
    ours = bss_eval(references, estimates, filter_length=8)
    assert_agrees(ours, oracle(references.reshape(3, -1), estimates.reshape(3, -1), 8))
    # Without the silence at the end, only the zeros in between keep the filter within.
    unequal = references[..., :-7], scipy.signal.lfilter([0, 0, 0, 1], 1, references)[..., :-7]
    spaced = [np.pad(signals, [(0, 0), (0, 0), (0, 7)]).reshape(3, -1) for signals in unequal]
    assert_agrees(bss_eval(*unequal, filter_length=8), oracle(*spaced, 8))


@pytest.mark.parametrize("difference", [0, 1e-9])
def test_two_equal_references_span_one_direction_of_filters(rng, difference):
    signal, other, noise = rng.standard_normal((3, 3000))
    references = [signal, signal + difference * noise, other]
    estimates = [signal + 0.1 * noise, signal, other]
    ours = bss_eval(references, estimates, filter_length=32)
    expected = bss_eval([signal, other], [estimates[0], other], filter_length=32)
    assert np.array_equal(np.isinf(ours.sdr), ours.permutation != 0)
    assert np.isinf(ours.sir[ours.permutation != 0]).all()
    first = ours.permutation == 0
    assert ours.sdr[first] == pytest.approx(expected.sdr[0], abs=0.3)
    # Singular or not, artefacts are those that two references leave.
    if difference == 0:
        assert ours.sar[first] == pytest.approx(expected.sar[0], abs=0.01)


def test_gains_however_extreme_change_nothing_for_filters(separated):
    references, estimates = separated
    expected = bss_eval(references, estimates, filter_length=8)
    gains = np.array([[1e-300], [1e300], [1]])
    scaled = bss_eval(references * gains, estimates * 1e-280, filter_length=8)
    assert_agrees(scaled, expected)


def test_one_tap_is_the_default(separated):
    assert np.array_equal(bss_eval(*separated), bss_eval(*separated, filter_length=np.int64(1)))


def test_bad_filter_lengths_are_refused(separated):
    references, estimates = (signals.reshape(3, 2, 2000) for signals in separated)
    for bad in (0, -1, 1.0, True, "2", None):
        with pytest.raises(ValueError, match=r"filter_length=.* must be an integer of at least 1"):
            bss_eval(references, estimates, filter_length=bad)
    with pytest.raises(
        ValueError, match=r"\(3, 2, 2000\) has fewer samples than filter_length=2001"
    ):
        bss_eval(references, estimates, filter_length=2001)
    with pytest.raises(TypeError, match=r"positional"):
        bss_eval(references, estimates, 512)
    assert np.isfinite(
        bss_eval(references[..., :20], estimates[..., :20], filter_length=20).sdr
    ).any()
