"""Two minutes written and read back in a process of their own, in which a library may crash."""

import subprocess
import sys
import textwrap

import pytest

from musisep.io.formats import writable

CODE = """
    import sys
    import numpy as np
    import scipy.signal
    from musisep.io.files import read, write
    from musisep.metrics.levels import level_db

    path, subtype, sample_rate = sys.argv[1], sys.argv[2], 48000
    time = np.arange(120 * sample_rate + 17) / sample_rate
    noise = np.random.default_rng(0).standard_normal(len(time))
    glides = sum(np.sin(2 * np.pi * f * (time + 0.3 * np.sin(time / f))) for f in (110, 331, 997))
    left = (0.2 * glides + 0.05 * noise) * (0.6 + 0.4 * np.sin(2 * np.pi * 0.7 * time))
    audio = np.stack([left, 0.5 * left[::-1]]) * 0.9 / np.abs(left).max()
    write(path, audio, sample_rate, subtype=subtype)
    back, rate = read(path)
    assert (rate, back.shape) == (sample_rate, audio.shape), (rate, back.shape)
    for before, after in zip(audio, back):
        for part in (slice(5 * sample_rate), slice(-5 * sample_rate, None)):
            match = scipy.signal.correlate(after[part], before[part], method="fft")
            lag = int(np.argmax(match)) - (5 * sample_rate - 1)
            assert abs(lag) <= 1, lag
        difference = level_db(after) - level_db(before)
        assert abs(difference) < float(sys.argv[3]), difference
    print("same")
"""
LOSSLESS_DB, LOSSY_DB = 0.001, 0.3


@pytest.mark.parametrize(
    ("name", "subtype"),
    [(name, subtype) for name, form in writable().items() for subtype in form.subtypes],
)
def test_two_minutes_in_each_format_keep_length_level_and_place(tmp_path, name, subtype):
    limit = LOSSLESS_DB if writable()[name].quality is None else LOSSY_DB
    arguments = [str(tmp_path / f"long.{name}"), subtype, str(limit)]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CODE), *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "same\n", "")
