import numba
import numpy as np

from musisep._util import compiled


def test_kernels_work_without_a_place_for_the_cache(monkeypatch):
    njit, tried = numba.njit, []

    def no_locator(function, *, cache=False, **options):
        tried.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(function, **options)

    monkeypatch.setattr(compiled.numba, "njit", no_locator)
    total = compiled.sum_kernel(lambda values: values.sum())
    assert total(np.arange(4.0)) == 6
    assert tried[:2] == [True, False]  # numba itself compiles more
