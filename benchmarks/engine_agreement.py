"""Agreement of an engine with eager steps for each recipe: both losses, and every parameter's gradient.

python -m benchmarks.engine_agreement                        all recipes, in float32 and bf16; minutes, for it compiles
python -m benchmarks.engine_agreement --only began r3gan --precisions fp32
python -m benchmarks.engine_agreement --engine compiled-graph --device cuda
python -m benchmarks.engine_agreement --docs                 also writes the table into docs/speed.md

Images of 8 px in colours with ten classes, networks of width 8; recipes that are not for images have their own data. A
gradient's distance is relative to its norm, plus a small part of that of all of the player's gradients
(``training.engines.agreement``); a loss's to its size, or to 1 if it is smaller. Recipes already in the results, with
the same engine, are not measured again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.common import RESULTS, ROOT, command_line, write_between
from benchmarks.laptop import small_case
from benchmarks.speed.library import builder_of
from steadygan.recipes import RECIPES
from steadygan.run.environment import describe_environment
from steadygan.system.device import Precision, choose_device, processor
from steadygan.system.files import read_json, write_json
from steadygan.training.engines.agreement import disagreement, rounding
from steadygan.training.engines.base import Engine
from steadygan.training.engines.by_name import make
from steadygan.training.engines.eager import EAGER
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.round import compute_gradients
from steadygan.types import SampleSpec

IMAGES = SampleSpec((3, 8, 8), 10)
WIDTH, BATCH = 8, 16
LEFT_OUT = {"resnet101": "hundreds of layers: the tests check a shorter one"}
SPEED = ROOT / "docs" / "speed.md"
BEGIN = "<!-- engine-agreement: written by benchmarks/engine_agreement.py --docs -->"
END = "<!-- end of engine-agreement -->"


def losses(engine: Engine, builder: SetupBuilder) -> list[float]:
    """The loss of each phase at the initial weights."""
    setup, draws = builder.build(), builder.drawer.round(0, 0)
    setup.game.set_round(0)
    return [
        float(compute_gradients(setup, phase, draws.of(phase.player)[0], engine).loss) for phase in setup.game.phases
    ]


def measure(name: str, precision: Precision, device: torch.device, engine: str) -> dict[str, Any]:
    """Distances of an engine's losses and gradients from the eager ones for a recipe."""
    builder, began = builder_of(small_case(name, IMAGES, WIDTH, BATCH), precision, device), time.perf_counter()
    computed_by = make(engine)
    rounds = [builder.drawer.round(round_, 0) for round_ in (0, 1)]
    off = disagreement(computed_by, builder.build, rounds)
    worst = max(off, key=lambda parameter: off[parameter])
    pairs = zip(losses(EAGER, builder), losses(computed_by, builder), strict=True)
    result = {
        "recipe": name,
        "engine": engine,
        "precision": precision,
        "loss": max(abs(one - other) / max(1.0, abs(one)) for one, other in pairs),
        "gradient": off[worst],
        "parameter": worst,
        "rounding": rounding(builder.build, rounds) if precision == "fp32" and device.type != "mps" else None,
        "parameters": len(off),
        "seconds": time.perf_counter() - began,
    }
    torch._dynamo.reset()  # frees what was compiled for this recipe
    return result


_COLUMNS = {"loss": "losses", "gradient": "worst gradient", "rounding": "eager from float64"}


def table(results: Sequence[dict[str, Any]], precisions: Sequence[str]) -> str:
    """Distances as a Markdown table, a recipe a row."""
    columns = [
        (key, title, p) for p in precisions for key, title in _COLUMNS.items() if key != "rounding" or p == "fp32"
    ]
    head = ["recipe", *(f"{title}, {precision}" for _, title, precision in columns)]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name in dict.fromkeys(row["recipe"] for row in results):
        rows = {row["precision"]: row for row in results if row["recipe"] == name}
        numbers = [rows.get(precision, {}).get(key) for key, _, precision in columns]
        cells = ["-" if number is None else f"{number:.0e}" for number in numbers]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine_agreement", description=about)
    every = [name for name in RECIPES if name not in LEFT_OUT]
    parser.add_argument("--only", nargs="+", choices=every, default=every, metavar="NAME")
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "tf32", "bf16"], default=["fp32", "bf16"])
    parser.add_argument("--engine", choices=["compiled", "graph", "compiled-graph"], default="compiled")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, default=None, help="default: engine-agreement-DEVICE.json")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/speed.md")
    args = parser.parse_args(arguments)

    device = choose_device(args.device)
    path: Path = args.out or RESULTS / f"engine-agreement-{device.type}.json"
    results: list[dict[str, Any]] = read_json(path)["results"] if path.exists() else []
    for name in args.only:
        for precision in args.precisions:
            if any(
                (row["recipe"], row["engine"], row["precision"]) == (name, args.engine, precision) for row in results
            ):
                continue
            results.append(measure(name, precision, device, args.engine))
            print(results[-1], file=sys.stderr, flush=True)
            environment = {
                **describe_environment(device, precision),
                "processor": processor(),
                "command": command_line("engine_agreement", arguments),
            }
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, {"environment": environment, "results": results})
    text = table([row for row in results if row["engine"] == args.engine], args.precisions)
    print(text)
    if args.docs:
        write_between(SPEED, BEGIN, END, f"{processor()}, torch {torch.__version__}, engine `{args.engine}`:\n\n{text}")


if __name__ == "__main__":
    main()
