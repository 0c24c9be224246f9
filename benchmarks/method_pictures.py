"""Pictures of recipes that the recipe table leaves out (presets for other data), for docs/methods.md.

python -m benchmarks.method_pictures --data cifar10/train.parquet wgan-gp-cifar10 sngan-cifar10 r3gan-cifar10

Each is trained like the table's recipes (benchmarks/table_cell.py): widths of a laptop, minutes of CPU time. Its
samples become docs/pictures/methods/NAME.png, whose description records how it was made;
`python -m scripts.methods_page` shows it.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.laptop import BATCH, WIDTH
from benchmarks.recipe_table import PICTURES
from benchmarks.table_cell import Key, Study, beside, carry_out
from steadygan.data import DataOptions, open_data
from steadygan.errors import unknown_name
from steadygan.recipes import RECIPES


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains one recipe after the other; one that fails prints the reason and leaves no picture."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.method_pictures", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("recipes", nargs="+", metavar="NAME")
    parser.add_argument("--data", required=True)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=2.0, help="of two cores")
    parser.add_argument("--factor", type=float, default=1.0, help="of both players' rates")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=5000, help="samples that are measured")
    parser.add_argument("--runs", type=Path, default=Path("runs/method-pictures"))
    args = parser.parse_args(arguments)
    for name in args.recipes:
        if name not in RECIPES:
            raise unknown_name("recipe", name, RECIPES)
    source = str(Path(args.data).resolve()) if Path(args.data).exists() else args.data
    dataset = open_data(DataOptions(source, size=args.size))
    shared = {"size": args.size, "minutes": args.minutes, "threads": 1, "jobs": 1, "width": WIDTH, "batch": BATCH}
    study = Study(data=dataset.name, fingerprint=dataset.fingerprint, count=args.count, **shared)
    args.runs.mkdir(parents=True, exist_ok=True)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in args.recipes:
        key = Key(name, args.factor, args.seed)
        folder = args.runs.resolve() / str(key)
        shutil.rmtree(folder, ignore_errors=True)
        result = carry_out(study, source, key, folder)
        print(f"{name}: {result['status']} {result['line']}".strip(), flush=True)
        if beside(folder, ".png").exists():
            shutil.copyfile(beside(folder, ".png"), PICTURES / f"{name}.png")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
