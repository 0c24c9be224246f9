"""A sweep: a grid of settings of the user's own over a recipe, as a study whose trials are judged by their samples."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steadygan import recipe as recipes
from steadygan.errors import UsageError
from steadygan.kinds import Kind, import_kinds
from steadygan.preparation import Prepared
from steadygan.recipe import Recipe
from steadygan.run import Run
from steadygan.run.fields import Fields
from steadygan.run.hashes import mark_of
from steadygan.studies import intervals
from steadygan.studies.intervals import Interval
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.training import Training
from steadygan.studies.trial import Outcome, Setting, Trial
from steadygan.studies.words import interval_text, setting_text, settings_text
from steadygan.system.words import number

NAME = "sweep"
BEST, LAST, ROUND = "best", "last", "best_round"
"""what a trial measured: the least distance of an evaluation, that of the last one, and the round of the least"""


@dataclass(frozen=True)
class Point:
    """One setting of the grid, with the whole recipe."""

    settings: Mapping[str, Setting]
    recipe: str
    """as YAML, data included"""


@dataclass(frozen=True)
class Sweep:
    """A grid over a recipe on data."""

    recipe: str
    """its name"""
    data: str
    """the data set's name"""
    points: tuple[Point, ...]
    kinds: tuple[str, ...] = ()
    """import paths of the user's own classes and functions"""

    @property
    def name(self) -> str:
        """Of its folder: the same for the same grid."""
        text = repr([(sorted(point.settings.items()), point.recipe) for point in self.points])
        return f"{NAME}-{self.recipe}-{self.data}-{mark_of(text.encode()).hash[:6]}"

    def to_json(self) -> dict[str, Any]:
        return {
            "recipe": self.recipe,
            "data": self.data,
            "points": [{"settings": dict(point.settings), "recipe": point.recipe} for point in self.points],
            "kinds": list(self.kinds),
        }

    @classmethod
    def from_json(cls, fields: Fields) -> Sweep:
        """Reads what ``to_json`` made.

        Raises:
            RunError: one line, for fields that are missing or wrong.
        """
        points = []
        for each in fields.inners("points"):
            inner = each.inner("settings")
            settings = {name: _setting(inner, name) for name in inner.content}
            points.append(Point(settings, each.text("recipe")))
        return cls(fields.text("recipe"), fields.text("data"), tuple(points), fields.texts("kinds"))

    def study(self) -> Study:
        """The sweep as a study without claims."""
        fields = list(dict.fromkeys(name for point in self.points for name in point.settings))
        return Study(
            name=self.name,
            question=f"Which {' and '.join(fields) or 'setting'} suits {self.recipe} on {self.data} best?",
            source="",
            shows="",
            trials=self._trials,
            plots=_plots,
            table=_table,
            claims=(),
            limits="Settings were compared at one length of training: a longer one may rank them otherwise.",
        )

    def _trials(self, scale: Scale, seeds: Sequence[int]) -> list[Trial]:
        kinds = tuple(import_kinds(self.kinds))
        works = [(point.settings, _training(recipes.loads(point.recipe, extra=kinds), kinds)) for point in self.points]
        return [Trial(settings, seed, work) for seed in seeds for settings, work in works]


def _setting(fields: Fields, name: str) -> Setting:
    value = fields.content[name]
    return value if isinstance(value, bool) else fields.scalar(name)


def _training(recipe: Recipe, kinds: tuple[Kind, ...]) -> Training:
    """Its numbers do not depend on the machine's load: fp32, eager, one thread, unless the recipe says else."""
    run = recipe.run
    options = dataclasses.replace(
        run,
        precision="fp32" if run.precision == "auto" else run.precision,
        engine="eager" if run.engine == "auto" else run.engine,
        threads=run.threads or 1,
        diagnose=False,
    )
    return Training(recipe, recipe.data, recipe.rounds, measured, options=options, kinds=kinds)


def measured(run: Run, ready: Prepared) -> Outcome:
    """The distances of a run's evaluations: the least one, whose checkpoint is kept, and the last one.

    Raises:
        UsageError: for a run that was not evaluated.
    """
    rows = run.evaluations
    judge = str(rows[-1]["judge"]) if rows else ""
    values = [(float(row[judge]), int(row["round"])) for row in rows if isinstance(row.get(judge), int | float)]
    if not values:
        raise UsageError(f"{ready.dataset.name} is too small to judge samples by, so that settings cannot be compared")
    least, round_ = min(values)
    features = rows[-1].get("features")
    return {
        "metric": f"{judge} ({features})" if features else judge,
        BEST: least,
        ROUND: round_,
        LAST: values[-1][0],
        "curve": [list(pair) for pair in values],
    }


@dataclass(frozen=True)
class Ranked:
    """A setting with its distance over seeds, and the difference from the best setting's, paired by seed."""

    settings: Mapping[str, Setting]
    best: Interval
    last: Interval
    behind: Interval | None
    """None for the best one itself"""

    @property
    def told_apart(self) -> bool:
        """True if it is worse than the best one by more than seeds explain."""
        return self.behind is not None and self.behind.low > 0


def ranked(results: Results) -> list[Ranked]:
    """The settings, the least mean distance first; after those that all seeds finished, those that some did not.

    All are compared with the one that came out best. Which one that is depends on the same values, so that any pair of
    the n settings may be compared: each interval of a difference has the level 1 - 0.05 / (n (n - 1) / 2), and all of
    them hold together at 95% (Bonferroni), whichever setting comes out first.
    """
    settings = list({repr(row.settings): row.settings for row in results}.values())
    values = [results.by_seed(BEST, **each) for each in settings]
    most = max((len(each) for each in values), default=0)
    filled = sorted(
        (index for index in range(len(settings)) if values[index]),
        key=lambda i: (len(values[i]) < most, _mean(values[i])),  # the mean of what did not fail flatters
    )
    if not filled:
        return []
    level = 1 - (1 - intervals.LEVEL) / max(1, math.comb(len(filled), 2))
    return [
        Ranked(
            settings[index],
            intervals.mean(list(values[index].values())),
            intervals.mean(results.values(LAST, **settings[index])),
            None if index == filled[0] else intervals.difference(values[index], values[filled[0]], level),
        )
        for index in filled
    ]


def _mean(values: Mapping[int, float]) -> float:
    return sum(values.values()) / len(values)


def _table(results: Results) -> Table:
    rows = ranked(results)
    metric = next((str(row.values["metric"]) for row in results if "metric" in row.values), "distance")
    names = list(dict.fromkeys(name for row in rows for name in row.settings))
    columns = (*names, "seeds", metric, "at the end", "behind the first", "told apart")
    cells: list[list[str | float | int]] = []
    most = max((row.best.runs for row in rows), default=0)
    for row in rows:
        behind = "" if row.behind is None else f"{number(row.behind.mean)}{_between(row.behind)}"
        apart = "" if row.behind is None else "yes" if row.told_apart else "no"
        seeds = row.best.runs if row.best.runs == most else f"{row.best.runs} of {most}"
        values = (seeds, f"{number(row.best.mean)}{_between(row.best)}", number(row.last.mean), behind, apart)
        cells.append([*(setting_text(row.settings.get(name, "")) for name in names), *values])
    note = (
        f"{metric}: the least of each training's evaluations, lower is better, as a mean over seeds with its 95% "
        "interval. The last two columns compare with the first row by the seeds that both have, at a level that holds "
        "for all pairs of settings together; 'no' means that other seeds may turn the order round."
    )
    return Table(columns, cells, note)


def _between(interval: Interval) -> str:
    text = interval_text(interval)
    return f" ({text})" if text else ""


def _plots(results: Results) -> list[Plot]:
    """The distance over the rounds, a line a setting with its seeds pale."""
    from matplotlib.figure import Figure

    rows = ranked(results)
    if not rows:
        return []
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.subplots()
    for index, row in enumerate(rows[:8]):
        curves = results.values("curve", **row.settings)
        colour, label = f"C{index}", settings_text(row.settings)
        for curve in curves:
            axes.plot([r for _, r in curve], [v for v, _ in curve], color=colour, alpha=0.35, linewidth=1)
        by_round: dict[int, list[float]] = {}
        for curve in curves:
            for value, round_ in curve:
                by_round.setdefault(round_, []).append(value)
        means = [(round_, sum(values) / len(values)) for round_, values in sorted(by_round.items())]
        axes.plot([r for r, _ in means], [m for _, m in means], color=colour, linewidth=2, label=label)
    metric = next(str(row.values["metric"]) for row in results if "metric" in row.values)
    axes.set(xlabel="round", ylabel=metric)
    values = [pair[0] for row in results for pair in row.values.get("curve", ())]
    if min(values) > 0 and max(values) > 10 * min(values):
        axes.set_yscale("log")
    axes.legend(fontsize=8)
    shown = f", the best 8 of {len(rows)} settings" if len(rows) > 8 else ""
    return [
        Plot("distance", f"{metric} over the rounds: pale lines are seeds, strong ones their means{shown}.", figure)
    ]
