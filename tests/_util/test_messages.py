import numpy as np

from musisep._util import messages


def test_a_message_shows_a_value_in_one_short_line():
    assert messages.shown(np.eye(2)) == "array([[1., 0.], [0., 1.]])"
    assert messages.shown("a") == "'a'"
    assert len(messages.shown(np.arange(900.0))) <= messages.SHOWN
