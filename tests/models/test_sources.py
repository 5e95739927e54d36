import numpy as np
import pytest
from lessons_of import lesson_of
from trainable import RATE, data_set, line, song

from musisep._util.constants import NONE
from musisep.datasets import Mixtures, Recording, open_dataset, open_stems
from musisep.io.files import write
from musisep.models import ModelConfig
from musisep.models.sources import REST, Excerpt, Made, digest_once, hear, lesson_key, only

CONFIG = ModelConfig(restarts=1)


@pytest.fixture
def recording(tmp_path):
    song(tmp_path, 0)
    write(tmp_path / "mix.wav", line(0, "clarinet") + line(0, "cello") + line(7, "cello"), RATE)
    stems = {name: tmp_path / f"{name}.wav" for name in ("cello", "clarinet")}
    return Recording(stems, tmp_path / "mix.wav", "train/song")


def test_a_mixture_of_more_than_its_references_has_a_rest(recording):
    known = Excerpt(recording, 0.25, 1.0).load()
    assert known.instruments == ("cello", "clarinet", REST)
    assert known.players[:2] == ("train/song/cello", "train/song/clarinet")
    assert known.mixture.shape == (1, RATE) and known.references.shape == (3, 1, RATE)
    np.testing.assert_allclose(known.references.sum(axis=0), known.mixture, atol=1e-12)


def test_notes_of_the_rest_are_nobodys(recording):
    lesson = hear(Excerpt(recording, 0.0, 2.0), CONFIG)
    assert lesson.instruments == ("cello", "clarinet")
    assert {0, 1, NONE} == set(lesson.owners)
    assert not lesson.harmonics[lesson.owners == NONE].any()


def test_a_sum_of_its_references_has_no_rest(tmp_path):
    song(tmp_path, 0)
    recording = Recording({"clarinet": tmp_path / "clarinet.wav", "sax2": tmp_path / "cello.wav"})
    assert Excerpt(recording, 0.0, 1.0).load().instruments == ("clarinet", "saxophone")


def test_a_lesson_on_some_instruments():
    lesson = lesson_of()[0]
    (kept,) = {lesson.instruments[1]}
    found = only(lesson, [kept])
    assert found.instruments == (kept,) and found.players == (lesson.players[1],)
    np.testing.assert_array_equal(found.owners == 0, lesson.owners == 1)
    np.testing.assert_array_equal(found.owners == NONE, lesson.owners != 1)
    assert only(lesson, lesson.instruments) is lesson


def test_keys_tell_apart_whatever_is_heard_otherwise(tmp_path):
    data_set(tmp_path, 2)
    recording, other = open_dataset(tmp_path)
    stems = open_stems(tmp_path)
    made = {"sample_rate": RATE, "length_s": 1.0, "count": 2}
    sources = [
        Excerpt(recording, 0.0, 1.0), Excerpt(other, 0.0, 1.0), Excerpt(recording, 0.1, 1.0),
        Excerpt(recording, 0.0, 1.1), *(Made(Mixtures(stems, **made), number) for number in (0, 1)),
        Made(Mixtures(stems, seed=1, **made), 0), Made(Mixtures(stems[1:], **made), 0),
    ]  # fmt: skip
    keys = [lesson_key(source, CONFIG) for source in sources]
    keys += [lesson_key(sources[0], ModelConfig(restarts=2))]
    assert len(set(keys)) == len(keys)
    assert lesson_key(sources[0], ModelConfig(restarts=1, instruments=["cello"])) == keys[0]
    song(tmp_path / "train" / "song0", 5)
    assert lesson_key(sources[0], CONFIG) == keys[0]  # in one run, files do not change
    digest_once.cache_clear()
    assert lesson_key(sources[0], CONFIG) != keys[0]
    with pytest.raises(OSError, match="No such file"):
        (tmp_path / "train" / "song1" / "cello.wav").unlink()
        digest_once.cache_clear()
        lesson_key(sources[1], CONFIG)


def test_made_mixtures_know_who_plays(tmp_path):
    stems = open_stems(data_set(tmp_path, 2))
    known = Made(Mixtures(stems, sample_rate=RATE, length_s=1.0, count=1), 0).load()
    assert sorted(known.instruments) == ["cello", "clarinet"]
    assert set(known.players) <= {stem.name for stem in stems}


@pytest.mark.parametrize("sound", [np.zeros(RATE), np.zeros(1), np.ones(100)])
def test_what_has_no_notes_teaches_nothing_and_does_no_harm(tmp_path, sound):
    for name in ("horn", "oboe"):
        write(tmp_path / f"{name}.wav", sound, RATE)
    recording = Recording({name: tmp_path / f"{name}.wav" for name in ("horn", "oboe")})
    lesson = hear(Excerpt(recording, 0.0, 1.0), CONFIG)
    assert lesson.instruments == ("horn", "oboe") and not (lesson.owners != NONE).any()
