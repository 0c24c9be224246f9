"""What a run folder tells, read leniently: a run may be young, interrupted, or torn in its last line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from steadygan.errors import RunError
from steadygan.run.layout import EVALUATIONS, METRICS


@dataclass(frozen=True)
class Curve:
    """One number of metrics.jsonl over the rounds that have it."""

    rounds: NDArray[np.float64]
    """[N], ascending"""
    values: NDArray[np.float64]
    """[N]; what was NaN, infinite or null when it was logged is so here"""


@dataclass(frozen=True)
class Record:
    """A run folder's content, as far as it is there."""

    folder: Path
    curves: Mapping[str, Curve]
    logged: int
    """the last logged round, 0 where there is none"""
    pictures: tuple[Path, ...]
    """samples/*.png, by round"""
    texts: tuple[Path, ...]
    """samples/*.txt, by round"""
    checkpoints: tuple[int, ...]
    """rounds of the checkpoints, ascending"""
    recipe: str = ""
    """recipe.yaml as text"""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """recipe.yaml as plain data"""
    plan: tuple[str, ...] = ()
    """lines of plan.txt: what was told before the first round"""
    documents: Mapping[str, Any] = field(default_factory=dict)
    """environment, data, diagnosis, evaluation: the .json files that are there, by name"""

    @property
    def round(self) -> int:
        """The furthest round that left a trace."""
        return max([self.logged, *self.checkpoints, *map(picture_round, (*self.pictures, *self.texts))])

    @property
    def rounds(self) -> int | None:
        """Rounds that the recipe asks for, where it can be read."""
        rounds = self.settings.get("rounds")
        return rounds if isinstance(rounds, int) else None


def read_record(folder: Path) -> Record:
    """Everything the page shows of a run. Raises RunError where the folder is none of a run."""
    if not (folder / "recipe.yaml").is_file() and not (folder / METRICS).is_file():
        raise RunError(f"'{folder}' is no run folder: it has neither recipe.yaml nor metrics.jsonl")
    recipe = _text(folder / "recipe.yaml")
    try:
        settings = yaml.safe_load(recipe)
    except yaml.YAMLError:
        settings = None  # it is shown as it stands
    curves, logged = read_metrics(folder / METRICS)
    judged, _ = read_metrics(folder / EVALUATIONS)
    shares = {"precision", "recall", "density", "coverage", "high_quality"}
    for name, curve in judged.items():
        if name != "samples":
            curves[f"{'shares' if name in shares else 'samples'}/{name}"] = curve
    documents = {name: _json(folder / f"{name}.json") for name in ("environment", "data", "diagnosis", "evaluation")}
    return Record(
        folder=folder,
        curves=curves,
        logged=logged,
        pictures=tuple(sorted((folder / "samples").glob("[0-9]*.png"), key=picture_round)),
        texts=tuple(sorted((folder / "samples").glob("[0-9]*.txt"), key=picture_round)),
        checkpoints=tuple(sorted(int(p.name) for p in (folder / "checkpoints").glob("[0-9]*") if p.name.isdigit())),
        recipe=recipe,
        plan=tuple(_text(folder / "plan.txt").splitlines()),
        settings=settings if isinstance(settings, dict) else {},
        documents={name: content for name, content in documents.items() if content is not None},
    )


def read_metrics(path: Path) -> tuple[dict[str, Curve], int]:
    """The curves of metrics.jsonl by field, and its last round (0 where it has none).

    A field that a row lacks is no point; one that is null or not finite is a point without a height. Of rows for
    one round the last counts. Lines that are no JSON (a torn last one) are left out.
    """
    rows: dict[int, dict[str, float]] = {}
    for line in _text(path).splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("round"), int):
            rows[row["round"]] = {name: value for name, raw in row.items() if (value := _value(raw)) is not None}
    points: dict[str, tuple[list[int], list[float]]] = {}
    for round_ in sorted(rows):
        for name, value in rows[round_].items():
            if name != "round":
                rounds, values = points.setdefault(name, ([], []))
                rounds.append(round_)
                values.append(value)
    curves = {
        name: Curve(np.array(rounds, dtype=np.float64), np.array(values, dtype=np.float64))
        for name, (rounds, values) in points.items()
    }
    return curves, max(rows, default=0)


def picture_round(path: Path) -> int:
    """The round of ``samples/000500.png`` or ``.txt``; -1 where the name holds none."""
    return int(path.stem) if path.stem.isdigit() else -1


def _value(raw: object) -> float | None:
    """A field as a number, NaN where it stands for none, None where it is something else."""
    if raw is None:
        return math.nan
    if isinstance(raw, bool):
        return None
    if isinstance(raw, (int, float)):
        return float(raw)
    if isinstance(raw, str) and raw.strip("+-").lower() in ("nan", "inf", "infinity"):
        return float(raw)
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise RunError(f"cannot read '{path}': {error.strerror or error}") from error


def _json(path: Path) -> Any:
    try:
        return json.loads(_text(path))
    except ValueError:
        return None
