from dataclasses import fields

import pytest

from musisep.datasets.names import SPLITS
from musisep.models import ModelConfig, config, edit_config, read_config


def test_every_field_has_a_comment_and_splits_are_those_of_data_sets():
    assert list(config.COMMENTS) == [field.name for field in fields(ModelConfig)]
    assert config.SPLITS == SPLITS


def test_a_new_file_has_the_defaults_and_explains_them(tmp_path):
    assert edit_config(tmp_path / "new" / "model") == ModelConfig()
    assert read_config(tmp_path / "new" / "model") == ModelConfig()
    text = (tmp_path / "new" / "model" / "config.toml").read_text()
    assert all(f"# {comment}\n" in text for comment in config.COMMENTS.values())


def test_what_a_user_has_written_stays(tmp_path):
    edit_config(tmp_path)
    path = tmp_path / "config.toml"
    text = path.read_text().replace("excerpt_s = 60.0", "# mine\nexcerpt_s = 7.5  # so short")
    path.write_text(text)
    found = edit_config(tmp_path, {"seed": 5, "instruments": ["Alto Sax", "cl"]})
    assert (found.seed, found.excerpt_s) == (5, 7.5)
    assert found.instruments == ("alto-saxophone", "clarinet")
    changed = text.replace("seed = 0", "seed = 5")
    changed = changed.replace("instruments = []", 'instruments = ["alto-saxophone", "clarinet"]')
    assert path.read_text() == changed


def test_nothing_is_written_if_nothing_changes(tmp_path):
    edit_config(tmp_path)
    before = (tmp_path / "config.toml").stat().st_mtime_ns
    edit_config(tmp_path, {"seed": 0})
    assert (tmp_path / "config.toml").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("relu = 1", "config.toml: there is no 'relu'; there are instruments, base, .*restarts"),
        ("seed = -1", "config.toml: seed=-1 must be an integer"),
        ("seed = true", "seed=True must be"),
        ("seed = ", "config.toml: is no TOML: Invalid value.*; correct it"),
        ("\xff", "config.toml: .*utf-8"),
        ('instruments = "horn"', "instruments='horn' must be names, in a list"),
        ("instruments = [3]", "instruments=.3. must be names"),
        ('base = "other"', "base='other' must be one of"),
        ('train_split = "all"', "train_split='all' must be one of"),
        ('train_split = "valid"', "valid_split='valid' must not be train_split"),
        ("excerpts = 0", "excerpts=0 must be"),
        ("excerpt_s = nan", "excerpt_s=nan must be"),
        ("excerpt_s = 1e9", "excerpt_s=.* must be at most 3600"),
        ("validation = 1", "validation=1.0 must be from 0 to 0.9"),
        ("harmonics = 0", "harmonics=0 must be an integer from 1"),
        ("front_end = 3", "front_end=3 must be one of"),
        ('front_end = "cq"', "front_end='cq' must be one of"),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_stays(tmp_path, text, match):
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="latin-1")
    for attempt in (read_config, lambda path: edit_config(path, {"seed": 3})):
        with pytest.raises(ValueError, match=match) as error:
            attempt(tmp_path)
        assert "\n" not in str(error.value)
    assert path.read_text(encoding="latin-1") == text


def test_wrong_values_leave_no_file(tmp_path):
    with pytest.raises(ValueError, match="there is no 'dropout_p'"):
        edit_config(tmp_path / "model", {"dropout_p": 0.4})
    assert not (tmp_path / "model").exists()


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_config(tmp_path)
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(OSError, match="it is a folder"):
        edit_config(tmp_path)


def test_a_huge_file_is_refused(tmp_path):
    (tmp_path / "config.toml").write_text("#" * (config.LARGEST + 1))
    with pytest.raises(OSError, match="and is no configuration"):
        read_config(tmp_path)


def test_settings_are_those_of_a_separation():
    settings = ModelConfig(tones=2, harmonics=30, seed=4).settings(["cl", "horn"])
    assert (settings.tones, settings.harmonics, settings.seed) == (2, 30, 4)
    assert settings.names == ("clarinet", "horn")
