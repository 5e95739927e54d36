"""Names of methods; light enough to import for a help text."""

NAMES = ("musisep", "adam", "nmf", "hpss", "ideal-mask", "ideal-binary-mask", "mixture")
"""In the order of the table of methods."""
DEFAULT = ("musisep", "ideal-mask", "mixture")
"""Those that need no other package and little time."""
COMMAND = "command"
"""What a program is called that is given as a command."""
