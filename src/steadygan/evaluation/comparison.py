"""Comparison of runs by comparable numbers only; a winner only if intervals over seeds are disjoint."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadygan.errors import UsageError
from steadygan.evaluation import record
from steadygan.evaluation.differences import differences_line, differing
from steadygan.evaluation.record import Better, Evaluation, Number, Provenance, difference
from steadygan.metrics.estimates import Interval, disjoint, over_seeds
from steadygan.run import Run, find_run, layout
from steadygan.system.words import number
from steadygan.system.yaml_text import read_yaml

NAMED = 3
"""most settings that name a column"""
TWO_SEEDS = 12.7
"""97.5% quantile of Student's distribution with one degree of freedom"""


@dataclass(frozen=True)
class Group:
    """Runs of one recipe that differ in their seed only: one column of the table."""

    name: str
    """the recipe's; where several share it, with the settings in which they differ"""
    runs: tuple[Path, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Cell:
    """One metric of one group."""

    interval: Interval
    """over training seeds"""
    sampling_error: float | None
    """one standard error of sampling, the root mean square over the runs"""
    values: tuple[float, ...]
    """of the runs, in their order"""


@dataclass(frozen=True)
class Line:
    """One metric over all groups: a row of the table."""

    metric: str
    features: str
    better: Better
    cells: tuple[Cell | None, ...]
    floor: float | None
    """of held-out real samples"""
    winner: int | None
    """index of the group whose interval over seeds is disjoint from, and better than, each other one"""


@dataclass(frozen=True)
class Comparison:
    """A table of runs, and the provenance of its numbers."""

    groups: tuple[Group, ...]
    lines: tuple[Line, ...]
    provenance: tuple[str, ...]
    """a line for each set of comparable evaluations"""
    notes: tuple[str, ...]


def compare(runs: Sequence[str | Path | Run]) -> Comparison:
    """A table of runs' evaluations: a column for each recipe, a row for each metric.

    Runs of one recipe with different seeds share a column; its interval (95%, Student) is over these seeds.

    Raises:
        UsageError: fewer than two runs, a run without numbers, or numbers that are not comparable, with the difference.
    """
    runs = [runs] if isinstance(runs, str | Path | Run) else runs
    folders = [(run if isinstance(run, Run) else Run(find_run(run))).folder for run in runs]
    if len(folders) < 2:
        raise UsageError(f"a comparison needs two runs or more, got {len(folders)}")
    twice = {str(folder) for folder in folders if folders.count(folder) > 1}
    if twice:
        raise UsageError(f"{min(twice)} stands twice in the comparison")
    evaluations = [record.read(folder) for folder in folders]
    for folder, of_run in zip(folders, evaluations, strict=True):
        if not of_run:
            raise UsageError(f"{folder} has no numbers yet: 'steadygan evaluate {folder}'")
    comparable = _comparable(folders, evaluations)
    groups, differ = _groups(folders, comparable[0])
    lines = tuple(line for row in comparable for line in _lines(row, groups, folders))
    provenance = tuple(_provenance_line(row[0].provenance) for row in comparable)
    return Comparison(groups, lines, provenance, _notes(groups, lines, differ, comparable))


def _comparable(folders: Sequence[Path], evaluations: Sequence[Sequence[Evaluation]]) -> list[list[Evaluation]]:
    """Sets of comparable evaluations, one of each run."""
    rows: list[list[Evaluation]] = []
    first, *others = (_newest(of_run) for of_run in evaluations)
    for mine in first:
        row = [mine]
        for of_run in others:
            matching = [each for each in of_run if not difference(mine.provenance, each.provenance)]
            if not matching:
                break
            row.append(matching[-1])
        else:
            rows.append(row)
    if rows:
        return rows
    for folder, of_run in zip(folders[1:], others, strict=True):
        pairs = [(a.provenance, b.provenance) for a in first for b in of_run]
        same_features = [(a, b) for a, b in pairs if a.features == b.features]
        differences = [difference(a, b) for a, b in same_features or pairs]
        if all(differences):
            raise UsageError(
                f"{folders[0]} and {folder} cannot be compared: they differ in {differences[0]}; "
                "'steadygan evaluate RUN RUN …' evaluates them with the same settings"
            )
    raise UsageError(
        "these runs have no comparable numbers: 'steadygan evaluate RUN RUN …' evaluates them with the same settings"
    )


def _newest(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Of comparable evaluations, which differ in round or sampling seed, that of the last round."""
    newest: list[Evaluation] = []
    for evaluation in sorted(evaluations, key=lambda e: e.provenance.round):
        newest = [e for e in newest if difference(e.provenance, evaluation.provenance)]
        newest.append(evaluation)
    return newest


def _groups(folders: Sequence[Path], row: Sequence[Evaluation]) -> tuple[tuple[Group, ...], str]:
    """The columns, and a line on the settings in which their recipes differ."""
    by_recipe: dict[str, list[int]] = {}
    provenances = [evaluation.provenance for evaluation in row]
    for index, provenance in enumerate(provenances):
        by_recipe.setdefault(provenance.recipe_hash, []).append(index)
    members_of = list(by_recipe.values())
    plain = [_settings(folders[members[0]]) for members in members_of]
    names = [provenances[members[0]].recipe for members in members_of]
    labels = _labels(names, plain, [folders[members[0]].name for members in members_of])
    groups = []
    for label, members in zip(labels, members_of, strict=True):
        seeds = tuple(provenances[i].training_seed for i in members)
        for at, seed in zip(members, seeds, strict=True):
            first = members[seeds.index(seed)]
            if first != at:
                raise UsageError(
                    f"{folders[first]} and {folders[at]} are the same recipe with the same seed: "
                    "they say nothing about another seed"
                )
        groups.append(Group(label, tuple(folders[i] for i in members), seeds))
    return tuple(groups), differences_line(differing(plain)) if len(plain) > 1 else ""


def _labels(names: Sequence[str], plain: Sequence[Mapping[str, Any]], folders: Sequence[str]) -> list[str]:
    """A name for each column: the recipe's, and where several share it the settings in which these differ.

    More than three settings would be no name: the folder's stands there.
    """
    labels = list(names)
    for name in {name for name in names if names.count(name) > 1}:
        same = [index for index, each in enumerate(names) if each == name]
        found = differing([plain[index] for index in same])
        for position, index in enumerate(same):
            settings = ", ".join(f"{field} {values[position]}" for field, values in found.items())
            labels[index] = f"{name}, {settings if 0 < len(found) <= NAMED else folders[index]}"
    return labels


def _settings(folder: Path) -> Mapping[str, Any]:
    """recipe.yaml as plain data; empty if it cannot be read."""
    try:
        content = read_yaml((folder / layout.RECIPE).read_text(encoding="utf-8"), str(folder / layout.RECIPE))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, Mapping) else {}


def _lines(row: Sequence[Evaluation], groups: Sequence[Group], folders: Sequence[Path]) -> list[Line]:
    by_folder = dict(zip(folders, row, strict=True))
    metrics = list(dict.fromkeys(number.metric for evaluation in row for number in evaluation.numbers))
    lines = []
    for metric in metrics:
        columns = [[_number(by_folder[folder], metric) for folder in group.runs] for group in groups]
        present = [number for numbers in columns for number in numbers if number is not None]
        settings = {
            tuple(sorted((k, v) for k, v in number.settings.items() if k != "floor_count")) for number in present
        }
        if len(settings) > 1:
            raise UsageError(f"'{metric}' was measured with different settings: {' and '.join(map(str, settings))}")
        cells = tuple(_cell([number for number in numbers if number is not None]) for numbers in columns)
        better = present[0].better
        lines.append(Line(metric, row[0].provenance.features, better, cells, present[0].floor, _winner(cells, better)))
    return lines


def _number(evaluation: Evaluation, metric: str) -> Number | None:
    return next((number for number in evaluation.numbers if number.metric == metric), None)


def _cell(numbers: Sequence[Number]) -> Cell | None:
    if not numbers:
        return None
    values = tuple(number.value for number in numbers)
    errors = [number.error for number in numbers if number.error is not None]
    error = math.sqrt(sum(e * e for e in errors) / len(errors)) if errors else None
    return Cell(over_seeds(values), error, values)


def _badness(interval: Interval, better: Better) -> Interval:
    """The interval of what is to be low: the value itself, less it, or its distance from 1 or a half."""
    if better == "lower":
        return interval
    goal = {"one": 1.0, "half": 0.5}.get(better, 0.0)
    low, high = sorted((goal - interval.low, goal - interval.high))
    if better == "higher":
        return Interval(-interval.mean, low, high, interval.runs)
    least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return Interval(abs(interval.mean - goal), least, max(abs(low), abs(high)), interval.runs)


def by_chance(interval: Interval) -> bool:
    """True for two runs of one value: of whole numbers, as of modes, that is an interval of width 0 by chance."""
    return interval.runs == 2 and interval.low == interval.high


def _winner(cells: Sequence[Cell | None], better: Better) -> int | None:
    """Index of the group whose interval over seeds is disjoint from, and better than, each other one."""
    present = [(index, _badness(cell.interval, better)) for index, cell in enumerate(cells) if cell is not None]
    if len(present) < 2 or any(by_chance(each) for _, each in present):
        return None
    best, interval = min(present, key=lambda entry: entry[1].mean)
    return best if all(disjoint(interval, other) for index, other in present if index != best) else None


def undecided(groups: Sequence[Group], lines: Sequence[Line]) -> list[str]:
    """For each metric that two seeds or more of each recipe do not decide, why: whose values spread how far."""
    if any(len(group.runs) < 2 for group in groups) or len(groups) < 2:
        return []
    reasons = []
    for line in lines:
        cells = [(group.name, cell) for group, cell in zip(groups, line.cells, strict=True) if cell is not None]
        if line.winner is not None or len(cells) < 2:
            continue
        name, widest = max(cells, key=lambda entry: entry[1].interval.high - entry[1].interval.low)
        if widest.interval.high > widest.interval.low:
            reasons.append(f"{line.metric} ({name}: {spread_text(widest)})")
    return [f"not decided by these seeds: {', '.join(reasons)}"] if reasons else []


def spread_text(cell: Cell) -> str:
    """How far a recipe's values lie from each other, and the interval that follows from it."""
    low, high = number(min(cell.values)), number(max(cell.values))
    interval = f"{number(cell.interval.low)} to {number(cell.interval.high)}"
    return f"{cell.interval.runs} seeds from {low} to {high}, so its mean is only known to lie in {interval}"


def _provenance_line(p: Provenance) -> str:
    features = (
        f"features {p.features} {p.features_hash[:8]} (resize: {p.resize})" if p.features else "the samples themselves"
    )
    return (
        f"{features}: {p.count:,} {p.samples} samples, weights {p.weights}, beside {p.real:,} real ones ({p.split}) of "
        f"{p.data} {p.data_hash[:8]}"
    )


def _notes(
    groups: Sequence[Group], lines: Sequence[Line], differ: str, rows: Sequence[Sequence[Evaluation]]
) -> tuple[str, ...]:
    notes = [f"the recipes differ in {differ}"] if differ else []
    if any(len(group.runs) == 1 for group in groups):
        alone = "; ".join(group.name for group in groups if len(group.runs) == 1)
        notes.append(f"one seed only: {alone}: nothing is called better without an interval over training seeds")
    if any(len(group.runs) == 2 for group in groups):
        two = "; ".join(group.name for group in groups if len(group.runs) == 2)
        notes.append(
            f"two seeds only: {two}: both values stand in place of an interval, whose half width would be "
            f"{TWO_SEEDS:.1f} standard errors (4.3 with three seeds): 'steadygan train RUN/recipe.yaml --seed N'"
        )
    notes += undecided(groups, lines)
    provenances = [evaluation.provenance for row in rows for evaluation in row]
    for name in sorted({name for p in provenances for name in p.versions}):
        versions = sorted({p.versions.get(name, "unknown") for p in provenances})
        if len(versions) > 1:
            notes.append(f"versions of {name} differ: {', '.join(versions)}; last digits may")
    rounds = sorted({p.round for p in provenances})
    if len(rounds) > 1:
        notes.append(f"checkpoints of different rounds: {', '.join(f'{r:,}' for r in rounds)}")
    return tuple(notes)
