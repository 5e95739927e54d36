"""What a user chooses of a model, in a TOML file; light enough to import for a help text."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from musisep._util import checks
from musisep._util.fields import check_fields
from musisep._util.messages import shown
from musisep.io.replacing import check_regular, problem, replacing
from musisep.names import canonical
from musisep.settings import Settings
from musisep.stages import PARTS

CONFIG = "config.toml"
"""Name of the file in the folder of a model."""
LIBRARY, NOTHING = "library", "nothing"
BASES = (LIBRARY, NOTHING)
SPLITS = ("train", "valid", "test")
"""Those of `musisep.datasets`, which takes time to import; a test compares."""
LONGEST_S = 3600.0
"""Of an excerpt."""
LARGEST = 2**20
"""Bytes of a file; more is none."""
SETTINGS = ("tones", "harmonics", "front_end", "restarts")
"""Fields that are those of `musisep.Settings`."""

COMMENTS = {
    "instruments": "names of those to learn; none: all that the data have",
    "base": "what is known before: the library that comes with musisep, or nothing",
    "train_split": "part of the data to learn from, if they have parts",
    "valid_split": "part to measure the model by; if it is missing, some of the other is kept",
    "validation": "share of the recordings, or stems, that is kept then; 0: the model is measured "
    "by nothing",
    "validation_s": "seconds of each of these that are separated",
    "most_recordings": "recordings to learn from; 0: all",
    "excerpt_s": "seconds that are heard at a time",
    "excerpts": "excerpts of a recording, spread over it",
    "mixtures": "mixtures to make of the stems, beside the recordings or, of single stems, instead",
    "audio_s": "seconds in the files below audio and images",
    "seed": "another number: other mixtures, other recordings that are kept",
    "tones": "tones that an instrument plays at a time",
    "harmonics": "harmonics of a tone",
    "front_end": "how the spectrogram is made: cqt, pursuit or mel",
    "restarts": "how often to guess who plays",
}
"""What each field means, on one line."""


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """How a model is learned, and the settings with which it separates.

    Parameters
    ----------
    instruments : sequence of str
        Names of the instruments to learn, of those that the data have; a name may stand for
        several, see `musisep.names`. Default: all.
    base : {"library", "nothing"}
        What is known of instruments before.
    train_split, valid_split : {"train", "valid", "test"}
        Parts of the data to learn from, and to measure the model by. If there is no `valid_split`,
        some of the other is kept.
    validation : float, 0 to 0.9
        Share of the recordings, or of the stems of each instrument, that is kept then.
    validation_s : float > 0
        Seconds of each of these that are separated.
    most_recordings : int
        How many recordings are learned from; 0: all.
    excerpt_s : float > 0
        Seconds that are heard at a time.
    excerpts : int > 0
        Excerpts of a recording at most.
    mixtures : int
        Mixtures that are made of the stems; instead of recordings if there are single stems only.
    audio_s : float > 0
        Length of what is kept to be looked at and listened to, in seconds.
    seed : int
        Another number gives other mixtures, and other recordings that are kept.
    tones, harmonics : int
        See `musisep.Settings`.
    front_end : {"cqt", "pursuit", "mel"}
        See `musisep.Settings`.
    restarts : int
        See `musisep.Settings`.

    Raises
    ------
    ValueError
        If a field is out of its range.

    Examples
    --------
    >>> from musisep.models import ModelConfig
    >>> config = ModelConfig(instruments=["Vn", "French Horn"], restarts=2)
    >>> config.instruments, config.base
    (('violin', 'horn'), 'library')
    >>> config.settings(["horn", "violin"]).restarts
    2
    """

    instruments: tuple[str, ...] = ()
    base: str = LIBRARY
    train_split: str = "train"
    valid_split: str = "valid"
    validation: float = 0.1
    validation_s: float = 60.0
    most_recordings: int = 0
    excerpt_s: float = 60.0
    excerpts: int = 4
    mixtures: int = 24
    audio_s: float = 10.0
    seed: int = Settings.seed
    tones: int = Settings.tones
    harmonics: int = Settings.harmonics
    front_end: str = Settings.front_end
    restarts: int = Settings.restarts

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        object.__setattr__(self, "instruments", _names(self.instruments))
        checks.one_of("base", self.base, BASES)
        for name in ("train_split", "valid_split"):
            checks.one_of(name, getattr(self, name), SPLITS)
        if self.train_split == self.valid_split:
            raise ValueError(f"valid_split={self.valid_split!r} must not be train_split")
        check_fields(self, excerpts=1)
        checks.within("validation", self.validation, 0, 0.9)
        for name in ("validation_s", "excerpt_s", "audio_s"):
            checks.above_zero(name, getattr(self, name), LONGEST_S)
        checks.one_of("front_end", self.front_end, PARTS["front_end"])
        self.settings()

    def settings(self, instruments: int | Sequence[str] = 2) -> Settings:
        """Return the settings with which instruments of some number or names are separated.

        Parameters
        ----------
        instruments : int or sequence of str
            Number or names of the instruments.

        Returns
        -------
        Settings
            Those of the model; all others are the defaults.
        """
        own = {name: getattr(self, name) for name in SETTINGS}
        given = instruments if isinstance(instruments, int) else tuple(instruments)
        return Settings(instruments=given, seed=self.seed, **own)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Return the configuration with some values; the others are the defaults.

        Parameters
        ----------
        values : mapping of str to object
            Values by the names of the fields.

        Returns
        -------
        ModelConfig
            The configuration.

        Raises
        ------
        ValueError
            If a key is unknown, which is named, or a value is out of its range.
        """
        for name in values:
            if name not in COMMENTS:
                raise ValueError(f"there is no {name!r}; there are {', '.join(COMMENTS)}")
        return cls(**values)


def read_config(path: str | os.PathLike[str]) -> ModelConfig:
    r"""Read the configuration of a model.

    Parameters
    ----------
    path : path
        The file, or the folder of the model.

    Returns
    -------
    ModelConfig
        What the file has, and the defaults for all else.

    Raises
    ------
    OSError
        If there is none, or it cannot be read.
    ValueError
        If it is no TOML, a key is unknown, or a value is out of its range.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.models import read_config
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "config.toml").write_text('instruments = ["oboe"]\nexcerpts = 2\n')
    ...     config = read_config(folder)
    >>> config.instruments, config.excerpts, config.excerpt_s
    (('oboe',), 2, 60.0)
    """
    path = _file(path)
    try:
        return ModelConfig.of(_parsed(_text(path)))
    except ValueError as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())}") from None


def edit_config(
    path: str | os.PathLike[str], values: Mapping[str, Any] | None = None
) -> ModelConfig:
    """Change values of a configuration, or make it with the defaults for all others.

    Comments, and all that is not changed, stay as they are.

    Parameters
    ----------
    path : path
        The file, or the folder of the model, which may be missing.
    values : mapping of str to object, optional
        By the names of the fields of `ModelConfig`.

    Returns
    -------
    ModelConfig
        What stands there then.

    Raises
    ------
    OSError
        If the file cannot be read or written.
    ValueError
        As for `read_config`; nothing is written then.

    Examples
    --------
    >>> import tempfile
    >>> from musisep.models import edit_config, read_config
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = edit_config(folder, {"instruments": ["oboe", "bassoon"]})
    ...     changed = edit_config(folder, {"excerpts": 2})
    ...     assert changed == read_config(folder)
    >>> changed.instruments, made.excerpts, changed.excerpts
    (('oboe', 'bassoon'), 4, 2)
    """
    import tomlkit

    values = values or {}
    path = _file(path)
    if not os.path.lexists(path):
        config = ModelConfig.of(values)
        with replacing(path) as temporary:
            temporary.write_text(template(config), encoding="utf-8")
        return config
    before = read_config(path)
    config = ModelConfig.of({**asdict(before), **values})
    if config != before:
        document = tomlkit.parse(_text(path))
        for name in values:
            document[name] = _plain(getattr(config, name))
        with replacing(path) as temporary:
            temporary.write_text(tomlkit.dumps(document), encoding="utf-8")
    return config


def template(config: ModelConfig) -> str:
    """Return the text of a file, with a comment on each key."""
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("What musisep train learns, and how musisep separate uses it."))
    for name, meaning in COMMENTS.items():
        document.add(tomlkit.nl())
        document.add(tomlkit.comment(meaning))
        document.add(name, tomlkit.item(_plain(getattr(config, name))))
    return tomlkit.dumps(document)


def lines(config: ModelConfig) -> list[str]:
    """Return the values, a line for each."""
    import tomlkit

    return [
        f"{field.name} = {tomlkit.item(_plain(getattr(config, field.name))).as_string()}"
        for field in fields(config)
    ]


def _file(path: str | os.PathLike[str]) -> Path:
    path = checks.path("path", path)
    return path if path.name == CONFIG else path / CONFIG


def _text(path: Path) -> str:
    check_regular(path, "read")
    with path.open("rb") as file:
        octets = file.read(LARGEST + 1)
    if len(octets) > LARGEST:
        raise problem(path, f"has more than {LARGEST} bytes, and is no configuration")
    return octets.decode("utf-8")


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"is no TOML: {error}; correct it, or make another") from None


def _names(given: object) -> tuple[str, ...]:
    names = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else (0,)
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"instruments={shown(given)} must be names, in a list")
    return tuple(dict.fromkeys(map(canonical, names)))


def _plain(value: object) -> Any:
    return list(value) if isinstance(value, tuple) else value
