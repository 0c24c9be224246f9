"""The time of a run: the pace of its rounds and the cost of what stands between them, and the time left by both.

Rounds differ (a critic's warm-up), and so do the seconds between two logged rows, of which some hold an evaluation. So
the work of rounds is counted in steps, and pictures, evaluations and checkpoints are timed apart and counted by their
schedules. Where the machine is busy they take longer, as rounds do: a cost is that of the times before at the pace of
now. The time left on the display and the end of a run with a time limit both come from here.
"""

from __future__ import annotations

import contextlib
import itertools
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from steadygan.training.planning.agenda import work_until
from steadygan.training.planning.due import Between, due_between

if TYPE_CHECKING:
    from steadygan.recipe import Recipe

RECENT = 20.0
"""seconds of rounds, at least, that the pace is taken from, once there are as many"""
_PRESENT = 1.0
"""the same for the pace that costs go by"""
_LAST = 5
"""times of each kind that its cost is the median of"""
_MOST = 4.0
"""factor by which a cost follows the pace, at most"""


class _Mark(NamedTuple):
    seconds: float
    """by the clock, without what stood between rounds"""
    done: int
    """rounds"""


@dataclass
class _Taken:
    """What work between rounds took once."""

    seconds: float
    before: float
    """pace of the rounds before it; 0 if it was not known"""
    after: float | None = None
    """the same of those after it; None until there were any"""

    @property
    def pace(self) -> float:
        """The pace at its time: a load may have come or gone meanwhile."""
        known = [pace for pace in (self.before, self.after) if pace]
        return statistics.fmean(known) if known else 0.0


class Timing:
    """Measures a run while it trains, and estimates the seconds until its end."""

    def __init__(
        self,
        recipe: Recipe,
        *,
        evaluates: bool = False,
        expected: Mapping[Between, float] | None = None,
        done: int = 0,
        clock: Callable[[], float] = time.perf_counter,
        looks: Callable[[int, int], int] | None = None,
        costs: Sequence[float] = (),
    ) -> None:
        """
        Args:
            recipe: with all intervals
            evaluates: samples are evaluated during training
            expected: seconds of what stands between rounds, until each was made
            done: rounds before this session
            clock: in seconds
            looks: how often the doctor looks from one round to another; None: there is none
            costs: of a round at each level of a recipe that grows, in any unit
        """
        self.window = RECENT
        """seconds of rounds, at least, that the pace is taken from, once there are as many"""
        self._evaluates, self._clock, self._looks = evaluates, clock, looks
        self._level_costs = tuple(costs)
        self._between = 0.0
        self._costs: dict[Between, deque[_Taken]] = {}
        self._expected = dict(expected or {})
        self._start = _Mark(clock(), done)
        self._marks: deque[_Mark] = deque()
        self.replanned(recipe)

    def replanned(self, recipe: Recipe) -> None:
        """Goes on with another length of the run."""
        self._rounds, self._run, self._work = recipe.rounds, recipe.run, work_until(recipe, self._level_costs)

    @contextlib.contextmanager
    def aside(self, kind: Between) -> Iterator[None]:
        """Times the block as work between rounds."""
        begun = self._clock()
        try:
            yield
        finally:
            seconds = self._clock() - begun
            self._between += seconds
            self.took(kind, seconds)

    def took(self, kind: Between, seconds: float) -> None:
        """Remembers what work between rounds takes, and the pace of the rounds before and after it."""
        self._costs.setdefault(kind, deque(maxlen=_LAST)).append(_Taken(seconds, self._pace(_PRESENT)))

    def mark(self, done: int) -> None:
        """Notes that so many rounds are done now."""
        self._marks.append(_Mark(self._clock() - self._between, done))
        while len(self._marks) > 2 and self._marks[-1].seconds - self._marks[1].seconds >= self.window:
            self._marks.popleft()
        for taken in itertools.chain.from_iterable(self._costs.values()):
            if taken.after is None:
                taken.after = self._pace(_PRESENT)

    def with_first_round(self) -> None:
        """Takes the pace from the first round of the session too, which warm-up distorts, if it is the only one."""
        if self.measured[1] == 0:
            self._marks.appendleft(self._start)

    @property
    def measured(self) -> tuple[float, int]:
        """Seconds and rounds that the pace is taken from."""
        first, last = self._marks[0], self._marks[-1]
        return last.seconds - first.seconds, last.done - first.done

    def after(self, done: int) -> float | None:
        """Seconds until the end, after so many rounds and before what is due with the last of them.

        None for the first call of a session, which warm-up would distort; 0 after the last round.
        """
        self.mark(done)
        return 0.0 if done >= self._rounds else self.until(self._rounds, first=done)

    def until(self, rounds: int, *, first: int) -> float | None:
        """Seconds from the last mark to the end of a run of so many rounds; None if the pace is not known.

        Args:
            rounds: the run's own, or another length, over which its schedules would be stretched
            first: round from which on pictures, evaluations and checkpoints are due
        """
        done = self._marks[-1].done
        if self.measured[1] <= 0:
            return None
        work = self._work(self._rounds) - self._work(done)
        share = (rounds - done) / max(1, self._rounds - done)
        counts = due_between(self._run, first, rounds, evaluates=self._evaluates)
        if self._looks is not None:
            counts["look"] = self._looks(first, rounds)
        between = sum(count * self.cost(kind) for kind, count in counts.items() if count)
        return self._pace(self.window) * work * share + between

    @property
    def closing(self) -> float:
        """Seconds from the last round on: its picture, its evaluation or checkpoint, and the end of the run."""
        return self.cost("picture") + self.cost("evaluation" if self._evaluates else "checkpoint") + self.cost("ending")

    def cost(self, kind: Between) -> float:
        """Seconds of work between rounds, at the pace of now."""
        times = self._costs.get(kind)
        if not times:
            return self._expected.get(kind, 0.0)
        now = self._pace(_PRESENT)
        return statistics.median(taken.seconds * _factor(now, taken.pace) for taken in times)

    def _pace(self, window: float) -> float:
        """Seconds for a step of rounds, over the last so many seconds of them; 0 if it is not known."""
        if len(self._marks) < 2:
            return 0.0
        last = first = self._marks[-1]
        for mark in reversed(self._marks):
            first = mark
            if last.seconds - mark.seconds >= window:
                break
        steps = self._work(last.done) - self._work(first.done)
        return (last.seconds - first.seconds) / steps if steps > 0 else 0.0


def _factor(now: float, then: float) -> float:
    """How much longer work takes at one pace than at another, both of which have to be known."""
    return min(_MOST, max(1 / _MOST, now / then)) if now > 0 and then > 0 else 1.0
