"""The time that a run still takes: by the recent pace of its rounds, and the cost of what stands between them.

Rounds differ (a critic's warm-up), and so do the seconds between two logged rows, of which some hold an evaluation. So
the work of rounds is counted in steps, and pictures, evaluations and checkpoints are timed apart and counted by their
schedules.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from steadygan.schedules import Constant

if TYPE_CHECKING:
    from steadygan.recipe import Recipe

Between: TypeAlias = Literal["picture", "evaluation", "checkpoint"]
_RECENT = 20.0
"""seconds of rounds, at least, that the pace is taken from, once there are as many"""
_LAST = 5
"""times of each kind that its cost is the median of"""
_EXACT, _INTERVALS, _SAMPLES = 1 << 17, 256, 64
"""rounds whose steps are counted one by one; intervals of the others, and samples of each"""


class TimeLeft:
    """Estimates the seconds until the end of a run, its last picture, evaluation and checkpoint included."""

    def __init__(
        self,
        recipe: Recipe,
        *,
        evaluates: bool = False,
        evaluation: float = 0.0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """
        Args:
            recipe: with all intervals
            evaluates: samples are evaluated during training
            evaluation: seconds that an evaluation is expected to take, until one was made
            clock: in seconds
        """
        self._rounds, self._run = recipe.rounds, recipe.run
        self._evaluates, self._clock = evaluates, clock
        self._work = _work_until(recipe)
        self._between = 0.0
        self._costs: dict[Between, deque[float]] = {
            kind: deque(maxlen=_LAST) for kind in ("picture", "evaluation", "checkpoint")
        }
        self._expected: dict[Between, float] = {"picture": 0.0, "evaluation": evaluation, "checkpoint": 0.0}
        self._marks: deque[tuple[float, float]] = deque()

    def replanned(self, recipe: Recipe) -> None:
        """Goes on with another length of the run; the pace is measured anew."""
        self._rounds, self._run, self._work = recipe.rounds, recipe.run, _work_until(recipe)
        self._marks.clear()

    @contextlib.contextmanager
    def aside(self, kind: Between) -> Iterator[None]:
        """Times the block as work between rounds."""
        begun = self._clock()
        try:
            yield
        finally:
            seconds = self._clock() - begun
            self._between += seconds
            self._costs[kind].append(seconds)

    def after(self, done: int) -> float | None:
        """Seconds until the end, after so many rounds and before what is due with the last of them.

        None for the first call of a session, which warm-up would distort; 0 after the last round.
        """
        now, work = self._clock() - self._between, self._work(done)
        self._marks.append((now, work))
        while len(self._marks) > 2 and now - self._marks[1][0] >= _RECENT:
            self._marks.popleft()
        if done >= self._rounds:
            return 0.0
        begun, before = self._marks[0]
        if work <= before:
            return None
        rounds = (now - begun) / (work - before) * (self._work(self._rounds) - work)
        return rounds + sum(count * self._cost(kind) for kind, count in self.due(done).items())

    def due(self, done: int) -> dict[Between, int]:
        """How many pictures, evaluations and checkpoints are due from round ``done`` to the last."""
        run, last = self._run, self._rounds
        assert run.picture_every and run.checkpoint_every
        evaluate_every = run.evaluate_every or run.checkpoint_every
        powers = (1 << power for power in range(run.picture_every.bit_length()))
        early = sum(done <= power < min(run.picture_every, last) for power in powers)
        saved = _multiples(run.checkpoint_every, done, last)
        if not self._evaluates:
            return {"picture": early + _multiples(run.picture_every, done, last), "evaluation": 0, "checkpoint": saved}
        both = _multiples(math.lcm(evaluate_every, run.checkpoint_every), done, last)
        return {
            "picture": early + _multiples(run.picture_every, done, last),
            "evaluation": _multiples(evaluate_every, done, last),
            "checkpoint": saved - both,
        }

    def _cost(self, kind: Between) -> float:
        return statistics.median(self._costs[kind]) if self._costs[kind] else self._expected[kind]


def _multiples(every: int, first: int, last: int) -> int:
    """Multiples of ``every`` from ``first`` to ``last``, and ``last`` itself."""
    return last // every - (first - 1) // every + (last % every != 0)


def _work_until(recipe: Recipe) -> Callable[[int], float]:
    """The steps of both players in the first so many rounds; of many rounds most by samples."""
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
    total = np.concatenate([[0.0], np.cumsum(steps)])
    return lambda done: float(np.interp(done, knots, total))


def _intervals(start: int, end: int) -> Iterator[tuple[int, int]]:
    edges = [start + (end - start) * index // _INTERVALS for index in range(_INTERVALS + 1)]
    return ((low, high) for low, high in itertools.pairwise(edges) if high > low)
