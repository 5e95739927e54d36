import shutil

import pytest
from trainable import data_set, model

from musisep.models import train


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """A folder with a data set, and a model that was trained with it once."""
    folder = tmp_path_factory.mktemp("once")
    train(model(folder / "model"), data_set(folder / "data"))
    return folder


@pytest.fixture
def place(once, tmp_path):
    """A copy of it."""
    return shutil.copytree(once, tmp_path / "place")
