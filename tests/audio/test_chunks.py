import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musisep.audio.chunks import (
    NormalizationStats,
    aggregate_sequence_chunks,
    denormalize_audio,
    generate_chunks,
    normalize_audio,
    split_sequence,
    stitch_chunks,
)

PAD_NAMES = {"reflect": "reflect", "constant": "constant", "replicate": "edge"}


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape)


def naive_chunks(audio, chunk_size, hop_size, padding_mode):
    """All chunks at once: padded as asked for, then with zeros up to a whole number of hops."""
    padding = chunk_size - hop_size
    padded = np.pad(audio, ((0, 0), (padding, padding)), mode=PAD_NAMES[padding_mode])
    padded = np.pad(padded, ((0, 0), (0, (chunk_size - padded.shape[1]) % hop_size)))
    starts = range(0, padded.shape[1] - chunk_size + 1, hop_size)
    return np.stack([padded[:, s : s + chunk_size] for s in starts])


# Normalization


@pytest.mark.parametrize("shape", [(2, 500), (500,), (1, 2)])
def test_the_mono_mix_gets_mean_0_and_deviation_1(shape):
    audio = 3.0 * noise(*shape) + 7.0
    before = audio.copy()
    normalized = normalize_audio(audio)
    mono = np.atleast_2d(normalized.audio).mean(axis=0)
    assert mono.mean() == pytest.approx(0, abs=1e-12)
    assert mono.std(ddof=1) == pytest.approx(1, rel=1e-12)
    back = denormalize_audio(normalized.audio, normalized.stats)
    np.testing.assert_allclose(back, audio, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(audio, before)


def test_statistics_are_those_of_the_mono_mix():
    stats = normalize_audio([[1.0, 2.0, 6.0], [3.0, 4.0, 8.0]]).stats
    assert stats == NormalizationStats(4.0, 7.0**0.5)


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros((2, 9)),
        np.full((2, 9), 0.3),
        [[0.7], [0.1]],
        [0.7],
        1e-9 * noise(2, 50),
        noise(50) * [[1], [-1]],
    ],
)
def test_silence_and_one_sample_are_left_as_they_are(audio):
    normalized = normalize_audio(audio)
    np.testing.assert_array_equal(normalized.audio, audio)
    assert normalized.stats == NormalizationStats(0.0, 1.0)
    np.testing.assert_array_equal(denormalize_audio(normalized.audio, normalized.stats), audio)


def test_normalization_keeps_float32():
    audio = noise(2, 500).astype(np.float32) + 1
    normalized = normalize_audio(audio)
    back = denormalize_audio(normalized.audio, normalized.stats)
    assert normalized.audio.dtype == back.dtype == np.float32
    np.testing.assert_allclose(back, audio, atol=1e-6)
    assert normalize_audio(np.int16([3, 4, 8])).audio.dtype == np.float64


@pytest.mark.parametrize(("mean", "std"), [(0.0, 0.0), (0.0, -1.0), (0.0, np.nan), (0.0, np.inf)])
def test_impossible_deviations_are_refused(mean, std):
    with pytest.raises(ValueError, match=rf"std={std} must be"):
        NormalizationStats(mean, std)


def test_impossible_audio_is_refused():
    with pytest.raises(ValueError, match=r"mean=nan must be a finite number"):
        NormalizationStats(np.nan, 1.0)
    with pytest.raises(ValueError, match=r"std='1' must be"):
        NormalizationStats(0.0, "1")
    with pytest.raises(ValueError, match=r"audio of dtype=complex128 must hold real numbers"):
        normalize_audio(np.ones(5) * 1j)
    with pytest.raises(ValueError, match=r"audio of shape=\(2, 0\) must be \[channel, sample\]"):
        normalize_audio(np.zeros((2, 0)))
    with pytest.raises(ValueError, match=r"audio of shape=\(1, 2, 3\) must be \[channel, sample\]"):
        normalize_audio(np.zeros((1, 2, 3)))
    with pytest.raises(ValueError, match=r"channel 0, sample 2 is nan"):
        normalize_audio([[0.0, 1.0, np.nan]])


# Chunks of audio


@st.composite
def sizes(draw):
    chunk_size = draw(st.integers(1, 30))
    hop_size = draw(st.integers(1, chunk_size))
    return draw(st.integers(1, 90)), chunk_size, hop_size, draw(st.integers(1, 9))


@given(sizes(), st.sampled_from(list(PAD_NAMES)))
def test_chunks_are_those_of_the_padded_audio(case, padding_mode):
    length, chunk_size, hop_size, batch_size = case
    audio = noise(2, length)
    batches = list(
        generate_chunks(audio, chunk_size, hop_size, batch_size, padding_mode=padding_mode)
    )
    assert {len(batch) for batch in batches[:-1]} <= {batch_size}
    assert 1 <= len(batches[-1]) <= batch_size
    expected = naive_chunks(audio, chunk_size, hop_size, padding_mode)
    np.testing.assert_array_equal(np.concatenate(batches), expected)


@given(
    sizes(), st.sampled_from(list(PAD_NAMES)), st.sampled_from(["ones", "hann", "ramp", "spiky"])
)
def test_unchanged_chunks_give_the_audio_back(case, padding_mode, name):
    length, chunk_size, hop_size, batch_size = case
    window = {
        "ones": np.ones(chunk_size),
        "hann": np.hanning(chunk_size + 2)[1:-1],
        "ramp": np.arange(1.0, chunk_size + 1),
        "spiky": 1e-3 + noise(chunk_size) ** 8,
    }[name]
    audio = noise(2, length)
    batches = generate_chunks(audio, chunk_size, hop_size, batch_size, padding_mode=padding_mode)
    stems = (np.stack([batch, -2 * batch, 0 * batch], axis=1) for batch in batches)
    back = stitch_chunks(stems, 3, chunk_size, hop_size, length, window=window)
    np.testing.assert_allclose(back, [audio, -2 * audio, 0 * audio], rtol=0, atol=1e-12)


def test_chunks_are_weighted_by_the_window():
    chunks = noise(1, 3, 2, 1, 6)[0]
    window = np.arange(1.0, 7.0)
    result = stitch_chunks([chunks[:2], chunks[2:]], 2, 6, 4, 10, window=window)
    top, bottom = np.zeros((2, 1, 14)), np.zeros(14)
    for t, chunk in enumerate(chunks):
        top[..., 4 * t : 4 * t + 6] += window * chunk
        bottom[4 * t : 4 * t + 6] += window
    np.testing.assert_allclose(result, (top / bottom)[..., 2:12], atol=1e-14)


def test_the_size_of_the_batches_does_not_matter():
    window = np.hanning(18)[1:-1]
    results = [
        stitch_chunks(
            (np.sin(batch[:, None]) for batch in generate_chunks(noise(2, 100), 16, 5, size)),
            1, 16, 5, 100, window=window,
        )
        for size in (1, 3, 50)
    ]  # fmt: skip
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_chunks_are_taken_one_batch_at_a_time():
    batches = []

    def processed():
        for batch in generate_chunks(noise(1, 100), 10, 10, 4):
            assert sum(earlier() is not None for earlier in batches) <= 1
            stems = 2 * batch[:, None]
            batches.append(weakref.ref(stems))
            yield stems
            del stems

    back = stitch_chunks(processed(), 1, 10, 10, 100, window=np.ones(10))
    np.testing.assert_array_equal(back[0], 2 * noise(1, 100))
    assert len(batches) == 3


def test_chunks_belong_to_whoever_asked_for_them():
    audio = noise(1, 30)
    for batch in generate_chunks(audio, 10, 4, 3):
        assert batch.flags.c_contiguous
        batch[:] = np.nan
    np.testing.assert_array_equal(audio, noise(1, 30))


def test_the_last_chunks_may_be_missing_if_others_reach_as_far():
    (batch,) = generate_chunks(noise(1, 12), 8, 4, 99)
    assert len(batch) == 4
    back = stitch_chunks([batch[:3, None]], 1, 8, 4, 12, window=np.arange(1.0, 9.0))
    np.testing.assert_allclose(back[0], noise(1, 12), atol=1e-14)


def test_chunks_keep_float32_and_inputs():
    audio = noise(2, 300).astype(np.float32)
    before = audio.copy()
    batches = [batch[:, None] for batch in generate_chunks(audio, 64, 16, 5)]
    kept = [batch.copy() for batch in batches]
    back = stitch_chunks(batches, 1, 64, 16, 300, window=np.hanning(66)[1:-1])
    assert batches[0].dtype == back.dtype == np.float32
    np.testing.assert_allclose(back[0], audio, atol=2e-6)
    np.testing.assert_array_equal(audio, before)
    np.testing.assert_array_equal(np.concatenate(batches), np.concatenate(kept))


def test_one_channel_and_integers_are_taken():
    (batch,) = generate_chunks(np.int8([1, 2, 3, 4]), 4, 2, 99)
    batch *= 128
    assert batch.dtype == np.float64
    np.testing.assert_array_equal(batch[:, 0], [[3, 2, 1, 2], [1, 2, 3, 4], [3, 4, 3, 2]])
    back = stitch_chunks([batch[:, None].astype(np.int8)], 1, 4, 2, 4, window=np.ones(4))
    np.testing.assert_array_equal(128 * back, [[[1, 2, 3, 4]]])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"chunk_size": 0}, r"chunk_size=0 must be an integer of at least 1"),
        ({"hop_size": 0}, r"hop_size=0 must be an integer of at least 1"),
        ({"hop_size": 9}, r"hop_size=9 must be at most chunk_size=8"),
        ({"batch_size": 0}, r"batch_size=0 must be an integer of at least 1"),
        ({"padding_mode": "wrap"}, r"padding_mode='wrap' must be one of \('reflect', 'constant', "),
        ({"audio": []}, r"audio of shape=\(0,\) must be \[channel, sample\]"),
    ],
)
def test_what_cannot_be_cut_up_is_refused_at_once(changed, message):
    arguments = {"audio": noise(20), "chunk_size": 8, "hop_size": 4, "batch_size": 2}
    with pytest.raises(ValueError, match=message):
        generate_chunks(**{**arguments, **changed})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"chunk_size": 0}, r"chunk_size=0 must be an integer of at least 1"),
        ({"hop_size": 9}, r"hop_size=9 must be at most chunk_size=8"),
        ({"num_stems": 0}, r"num_stems=0 must be an integer of at least 1"),
        ({"target_num_samples": 0}, r"target_num_samples=0 must be an integer of at least 1"),
        ({"window": np.ones(7)}, r"window of shape=\(7,\) must be of shape \(chunk_size=8,\)"),
        ({"window": [1.0] * 7 + [-0.5]}, r"window from -0\.5 to 1\.0 must be finite and >= 0"),
        ({"window": [1.0] * 7 + [np.nan]}, r"window from nan to nan must be finite"),
        ({"window": [1.0] * 7 + [np.inf]}, r"window from 1\.0 to inf must be finite"),
        ({"num_stems": 2}, r"chunks of shape=\(3, 1, 2, 8\) must be .* num_stems=2 and chunk_size"),
        ({"window": ["a"] * 8}, r"window of dtype=.* must hold real numbers"),
        ({"processed_chunks": [[1j]]}, r"chunks of dtype=complex128 must hold real numbers"),
        ({"num_stems": True}, r"num_stems=True must be an integer"),
        ({"processed_chunks": [np.zeros((3, 8))]}, r"chunks of shape=\(3, 8\) must be \[batch, st"),
        (
            {"processed_chunks": [np.zeros((3, 1, 2, 8)), np.zeros((3, 1, 1, 8))]},
            r"chunks of shape=\(3, 1, 1, 8\) must be of the same stems and channels",
        ),
        ({"target_num_samples": 13}, r"target_num_samples=13 must be at most 12, .* 3 chunks ends"),
        ({"processed_chunks": []}, r"processed_chunks must hold at least one batch"),
        ({"window": np.zeros(8)}, r"sample 0 of length=12 lies under no"),
        (
            {"window": [1.0, 1, 1, 0, 0, 0, 0, 0]},
            r"sample 3 of .*=12 lies under no window: decrease hop_size=4, or give a window wit",
        ),
        ({"window": [1.0] * 7 + [0.0]}, r"sample 11 of length=12 lies under no"),
    ],
)
def test_what_cannot_be_stitched_is_refused(changed, message):
    arguments = {
        "processed_chunks": [np.zeros((3, 1, 2, 8))], "num_stems": 1, "chunk_size": 8,
        "hop_size": 4, "target_num_samples": 12, "window": np.ones(8),
    }  # fmt: skip
    stitch_chunks(**arguments)
    with pytest.raises(ValueError, match=message):
        stitch_chunks(**{**arguments, **changed})


# Chunks of sequences


@st.composite
def steps(draw):
    chunk_size = draw(st.integers(1, 20))
    return draw(st.integers(0, 70)), chunk_size, draw(st.integers(0, (chunk_size - 1) // 2))


@given(steps(), st.booleans(), st.sampled_from(["keep_first", "keep_last"]))
def test_unchanged_chunks_give_the_sequence_back(case, avoid_short_end, overlap_mode):
    size, chunk_size, margin = case
    sequence = noise(size, 2, 3)
    chunks, starts = split_sequence(
        sequence, chunk_size, trim_margin=margin, avoid_short_end=avoid_short_end
    )
    for chunk in chunks:  # margins must not matter
        chunk[:margin] = chunk[chunk_size - margin :] = np.nan
    back = aggregate_sequence_chunks(
        chunks, starts, size, chunk_size, trim_margin=margin, overlap_mode=overlap_mode
    )
    np.testing.assert_array_equal(back, sequence)


@given(steps(), st.booleans())
def test_chunks_are_excerpts_of_the_sequence_between_zeros(case, avoid_short_end):
    size, chunk_size, margin = case
    sequence = noise(size, 2)
    chunks, starts = split_sequence(
        sequence, chunk_size, trim_margin=margin, avoid_short_end=avoid_short_end
    )
    padded = np.pad(sequence, ((100, 100), (0, 0)))
    assert len(chunks) == len(starts) == max(1, -(-size // (chunk_size - 2 * margin)))
    for chunk, start in zip(chunks, starts, strict=True):
        np.testing.assert_array_equal(chunk, padded[100 + start : 100 + start + chunk_size])


def test_a_short_end_is_avoided_by_beginning_earlier():
    assert split_sequence(range(11), 6, trim_margin=1)[1] == [-1, 3, 6]
    assert split_sequence(range(11), 6, trim_margin=1, avoid_short_end=False)[1] == [-1, 3, 7]
    assert split_sequence(range(3), 6, trim_margin=1)[1] == [-1]
    assert split_sequence(np.zeros(0), 6, trim_margin=1)[1] == [-1]


def test_where_chunks_overlap_the_first_or_the_last_counts():
    chunks, starts = [[1, 1, 1], [2, 2, 2]], [0, 1]
    assert list(aggregate_sequence_chunks(chunks, starts, 5, 3)) == [1, 1, 1, 2, 0]
    last = aggregate_sequence_chunks(chunks, starts, 5, 3, overlap_mode="keep_last")
    assert list(last) == [1, 2, 2, 2, 0]


@pytest.mark.parametrize("start", [-9, -3, 5, 6, 7, 9])
def test_chunks_beyond_the_sequence_do_not_count(start):
    back = aggregate_sequence_chunks([[1, 1, 1], [2, 2, 2]], [1, start], 5, 3)
    assert list(back) == [0, 1, 1, 1, 0]


def test_sequences_keep_their_type():
    for kind in (np.float32, np.int16, np.complex64, np.bool_):
        sequence = noise(30).astype(kind)
        chunks, starts = split_sequence(sequence, 8, trim_margin=1)
        back = aggregate_sequence_chunks(chunks, starts, 30, 8, trim_margin=1)
        assert chunks[0].dtype == back.dtype == kind
        np.testing.assert_array_equal(back, sequence)


@pytest.mark.parametrize("kind", [np.uint8, np.uint64])
def test_numpy_integers_do_not_overflow(kind):
    audio = noise(2, 150)
    batches = generate_chunks(audio, kind(40), kind(20), kind(3))
    back = stitch_chunks(
        (batch[:, None] for batch in batches),
        kind(1), kind(40), kind(20), kind(150), window=np.ones(40),
    )  # fmt: skip
    np.testing.assert_allclose(back[0], audio, atol=1e-14)
    sequence = noise(250)
    _, starts = split_sequence(sequence, kind(90), trim_margin=kind(10))
    assert starts == split_sequence(sequence, 90, trim_margin=10)[1]
    late = [np.arange(90)], np.array([170], kind), kind(250), kind(90)
    whole = aggregate_sequence_chunks(*late, trim_margin=kind(10))
    np.testing.assert_array_equal(whole[180:], np.arange(10, 80))
    assert not whole[:180].any()


def test_chunks_of_sequences_are_copies():
    sequence = np.ones(30)
    split_sequence(sequence, 8)[0][0][:] = 0
    assert sequence.min() == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"chunk_size": 0}, r"chunk_size=0 must be an integer of at least 1"),
        ({"trim_margin": -1}, r"trim_margin=-1 must be an integer of at least 0"),
        ({"trim_margin": 2}, r"trim_margin=2 must be less than half of chunk_size=4"),
        ({"avoid_short_end": "no"}, r"avoid_short_end='no' must be True or False"),
        ({"sequence": 3.0}, r"sequence of shape=\(\) must be \[time, \.\.\.\]"),
    ],
)
def test_what_cannot_be_split_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        split_sequence(**{"sequence": noise(9), "chunk_size": 4, **changed})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"trim_margin": 2}, r"trim_margin=2 must be less than half of chunk_size=4"),
        ({"full_size": -1}, r"full_size=-1 must be an integer of at least 0"),
        ({"overlap_mode": "mean"}, r"overlap_mode='mean' must be one of \('keep_first', 'keep_l"),
        ({"processed_chunks": [], "starts": []}, r"0 chunks must be at least 1 .* starts=\[\]"),
        ({"starts": [0, 1.5]}, r"starts=\[0, 1\.5\] must be integers"),
        ({"starts": [0]}, r"2 chunks must be at least 1 and as many as starts=\[0\]"),
        ({"chunk_size": 5}, r"processed_chunks\[0\] of shape=\(4, 2\) must be of shape \(5, 2\)"),
        (
            {"processed_chunks": [np.zeros((4, 2)), np.zeros((4, 3))]},
            r"processed_chunks\[1\] of shape=\(4, 3\) must be of shape \(4, 2\)",
        ),
    ],
)
def test_what_cannot_be_aggregated_is_refused(changed, message):
    arguments = {
        "processed_chunks": np.zeros((2, 4, 2)), "starts": [0, 4], "full_size": 7, "chunk_size": 4,
    }  # fmt: skip
    assert aggregate_sequence_chunks(**arguments).shape == (7, 2)
    with pytest.raises(ValueError, match=message):
        aggregate_sequence_chunks(**{**arguments, **changed})
