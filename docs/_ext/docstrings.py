"""Checks the docstring of each documented name; what is wrong is a warning of the build.

The rules are those of `numpydoc.validate` and four of our own:

* ``EX02``: a function or class has an example. Examples of a class stand for its methods.
* ``SH01``: an array has a shape, as in ``ndarray [channel, sample]``.
* ``RA01``: a function that raises says what.
* ``AP01``: a page has each function and class of ``__all__`` of the modules that pages name, or
  what it wraps.
"""

import ast
import inspect
import pydoc
import re
import textwrap

from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate
from sphinx.util import logging

#: Rules of numpydoc that are not ours: what else to see, and a summary of several paragraphs.
#: Examples have a rule of our own, as numpydoc's wants one of each method.
OTHERS = {"SA01", "ES01", "EX01"}

#: What an array is called where types are written, and what a shape looks like.
ARRAY = re.compile(r"\b(ndarray|array_like|array)\b")
SHAPE = re.compile(r"\[[^\]]*\]")

logger = logging.getLogger(__name__)


def setup(app):
    """Look at all names once they are known."""
    app.connect("env-check-consistency", look)
    app.connect("autodoc-skip-member", skip_aliases)
    app.connect("missing-reference", leave)
    return {"parallel_read_safe": True}


def skip_aliases(app, what, name, obj, skip, options):
    """Leave out what a named tuple says of its fields, which are described as its parameters."""
    return True if (getattr(obj, "__doc__", "") or "").startswith("Alias for field") else None


def leave(app, env, node, contents):
    """Leave what stands between backticks as it is if it is no documented name, but a parameter."""
    return contents if node.get("reftype") == "obj" else None


def look(app, env):
    """Warn of what is wrong with the docstrings of the names that the pages document."""
    seen, modules = set(), []
    for name, _, kind, page, *_ in env.get_domain("py").get_objects():
        obj = pydoc.locate(name)
        if kind == "module":
            modules.append((obj, page))
        if kind not in ("function", "class", "method", "exception") or obj in seen:
            continue  # one object of several names is looked at once
        seen.add(obj)
        for fault in faults(kind, name, obj):
            logger.warning("%s: %s", name, fault, type="docstring", location=page)
    documented = {inspect.unwrap(obj) for obj in seen}
    for module, page in modules:
        for name in getattr(module, "__all__", ()):
            obj = inspect.unwrap(getattr(module, name))
            if (inspect.isfunction(obj) or inspect.isclass(obj)) and obj not in documented:
                fault = "AP01 It is public, and no page has it"
                logger.warning(
                    "%s.%s: %s", module.__name__, name, fault, type="docstring", location=page
                )


def faults(kind, name, obj):
    """Return what is wrong with a docstring, one line each."""
    found = [f"{code} {text}" for code, text in validate(name)["errors"] if code not in OTHERS]
    if getattr(obj, "_is_protocol", False):  # nobody makes one: its parameters are typing's
        found = [fault for fault in found if not fault.startswith("PR01")]
    parsed = NumpyDocString(inspect.getdoc(obj) or "")
    if kind in ("function", "class") and not parsed["Examples"]:
        found.append("EX02 No example")
    for section in ("Parameters", "Returns", "Yields"):
        for entry in parsed[section]:
            text = " ".join([entry.type, *entry.desc])
            if ARRAY.search(entry.type) and not SHAPE.search(text):
                found.append(f"SH01 '{entry.name or entry.type}' ({section}) has no shape")
    if kind in ("function", "method") and raises(obj) and not parsed["Raises"]:
        found.append("RA01 It raises, and has no section Raises")
    return found


def raises(obj):
    """Tell whether a function has a ``raise`` of its own."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(obj))))
    except (OSError, TypeError, SyntaxError):  # made by a decorator, or no function
        return False
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))
