"""What users of data sets rely on; the samples of a file tell whose they are and where they lie."""

from itertools import islice

import numpy as np
import pytest

from musisep.datasets import Excerpts, Recording, find_recordings
from musisep.io import files
from musisep.io.files import AudioFileError, write

RATE = 8000
SECONDS = 4


def ramp(level, seconds=SECONDS, rate=RATE):
    """Samples that tell their place."""
    return level + np.arange(seconds * rate) / 2**18


@pytest.fixture
def folder(tmp_path):
    """Two recordings of mono files: one with a mixture that is not the sum of its references."""
    for name, names in {"b": ("bass", "drums", "vocals"), "a": ("bass", "vocals")}.items():
        (tmp_path / name).mkdir()
        for level, reference in enumerate(names, start=1):
            write(tmp_path / name / f"{reference}.wav", ramp(level / 8), RATE)
    write(tmp_path / "b" / "mixture.wav", ramp(-0.5), RATE)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "b" / "._vocals.wav").write_text("no audio")
    (tmp_path / "b" / "notes.txt").write_text("no audio")
    return tmp_path


@pytest.fixture
def reads(monkeypatch):
    """The numbers of samples that were read, by names of files."""
    made, read = [], files.read

    def noting(path, **excerpt):
        audio, rate = read(path, **excerpt)
        made.append((path.parent.name, path.stem, audio.shape[1]))
        return audio, rate

    monkeypatch.setattr(files, "read", noting)
    return made


def test_recordings_are_found_by_name(folder):
    first, second = find_recordings(folder)
    assert list(first.references) == ["bass", "vocals"]
    assert first.mixture is None
    assert list(second.references) == ["bass", "drums", "vocals"]
    assert second.mixture == folder / "b" / "mixture.wav"
    assert (second.info.samples, second.info.sample_rate) == (SECONDS * RATE, RATE)
    (only,) = find_recordings(folder, most=1)
    assert only.references == first.references


def test_an_excerpt_of_the_mixture_and_of_targets_in_their_order(folder):
    recording = find_recordings(folder)[1]
    excerpt = {"start_s": 1.5, "duration_s": 0.25}
    mixture, references = recording.read(["vocals", "bass"], **excerpt)
    part = slice(round(1.5 * RATE), round(1.75 * RATE))
    np.testing.assert_allclose(mixture, ramp(-0.5)[None, part], rtol=0, atol=1e-7)
    expected = np.stack([ramp(3 / 8), ramp(1 / 8)])[:, None, part]
    np.testing.assert_allclose(references, expected, rtol=0, atol=1e-7)


def test_without_a_file_the_mixture_is_the_sum_of_all_references(folder):
    mixture, references = find_recordings(folder)[0].read(["vocals"])
    np.testing.assert_allclose(mixture[0], ramp(1 / 8) + ramp(2 / 8), rtol=0, atol=1e-6)
    np.testing.assert_allclose(references[0, 0], ramp(2 / 8), rtol=0, atol=1e-7)


def test_only_the_excerpt_is_read(folder, reads):
    excerpts = Excerpts(find_recordings(folder), ["vocals"], length_s=0.5, sample_rate=RATE)
    assert reads == []
    excerpts[0]
    (name,) = {recording for recording, _, _ in reads}
    wanted = {"a": ["vocals", "bass"], "b": ["vocals", "mixture"]}[name]
    assert reads == [(name, stem, RATE // 2) for stem in wanted]


def test_excerpts_depend_on_seed_and_number_only(folder):
    recordings = find_recordings(folder)
    options = {"length_s": 0.5, "sample_rate": RATE}
    endless = Excerpts(recordings, ["vocals"], seed=3, **options)
    counted = Excerpts(recordings, ["vocals"], seed=3, count=6, **options)
    assert len(counted) == len(list(counted)) == 6
    for number, (mixture, references) in enumerate(islice(endless, 6)):
        for same in (counted[number], counted[number - 6]):
            np.testing.assert_array_equal(same[0], mixture)
            np.testing.assert_array_equal(same[1], references)
    other = next(iter(Excerpts(recordings, ["vocals"], seed=4, **options)))
    assert not np.array_equal(other[1], counted[0][1])


def test_excerpts_come_from_everywhere(folder):
    excerpts = Excerpts(find_recordings(folder), ["vocals"], length_s=1, sample_rate=RATE)
    starts = {2: [], 3: []}
    for _, references in islice(excerpts, 200):
        assert references.shape == (1, 1, RATE)
        level = 3 if references[0, 0, 0] > 0.36 else 2
        starts[level].append((references[0, 0, 0] - level / 8) * 2**18 / RATE)
    for found in starts.values():
        assert len(found) > 70
        np.testing.assert_allclose((min(found), max(found)), (0, SECONDS - 1), rtol=0, atol=0.2)


def test_an_excerpt_as_long_as_the_recording_is_all_of_it(folder):
    recordings = find_recordings(folder, most=1)
    mixture, _ = Excerpts(recordings, ["bass"], length_s=SECONDS, sample_rate=None)[7]
    np.testing.assert_allclose(mixture[0], ramp(1 / 8) + ramp(2 / 8), rtol=0, atol=1e-6)


def test_an_excerpt_may_end_with_the_last_sample(folder):
    recordings = find_recordings(folder, most=1)
    shorter = Excerpts(recordings, ["bass"], length_s=SECONDS - 1 / RATE, sample_rate=RATE)
    starts = {round((bass[0, 0, 0] - 1 / 8) * 2**18) for _, bass in islice(shorter, 20)}
    assert starts == {0, 1}


def test_silence_follows_a_recording_that_is_too_short(folder):
    recordings = find_recordings(folder, most=1)
    _, references = Excerpts(recordings, ["bass"], length_s=SECONDS + 1, sample_rate=RATE)[0]
    np.testing.assert_allclose(references[0, 0, : SECONDS * RATE], ramp(1 / 8), rtol=0, atol=1e-7)
    assert references.shape == (1, 1, (SECONDS + 1) * RATE)
    assert not references[..., SECONDS * RATE :].any()


@pytest.mark.parametrize("rate", [11025, 44100, 44100.0])
@pytest.mark.parametrize("length_s", [0.31256, 0.312563])  # rounded down and up in the file
def test_excerpts_are_resampled(folder, rate, length_s):
    excerpts = Excerpts(find_recordings(folder), ["vocals"], length_s, sample_rate=rate)
    for mixture, references in islice(excerpts, 5):
        assert mixture.shape == (1, round(length_s * rate))
        assert references.shape == (1, 1, round(length_s * rate))
        slope = np.median(np.diff(references[0, 0]))
        assert slope == pytest.approx(RATE / rate / 2**18, rel=1e-2)


def test_channels_are_averaged_or_repeated(tmp_path):
    stereo = np.stack([ramp(0.25), ramp(0.5)])
    (tmp_path / "song").mkdir()
    write(tmp_path / "song" / "vocals.wav", stereo, RATE)
    write(tmp_path / "song" / "bass.wav", ramp(0.1), RATE)
    (recording,) = find_recordings(tmp_path)
    for channels in (None, 2):
        mixture, references = recording.read(["vocals", "bass"], channels=channels)
        expected = np.stack([stereo, np.stack([ramp(0.1)] * 2)])
        np.testing.assert_allclose(references, expected, rtol=0, atol=1e-7)
        np.testing.assert_allclose(mixture, expected.sum(axis=0), rtol=0, atol=1e-6)
    mixture, references = recording.read(["vocals"], channels=1)
    np.testing.assert_allclose(references, stereo.mean(axis=0)[None, None], rtol=0, atol=1e-6)
    np.testing.assert_allclose(mixture, references[0] + ramp(0.1), rtol=0, atol=1e-6)
    with pytest.raises(
        ValueError, match=r"vocals.wav' has 2 channels, and must have channels=3 or"
    ):
        recording.read(["vocals"], channels=3)


def test_other_formats(tmp_path):
    (tmp_path / "song").mkdir()
    write(tmp_path / "song" / "vocals.flac", ramp(0.25), RATE, subtype="PCM_24")
    (recording,) = find_recordings(tmp_path, audio_format="flac")
    mixture, _ = recording.read(["vocals"], start_s=1, duration_s=1)
    np.testing.assert_allclose(mixture[0], ramp(0.25)[RATE : 2 * RATE], rtol=0, atol=2**-22)


def refused(match, function, *args, error=ValueError, **options):
    with pytest.raises(error, match=match) as caught:
        function(*args, **options)
    assert len(str(caught.value).splitlines()) == 1


def test_bad_folders_are_refused(folder, tmp_path):
    bad = {"error": AudioFileError}
    refused(
        r"no' is no folder that can be read: No such file", find_recordings, tmp_path / "no", **bad
    )
    refused(r"a' holds no folders of .wav; a data set", find_recordings, tmp_path / "a", **bad)
    refused(
        r"holds no folders of .flac; a data", find_recordings, folder, audio_format="flac", **bad
    )
    refused(r"audio_format='m4a' must be one of", find_recordings, folder, audio_format="m4a")
    refused(r"most=0 must be an integer", find_recordings, folder, most=0)


def test_missing_targets_are_refused_before_anything_is_read(folder, reads):
    recordings = find_recordings(folder)
    refused(
        r"targets: there is no 'drums', but only '.*a.bass.wav', '.*a.vocals.wav'$",
        Excerpts, recordings, ["drums"],
    )  # fmt: skip
    assert reads == []
    for targets in ("vocals", [], [1], None):
        refused(r"^targets=.* must be", Excerpts, recordings, targets)
        refused(r"^targets=.* must be", recordings[0].read, targets)


def test_lengths_and_rates_must_agree(folder):
    recordings = find_recordings(folder)
    write(folder / "a" / "bass.wav", ramp(0.1, seconds=2), RATE)
    refused(
        r"must have the same samples .* not '.*bass.wav' 16000 at 8000 Hz, '.*' 32000 at 8000 Hz$",
        recordings[0].read, ["vocals"],
    )  # fmt: skip
    write(folder / "b" / "bass.wav", ramp(0.1), 2 * RATE)
    refused(r"bass.wav' 32000 at 16000 Hz", recordings[1].read, ["vocals"])


def test_damaged_files_are_named(folder):
    (folder / "a" / "bass.wav").write_text("no audio")
    excerpts = Excerpts(find_recordings(folder, most=1), ["vocals"])
    refused(r"bass.wav' is damaged", excerpts.__getitem__, 0, error=AudioFileError)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"length_s": 0}, "length_s=0 must be finite and above 0"),
        ({"sample_rate": 7}, "sample_rate=7 must be a whole number from 8000"),
        ({"channels": 0}, "channels=0 must be an integer of at least 1"),
        ({"count": 0}, "count=0 must be an integer of at least 1"),
        ({"seed": -1}, "seed=-1 must be an integer of at least 0"),
        ({"recordings": []}, r"recordings=\[\] must have at least one"),
        ({"recordings": ["a"]}, r"recordings\[0\]='a' must be a Recording"),
    ],
)
def test_bad_parameters_are_refused(folder, options, match):
    given = {"recordings": find_recordings(folder), "targets": ["bass"], **options}
    refused(match, Excerpts, **given)


def test_the_ends_of_excerpts(folder):
    recordings = find_recordings(folder)
    counted = Excerpts(recordings, ["vocals"], count=3)
    with pytest.raises(IndexError):
        counted[3]
    endless = Excerpts(recordings, ["vocals"])
    with pytest.raises(TypeError, match="have no length"):
        len(endless)
    refused("index=-1 must be an integer of at least 0", endless.__getitem__, -1)


def test_a_recording_needs_references():
    refused(r"references=\{\} must name at least one", Recording, {})


@pytest.mark.parametrize("index", [slice(2), "a", 1.0, None])
def test_an_index_is_an_integer(folder, index):
    for count in (None, 3):
        excerpts = Excerpts(find_recordings(folder), ["bass"], length_s=0.1, count=count)
        with pytest.raises(TypeError, match=r"index=.* must be an integer"):
            excerpts[index]


def test_folders_without_audio_are_left_out_and_the_mixture_may_have_capitals(folder):
    (folder / "__pycache__").mkdir()
    (folder / "a" / "sub.wav").mkdir()
    (folder / "b" / "mixture.wav").rename(folder / "b" / "Mixture.WAV")
    first, second = find_recordings(folder, most=2)
    assert list(first.references) == ["bass", "vocals"]
    assert list(second.references) == ["bass", "drums", "vocals"]
    assert second.mixture == folder / "b" / "Mixture.WAV"


def test_two_files_of_one_name_are_refused(folder):
    (folder / "a" / "vocals.wav").rename(folder / "a" / "vocals.WAV")
    write(folder / "a" / "vocals.wav", ramp(0.1), RATE)
    with pytest.raises(AudioFileError, match=r"vocals\.wav' is called as 'vocals\.WAV'"):
        find_recordings(folder)


def test_a_mixture_alone_is_no_recording(folder):
    for name in ("bass", "drums", "vocals"):
        (folder / "b" / f"{name}.wav").unlink()
    with pytest.raises(AudioFileError, match="holds a mixture only"):
        find_recordings(folder)


def test_names_and_lengths_that_cannot_be(folder):
    with pytest.raises(AudioFileError, match="is no name of a folder"):
        find_recordings("a\0b")
    with pytest.raises(ValueError, match=r"length_s=1e\+300 must be at most 86400"):
        Excerpts(find_recordings(folder), ["bass"], length_s=1e300)
