import numpy as np
import pytest

from musisep.audio.chunks import (
    aggregate_sequence_chunks,
    denormalize_audio,
    generate_chunks,
    normalize_audio,
    split_sequence,
    stitch_chunks,
)

RAGGED = [[1.0], [1.0, 2.0]]


@pytest.mark.parametrize("stats", [None, 3, (0.0, 1.0)])
def test_stats_are_those_of_a_normalization(stats):
    with pytest.raises(ValueError, match=r"^stats=.* must be a NormalizationStats"):
        denormalize_audio(np.ones(3), stats)


@pytest.mark.parametrize("audio", [RAGGED, [1, 2, 3], "text", None])
def test_audio_that_is_none_is_refused_by_name(audio):
    for call in (normalize_audio, lambda audio: generate_chunks(audio, 4, 2, 1)):
        with pytest.raises(ValueError, match=r"^audio "):
            call(audio)


def test_audio_whose_deviation_would_overflow_is_refused():
    with pytest.raises(ValueError, match=r"audio has a peak of 1e\+300"):
        normalize_audio([1e300, -1e300])


@pytest.mark.parametrize("chunks", [None, 3, [RAGGED], [["a"]]])
def test_processed_chunks_that_are_none_are_refused_by_name(chunks):
    with pytest.raises(ValueError, match=r"^processed_chunks"):
        stitch_chunks(chunks, 1, 4, 2, 4, window=np.ones(4))


@pytest.mark.parametrize("chunks", [None, 3, [RAGGED]])
def test_chunks_of_a_sequence_that_are_none_are_refused_by_name(chunks):
    with pytest.raises(ValueError, match=r"^processed_chunks"):
        aggregate_sequence_chunks(chunks, [0], 8, 8)


@pytest.mark.parametrize("starts", [None, "0", [0.5], [[0]], 2.5])
def test_starts_are_integers(starts):
    with pytest.raises(ValueError, match=r"^starts="):
        aggregate_sequence_chunks([np.ones(8)], starts, 8, 8)


def test_sequences_are_arrays():
    with pytest.raises(ValueError, match=r"^sequence must"):
        split_sequence(RAGGED, 4)
