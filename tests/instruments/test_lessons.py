import numpy as np
import pytest
from lessons_of import lesson_of

from musisep.instruments import Lesson
from musisep.io.archives import save_arrays

LESSON = lesson_of()[0]


def test_what_is_saved_is_read_again(tmp_path):
    LESSON.save(tmp_path / "lesson.npz")
    again = Lesson.load(tmp_path / "lesson.npz")
    assert again.instruments == LESSON.instruments and again.players == LESSON.players
    for one, other in zip(again[2:], LESSON[2:], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": LESSON.sizes[:-1]}, {"owners": LESSON.owners + 1}, {"owners": LESSON.owners - 2},
        {"bands": LESSON.bands + 99}, {"rows": LESSON.rows[:, 0]}, {"players": ("a",)},
        {"harmonics": LESSON.harmonics * np.nan},
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(tmp_path, change):
    LESSON._replace(**change).save(tmp_path / "lesson.npz")
    with pytest.raises(ValueError, match="is not a lesson that musisep saved"):
        Lesson.load(tmp_path / "lesson.npz")


def test_another_file_is_refused(tmp_path):
    save_arrays(tmp_path / "lesson.npz", {"rows": LESSON.rows})
    with pytest.raises(ValueError, match="is not a lesson that musisep saved"):
        Lesson.load(tmp_path / "lesson.npz")
