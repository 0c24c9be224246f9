"""Trials that train a recipe: begun, or resumed where they were stopped, then measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan import recipe as recipes
from steadygan.data.options import DataOptions
from steadygan.errors import RunError, UsageError
from steadygan.kinds import Kind
from steadygan.preparation import RecipeLike, prepare
from steadygan.recipe import Recipe, RunOptions
from steadygan.studies.device import device
from steadygan.studies.trial import Outcome

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

RUN = "run"
"""folder of the training in the trial's"""
EVALUATIONS = 10
"""in a run, where they are asked for and no other interval is named"""
OPTIONS = RunOptions(precision="fp32", engine="eager", threads=1, evaluate="none", diagnose=False)
"""of trainings whose numbers must not depend on the machine's load: one thread, no choice by measured speed"""


@dataclass(frozen=True)
class Training:
    """A recipe on data for so many rounds, and what is measured of the finished run."""

    recipe: RecipeLike
    """a recipe; or a recipe's name or function, built for the data"""
    data: str | DataOptions
    rounds: int
    measure: Callable[[Run, Prepared], Outcome]
    """of the run with its data open"""
    change: Callable[[Recipe], Recipe] | None = None
    """of the recipe that was built for the data"""
    options: RunOptions = OPTIONS
    kinds: tuple[Kind, ...] = ()
    """classes and functions of the user's own in the recipe"""

    def fitted(self, rounds: int) -> Training:
        """The same with so many rounds."""
        return dataclasses.replace(self, rounds=rounds)

    def prepared(self, seed: int) -> Prepared:
        """The data, open, with the recipe that trains on it."""
        ready = prepare(self.recipe, self.data)
        made = recipes.fitted(ready.recipe, self.rounds)
        if self.change is not None:
            made = self.change(made)
        made = dataclasses.replace(made, rounds=self.rounds, seed=seed, run=_for(self.rounds, self.options))
        return dataclasses.replace(ready, recipe=made, minutes=None)

    def seconds_per_round(self) -> float:
        """As measured on this machine with one thread."""
        from steadygan.studies.speed import seconds_per_round

        return seconds_per_round(self.prepared(0))

    def seconds_besides(self) -> float:
        """Of the evaluations, if the options ask for them."""
        from steadygan.studies.speed import seconds_of_evaluations

        return seconds_of_evaluations(self.prepared(0), EVALUATIONS)

    def facts(self) -> Mapping[str, str]:
        """Of its networks and data, in words, for the plan."""
        from steadygan.studies.speed import facts

        return facts(self.prepared(0))

    def carry_out(self, folder: Path, seed: int) -> Outcome:
        """Trains, or resumes what was stopped, and measures.

        Raises:
            KeyboardInterrupt: if the training was stopped by a signal; it goes on where it was.
            RunError: for a recipe that cannot be trained on this data: others of a grid can, so that it is an outcome.
        """
        from steadygan import api
        from steadygan.run import Run
        from steadygan.run.layout import CHECKPOINTS, list_checkpoints

        ready, place = self.prepared(seed), folder / RUN
        begun = list_checkpoints(place / CHECKPOINTS) and Run(place, kinds=self.kinds).recipe.rounds == self.rounds
        if begun:
            run = api.resume(place, device=device(), observers=[], kinds=self.kinds)
        else:
            _remove(place)
            try:
                run = api.train_prepared(ready, place, device=device(), observers=[])
            except UsageError as error:
                raise RunError(str(error)) from None
        if not run.finished:
            raise KeyboardInterrupt
        return self.measure(Run(place, kinds=self.kinds), ready)


def _for(rounds: int, options: RunOptions) -> RunOptions:
    """Fixed intervals in place of those by the clock: about 100 rows, 20 checkpoints, 10 pictures and evaluations."""
    every: dict[str, Any] = {}
    for name, count in (
        ("log_every", 100),
        ("checkpoint_every", 20),
        ("picture_every", 10),
        ("evaluate_every", EVALUATIONS),
    ):
        if getattr(options, name) is None:
            every[name] = max(1, rounds // count)
    return dataclasses.replace(options, **every)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
