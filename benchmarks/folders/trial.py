"""One training on a folder by the command, and what its samples are worth.

    python -m benchmarks.folders.trial PICTURES RUN --recipe default --size 32 --length '--minutes 10' --seed 0

Prints its numbers as JSON in the last line.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import steadygan as sg
from steadygan.data import DataOptions, open_data
from steadygan.data.alpha import over_white
from steadygan.diagnostics.signals import checkerboard
from steadygan.run import is_run

SAMPLES = 2_000
COLLAPSED = 0.3
"""spread of samples, as a share of the pictures', below which a training counts as collapsed"""
STOPPED = "failed"
"""key of a training that ended with an error, with its line"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains, measures and prints."""
    parser = argparse.ArgumentParser("benchmarks.folders.trial", description=__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--length", required=True, help="'--minutes N' or '--rounds N'")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(arguments)
    print(json.dumps(trained(args.recipe, args.pictures, args.size, args.folder, args.seed, args.length)))


def trained(recipe: str, pictures: Path, size: int, folder: Path, seed: int, length: str) -> dict[str, Any]:
    """Trains by the command, and measures the samples; what failed is told by 'failed'."""
    began = time.perf_counter()
    if is_run(folder) and (stopped := sg.load(folder)).rounds_done < stopped.recipe.rounds:
        shutil.rmtree(folder)
    if not is_run(folder):
        first, *fields = shlex.split(recipe)
        words = fields if first == "default" else [first, *fields]
        command = [
            *(sys.executable, "-m", "steadygan", "train", *words, "--data", str(pictures)),
            *("--data.size", str(size), *length.split(), "--seed", str(seed), "--out", str(folder)),
            "--quiet",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return {STOPPED: (done.stderr.strip().splitlines() or ["no line"])[-1]}
    wall = time.perf_counter() - began
    run = sg.load(folder)
    last = run.rows[-1]
    return {
        "as trained": run.recipe.name,
        "rounds": run.rounds_done,
        "images": last["critic_steps"] * run.recipe.batch,
        "wall seconds": round(wall, 1),
        "training seconds": round(last["seconds"], 1),
        **measured(run, pictures, size),
    }


def measured(run: sg.Run, pictures: Path, size: int) -> dict[str, Any]:
    """Fréchet distance of patches with its standard error; spread of samples over that of the pictures; lines."""
    numbers: dict[str, Any] = {}
    for evaluation in sg.evaluate(run, metrics=["frechet"], features="patches", count=SAMPLES):
        for number in evaluation.numbers:
            error = None if number.error is None else round(number.error, 5)
            numbers[f"patches {number.metric}"] = [round(number.value, 5), error]
    real = open_data(DataOptions(source=str(pictures), size=size))  # transparent parts are white
    samples = run.sample(SAMPLES, seed=0)
    samples = over_white(samples) if samples.shape[1] in (2, 4) else samples
    made, shown = np.asarray(samples), np.asarray(real.train.some()[0])[:SAMPLES]
    spread = _spread(made) / _spread(shown)
    lines = round(checkerboard(made, shown).power, 2)
    return {**numbers, "spread": round(spread, 3), "collapsed": bool(spread < COLLAPSED), "checkerboard": lines}


def _spread(images: np.ndarray) -> float:
    """Mean over pixels of the standard deviation over images."""
    return float(images[:SAMPLES].astype(np.float64).std(0).mean())


if __name__ == "__main__":
    main()
