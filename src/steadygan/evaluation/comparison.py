"""compare: runs side by side, only where their numbers are alike, and a winner only where seeds agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from steadygan.errors import UsageError
from steadygan.evaluation import record
from steadygan.evaluation.record import Better, Evaluation, Number, Provenance, unlike
from steadygan.metrics.estimates import Interval, over_seeds, separate
from steadygan.run import Run, find_run


@dataclass(frozen=True)
class Group:
    """Runs of one recipe that differ in their seed only."""

    name: str
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
    """One metric over all groups."""

    metric: str
    features: str
    better: Better
    cells: tuple[Cell | None, ...]
    floor: float | None
    """of held-out real samples"""
    winner: int | None
    """index of the group that is better than each other one: their intervals over seeds have no point in common"""


@dataclass(frozen=True)
class Comparison:
    """A table of runs, and on what its numbers rest."""

    groups: tuple[Group, ...]
    lines: tuple[Line, ...]
    rests_on: tuple[str, ...]
    notes: tuple[str, ...]


def compare(runs: Sequence[str | Path | Run]) -> Comparison:
    """Evaluations of runs side by side.

    Runs of one recipe with different seeds share a column; its interval (95%, Student) is over these seeds.

    Raises:
        UsageError: fewer than two runs, a run without numbers, or numbers that are not alike; names the difference.
    """
    found = [run if isinstance(run, Run) else Run(find_run(run)) for run in runs]
    folders = [run.folder for run in found]
    if len(found) < 2:
        raise UsageError(f"a comparison needs two runs or more, got {len(found)}")
    twice = {str(folder) for folder in folders if folders.count(folder) > 1}
    if twice:
        raise UsageError(f"{min(twice)} stands twice in the comparison")
    held = [record.read(folder) for folder in folders]
    for folder, evaluations in zip(folders, held, strict=True):
        if not evaluations:
            raise UsageError(f"{folder} has no numbers yet: 'steadygan evaluate {folder}'")
    kinds = _alike(folders, held)
    groups = _groups(folders, kinds[0])
    lines = tuple(line for row in kinds for line in _lines(row, groups, folders))
    return Comparison(groups, lines, tuple(_rests_on(row[0].provenance) for row in kinds), _notes(groups, kinds))


def _alike(folders: Sequence[Path], held: Sequence[Sequence[Evaluation]]) -> list[list[Evaluation]]:
    """For each origin of numbers that all runs have: the evaluation of each run."""
    kinds: list[list[Evaluation]] = []
    for first in _newest(held[0]):
        row = [first]
        for others in held[1:]:
            like = [e for e in _newest(others) if not unlike(first.provenance, e.provenance)]
            if not like:
                break
            row.append(like[-1])
        else:
            kinds.append(row)
    if kinds:
        return kinds
    for folder, others in zip(folders[1:], held[1:], strict=True):
        pairs = [(a, b) for a in _newest(held[0]) for b in _newest(others)]
        named = [(a, b) for a, b in pairs if a.provenance.features == b.provenance.features] or pairs
        differences = [unlike(a.provenance, b.provenance) for a, b in named]
        if all(differences):
            raise UsageError(
                f"{folders[0]} and {folder} cannot be compared: they differ in {differences[0]}; "
                "'steadygan evaluate RUN RUN …' measures several runs alike"
            )
    raise UsageError("these runs have no numbers of one origin: 'steadygan evaluate RUN RUN …' measures them alike")


def _newest(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Of evaluations that differ in round or sampling seed only, that of the last round."""
    chosen: list[Evaluation] = []
    for evaluation in sorted(evaluations, key=lambda e: e.provenance.round):
        chosen = [e for e in chosen if unlike(e.provenance, evaluation.provenance)]
        chosen.append(evaluation)
    return chosen


def _groups(folders: Sequence[Path], row: Sequence[Evaluation]) -> tuple[Group, ...]:
    keys: dict[str, list[int]] = {}
    provenances = [evaluation.provenance for evaluation in row]
    for index, provenance in enumerate(provenances):
        keys.setdefault(provenance.recipe_hash, []).append(index)
    names = [provenances[members[0]].recipe for members in keys.values()]
    groups = []
    for name, members in zip(names, keys.values(), strict=True):
        shown = name if names.count(name) == 1 else f"{name} ({folders[members[0]].name})"
        seeds = tuple(provenances[i].training_seed for i in members)
        if len(set(seeds)) < len(seeds):
            raise UsageError(
                f"{folders[members[0]]} and {folders[members[1]]} are the same recipe with the same seed: "
                "they say nothing about another seed"
            )
        groups.append(Group(shown, tuple(folders[i] for i in members), seeds))
    return tuple(groups)


def _lines(row: Sequence[Evaluation], groups: Sequence[Group], folders: Sequence[Path]) -> list[Line]:
    by_folder = dict(zip(folders, row, strict=True))
    metrics = list(dict.fromkeys(number.metric for evaluation in row for number in evaluation.numbers))
    lines = []
    for metric in metrics:
        found = [[_number(by_folder[folder], metric) for folder in group.runs] for group in groups]
        present = [number for numbers in found for number in numbers if number is not None]
        settings = {
            tuple(sorted((k, v) for k, v in number.settings.items() if k != "floor_count")) for number in present
        }
        if len(settings) > 1:
            raise UsageError(f"'{metric}' was measured with different settings: {' and '.join(map(str, settings))}")
        cells = tuple(_cell([number for number in numbers if number is not None]) for numbers in found)
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


def _winner(cells: Sequence[Cell | None], better: Better) -> int | None:
    """The group whose interval over seeds lies apart from and on the better side of each other one."""
    present = [(index, cell.interval) for index, cell in enumerate(cells) if cell is not None]
    if len(present) < 2:
        return None

    def badness(interval: Interval) -> float:
        goal = {"one": 1.0, "half": 0.5}.get(better)
        if goal is not None:
            return abs(interval.mean - goal)
        return interval.mean if better == "lower" else -interval.mean

    best, interval = min(present, key=lambda entry: badness(entry[1]))
    return best if all(separate(interval, other) for index, other in present if index != best) else None


def _rests_on(p: Provenance) -> str:
    seen = (
        f"features {p.features} {p.features_hash[:8]} (resize: {p.resize})" if p.features else "the samples themselves"
    )
    return (
        f"{seen}: {p.count:,} {p.samples} samples, weights {p.weights}, beside {p.real:,} real ones ({p.split}) of "
        f"{p.data} {p.data_hash[:8]}"
    )


def _notes(groups: Sequence[Group], kinds: Sequence[Sequence[Evaluation]]) -> tuple[str, ...]:
    notes = []
    if any(len(group.runs) == 1 for group in groups):
        alone = ", ".join(group.name for group in groups if len(group.runs) == 1)
        notes.append(f"one seed only: {alone}; nothing is called better without an interval over training seeds")
    provenances = [evaluation.provenance for row in kinds for evaluation in row]
    for name in sorted({name for p in provenances for name in p.versions}):
        versions = sorted({p.versions.get(name, "unknown") for p in provenances})
        if len(versions) > 1:
            notes.append(f"versions of {name} differ: {', '.join(versions)}; last digits may")
    rounds = sorted({p.round for p in provenances})
    if len(rounds) > 1:
        notes.append(f"checkpoints of different rounds: {', '.join(f'{r:,}' for r in rounds)}")
    return tuple(notes)
