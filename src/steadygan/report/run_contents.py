"""The contents of a run folder, for the report. Files may be missing or torn: the run may be young or have crashed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from steadygan.errors import RunError
from steadygan.report.captions import EVALUATION
from steadygan.run import layout
from steadygan.run.records import Curve, curves, read_rows

DOCUMENTS = {"environment": layout.ENVIRONMENT, "data": layout.DATA, "evaluation": layout.EVALUATION}
"""JSON files that are shown unchanged, by title"""


@dataclass(frozen=True)
class RunContents:
    """What is there of a run folder."""

    folder: Path
    curves: Mapping[str, Curve]
    """by field; those of evaluations begin with 'evaluation/'"""
    logged: int
    """the last logged round, 0 if there is none"""
    pictures: tuple[Path, ...]
    """samples/*.png, by round"""
    texts: tuple[Path, ...]
    """samples/*.txt, by round"""
    checkpoints: tuple[int, ...]
    """rounds of the checkpoints, ascending"""
    judge: str | None = None
    """the metric by which the best checkpoint is kept"""
    recipe: str = ""
    """recipe.yaml as text"""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """recipe.yaml as plain data"""
    plan: tuple[str, ...] = ()
    """lines of plan.txt"""
    documents: Mapping[str, Any] = field(default_factory=dict)
    """the JSON files of ``DOCUMENTS`` that are there, by title"""

    @property
    def round(self) -> int:
        """The furthest round that left a trace."""
        pictured = map(layout.picture_round, (*self.pictures, *self.texts))
        return max([self.logged, *self.checkpoints, *pictured])

    @property
    def rounds(self) -> int | None:
        """Rounds that the recipe asks for; None if it cannot be read."""
        rounds = self.settings.get("rounds")
        return rounds if isinstance(rounds, int) else None


def read_run(folder: Path) -> RunContents:
    """Everything the page shows of a run.

    Raises:
        RunError: for a folder that holds no run.
    """
    if not (folder / layout.RECIPE).is_file() and not (folder / layout.METRICS).is_file():
        raise RunError(f"'{folder}' is no run folder: it has neither {layout.RECIPE} nor {layout.METRICS}")
    recipe = _text(folder / layout.RECIPE)
    try:
        settings = yaml.safe_load(recipe)
    except yaml.YAMLError:
        settings = None  # the text is shown all the same
    rows = read_rows(folder / layout.METRICS)
    evaluations = read_rows(folder / layout.EVALUATIONS)
    evaluated = {EVALUATION + name: curve for name, curve in curves(evaluations).items() if name != "samples"}
    judge = evaluations[-1].get("judge") if evaluations else None
    documents = {title: _json(folder / name) for title, name in DOCUMENTS.items()}
    return RunContents(
        folder=folder,
        curves={**curves(rows), **evaluated},
        judge=judge if isinstance(judge, str) else None,
        logged=rows[-1]["round"] if rows else 0,
        pictures=tuple(layout.list_pictures(folder)),
        texts=tuple(layout.list_lines(folder)),
        checkpoints=tuple(int(path.name) for path in layout.list_checkpoints(folder / layout.CHECKPOINTS)),
        recipe=recipe,
        plan=tuple(_text(folder / layout.PLAN).splitlines()),
        settings=settings if isinstance(settings, dict) else {},
        documents={title: content for title, content in documents.items() if content is not None},
    )


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
