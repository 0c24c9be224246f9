"""The page of all runs: those that are trained now with picture and curve, then a table."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from steadygan.errors import SteadyganError
from steadygan.report.page import Card
from steadygan.run import layout
from steadygan.system.yaml_text import read_yaml
from steadygan.ui.charts import main_card
from steadygan.ui.files import read_inside
from steadygan.ui.overview import Summary
from steadygan.ui.rendering import Parts, render
from steadygan.ui.watched import Watchers

CARDS = 6
"""most running trainings that are shown with picture and curve"""
_RECIPE_BYTES = 1 << 18


def settings_of(folder: Path) -> Mapping[str, Any]:
    """A run's recipe as plain data; {} if it cannot be read."""
    return _settings(recipe_text(folder))


@functools.lru_cache(maxsize=64)
def _settings(text: str) -> Mapping[str, Any]:
    try:
        found = read_yaml(text, layout.RECIPE)
    except (SteadyganError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def recipe_text(folder: Path) -> str:
    """A run's recipe.yaml."""
    return (read_inside(folder, layout.RECIPE, _RECIPE_BYTES) or b"").decode("utf-8", errors="replace")


def with_cards(runs: Sequence[Summary]) -> list[Summary]:
    """The runs that are shown with picture and curve."""
    return [run for run in runs if run.state == "running"][:CARDS]


class IndexParts:
    """Parts of the page of all runs; rows and cards that stay as they were are not made again."""

    def __init__(self, watchers: Watchers) -> None:
        self._watchers = watchers
        self._rows: dict[str, tuple[Summary, str]] = {}
        self._cards: dict[str, tuple[tuple[Summary, int], str]] = {}

    def __call__(self, runs: Sequence[Summary]) -> Parts:
        live = with_cards(runs)
        counts = {state: sum(run.state == state for run in runs) for state in ("running", "interrupted", "damaged")}
        parts = {"counts": render("counts.html", all=len(runs), **counts)}
        parts["cards"] = render("containers.html", kind="card", runs=live)
        parts |= {f"card:{run.key}": self._card(run) for run in live}
        parts["rows"] = render("containers.html", kind="row", runs=runs)
        parts |= {f"row:{run.key}": self._row(run) for run in runs}
        self._rows = {run.key: self._rows[run.key] for run in runs}
        return parts

    def _row(self, run: Summary) -> str:
        known = self._rows.get(run.key)
        if known is None or known[0] != run:
            self._rows[run.key] = run, render("row.html", run=run)
        return self._rows[run.key][1]

    def _card(self, run: Summary) -> str:
        watched = self._watchers.of(run.folder)
        known = self._cards.get(run.key)
        if known is None or known[0] != (run, watched.version):
            points, _, judge, _ = watched.points()
            card: Card | None = main_card(points, settings_of(run.folder), judge) if points else None
            self._cards[run.key] = (run, watched.version), render("card.html", run=run, card=card)
        return self._cards[run.key][1]
