"""The default training on four kinds of folders, beside other recipes, at equal time.

    python -m benchmarks.folders --photographs cifar10/train.parquet --drawings emoji64 --writing mnist
        [--kinds photographs drawings drawings-64 writing glyphs] [--recipes default wgan-gp dcgan lecam msg-gan photos]
        [--minutes 10] [--seeds 0 1 2] [--count 500] [--out runs/folders] [--name folders] [--docs]

Each training is the command ``steadygan train`` as a user types it, in a process of its own: 'default' names no recipe,
any other word is a recipe, followed by fields as on the command line. Samples are compared with the pictures that were
trained on: Fréchet distances in features of patches, with their standard errors, and how much samples vary against the
pictures. --count takes a small folder. Finished trainings are kept, so that a
stopped series goes on. Writes benchmarks/results/NAME.json after each; --docs writes the table and the pictures into
docs/folders.md.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import steadygan as sg
from benchmarks.common import RESULTS, command_line, processor
from benchmarks.folders.page import write_page
from benchmarks.folders.pictures import KINDS, Kind, write_pictures
from steadygan.data import DataOptions, open_data
from steadygan.data.alpha import over_white
from steadygan.run import is_run
from steadygan.run.environment import describe_environment

RIVALS = ("default", "wgan-gp", "dcgan", "lecam", "msg-gan", "photos")
SAMPLES = 2_000
COLLAPSED = 0.3
"""spread of samples, as a share of the pictures', below which a training counts as collapsed"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains, evaluates, writes and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.folders", description=(__doc__ or "").splitlines()[0])
    for source in ("photographs", "drawings", "writing"):
        parser.add_argument(f"--{source}", type=Path)
    names = [kind.name for kind in KINDS]
    parser.add_argument("--kinds", nargs="+", default=names, choices=names)
    parser.add_argument("--recipes", nargs="+", default=list(RIVALS))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--count", type=int, help="pictures of a small folder (default: the kind's number)")
    parser.add_argument("--out", type=Path, default=Path("runs/folders"))
    parser.add_argument("--name", default="folders")
    parser.add_argument("--docs", action="store_true")
    args = parser.parse_args(arguments)

    path = RESULTS / f"{args.name}.json"
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": {}}
    content["environment"] = {
        **describe_environment(torch.device("cpu"), "auto"),
        "processor": processor(),
        "command": command_line("folders", arguments),
        "date": time.strftime("%Y-%m-%d"),
    }
    for seed in args.seeds:
        for kind in (kind for kind in KINDS if kind.name in args.kinds):
            source = getattr(args, kind.name.removesuffix("-64"), None)
            pictures = write_pictures(kind, args.out / "pictures", source, args.count)
            for recipe in args.recipes:
                key = f"{kind.name}, {recipe}, {args.minutes:g} min, seed {seed}"
                key += "" if args.count is None else f", {args.count} pictures"
                if key in content["runs"]:
                    continue
                print(key, flush=True)
                folder = args.out / re.sub(r"[^\w.]+", "-", key)
                content["runs"][key] = {"kind": kind.name, "recipe": recipe, "seed": seed, "folder": folder.name}
                content["runs"][key] |= trained(kind, recipe, pictures, folder, seed, args.minutes)
                RESULTS.mkdir(exist_ok=True)
                path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if args.docs:
        write_page(content["runs"], args.out)


def trained(kind: Kind, recipe: str, pictures: Path, folder: Path, seed: int, minutes: float) -> dict[str, Any]:
    """Trains by the command, and measures the samples; what failed is told by 'failed'."""
    began = time.perf_counter()
    if not is_run(folder):
        words = [] if recipe == "default" else recipe.split()
        command = [
            *(sys.executable, "-m", "steadygan", "train", *words, "--data", str(pictures)),
            *("--data.size", str(kind.size), "--minutes", str(minutes), "--seed", str(seed), "--out", str(folder)),
            "--quiet",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return {"failed": (done.stderr.strip().splitlines() or ["no line"])[-1]}
    wall = time.perf_counter() - began
    run = sg.load(folder)
    last = run.rows[-1]
    return {
        "as trained": run.recipe.name,
        "rounds": run.rounds_done,
        "images": last["samples"],
        "wall seconds": round(wall, 1),
        "training seconds": round(last["seconds"], 1),
        **measured(run, pictures, kind.size),
    }


def measured(run: sg.Run, pictures: Path, size: int) -> dict[str, Any]:
    """Fréchet distance of patches with its standard error, and the spread of samples against that of the pictures."""
    numbers: dict[str, Any] = {}
    for evaluation in sg.evaluate(run, metrics=["frechet"], features="patches", count=SAMPLES):
        for number in evaluation.numbers:
            error = None if number.error is None else round(number.error, 5)
            numbers[f"patches {number.metric}"] = [round(number.value, 5), error]
    real = open_data(DataOptions(source=str(pictures), size=size))  # transparent parts are white
    samples = run.sample(SAMPLES, seed=0)
    samples = over_white(samples) if samples.shape[1] in (2, 4) else samples
    spread = _spread(np.asarray(samples)) / _spread(np.asarray(real.train.some()[0]))
    return {**numbers, "spread": round(spread, 3), "collapsed": bool(spread < COLLAPSED)}


def _spread(images: np.ndarray) -> float:
    """Mean over pixels of the standard deviation over images."""
    return float(images[:SAMPLES].astype(np.float64).std(0).mean())


if __name__ == "__main__":
    main()
