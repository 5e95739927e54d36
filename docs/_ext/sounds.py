"""Players for sounds: ``.. sounds:: with_drums`` plays the mixture and the stems of a case.

The files are ``docs/_static/sounds/CASE_mix.mp3``, ``CASE_1.mp3``, ...; e36_failures.py makes them.
"""

from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.util.osutil import relative_uri

FOLDER = Path("_static") / "sounds"


def setup(app):
    """Offer the directive."""
    app.add_directive("sounds", Sounds)
    return {"parallel_read_safe": True}


class Sounds(Directive):
    """A row of players."""

    required_arguments = 1

    def run(self):
        """Return the players of all files of a case."""
        env = self.state.document.settings.env
        case = self.arguments[0]
        files = sorted((Path(env.srcdir) / FOLDER).glob(f"{case}_*.mp3"), key=order)
        if not files:
            raise self.error(f"there are no sounds of {case!r} in {FOLDER}")
        home = env.app.builder.get_target_uri(env.docname)
        players = (
            player(file, relative_uri(home, (FOLDER / file.name).as_posix())) for file in files
        )
        return [nodes.raw("", f'<div class="sounds">{"".join(players)}</div>', format="html")]


def order(file):
    """Order the mixture before the stems."""
    part = part_of(file)
    return part != "mix", part


def part_of(file):
    """Return what a file holds: mix, or the number of a stem."""
    return file.stem.rpartition("_")[2]


def player(file, address):
    """Return a player with its caption."""
    part = part_of(file)
    caption = "recording" if part == "mix" else f"track {part}"
    return (
        f"<figure><figcaption>{escape(caption)}</figcaption>"
        f'<audio controls preload="none" src="{escape(address)}"></audio></figure>'
    )
