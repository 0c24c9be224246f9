"""Trainings of studies: one whose divergence is an outcome, one with checkpoints at even intervals; no averaging."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.ema import Average
from steadygan.recipe import Recipe
from steadygan.studies.training import Training
from steadygan.studies.trial import Outcome

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run


def unaveraged(recipe: Recipe) -> Recipe:
    """The recipe with samples of the trained weights, as in the papers of 2017, in place of their running average."""
    return dataclasses.replace(recipe, average=Average(half_life=0.0))


@dataclass(frozen=True)
class Attempt(Training):
    """A training that may diverge: its outcome is then ``lost``, 'diverged' 1, and the round."""

    lost: Mapping[str, Any] = field(default_factory=dict)
    """what a training that diverged counts as"""
    points: int = 0
    """checkpoints that are kept, at even intervals; 0: the last ones only"""

    def prepared(self, seed: int) -> Prepared:
        """See ``Training``."""
        ready = super().prepared(seed)
        if not self.points:
            return ready
        every = max(1, self.rounds // self.points)
        options = dataclasses.replace(ready.recipe.run, checkpoint_every=every, keep_every=every)
        return dataclasses.replace(ready, recipe=dataclasses.replace(ready.recipe, run=options))

    def carry_out(self, folder: Path, seed: int) -> Outcome:
        """See ``Training``."""
        from steadygan.training.trouble import Trouble

        try:
            return {**super().carry_out(folder, seed), "diverged": 0}
        except Trouble as trouble:
            return {**self.lost, "diverged": 1, "diverged_at": trouble.since}


def rounds_kept(run: Run) -> list[int]:
    """The rounds whose checkpoints are kept at the run's interval."""
    every = run.recipe.run.keep_every or 1
    return [round_ for round_ in (int(path.name) for path in run.checkpoints) if round_ % every == 0]
