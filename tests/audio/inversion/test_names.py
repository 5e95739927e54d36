import subprocess
import sys

import musisep.audio.inversion
from musisep.audio.inversion.names import STARTS
from musisep.audio.inversion.starts import PHASORS


def test_names_are_those_of_what_there_is():
    assert tuple(PHASORS) == STARTS
    for name in musisep.audio.inversion.__all__:
        assert getattr(musisep.audio.inversion, name).__name__ == name
    assert set(musisep.audio.inversion.__all__) <= set(dir(musisep.audio.inversion))


def test_names_are_light():
    code = "import sys, musisep.audio.inversion.names; print({'numba', 'scipy'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "set()\n"
