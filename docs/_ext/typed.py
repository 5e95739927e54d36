"""Which figures a text types: numbers with a unit of a measurement, and decimal numbers.

It needs no Sphinx, so that tests can try it.
"""

import re

NUMBER = r"[-−+]?\d+(?:[.,]\d+)*(?:e[-−+]?\d+)?"
UNIT = (
    r"(?:(?:dB|decibels?|percent|per cent|cents?|[kKMGT]i?B|[nmµμ]?s|seconds?|min|minutes?|h|hours?"
    r"|times)\b|-?fold\b|%|×)"
)
DECIMAL = r"[-−+]?\d+(?:\.\d+(?:e[-−+]?\d+)?|e[-−+]?\d+)(?![\w./]*\w| k?Hz)"
#: A number after "Python" is a version.
FIGURE = re.compile(rf"(?<![\w.,])(?<!Python )(?:{NUMBER}\s?{UNIT}|{DECIMAL})")

#: A cell of a table that is nothing but a number.
CELL = re.compile(rf"^{NUMBER}$")

#: What counts as no prose in README.md: what a script writes, code, and addresses.
OF_README = re.compile(
    r"<!-- figures.*?<!-- end of figures -->|^```.*?^```|`[^`\n]*`|\]\([^)]*\)",
    re.DOTALL | re.MULTILINE,
)


def typed(text, given=(), in_cell=False):
    """Return the figures in a text that lie in none of the phrases that are given."""
    allowed = [match.span() for phrase in given for match in re.finditer(re.escape(phrase), text)]
    found = list(FIGURE.finditer(text)) or (in_cell and list(CELL.finditer(text))) or []
    return [
        match[0]
        for match in found
        if not any(start <= match.start() and match.end() <= end for start, end in allowed)
    ]


def typed_in_readme(text, given=()):
    """Return the figures that are typed in README.md: in its prose, and in cells of its tables."""
    found = []
    for paragraph in re.split(r"\n\s*\n", OF_README.sub("\0", text)):
        rows = [line for line in paragraph.splitlines() if line.lstrip().startswith("|")]
        cells = [cell.strip() for row in rows for cell in row.strip(" |").split("|")]
        for cell in cells:
            found += typed(cell, given, in_cell=True)
        if not rows:
            found += typed(" ".join(paragraph.split()), given)
    return found


def phrases(text):
    """Return the phrases of given.txt, by page."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            page, phrase = line.split(": ", 1)
            found.setdefault(page, set()).add(phrase)
    return found
