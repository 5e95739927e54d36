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


def test_saved_lossy_stems_get_a_common_gain_and_the_quality(stems, separation, tmp_path):
    result = musisep.separate(3 * stems.sum(axis=0), SAMPLE_RATE, dictionary=separation.dictionary)
    paths, gain = result.save(tmp_path, format="ogg", quality=0.9)
    assert gain < 1
    for path, stem in zip(paths, result.stems, strict=True):
        back = sf.read(path)[0]
        assert np.sum((back - gain * stem[0]) ** 2) < 0.02 * np.sum((gain * stem[0]) ** 2)
    before = paths[0].stat().st_size
    result.save(tmp_path, format="ogg", quality=0)
    assert paths[0].stat().st_size < before
    with pytest.raises(ValueError, match=r"quality=0.9 is for ogg, opus, mp3 only"):
        result.save(tmp_path, quality=0.9)


def test_stems_are_saved_under_names(separation, tmp_path):
    paths, _ = separation.save(tmp_path, names=["horn", "flute"], residual=True)
    assert [path.name for path in paths] == ["horn.wav", "flute.wav", "residual.wav"]
    np.testing.assert_allclose(sf.read(paths[1])[0], separation.stems[1, 0], atol=1e-6)
    with pytest.raises(ValueError, match="names=horn must be 2 different names"):
        separation.save(tmp_path, names=["horn"])


def test_sums_are_saved_beside_stems(stems, separation, tmp_path):
    derive = {"karaoke": "mix - horn", "dry": "0.5*flute - residual"}
    paths, _ = separation.save(tmp_path, names=["horn", "flute"], derive=derive)
    assert [path.name for path in paths] == ["horn.wav", "flute.wav", "karaoke.wav", "dry.wav"]
    _, flute, karaoke, dry = (sf.read(path)[0] for path in paths)
    np.testing.assert_allclose(karaoke, flute + separation.residual[0], atol=1e-6)
    np.testing.assert_allclose(dry, 0.5 * flute - separation.residual[0], atol=1e-6)


def test_sums_share_the_common_gain(separation, tmp_path):
    derive = {"loud": "500*mix"}
    paths, gain = separation.save(tmp_path, derive=derive, subtype="PCM_16")
    assert gain < 0.1
    np.testing.assert_allclose(sf.read(paths[0])[0], gain * separation.stems[0, 0], atol=2**-15)
    np.testing.assert_allclose(
        sf.read(paths[2])[0], 500 * gain * separation.mixture[0], atol=2**-14
    )


def test_only_what_is_wanted_is_saved(separation, tmp_path):
    derive = {"rest": "mix-instrument1"}
    paths, _ = separation.save(tmp_path, derive=derive, only=["rest", "instrument2"])
    assert [path.name for path in paths] == ["instrument2.wav", "rest.wav"]
    assert len(list(tmp_path.iterdir())) == 2
    tracks = separation.tracks(derive=derive, only=["residual"])
    assert list(tracks) == ["residual"]
    np.testing.assert_array_equal(tracks["residual"], separation.residual)


def test_stems_are_saved_with_tags(separation, tmp_path):
    paths, _ = separation.save(tmp_path, format="flac", tags={"artist": "A & B"})
    assert [sf.SoundFile(path).artist for path in paths] == 2 * ["A & B"]


def test_an_unknown_format_is_refused(separation, tmp_path):
    with pytest.raises(ValueError, match="format='m4a' must be one of wav, flac, ogg, opus, mp3"):
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
    seen = {}
    separation.write(paths, "PCM_16", lambda path, content: seen.update({path: content}))
    assert list(seen) == paths
    assert not any(content.exists() or content in paths for content in seen.values())
    with pytest.raises(ValueError, match="1 paths for 2 stems"):
        separation.write(paths[:1], "PCM_16")
