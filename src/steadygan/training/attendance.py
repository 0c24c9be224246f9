"""The doctor at a training: when it looks, what it writes, and what it finds that a run is to act on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from steadygan.run.records import Record
from steadygan.training.finite_check import NotFiniteError
from steadygan.training.observers import tell_looked
from steadygan.training.processes.world import World

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.training.held_out import HeldOutMeasure
    from steadygan.training.observers import Doctor, Observer
    from steadygan.training.step.counters import Counters
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import RoundReport


class Attendance:
    """The doctor of a run, or none; of several processes all know when it looks, and the first one looks."""

    def __init__(
        self, doctor: Doctor | None, signals: Record, evaluations: Record, observers: Sequence[Observer], world: World
    ) -> None:
        self.doctor = doctor
        self.signals = signals
        self.evaluations = evaluations
        self.observers = observers
        self.world = world
        self._looked_at = 0

    def begin(self, game: Game, dataset: Dataset, measure: HeldOutMeasure, saved: Mapping[str, Tensor]) -> None:
        """Before the rounds of a session; see ``observers.Doctor.begin``."""
        if self.doctor is not None:
            self.doctor.begin(game, dataset, measure, saved)

    def replanned(self, game: Game) -> None:
        """The run has another length from here on."""
        if self.doctor is not None:
            self.doctor.replanned(game)

    @property
    def between(self) -> Callable[[int, int], int] | None:
        """How often it looks from one round to another; None without a doctor."""
        return None if self.doctor is None else self.doctor.between

    @property
    def state(self) -> Mapping[str, Tensor] | None:
        """What it remembers of its looks, for a checkpoint."""
        return None if self.doctor is None else self.doctor.state

    def prepare(self, done: int) -> bool:
        """Whether it looks after the round to come, of which it is told before it."""
        if self.doctor is None or not self.doctor.due(done):
            return False
        if self.world.first:
            self.doctor.before()
        return True

    def look(self, counters: Counters, report: RoundReport, failed: NotFiniteError | None = None) -> None:
        """Appends what it measures after a round to signals.jsonl; of one that failed, where that begins."""
        assert self.doctor is not None
        evaluations = self.evaluations.rows()
        seen = self.doctor.look(counters, report, evaluations[-1] if evaluations else None)
        if failed is not None:
            seen = {**seen, "non_finite": self.doctor.cause(self.signals.path.parent, failed.round) or failed.term}
        self.signals.append(seen)
        self._looked_at = counters.round
        tell_looked(self.observers, seen)

    def check(self, recipe: Recipe) -> None:
        """Raises Trouble where it finds some that the run is to act on; several processes have no remedies."""
        if self.doctor is None or recipe.run.on_trouble == "advise" or self.world.size > 1:
            return
        trouble = self.doctor.trouble(self.signals.path)
        if trouble is not None:
            raise trouble

    @contextlib.contextmanager
    def looking_last(self, counters: Counters, report: RoundReport) -> Iterator[None]:
        """Looks at a training that turns out not to be finite, so that its log says where that begins."""
        try:
            yield
        except NotFiniteError as error:
            if self.doctor is not None and self.world.first and self._looked_at < counters.round:
                self.look(counters, report, error)
            raise
