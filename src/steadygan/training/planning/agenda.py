"""The steps that a run still has to do, of rounds that differ."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from steadygan.schedules import Constant

if TYPE_CHECKING:
    from steadygan.recipe import Recipe

_EXACT, _INTERVALS, _SAMPLES = 1 << 13, 256, 64
"""rounds whose steps are counted one by one; intervals of the others, and samples of each"""


def work_until(recipe: Recipe, costs: Sequence[float] = ()) -> Callable[[int], float]:
    """The steps of both players in the first so many rounds; of many rounds most by samples.

    Args:
        recipe: of the run
        costs: of a round at each level of a recipe that grows, in any unit: its work is counted in rounds of mean cost
    """
    if recipe.growth is not None and costs:
        return _grown_work(recipe, costs)
    if isinstance(recipe.critic_steps, Constant):
        return float
    exact = min(recipe.rounds, _EXACT)
    knots, steps = list(range(exact + 1)), [float(sum(recipe.counts(round_))) for round_ in range(exact)]
    for begin, end in _intervals(exact, recipe.rounds):
        count = min(end - begin, _SAMPLES)
        # one round of each part, not the same of each, which a repeating schedule might single out
        places = (begin + int((index + index * 0.618034 % 1) * (end - begin) / count) for index in range(count))
        steps.append((end - begin) * statistics.fmean(sum(recipe.counts(place)) for place in places))
        knots.append(end)
    at, total = np.array(knots, float), np.concatenate([[0.0], np.cumsum(steps)])
    return lambda done: float(np.interp(done, at, total))


def _grown_work(recipe: Recipe, costs: Sequence[float]) -> Callable[[int], float]:
    """The work of the first so many rounds of a recipe that grows, in rounds of the mean cost of the whole run."""
    counts = recipe.stage_rounds(0, recipe.rounds)
    mean = float(np.dot(counts, costs)) / recipe.rounds or 1.0
    at, total = np.cumsum([0, *counts]), np.cumsum([0.0, *np.multiply(counts, costs)]) / mean
    return lambda done: float(np.interp(done, at, total))


def _intervals(start: int, end: int) -> Iterator[tuple[int, int]]:
    edges = [start + (end - start) * index // _INTERVALS for index in range(_INTERVALS + 1)]
    return ((low, high) for low, high in itertools.pairwise(edges) if high > low)
