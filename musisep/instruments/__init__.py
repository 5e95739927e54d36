"""What is known of instruments by name: profiles of them, the library, and naming by these."""

from musisep._util.lazy import attach

TYPE_CHECKING = False  # typing would take longer than all else that is imported here
if TYPE_CHECKING:
    from musisep.instruments.fitting import ProfileFit
    from musisep.instruments.lessons import Lesson
    from musisep.instruments.naming import Likeness, likenesses
    from musisep.instruments.profiles import Profiles
    from musisep.instruments.shipped import library

__all__ = ["Lesson", "Likeness", "ProfileFit", "Profiles", "library", "likenesses"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Lesson": "musisep.instruments.lessons",
        "Likeness": "musisep.instruments.naming",
        "ProfileFit": "musisep.instruments.fitting",
        "Profiles": "musisep.instruments.profiles",
        "library": "musisep.instruments.shipped",
        "likenesses": "musisep.instruments.naming",
    },
)
