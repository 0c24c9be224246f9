"""Recipes on a few thousand photos: equal training time, evaluated against the whole data set.

    python -m benchmarks.photos cifar10/train.parquet [--recipes photos wgan-gp "wgan-gp --batch 32"] [--minutes 4]
        [--seeds 0 1 2] [--count 3000] [--threads 1] [--out runs/photos] [--name photos] [--docs]

Writes --count random pictures of the source (a file or a folder) into a folder of PNGs, like a user's: no labels,
mirrored at random. Trains each recipe on them with each seed for --minutes of CPU time. A recipe is a name, followed by
fields as on the command line. Samples are compared with all pictures of the source, so that memorising the few does not
pay: Fréchet distance, precision and recall in features of patches and, if the source has labels, of a classifier.
Unfinished runs are resumed; finished and evaluated ones are kept.
Writes benchmarks/results/NAME.json after each run, and prints the table. --docs writes the one over the seeds into
docs/photos.md, and samples beside the pictures into docs/pictures/photos.png.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import steadygan as sg
from benchmarks.common import RESULTS, ROOT, command_line, write_between
from benchmarks.laptop import in_cpu_minutes
from steadygan.api import prepare, train_prepared
from steadygan.cli import overrides
from steadygan.data import DataOptions, Dataset, open_data
from steadygan.evaluation.extracting import default_features, make_features, real_samples
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Subject, select
from steadygan.evaluation.real_side import RealSide
from steadygan.evaluation.run_evaluation import draw
from steadygan.recipe import Recipe
from steadygan.recipes import find
from steadygan.report.pictures import class_grid, save_picture
from steadygan.run import is_run
from steadygan.run.environment import describe_environment
from steadygan.system.device import processor

METRICS = ("frechet", "manifold")
PAGE, PICTURE = ROOT / "docs" / "photos.md", ROOT / "docs" / "pictures" / "photos.png"
BEGIN, END = "<!-- photos: written by benchmarks/photos.py --docs -->", "<!-- end of photos -->"
SHOWN = ("patches frechet", "classifier frechet", "classifier precision", "classifier recall")
COLUMNS, ROWS = 16, 2


def write_subset(whole: Dataset, folder: Path, count: int, seed: int) -> None:
    """``count`` random training pictures as PNGs; a folder with as many is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    if len(list(folder.iterdir())) == count:
        return
    images, _ = real_samples(whole, "train")
    if len(images) < count:
        raise SystemExit(f"{whole.name} has {len(images)} pictures, fewer than --count {count}")
    for row in np.random.default_rng(seed).choice(len(images), count, replace=False):
        pixels = np.asarray(images[row]).transpose(1, 2, 0)
        Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(folder / f"{row:06}.png")


def recipe_of(text: str, sample: sg.SampleSpec) -> Recipe:
    """The recipe of 'NAME --FIELD VALUE ...'."""
    name, *words = shlex.split(text)
    rest, changes = overrides.split(words, {})
    if rest:
        raise SystemExit(f"--recipes '{text}': '{rest[0]}' is no field")
    return overrides.apply(find(name)(sample), changes)


def trained(text: str, pictures: Path, folder: Path, seed: int, args: argparse.Namespace) -> sg.Run:
    """The finished run of a recipe; trained or resumed if needed."""
    if is_run(folder):
        run = sg.load(folder)
        return run if run.rounds_done == run.recipe.rounds else sg.resume(run, observers=[])
    ready = prepare(lambda sample: recipe_of(text, sample), DataOptions(source=str(pictures), flip=True))
    watch = dataclasses.replace(ready.recipe.run, threads=args.threads, evaluate="none")
    recipe = dataclasses.replace(ready.recipe, seed=seed, run=watch)
    recipe = in_cpu_minutes(recipe, ready.dataset, args.minutes)
    ready = dataclasses.replace(ready, recipe=recipe, minutes=None)
    return train_prepared(ready, folder, device="cpu", observers=[])


def evaluated(run: sg.Run, whole: Dataset, count: int) -> dict[str, Any]:
    """The metrics of a run's samples: name to [value, standard error]."""
    samples = draw(run, count, 0)
    numbers: dict[str, Any] = {}
    for name in dict.fromkeys(("patches", default_features(whole))):
        material = Material(RealSide(whole, make_features(name, whole)), samples)
        for measure in select(METRICS, Subject(whole, count)):
            for number in measure.compute(material):
                error = None if number.error is None else round(number.error, 5)
                numbers[f"{name} {number.metric}"] = [round(number.value, 5), error]
    return numbers


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains, evaluates, writes and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("--recipes", nargs="+", default=["photos", "wgan-gp"])
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--count", type=int, default=3_000)
    parser.add_argument("--size", type=int, default=None)
    parser.add_argument("--samples", type=int, default=5_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--subset-seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/photos"))
    parser.add_argument("--name", default="photos")
    parser.add_argument("--docs", action="store_true")
    args = parser.parse_args(arguments)

    whole = open_data(DataOptions(source=args.source, size=args.size))
    pictures = args.out / f"pictures-{whole.sample.shape[-1]}-{args.count}-{args.subset_seed}"
    write_subset(whole, pictures, args.count, args.subset_seed)
    path = RESULTS / f"{args.name}.json"
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": {}}
    content["environment"] = {
        **describe_environment(torch.device("cpu"), "auto"),
        "processor": processor(),
        "threads": args.threads,
        "command": command_line("photos", arguments),
        "date": time.strftime("%Y-%m-%d"),
    }
    content["data"] = {"whole": whole.name, "pictures": args.count, "judged by": len(real_samples(whole, "train")[0])}
    for seed in args.seeds:
        for text in args.recipes:
            key = key_of(text, args.minutes, seed)
            if key in content["runs"]:
                continue
            folder = folder_of(text, seed, args)
            print(key, flush=True)
            began, began_cpu = time.perf_counter(), time.process_time()
            run = trained(text, pictures, folder, seed, args)
            cost = {"wall": time.perf_counter() - began, "cpu": time.process_time() - began_cpu}
            content["runs"][key] = {
                "rounds": run.rounds_done,
                "images": run.rows[-1]["samples"],
                "seconds": round(run.rows[-1]["seconds"], 1),
                **{f"{what} seconds, all": round(value, 1) for what, value in cost.items()},
                **evaluated(run, whole, args.samples),
            }
            RESULTS.mkdir(exist_ok=True)
            path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(table(content["runs"]))
    if args.docs:
        write_between(PAGE, BEGIN, END, over_seeds(content["runs"], args.recipes, args.minutes, args.seeds))
        draw_samples(content["runs"], pictures, args)


def key_of(text: str, minutes: float, seed: int) -> str:
    """The key of a run in the results."""
    return f"{text}, {minutes:g} min, seed {seed}"


def folder_of(text: str, seed: int, args: argparse.Namespace) -> Path:
    """The folder of a run."""
    folder: Path = args.out / re.sub(r"[^\w.]+", "-", f"{text} {args.minutes:g}min seed{seed}").strip("-")
    return folder


def over_seeds(runs: dict[str, Any], recipes: Sequence[str], minutes: float, seeds: Sequence[int]) -> str:
    """A Markdown table of means over the seeds, with lowest and highest."""

    def cell(values: list[float], pattern: str) -> str:
        mean, low, high = np.mean(values), min(values), max(values)
        return f"{mean:{pattern}}" + (f" ({low:{pattern}} to {high:{pattern}})" if len(values) > 1 else "")

    lines = [f"| recipe | seeds | rounds | {' | '.join(SHOWN)} |", "|---" * (3 + len(SHOWN)) + "|"]
    for text in recipes:
        done = [run for seed in seeds if (run := runs.get(key_of(text, minutes, seed)))]
        cells = [cell([run[name][0] for run in done], ".3f") if name in done[0] else "" for name in SHOWN]
        rounds = cell([run["rounds"] for run in done], ",.0f")
        lines.append(f"| `{text}` | {len(done)} | {rounds} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw_samples(runs: dict[str, Any], pictures: Path, args: argparse.Namespace) -> None:
    """Draws pictures of the folder, and below them samples of each recipe's median seed by the patches metric."""
    files = sorted(pictures.iterdir())[: COLUMNS * ROWS]
    bands, names = [_pixels(files)], ["pictures", *[""] * (ROWS - 1)]
    for text in args.recipes:
        seeds = sorted(args.seeds, key=lambda seed: runs[key_of(text, args.minutes, seed)]["patches frechet"][0])
        run = sg.load(folder_of(text, seeds[len(seeds) // 2], args))
        bands.append(run.sample(COLUMNS * ROWS, seed=0).astype(np.uint8))
        names += [text.split()[0], *[""] * (ROWS - 1)]
    rows = np.concatenate(bands).reshape(len(names), COLUMNS, *bands[0].shape[1:])
    picture = class_grid(rows, names).convert("RGB").quantize(192)  # a third of the bytes
    save_picture(picture, PICTURE, f"Pictures, and samples of {', '.join(args.recipes)}")


def _pixels(files: Sequence[Path]) -> np.ndarray:
    images = [np.atleast_3d(np.asarray(Image.open(file))).transpose(2, 0, 1) for file in files]
    return np.stack(images)


def table(runs: dict[str, dict[str, Any]]) -> str:
    """The runs as a Markdown table."""
    names = list(dict.fromkeys(name for run in runs.values() for name, value in run.items() if isinstance(value, list)))
    names = [name for name in names if "infinite" not in name]
    lines = [f"| run | rounds | seconds | {' | '.join(names)} |", "|---" * (3 + len(names)) + "|"]
    for key, run in runs.items():
        cells = [f"{run[name][0]:.3f} ± {run[name][1] or 0:.3f}" if name in run else "" for name in names]
        lines.append(f"| {key} | {run['rounds']:,} | {run['seconds']:.0f} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
