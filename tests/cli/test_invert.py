"""What users of the command `musisep invert` rely on."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from duet import SAMPLE_RATE, duet

from musisep import Spectrogram
from musisep.__main__ import main
from musisep.io.files import write

QUICK = ["--iterations", "20", "--n-fft", "512", "--hop-length", "128"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a recording of two channels, the second of them silent."""
    monkeypatch.chdir(tmp_path)
    signal = duet()[:, :6000]
    signal[1] = 0
    write("song.wav", signal, SAMPLE_RATE)
    return tmp_path


def files_below(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def refused(capsys, arguments, match):
    with pytest.raises(SystemExit, match="2"):
        main(["invert", *arguments])
    _, message = capsys.readouterr().err.splitlines()
    assert re.search(match, message)


def test_a_recording_is_found_again_and_the_convergence_printed(folder, capsys):
    assert main(["invert", "song.wav", *QUICK]) == 0
    output = capsys.readouterr()
    path = re.escape(str(Path("inverted/song.wav")))
    match = re.fullmatch(
        rf"song.wav\n  {path}  spectral convergence (-\d+\.\d) dB, silent\n", output.out
    )
    assert float(match[1]) < -15
    assert output.err == ""
    audio, rate = sf.read("inverted/song.wav")
    assert rate == SAMPLE_RATE and audio.shape == (6000, 2)
    kept = Spectrogram.of(sf.read("song.wav")[0].T, SAMPLE_RATE, n_fft=512, hop_length=128)
    again = Spectrogram.of(audio.T, SAMPLE_RATE, n_fft=512, hop_length=128)
    error = np.linalg.norm(again.values - kept.values) / np.linalg.norm(kept.values)
    assert 20 * np.log10(error) == pytest.approx(float(match[1]), abs=0.1)
    np.testing.assert_array_equal(audio[:, 1], 0)


def test_stored_spectrograms_give_the_same_as_their_recording(folder, capsys):
    for kind in ("magnitude", "mel"):
        common = ["--seed", "3", "--jobs", "2", "--iterations", "5", "--overwrite"]
        arguments = ["--kind", kind, "--save-spectrogram", "kept.npz", "-o", "one", *common]
        assert main(["invert", "song.wav", *arguments, "--duration", "0.2"]) == 0
        assert main(["invert", "kept.npz", "-o", "two", *common]) == 0
        one, two = Path("one/song.wav").read_bytes(), Path("two/kept.wav").read_bytes()
        assert one == two
    assert sf.info("two/kept.wav").frames == round(0.2 * SAMPLE_RATE)
    assert Spectrogram.load("kept.npz").kind == "mel"


def test_the_seed_is_that_of_random_starts(folder, capsys):
    found = []
    for seed in ("1", "1", "2"):
        assert (
            main(["invert", "song.wav", *QUICK, "--init", "random", "--seed", seed, "--overwrite"])
            == 0
        )
        found.append(Path("inverted/song.wav").read_bytes())
    assert found[0] == found[1] != found[2]


def test_every_file_of_a_folder_is_done_though_one_fails(folder, capsys):
    Path("all").mkdir()
    Path("all/a.wav").write_bytes(Path("song.wav").read_bytes())
    Spectrogram.of(np.full(900, 0.5), 8000).save("all/b.npz")
    Path("all/c.npz").write_bytes(b"no archive")
    Path("all/notes.txt").write_text("none")
    assert main(["invert", "all", "missing.npz", "--iterations", "2", "--format", "flac"]) == 1
    output = capsys.readouterr()
    assert output.err.splitlines() == [
        f"musisep: {Path('all/c.npz')}: is not a spectrogram that musisep saved "
        "(File is not a zip file)",
        "musisep: missing.npz: No such file or directory",
    ]
    assert {name for name in files_below(folder) if "inverted" in name} == {
        str(Path("inverted") / name) for name in ("a.flac", "b.flac")
    }


def test_integers_do_not_clip(folder, capsys):
    loud = 2 * duet()[:1, :6000]
    Spectrogram.of(loud, SAMPLE_RATE).save("loud.npz")
    assert main(["invert", "loud.npz", "--iterations", "2", "--subtype", "PCM_16"]) == 0
    assert re.search("loud.npz: the audio was multiplied by 0", capsys.readouterr().err)
    assert 0.9 < np.abs(sf.read("inverted/loud.wav")[0]).max() <= 1


def test_methods_that_do_not_suit_a_file_fail_with_a_message(folder, capsys):
    assert main(["invert", "song.wav", "--kind", "mel", "--method", "admm"]) == 1
    message = "song.wav: --method admm is for magnitudes; --kind mel needs 'l-bfgs'"
    assert message in capsys.readouterr().err
    assert main(["invert", "song.wav", "--start", "9"]) == 1
    assert "song.wav: --start 9.0 must be below the length" in capsys.readouterr().err
    assert files_below(folder) == {"song.wav"}


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([], "the following arguments are required: FILE"),
        (["song.wav", "--iterations", "-1"], "is not a whole number of at least 0"),
        (["song.wav", "-o", "."], "would be overwritten"),
        (["song.wav", "other/song.wav"], "would be written twice"),
        (["song.wav", "-o", "song.wav"], "is a file; name a folder"),
        (["song.wav", "b.wav", "--save-spectrogram", "x.npz"], "suits one input, these are 2"),
        (["song.wav", "--method", "l-bfgs", "--init", "zero"], "--init zero is not for"),
        (["song.wav", "--kind", "log-frequency", "--n-fft", "8"], "--n-fft is not for --kind log"),
        (["song.wav", "--format", "flac", "--subtype", "FLOAT"], "has no --subtype FLOAT"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_done(folder, capsys, arguments, match):
    refused(capsys, arguments, match)
    assert files_below(folder) == {"song.wav"}


def test_help_loads_nothing_heavy():
    script = (
        "import sys\nfrom musisep.__main__ import main\n"
        "try: main(['invert', '--help'])\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "--save-spectrogram" in done.stdout
    assert not {"numpy", "scipy", "numba", "matplotlib"} & set(done.stderr.split())


@pytest.mark.parametrize(
    ("name", "advice"),
    [("song.wav", "use --start and --duration"), ("kept.npz", "use a shorter one")],
)
def test_too_little_memory_is_answered_with_options_that_there_are(
    folder, monkeypatch, capsys, name, advice
):
    def full(*_, **__):
        raise MemoryError

    arguments = ["song.wav", *QUICK, "--save-spectrogram", "kept.npz"]
    assert main(["invert", *arguments, "--overwrite", "--quiet"]) == 0
    monkeypatch.setattr(Spectrogram, "invert", full)
    assert main(["invert", name, "--overwrite"]) == 1
    expected = f"musisep: {name}: memory is too small for it; {advice}\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize("option", ["--start 1", "--duration 1", "--n-fft 512", "--hop-length 9",
                                    "--kind mel"])  # fmt: skip
def test_options_of_recordings_are_refused_for_archives(folder, capsys, option):
    with pytest.raises(SystemExit, match="2"):
        main(["invert", "kept.npz", *option.split()])
    expected = f"{option.split()[0]} is for recordings, not for stored spectrograms"
    assert expected in capsys.readouterr().err


def test_a_failed_inversion_keeps_no_spectrogram(folder):
    arguments = ["--kind", "mel", "--method", "griffin-lim", "--save-spectrogram", "kept.npz"]
    assert main(["invert", "song.wav", *arguments]) == 1
    assert not Path("kept.npz").exists()


def test_an_input_that_is_named_twice_is_inverted_once(folder, capsys):
    assert main(["invert", "song.wav", "./song.wav", *QUICK]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
