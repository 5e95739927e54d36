"""Commands where something is odd: closed streams, signals, no threads, warnings as errors."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from duet import SAMPLE_RATE

import musisep
import musisep.separation
from musisep.__main__ import main
from musisep.cli.base import threads_are_free
from musisep.cli.guard import Stopped, guarded
from musisep.dictsep.commands import command, learning_command
from musisep.io.files import write
from musisep.io.formats import FORMATS, Format

REPOSITORY = Path(musisep.__file__).parents[1]
STOPPING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
LONG = 5000 * "1"


@pytest.fixture
def default_signals():
    """The handlers that a process has that is not in the background."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number in STOPPING:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield {number: signal.getsignal(number) for number in STOPPING}
    for number, handler in before.items():
        signal.signal(number, handler)


def shell(command_line, **environment):
    """Run `musisep` and the like by the shell, which knows how to close streams."""
    line = f'python() {{ "{sys.executable}" "$@"; }}; {command_line}'
    given = {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment}
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, encoding="utf-8", env=given, timeout=300
    )


@pytest.fixture
def oracle(folder, stems, dictionary):
    """A folder with a dictionary, with which a separation takes no time to learn."""
    dictionary.save("duet.npz")
    return "python -m musisep separate mix.wav --dictionary duet.npz"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(oracle, closed):
    result = shell(f"{oracle} {closed}")
    assert (result.returncode, result.stderr) == (0, "")
    assert (result.stdout == "") == (">&-" in closed.replace("2>&-", ""))
    names = ["instrument1.wav", "instrument2.wav", "separation.json"]
    assert sorted(os.listdir("separated/mix")) == names


def test_closed_streams_do_not_hide_a_failure(folder):
    result = shell("python -m musisep missing.wav <&- >&-")
    assert result.returncode == 1
    assert re.fullmatch("musisep: missing.wav: cannot be read: No such file.*\n", result.stderr)
    assert shell("python -m musisep missing.wav <&- >&- 2>&-").returncode == 1
    assert shell("python -m musisep --unknown 2>&-").returncode == 2


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", ["--help", "--version"])
def test_a_full_stdout_is_one_line_and_status_1(arguments, unbuffered):
    result = shell(f"python -m musisep {arguments} > /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert result.returncode == 1
    assert re.fullmatch("musisep: cannot go on: No space.*\n", result.stderr)


def test_a_full_stderr_changes_no_status(folder):
    assert shell("python -m musisep missing.wav 2> /dev/full").returncode == 1
    assert shell("python -m musisep 2> /dev/full").returncode == 2


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_while_a_file_is_written_leaves_none_behind(
    folder, calls, monkeypatch, capsys, written, default_signals, number
):
    def stopped(path, audio, sample_rate, subtype):
        path.write_bytes(b"half")
        assert written() == {f"separated/mix/{path.name}", "separated/mix/separation.json"}
        signal.raise_signal(number)

    monkeypatch.setitem(FORMATS, "raw", Format("", (".raw",), ("FLOAT",), stopped))
    assert main(["separate", "mix.wav", "--format", "raw"]) == 128 + number
    assert written() == {"separated/mix/separation.json"}  # what the next run may replace
    assert capsys.readouterr().err == "musisep: stopped\n"
    assert {number: signal.getsignal(number) for number in STOPPING} == default_signals


@pytest.mark.parametrize("run", [main, command, learning_command])
@pytest.mark.parametrize("number", STOPPING)
def test_signals_while_modules_are_imported(run, number, monkeypatch, capsys, default_signals):
    class Interrupted:
        def find_spec(self, *_):
            signal.raise_signal(number)

    for name in [name for name in sys.modules if name.startswith("musisep.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert run([]) == 128 + number
    assert capsys.readouterr().err == "musisep: stopped\n"


@pytest.mark.parametrize("module", ["musisep", "musisep.dictsep", "musisep.dictsep.dictlearn"])
def test_next_to_nothing_is_imported_before_signals_are_taken_over(module):
    script = (
        "import runpy, sys\n"
        "before = set(sys.modules)\n"
        "class Seen(Exception): pass\n"
        "def seen(*_, **__):\n"
        "    print(sorted(set(sys.modules) - before))\n"
        "    raise Seen\n"
        "import musisep.cli.guard as guard\n"
        "guard.guarded = seen\n"
        f"try: runpy.run_module({module!r}, run_name='__main__')\n"
        "except Seen: pass\n"
    )
    loaded = shell(f"python -c '{script.replace(chr(39), chr(34))}'").stdout
    assert "musisep.cli.guard" in loaded
    assert not re.findall("'(argparse|typing|dataclasses|pathlib|numpy|scipy|threading)'", loaded)


def test_what_a_signal_causes_is_a_stop_too(capsys, default_signals):
    def work():
        try:
            signal.raise_signal(signal.SIGTERM)
        except Stopped:
            raise ImportError("half a module") from None

    assert guarded(work) == 128 + signal.SIGTERM
    assert capsys.readouterr().err == "musisep: stopped\n"


def test_a_second_signal_does_not_disturb_the_unwinding(capsys, default_signals):
    done = []

    def work():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGHUP)
            done.append(True)

    assert guarded(work) == 128 + signal.SIGTERM
    assert done == [True]
    assert capsys.readouterr().err == "musisep: stopped\n"


def test_ignored_and_foreign_handlers_stay(default_signals):
    def handler(*_):
        pass

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    signal.signal(signal.SIGTERM, handler)
    seen = []

    def work():
        seen.extend([signal.getsignal(signal.SIGHUP), signal.getsignal(signal.SIGTERM)])
        signal.raise_signal(signal.SIGHUP)
        return 0

    assert guarded(work) == 0
    assert seen == [signal.SIG_IGN, handler]


def test_commands_run_outside_of_the_main_thread(capsys):
    status = []
    thread = threading.Thread(target=lambda: status.append(main(["missing.wav"])))
    thread.start()
    thread.join()
    assert status == [1]
    assert "missing.wav: cannot be read" in capsys.readouterr().err


def test_faults_of_the_program_are_not_hidden():
    def work():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        guarded(work)


@pytest.mark.parametrize(
    ("error", "reason"),
    [(ImportError("No module named 'x'"), "No module named 'x'"), (MemoryError(), "memory is")],
)
def test_what_no_file_is_to_blame_for_is_one_line(capsys, error, reason):
    def work():
        raise error

    assert guarded(work) == 1
    assert capsys.readouterr().err.startswith(f"musisep: cannot go on: {reason}")


def test_without_threads_one_is_used(oracle):
    script = (
        "import sys, threading, _thread\n"
        "def none(*_, **__): raise RuntimeError('can not start new thread')\n"
        "threading._start_new_thread = none\n"
        "from musisep.__main__ import main\n"
        "status = main(['separate', 'mix.wav', '--dictionary', 'duet.npz'])\n"
        "import os, scipy.fft\n"
        "print(status, os.environ['OPENBLAS_NUM_THREADS'])\n"
    )
    Path("script.py").write_text(script)
    result = shell("python script.py")
    assert result.stderr == ""
    assert result.stdout.splitlines()[-1] == "0 1"


def test_jobs_are_one_without_threads(folder, calls, monkeypatch):
    def none(*_, **__):
        raise RuntimeError("can't start new thread")

    for name in ("OPENBLAS", "OMP", "MKL", "BLIS"):
        monkeypatch.setenv(f"{name}_NUM_THREADS", "2")
    assert threads_are_free(2)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none)
        assert not threads_are_free(2)
        assert main(["separate", "mix.wav", "--jobs", "2"]) == 0
    assert calls[0]["jobs"] == 1
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"


def test_warnings_as_errors_are_messages_all_the_same(oracle):
    write("silence.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    line = oracle.replace("python", "python -W error")
    result = shell(f"{line} --duration 0.5 --references reed.wav silence.wav")
    assert result.returncode == 0
    assert re.fullmatch("musisep: .*silent.*\n", result.stderr)
    assert "SDR" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("separate mix.wav --start 1e308", "--start: '1e308' is more than 1000000000, the limit"),
        ("invert mix.wav --duration 1e10", "--duration: '1e10' is more than 1000000000, the lim"),
        ("separate mix.wav --duration inf", "--duration: 'inf' is not a time above 0 s"),
        (f"separate mix.wav --jobs {10**19}", f"--jobs: '{10**19}' is more than 1024, the limit"),
        (f"invert mix.wav --jobs {LONG}", "--jobs: '1111.*111' is more than 1024, the limit"),
        (f"invert mix.wav --hop-length {10**19}", f"--hop-length: '{10**19}' is more than 9.*7"),
        (f"invert mix.wav --n-fft {LONG}", "--n-fft: '1111.*111' is more than 9.*7, the l"),
        (f"invert mix.wav --seed {10**19}", f"--seed: '{10**19}' is more than 9.*7, the limit"),
        (f"mix.wav -n {10**19}", "--instruments 1000.* must be an integer from 1 to 16"),
    ],
)
def test_numbers_beyond_all_measure_are_refused(folder, calls, capsys, arguments, message):
    with pytest.raises(SystemExit, match="2"):
        main(arguments.split())
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.search(message, last)
    assert len(last) < 150
    assert calls == []


LOCALES = {
    "usual": {}, "ascii": {"PYTHONIOENCODING": "ascii"}, "C": {"LC_ALL": "C"},
    "bytes": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are letters")
@pytest.mark.parametrize("locale", LOCALES.values(), ids=LOCALES)
@pytest.mark.parametrize("name", [b"m\xffx", "mü細".encode()])
def test_names_of_any_bytes_are_read_and_written(folder, dictionary, locale, name):
    os.rename(b"mix.wav", name + b".wav")
    dictionary.save("duet.npz")
    given = {**os.environ, "PYTHONPATH": str(REPOSITORY), **locale}
    arguments = [name + b".wav", "--dictionary", "duet.npz", "--out", name + b"-out"]
    for verb, parts in (("separate", [name, b"instrument1.wav"]), ("invert", [name + b".wav"])):
        options = arguments if verb == "separate" else [*arguments[:1], *arguments[3:]]
        result = subprocess.run(
            [sys.executable, "-m", "musisep", verb, *options], capture_output=True, env=given
        )
        assert (result.returncode, result.stderr) == (0, b"")
        assert os.path.isfile(os.path.join(name + b"-out", *parts))
