import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musisep.audio import (
    CQT,
    HarmonicCQT,
    LogMelSpectrogramTransform,
    MelSpectrogramTransform,
    MFCCTransform,
    SpectralFeatureTransform,
    SpectralTransform,
    VariableQ,
    stream,
)

RATE = 8000
SIZES = {"sample_rate": RATE, "n_fft": 64, "hop_length": 24}
BINS = {"sr": RATE, "hop_length": 50, "fmin": 400.0}
MEL = MelSpectrogramTransform(**SIZES, n_mels=6, top_db=None)
STREAMED = {
    "stft": SpectralTransform(**SIZES),
    "linear mel": replace(MEL, output_scale="linear"),
    "log mel": LogMelSpectrogramTransform(**SIZES, n_mels=6, log_mode="log1p"),
    "mel in dB": MEL,
    "mfcc": MFCCTransform(**SIZES, n_mfcc=4, n_mels=6, top_db=None),
    "features": SpectralFeatureTransform(
        ("mfcc", "chroma_stft", "spectral_centroid", "spectral_bandwidth", "spectral_rolloff"),
        **SIZES, n_mfcc=4, n_mels=6, top_db=None,
    ),
    "cqt": CQT(**BINS, n_bins=18, bins_per_octave=6),
    "harmonic cqt": HarmonicCQT(**BINS, n_bins=18, harmonics=(1, 3), bins_per_semitone=1),
}  # fmt: skip
PADDINGS = [("reflect", "symmetric"), ("constant", "symmetric"), ("constant", "minimal")]
EXACT = set(STREAMED) - {"cqt", "harmonic cqt"}


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape)


def divided(signal, sizes):
    """Blocks of these sizes, and the rest."""
    return np.split(signal, np.cumsum(sizes), axis=-1)


def joined(results):
    results = list(results)
    if isinstance(results[0], dict):
        return {name: joined(result[name] for result in results) for name in results[0]}
    return np.concatenate(results, axis=-1)


def assert_same(found, expected, tolerance=0.0):
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for name in expected:
            assert_same(found[name], expected[name], tolerance)
        return
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_allclose(
        found, expected, rtol=0, atol=tolerance * (1 + abs(expected).max(initial=0))
    )


@st.composite
def arriving(draw, shortest=1, longest=700):
    """A signal, and sizes of its blocks."""
    channels = draw(st.sampled_from([(), (1,), (2,), (2, 1)]))
    length = draw(st.integers(shortest, longest))
    signal = noise(*channels, length).astype(draw(st.sampled_from([np.float32, np.float64])))
    return signal, draw(st.lists(st.integers(0, 150), max_size=12))


@pytest.mark.parametrize("name", STREAMED)
@settings(max_examples=40)
@given(case=arriving(), data=st.data())
def test_the_results_are_those_of_the_whole_signal(name, case, data):
    signal, sizes = case
    center = data.draw(st.booleans(), "center")
    transform = replace(STREAMED[name], center=center)
    if not center:
        signal = np.concatenate([signal, noise(*signal.shape[:-1], 512).astype(signal.dtype)], -1)
    tolerance = 1e-5 if signal.dtype == np.float32 else 1e-12
    found = joined(stream(transform, divided(signal, sizes)))
    assert_same(found, transform(signal), 0 if name in EXACT else tolerance)


@st.composite
def spectral(draw):
    n_fft = draw(st.integers(1, 40))
    padding = draw(
        st.sampled_from(
            [("reflect", "symmetric"), ("constant", "symmetric"), ("constant", "minimal")]
        )
    )
    return SpectralTransform(
        n_fft, draw(st.integers(1, 130)), center=draw(st.booleans()),
        center_pad_mode=padding[0], center_tail_pad=padding[1],
    )  # fmt: skip


@settings(max_examples=300)
@given(transform=spectral(), case=arriving(longest=200))
def test_frames_of_any_kind(transform, case):
    signal, sizes = case
    if not transform.center:
        signal = np.concatenate([signal, np.ones((*signal.shape[:-1], 39), signal.dtype)], -1)
    found = joined(stream(transform, divided(signal, sizes)))
    np.testing.assert_array_equal(found, transform.stft(signal))


@settings(max_examples=40)
@given(hop_length=st.integers(1, 1500), center=st.booleans(), case=arriving(longest=2500))
def test_constant_q_frames_of_any_hop(hop_length, center, case):
    signal, sizes = case
    transform = replace(STREAMED["cqt"], hop_length=hop_length, center=center)
    if not center:
        signal = np.concatenate([signal, np.ones((*signal.shape[:-1], 256), signal.dtype)], -1)
    tolerance = 1e-5 if signal.dtype == np.float32 else 1e-12
    assert_same(joined(stream(transform, divided(signal, sizes))), transform(signal), tolerance)


@pytest.mark.parametrize("length", [1, 2, 3, 20, 32, 33])
@pytest.mark.parametrize("name", STREAMED)
def test_short_signals_are_mirrored_again_and_again(name, length):
    signal = noise(2, length)
    found = joined(stream(STREAMED[name], divided(signal, [length // 2])))
    assert_same(found, STREAMED[name](signal), 0 if name in EXACT else 1e-12)


def test_integers_are_fractions_of_full_scale():
    samples = np.random.default_rng(0).integers(0, 256, 500, dtype=np.uint8)
    for mode in ("reflect", "constant"):
        transform = SpectralTransform(64, center_pad_mode=mode)
        found = joined(stream(transform, divided(samples, [100, 300])))
        np.testing.assert_array_equal(found, transform.stft(samples))


def test_frames_come_as_soon_as_they_are_complete():
    asked = []

    def blocks():
        for number in range(40):
            asked.append(number)
            yield noise(10)

    transform = SpectralTransform(64, 30)
    results = stream(transform, blocks())
    assert asked == []
    came = [(next(results).shape[-1], 10 * len(asked)) for _ in range(4)]
    # The first sees 32 samples, and 33 in the mirror; the next 62, 92 and 122.
    assert came == [(1, 40), (1, 70), (1, 100), (1, 130)]


@pytest.mark.parametrize("name", STREAMED)
def test_memory_does_not_depend_on_the_length(name):
    def most(number):
        tracemalloc.start()
        for result in stream(STREAMED[name], (np.ones(500) for _ in range(number))):
            del result
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(20)  # what is kept for the next call
    assert most(400) < 1.2 * most(40)


def test_blocks_may_be_used_again():
    signal, transform = noise(600), SpectralTransform(64, 24)
    block = np.empty(50)

    def blocks():
        for part in np.split(signal, 12):
            block[:] = part  # as a sound card does
            yield block

    np.testing.assert_array_equal(joined(stream(transform, blocks())), transform.stft(signal))


def test_what_is_not_finite_spoils_its_frames_only():
    signal = noise(600)
    signal[300] = np.nan
    found = joined(stream(STREAMED["stft"], np.split(signal, 12)))
    np.testing.assert_array_equal(found, STREAMED["stft"].stft(signal))
    assert np.isnan(found).any(axis=0).sum() == 2


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (
            MelSpectrogramTransform(**SIZES, n_mels=6),
            r"^transform with top_db=80\.0 must not",
        ),
        (MFCCTransform(**SIZES, n_mfcc=4, n_mels=6), r"^transform with top_db=80\.0 must not"),
        (
            SpectralFeatureTransform(
                ("mfcc", "spectral_contrast"), **SIZES, n_mfcc=4, n_mels=6, n_bands=2, top_db=60
            ),
            r"^transform with mfcc with top_db=60\.0 and spectral_contrast must not",
        ),
        (
            VariableQ(RATE, [400.0], 0.1, 50),
            r"^transform=VariableQ must be a SpectralTransform, another transform of its frames, ",
        ),
        (SpectralTransform(64).stft, r"^transform=method must be a SpectralTransform"),
        (None, r"^transform=NoneType must be a SpectralTransform"),
    ],
)
def test_other_transforms_are_refused_at_once(transform, message):
    with pytest.raises(ValueError, match=message) as error:
        stream(transform, [noise(300)])
    assert "\n" not in str(error.value)


def test_limits_that_are_not_used_do_not_matter():
    for transform in (
        LogMelSpectrogramTransform(**SIZES, n_mels=6),
        MelSpectrogramTransform(**SIZES, n_mels=6, output_scale="linear"),
        SpectralFeatureTransform(("spectral_centroid",), **SIZES),
    ):
        assert len(list(stream(transform, [noise(300)]))) == 2


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([], r"^blocks must hold at least one block, not none"),
        ([noise(0)], r"^signal of shape=\(0,\) must have at least one sample"),
        (
            [noise(2, 300), noise(300)],
            r"^block of shape=\(300,\) and dtype=float64 must be of",
        ),
        (
            [noise(300).astype(np.float32), noise(300)],
            r"^block of shape=\(300,\) and dtype=float64 must be of .* and float32, as the first",
        ),
        (["abc"], r"^block of dtype=.* must hold real numbers"),
        ([1j * noise(300)], r"^block of dtype=complex128 must hold real numbers"),
        ([1e200 * noise(300)], r"^block has a peak of"),
    ],
)
def test_blocks_that_do_not_fit_are_refused(blocks, message):
    with pytest.raises(ValueError, match=message):
        list(stream(STREAMED["stft"], blocks))


def test_blocks_are_an_iterable():
    with pytest.raises(ValueError, match=r"^blocks=3 must be iterable"):
        stream(STREAMED["stft"], 3)


@pytest.mark.parametrize("length", [10, 63])
def test_signals_shorter_than_a_frame_are_refused_without_center(length):
    transform = SpectralTransform(64, 24, center=False)
    with pytest.raises(ValueError, match=r"must have at least 64 samples"):
        list(stream(transform, divided(noise(length), [5])))


def test_errors_of_the_blocks_pass_through():
    def blocks():
        yield noise(300)
        raise OSError("unplugged")

    with pytest.raises(OSError, match=r"^unplugged$"):
        list(stream(STREAMED["stft"], blocks()))


@pytest.mark.parametrize("size", [10, 50])
def test_blocks_may_use_the_same_memory_again(size):
    signal = np.random.default_rng(0).standard_normal(1000)

    def blocks():
        block = np.empty(size)
        for start in range(0, len(signal), size):
            block[:] = signal[start : start + size]
            yield block

    transform = SpectralTransform(64, 16)
    found = np.concatenate(list(stream(transform, blocks())), axis=-1)
    np.testing.assert_array_equal(found, transform.stft(signal))
