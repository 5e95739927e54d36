"""A run owns its files: what is of another run, or of somebody else, is not touched unasked."""

import json
import os
from pathlib import Path

import pytest

import musisep.separation
from musisep.__main__ import main
from musisep.cli.records import digest
from musisep.io import files

OUT = Path("separated/mix")


def tracks():
    return {path.name: path.read_bytes() for path in OUT.iterdir()}


def without_record(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"}


@pytest.fixture
def separated(folder, calls):
    """Return what is there after a first run."""
    assert main(["separate", "mix.wav", "--quiet"]) == 0
    return tracks()


def test_the_record_tells_what_made_the_tracks(separated):
    record = json.loads(separated["separation.json"])
    assert sorted(record["files"]) == ["instrument1.wav", "instrument2.wav"]
    made = record["made"]
    assert made["recording"] == "mix.wav"
    assert made["settings"]["seed"] == 0
    assert made["settings"]["instruments"] == 2
    assert {"version", "start", "duration", "sha256 of the recording"} < made.keys()


def test_the_same_run_again_gives_the_same_files(separated, calls):
    assert main(["separate", "mix.wav"]) == 0
    assert tracks() == separated
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        (["--seed", "1"], "with seed 0 instead of 1"),
        (["-n", "1"], "with instruments 2 instead of 1"),
        (["--duration", "0.01"], r"with duration None instead of 0\.01"),
        (["--dictionary", "duet.npz"], "with sha256 of the dictionary None instead of"),
        (["--seed", "1", "--format", "flac"], "with seed 0 instead of 1"),  # other names
    ],
)
def test_another_run_is_refused_before_it_computes(
    separated, calls, options, difference, failed, dictionary
):
    dictionary.save("duet.npz")
    match = (
        rf"mix.wav: separated/mix/\w+.wav is of another run, {difference}.*; use --overwrite, .*"
    )
    failed(["mix.wav", *options], match)
    assert tracks() == separated
    assert len(calls) == 1


def test_another_recording_of_the_same_name_is_refused(separated, calls, failed):
    Path("sub").mkdir()
    os.rename("reed.wav", "sub/mix.wav")
    failed(["sub/mix.wav"], "sub/mix.wav: .* another run, with sha256 of the recording .*")


def test_overwrite_replaces_and_removes_what_is_stale(separated, calls):
    (OUT / "notes.txt").write_text("mine")
    assert main(["separate", "mix.wav", "-n", "1", "--overwrite"]) == 0
    assert sorted(tracks()) == ["instrument1.wav", "notes.txt", "separation.json"]
    assert list(json.loads(tracks()["separation.json"])["files"]) == ["instrument1.wav"]


def test_a_stale_track_that_somebody_changed_stays(separated, calls):
    (OUT / "instrument2.wav").write_bytes(b"mixed by hand")
    assert main(["separate", "mix.wav", "-n", "1", "--overwrite"]) == 0
    assert tracks()["instrument2.wav"] == b"mixed by hand"


def test_stale_files_elsewhere_are_left_alone(folder, calls):
    options = ["--save-dictionary", "kept/duet.npz", "--overwrite"]
    assert main(["separate", "mix.wav", *options]) == 0
    assert main(["separate", "mix.wav", "--seed", "1", "--overwrite"]) == 0
    assert Path("kept/duet.npz").exists()


@pytest.mark.parametrize("name", ["instrument1.wav", "instrument2.wav"])
def test_files_of_somebody_else_are_not_replaced(folder, calls, failed, name):
    OUT.mkdir(parents=True)
    (OUT / name).write_bytes(b"mine")
    failed(["mix.wav"], f"mix.wav: separated/mix/{name} exists, and no run wrote it or it was .*")
    assert tracks() == {name: b"mine"}
    assert not calls
    assert main(["separate", "mix.wav", "--overwrite"]) == 0
    assert tracks()[name] != b"mine"


def test_a_track_that_was_changed_is_not_replaced(separated, failed):
    (OUT / "instrument1.wav").write_bytes(b"mixed by hand")
    failed(["mix.wav"], "mix.wav: separated/mix/instrument1.wav exists, and .* it was changed .*")


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        (["--format", "flac"], "with format wav instead of flac"),
        (["--subtype", "PCM_16"], "with subtype FLOAT instead of PCM_16"),
        (["--format", "ogg"], "with format wav instead of ogg"),
        (["--stem-names", "a,b"], r"with stem names None instead of \['a', 'b'\]"),
        (["--derive", "a=mix"], r"with derive \[\] instead of \['a=mix'\]"),
        (["--only", "instrument1"], "with only None instead of .*"),
        (["--residual"], "with residual False instead of True"),
    ],
)
def test_files_of_another_kind_are_another_run(separated, calls, options, difference, failed):
    for more in ([], ["--skip-existing"]):
        failed(["mix.wav", *options, *more], f"mix.wav: .* is of another run, {difference}; use .*")
    assert tracks() == separated
    assert main(["separate", "mix.wav", *options, "--overwrite"]) == 0
    assert len(calls) == 2


def test_skip_existing(separated, calls, capsys):
    capsys.readouterr()
    assert main(["separate", "mix.wav", "--skip-existing"]) == 0
    assert len(calls) == 1
    assert capsys.readouterr().out == "mix.wav\n  separated/mix has its tracks already\n"
    (OUT / "instrument2.wav").unlink()
    assert main(["separate", "mix.wav", "--skip-existing"]) == 0
    assert len(calls) == 2
    options = ["--skip-existing", "--seed", "1"]
    assert main(["separate", "mix.wav", *options]) == 1  # another run is not what is asked for
    assert main(["separate", "mix.wav", *options, "--overwrite"]) == 0
    assert len(calls) == 3


def test_a_run_without_room_leaves_nothing_in_the_way_of_the_next(
    folder, calls, monkeypatch, capsys
):
    def full(path, *arguments, **options):
        if "2" in str(path):
            raise OSError(28, "No space left on device")
        write(path, *arguments, **options)

    write = files.write
    with monkeypatch.context() as patch:
        patch.setattr(files, "write", full)
        assert main(["separate", "mix.wav", "--quiet"]) == 1
    assert main(["separate", "mix.wav", "--quiet"]) == 0
    assert main(["separate", "mix.wav", "--skip-existing"]) == 0
    assert len(calls) == 2


def test_a_run_that_another_overtakes_is_refused(folder, calls, monkeypatch, failed):
    separate = musisep.separation.separate

    def overtaken(*arguments, **options):
        monkeypatch.setattr(musisep.separation, "separate", separate)
        assert main(["separate", "mix.wav", "--seed", "1"]) == 0
        return separate(*arguments, **options)

    monkeypatch.setattr(musisep.separation, "separate", overtaken)
    assert main(["separate", "mix.wav", "--quiet"]) == 1
    assert json.loads(tracks()["separation.json"])["made"]["settings"]["seed"] == 1


@pytest.mark.parametrize("template", ["{stem}/{track}.{ext}", "{track}-{stem}.{ext}"])
def test_stale_tracks_are_found_wherever_the_template_puts_them(folder, calls, template):
    options = ["--filename", template, "--quiet"]
    assert main(["separate", "mix.wav", "-n", "3", *options]) == 0
    assert main(["separate", "mix.wav", "-n", "2", *options, "--overwrite"]) == 0
    names = [str(path) for path in Path("separated").rglob("*.wav")]
    assert len(names) == 2 and not any("instrument3" in name for name in names)


def test_a_run_that_was_killed_is_taken_up(folder, calls, monkeypatch):
    write = files.write

    def killed(path, *arguments, **options):
        if "3" in str(path):
            raise KeyboardInterrupt
        write(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", killed)
        assert main(["separate", "mix.wav", "-n", "3", "--quiet"]) == 130
    assert sorted(tracks()) == ["instrument1.wav", "instrument2.wav", "separation.json"]
    assert main(["separate", "mix.wav", "-n", "1", "--overwrite"]) == 0
    assert sorted(tracks()) == ["instrument1.wav", "separation.json"]


@pytest.mark.parametrize("before", [[], ["-n", "3", "--seed", "1"]])
@pytest.mark.parametrize("replaced", range(1, 12))
def test_a_run_that_is_stopped_between_any_two_files_is_taken_up(
    folder, calls, monkeypatch, before, replaced
):
    command = ["separate", "mix.wav", "--quiet", "--residual", "--save-dictionary", "duet.npz"]
    assert main([*command, "--out", "undisturbed"]) == 0
    Path("duet.npz").unlink()
    if before:
        assert main([*command[:3], *before]) == 0

    def stopped(*arguments):
        replace(*arguments)
        done.append(arguments)
        if len(done) == replaced:
            raise KeyboardInterrupt

    replace, done = os.replace, []
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stopped)
        assert main([*command, "--overwrite"]) == 130
    assert main([*command, "--skip-existing"]) == 0
    assert without_record(OUT) == without_record(Path("undisturbed/mix"))
    made = len(calls)
    assert main([*command, "--skip-existing"]) == 0
    assert len(calls) == made


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"made": 1, "files": [], "stale": 2}',
                                     "[" * 100_000, "\xff"])  # fmt: skip
def test_a_file_that_is_no_record_is_not_replaced(folder, calls, failed, content):
    OUT.mkdir(parents=True)
    (OUT / "separation.json").write_text(content, encoding="latin-1")
    failed(["mix.wav"], "mix.wav: separated/mix/separation.json exists, and is no record of a .*")
    assert (OUT / "separation.json").read_text(encoding="latin-1") == content
    assert main(["separate", "mix.wav", "--overwrite"]) == 0
    assert main(["separate", "mix.wav", "--skip-existing"]) == 0


@pytest.mark.parametrize("known", [None, "right"])
def test_a_record_of_somebody_else_removes_nothing(folder, calls, known):
    options = ["-o", ".", "--filename", "{track}-{stem}.{ext}", "--quiet"]
    names = ["mix.wav", "reed.wav", "../outside.wav", "link.wav"]
    (folder.parent / "outside.wav").write_bytes(b"mine")
    Path("link.wav").symlink_to("string.wav")
    stale = {name: known and digest(Path(name)) for name in names}
    stale |= {str(Path("string.wav").absolute()): None, "..": "x", "no": 3}
    record = {"made": {}, "files": {}, "stale": stale}
    Path("mix-separation.json").write_text(json.dumps(record))
    references = ["--references", "reed.wav", "string.wav"]
    assert main(["separate", "mix.wav", *options, *references]) == 0
    assert all(Path(name).exists() for name in [*names, "string.wav"])


def test_a_record_that_is_a_pipe_or_huge_is_none(folder, calls, failed):
    OUT.mkdir(parents=True)
    (OUT / "instrument1.wav").write_bytes(b"mine")
    os.mkfifo(OUT / "separation.json")
    failed(["mix.wav"], "mix.wav: separated/mix/separation.json exists, and is no record .*")
    (OUT / "separation.json").unlink()
    (OUT / "separation.json").symlink_to("/dev/zero")
    failed(["mix.wav"], "mix.wav: separated/mix/separation.json exists, and is no record .*")


def test_the_record_is_an_output_too(folder, refused):
    refused(["mix.wav", "--save-dictionary", "separated/mix/separation.json"], "written twice")


@pytest.mark.parametrize(
    "template", ["../{stem}.{ext}", "/tmp/{stem}.{ext}", "a/../../{stem}.{ext}"]
)
def test_templates_stay_below_out(folder, refused, template):
    refused(["mix.wav", "--filename", template], "leads out of --out; name a place below it")


def test_recordings_of_odd_names_stay_below_out(folder, calls):
    for name in ("..wav", "...wav"):
        Path(name).write_bytes(Path("mix.wav").read_bytes())
        assert main(["separate", name, "--quiet"]) == 0
    places = sorted(path.parent.name for path in Path("separated").rglob("instrument1.wav"))
    assert places == ["...wav", "..wav"]


def test_a_recording_that_is_named_twice_is_done_once(folder, calls):
    assert main(["separate", "mix.wav", "./mix.wav", "--quiet"]) == 0
    assert len(calls) == 1


def test_folder_in_the_template_tells_recordings_of_one_name_apart(folder, calls):
    for name in ("a", "b"):
        Path(name).mkdir()
        Path(name, "song.wav").write_bytes(Path("mix.wav").read_bytes())
    template = ["--filename", "{folder}/{track}/{stem}.{ext}"]
    assert main(["separate", "a/song.wav", "b/song.wav", "mix.wav", *template]) == 0
    assert Path("separated/a/song/instrument1.wav").exists()
    assert Path("separated/b/song/separation.json").exists()
    assert Path("separated", folder.name, "mix", "instrument1.wav").exists()


def test_kinds_of_audio_that_are_not_read_are_said(folder, calls, capsys, failed):
    Path("music").mkdir()
    for name in ("a.m4a", "b.wma", "notes.txt"):
        Path("music", name).touch()
    failed(["music"], r"music: holds no audio file that is read \(.wav [^;]*\); "
                      r"convert a.m4a, b.wma first, with ffmpeg")  # fmt: skip
    os.rename("mix.wav", "music/mix.wav")
    assert main(["separate", "music", "--quiet"]) == 0
    told = "left out, as .m4a, .wma is not read: a.m4a and other such files"
    assert capsys.readouterr().err == f"musisep: music: {told}\n"


def test_invert_does_not_replace_unasked(folder, capsys):
    Path("inverted").mkdir()
    Path("inverted/reed.wav").write_bytes(b"mine")
    assert main(["invert", "reed.wav", "--iterations", "0"]) == 1
    message = "musisep: reed.wav: inverted/reed.wav exists; use --overwrite, or change --out\n"
    assert capsys.readouterr().err == message
    assert main(["invert", "reed.wav", "--iterations", "0", "--skip-existing"]) == 0
    assert Path("inverted/reed.wav").read_bytes() == b"mine"
    assert main(["invert", "reed.wav", "--iterations", "0", "--overwrite", "--quiet"]) == 0
    assert Path("inverted/reed.wav").read_bytes() != b"mine"


def test_an_excerpt_that_ends_early_is_told_of(folder, calls, capsys):
    assert main(["separate", "mix.wav", "--quiet", "--start", "0.5", "--duration", "9"]) == 0
    message = "musisep: mix.wav: ends before --duration 9, after 1.5 s\n"
    assert capsys.readouterr().err == message


def test_a_run_that_was_told_more_is_another_run(separated, calls, failed):
    record = json.loads(separated["separation.json"])
    record["made"]["sha256 of the tea leaves"] = "brown"
    (OUT / "separation.json").write_text(json.dumps(record))
    failed(["mix.wav"], "mix.wav: .*, with sha256 of the tea leaves brown instead of None; use .*")
    assert without_record(OUT).items() <= separated.items()
