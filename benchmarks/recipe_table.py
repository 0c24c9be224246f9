"""All image recipes at equal time with the same tuning, evaluated by the project's own metrics, over three seeds.

python -m benchmarks.recipe_table --data mnist/ --plan           number and time of the missing trainings
python -m benchmarks.recipe_table --data mnist/ --budget 60      carries out missing ones for an hour
python -m benchmarks.recipe_table --data mnist/ --table          writes docs/recipe-table.md and docs/pictures/methods

Each training runs in its own process and, when it ends, adds a line to benchmarks/results/recipe-table.jsonl: a later
call continues with the missing ones. Minutes are CPU time, so that a busy machine changes no result. What another
processor trains in them does not compare: its results are in a file named after it, and in a table of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.common import RESULTS
from benchmarks.laptop import BATCH, WIDTH, recipes_for
from benchmarks.table_cell import CORES, Key, Study, beside, digest, made
from benchmarks.table_page import page
from benchmarks.table_results import (
    JUDGE,
    Measured,
    Plan,
    add,
    begin,
    best_factor,
    file_of,
    left,
    measured,
    missing,
    read,
    value,
)
from steadygan import __version__
from steadygan.data import DataOptions, Dataset, open_data
from steadygan.errors import SteadyganError, UsageError, unknown_name
from steadygan.system.device import processor
from steadygan.system.files import read_json, write_text
from steadygan.system.words import duration, number

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "recipe-table.md"
PICTURES = ROOT / "docs" / "pictures" / "methods"
AROUND = 45.0
"""seconds that a training takes beyond its minutes, about: start, measuring speed, evaluation"""
PATIENCE = 1800.0
"""seconds beyond four times its CPU minutes after which a training counts as failed"""


@dataclass
class Started:
    """A training in progress."""

    process: subprocess.Popen[bytes]
    folder: Path
    since: float


def start(study: Study, source: str, key: Key, runs: Path, *, keep: bool) -> Started:
    """Starts a training in a new process."""
    folder = runs / str(key)
    shutil.rmtree(folder, ignore_errors=True)
    beside(folder, ".json").unlink(missing_ok=True)
    request = {"study": asdict(study), "source": source, "key": asdict(key), "keep": keep}
    with beside(folder, ".log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.table_cell", json.dumps(request), str(folder)],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": str(study.threads)},
        )
    return Started(process, folder, time.monotonic())


def outcome(started: Started, study: Study, key: Key) -> dict[str, Any] | None:
    """The result of a training; None while it runs. A process that ends without a result is a failure."""
    code = started.process.poll()
    if code is None:
        if time.monotonic() - started.since < 240 * study.cpu_minutes(key) + PATIENCE:
            return None
        started.process.kill()
        return {**asdict(key), "status": "failed", "line": "it took more than four times its minutes"}
    path = beside(started.folder, ".json")
    if code == 0 and path.exists():
        result: dict[str, Any] = read_json(path)
        return result
    log = beside(started.folder, ".log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return {**asdict(key), "status": "failed", "line": f"ended with code {code}: {log[-1] if log else 'no output'}"}


def carry_on(path: Path, study: Study, source: str, recipes: Sequence[str], plan: Plan, args: Any) -> None:
    """Carries out missing trainings, ``jobs`` at a time, within the budget."""
    began, running = time.monotonic(), dict[Key, Started]()
    _, results = read(path)
    try:
        while True:
            for key, started in list(running.items()):
                if (result := outcome(started, study, key)) is not None:
                    now = {"commit": commit(), "torch": torch.__version__, "date": time.strftime("%Y-%m-%d")}
                    result = {**result, **now}
                    add(path, result)
                    results[key] = result
                    del running[key]
                    print(f"{key}: {_summary(result)} ({left(recipes, results, plan)} left at most)", flush=True)
            in_time = args.budget is None or time.monotonic() - began < 60 * args.budget
            waiting = [key for key in missing(recipes, results, plan) if key not in running] if in_time else []
            for key in waiting[: study.jobs - len(running)]:
                running[key] = start(study, source, key, args.runs, keep=args.keep)
            if not running:
                return
            time.sleep(0.2)
    finally:
        for started in running.values():
            started.process.kill()


def _summary(result: Mapping[str, Any]) -> str:
    distance = value(result, JUDGE)
    parts = [result["status"], "" if distance is None else f"Fréchet distance {number(distance)}", result["line"]]
    return ", ".join(part for part in parts if part)


def warm_up(dataset: Dataset) -> None:
    """Trains the classifier and computes features of real images, so that no training waits for them."""
    from steadygan.evaluation.extracting import make_features, real_features

    extractor = make_features("auto", dataset)
    for split in ("train", "held out"):
        real_features(extractor, dataset, split)


def commit() -> str:
    """The commit of the package, with '+' if it has uncommitted changes."""
    try:
        run = [
            subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
            for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--", "src"])
        ]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return run[0] + ("+" if run[1] else "")


def write_page(tables: Sequence[Measured], dataset: Dataset, recipes: Sequence[str], plan: Plan, runs: Path) -> None:
    """Writes the page, and the picture of each recipe's best seed, where it is measured as it is now if it is."""
    suitable, refused = recipes_for(dataset.sample)
    changed = [[name for name in recipes if not _as_measured(suitable[name], table, name)] for table in tables]
    write_text(PAGE, page(tables, recipes, refused, changed, plan))
    print(f"written: {PAGE}")
    for name in recipes:
        for table, _ in sorted(zip(tables, changed, strict=True), key=lambda each: name in each[1]):
            factor = best_factor(table.results, name, plan)
            keys = [Key(name, factor, seed) for seed in plan.seeds] if factor is not None else []
            scored = [(v, key.seed, key) for key in keys if (v := value(table.results.get(key), JUDGE)) is not None]
            if scored:
                _copy(runs / table.name / f"{min(scored)[2]}.png", PICTURES / f"{name}.png")
                break
    print(f"pictures: {PICTURES}; the methods page shows them: python -m scripts.methods_page")


def _copy(picture: Path, to: Path) -> None:
    """Copies a picture, if it is kept."""
    if picture.exists():
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, to)


def _as_measured(recipe: Any, table: Measured, name: str) -> bool:
    return all(
        result.get("digest") in (None, digest(made(recipe, table.study, key)))
        for key, result in table.results.items()
        if key.recipe == name
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The parsed arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recipe_table", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--data", default="digits", help="a data source: a folder of idx files, a .parquet, digits …")
    parser.add_argument("--size", type=int, default=32, help="pixels a side, to which pictures are resized")
    parser.add_argument("--minutes", type=float, default=2.0, help="of two cores, for each training")
    parser.add_argument("--threads", type=int, default=1, help="of a training")
    parser.add_argument("--jobs", type=int, default=2, help="trainings side by side")
    parser.add_argument("--width", type=int, default=WIDTH, help="of convolutional networks, at most")
    parser.add_argument("--batch", type=int, default=BATCH, help="samples of a batch, at most")
    parser.add_argument("--count", type=int, default=5000, help="samples that are measured")
    parser.add_argument("--factors", type=float, nargs="+", default=list(Plan.factors), help="of the learning rates")
    parser.add_argument("--tuning-seed", type=int, default=Plan.tuning_seed)
    parser.add_argument("--tuning-share", type=float, default=Plan.tuning_share, help="of the minutes, for tuning")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(Plan.seeds))
    parser.add_argument("--own-seeds", type=int, nargs="+", default=list(Plan.own_seeds), help="at the recipe's rates")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="of the recipes")
    parser.add_argument("--budget", type=float, metavar="MINUTES", help="after which no training is started")
    parser.add_argument("--name", default="recipe-table", help="of the file in benchmarks/results")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs", help="for a folder of logs and pictures")
    parser.add_argument("--keep", action="store_true", help="keep the runs' folders")
    parser.add_argument("--plan", action="store_true", help="print what is missing")
    parser.add_argument("--table", action="store_true", help="write the page and the pictures")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    args = parse(arguments)
    args.runs = args.runs.resolve()
    source = str(Path(args.data).resolve()) if Path(args.data).exists() else args.data
    dataset = open_data(DataOptions(source, size=args.size))
    study = Study(
        data=dataset.name,
        fingerprint=dataset.fingerprint,
        **{name: getattr(args, name) for name in ("size", "minutes", "threads", "jobs", "width", "batch", "count")},
    )
    plan = Plan(tuple(args.factors), args.tuning_seed, args.tuning_share, tuple(args.seeds), tuple(args.own_seeds))
    suitable, _ = recipes_for(dataset.sample)
    for name in args.only or ():
        if name not in suitable:
            raise unknown_name("recipe for this data", name, suitable)
    recipes = [name for name in suitable if not args.only or name in args.only]
    here = processor()
    path = file_of(RESULTS, args.name, here)
    known, results = read(path)
    if args.table:
        if not (tables := measured(RESULTS, args.name)):
            raise UsageError(f"nothing is measured: {path} does not exist")
        write_page(tables, dataset, recipes, plan, args.runs)
        return
    if known is not None and known != study:
        raise UsageError(f"{path.name} holds another study ({known}), not {study}: give this one another --name")
    many = left(recipes, results, plan)
    short = sum(key.share < 1 for name in recipes for key in plan.tuning(name) if key not in results)
    full = 60 * study.minutes * CORES
    seconds = ((many - short) * full + short * plan.tuning_share * full + many * AROUND) / study.jobs
    print(f"{len(recipes)} recipes, {many} trainings missing at most: about {duration(seconds)}", flush=True)
    if args.plan or not many:
        return
    if known is None:
        begin(path, study, {"steadygan": __version__, "torch": torch.__version__, "processor": here})
        print(f"on '{here}': {path}", flush=True)
    args.runs /= path.stem
    args.runs.mkdir(parents=True, exist_ok=True)
    warm_up(dataset)
    carry_on(path, study, source, recipes, plan, args)


if __name__ == "__main__":
    try:
        main()
    except SteadyganError as error:
        raise SystemExit(f"recipe_table: {error}") from None
