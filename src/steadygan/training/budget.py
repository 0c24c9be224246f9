"""The time limit of a run: what is left of it, and the end that fits when the speed differs from the plan."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steadygan.training.speed import USUAL_ROUND, Speed

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.training.observers import Evaluator
    from steadygan.training.step.counters import Counters

TOLERANCE = 0.2
"""relative difference of the time that the remaining rounds need from what is left, from which the end is moved"""
LEAST = 0.01
"""the same difference as a fraction of the whole time, below which the end stays"""
_WINDOW, _WINDOW_SECONDS = 0.15, 2.0  # of the time left, and at least so long: what the speed is measured over
_SHORT = 0.1  # of the whole time, which the window never has to be longer than
_PICTURE_SECONDS = 0.15
_CHECKPOINT_SECONDS = 0.05
CLOSING_SECONDS = 2.0
"""after the last evaluation: the report, what the command prints, and the end of its process"""


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


def side_costs(recipe: Recipe, speed: Speed, evaluator: Evaluator | None) -> dict[str, float]:
    """Expected seconds of a picture, an evaluation and a checkpoint, before the first of each."""
    evaluation = 0.0
    if evaluator is not None:
        evaluation = evaluator.seconds + evaluator.count / recipe.fakes * speed.generator_step
    return {"picture": _PICTURE_SECONDS, "evaluation": evaluation, "checkpoint": _CHECKPOINT_SECONDS}


class Planner:
    """Measures what rounds take while a run trains, and finds the end that its time allows."""

    def __init__(self, budget: Budget, speed: Speed | None = None, costs: dict[str, float] | None = None) -> None:
        """
        Args:
            budget: of the run
            speed: measured before the run, for the relative cost of both players' steps; None: alike
            costs: of pictures, evaluations and checkpoints, each of which is measured as it happens
        """
        self.budget = budget
        self._speed = speed or Speed(1.0, 1.0)
        self._costs = dict(costs or {})
        self._most = dict(self._costs)
        self._aside = 0.0
        self._marks: deque[tuple[float, Counters]] = deque()

    @contextlib.contextmanager
    def aside(self, kind: str) -> Iterator[None]:
        """Context of a picture, an evaluation or a checkpoint: no part of the time of rounds."""
        began = self.budget.clock()
        try:
            yield
        finally:
            self._costs[kind] = self.budget.clock() - began
            self._most[kind] = max(self._most.get(kind, 0.0), self._costs[kind])
            self._aside += self._costs[kind]

    @property
    def closing(self) -> float:
        """Seconds that the end of the run takes, after its last round, as far as it was slow before."""
        return CLOSING_SECONDS + sum(self._most.values())

    def rounds(self, recipe: Recipe, counters: Counters) -> int | None:
        """Another length of the run that fits into its time; None if the present one does, or nothing is known yet.

        Args:
            recipe: of the run
            counters: so far, after a round that was logged, so that the device has done it
        """
        now, total, marks = self.budget.clock() - self._aside, self.budget.seconds, self._marks
        marks.append((now, counters))
        window = max(_WINDOW * self.budget.left, min(_WINDOW_SECONDS, _SHORT * total))
        while len(marks) > 2 and now - marks[1][0] >= window:
            marks.popleft()
        began, first = marks[0]
        work = self._work(recipe, counters.critic_steps - first.critic_steps, counters.round - first.round)
        if now - began < window / 2 or not work:
            return None
        ahead = recipe.steps(counters.round + (recipe.rounds - counters.round) // 2)
        a_round = (now - began) / work * self._work(recipe, ahead, 1) + self._beside(recipe)
        available = self.budget.left - self.closing
        difference = abs(a_round * (recipe.rounds - counters.round) - available)
        if difference < max(TOLERANCE * available, LEAST * total):
            return None
        rounds = counters.round + max(1, int(available / a_round))
        return None if rounds == recipe.rounds else rounds

    def _work(self, recipe: Recipe, critic_steps: int, rounds: int) -> float:
        """Seconds of so many critic steps and rounds at the speed before the run."""
        usual = self._speed.round(recipe, USUAL_ROUND) - recipe.steps(USUAL_ROUND) * self._speed.critic_step
        return critic_steps * self._speed.critic_step + rounds * usual

    def _beside(self, recipe: Recipe) -> float:
        """Mean seconds a round of pictures, evaluations and checkpoints."""
        run = recipe.run
        every = {
            "picture": run.picture_every,
            "evaluation": run.evaluate_every or run.checkpoint_every,
            "checkpoint": run.checkpoint_every,
        }
        return sum(seconds / (every.get(kind) or recipe.rounds) for kind, seconds in self._costs.items())
