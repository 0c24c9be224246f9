"""The recipe table's file of results, and what is missing in it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.table_cell import Key, Study
from steadygan.files import write_text
from steadygan.training.record import read_rows

Results = Mapping[Key, Mapping[str, Any]]
JUDGE = "frechet"


@dataclass(frozen=True)
class Plan:
    """Which trainings a recipe gets: the factors with one seed, then the best one and 1 with the others."""

    factors: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    tuning_seed: int = 0
    seeds: tuple[int, ...] = (1, 2, 3)


def read(path: Path) -> tuple[Study | None, dict[Key, dict[str, Any]]]:
    """The study of a file and its results; of a training that was carried out twice the later one."""
    study: Study | None = None
    results = {}
    for line in read_rows(path):
        if "study" in line:
            study = Study(**line["study"])
        else:
            results[Key(line["recipe"], line["factor"], line["seed"])] = line
    return study, results


def begin(path: Path, study: Study, environment: Mapping[str, Any]) -> None:
    """The first line: what all trainings share."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _append(path, {"study": dataclasses.asdict(study), "environment": dict(environment)})


def add(path: Path, result: Mapping[str, Any]) -> None:
    """A line for a training."""
    _append(path, result)


def _append(path: Path, line: Mapping[str, Any]) -> None:
    if path.exists() and not path.read_bytes().endswith(b"\n"):  # cut off in the middle of a line
        write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in read_rows(path)))
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")


def value(result: Mapping[str, Any] | None, metric: str) -> float | None:
    """A metric of a training, None where it has none."""
    held = (result or {}).get("numbers", {}).get(metric)
    return None if held is None else float(held["value"])


def best_factor(results: Results, recipe: str, plan: Plan) -> float | None:
    """The factor of the least distance with the tuning seed; None before all are known; 1 where all failed."""
    tuned = [results.get(Key(recipe, factor, plan.tuning_seed)) for factor in plan.factors]
    if any(result is None for result in tuned):
        return None
    found = [(v, f) for f, result in zip(plan.factors, tuned, strict=True) if (v := value(result, JUDGE)) is not None]
    return min(found)[1] if found else 1.0


def missing(recipes: Iterable[str], results: Results, plan: Plan) -> list[Key]:
    """The trainings that can be carried out now, recipe by recipe: the best factor's come after all factors'."""
    wanted = []
    for recipe in recipes:
        tuning = [Key(recipe, factor, plan.tuning_seed) for factor in plan.factors]
        best = best_factor(results, recipe, plan)
        chosen = [] if best is None else list(dict.fromkeys((best, 1.0)))
        keys = [*tuning, *(Key(recipe, factor, seed) for factor in chosen for seed in plan.seeds)]
        wanted += [key for key in dict.fromkeys(keys) if key not in results]
    return wanted


def left(recipes: Sequence[str], results: Results, plan: Plan) -> int:
    """Trainings that are missing at most, those that cannot be named yet among them."""
    unknown = sum(best_factor(results, recipe, plan) is None for recipe in recipes)
    new = [seed for seed in plan.seeds if seed != plan.tuning_seed]
    return len(missing(recipes, results, plan)) + unknown * 2 * len(new)
