"""What `musisep.audio` offers by itself."""

import importlib
import subprocess
import sys

import pytest

import musisep.audio

PACKAGES = ("cqt", "features", "inversion", "mel")


@pytest.mark.parametrize("home", musisep.audio.HOMES)
def test_every_name_is_that_of_its_module(home):
    module = importlib.import_module(f"musisep.audio.{home}")
    for name in musisep.audio.HOMES[home]:
        assert getattr(musisep.audio, name) is getattr(module, name)
        assert name in dir(musisep.audio)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_of_a_package_is_left_out(package):
    names = importlib.import_module(f"musisep.audio.{package}").__all__
    assert sorted(musisep.audio.HOMES[package]) == sorted(names)


def test_importing_the_package_loads_no_numba():
    code = "import sys, musisep.audio; sys.exit('numba' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'stfft'"):
        _ = musisep.audio.stfft
