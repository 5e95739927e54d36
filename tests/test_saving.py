import numpy as np
import pytest
import soundfile as sf
from duet import SAMPLE_RATE, duet

import musisep


@pytest.fixture(scope="module")
def stems():
    return duet()


@pytest.fixture(scope="module")
def separation(stems):
    return musisep.separate(stems.sum(axis=0), SAMPLE_RATE, restarts=1, steps=6, batch=40)


def test_saved_float_stems_add_up(stems, separation, tmp_path):
    paths, gain = separation.save(tmp_path, residual=True)
    assert [path.name for path in paths] == ["instrument1.wav", "instrument2.wav", "residual.wav"]
    assert gain == 1
    total = sum(sf.read(path)[0] for path in paths)
    mixture = stems.sum(axis=0)
    assert np.abs(total - mixture).max() < 1e-6 * np.abs(mixture).max()


def test_saved_integers_get_one_common_gain(stems, separation, tmp_path):
    result = musisep.separate(3 * stems.sum(axis=0), SAMPLE_RATE, dictionary=separation.dictionary)
    paths, gain = result.save(
        tmp_path, filename="{track}-{stem}.{ext}", track="duet", format="flac", subtype="PCM_16"
    )
    assert paths[0] == tmp_path / "duet-instrument1.flac"
    assert gain < 1
    for path, stem in zip(paths, result.stems, strict=True):
        np.testing.assert_allclose(sf.read(path)[0], gain * stem[0], atol=2**-15)


def test_an_unknown_format_is_refused(separation, tmp_path):
    with pytest.raises(ValueError, match="format='m4a' must be one of wav, flac"):
        separation.save(tmp_path, format="m4a")
    assert not list(tmp_path.iterdir())


def test_a_separation_tells_in_a_line_what_it_is(separation):
    assert repr(separation).startswith("<Separation: instruments=2, channels=1, 2.0 s, ")
    assert "\n" not in repr(separation)
