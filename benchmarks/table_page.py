"""The page docs/recipe-table.md from the results of benchmarks/recipe_table.py."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.table_cell import CORES, LEAST_SPREAD, MOST_CLASS_DISTANCE, Key
from benchmarks.table_results import JUDGE, Measured, Plan, Results, best_factor, left, missing, value
from steadygan.evaluation.comparison import Cell, spread_text
from steadygan.evaluation.tables import cell_text, seeds
from steadygan.metrics.estimates import disjoint, over_seeds
from steadygan.system.words import number

COLUMNS = {
    "frechet": "Fréchet distance",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
    "class_distance": "class distance",
    "modes": "modes",
}


@dataclass(frozen=True)
class Row:
    """Results of a recipe at its best factor and at its own rates."""

    recipe: str
    factor: float | None
    best: tuple[Mapping[str, Any], ...]
    default: tuple[Mapping[str, Any], ...]

    def cell(self, metric: str, *, default: bool = False) -> Cell | None:
        """A metric over seeds."""
        numbers = [
            r["numbers"][metric] for r in (self.default if default else self.best) if metric in r.get("numbers", {})
        ]
        if not numbers:
            return None
        errors = [entry["error"] for entry in numbers if entry["error"] is not None]
        error = math.sqrt(sum(e * e for e in errors) / len(errors)) if errors else None
        values = tuple(entry["value"] for entry in numbers)
        return Cell(over_seeds(values), error, values)

    @property
    def rank(self) -> float:
        cell = self.cell(JUDGE)
        return math.inf if cell is None else cell.interval.mean


def rows(recipes: Iterable[str], results: Results, plan: Plan) -> list[Row]:
    """The recipes, best first."""
    table = []
    for recipe in recipes:
        factor = best_factor(results, recipe, plan)
        best = [] if factor is None else [results.get(Key(recipe, factor, seed)) for seed in plan.seeds]
        own = [results.get(Key(recipe, 1.0, seed)) for seed in plan.own_seeds]
        if any(key.recipe == recipe for key in results):
            table.append(Row(recipe, factor, tuple(filter(None, best)), tuple(filter(None, own))))
    return sorted(table, key=lambda row: (row.rank, row.recipe))


def touching(table: Sequence[Row]) -> list[str]:
    """Recipes whose interval overlaps with that of the first."""
    cells = [(row.recipe, row.cell(JUDGE)) for row in table]
    known = [(recipe, cell.interval) for recipe, cell in cells if cell is not None]
    return [recipe for recipe, interval in known[1:] if not disjoint(known[0][1], interval)] if known else []


def main_table(table: Sequence[Row], plan: Plan) -> list[str]:
    """A row for each recipe."""
    shown = [metric for metric in COLUMNS if any(row.cell(metric) for row in table)]
    titles = [COLUMNS[metric] for metric in shown]
    lines = [
        _line(["recipe", "rates", "rounds", "CPU s", *titles, "Fréchet distance, own rates", "failed"]),
        _line(["---"] * (len(shown) + 6)),
    ]
    for row in table:
        cells = [cell_text(row.cell(metric), wins=False) for metric in shown]
        factor = "?" if row.factor is None else f"×{row.factor:g}"
        done = [r for r in row.best if "rounds" in r]
        rounds = f"{sum(r['rounds'] for r in done) / len(done):,.0f}" if done else "-"
        cpu = f"{sum(r['cpu_seconds'] for r in done) / len(done):.0f}" if done else "-"
        default = cell_text(row.cell(JUDGE, default=True), wins=False)
        lines.append(_line([f"`{row.recipe}`", factor, rounds, cpu, *cells, default, _failed(row, plan)]))
    return lines


def _failed(row: Row, plan: Plan) -> str:
    """Failed, collapsed and missing trainings at the best rates."""
    bad = [result["status"] for result in row.best if result["status"] != "ok"]
    parts = [f"{bad.count(status)} {status}" for status in ("failed", "collapsed") if status in bad]
    absent = len(plan.seeds) - len(row.best)
    return ", ".join([*parts, *([f"{absent} of {seeds(len(plan.seeds))} not run"] if absent else [])]) or "none"


def tuning_table(recipes: Iterable[str], results: Results, plan: Plan) -> list[str]:
    """The distance at each factor, for the tuning seed."""
    lines = [_line(["recipe", *(f"×{factor:g}" for factor in plan.factors)]), _line(["---"] * (len(plan.factors) + 1))]
    for recipe in recipes:
        tuned = [results.get(key) for key in plan.tuning(recipe)]
        if any(tuned):
            lines.append(_line([f"`{recipe}`", *map(_tuned, tuned)]))
    return lines


def _tuned(result: Mapping[str, Any] | None) -> str:
    if result is None:
        return "not run"
    distance = value(result, JUDGE)
    text = "" if distance is None else number(distance)
    return text if result["status"] == "ok" else f"{text} {result['status']}".strip()


def failures(results: Results) -> list[str]:
    """A list item for each failed or collapsed training."""
    return [
        f"- `{key.recipe}`, rates ×{key.factor:g}, seed {key.seed}{' (tuning)' * (key.share < 1)}: {result['line']}"
        for key, result in sorted(results.items(), key=lambda entry: str(entry[0]))
        if result["status"] != "ok"
    ]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _incomplete(recipes: Sequence[str], tables: Sequence[Measured], plan: Plan) -> list[str]:
    """Recipes of which trainings are missing on every processor."""
    waiting = [name for name in recipes if all(missing([name], table.results, plan) for table in tables)]
    if not waiting:
        return []
    names = ", ".join(f"`{name}`" for name in waiting)
    absent = min(left(waiting, table.results, plan) for table in tables)
    return [f"**Not complete**: of {names} trainings are missing, {absent} at most."]


def page(
    tables: Sequence[Measured],
    recipes: Sequence[str],
    refused: Mapping[str, str],
    changed: Sequence[Sequence[str]],
    plan: Plan,
) -> str:
    """The page as Markdown.

    Args:
        tables: what was measured, a processor each
        recipes: of the table, in order
        refused: recipes that are not for this data, with the reason
        changed: recipes that have changed since they were measured, a list for each processor
        plan: of the trainings
    """
    study = tables[0].study
    factors = ", ".join(f"{factor:g}" for factor in plan.factors)
    own = ", ".join(map(str, plan.own_seeds))
    parts = [
        "# Recipes at equal time",
        f"Recipes for images on `{study.data}` at {study.size} px, {study.minutes * CORES:g} CPU minutes each "
        f"({study.minutes:g} minutes of two cores), rounds and schedules scaled to that time. Convolutional networks "
        f"have width {study.width} (the field `width`; fully connected ones are as in the recipe), batches at most "
        f"{study.batch} samples; all other settings are the recipe's. This is short training on a laptop: it shows "
        "which methods learn fast with their own settings, not what they can reach.",
        f"Tuning: both players' rates times {factors}, seed {plan.tuning_seed}, {plan.tuning_share:g} of the time, the "
        f"rates with the lowest Fréchet distance are kept; then seeds {', '.join(map(str, plan.seeds))} at those rates "
        f"and seed {own} at the recipe's own, for the full time. {study.count:,} samples of the averaged generator "
        "after the last round, evaluated by `steadygan evaluate`. Each cell: mean over seeds ± half its 95% interval "
        "(Student); in brackets one standard error of sampling.",
        *_incomplete(recipes, tables, plan),
    ]
    for table, altered in zip(tables, changed, strict=True):
        parts += _section(table, recipes, altered, plan)
    if refused:
        parts.append(
            "Not applicable to this data:\n\n" + "\n".join(f"- `{name}`: {line}" for name, line in refused.items())
        )
    parts.append("*Made by `python -m benchmarks.recipe_table --table` from benchmarks/results.*")
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(table: Measured, recipes: Sequence[str], changed: Sequence[str], plan: Plan) -> list[str]:
    """The recipes that one processor has measured."""
    ranked = rows(recipes, table.results, plan)
    versions = ", ".join(f"{name} {value}" for name, value in table.environment.items() if name != "processor")
    parts = [
        f"## {table.processor}",
        f"*{versions}; {_at_a_time(table.study.jobs)}.* Times on another processor do not compare with these.",
        "\n".join(main_table(ranked, plan)),
        _judgement(ranked),
        f"Fréchet distance after {plan.tuning_share:g} of the time, seed {plan.tuning_seed}, by rates:",
        "\n".join(tuning_table([row.recipe for row in ranked], table.results, plan)),
        "Failed: training stopped with the error given. Collapsed: the samples' pixels vary less than "
        f"{LEAST_SPREAD:g} times as much as real ones, or the class distance is above {MOST_CLASS_DISTANCE:g}. The "
        "numbers of collapsed runs are in the means.",
        "\n".join(failures(table.results)) or "Nothing.",
    ]
    if altered := [name for name in changed if any(key.recipe == name for key in table.results)]:
        parts.append(f"Changed since they were measured: {', '.join(f'`{name}`' for name in altered)}.")
    return parts


def _at_a_time(jobs: int) -> str:
    """How many trainings ran at a time."""
    return "one training at a time" if jobs == 1 else f"{jobs} trainings side by side"


def _judgement(table: Sequence[Row]) -> str:
    """Which recipes the first is better than, and why it is not called better than the rest."""
    first = table[0].cell(JUDGE) if table else None
    if first is None or sum(row.cell(JUDGE) is not None for row in table) < 2:
        return ""
    near = touching(table)
    beginning = f"By the Fréchet distance `{table[0].recipe}` ({cell_text(first, wins=False)}) is lower than all others"
    if not near:
        return f"{beginning}: no interval over seeds has a point in common with its own."
    cells = {row.recipe: cell for row in table if (cell := row.cell(JUDGE)) is not None}
    wider = dict.fromkeys(max((table[0].recipe, name), key=lambda one: _width(cells[one])) for name in near)
    reasons = [f"`{name}`: {spread_text(cells[name])}" for name in wider]
    against = ", ".join(f"`{name}`" for name in near)
    return f"{beginning} in the mean. Against {against} these seeds do not decide ({'; '.join(reasons)})."


def _width(cell: Cell) -> float:
    return cell.interval.high - cell.interval.low
