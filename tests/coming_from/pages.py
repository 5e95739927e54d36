"""Pages for users of other packages: names in double backquotes, and whether they exist."""

import pkgutil
import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "coming_from"
LITERAL = re.compile(r"``(.+?)``", re.DOTALL)
CODE = re.compile(r"^\.\. code-block:: python\n\n((?:   .*\n|\n)+)", re.MULTILINE)


def text_of(page):
    return (FOLDER / f"{page}.rst").read_text(encoding="utf-8")


def names_in_page(page):
    """All that stands in double backquotes in docs/coming_from/PAGE.rst."""
    return {" ".join(literal.split()) for literal in LITERAL.findall(text_of(page))}


def check_names(page, names):
    """Each name of another package must have its place in the page."""
    missing = [name for name in names if name not in names_in_page(page)]
    assert not missing, f"{page}.rst lacks {missing}"


def check_places(page):
    """Each name of ours in the page must be there; arguments behind it do not matter."""
    places = [name for name in names_in_page(page) if name.startswith("musisep.")]
    assert places, f"{page}.rst names nothing of ours"
    wrong = [place for place in places if not exists(place.partition("(")[0])]
    assert not wrong, f"{page}.rst names {wrong}"


def exists(place):
    """Tell whether a dotted name is that of a module, or of something in it, or of a field."""
    try:
        pkgutil.resolve_name(place)
    except (ImportError, AttributeError, ValueError):
        owner, _, name = place.rpartition(".")
        return bool(owner) and name in fields_of(owner)
    return True


def fields_of(place):
    try:
        return getattr(pkgutil.resolve_name(place), "__dataclass_fields__", {})
    except (ImportError, AttributeError, ValueError):
        return {}


def code_in_page(page):
    """The blocks of Python, without their indents."""
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in CODE.findall(text_of(page))]


def commands_in_page(page):
    """What stands behind ``$ musisep`` in a page."""
    return re.findall(r"^   \$ musisep (.+)$", text_of(page), re.MULTILINE)
