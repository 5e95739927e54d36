"""What messages show; light enough to import for a help text."""

SHOWN = 80
"""Characters of a value that a message shows."""


def shown(value: object) -> str:
    """Return what a message shows of a value: one line, shortened in the middle."""
    text = " ".join(repr(value).split())
    half = (SHOWN - 3) // 2
    return text if len(text) <= SHOWN else f"{text[:half]}...{text[-half:]}"
