"""Reading audio files that were damaged in every way that comes to mind.

    python experiments/robustness/files.py [--seed 0] [--number 6000] [--jobs 2] [--keep FOLDER]

Makes small recordings of every format that libsndfile writes, changes each by cuts, flipped bits,
blocks that are lost, doubled or foreign, numbers in headers that lie, tags, other files behind
them, and wrong suffixes, and reads it in a process of its own with `musisep.io.files.read`. Rules:

* The outcome is an array, or `AudioFileError` or ValueError of one line that names the file. No
  process dies, takes more than 20 s, or grows by more than 500 MB. C libraries print nothing.
* What is read without a warning is what libsndfile reads of the whole file in one call. MPEG
  audio has as many samples as its frames, counted by a second program, without what the encoder
  put around them, and equals what libsndfile, or ffmpeg, decodes where both have samples.
* A whole file of which only the end was cut off is not read without a warning, unless it has all
  samples. (An MP3 without a header, cut between two frames, is a whole file.)
* An excerpt of 0.1 s equals that part of the whole.

Prints each broken rule and a table: for each kind of damage how many files were read, read with a
warning, and refused. The exit status is 1 if a rule is broken; --keep saves those files.
"""

import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path

import numpy as np
from mp3frames import frame_places, info_place
from mutations import mutated
from peers import Audio, differs
from recordings import Recording, recordings
from workers import Outcome, Table, Watch, arguments, keep, run

from musisep.io.files import AudioFileError, read

LIMIT_S, LIMIT_MB = 20.0, 500.0
WRONG_SUFFIX = 0.06
"""Share of files with the suffix of another format."""
EXCERPT_S = 0.1
FAMILIES = {
    ".mp3": 4.0, ".wav": 2.0, ".aiff": 2.0, ".caf": 1.5, ".ogg": 1.5, ".flac": 1.5, ".au": 1.0,
    ".w64": 1.0, ".rf64": 1.0,
}  # fmt: skip
"""How often files with a suffix are taken; others less."""


class Campaign:
    """The damaged files, by their numbers."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.folder = seed, folder
        self.recordings = recordings(np.random.default_rng(seed))
        families: dict[str, list[Recording]] = {}
        for recording in self.recordings:
            families.setdefault(recording.name.split("-")[0], []).append(recording)
        self.families = list(families.values())

    def case(self, number: int) -> tuple[Recording, str, str, bytes]:
        """Return a recording, what is done to it, the name of the file, and what is in it."""
        rng = np.random.default_rng((self.seed, number))
        one, two = (self._one(rng) for _ in range(2))
        if number < len(self.recordings):
            one, damage, content = self.recordings[number], "whole", self.recordings[number].content
        else:
            damage, content = mutated(rng, one.content, two.content)
        suffix = two.suffix if rng.random() < WRONG_SUFFIX else one.suffix
        return one, damage, f"{number}-{one.name}-{damage.replace(' ', '_')}{suffix}", content

    def _one(self, rng: np.random.Generator) -> Recording:
        """Return a recording: MP3 often, formats that are only refused seldom."""
        weights = np.array([FAMILIES.get(family[0].suffix, 0.3) for family in self.families])
        family = self.families[rng.choice(len(weights), p=weights / weights.sum())]
        return family[rng.integers(len(family))]

    def work(self, number: int, watch: Watch) -> Outcome:
        """Read a damaged file; tell which rules that broke."""
        recording, damage, name, content = self.case(number)
        path = self.folder / (name.replace("-", "\n", 1) if number % 50 == 49 else name)
        path.write_bytes(content)
        try:
            column, broken = _judged(path, recording, damage, watch, number)
        finally:
            path.unlink()
        return Outcome(damage.split("+")[0] if "+" not in damage else "two", column, tuple(broken))


def _judged(
    path: Path, recording: Recording, damage: str, watch: Watch, number: int
) -> tuple[str, list[str]]:
    """Return what reading gave, and what is wrong with it."""
    broken: list[str] = []
    watch.stage("reading")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            audio, rate = read(path)
        except Exception as error:
            broken += _wrong_error(path, error)
            audio = None
        broken += _leaks(watch)
    notes = [str(warning.message) for warning in caught]
    broken += [f"warning {note!r}" for note in notes if "\n" in note or _name(path) not in note]
    if audio is None:
        return "refused", broken
    broken += _wrong_excerpt(path, audio, rate, watch, number)
    if notes:
        return "warned", broken
    broken += _lost(path, audio, recording if damage == "truncated" else None)
    watch.stage("peer")
    broken += differs(path, audio)
    return "read", broken


def _name(path: Path) -> str:
    """Return the part of a name that any message must have: what follows a line break."""
    return path.name.split("\n")[-1]


def _wrong_error(path: Path, error: Exception) -> list[str]:
    text = str(error)
    if not isinstance(error, AudioFileError) and type(error) is not ValueError:
        return [f"raises {type(error).__name__}: {text}"]
    if "\n" in text or _name(path) not in text:
        return [f"message {text!r}"]
    return []


def _leaks(watch: Watch) -> list[str]:
    """Tell about memory and messages."""
    broken = []
    if watch.growth_mb() > LIMIT_MB:
        broken.append(f"grew by {watch.growth_mb():.0f} MB")
    if text := watch.stderr():
        broken.append(f"stderr: {text!r}")
    return broken


def _wrong_excerpt(path: Path, audio: Audio, rate: int, watch: Watch, number: int) -> list[str]:
    """Compare a random excerpt with the whole."""
    start = int(np.random.default_rng(number).integers(audio.shape[1]))
    watch.stage("reading an excerpt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            part, _ = read(path, start_s=start / rate, duration_s=EXCERPT_S)
        except Exception as error:
            return [f"excerpt from sample {start}: {type(error).__name__}: {error}"]
    wanted = audio[:, start : start + round(EXCERPT_S * rate)]
    broken = _leaks(watch)
    if part.shape != wanted.shape:
        broken.append(f"excerpt from sample {start}: shape {part.shape}, not {wanted.shape}")
    elif not np.array_equal(part, wanted):
        worst = np.abs(part - wanted).max()
        broken.append(f"excerpt from sample {start} differs by {worst:.1e}")
    return broken


def _lost(path: Path, audio: Audio, recording: Recording | None) -> list[str]:
    """Tell what a file that was cut off, and read without a warning, lacks."""
    if recording is None:
        return []
    before = _whole(recording)
    if before is None or np.array_equal(audio, before):
        return []
    data = path.read_bytes()
    places = frame_places(data) if recording.suffix == ".mp3" else []
    if places and info_place(data, places[0]) is None:
        last = recording.content[len(data) : len(data) + 2]
        if last[:1] == b"\xff" and frame_places(recording.content)[-1] >= len(data):
            return []
    return [f"silent loss: {before.shape} became {audio.shape}"]


@cache
def _whole(recording: Recording) -> Audio | None:
    """Return the samples of a recording before it was damaged; None if it is refused then."""
    with tempfile.NamedTemporaryFile(suffix=recording.suffix) as file:
        Path(file.name).write_bytes(recording.content)
        try:
            return read(file.name)[0]
        except AudioFileError:
            return None


def main() -> int:
    """Print the table; return the exit status."""
    args = arguments(__doc__, 6000, 60).parse_args()
    table = Table()
    with tempfile.TemporaryDirectory() as name:
        campaign = Campaign(args.seed, Path(name))
        print(f"{len(campaign.recordings)} recordings of {len(campaign.families)} formats")
        for number, outcome in run(campaign.work, range(args.number), args.jobs, LIMIT_S):
            _, _, name, content = campaign.case(number) if outcome.broken else (0, 0, "", b"")
            table.add(number, outcome, name)
            if outcome.broken:
                keep(args.keep, name, content, *outcome.broken)
    return table.finish()


if __name__ == "__main__":
    sys.exit(main())
