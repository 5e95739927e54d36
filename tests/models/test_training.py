import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from trainable import RATE, data_set, line, model, song

import musisep
from musisep._util.cluster import Cluster
from musisep.instruments import Profiles
from musisep.io.files import read, write
from musisep.models import Model, edit_config, train
from musisep.tones.dictionary import Dictionary

RESULTS = ("dictionary.npz", "evaluation.csv")


def results(folder):
    """What a model consists of, as bytes."""
    return {name: (folder / name).read_bytes() for name in RESULTS}


def lessons(folder):
    return sorted((folder / "checkpoint").glob("*.npz"))


def test_a_model_has_what_the_page_says(once):
    folder = once / "model"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    (track,) = (path.name for path in (folder / "audio").iterdir())
    shown = {f"audio/{track}/{name}.wav" for name in ("cello", "clarinet", "mixture", "residual")}
    shown |= {f"images/{track}/{name}.png" for name in ("spectrograms", "waveforms")}
    kept = {name for name in found if name.startswith("checkpoint/")}
    assert found - kept == {"config.toml", *RESULTS, *shown}
    audio, rate = read(folder / "audio" / track / "cello.wav")
    assert (rate, audio.shape) == (RATE, (1, RATE // 2))
    assert len(lessons(folder)) == 3


def test_what_is_learned_are_the_instruments(once):
    found = Model.load(once / "model")
    assert found.learned.names == ("cello", "clarinet")
    assert (found.learned.amounts > 5).all()
    assert found.profiles.names[:2] == found.learned.names and "tuba" in found.profiles.names
    columns = Dictionary.load(once / "model" / "dictionary.npz").amplitudes
    clarinet = columns[:, 1] / columns[0, 1]
    np.testing.assert_allclose(clarinet[[1, 2]], [0, 1 / 3], atol=0.08)


def test_the_table_has_the_model_and_the_blind_beside_it(once):
    header, *rows = (once / "model" / "evaluation.csv").read_text().splitlines()
    assert header.split(",")[:3] == ["track", "stem", "sdr_db"]
    assert len(header.split(",")) == 12
    cells = [row.split(",") for row in rows]
    assert [row[1] for row in cells] == ["cello", "clarinet"]
    assert all(float(row[2]) > 15 for row in cells)


def test_a_finished_model_is_left_as_it_is(place):
    folder = place / "model"
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    trained = train(folder, place / "data")
    assert not trained.changed and (trained.lessons, trained.heard, trained.measured) == (3, 0, 1)
    assert times == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_new_recordings_are_heard_in_addition(place):
    edit_config(place / "model", {"mixtures": 0})
    assert train(place / "model", place / "data").heard == 0
    song(place / "data" / "train" / "song4", 4)
    trained = train(place / "model", place / "data")
    assert trained.changed and (trained.lessons, trained.heard) == (3, 1)


def test_recordings_that_changed_are_heard_anew_and_what_is_of_no_use_is_removed(place):
    folder = place / "model"
    assert not train(folder, place / "data").changed
    before, kept = results(folder), set(lessons(folder))
    for name in ("song0", "song1", "song2"):
        song(place / "data" / "train" / name, int(name[-1]) + 50)
    trained = train(folder, place / "data")
    assert trained.heard == 3
    assert not kept & set(lessons(folder)) and len(lessons(folder)) == 3
    assert results(folder) != before


def test_pictures_of_recordings_that_are_gone_are_removed(place):
    folder = place / "model"
    (track,) = (folder / "audio").iterdir()
    (folder / "audio" / "mine.wav").touch()
    name = track.name.removeprefix("train - ")
    shutil.rmtree(place / "data" / "train" / name)
    train(folder, place / "data")
    assert not track.exists() and not (folder / "images" / track.name).exists()
    assert (folder / "audio" / "mine.wav").exists()


@pytest.mark.parametrize("name", ["dictionary.npz", "evaluation.csv", "audio", "checkpoint"])
def test_what_is_damaged_is_made_again(place, name):
    folder = place / "model"
    before = results(folder)
    for path in [folder / name] if (folder / name).is_file() else sorted(folder.glob(f"{name}/*")):
        shutil.rmtree(path) if path.is_dir() else path.write_bytes(b"damaged")
    assert train(folder, place / "data").changed
    assert results(folder) == before
    assert not train(folder, place / "data").changed


def test_processes_learn_the_same(place):
    data, folder = place / "data", model(place / "other")
    assert train(folder, data, jobs=2).heard == 3
    assert results(folder) == results(place / "model")


def test_a_cluster_learns_the_same(place, cluster):
    folder = model(place / "other")
    with Cluster(cluster) as pool:
        assert train(folder, place / "data", pool=pool).heard == 3
    assert results(folder) == results(place / "model")


KILLING = """
import os, signal, sys
from musisep.models import train
number, replace = int(sys.argv[3]), os.replace
left = [number]
def killing(*names):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*names)
os.replace = killing
train(*sys.argv[1:3])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="signals are the system's")
def test_a_training_that_is_killed_goes_on_with_the_same_result(place):
    folder = model(place / "killed")
    environment = {**os.environ, "PYTHONPATH": str(Path(musisep.__file__).parents[1])}
    # A lesson, then one more and the dictionary, then its state and snippets.
    for number, there in ((1, set()), (3, {"dictionary.npz"}), (4, {"dictionary.npz"})):
        command = [sys.executable, "-c", KILLING, folder, place / "data", str(number)]
        run = subprocess.run(command, env=environment, timeout=300)
        assert run.returncode == -signal.SIGKILL
        assert {name for name in RESULTS if (folder / name).exists()} == there
    assert train(folder, place / "data").changed
    assert results(folder) == results(place / "model")
    assert not [path for path in folder.rglob("*") if ".part" in path.name]


def test_failing_recordings_are_reported_and_the_rest_is_learned(tmp_path):
    data = data_set(tmp_path / "data", 3)
    cello = data / "train" / "song1" / "cello.wav"
    whole = cello.read_bytes()
    write(cello, np.zeros(RATE), RATE)
    told = []
    folder = model(tmp_path / "model", validation=0.0, mixtures=0)
    trained = train(folder, data, report=lambda name, error: told.append((name, str(error))))
    assert [name for name, _ in told] == ["train/song1"] and "must have the same" in told[0][1]
    assert (trained.lessons, trained.measured) == (2, 0)
    assert np.isnan(trained.sdr_db) and not (folder / "evaluation.csv").exists()
    with pytest.raises(ValueError, match="must have the same samples"):
        train(folder, data)
    cello.write_bytes(whole)
    assert train(folder, data).heard == 1


def test_a_recording_that_fails_while_it_is_heard_is_reported(tmp_path, monkeypatch):
    data, told = data_set(tmp_path / "data", 2), []

    def fail(source, config, hear=musisep.models.training.hear):
        if source.name == "train/song0":
            raise MemoryError
        return hear(source, config)

    monkeypatch.setattr("musisep.models.training.hear", fail)
    folder = model(tmp_path / "model", validation=0.0, mixtures=0)
    trained = train(folder, data, report=lambda name, error: told.append(name))
    assert told == ["train/song0"] and trained.lessons == 1


def test_silence_teaches_nothing(tmp_path):
    for name in ("horn", "oboe"):
        write(tmp_path / "data" / "song" / f"{name}.wav", np.zeros(RATE), RATE)
    with pytest.raises(ValueError, match="no note of the lessons is clearly one"):
        train(model(tmp_path / "model", mixtures=0), tmp_path / "data")
    assert not (tmp_path / "model" / "dictionary.npz").exists()


def test_an_instrument_that_is_silent_is_told(tmp_path):
    folder = tmp_path / "data" / "song"
    song(folder, 0)
    write(folder / "oboe.wav", 0 * read(folder / "cello.wav")[0], RATE)
    trained = train(model(tmp_path / "model", mixtures=0), tmp_path / "data")
    assert trained.unlearned == ("oboe",)


def test_recordings_with_unknown_instruments_are_not_measured(tmp_path):
    data = data_set(tmp_path / "data", 2)
    song(data / "valid" / "other", 5)
    (data / "valid" / "other" / "cello.wav").rename(data / "valid" / "other" / "rubab.wav")
    trained = train(model(tmp_path / "model", mixtures=0), data)
    assert trained.unmeasured == ("valid/other",) and trained.measured == 0


def test_some_instruments_only(tmp_path):
    data = data_set(tmp_path / "data", 2)
    folder = model(tmp_path / "model", mixtures=0, instruments=["cello"], base="nothing")
    assert train(folder, data).instruments == ("cello",)
    found = Model.load(folder)
    assert found.profiles.names == ("cello",) and isinstance(found.learned, Profiles)


def test_what_cannot_be_written_is_told_before_anything_is_heard(tmp_path, monkeypatch):
    folder, data = model(tmp_path / "model"), data_set(tmp_path / "data", 2)
    (folder / "checkpoint").write_text("")
    monkeypatch.setattr("musisep.models.training.hear", None)
    with pytest.raises(OSError, match=r"'.*checkpoint' cannot be written: .*; choose another"):
        train(folder, data)


def test_no_model_and_a_model_that_was_not_trained(tmp_path):
    with pytest.raises(OSError, match="is no model"):
        train(tmp_path, tmp_path)
    with pytest.raises(OSError, match="is no model"):
        Model.load(tmp_path)
    with pytest.raises(OSError, match="was not trained yet; use musisep train"):
        Model.load(model(tmp_path / "model"))


@pytest.mark.parametrize("damage", [b"", b"damaged"])
def test_a_damaged_dictionary_is_refused(place, damage):
    (place / "model" / "dictionary.npz").write_bytes(damage)
    with pytest.raises(ValueError, match=r"dictionary.npz: is not a model of instruments"):
        Model.load(place / "model")


def test_a_dictionary_of_another_kind_is_refused(place):
    folder = place / "model"
    found = Profiles.load(folder / "dictionary.npz")
    Profiles(found.names, found.means[:, :3], np.eye(3), 1.0, found.amounts, found.columns).save(
        folder / "dictionary.npz"
    )
    with pytest.raises(ValueError, match="others have a covariance of the shape"):
        Model.load(folder)


def test_a_model_separates(once):
    found = Model.load(once / "model")
    audio = sum(read(once / "data" / "train" / "song0" / f"{name}.wav")[0]
                for name in ("cello", "clarinet"))  # fmt: skip
    separation = musisep.separate(
        audio, RATE, profiles=found.profiles, settings=found.config.settings(found.learned.names)
    )
    assert separation.names == ["cello", "clarinet"]
    for name, stem in zip(separation.names, separation.stems, strict=True):
        true = read(once / "data" / "train" / "song0" / f"{name}.wav")[0]
        assert np.sum((stem - true) ** 2) < 0.05 * np.sum(true**2)


def test_an_instrument_that_no_mixture_has_is_told(tmp_path):
    for number, name in enumerate(("clarinet", "cello", "horn")):
        stem = line(number, "cello" if name == "cello" else "clarinet")
        write(tmp_path / "data" / name / "a.wav", stem, RATE)
    trained = train(model(tmp_path / "model", validation=0.0), tmp_path / "data")
    assert len(trained.instruments) == 2
    assert {*trained.instruments, *trained.unlearned} == {"clarinet", "cello", "horn"}
