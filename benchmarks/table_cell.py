"""One training of the recipe table and its evaluation; benchmarks/recipe_table.py starts it.

python -m benchmarks.table_cell '{"recipe": "wgan-gp", ...}' FOLDER      writes FOLDER.json and FOLDER.png
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.laptop import at_rate, in_cpu_minutes, on_a_laptop
from steadygan import api
from steadygan import recipe as recipes
from steadygan.data import DataOptions, Dataset
from steadygan.errors import RunError, SteadyganError
from steadygan.evaluation.extracting import default_features, real_samples
from steadygan.evaluation.run_evaluation import evaluate
from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES
from steadygan.report.pictures import image_grid, save_picture
from steadygan.run import Run
from steadygan.system.device import processor
from steadygan.system.files import write_json
from steadygan.system.words import number

CORES = 2
"""that --minutes count"""
LARGEST = 60_000  # bytes of a picture
SPREAD_OF = 500  # samples
LEAST_SPREAD, MOST_CLASS_DISTANCE = 0.1, 0.8
"""limits beyond which a run counts as collapsed: a tenth of the real samples' pixel variance; the class distance of
nine tenths of the samples in one of ten equal classes"""
NEVER = 10**9  # rounds


@dataclass(frozen=True)
class Study:
    """Settings that all trainings of a table share."""

    data: str
    fingerprint: str
    size: int
    minutes: float
    """of two cores"""
    threads: int
    jobs: int
    width: int
    batch: int
    count: int
    """samples that are measured"""

    def cpu_minutes(self, key: Key) -> float:
        """CPU minutes of a training."""
        return self.minutes * CORES * key.share


@dataclass(frozen=True)
class Key:
    """Identifies a training."""

    recipe: str
    factor: float
    """of both players' rates"""
    seed: int
    share: float = 1.0
    """of the minutes: less for tuning the rates"""

    def __str__(self) -> str:
        return f"{self.recipe}-x{self.factor:g}-s{self.seed}" + (f"-t{self.share:g}" if self.share != 1 else "")


def beside(folder: Path, ending: str) -> Path:
    """A file next to a training's folder; ``with_suffix`` would take '.5-s1' of 'gan-x0.5-s1' for a suffix."""
    return folder.with_name(folder.name + ending)


def made(base: Recipe, study: Study, key: Key) -> Recipe:
    """The recipe that is trained, except for rounds and decays, which follow the time."""
    recipe = at_rate(on_a_laptop(base, study.width, study.batch), key.factor)
    quiet = dataclasses.replace(
        recipe.run, threads=study.threads, evaluate="none", picture_every=NEVER, checkpoint_every=NEVER, keep_last=1
    )
    return dataclasses.replace(recipe, seed=key.seed, run=quiet)


def digest(recipe: Recipe) -> str:
    """A hash of the recipe without data and seed, to notice that it has changed since it was measured."""
    bare = dataclasses.replace(recipe, seed=0, data=DataOptions())
    return hashlib.sha256(recipes.dumps(bare).encode()).hexdigest()[:12]


def carry_out(study: Study, source: str, key: Key, folder: Path) -> dict[str, Any]:
    """Trains and evaluates; an error becomes the line of the result."""
    result: dict[str, Any] = {**dataclasses.asdict(key), "status": "failed", "line": ""}
    try:
        ready = api.prepare(RECIPES[key.recipe], DataOptions(source, size=study.size), device="cpu")
        recipe = made(ready.recipe, study, key)
        result["digest"] = digest(recipe)
        recipe = in_cpu_minutes(recipe, ready.dataset, study.cpu_minutes(key))
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            run = api.train_prepared(
                dataclasses.replace(ready, recipe=recipe, minutes=None),
                folder,
                device="cpu",
                observers=[],
            )
        finally:
            result["wall_seconds"] = round(time.perf_counter() - wall, 1)
            result["cpu_seconds"] = round(time.process_time() - cpu, 1)
        result |= _facts(run)
        if not run.finished:
            raise RunError(f"stopped at round {run.rounds_done:,} of {run.recipe.rounds:,}")
        began = time.perf_counter()
        result["numbers"] = _numbers(run, ready.dataset, study.count)
        result["evaluate_seconds"] = round(time.perf_counter() - began, 1)
        result["line"] = collapse(result["numbers"])
        result["status"] = "collapsed" if result["line"] else "ok"
        picture(run, beside(folder, ".png"), _caption(study, key, result))
    except SteadyganError as error:
        result["line"] = " ".join(str(error).replace(str(folder), key.recipe).split())
    return result


def _facts(run: Run) -> dict[str, Any]:
    return {
        "rounds": run.rounds_done,
        "train_seconds": round(float(run.rows[-1]["seconds"]), 1),
        "precision": run.environment.precision,
        "generator_rate": run.recipe.generator_optimizer.lr,
        "critic_rate": run.recipe.critic_optimizer.lr,
    }


def _numbers(run: Run, dataset: Dataset, count: int) -> dict[str, dict[str, Any]]:
    """Metrics by name, with value, standard error of sampling, and floor."""
    metrics = ["frechet", "manifold"]
    if default_features(dataset) == "classifier":
        metrics.append("stacked_modes" if dataset.name == "stacked-digits" else "classes")
    numbers = {
        n.metric: {"value": n.value, "error": n.error, "floor": n.floor, "better": n.better}
        for evaluation in evaluate(run, metrics=metrics, count=count)
        for n in evaluation.numbers
        if math.isfinite(n.value)  # a class without samples has no variance
    }
    real, _ = real_samples(dataset, "train", SPREAD_OF)
    spread = _variance(run.sample(SPREAD_OF)) / _variance(real[:SPREAD_OF])
    numbers["spread"] = {"value": spread, "error": None, "floor": None, "better": "one"}
    return numbers


def _variance(samples: NDArray[Any]) -> float:
    """Variance over samples [N, ...], averaged over pixels."""
    return float(np.asarray(samples, dtype=np.float64).var(axis=0).mean())


def collapse(numbers: Mapping[str, Mapping[str, Any]]) -> str:
    """The kind of collapse, in a few words; '' if there is none."""
    spread = numbers["spread"]["value"]
    if spread < LEAST_SPREAD:
        return f"collapsed: the pixels vary {number(spread)} times as much as the real ones"
    distance = numbers.get("class_distance", {}).get("value", 0.0)
    if distance > MOST_CLASS_DISTANCE:
        return f"collapsed: nearly all samples are of one class (class distance {number(distance)})"
    return ""


def _caption(study: Study, key: Key, result: Mapping[str, Any]) -> str:
    distance = number(result["numbers"]["frechet"]["value"])
    return (
        f"{key.recipe} on {study.data}, {study.size} px: {result['rounds']:,} rounds in {study.cpu_minutes(key):g} "
        f"CPU minutes ({processor()}), width {study.width}, rates times {key.factor:g}; Fréchet distance {distance}"
    )


def picture(run: Run, path: Path, description: str) -> Path:
    """Writes samples as one small PNG: 8 in a row; one class in each row if the generator is conditional."""
    samples = np.concatenate(run.class_grid(8, most=10)[0]) if run.conditional else run.sample(64)
    return save_small(cast("NDArray[np.uint8]", samples), path, description)


def save_small(samples: NDArray[np.uint8], path: Path, description: str) -> Path:
    """Writes images [N, C, H, W] as a grid, 8 in a row, below 60 kB: enlarged if it fits, with fewer colours if not."""
    for scale, colours in ((2, None), (1, None), (1, 256), (1, 64), (1, 16), (1, 4)):
        grid = image_grid(samples, columns=8, scale=scale)
        save_picture(grid if colours is None else _in_colours(grid, colours), path, description)
        if path.stat().st_size < LARGEST:
            break
    return path


def _in_colours(image: Image.Image, colours: int) -> Image.Image:
    return image.convert("RGB").quantize(colours, dither=Image.Dither.NONE)


def main() -> None:
    request = json.loads(sys.argv[1])
    folder = Path(sys.argv[2])
    result = carry_out(Study(**request["study"]), request["source"], Key(**request["key"]), folder)
    if not request.get("keep"):
        shutil.rmtree(folder, ignore_errors=True)
    write_json(beside(folder, ".json"), result)


if __name__ == "__main__":
    main()
