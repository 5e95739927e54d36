"""Measured figures in the pages: quoted from results, or dated, and never just typed.

A figure is a number with a unit of a measurement (dB, %, MB, s, ...), or a decimal number in a cell
of a table. It may stand in a page in three ways:

* ``:figure:`scores / urmp exact / .1f``` quotes a value of ``docs/results/scores.json``, which a
  script has written. Tables that scripts have written are included from ``docs/results``.
* ``.. record:: experiments/e13_players.py`` with ``:commit: 1fda16b`` says what measured the
  figures of its section, and at which commit: for what was tried once and is gone.
* ``docs/given.txt`` has numbers that were set, not measured: "guide/notes: 50 ms".

Any other one is a warning of the build. So is a phrase of ``given.txt`` that its page lacks. In
README.md figures stand in the block that ``experiments/readme.py`` writes, and in no other place.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.util import logging

logger = logging.getLogger(__name__)

NUMBER = r"[-−+]?\d+(?:[.,]\d+)*"
UNIT = r"(?:dB|%|percent|per cent|kB|MB|GB|ms|s|seconds?|minutes?|hours?|times)\b|%"
FIGURE = re.compile(rf"(?<![\w.,/-]){NUMBER}[ \u00a0]?(?:{UNIT})")
CELL = re.compile(r"(?<![\w.])[-−+]?\d+\.\d+(?![\w.]*[\w])")

#: What counts as no prose in README.md: what a script writes, code, and addresses.
OF_README = re.compile(
    r"<!-- figures.*?<!-- end of figures -->|^```.*?^```|`[^`\n]*`|\]\([^)]*\)",
    re.DOTALL | re.MULTILINE,
)

#: What is shown as it is typed into a computer, or as a formula.
VERBATIM = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


def setup(app):
    """Offer the role and the directive, and look at each page."""
    app.add_role("figure", quote)
    app.add_directive("record", Record)
    app.connect("doctree-read", look)
    app.connect("env-check-consistency", look_at_readme)
    app.connect("env-check-consistency", look_for_stale)
    return {"parallel_read_safe": True}


def quote(name, rawtext, text, lineno, inliner, options=None, content=None):
    """Quote a value of a results file: ``file / name / format``."""
    settings = inliner.document.settings.env
    try:
        file, value, form = (part.strip() for part in text.split(" / "))
        path = Path(settings.srcdir) / "results" / f"{file}.json"
        settings.note_dependency(str(path))
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


def look(app, doctree):
    """Warn of figures that are typed."""
    page = app.env.docname
    if page.startswith("api/"):  # docstrings tell limits and defaults
        return
    given = phrases(app.srcdir).get(page, set())
    used = app.env.__dict__.setdefault("figures_given", {})
    used[page] = {phrase for phrase in given if phrase in plain(doctree)}
    for text in doctree.findall(nodes.Text):
        if is_exempt(app, text):
            continue
        for figure in figures(text.astext(), in_cell=within(text, nodes.entry)):
            if not any(figure in phrase and phrase in plain(text.parent) for phrase in given):
                logger.warning(
                    "'%s' is typed: quote it by :figure:, date it by a record, or name it in "
                    "given.txt if it was set and not measured",
                    figure,
                    type="figure",
                    location=text.parent,
                )


def look_at_readme(app, env):
    """Warn of figures that are typed in README.md."""
    readme = Path(app.srcdir).parent / "README.md"
    prose = OF_README.sub("", readme.read_text(encoding="utf-8"))
    given = phrases(app.srcdir).get("README", set())
    env.__dict__.setdefault("figures_given", {})["README"] = {p for p in given if p in prose}
    for figure in figures(prose):
        if not any(figure in phrase and phrase in prose for phrase in given):
            logger.warning("README.md: '%s' is typed", figure, type="figure")


def look_for_stale(app, env):
    """Warn of phrases in given.txt that their pages lack."""
    for page, wanted in phrases(app.srcdir).items():
        for phrase in sorted(wanted - getattr(env, "figures_given", {}).get(page, set())):
            logger.warning("given.txt: page %s has no '%s'", page, phrase, type="figure")


def phrases(folder):
    """Return the phrases of given.txt, by page."""
    found = {}
    for line in (Path(folder) / "given.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            page, phrase = line.split(": ", 1)
            found.setdefault(page, set()).add(phrase)
    return found


def figures(text, in_cell=False):
    """Return the figures in a text."""
    found = {match.start(): match[0] for match in FIGURE.finditer(text)}
    if in_cell:
        found = {match.start(): match[0] for match in CELL.finditer(text)} | found
    return list(found.values())


def is_exempt(app, text):
    """Tell whether a text is verbatim, quoted, of a results file or of a section with a record."""
    if any(within(text, kind) for kind in VERBATIM):
        return True
    node = text.parent
    results = (Path(app.srcdir) / "results").resolve()
    while node is not None:
        if "figure" in node.get("classes", ()):
            return True
        if is_of(results, node):
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


def within(node, kind):
    """Tell whether a node lies within one of a kind."""
    while node is not None:
        if isinstance(node, kind):
            return True
        node = node.parent
    return False


def plain(node):
    """Return the text of a node on one line."""
    return " ".join(node.astext().split())
