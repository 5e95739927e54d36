import fast_bss_eval
import numpy as np
import pytest

from musisep.metrics import bss_eval, si_sdr

MEASURES = ("sdr", "sir", "sar")


def oracle(references, estimates):
    with np.errstate(divide="ignore", invalid="ignore"):
        return fast_bss_eval.bss_eval_sources(
            references, estimates, filter_length=1, zero_mean=False, load_diag=None, clamp_db=None
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
def test_agrees_with_fast_bss_eval_in_any_order(separated, order):
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
