"""A lesson on and off: the same games with and without a change, paired by game and seed, compared by log distances."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from steadygan.data.options import DataOptions
from steadygan.data.sources.find import is_built_in
from steadygan.recipe import Recipe, RunOptions
from steadygan.studies.claims import Claim, Decision, by_range, by_sign
from steadygan.studies.experiments._evidence import told
from steadygan.studies.experiments._quality import Attempt, Measure, at_end
from steadygan.studies.intervals import Interval, mean
from steadygan.studies.results import Results, Row
from steadygan.studies.study import Table
from steadygan.studies.trial import Setting, Trial
from steadygan.types import SampleSpec

Change = Callable[[Recipe], Recipe]
Settings = Mapping[str, Setting]
Arms = Sequence[tuple[Settings, Change]]
"""the settings that name an arm of a study, with its change of the recipe"""


@dataclass(frozen=True)
class Case:
    """A game that a lesson is tried on: data with a recipe."""

    name: str
    recipe: Callable[[SampleSpec], Recipe]
    data: str | DataOptions
    rounds: int


def named(data: str | DataOptions) -> dict[str, str]:
    """The setting that tells trials on the user's data from others; none for the package's own."""
    source = data if isinstance(data, str) else data.source
    return {} if is_built_in(source) else {"data": source}


def same(recipe: Recipe) -> Recipe:
    """The recipe without a change."""
    return recipe


def trials(
    cases: Sequence[Case],
    arms: Arms,
    seeds: Sequence[int],
    *,
    measure: Measure = at_end,
    plan: Callable[[int], RunOptions] | None = None,
) -> list[Trial]:
    """Each case in each arm with each seed; seeds outermost, so that a study half done has whole seeds.

    Args:
        cases: the games
        arms: the changes
        seeds: of the trainings
        measure: of a finished run
        plan: options of a run of so many rounds
    """
    return [
        Trial(
            {"case": case.name, **named(case.data), **settings},
            seed,
            Attempt(case.recipe, case.data, case.rounds, measure, change, plan=plan),
        )
        for seed in seeds
        for case in cases
        for settings, change in arms
    ]


def gain(results: Results, off: Settings, on: Settings, value: str = "distance") -> dict[int, float]:
    """By seed: log(value off / value on), the mean over the pairs that differ in these settings alone.

    Above 0: the value is smaller with ``on``. Pairs of which one is missing, or a value not above 0, are left out.
    """
    found: dict[int, list[float]] = {}
    before = {_key(row, {}): row for row in results}
    for row in results:
        if not _has(row, on):
            continue
        pair = before.get(_key(row, off))
        values = [] if pair is None else [float(each.values.get(value, math.nan)) for each in (pair, row)]
        if len(values) == 2 and all(each > 0 for each in values):  # false for NaN
            found.setdefault(row.seed, []).append(math.log(values[0] / values[1]))
    return {seed: float(np.mean(logs)) for seed, logs in sorted(found.items())}


def gain_over(results: Results, off: Settings, ons: Sequence[Settings], value: str = "distance") -> dict[int, float]:
    """By seed: the mean of ``gain`` over several settings with a change; seeds that lack one are left out."""
    found = [gain(results, off, on, value) for on in ons]
    seeds = sorted(set.intersection(*(set(each) for each in found))) if found else []
    return {seed: float(np.mean([each[seed] for each in found])) for seed in seeds}


def _has(row: Row, settings: Settings) -> bool:
    return all(row.settings.get(name) == value for name, value in settings.items())


def _key(row: Row, changed: Settings) -> tuple[object, ...]:
    return row.seed, *sorted((name, str(value)) for name, value in {**row.settings, **changed}.items())


def gained(results: Results, off: Settings, on: Settings, value: str = "distance") -> Interval:
    """The interval over seeds of ``gain``."""
    return mean(list(gain(results, off, on, value).values()))


LARGEST = 700.0
"""logarithm that still has a power"""


def as_ratio(interval: Interval, what: str) -> str:
    """An interval of a logarithm in words: 'WHAT 1.8 (1.2 to 2.7, 5 seeds)'."""
    mean, low, high = (math.exp(number) if number < LARGEST else math.inf for number in interval[:3])
    return told(what, Interval(mean, low, high, interval.runs))


SIGN = "the 95% interval over seeds of log({0}) lies above 0; below 0 refutes it"
"""the rule of ``better``, of two distances"""


def better(
    name: str, statement: str, source: str, off: Settings, on: Settings, *, words: str, needs: str = ""
) -> Claim:
    """The claim that samples are nearer to the data with ``on`` than with ``off``, over all other settings.

    Args:
        name: of the claim
        statement: what the source says
        source: where
        off: settings without
        on: settings with
        words: the ratio in words: 'distance with equal rates / with two'
        needs: the scale that it may need
    """

    def decide(results: Results) -> Decision:
        interval = gained(results, off, on)
        return by_sign(interval, as_ratio(interval, words))

    return Claim(name, statement, source, SIGN.format(words), decide, needs)


ALIKE = math.log(1.25)
"""distances within a quarter of each other are called alike"""


def alike(interval: Interval, evidence: str, bound: float = ALIKE) -> Decision:
    """Holds if the interval of a log ratio lies within the bound on both sides of 0, does not if it lies outside."""
    return by_range(interval, -bound, bound, evidence)


_SHOWN = ("distance", "modes", "critic_loss", "generator_loss")


def table(results: Results, *, values: Sequence[str] = _SHOWN, note: str = "") -> Table:
    """One row a setting: geometric mean of distances, means of other values over seeds, and trainings that diverged."""
    named: dict[tuple[tuple[str, Setting], ...], list[Row]] = {}
    for row in results:
        named.setdefault(tuple(row.settings.items()), []).append(row)
    names = list(dict.fromkeys(name for settings in named for name, _ in settings))
    shown = [value for value in values if any(value in row.values for row in results)]
    rows: list[list[str | float | int]] = []
    for settings, found in named.items():
        given = dict(settings)
        cells: list[str | float | int] = [given.get(name, "") for name in names]
        cells += [_middle(value, [row.values[value] for row in found if value in row.values]) for value in shown]
        rows.append([*cells, sum(bool(row.values.get("diverged")) for row in found), len(found)])
    heads = [value.replace("_", " ") for value in shown]
    said = note or "distance: geometric mean over seeds; losses: of the last quarter, not to be compared across losses"
    return Table([*names, *heads, "diverged", "seeds"], rows, said)


def _middle(name: str, values: Sequence[float]) -> float | str:
    numbers = np.asarray(values, dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return "–"
    if name == "distance" and (numbers > 0).all():
        return float(np.exp(np.log(numbers).mean()))
    return float(numbers.mean())
