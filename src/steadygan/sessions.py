"""A training until it ends: its first session, those that follow its remedies, and restarts in other folders."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan import recipe as recipes
from steadygan.diagnostics import remedies
from steadygan.kinds import Kind
from steadygan.recipe import Recipe
from steadygan.run import Run
from steadygan.run.history import BY_RESUME
from steadygan.run.remedies import Remedy, read_remedies

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.training.observers import Doctor, Evaluator, Observer
    from steadygan.training.processes.world import World


@dataclass(frozen=True)
class Launch:
    """What the sessions of a training have in common."""

    dataset: Dataset
    device: str
    """'auto', 'cpu', 'cuda' or 'mps'"""
    observers: Sequence[Observer]
    world: World
    """the processes that train together; several have no remedies"""
    began: float
    """when the time of the first session began, by ``time.perf_counter()``"""
    kinds: tuple[Kind, ...] = ()
    """classes and functions of the user's own that the recipe uses"""

    def new(self, recipe: Recipe, folder: Path, minutes: float | None = None, weights_from: Path | None = None) -> Run:
        """Trains in a new folder until it ends; by a remedy, it may end in another one.

        Args:
            recipe: to train
            folder: of the run
            minutes: that all its sessions have, in whatever folder; None: no limit
            weights_from: checkpoint or file with the initial weights
        """
        recipes.check_readable(recipe)
        made, earlier = dataclasses.replace(self, kinds=recipes.own_kinds(recipe)), 0
        while True:
            asked = made._in_new_folder(recipe, folder, minutes, weights_from, earlier)
            if asked is None:
                return Run(folder, kinds=made.kinds)
            earlier += len(read_remedies(folder))
            now = Run(folder, kinds=made.kinds).recipe  # whose rates may be lower already
            recipe, folder = remedies.applied(asked, remedies.at_rates_of(now, recipe)), Path(asked.folder)

    def resumed(self, before: Recipe, recipe: Recipe, folder: Path, from_round: int | None) -> Remedy | None:
        """Goes on in a run's folder until it ends, or until a remedy asks for another folder, which is returned.

        Args:
            before: the recipe at the checkpoint
            recipe: from here on
            folder: of the run
            from_round: round of the checkpoint; None: the last one
        """
        evaluator, doctor = self._watching(recipe)
        if self.world.first and (recipe != before or from_round is not None):
            remedies.forget(folder, from_round)

        def session() -> str:
            return self._resume(before, recipe, folder, from_round, evaluator, doctor, self.began)

        return self._until_it_ends(folder, session, evaluator, from_round=from_round)

    def _in_new_folder(
        self, recipe: Recipe, folder: Path, minutes: float | None, weights_from: Path | None, earlier: int
    ) -> Remedy | None:
        """The training in one folder; a remedy that asks for another one, after so many in others."""
        from steadygan.training.run_folder import owning
        from steadygan.training.session import new_run

        def session() -> str:
            return new_run(
                recipe,
                self.dataset,
                folder,
                device=self.device,
                minutes=minutes,
                observers=self.observers,
                evaluator=evaluator,
                weights_from=weights_from,
                world=self.world,
                began=self.began,
                doctor=doctor,
            )

        with owning(folder, self.world):  # from here on: an evaluator may refuse the data, and the folder goes again
            evaluator, doctor = self._watching(recipe)
            return self._until_it_ends(folder, session, evaluator, earlier)

    def _watching(self, recipe: Recipe) -> tuple[Evaluator | None, Doctor | None]:
        from steadygan.diagnostics.doctor import doctor_of
        from steadygan.evaluation.during_training import training_evaluator

        return training_evaluator(recipe, self.dataset), doctor_of(recipe.run.diagnose)

    def _until_it_ends(
        self,
        folder: Path,
        session: Callable[[], str],
        evaluator: Evaluator | None,
        earlier: int = 0,
        from_round: int | None = None,
    ) -> Remedy | None:
        """A session, and those that follow its remedies (``remedies.until_it_ends``)."""
        from steadygan.diagnostics.doctor import doctor_of
        from steadygan.training import resumption
        from steadygan.training.waiting import told_to

        if self.world.size > 1:
            session()
            return None

        def recipe_of() -> Recipe:
            return Run(folder, kinds=self.kinds).recipe

        def again(remedy: Remedy, since: float) -> str:
            before = resumption.as_it_was(folder, recipe_of(), remedy.to_round, self.kinds)
            recipe = remedies.applied(remedy, before)
            doctor = doctor_of(recipe.run.diagnose)
            return self._resume(before, recipe, folder, remedy.to_round, evaluator, doctor, since, remedy.by)

        say = told_to(self.observers)
        ended = remedies.until_it_ends(
            folder, session, again, recipe_of, say, began=self.began, earlier=earlier, from_round=from_round
        )
        return ended if isinstance(ended, Remedy) else None

    def _resume(
        self,
        before: Recipe,
        recipe: Recipe,
        folder: Path,
        from_round: int | None,
        evaluator: Evaluator | None,
        doctor: Doctor | None,
        began: float,
        by: str = BY_RESUME,
    ) -> str:
        """One session that goes on from a checkpoint, having begun at a time."""
        from steadygan.training.session import resume_run

        return resume_run(
            recipe,
            self.dataset,
            folder,
            device=self.device,
            observers=self.observers,
            evaluator=evaluator,
            world=self.world,
            began=began,
            before=before,
            from_round=from_round,
            kinds=self.kinds,
            by=by,
            doctor=doctor,
        )
