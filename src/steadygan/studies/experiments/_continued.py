"""Trainings that go on for as long again, with a change of their recipe."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from steadygan.recipe import RunOptions
from steadygan.studies.device import device
from steadygan.studies.experiments._lessons import Change, same
from steadygan.studies.experiments._quality import COUNT, Attempt, Judge
from steadygan.studies.training import OPTIONS, RUN
from steadygan.studies.trial import Outcome


def keeping(rounds: int) -> RunOptions:
    """Options of a run that keeps the checkpoint of its last round, however long it goes on."""
    return dataclasses.replace(OPTIONS, keep_every=rounds, checkpoint_every=max(1, rounds // 10))


@dataclass(frozen=True)
class Continued:
    """A training that goes on for as many rounds again, with a change of its recipe."""

    first: Attempt
    """its measure is of the end"""
    later: Change = same

    @property
    def rounds(self) -> int:
        """Of both parts."""
        return 2 * self.first.rounds

    def fitted(self, rounds: int) -> Continued:
        """The same with so many rounds in both parts together."""
        return dataclasses.replace(self, first=dataclasses.replace(self.first, rounds=max(1, rounds // 2)))

    def seconds_per_round(self) -> float:
        """Those of the first part."""
        return self.first.seconds_per_round()

    def carry_out(self, folder: Path, seed: int) -> Outcome:
        """Trains, changes the recipe, trains on, and measures: modes at the change as ``before``."""
        if not _has_changed(folder / RUN, self.first.rounds):
            outcome = self.first.carry_out(folder, seed)
            if outcome["diverged"]:
                return {**outcome, "before": 0.0}
        return self.first.attempted(lambda: self._second_part(folder / RUN, seed), seed)

    def _second_part(self, place: Path, seed: int) -> Outcome:
        from steadygan import api
        from steadygan.run import Run

        half = self.first.rounds
        if _has_changed(place, half):
            run = api.resume(place, device=device(), observers=[])
        else:
            run = api.resume(place, more_rounds=half, change=self.later, device=device(), observers=[])
        if not run.finished:
            raise KeyboardInterrupt  # stopped by a signal
        run, ready = Run(place), self.first.prepared(seed)
        before = Judge(ready.dataset)(run.sample(COUNT, weights="raw", round_=half)).modes
        return {**self.first.measure(run, ready), "before": before}


def _has_changed(place: Path, half: int) -> bool:
    """True if a run goes on beyond its first part already."""
    from steadygan.run import Run
    from steadygan.run.layout import RECIPE

    return (place / RECIPE).exists() and Run(place).recipe.rounds > half
