"""Makes the pictures of the documentation.

    python experiments/pictures.py [--out docs/_static]

They are of the recording that comes with the package.
"""

import argparse
from importlib import resources
from io import BytesIO
from pathlib import Path

from PIL import Image

import musisep
from musisep import plots

DOTS_PER_INCH, COLOURS = 72, 48
"""So few that a picture has some dozen kilobytes."""
SHOWN = slice(0, 260)
"""Frames: three seconds."""


def main() -> None:
    """Separate the recording with both methods, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/_static"))
    out = parser.parse_args().out
    recording = str(resources.files("musisep") / "demo" / "mix.flac")
    found = musisep.separate(recording, instruments=2)
    adam = musisep.separate(recording, instruments=2, method="adam", runs=1500, lifetime=300)
    figures = {
        "separation": plots.separation_figure(found, SHOWN),
        "linear": plots.separation_figure(found, SHOWN, scale="linear", highest_hz=4000),
        "masks": plots.masks_figure(found, SHOWN, scale="linear", highest_hz=4000),
        "roll": plots.roll_figure(found.notes, found.names),
        "spread": plots.spread_figure(found),
        "curve": plots.curve_figure({"notes": found.curve, "adam": adam.curve}),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        path = out / f"picture_{name}.png"
        content = BytesIO()
        figure.savefig(content, dpi=DOTS_PER_INCH)
        with Image.open(content) as picture:
            few = picture.convert("RGB").quantize(COLOURS)
        few.save(path, optimize=True)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
