"""Which recipe makes the best of a few thousand pictures? Recipes trained for the same time, judged by the whole set.

    python -m benchmarks.photos cifar10/train.parquet [--recipes photos wgan-gp "wgan-gp --batch 32"] [--minutes 4]
        [--seeds 0 1 2] [--count 3000] [--threads 1] [--out runs/photos] [--name photos]

Draws --count pictures of the source (a file or a folder) into a folder of PNGs, as a user would have them: no labels,
mirrored at random. Trains each recipe on it with each seed, --minutes of CPU time each, whatever else the machine does.
A recipe is a name, with fields as on the command line behind it. Samples are compared with all pictures of the source,
so that learning the few by heart does not pay: Fréchet distance, precision and recall in features of patches and, where
the source has labels, of a classifier of them. Runs that are there already are resumed, or left alone when they are
finished and judged.
Writes benchmarks/results/NAME.json after each run, and prints the table.
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
from benchmarks.common import RESULTS, command_line, processor
from benchmarks.laptop import in_cpu_minutes
from steadygan.api import prepare, train_prepared
from steadygan.cli import overrides
from steadygan.data import DataOptions, Dataset, open_data
from steadygan.evaluation.evaluating import draw
from steadygan.evaluation.extracting import default_features, make_features, real_part
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import choose
from steadygan.recipe import Recipe
from steadygan.recipes import find
from steadygan.training.environment import describe_environment

METRICS = ("frechet", "manifold")


def write_subset(whole: Dataset, folder: Path, count: int, seed: int) -> None:
    """``count`` random training pictures as PNGs; a folder that holds as many is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    if len(list(folder.iterdir())) == count:
        return
    images, _ = real_part(whole, "train")
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
    """The finished run of a recipe, trained or resumed where needed."""
    if (folder / "recipe.yaml").exists():
        run = sg.load(folder)
        return run if run.rounds_done == run.recipe.rounds else sg.resume(run, observers=[])
    ready = prepare(lambda sample: recipe_of(text, sample), DataOptions(source=str(pictures), flip=True))
    watch = dataclasses.replace(ready.recipe.run, threads=args.threads, evaluate="none")
    recipe = dataclasses.replace(ready.recipe, seed=seed, run=watch)
    recipe = in_cpu_minutes(recipe, ready.dataset, args.minutes)
    ready = dataclasses.replace(ready, recipe=recipe, minutes=None)
    return train_prepared(ready, folder, device="cpu", observers=[])


def judged(run: sg.Run, whole: Dataset, count: int) -> dict[str, Any]:
    """Each number of a run's samples, [value, standard error]."""
    samples = draw(run, count, 0)
    found: dict[str, Any] = {}
    for name in dict.fromkeys(("patches", default_features(whole))):
        material = Material(whole, samples, None, make_features(name, whole))
        for measure in choose(METRICS, material):
            for number in measure.compute(material):
                error = None if number.error is None else round(number.error, 5)
                found[f"{name} {number.metric}"] = [round(number.value, 5), error]
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains, judges, writes and prints."""
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
    content["data"] = {"whole": whole.name, "pictures": args.count, "judged by": len(real_part(whole, "train")[0])}
    for seed in args.seeds:
        for text in args.recipes:
            key = f"{text}, {args.minutes:g} min, seed {seed}"
            if key in content["runs"]:
                continue
            folder = args.out / re.sub(r"[^\w.]+", "-", f"{text} {args.minutes:g}min seed{seed}").strip("-")
            print(key, flush=True)
            began, began_cpu = time.perf_counter(), time.process_time()
            run = trained(text, pictures, folder, seed, args)
            cost = {"wall": time.perf_counter() - began, "cpu": time.process_time() - began_cpu}
            content["runs"][key] = {
                "rounds": run.rounds_done,
                "images": run.rows[-1]["samples"],
                "seconds": round(run.rows[-1]["seconds"], 1),
                **{f"{what} seconds, all": round(value, 1) for what, value in cost.items()},
                **judged(run, whole, args.samples),
            }
            RESULTS.mkdir(exist_ok=True)
            path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(table(content["runs"]))


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
