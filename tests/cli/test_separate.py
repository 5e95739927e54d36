"""What users of the commands rely on; most tests put something quick in the place of the model."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from duet import SAMPLE_RATE

import musisep
import musisep.separation
from musisep.__main__ import main
from musisep.cli.base import INTERRUPTED
from musisep.io.files import read, tags, write
from musisep.result import Separation
from musisep.settings import Settings
from musisep.tones.dictionary import Dictionary

REPOSITORY = Path(musisep.__file__).parents[1]


def run(*arguments, **environment):
    """Run `python -m musisep` in another process."""
    return subprocess.run(
        [sys.executable, "-m", "musisep", *arguments], capture_output=True, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment}, timeout=300,
    )  # fmt: skip


def test_stems_are_written_and_told_about(folder, calls, stems, capsys, written):
    assert main(["separate", "mix.wav"]) == 0
    names = ("instrument1.wav", "instrument2.wav", "separation.json")
    assert written() == {f"separated/mix/{name}" for name in names}
    audio, rate = sf.read("separated/mix/instrument1.wav")
    assert rate == SAMPLE_RATE
    np.testing.assert_array_equal(audio, (0.9 * stems[1]).astype(np.float32))
    level = 10 * np.log10(np.mean((0.9 * stems[1]) ** 2))
    path = Path("separated/mix/instrument1.wav")
    output = capsys.readouterr()
    assert output.out.splitlines()[:2] == ["mix.wav", f"  {path}   {level:.1f} dB  220 to 247 Hz"]
    assert (
        output.out.splitlines()[-1]
        == "  the model leaves 25.0% of the recording unexplained (best of 2 answers)"
    )
    assert output.err == ""


def test_options_reach_the_separation(folder, calls, dictionary):
    options = "-n 3 --tones 2 --front-end pursuit --restarts 4 --seed 7 --jobs 3 --quiet"
    excerpt = "--start 0.5 --duration 0.25"
    dictionary.save("duet.npz")
    assert main(["separate", "mix.wav", *options.split(), *excerpt.split()]) == 0
    assert main(["separate", "mix.wav", "--dictionary", "duet.npz", "--overwrite"]) == 0
    assert calls[0].pop("mixture").shape == (1, SAMPLE_RATE // 4)
    assert calls[0].pop("scratch").is_dir()
    settings = Settings(instruments=3, tones=2, front_end="pursuit", restarts=4, seed=7)
    told = {name: value for name, value in calls[0].items() if value is not None}
    assert told == {"jobs": 3, "settings": settings, "align_score": True}
    np.testing.assert_array_equal(calls[1]["dictionary"].amplitudes, dictionary.amplitudes)
    assert calls[1]["jobs"] >= 1
    assert calls[1]["settings"] == Settings(harmonics=12)


def test_what_is_written_can_be_chosen(folder, calls, written, dictionary, stems):
    options = ["--out", "there", "--filename", "{track}-{stem}.{ext}", "--format", "flac"]
    kept = ["--residual", "--save-dictionary", "new/duet.npz", "--subtype", "PCM_16"]
    assert main(["separate", "mix.wav", *options, *kept]) == 0
    names = {f"there/mix-{stem}.flac" for stem in ("instrument1", "instrument2", "residual")}
    assert written() == names | {"new/duet.npz", "there/mix-separation.json"}
    assert sf.info("there/mix-residual.flac").subtype == "PCM_16"
    residual = 0.1 * stems.sum(axis=0)  # of the oracle
    np.testing.assert_allclose(sf.read("there/mix-residual.flac")[0], residual, atol=2**-15)
    loaded = Dictionary.load("new/duet.npz")
    np.testing.assert_array_equal(loaded.amplitudes, dictionary.amplitudes)


def test_the_gain_of_integers_that_would_clip_is_said(folder, calls, monkeypatch, capsys):
    monkeypatch.setattr("musisep.io.files.headroom_gain", lambda *_: 0.5)
    assert main(["separate", "mix.wav", "--subtype", "PCM_16"]) == 0
    assert re.fullmatch("musisep: mix.wav: .* 0.500, .* clip\n", capsys.readouterr().err)


@pytest.mark.parametrize("form", ["ogg", "mp3"])
def test_lossy_tracks_are_as_long_and_as_loud(folder, calls, form, stems):
    sizes = []
    for quality in ([], ["--quality", "0.1"]):
        assert main(["separate", "mix.wav", "--format", form, *quality, "--overwrite"]) == 0
        audio, rate = read(f"separated/mix/instrument1.{form}")
        expected = 0.9 * stems[1]
        assert (rate, audio.shape) == (SAMPLE_RATE, (1, len(expected)))
        assert abs(np.vdot(audio[0], expected) / np.vdot(expected, expected) - 1) < 0.05
        sizes.append(os.path.getsize(f"separated/mix/instrument1.{form}"))
    assert sizes[1] < sizes[0]


def test_a_rate_that_the_format_lacks_is_noticed_before_separating(folder, calls, written, failed):
    write("odd.wav", np.zeros(9000), 44_100)
    rates = "8000, 12000, 16000, 24000, and 48000"
    failed(["odd.wav", "--format", "opus"], f"odd.wav: .*=44100: .*{rates}; choose another .*")
    assert not calls
    assert written() == {"odd.wav"}


def test_stems_are_called_by_their_names(folder, calls, capsys, written):
    references = ["--references", "reed.wav", "string.wav"]
    assert main(["separate", "mix.wav", "--stem-names", "fiddle, oboe", *references]) == 0
    names = ("fiddle.wav", "oboe.wav", "separation.json")
    assert written() == {f"separated/mix/{name}" for name in names}
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[0] == str(Path("separated/mix/fiddle.wav"))
    assert [line.split()[-1] for line in lines[-3:-1]] == ["oboe", "fiddle"]
    assert main(["separate", "mix.wav", "--stem-names", "fiddle,oboe", "--skip-existing"]) == 0
    assert len(calls) == 1


def test_sums_are_written_beside_stems(folder, calls, written, capsys, stems):
    options = ["--derive", "karaoke = mix - instrument1", "--derive", "half=0.5*karaoke"]
    assert main(["separate", "mix.wav", *options]) == 0
    names = ("instrument1.wav", "instrument2.wav", "karaoke.wav", "half.wav", "separation.json")
    assert written() == {f"separated/mix/{name}" for name in names}
    karaoke = stems.sum(axis=0) - 0.9 * stems[1]
    np.testing.assert_allclose(sf.read("separated/mix/karaoke.wav")[0], karaoke, atol=1e-6)
    np.testing.assert_allclose(sf.read("separated/mix/half.wav")[0], karaoke / 2, atol=1e-6)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[3:5]] == [f"separated/mix/{n}" for n in names[2:4]]
    assert lines[3].split()[2:] == ["dB"]
    made = json.loads(Path("separated/mix/separation.json").read_text())["made"]
    assert made["derive"] == ["karaoke=mix - instrument1", "half=0.5*karaoke"]
    assert main(["separate", "mix.wav", *options, "--skip-existing"]) == 0
    assert len(calls) == 1


def test_rules_come_from_a_file(folder, calls, written, stems):
    Path("rules.json").write_text('{"rest": "mix-horn", "quiet": "0.1*rest"}')
    options = ["--derive", "rules.json", "--stem-names", "horn,flute", "--only", "rest, horn"]
    assert main(["separate", "mix.wav", *options]) == 0
    tracks = {f"separated/mix/{name}" for name in ("horn.wav", "rest.wav", "separation.json")}
    assert written() == {"rules.json"} | tracks
    rest = stems.sum(axis=0) - 0.9 * stems[1]
    np.testing.assert_allclose(sf.read("separated/mix/rest.wav")[0], rest, atol=1e-6)
    assert main(["separate", "mix.wav", *options, "--skip-existing"]) == 0
    assert len(calls) == 1
    for wrong in ("[]", "{}", '{"a": 1}', "3", "null", "[" * 100_000):
        Path("rules.json").write_text(wrong)
        with pytest.raises(SystemExit, match="2"):
            main(["separate", "mix.wav", *options])


def test_only_of_what_is_found(folder, calls, written):
    options = ["-n", "auto", "--derive", "rest=mix-instrument1", "--only", "rest,instrument1"]
    assert main(["separate", "mix.wav", *options, "--save-dictionary", "d.npz"]) == 0
    tracks = {f"separated/mix/{n}" for n in ("instrument1.wav", "rest.wav", "separation.json")}
    assert written() == {"d.npz"} | tracks


@pytest.mark.parametrize("form", ["wav", "flac", "ogg", "mp3"])
def test_tags_are_copied(folder, calls, stems, form):
    told = {"title": "Sonata", "artist": "Zoë", "album": "A", "date": "1999", "tracknumber": "2"}
    write("tagged.wav", stems.sum(axis=0), SAMPLE_RATE, tags=told)
    assert main(["separate", "tagged.wav", "--format", form, "--derive", "all=mix"]) == 0
    for name in ("instrument1", "instrument2", "all"):
        assert tags(f"separated/tagged/{name}.{form}") == told


def test_references_are_measured_in_their_order(folder, calls, capsys):
    assert main(["separate", "mix.wav", "--references", "reed.wav", "string.wav"]) == 0
    head, reed, string, mean = capsys.readouterr().out.splitlines()[-4:]
    assert head.split() == ["SDR", "SIR", "SAR", "(dB)"]
    assert (reed.split()[0], reed.split()[-1]) == ("reed", "instrument2")
    assert (string.split()[0], string.split()[-1]) == ("string", "instrument1")
    assert len(mean.split()) == 4
    assert len({line.find(word) for line, word in ((reed, "inst"), (string, "inst"))}) == 1


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_line(folder, calls, capsys):
    write("silence.wav", np.zeros(len(sf.read("reed.wav")[0])), SAMPLE_RATE)
    assert main(["separate", "mix.wav", "--references", "reed.wav", "silence.wav"]) == 0
    assert re.fullmatch("musisep: .*silent.*\n", capsys.readouterr().err)


def test_a_folder_stands_for_its_audio_files(folder, calls, capsys):
    Path("notes.txt").touch()
    Path("._mix.wav").touch()
    Path("sub.wav").mkdir()
    assert main(["separate", "."]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line[0] != " "] == ["mix.wav", "reed.wav", "string.wav"]


def test_the_others_are_done_when_one_fails(folder, calls, capsys, written):
    Path("text.wav").write_text("no audio")
    Path("empty").mkdir()
    assert main(["separate", "text.wav", "missing.wav", "empty", "mix.wav"]) == 1
    output = capsys.readouterr()
    text, missing, empty = output.err.splitlines()
    assert re.match("musisep: text.wav: is damaged.*; convert it", text)
    assert re.match("musisep: missing.wav: cannot be read: .*; check", missing)
    assert re.match("musisep: empty: holds no audio file that is read .*", empty)
    assert output.out.startswith("mix.wav\n")
    assert len(written()) == 4  # with text.wav and a record


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ("", "name a recording"),
        ("mix.wav --demo", "--demo brings its own"),
        ("--demo -n 3", "--demo has 2 instruments; leave --instruments out"),
        ("mix.wav --filename {stem}/{name}.{ext}", "--filename .* may hold"),
        ("mix.wav --filename {stem", "--filename .* may hold"),
        ("mix.wav --filename {stem.upper}.{ext}", "--filename .* may hold"),
        ("mix.wav --filename {stem!r}.{ext}", "--filename .* may hold"),
        ("mix.wav --filename {}.{ext}", "--filename .* may hold"),
        ("mix.wav --filename {stem}", r"must end in \.{ext}"),
        ("mix.wav --filename {track}.{ext}", "written twice, for mix.wav; put .*{stem}"),
        ("mix.wav other/mix.wav", "written twice, for mix.wav and other/mix.wav; .*--out"),
        ("mix.wav --save-dictionary separated/../mix.wav", "is an input and would be overwritten"),
        ("mix.wav --references reed.wav reed.wav --out . --filename reed.wav", "is an input"),
        ("mix.wav --format flac --subtype FLOAT", "flac has no --subtype FLOAT; choose PCM_24"),
        ("mix.wav --format m4a", "invalid choice"),
        ("mix.wav --format mp3 --subtype VORBIS", "mp3 has no --subtype VORBIS; choose MPEG_LAY"),
        ("mix.wav --quality 0.5", "--quality 0.5 is for ogg, opus, mp3 only; leave it out"),
        ("mix.wav --format ogg --quality 2", "--quality: '2' is not a number from 0 to 1"),
        ("mix.wav --format ogg --quality nan", "--quality: 'nan' is not a number from 0 to 1"),
        ("mix.wav --stem-names horn", "--stem-names horn must be 2 different names, one for each"),
        ("mix.wav --stem-names a,b,c", "--stem-names a,b,c must be 2 different"),
        ("mix.wav --stem-names a,a", "--stem-names a,a must be 2 different"),
        ("mix.wav --stem-names a,../b", "--stem-names a,../b: '../b' must be printable, without /"),
        ("mix.wav --stem-names a,residual", "'residual' stands for something else"),
        ("mix.wav --stem-names a,b -n auto", "--stem-names needs to know how many"),
        ("mix.wav --derive a=mix-flute", "--derive a=mix-flute: '-flute' is not understood; add"),
        ("mix.wav --derive a=mix --derive a=mix", "--derive gives one name twice"),
        ("mix.wav --derive residual=mix", "--derive residual=mix: the name 'residual' is taken"),
        ("mix.wav --derive a/b=mix", "--derive a/b=mix: 'a/b' must be printable, without /"),
        ("mix.wav --derive a=mix --stem-names a,b", "the name 'a' is taken"),
        ("mix.wav --derive no.json", "--derive: 'no.json': No such file .*; give N"),
        ("mix.wav --derive reed.wav", "--derive: 'reed.wav' is no JSON: .*; give NAME=RULE"),
        ("mix.wav --derive .", "--derive: '.': .* it is a folder, no regular file"),
        ("mix.wav --only flute", "--only flute: there is no 'flute', but instrument1, instrument2"),
        ("mix.wav -n auto --only instrument2", "there is no .*; with --instruments auto only"),
        ("mix.wav -n auto --derive a=mix-instrument2", "a=mix-instrument2: .* auto only instr"),
        ("mix.wav --out reed.wav", "--out reed.wav is a file; name a folder"),
        ("mix.wav --references reed.wav", "1 --references for --instruments 2"),
        ("mix.wav reed.wav --references a b", "--references suits one recording, these are 2"),
        ("mix.wav reed.wav --save-dictionary d", "--save-dictionary suits one recording"),
        ("mix.wav -n 0", "--instruments 0 must be an integer from 1 to 16"),
        ("mix.wav --seed=-1", "--seed -1 must be an integer from 0 "),
        ("mix.wav --dictionary duet.npz -n 3", "duet.npz is for 2 instruments"),
        ("mix.wav --dictionary duet.npz --restarts 3", "--restarts 3 is of no use: a given dict"),
        ("mix.wav --dictionary duet.npz --lifetime 3", "--lifetime 3 is of no use: a given dict"),
        ("mix.wav --dictionary duet.npz --method adam", "--method is of no use: --dictionary is"),
        ("mix.wav --dictionary duet.npz --method notes", "--method is of no use: .*--finder"),
        ("mix.wav --runs 50", "--runs 50 is for --method adam, not"),
        ("mix.wav --method adam --restarts 3", "--restarts 3 is for --method notes, not"),
        ("mix.wav --method adam --runs 9", "--lifetime 500 must be at most --runs 9"),
        ("mix.wav --method guess", "--method: invalid choice: 'guess'"),
        ("mix.wav --finder guess", "--finder: invalid choice: 'guess'"),
        ("mix.wav --jobs 0", "--jobs: '0' is not a whole number of at least 1"),
        ("mix.wav --start=-1", "--start: '-1' is not a time of at least 0 s"),
        ("mix.wav --duration 0", "--duration: '0' is not a time above 0 s"),
        ("mix.wav --duration soon", "--duration: 'soon' is not a time above 0 s"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_computed(
    folder, calls, arguments, match, written, refused, dictionary
):
    dictionary.save("duet.npz")
    refused(arguments.split(), match)
    assert not calls
    assert written() == {"duet.npz"}


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--out", "reed.wav/below"], "mix.wav: reed.wav/below/.* cannot be written: Not a dir.*"),
        (["--out", "x" * 300], "mix.wav: x+/.* cannot be written: File name too long; .*"),
        (["--save-dictionary", "taken"], "mix.wav: 'taken' cannot be written: it is a folder.*"),
        (["--dictionary", "missing.npz"], "missing.npz: No such file.*"),
        (["--dictionary", "reed.wav"], "reed.wav: is not a dictionary.*"),
        (["--references", "reed.wav", "missing.wav"], "mix.wav: 'missing.wav' cannot be read.*"),
        (["--references", "reed.wav", "short.wav"], "mix.wav: reference short.wav has 9 samples.*"),
        (["--references", "reed.wav", "fast.wav"], "mix.wav: reference .* at 48000 Hz.*"),
        (["y" * 300], "y+: cannot be read: File name too long; .*"),
        (["--start", "5"], "mix.wav: --start 5.0 must be below the length.*"),
    ],
)
def test_what_cannot_work_is_noticed_before_separating(
    folder, calls, arguments, match, written, failed
):
    write("short.wav", np.zeros(9), SAMPLE_RATE)
    write("fast.wav", sf.read("reed.wav")[0], 48_000)
    Path("taken").mkdir()
    recording = [] if arguments[0].startswith("y") else ["mix.wav"]
    assert failed([*recording, *arguments], match) == ""
    assert not calls
    assert written() == {"short.wav", "fast.wav"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_without_permission_is_noticed_before_separating(folder, calls, failed):
    Path("locked").mkdir(mode=0o500)
    failed(["mix.wav", "--out", "locked"], "mix.wav: .* cannot be written: Permission.*")
    assert not calls


@pytest.mark.parametrize(
    ("error", "match"),
    [
        (MemoryError(), "mix.wav: memory is too small for it; use --start and --duration"),
        (ValueError("first\nsecond"), "mix.wav: first second"),
        (OSError(28, "No space left on device"), "mix.wav: No space left on device"),
        (OSError(28, "No space left", "other.wav"), "mix.wav: other.wav: No space left"),
    ],
)
def test_no_traceback_when_separation_fails(folder, monkeypatch, error, match, written, failed):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(musisep.separation, "separate", fail)
    failed(["mix.wav"], match)
    assert written() == set()


def test_ctrl_c_is_status_130(folder, monkeypatch, capsys):
    def interrupt(*_, **__):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(musisep.separation, "separate", interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        assert main(["separate", "mix.wav"]) == INTERRUPTED == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "musisep: stopped\n"


def test_bars_are_shown_on_a_terminal_only(folder, calls, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["separate", "mix.wav"]) == 0
    shown = capsys.readouterr().err
    assert "learning:" in shown
    assert "masking:" in shown
    assert main(["separate", "mix.wav", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_the_demo_is_separated_and_measured(tmp_path, monkeypatch, capsys, dictionary):
    learned, seen = dictionary, []

    def halves(mixture, sample_rate, *, settings, jobs, progress, scratch, **told):
        seen.append(mixture)
        found = np.stack([0.6 * mixture, 0.3 * mixture])
        names = ("time_s", "instrument", "f0_hz", "amplitude", "inharmonicity")
        tones = np.recarray(0, [(name, "i8" if name == "instrument" else "f8") for name in names])
        return Separation(found, mixture, sample_rate, learned, tones, settings, 0.1)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(musisep.separation, "separate", halves)
    assert main(["separate", "--demo", "--residual"]) == 0
    folder = tmp_path / "separated" / "mix"
    names = ["instrument1.wav", "instrument2.wav", "residual.wav", "separation.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    np.testing.assert_allclose(sf.read(folder / "residual.wav")[0], 0.1 * seen[0][0], atol=1e-6)
    lines = capsys.readouterr().out.splitlines()
    assert lines[4] == "  the model leaves 10.0% of the recording unexplained"
    assert [line.split()[0] for line in lines[-3:]] == ["clarinet", "horn", "mean"]
    assert seen[0].shape[0] == 1


def test_end_to_end_with_names_that_the_terminal_cannot_print(folder, stems, dictionary):
    shutil.move("mix.wav", "細 x.wav")
    dictionary.save("duet.npz")
    options = ["--dictionary", "duet.npz", "--residual", "--references", "reed.wav", "string.wav"]
    run("separate", "細 x.wav", *options, "--out", "first")  # may compile, which it would tell
    result = run("separate", "細 x.wav", *options, PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    names = ["instrument1.wav", "instrument2.wav", "residual.wav"]
    assert sorted(os.listdir("separated/細 x")) == [*names, "separation.json"]
    total = sum(sf.read(f"separated/細 x/{name}")[0] for name in names)
    np.testing.assert_allclose(total, stems.sum(axis=0), atol=1e-6)
    lines = result.stdout.splitlines()
    assert lines[0] == r"\u7d30 x.wav"
    assert float(lines[-1].split()[1]) > 12  # mean SDR


@pytest.mark.parametrize("module", ["musisep", "musisep.dictsep"])
def test_help_loads_nothing_heavy(module):
    script = (
        "import runpy, sys\n"
        f"sys.argv = [{module!r}, *{['separate'] if module == 'musisep' else []}, '--help']\n"
        f"try: runpy.run_module({module!r}, run_name='__main__', alter_sys=False)\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'numpy', 'scipy', 'numba', 'matplotlib', 'soundfile', 'tqdm'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    output = subprocess.check_output([sys.executable, "-c", script], text=True, env=environment)
    assert output.splitlines()[-1] == "[]"
    for name in ("instruments", "tones", "front_end", "restarts", "seed"):
        option = name.replace("_", "-")
        told = re.search(rf"--{option} [^-]*?\(default:\s+(\S+)\)", output.replace("\n", " "))
        assert told[1] == str(getattr(Settings(), name))


def test_version_is_printed(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"musisep {musisep.__version__}\n"


def test_a_command_must_be_named(capsys):
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_a_report_that_cannot_be_printed_is_status_1(folder, calls, monkeypatch, capsys):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["separate", "mix.wav", "reed.wav", "--quiet"]) == 1
    assert len(calls) == 2  # the others are done all the same
    assert re.fullmatch(
        "musisep: nothing more can be printed: No space.*\n", capsys.readouterr().err
    )
