import pytest
from trainable import RATE, line
from trainable import song as make_song

from musisep.io.files import write
from musisep.models import ModelConfig
from musisep.models.plans import plan
from musisep.models.sources import Excerpt, Made


def refuse(name, error):
    raise AssertionError(f"{name}: {error}")


def planned(data, report=refuse, **values):
    return plan(data, ModelConfig(**values), report)


@pytest.fixture
def songs(tmp_path):
    for number in range(5):
        make_song(tmp_path / f"song{number}", number)
    return tmp_path


def names_of(sources):
    return [source.name for source in sources if isinstance(source, Excerpt)]


def test_some_recordings_are_kept_and_not_learned_from(songs):
    found = planned(songs, validation=0.4)
    assert found.instruments == ("cello", "clarinet")
    assert len(found.measured) == 2 and len(names_of(found.learned)) == 3
    everybody = names_of(found.learned) + names_of(found.measured)
    assert sorted(everybody) == [f"song{number}" for number in range(5)]
    kept = [stem.name for stem in found.learned[-1].mixtures.stems]
    assert not any(name.startswith(tuple(names_of(found.measured))) for name in kept)
    assert names_of(planned(songs, validation=0.4).measured) == names_of(found.measured)
    assert planned(songs, validation=0).measured == []


def test_new_recordings_leave_those_that_are_kept(songs):
    before = set(names_of(planned(songs, validation=0.2).measured))
    make_song(songs / "song0a", 9)
    after = set(names_of(planned(songs, validation=0.2).measured))
    assert len(before) == len(after) == 1 and (before == after or after == {"song0a"})


def test_parts_of_the_data(tmp_path):
    for split in ("train", "valid", "test"):
        make_song(tmp_path / split / "song", 0)
    found = planned(tmp_path)
    assert set(names_of(found.learned)) == {"train/song"}
    assert names_of(found.measured) == ["valid/song"]
    found = planned(tmp_path, train_split="test")
    assert set(names_of(found.learned)) == {"test/song"}
    (tmp_path / "train").rename(tmp_path / "other")
    with pytest.raises(OSError, match="has nothing to learn from, but in test, valid; change"):
        planned(tmp_path)


def test_long_recordings_are_heard_in_excerpts(songs):
    found = planned(songs, excerpt_s=0.5, excerpts=3, most_recordings=1, validation=0.0)
    starts = [source.start_s for source in found.learned if isinstance(source, Excerpt)]
    assert starts == [0, 0.5, 1.0]
    found = planned(songs, excerpt_s=0.5, excerpts=2, most_recordings=1, validation=0.0)
    starts = [source.start_s for source in found.learned if isinstance(source, Excerpt)]
    assert starts == [0, 1.0]


def test_single_stems_are_mixed(tmp_path):
    for name in ("clarinet", "cello"):
        for number in range(3):
            write(tmp_path / name / f"{number}.wav", line(number, name), RATE)
    found = planned(tmp_path, mixtures=4)
    assert len(found.learned) == 4 and all(isinstance(one, Made) for one in found.learned)
    learned = {stem.name for stem in found.learned[0].mixtures.stems}
    measured = {stem.name for stem in found.measured[0].mixtures.stems}
    assert len(learned) == 4 and len(measured) == 2 and not learned & measured
    assert {name.split("/")[0] for name in measured} == {"clarinet", "cello"}
    with pytest.raises(ValueError, match="mixtures=0 must be above 0"):
        planned(tmp_path, mixtures=0)


def test_a_single_instrument_is_heard_alone(tmp_path):
    write(tmp_path / "clarinet" / "scale.wav", line(0, "clarinet"), RATE)
    found = planned(tmp_path, mixtures=1)
    assert found.learned[0].load().instruments == ("clarinet",)
    assert found.measured == []


def test_instruments_are_chosen(songs):
    make_song(songs / "song5", 5)
    (songs / "song5" / "clarinet.wav").rename(songs / "song5" / "alto sax.wav")
    (songs / "song5" / "cello.wav").unlink()
    found = planned(songs, instruments=["saxophone"], validation=0.0)
    assert found.instruments == ("alto-saxophone",)
    assert names_of(found.learned) == ["song5"]
    with pytest.raises(ValueError, match=r"instruments: 'oboe' is not in .*; there are .*cello"):
        planned(songs, instruments=["oboe"])


def test_what_cannot_be_read_is_reported_and_left_out(songs):
    (songs / "song0" / "cello.wav").write_bytes(b"nothing")
    (songs / "song6").mkdir()
    (songs / "song6" / "mix.wav").write_bytes(b"")
    told = []
    found = planned(songs, lambda name, error: told.append(name), validation=0.0)
    assert "song0" in told and len(told) == 2
    assert names_of(found.learned) == ["song1", "song2", "song3", "song4"]


def test_without_a_data_set_there_is_nothing(tmp_path):
    with pytest.raises(OSError, match="missing"):
        planned(tmp_path / "missing")
