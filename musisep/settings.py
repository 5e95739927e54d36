"""What a user can choose, and the defaults; light enough to import for a help text."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any

from musisep._util.fields import make_floats
from musisep._util.limits import AUTO, MOST_COUNTED, PEXP_MAX, QEXP_MAX, QEXP_MIN
from musisep._util.messages import shown
from musisep.names import canonical

PHASES = ("mixture", "misi")
LIMITS = {
    "instruments": (1, 16), "tones": (1, 16), "harmonics": (1, 1000), "restarts": (1, 1000),
    "steps": (1, 10**6), "batch": (1, 10**6), "runs": (1, 10**9), "lifetime": (0, 10**9),
    "dictionaries": (1, 1000), "seed": (0, 2**63 - 1),
}  # fmt: skip
"""Lower and upper limits of the integers."""
METHOD_FIELDS = {
    "notes": {"restarts", "steps", "batch", "counting", "assignment"},
    "adam": {"runs", "lifetime", "dictionaries"},
}
"""Fields that only one method makes use of."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that determines a separation, beside the mixture and a given dictionary.

    Names choose parts from `musisep.stages.PARTS`, which refuses what it lacks.

    Parameters
    ----------
    instruments : int, "auto" or sequence of str, optional
        Number of instruments; of "notes" only, "auto": it is found, from 1 to 4, or the names of
        the instruments, see `musisep.instruments`, which are kept as these are called there.
    tones : int, optional
        Number of tones that one instrument plays at a time.
    harmonics : int, optional
        Harmonics of a tone.
    method : {"notes", "adam"}, optional
        How the dictionary is learned: from notes (`musisep.learning.from_notes`), or by sparse
        pursuit and bounded Adam, the documented method (`musisep.learning.adam`).
    front_end : {"cqt", "pursuit", "mel"}, optional
        How the log-frequency spectrogram is made, see `musisep.audio.logfreq`.
    finder : {"viterbi", "joint", "greedy"}, optional
        How tones are found: "viterbi" in all frames together, "joint" frame by frame, "greedy"
        by sparse pursuit. Default: "viterbi", for "adam" "greedy".
    voicing : {"pitch", "instrument"}, optional
        Whether tones of one pitch have a column of their own for the masks. Default: "pitch",
        for "adam" "instrument".
    mask : {"ratio", "synthesis"}, optional
        Whether stems are shares of the mixture, or synthesised from the tones with its phase.
    phase : {"mixture", "misi"}, optional
        Whose phases the stems have: those of the mixture, or their own, retrieved so that the
        stems add up to the mixture and nothing is left (`musisep.audio.inversion.misi`).
    seed : int, optional
        Seed of the randomness.
    restarts : int, optional
        Of "notes": how often notes are assigned to instruments; the answers agree on who plays.
    steps, batch : int, optional
        Of "notes": steps of the learning of common columns, and frames of the recording from
        which they are learned.
    counting : {"texture"}, optional
        Of "notes": how the number of instruments is found, if it is "auto".
    assignment : {"annealing"}, optional
        Of "notes": how notes are assigned to instruments.
    runs : int, optional
        Of "adam": steps, of one drawn frame each.
    lifetime : int, optional
        Of "adam": steps after which half of the columns is renewed; 0: never. At most `runs`.
    dictionaries : int, optional
        Of "adam": how many dictionaries are learned; the one that leaves least unexplained is
        used.
    hop_s : float, optional
        Seconds between frames.
    window_s : float, optional
        Length of the Gaussian window of the linear-frequency spectrogram, in seconds.
    window_sigmas : float, optional
        Standard deviations after which that window is cut.
    fmin_hz, fmax_hz : float, optional
        Range of the log-frequency axis; it ends below the Nyquist frequency in any case.
    bins_per_octave : float, optional
        Its resolution.
    sigma_bins : float, optional
        Width (standard deviation) of a steady sinusoid on it, in bins.
    pexp : float, optional
        Exponent for the addition of sinusoids.
    qexp : float, optional
        Exponent that is applied to spectra before they are compared.
    whole_s : float, optional
        Recordings up to so many seconds are separated as a whole. Longer ones are learned from
        stretches of so many seconds together, and separated in pieces. It is less for more samples
        than four minutes of stereo at 48 kHz have, so that memory is bounded.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> from musisep import Settings
    >>> settings = Settings(instruments=["clarinet", "french horn"], fmin_hz=55)
    >>> settings.instruments  # as the library calls them
    ('clarinet', 'horn')
    >>> settings.changed({"restarts": 1}).restarts
    1
    >>> Settings(instruments=17)
    Traceback (most recent call last):
        ...
    ValueError: instruments=17 must be an integer from 1 to 16, or names in a list
    """

    instruments: int | str | tuple[str, ...] = 2
    tones: int = 1
    harmonics: int = 25
    method: str = "notes"
    front_end: str = "cqt"
    finder: str | None = None
    voicing: str | None = None
    mask: str = "ratio"
    phase: str = "mixture"
    seed: int = 0
    restarts: int = 6
    steps: int = 10
    batch: int = 400
    counting: str = "texture"
    assignment: str = "annealing"
    runs: int = 10_000
    lifetime: int = 500
    dictionaries: int = 1
    hop_s: float = 0.0116
    window_s: float = 0.186
    window_sigmas: float = 4.0
    fmin_hz: float = 27.5
    fmax_hz: float = 20480.0
    bins_per_octave: float = 102.4
    sigma_bins: float = 6 / math.pi
    pexp: float = 1.0
    qexp: float = 0.5
    whole_s: float = 240.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        if isinstance(self.instruments, list | tuple):
            object.__setattr__(self, "instruments", _names(self.instruments))
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if name == "instruments" and (self.counted or self.names):
                continue
            if not _whole(value) or not low <= value <= high:
                names = ", or names in a list" if name == "instruments" else ""
                wanted = f"an integer from {low} to {high}{names}"
                raise ValueError(f"{name}={shown(value)} must be {wanted}")
            object.__setattr__(self, name, int(value))
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is float and not _positive(value):
                raise ValueError(f"{field.name}={shown(value)} must be a number above 0")
        make_floats(self)
        if not 1 <= self.pexp <= PEXP_MAX:
            raise ValueError(f"pexp={self.pexp!r} must be from 1 to {PEXP_MAX}")
        if not QEXP_MIN <= self.qexp <= QEXP_MAX:
            raise ValueError(f"qexp={self.qexp!r} must be from {QEXP_MIN} to {QEXP_MAX}")
        if not isinstance(self.phase, str) or self.phase not in PHASES:
            raise ValueError(f"phase={shown(self.phase)} must be one of {', '.join(PHASES)}")
        if self.fmin_hz >= self.fmax_hz:
            raise ValueError(f"fmin_hz={self.fmin_hz} must be below fmax_hz={self.fmax_hz}")
        if 2 * self.hop_s > self.window_s:
            raise ValueError(f"hop_s={self.hop_s} must be at most half of window_s={self.window_s}")
        if isinstance(self.method, str) and self.method == "adam":
            if self.lifetime > self.runs:
                raise ValueError(f"lifetime={self.lifetime} must be at most runs={self.runs}")
            if self.counted or self.names:
                given = "names" if self.names else "instruments='auto'"
                raise ValueError(f"{given} must be a number with method='adam'")

    @property
    def counted(self) -> bool:
        """Whether the number of instruments is to be found."""
        return isinstance(self.instruments, str) and self.instruments == AUTO

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the instruments; none if only their number is known, or nothing."""
        return self.instruments if isinstance(self.instruments, tuple) else ()

    @property
    def most_instruments(self) -> int:
        """Number of instruments; the largest that may be found, if it is to be."""
        if isinstance(self.instruments, tuple):
            return len(self.instruments)
        return MOST_COUNTED if self.counted else int(self.instruments)

    def changed(
        self, options: Mapping[str, Any], *, dictionary: tuple[int, ...] | None = None
    ) -> "Settings":
        """Return settings with other fields, refused if these would have no effect.

        Parameters
        ----------
        options : mapping of str to object
            Fields and their values.
        dictionary : tuple of int, optional
            Number of harmonics and of instruments of a dictionary that is given.

        Returns
        -------
        Settings
            With the options; all other fields stay.

        Raises
        ------
        ValueError
            If a field is out of its range, or of another method, or of the learning although a
            dictionary is given, or not what this dictionary has.
        TypeError
            If there is no such field.
        """
        settings = replace(self, **options)
        for method, names in METHOD_FIELDS.items():
            for name in sorted(options.keys() & (names | {"method"} if dictionary else names)):
                refused = f"{name}={options[name]!r}"
                if dictionary:
                    raise ValueError(f"{refused} is of no use: a given dictionary is not learned")
                other = isinstance(settings.method, str) and settings.method in METHOD_FIELDS
                if other and settings.method != method:
                    raise ValueError(f"{refused} is for method={method!r}, not {settings.method!r}")
        if dictionary is None:
            return settings
        harmonics, instruments = dictionary
        for name, value in (("harmonics", harmonics), ("instruments", instruments)):
            if options.get(name, value) != value:
                raise ValueError(
                    f"{name}={options[name]} must be {value}, as the dictionary has it"
                )
        return replace(settings, harmonics=harmonics, instruments=instruments)


def _names(given: Sequence[Any]) -> tuple[str, ...]:
    low, high = LIMITS["instruments"]
    if not low <= len(given) <= high or not all(isinstance(name, str) and name for name in given):
        raise ValueError(f"instruments={shown(given)} must be {low} to {high} names, or a number")
    return tuple(map(canonical, given))


def _whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _positive(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and 0 < float(value) < math.inf
