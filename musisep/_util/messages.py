"""What messages show; light enough to import for a help text."""

SHOWN = 80
"""Characters of a value that a message shows."""
COMPILED_ANEW = (
    "every run compiles them anew, which takes about 20 seconds; set NUMBA_CACHE_DIR to "
    "a folder with room that you may write to"
)
"""Of kernels that cannot be kept: what it costs, and what to do."""


def shown(value: object) -> str:
    """Return what a message shows of a value: one line, shortened in the middle."""
    text = " ".join(repr(value).split())
    half = (SHOWN - 3) // 2
    return text if len(text) <= SHOWN else f"{text[:half]}...{text[-half:]}"
