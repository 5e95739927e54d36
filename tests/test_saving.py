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


@pytest.mark.parametrize(
    ("filename", "match"),
    [
        ("same.wav", "filename='same.wav' gives 'same.wav' to several stems; put {stem} in it"),
        ("{stem}-{name}.wav", "must be a template with {stem}, {ext} and {track} only"),
        ("{stem", "must be a template"),
        ("{}", "must be a template"),
        ("{stem.x}", "must be a template"),
        ("{stem}.txt", "suffix='.txt' must be one of"),
    ],
)
def test_names_that_would_lose_a_stem_are_refused(separation, tmp_path, filename, match):
    with pytest.raises(ValueError, match=match):
        separation.save(tmp_path, filename=filename)
    assert not list(tmp_path.iterdir())


def test_stems_can_be_written_to_files_of_any_name(separation, tmp_path):
    paths = [tmp_path / "low.wav", tmp_path / "high.flac", tmp_path / "rest.wav"]
    assert separation.write(paths, "PCM_16") == 1
    assert all(sf.info(path).subtype == "PCM_16" for path in paths)
    with pytest.raises(ValueError, match="1 paths for 2 stems"):
        separation.write(paths[:1], "PCM_16")
