"""Make the pictures of the documentation.

    python experiments/pictures.py [--runs 1500] [--seed 0] [--results docs/_static]

They are of the recording that comes with the package.
"""

from importlib import resources
from io import BytesIO

from PIL import Image
from script import Script

import musisep
from musisep import plots

DOTS_PER_INCH, COLOURS = 96, 192
"""So few that a picture has about a hundred kilobytes."""
SHOWN = slice(0, 260)
"""Frames: three seconds."""


def main() -> None:
    """Separate the recording with both methods, and draw it."""
    parser = Script(__doc__, ["--runs", "20"], seed=True, results=True)
    parser.add_argument("--runs", type=int, default=1500, help="of the method adam")
    args = parser.parse_args()
    recording = str(resources.files("musisep") / "demo" / "mix.flac")
    known = {"instruments": 2, "seed": args.seed}
    found = musisep.separate(recording, **known)
    lifetime = max(1, args.runs // 5)
    adam = musisep.separate(recording, **known, method="adam", runs=args.runs, lifetime=lifetime)
    figures = {
        "separation": plots.separation_figure(found, SHOWN),
        "linear": plots.separation_figure(found, SHOWN, scale="linear", highest_hz=4000),
        "masks": plots.masks_figure(found, SHOWN, scale="linear", highest_hz=4000),
        "roll": plots.roll_figure(found.notes, found.names),
        "spread": plots.spread_figure(found),
        "curve": plots.curve_figure({"notes": found.curve, "adam": adam.curve}),
    }
    for name, figure in figures.items():
        content = BytesIO()
        figure.savefig(content, dpi=DOTS_PER_INCH)
        with Image.open(content) as picture:
            few = picture.convert("RGB").quantize(COLOURS)
        content = BytesIO()
        few.save(content, "PNG", optimize=True)
        print(f"picture_{name}.png: {len(content.getvalue()) / 1000:.0f} kB")
        if args.results:
            args.results.mkdir(parents=True, exist_ok=True)
            (args.results / f"picture_{name}.png").write_bytes(content.getvalue())


if __name__ == "__main__":
    main()
