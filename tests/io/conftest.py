import numpy as np
import pytest

from musisep.io.files import write


@pytest.fixture
def wav(tmp_path):
    """A sound WAV file of one second, 16 bit, with the plain header of 44 bytes."""
    path = tmp_path / "take.wav"
    write(path, np.random.default_rng(0).uniform(-0.9, 0.9, 8000), 8000, subtype="PCM_16")
    return path
