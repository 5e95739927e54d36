"""Run methods side by side on the items of a folder, as `musisep benchmark` does.

    python experiments/e35_benchmark.py FOLDER [--methods musisep,nmf] [--most 50] [--out FOLDER]
        [--results FOLDER]

What has been measured is kept in `--out`, a folder for each FOLDER, and not measured again.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from e21_peers import reached
from items import item_folders
from results import write_text, write_values
from script import Script

from musisep.__main__ import main as musisep

METHODS = "musisep,nmf,hpss,ideal-mask,ideal-binary-mask,mixture"


def run(folder: Path, most: int | None, methods: str, out: Path) -> int:
    """Run the methods on the first items; return the exit status."""
    with TemporaryDirectory() as name:
        for item in item_folders(folder.resolve())[:most]:
            (Path(name) / item.name).symlink_to(item)
        return musisep(["benchmark", name, "--methods", methods, "--out", str(out), "--quiet"])


def main() -> None:
    """Run the methods, and write their table."""
    quick = ["{items}", "--methods", "ideal-mask,mixture", "--most", "2", "--out", "{scratch}"]
    parser = Script(__doc__, quick, results=True)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--most", type=int, help="items (default: all)")
    parser.add_argument("--out", type=Path, default=Path("benchmark"))
    args = parser.parse_args()
    name = args.folder.resolve().name
    out = args.out / name
    status = run(args.folder, args.most, args.methods, out)
    if args.results and (out / "table.rst").exists():
        table = (out / "table.rst").read_text(encoding="utf-8")
        write_text(args.results, f"benchmark_{name}", table)
        figures = reached(out / "table.json")
        values = {method: float(np.mean(list(own.values()))) for method, own in figures.items()}
        items = max(map(len, figures.values()))
        write_values(args.results, f"benchmark_{name}", f"{items} items of {name}", values)
    raise SystemExit(status)


if __name__ == "__main__":
    main()
