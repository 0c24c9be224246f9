"""The time limit of a run: what is left of it, and the end that fits when the speed differs from the plan."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from steadygan.system.words import duration

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.training.planning.timing import Timing

TOLERANCE = 0.2
"""relative difference of the time that the remaining rounds need from what is left, from which the end is moved"""
LEAST = 0.015
"""the same difference as a fraction of the whole time, below which the end stays"""
_WINDOW, _WINDOW_SECONDS = 0.15, 1.0  # of the time left, and at least so long: what the speed is measured over
_SHORT = 0.1  # of the whole time, which the window never has to be longer than
_LOOK, _LEAST_LOOK = 0.05, 0.005  # of the time left, but at least of the whole time: from one look to the next
_MOST_ROUNDS = 2**31
_LONG_START = 0.25  # of the whole time


@dataclass
class Budget:
    """Seconds for a whole command, over all sessions of its run."""

    seconds: float
    began: float = field(default_factory=time.perf_counter)
    """of this session, by the clock"""
    before: float = 0.0
    """seconds of earlier sessions"""
    clock: Callable[[], float] = time.perf_counter

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return self.before + self.clock() - self.began

    @property
    def left(self) -> float:
        """Seconds left; below 0 if they are over."""
        return self.seconds - self.spent


def started_words(budget: Budget) -> str | None:
    """What is left of a time limit as the first round begins, in a line; None where the start took little of it."""
    limit, spent, left = f"{budget.seconds / 60:g} minutes", budget.spent, budget.left
    if left <= 0:
        return (
            f"the {limit} were over before the first round, after {duration(spent)} of starting and measuring: the run "
            "ends after a few rounds, with its last evaluation; more --minutes, or --rounds N, train longer"
        )
    if spent < _LONG_START * budget.seconds:
        return None
    return f"starting and measuring took {duration(spent)} of the {limit}: {duration(left)} are left"


def resumed_words(budget: Budget) -> str:
    """What is left of the time of a run that goes on, in a line."""
    limit, left = f"{budget.seconds / 60:g} minutes", budget.left
    if left <= 0:
        return (
            f"the {limit} of this run are over ({duration(budget.spent)} are spent): it ends after a round or two, "
            "with its last evaluation; then 'steadygan resume --rounds +N' goes on without a time limit"
        )
    return f"{duration(left)} of the {limit} of this run are left"


class Look(NamedTuple):
    """What a look at the time came to."""

    rounds: int | None
    """another length of the run, which fits into its time; None if the present one does, or nothing is known yet"""
    following: int
    """round after which to look again"""


class Planner:
    """Looks at the time of a run while it trains, often near its end, and finds the end that its time allows."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    def look(self, timing: Timing, recipe: Recipe, done: int) -> Look:
        """Whether the run still fits into its time, both ways: it may be too long by now, or too short.

        Args:
            timing: of the run
            recipe: of the run
            done: rounds that the device has done, with what was due after them; fewer than the recipe's
        """
        left, total = self.budget.left, self.budget.seconds
        timing.window = max(_WINDOW * left, min(_WINDOW_SECONDS, _SHORT * total))
        timing.mark(done)
        at_last = done == recipe.rounds - 1  # the last moment at which the end can be moved away
        if at_last:
            timing.with_first_round()
        seconds, rounds = timing.measured
        needed = timing.until(recipe.rounds, first=done + 1)
        if needed is None or (seconds < min(timing.window, needed) / 2 and not at_last):
            over = left < timing.closing and recipe.rounds > done + 1
            return Look(done + 1 if over else None, min(done + max(1, rounds), max(done + 1, recipe.rounds - 1)))
        available, saving = left - timing.closing, timing.cost("replan")
        new = recipe.rounds
        if abs(needed - left) >= max(TOLERANCE * available, LEAST * total, saving):
            new = _fitting(timing, done, left - saving)
        a_round = needed / (recipe.rounds - done)
        following = done + max(1, int(max(_LOOK * left, _LEAST_LOOK * total) / a_round))
        return Look(None if new == recipe.rounds else new, min(following, max(done + 1, new - 1)))


def _fitting(timing: Timing, done: int, seconds: float) -> int:
    """The longest run that ends within so many seconds, of at least one more round."""

    def fits(rounds: int) -> bool:
        needed = timing.until(rounds, first=done + 1)
        return needed is not None and needed <= seconds

    low, span = done + 1, 1
    while span < _MOST_ROUNDS and fits(low + span):
        span *= 2
    high = low + span
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
