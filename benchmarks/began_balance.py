"""BEGAN's equilibrium: M, k_t and the diversity of samples over a training, at two gammas for each data set.

    python -m benchmarks.began_balance --data mnist/ cifar10/train.parquet [--rounds 4000] [--size 32]

Each training is a run of the recipe 'began' in its own folder, with a checkpoint for each point of the curves; called
again, it continues where it was stopped. Spread is the standard deviation of pixels over samples relative to that over
real images: near 0 all samples are alike. For grey images with classes, a 5-nearest-neighbours classifier on 6,000 real
images (its accuracy on held-out ones is in the results) gives the share of samples in each class. Writes
benchmarks/results/began-DATA.json and docs/pictures/began-DATA.png.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

import steadygan as sg
from benchmarks.common import RESULTS, command_line
from steadygan.data import DataOptions, Dataset, open_data
from steadygan.recipe import Recipe
from steadygan.recipes import began
from steadygan.report.pictures import image_grid, save_picture
from steadygan.run import is_run
from steadygan.system.device import processor
from steadygan.system.files import write_json

PICTURES = RESULTS.parents[1] / "docs" / "pictures"
POINTS = 16
"""points of a curve"""
SHOWN = 4
"""points whose samples are shown"""
COUNT = 1_000
"""samples, and held-out images, that spread and classes are measured on"""
GREY, COLOUR = (0.7, 1.0), (0.5, 0.7)
"""gammas: digits on black need higher ones, as the simplest of them have half of the mean error (docs/began.md)"""


def recipe_of(dataset: Dataset, options: DataOptions, gamma: float, rounds: int, seed: int) -> Recipe:
    """The recipe 'began' for the data with another gamma, and a checkpoint for each point of the curves."""
    recipe = began(dataset.sample)
    every = max(1, rounds // POINTS)
    return dataclasses.replace(
        recipe,
        objective=dataclasses.replace(recipe.objective, gamma=gamma),
        data=options,
        rounds=rounds,
        seed=seed,
        run=dataclasses.replace(
            recipe.run, threads=1, log_every=min(20, every), checkpoint_every=every, keep_every=every, evaluate="none"
        ),
    )  # type: ignore[return-value]


def trained(folder: Path, recipe: Recipe) -> sg.Run:
    """The finished run of a recipe in a folder: new, resumed, or read."""
    if not is_run(folder):
        return sg.train(recipe, out=folder, observers=[])
    run = sg.load(folder)
    return run if run.finished else sg.resume(run, observers=[])


class Diversity:
    """Spread of samples relative to real images, and their classes."""

    def __init__(self, dataset: Dataset) -> None:
        rng = np.random.default_rng(0)
        rows = np.sort(rng.choice(len(dataset.train), min(len(dataset.train), 6 * COUNT), replace=False))
        pixels = self._flat(np.asarray(dataset.train.samples[rows]))
        self.deviation = pixels.std(0).mean()
        self.classifier, self.accuracy = None, None
        if dataset.sample.shape[0] == 1 and dataset.train.labels is not None and dataset.held_out.labels is not None:
            self.classifier = KNeighborsClassifier(5).fit(pixels, dataset.train.labels[rows])
            held_out = self._flat(np.asarray(dataset.held_out.samples[:COUNT]))
            self.accuracy = float(self.classifier.score(held_out, dataset.held_out.labels[:COUNT]))

    @staticmethod
    def _flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return images.reshape(len(images), -1).astype(np.float32) / 255

    def __call__(self, samples: NDArray[np.uint8]) -> dict[str, Any]:
        """Spread and shares of classes of samples [N, C, H, W]."""
        pixels = self._flat(samples)
        numbers: dict[str, Any] = {"spread": round(float(pixels.std(0).mean() / self.deviation), 4)}
        if self.classifier is not None:
            shares = np.bincount(self.classifier.predict(pixels), minlength=10) / len(pixels)
            numbers["classes"] = [round(float(share), 3) for share in shares]
        return numbers


def curves(run: sg.Run, diversity: Diversity) -> list[dict[str, Any]]:
    """A row for each checkpoint."""
    logged = {int(row["round"]): row for row in run.rows}
    rows = []
    for checkpoint in run.checkpoints:
        round_ = int(checkpoint.name)
        near = logged[min(logged, key=lambda known: abs(known - round_))]
        numbers = {"M": round(near["convergence_mean"], 5), "k": round(near["k"], 4), "seconds": near["seconds"]}
        samples = run.sample(COUNT, seed=1, round_=round_).astype(np.uint8)
        rows.append({"round": round_, **numbers, **diversity(samples)})
    return rows


def figure(name: str, runs: dict[float, sg.Run], rows: dict[float, list[dict[str, Any]]]) -> None:
    """Draws the curves, and below them samples of each gamma over time."""
    drawn = Figure(figsize=(10, 3 + 2.6 * len(runs)), dpi=80, layout="constrained")
    canvas = FigureCanvasAgg(drawn)
    above, below = drawn.subfigures(2, 1, height_ratios=(1, 0.9 * len(runs)))
    for axes, key, title in zip(
        above.subplots(1, 3), ("M", "k", "spread"), ("M, running mean", "k", "spread, 1 = real"), strict=True
    ):
        for gamma, curve in rows.items():
            axes.plot([row["round"] for row in curve], [row[key] for row in curve], label=f"gamma {gamma:g}")
        axes.set_title(title)
        axes.set_xlabel("round")
        axes.set_ylim(bottom=0)
        axes.legend()
    for line, (gamma, run) in zip(below.subplots(len(runs), SHOWN, squeeze=False), runs.items(), strict=True):
        rounds = [row["round"] for row in rows[gamma]]
        shown = [rounds[round(index)] for index in np.geomspace(1, len(rounds), SHOWN) - 1]
        for axes, round_ in zip(line, shown, strict=True):
            samples = run.sample(36, seed=0, round_=round_).astype(np.uint8)
            axes.imshow(np.asarray(image_grid(samples, scale=2).convert("RGB")))
            axes.set_title(f"gamma {gamma:g}, round {round_:,}", fontsize="medium")
            axes.axis("off")
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(128)  # a third of the bytes
    gammas = ", ".join(f"{gamma:g}" for gamma in rows)
    text = f"BEGAN on {name} at gammas {gammas}: M, k, spread over rounds, samples of the same latents"
    save_picture(picture, PICTURES / f"began-{name}.png", text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains, measures and writes; stops if a training was interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.began_balance", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--rounds", type=int, default=4_000)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--gammas", type=float, nargs="+", help="(default: 0.7 1.0 for grey images, 0.5 0.7 for others)"
    )
    parser.add_argument("--folder", type=Path, default=Path("runs/began-balance"))
    args = parser.parse_args(arguments)
    for source in args.data:
        options = DataOptions(source=str(Path(source).resolve()) if Path(source).exists() else source, size=args.size)
        dataset = open_data(options)
        diversity = Diversity(dataset)
        runs, rows = {}, {}
        for gamma in args.gammas or (GREY if dataset.sample.shape[0] == 1 else COLOUR):
            folder = args.folder / f"{dataset.name}-{args.size}-gamma-{gamma:g}-seed-{args.seed}"
            runs[gamma] = trained(folder, recipe_of(dataset, options, gamma, args.rounds, args.seed))
            if not runs[gamma].finished:
                raise SystemExit(f"{runs[gamma]!r} was stopped: the same command continues it")
            rows[gamma] = curves(runs[gamma], diversity)
            print(f"{dataset.name}, gamma {gamma:g}: {json.dumps(rows[gamma][-1])}", flush=True)
        environment = next(iter(runs.values())).environment.to_json()
        content = {
            "environment": {
                **environment,
                "processor": processor(),
                "command": command_line("began_balance", arguments),
            },
            "data": dataset.name,
            "size": args.size,
            "rounds": args.rounds,
            "seed": args.seed,
            "accuracy of the classifier": diversity.accuracy,
            "curves": {f"gamma {gamma:g}": curve for gamma, curve in rows.items()},
        }
        write_json(RESULTS / f"began-{dataset.name}.json", content)
        figure(dataset.name, runs, rows)


if __name__ == "__main__":
    main()
