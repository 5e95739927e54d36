import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musisep.audio.chunks import (
    denormalize_audio,
    generate_chunks,
    normalize_audio,
    process_in_chunks,
    stitch_chunks,
)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape)


def same(batch):
    return batch


@st.composite
def trimmed(draw):
    chunk_size = draw(st.integers(1, 30))
    margin = draw(st.integers(0, (chunk_size - 1) // 2))
    hop_size = draw(st.integers(1, chunk_size - 2 * margin))
    return draw(st.integers(1, 90)), chunk_size, hop_size, margin


# Margins


@given(trimmed(), st.integers(1, 9))
def test_margins_of_chunks_are_thrown_away(case, batch_size):
    length, chunk_size, hop_size, margin = case
    audio = noise(2, length)

    def stems():
        for batch in generate_chunks(audio, chunk_size, hop_size, batch_size):
            batch[..., :margin] = batch[..., chunk_size - margin :] = np.nan
            yield batch[:, None]

    back = stitch_chunks(
        stems(), 1, chunk_size, hop_size, length, window=np.ones(chunk_size), trim_margin=margin
    )
    np.testing.assert_allclose(back[0], audio, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"hop_size": 5}, r"hop_size=5 must be at most chunk_size=8 - 2 \* trim_margin=2$"),
        ({"trim_margin": 4}, r"trim_margin=4 must be less than half of chunk_size=8"),
        ({"trim_margin": -1}, r"trim_margin=-1 must be an integer of at least 0"),
        ({"target_num_samples": 11}, r"target_num_samples=11 must be at most 10, where the last"),
        ({"window": [9.0] * 2 + [0.0] * 4 + [9.0] * 2}, r"sample 0 of length=10 lies under no"),
    ],
)
def test_gaps_between_chunks_are_refused(changed, message):
    arguments = {
        "processed_chunks": [np.zeros((3, 1, 2, 8))], "num_stems": 1, "chunk_size": 8,
        "hop_size": 4, "target_num_samples": 10, "window": np.ones(8), "trim_margin": 2,
    }  # fmt: skip
    stitch_chunks(**arguments)
    with pytest.raises(ValueError, match=message):
        stitch_chunks(**{**arguments, **changed})


# Functions


@given(trimmed(), st.integers(1, 9), st.booleans(), st.booleans())
def test_what_is_not_changed_is_given_back(case, batch_size, normalize, pad_batch):
    length, chunk_size, hop_size, margin = case
    audio = 3 * noise(2, length) + 0.5
    back = process_in_chunks(
        same, audio, chunk_size=chunk_size, hop_size=hop_size, trim_margin=margin,
        batch_size=batch_size, normalize=normalize, pad_batch=pad_batch,
    )  # fmt: skip
    np.testing.assert_allclose(back, audio, rtol=0, atol=1e-11)


@pytest.mark.parametrize("shape", [(2, 500), (500,)])
@pytest.mark.parametrize("gain", [0.5, -1.0])
def test_gains_and_shapes(shape, gain):
    audio = noise(*shape) + 2
    audio -= audio.mean()  # what a gain does not reach
    back = process_in_chunks(lambda batch: gain * batch, audio, chunk_size=64)
    np.testing.assert_allclose(back, gain * audio, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(2, 500), (500,)])
@pytest.mark.parametrize("normalize", [True, False])
def test_stems_that_add_up_go_on_to_do_so(shape, normalize):
    audio = noise(*shape) + 2

    def model(batch):
        loud = batch * (abs(batch) > 0.5)
        return np.stack([loud, batch - loud], axis=1)

    stems = process_in_chunks(model, audio, chunk_size=64, normalize=normalize)
    assert stems.shape == (2, *shape)
    np.testing.assert_allclose(stems.sum(axis=0), audio, rtol=0, atol=1e-12)
    assert abs(stems).max(axis=-1).min() > 0.1


def test_one_stem_is_an_axis_if_the_function_has_it():
    audio = noise(2, 100)
    assert process_in_chunks(lambda b: b[:, None], audio, chunk_size=16).shape == (1, 2, 100)


@pytest.mark.parametrize("padding_mode", ["reflect", "constant", "replicate"])
def test_it_is_the_calls_of_the_parts(padding_mode):
    audio, window = noise(2, 333) + 0.3, np.hanning(66)[1:-1]
    normalized = normalize_audio(audio)
    chunks = generate_chunks(normalized.audio, 64, 20, 4, padding_mode=padding_mode)
    stitched = stitch_chunks(
        (np.sin(batch)[:, None] for batch in chunks), 1, 64, 20, 333, window=window
    )
    np.testing.assert_allclose(
        process_in_chunks(
            np.sin, audio, chunk_size=64, hop_size=20, batch_size=4, padding_mode=padding_mode
        ),
        denormalize_audio(stitched[0], normalized.stats), rtol=0, atol=1e-14,
    )  # fmt: skip


def test_chunks_overlap_by_half_and_fade():
    given = []

    def model(batch):
        given.append(batch.copy())
        return np.full_like(batch, len(given) % 2)

    audio = np.arange(100.0)
    result = process_in_chunks(model, audio, chunk_size=40, normalize=False)
    begins = [batch[0, 0, 0] for batch in given]
    assert begins[1:4] == [0, 20, 40]
    assert abs(np.diff(result)).max() < 0.1  # though the function jumps from 0 to 1
    np.testing.assert_allclose([result.min(), result.max()], [0, 1], atol=0.01)


def test_the_default_hop_leaves_no_gap_beside_margins():
    audio = noise(70)
    for chunk_size, margin in ((40, 18), (3, 1), (1, 0)):
        back = process_in_chunks(same, audio, chunk_size=chunk_size, trim_margin=margin)
        np.testing.assert_allclose(back, audio, rtol=0, atol=1e-12)


def test_context_reaches_over_the_margins():
    def smoothed(batch):
        return (np.roll(batch, 1, -1) + batch + np.roll(batch, -1, -1)) / 3  # wrong at both ends

    audio = noise(200)
    whole = np.convolve(np.pad(audio, 1, mode="reflect"), np.ones(3) / 3, mode="valid")
    trim = {"chunk_size": 32, "normalize": False}
    found = process_in_chunks(smoothed, audio, **trim, trim_margin=1)
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-12)
    assert abs(process_in_chunks(smoothed, audio, **trim) - whole).max() > 1e-4


# Models


def test_a_model_of_fixed_shape_and_type():
    shapes = []

    def model(batch):
        assert isinstance(batch, np.ndarray)
        assert batch.dtype == np.float32
        assert batch.flags.c_contiguous
        shapes.append(batch.shape)
        return np.stack([batch, 0 * batch], axis=1)

    audio = noise(2, 500)
    stems = process_in_chunks(
        model, audio, chunk_size=64, batch_size=3, pad_batch=True, dtype="float32"
    )
    assert set(shapes) == {(3, 2, 64)}
    assert stems.dtype == np.float64
    np.testing.assert_allclose(stems[0] - stems[1], audio - audio.mean(), atol=1e-5)


def test_the_last_batch_has_fewer_chunks_or_silent_ones():
    for pad_batch in (False, True):
        given = []

        def model(batch, given=given):
            given.append(batch.copy())
            return batch if len(given) < 3 else batch + np.arange(len(batch))[:, None, None]

        result = process_in_chunks(
            model, np.ones(50), chunk_size=10, hop_size=10, batch_size=2, pad_batch=pad_batch,
            normalize=False,
        )  # fmt: skip
        assert [len(batch) for batch in given] == [2, 2, 2 if pad_batch else 1]
        np.testing.assert_array_equal(result, np.ones(50))
    assert not given[-1][1].any()


@pytest.mark.parametrize("kind", ["float16", "float32", np.float64, np.dtype(np.float32)])
def test_what_a_function_gets_is_of_the_type_asked_for(kind):
    def model(batch):
        assert batch.dtype == np.dtype(kind)
        return batch

    for own in (np.float32, np.float64):
        audio = noise(2, 100).astype(own)
        back = process_in_chunks(model, audio, chunk_size=16, dtype=kind)
        assert back.dtype == own
        np.testing.assert_allclose(back, audio, atol=4e-3)


def test_audio_keeps_its_type_and_its_samples():
    def model(batch):
        assert batch.dtype == np.float32
        batch *= 2
        return batch.astype(np.float64)

    audio = noise(2, 100).astype(np.float32)
    before = audio.copy()
    assert process_in_chunks(model, audio, chunk_size=16).dtype == np.float32
    np.testing.assert_array_equal(audio, before)


def test_integers_are_fractions_of_full_scale():
    audio = np.int16([100, -2000, 30, 7] * 20)
    np.testing.assert_allclose(process_in_chunks(same, audio, chunk_size=16), audio / 2**15)


def test_one_batch_is_held_at_a_time():
    results = []

    def model(batch):
        assert sum(result() is not None for result in results) <= 1
        stems = 2 * batch
        results.append(weakref.ref(stems))
        return stems

    process_in_chunks(model, noise(200), chunk_size=10, batch_size=4)
    assert len(results) > 5


def test_progress_counts_chunks():
    told = []
    process_in_chunks(
        same, noise(50), chunk_size=10, hop_size=10, batch_size=2,
        progress=lambda *step: told.append(step),
    )  # fmt: skip
    assert told == [("chunks", 2, 5), ("chunks", 4, 5), ("chunks", 5, 5)]


def test_exceptions_of_the_function_pass_through():
    class Broken(Exception):
        pass

    def model(batch):
        raise Broken("out of memory")

    with pytest.raises(Broken, match=r"^out of memory$"):
        process_in_chunks(model, noise(50), chunk_size=10)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda b: b[..., 1:], r"^what function returns of shape=\(3, 2, 15\) must be"),
        (lambda b: b[:1], r"of shape=\(1, 2, 16\) must be \[batch, channel, sample\]=\(3, 2, 16\)"),
        (lambda b: b.mean(axis=1), r"of shape=\(3, 16\) must be"),
        (lambda b: b[:, :1], r"of shape=\(3, 1, 16\) must be"),
        (lambda b: [b[:, None]], r"of shape=\(1, 3, 1, 2, 16\) must be"),
        (lambda b: b[:, None][:, :0], r"of shape=\(3, 0, 2, 16\) must be"),
        (lambda b: b[:, None, None], r"of shape=\(3, 1, 1, 2, 16\) must be"),
        (lambda b: None, r"^what function returns of dtype=object must hold real numbers"),
        (lambda b: 1j * b, r"^what function returns of dtype=complex128 must hold real numbers"),
        (lambda b: [b, b[0]], r"^what function returns must be an array of numbers"),
        (
            lambda b: np.stack([b] * (2 + (b[0, 0, 0] == 0)), axis=1),
            r"chunks of shape=\(3, 2, 2, 16\) must be of the same stems and channels as the first",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_a_line(model, message):
    with pytest.raises(ValueError, match=message) as error:
        process_in_chunks(
            model, noise(2, 100), chunk_size=16, batch_size=3, padding_mode="constant",
            normalize=False,
        )  # fmt: skip
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"function": 3}, r"^function=3 must be a function"),
        ({"chunk_size": 0}, r"^chunk_size=0 must be an integer of at least 1"),
        ({"hop_size": 0}, r"^hop_size=0 must be an integer of at least 1"),
        ({"hop_size": 17}, r"^hop_size=17 must be at most chunk_size=16"),
        ({"trim_margin": 8}, r"^trim_margin=8 must be less than half of chunk_size=16"),
        ({"batch_size": 0}, r"^batch_size=0 must be an integer of at least 1"),
        ({"pad_batch": 1}, r"^pad_batch=1 must be True or False"),
        ({"normalize": None}, r"^normalize=None must be True or False"),
        ({"dtype": "int16"}, r"^dtype='int16' must be one of \('float16', 'float32', 'float64'\)"),
        ({"dtype": "single precision"}, r"^dtype='single precision' must be one of"),
        ({"window": np.ones(3)}, r"^window of shape=\(3,\) must be of shape \(chunk_size=16,\)"),
        ({"padding_mode": "wrap"}, r"^padding_mode='wrap' must be one of"),
        ({"progress": 1}, r"^progress=1 must be a function"),
        ({"audio": np.zeros((2, 0))}, r"^audio of shape=\(2, 0\) must be"),
        ({"audio": [1.0, np.nan]}, r"^audio: sample 1 is nan"),
    ],
)
def test_impossible_parameters_are_refused(changed, message):
    arguments = {"function": same, "audio": noise(100), "chunk_size": 16}
    with pytest.raises(ValueError, match=message):
        process_in_chunks(**{**arguments, **changed})


def test_audio_that_a_type_cannot_hold_is_refused():
    with pytest.raises(ValueError, match=r"audio with a peak of 1e.05 is too loud for dtype="):
        process_in_chunks(
            lambda x: x, [1e5, 0.0, -1e5], chunk_size=2, dtype="float16", normalize=False
        )
    with pytest.raises(ValueError, match=r"dtype=.* must be one of"):
        process_in_chunks(lambda x: x, np.ones(9), chunk_size=2, dtype=[("a", "f4"), ("a", "f4")])


def test_chunks_have_a_longest_size():
    with pytest.raises(ValueError, match=r"chunk_size=.* must be at most"):
        process_in_chunks(lambda x: x, np.ones(9), chunk_size=2**62)
