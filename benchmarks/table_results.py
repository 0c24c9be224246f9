"""The recipe table's file of results, and the plan of trainings."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.table_cell import Key, Study
from steadygan.run.records import json_lines
from steadygan.system.files import write_text

Results = Mapping[Key, Mapping[str, Any]]
JUDGE = "frechet"


@dataclass(frozen=True)
class Plan:
    """The trainings of each recipe: short ones at all factors, then full ones at the best factor and at 1."""

    factors: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    tuning_seed: int = 0
    tuning_share: float = 0.25
    """of the minutes"""
    seeds: tuple[int, ...] = (1, 2, 3)
    own_seeds: tuple[int, ...] = (1,)
    """at the recipe's own rates"""

    def tuning(self, recipe: str) -> list[Key]:
        """The trainings by which a factor is chosen."""
        return [Key(recipe, factor, self.tuning_seed, self.tuning_share) for factor in self.factors]

    def whole(self, recipe: str, factor: float) -> list[Key]:
        """The trainings at the chosen factor, then those at 1."""
        keys = [Key(recipe, factor, seed) for seed in self.seeds]
        return list(dict.fromkeys([*keys, *(Key(recipe, 1.0, seed) for seed in self.own_seeds)]))


@dataclass(frozen=True)
class Measured:
    """What was measured on one processor."""

    name: str
    """of its file"""
    study: Study
    environment: Mapping[str, Any]
    results: Results

    @property
    def processor(self) -> str:
        """Name and instructions, such as 'AMD EPYC, AVX2'."""
        return str(self.environment.get("processor", "unknown"))


def measured(folder: Path, name: str) -> list[Measured]:
    """The results of each processor: of ``name``.jsonl first, then of the files named after other processors."""
    first = folder / f"{name}.jsonl"
    paths = [first, *sorted(path for path in folder.glob(f"{name}-*.jsonl") if path != first)]
    found = []
    for path in paths:
        study, results = read(path)
        if study is not None:
            found.append(Measured(path.stem, study, environment_of(path), results))
    return found


def file_of(folder: Path, name: str, processor: str) -> Path:
    """The file for what this processor measures: what it trains in equal time does not compare with another's."""
    path = folder / f"{name}.jsonl"
    if not path.exists() or environment_of(path).get("processor") == processor:
        return path
    words = re.sub(r"[^a-z0-9]+", "-", processor.lower()).strip("-")
    return folder / f"{name}-{words}.jsonl"


def read(path: Path) -> tuple[Study | None, dict[Key, dict[str, Any]]]:
    """The study and the results in a file; of repeated trainings the last result counts."""
    study: Study | None = None
    results = {}
    for line in json_lines(path):
        if "study" in line:
            study = Study(**line["study"])
        else:
            results[Key(line["recipe"], line["factor"], line["seed"], line["share"])] = line
    return study, results


def begin(path: Path, study: Study, environment: Mapping[str, Any]) -> None:
    """Writes the first line: settings and environment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _append(path, {"study": dataclasses.asdict(study), "environment": dict(environment)})


def environment_of(path: Path) -> dict[str, Any]:
    """Where the results in a file were measured: versions and processor."""
    return dict(json_lines(path)[0]["environment"])


def add(path: Path, result: Mapping[str, Any]) -> None:
    """Appends the result of a training."""
    _append(path, result)


def _append(path: Path, line: Mapping[str, Any]) -> None:
    if path.exists() and not path.read_bytes().endswith(b"\n"):  # a line was cut off
        write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in json_lines(path)))
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")


def value(result: Mapping[str, Any] | None, metric: str) -> float | None:
    """A metric of a training; None if it has none."""
    number = (result or {}).get("numbers", {}).get(metric)
    return None if number is None else float(number["value"])


def best_factor(results: Results, recipe: str, plan: Plan) -> float | None:
    """The factor with the least distance for the tuning seed; None until all are known; 1 if all failed."""
    tuned = [results.get(key) for key in plan.tuning(recipe)]
    if any(result is None for result in tuned):
        return None
    scored = [(v, f) for f, result in zip(plan.factors, tuned, strict=True) if (v := value(result, JUDGE)) is not None]
    return min(scored)[1] if scored else 1.0


def missing(recipes: Iterable[str], results: Results, plan: Plan) -> list[Key]:
    """The missing trainings that can run now, recipe by recipe; those at the best factor follow the tuning."""
    absent = []
    for recipe in recipes:
        best = best_factor(results, recipe, plan)
        keys = [*plan.tuning(recipe), *([] if best is None else plan.whole(recipe, best))]
        absent += [key for key in keys if key not in results]
    return absent


def left(recipes: Sequence[str], results: Results, plan: Plan) -> int:
    """Upper bound of the missing trainings, including those after the tuning."""
    unknown = sum(best_factor(results, recipe, plan) is None for recipe in recipes)
    return len(missing(recipes, results, plan)) + unknown * (len(plan.seeds) + len(plan.own_seeds))
