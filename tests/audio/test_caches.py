"""What is kept, and how it is forgotten."""

import numpy as np

from musisep.audio import (
    MelSpectrogramTransform,
    cache_clear,
    cache_info,
    chroma_stft,
    dct_matrix,
    melscale_fbanks,
    mfcc,
)

USED = ("transforms", "mel filters", "chroma filters", "cosines")


def use_all():
    signal = np.ones(4096)
    MelSpectrogramTransform()
    melscale_fbanks(5, 0.0, 50.0, 2, 100)
    mfcc(signal, lifter=3)
    chroma_stft(signal)
    return dct_matrix(3, 5)


def test_all_caches_count_and_can_be_emptied():
    first = use_all()
    counts = cache_info()
    assert use_all() is first
    for name in USED:
        count = cache_info()[name]
        assert count.currsize > 0, name
        assert count.misses == counts[name].misses, name
    assert cache_info()["cosines"].hits > counts["cosines"].hits
    cache_clear()
    assert {(*tuple(count)[:2], count.currsize) for count in cache_info().values()} == {(0, 0, 0)}
    assert use_all() is not first
