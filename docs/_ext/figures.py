"""Measured figures in the pages: quoted from results, or dated, and never just typed.

A figure is a number with a unit of a measurement (dB, %, MB, s, ...), a decimal number, or a number
that is all of a cell of a table: ``typed.py``. It may stand in a page in three ways:

* ``:figure:`scores / urmp exact / .1f``` quotes a value of ``docs/results/scores.json``, which a
  script has written. Tables that scripts have written are included from ``docs/results``.
* ``.. record:: experiments/e13_players.py`` with ``:commit: 1fda16b`` says what measured the
  figures of its section, and at which commit: for what was tried once and is gone.
* ``docs/given.txt`` has numbers that were set, not measured: "guide/notes: 50 ms".

Any other one is a warning of the build. So is a phrase of ``given.txt`` that its page lacks. In
README.md figures stand in the block that ``experiments/readme.py`` writes, and in no other place.
Docstrings may type figures, as they tell limits and defaults.
"""

import json
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.util import logging
from typed import phrases, typed, typed_in_readme

logger = logging.getLogger(__name__)

#: What is shown as it is typed into a computer, or as a formula; tests run the examples.
VERBATIM = (
    nodes.literal,
    nodes.literal_block,
    nodes.doctest_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
)


def setup(app):
    """Offer the role and the directive, and look at all pages."""
    app.add_role("figure", quote)
    app.add_directive("record", Record)
    app.connect("env-check-consistency", look)
    return {"parallel_read_safe": True}


def quote(name, rawtext, text, lineno, inliner, options=None, content=None):
    """Quote a value of a results file: ``file / name / format``."""
    env = inliner.document.settings.env
    try:
        file, value, form = (part.strip() for part in text.split(" / "))
        path = Path(env.srcdir) / "results" / f"{file}.json"
        env.note_dependency(str(path))
        shown = format(json.loads(path.read_text(encoding="utf-8"))["values"][value], form)
    except (ValueError, OSError, KeyError) as error:
        message = inliner.reporter.warning(f"no figure '{text}': {error!r}", line=lineno)
        return [nodes.problematic(rawtext, rawtext)], [message]
    return [nodes.inline(rawtext, shown.replace("-", "\u2212"), classes=["figure"])], []


class Record(Directive):
    """Say which script measured the figures of this section, and at which commit."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"commit": directives.unchanged_required}  # noqa: RUF012 - docutils' own form

    def run(self):
        """Return a line that says so."""
        if "commit" not in self.options:
            raise self.error("a record needs its :commit:")
        source, _ = self.state_machine.get_source_and_line(self.lineno)
        text = [nodes.Text("Figures by "), nodes.literal("", self.arguments[0])]
        text += [nodes.Text(", as of commit "), nodes.literal("", self.options["commit"])]
        paragraph = nodes.paragraph("", "", *text, classes=["record"])
        paragraph.source = source  # tells those of results from those of sections
        return [paragraph]


def look(app, env):
    """Warn of figures that are typed, and of phrases of given.txt that their pages lack."""
    given = phrases((Path(app.srcdir) / "given.txt").read_text(encoding="utf-8"))
    readme = (Path(app.srcdir).parent / "README.md").read_text(encoding="utf-8")
    texts = {"README": " ".join(readme.split())}
    for figure in typed_in_readme(readme, given.get("README", ())):
        logger.warning("README.md: '%s' is typed", figure, type="figure")
    for page in sorted(env.found_docs):
        if page.startswith("api/"):
            continue
        doctree = env.get_doctree(page)
        texts[page] = plain(doctree.astext())
        for node, text in texts_of(app, doctree):
            for figure in typed(text, given.get(page, ()), in_cell=within(node, nodes.entry)):
                logger.warning(
                    "'%s' is typed: quote it by :figure:, date it by a record, or name it in "
                    "given.txt if it was set and not measured",
                    figure,
                    type="figure",
                    location=node,
                )
    for page, wanted in given.items():
        for phrase in sorted(wanted):
            if phrase not in texts.get(page, ""):
                logger.warning("given.txt: page %s has no '%s'", page, phrase, type="figure")


def texts_of(app, doctree):
    """Yield the paragraphs, headings, cells ... that are not exempt, each with its text."""
    for node in doctree.findall(nodes.image):
        if not is_exempt(app, node):
            yield node, node.get("alt", "")
    for node in doctree.findall(nodes.TextElement):
        if not (within(node.parent, nodes.TextElement) or is_exempt(app, node)):
            parts = (
                "\0" if within(text, VERBATIM) or is_quoted(text.parent) else text.astext()
                for text in node.findall(nodes.Text)
            )
            yield node, plain("".join(parts))


def is_exempt(app, node):
    """Tell whether a node is verbatim, of a results file, or of a section with a record."""
    results = (Path(app.srcdir) / "results").resolve()
    while node is not None:
        if isinstance(node, VERBATIM) or is_of(results, node):
            return True
        if isinstance(node, nodes.section) and any(
            is_record(child) and not is_of(results, child) for child in node.children
        ):
            return True
        node = node.parent
    return False


def is_of(folder, node):
    """Tell whether a node comes from a file in a folder."""
    return bool(node.source) and folder in Path(node.source).resolve().parents


def is_record(node):
    """Tell whether a node is what the directive ``record`` makes."""
    return isinstance(node, nodes.Element) and "record" in node.get("classes", ())


def is_quoted(node):
    """Tell whether a node is what the role ``figure`` makes."""
    return "figure" in node.get("classes", ())


def within(node, kind):
    """Tell whether a node is, or lies within, one of a kind."""
    while node is not None:
        if isinstance(node, kind):
            return True
        node = node.parent
    return False


def plain(text):
    """Return a text on one line."""
    return " ".join(text.split())
