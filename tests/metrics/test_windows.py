import tracemalloc
import warnings

import mir_eval
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musisep.metrics import bss_eval, si_sdr
from musisep.metrics.averages import interval, mean, middle
from musisep.metrics.windows import evaluate

RATE = 1000
NAMES = ("SDR", "SIR", "SAR")


def mixed(instruments, channels=1, samples=4 * RATE, seed=0):
    """References, and estimates in another order."""
    rng = np.random.default_rng(seed)
    references = rng.standard_normal((instruments, channels, samples))
    mixing = np.eye(instruments) + 0.3 * rng.standard_normal((instruments, instruments))
    noise = 0.1 * rng.standard_normal(references.shape)
    estimates = np.einsum("ij,jcn->icn", mixing, references) + noise
    return references, np.roll(estimates, 1, axis=0)


@pytest.mark.parametrize("instruments", [1, 2, 3])
def test_whole_tracks_are_measured_as_by_mir_eval(instruments):
    references, estimates = mixed(instruments)
    found = evaluate(references, estimates, sample_rate=RATE, filter_length=512)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        *expected, order = mir_eval.separation.bss_eval_sources(references[:, 0], estimates[:, 0])
    np.testing.assert_array_equal(found.permutation, order)
    for name, values in zip(NAMES, expected, strict=True):
        np.testing.assert_allclose(found.whole[name], values, rtol=0, atol=1e-6)


@pytest.mark.parametrize("silent", [False, True])
def test_windows_are_measured_as_by_mir_eval(silent):
    references, estimates = mixed(2, samples=2 * RATE)
    if silent:
        references[1, :, RATE // 2 : 2 * RATE] = 0
    found = evaluate(
        references, estimates, sample_rate=RATE, window_s=1, hop_s=0.6, filter_length=512,
        filters="window",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        *expected, _ = mir_eval.separation.bss_eval_sources_framewise(
            references[:, 0], estimates[found.permutation, 0], window=RATE, hop=600
        )
    np.testing.assert_allclose(found.starts_s, 0.6 * np.arange(2))
    for name, values in zip(NAMES, expected, strict=True):
        np.testing.assert_allclose(found.windows[name], values, rtol=0, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2])
def test_with_a_gain_the_whole_is_what_bss_eval_measures(channels):
    references, estimates = mixed(3, channels)
    found = evaluate(references, estimates, sample_rate=RATE)
    expected = bss_eval(references, estimates)
    np.testing.assert_array_equal(found.permutation, expected.permutation)
    for name, values in zip(NAMES, expected, strict=False):
        np.testing.assert_allclose(found.whole[name], values, rtol=0, atol=1e-9)
    in_order = si_sdr(references, estimates[found.permutation])
    np.testing.assert_allclose(found.whole["SI-SDR"], in_order, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.whole["SI-SDR"], found.whole["SDR"], rtol=0, atol=1e-9)


@settings(max_examples=30)
@given(st.integers(40, 200), st.integers(20, 90), st.integers(1, 60))
def test_windows_with_own_gains_are_excerpts(samples, window, hop):
    references, estimates = mixed(2, 1, samples)
    found = evaluate(
        references, estimates, sample_rate=RATE, window_s=window / RATE, hop_s=hop / RATE,
        filters="window", permute=False,
    )  # fmt: skip
    count = (samples - window) // hop + 1 if window < samples else 1
    assert found.starts_s.shape == (count,)
    last = slice(hop * (count - 1), hop * (count - 1) + window)
    alone = evaluate(references[..., last], estimates[..., last], sample_rate=RATE, permute=False)
    for name, values in alone.whole.items():
        np.testing.assert_allclose(found.windows[name][:, -1], values, rtol=0, atol=1e-6)


def test_the_order_is_that_of_the_track_in_all_windows():
    references = mixed(2)[0]
    estimates = references[::-1] + 0.1 * mixed(2, seed=1)[0]
    estimates[:, :, :RATE] = estimates[::-1, :, :RATE].copy()
    found = evaluate(references, estimates, sample_rate=RATE, window_s=1)
    assert found.permutation.tolist() == [1, 0]
    values = found.windows["SI-SDR"]
    assert (values[:, 0] < 0).all() and (values[:, 1:] > 15).all()
    unchanged = evaluate(references, estimates, sample_rate=RATE, permute=False)
    assert unchanged.permutation.tolist() == [0, 1]


@pytest.mark.parametrize("taps", [1, 32])
def test_a_silent_stem_is_told_and_leaves_the_others_alone(taps):
    references, estimates = mixed(3, 2)
    options = {"sample_rate": RATE, "filter_length": taps, "window_s": 1}
    pair = evaluate(references[:2], estimates[[1, 2]], **options)
    references[2] = 0
    estimates[0] = 0
    found = evaluate(references, estimates, **options)
    assert (found.silent_references, found.silent_estimates) == ((2,), (0,))
    assert found.permutation.tolist() == [1, 2, 0]
    for name in found.whole:
        np.testing.assert_allclose(found.whole[name][:2], pair.whole[name], rtol=0, atol=1e-9)
        np.testing.assert_allclose(found.windows[name][:2], pair.windows[name], rtol=0, atol=1e-9)
        assert np.isnan(found.whole[name][2]) and np.isnan(found.windows[name][2]).all()
        assert np.isnan(found.medians()[name]).tolist() == [False, False, True]


def test_silent_windows_do_not_count_in_medians():
    references, estimates = mixed(2)
    estimates[0, :, : 2 * RATE] = 0
    found = evaluate(references, estimates, sample_rate=RATE, window_s=1)
    assert np.isnan(found.windows["SDR"][:, :2]).all()
    np.testing.assert_allclose(found.medians()["SDR"], found.windows["SDR"][:, 2:].mean(axis=1))
    # SI-SDR is a matter of one pair.
    assert np.isnan(found.windows["SI-SDR"]).sum() == 2


def test_everything_silent_is_all_nan():
    silence = np.zeros((2, 1, RATE))
    found = evaluate(silence, silence, sample_rate=RATE, window_s=0.5, filter_length=16)
    assert all(np.isnan(values).all() for values in found.whole.values())
    assert found.silent_references == found.silent_estimates == (0, 1)


@pytest.mark.parametrize("taps", [1, 16])
@pytest.mark.parametrize("version", ["sources", "images"])
def test_copies_are_infinite(taps, version):
    references, _ = mixed(2, 2)
    found = evaluate(references, references, sample_rate=RATE, filter_length=taps, version=version)
    for values in found.whole.values():
        assert (values == np.inf).all()


def test_a_channel_may_be_silent_and_references_alike():
    references, estimates = mixed(2, 2)
    references[0, 1] = 0
    references[1] = references[0]
    found = evaluate(references, estimates, sample_rate=RATE, filter_length=32)
    assert np.isfinite(found.whole["SDR"]).all()


def test_images_depend_on_the_gain_and_sources_do_not():
    references, estimates = mixed(2)
    for version, same in (("sources", True), ("images", False)):
        options = {"sample_rate": RATE, "version": version}
        one = evaluate(references, estimates, **options).whole["SDR"]
        other = evaluate(references, 2 * estimates, **options).whole["SDR"]
        assert np.allclose(one, other, rtol=0, atol=1e-9) == same


@pytest.mark.parametrize("scale", [1e-180, 1e180])
def test_levels_at_the_ends_of_numbers_are_measured(scale):
    references, estimates = mixed(2)
    plain = evaluate(references, estimates, sample_rate=RATE).whole["SDR"]
    scaled = evaluate(scale * references, scale * estimates, sample_rate=RATE).whole["SDR"]
    np.testing.assert_allclose(scaled, plain, rtol=0, atol=1e-9)


def test_rows_tell_the_whole_first_and_then_the_windows():
    references, estimates = mixed(2)
    found = evaluate(references, estimates, sample_rate=RATE, window_s=2)
    rows = list(found.rows(["flute", "horn"]))
    assert len(rows) == 2 * 4 * (1 + 2)
    assert rows[0] == ("flute", None, "SDR", found.whole["SDR"][0])
    assert rows[-1] == ("horn", 2.0, "SI-SDR", found.windows["SI-SDR"][1, 1])


def test_long_tracks_need_little_memory_beside_their_own():
    references, estimates = mixed(2, 2, 1_000_000)
    tracemalloc.start()
    evaluate(references, estimates, sample_rate=44100, filter_length=64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * references.nbytes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window_s": 0.01, "filter_length": 512}, "window_s=0.01 has fewer samples"),
        ({"hop_s": 1.0}, "needs a window_s"),
        ({"window_s": 1.0, "hop_s": 1e-4}, "less than a sample"),
        ({"window_s": float("nan")}, "window_s=nan"),
        ({"version": "pictures"}, "version='pictures'"),
        ({"filters": "none"}, "filters='none'"),
        ({"filter_length": 0}, "filter_length=0"),
        ({"permute": 1}, "permute=1"),
        ({"sample_rate": 0}, "sample_rate=0"),
    ],
)
def test_wrong_options_are_named(options, message):
    references, estimates = mixed(2)
    with pytest.raises(ValueError, match=message):
        evaluate(references, estimates, **{"sample_rate": RATE, **options})


def test_wrong_signals_are_named():
    references, estimates = mixed(2)
    with pytest.raises(ValueError, match="must equal"):
        evaluate(references, estimates[..., 1:], sample_rate=RATE)
    estimates[1, 0, 7] = np.nan
    with pytest.raises(ValueError, match=r"estimates\[1, 0, 7\]=nan must be finite"):
        evaluate(references, estimates, sample_rate=RATE)


def test_averages_leave_out_what_is_unknown():
    values = [1.0, np.nan, 2.0, 6.0]
    assert (middle(values), mean(values)) == (2.0, 3.0)
    assert np.isnan(middle([np.nan])) and np.isnan(mean([]))
    assert middle([1.0, np.inf, np.inf]) == np.inf


def test_the_interval_of_a_mean_holds_it_and_narrows():
    rng = np.random.default_rng(0)
    values = rng.standard_normal(400)
    low, high = interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert interval(values) == (low, high)
    assert np.isnan(interval([1.0])).all() and np.isnan(interval([1.0, np.inf])).all()
