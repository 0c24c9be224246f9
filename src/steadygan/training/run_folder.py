"""The folder of a run as a session begins: whose it is, what a new run writes there, what a resumed one rewrites."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan import recipe as recipes
from steadygan.errors import SteadyganError, UsageError
from steadygan.run import layout
from steadygan.run.data_facts import DataFacts
from steadygan.run.environment import Environment
from steadygan.run.foreign_weights import read_own_names
from steadygan.run.history import Change, read_history, write_history
from steadygan.run.marks import marked_damage, read_marks, write_marks
from steadygan.run.occupied import occupied
from steadygan.run.owner import owned
from steadygan.system.files import write_json, write_text
from steadygan.training import advice, resumption
from steadygan.training.processes.world import World

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.training.trainer import Trainer


@contextlib.contextmanager
def owning(folder: Path, world: World) -> Iterator[str | None]:
    """The run's ownership for the block, which the first process takes for all; see ``run.owner.owned``."""
    with contextlib.ExitStack() as stack:
        refused, taken_over = None, None
        if world.first:
            try:
                taken_over = stack.enter_context(owned(folder))
            except SteadyganError as error:
                refused = error
        refused = world.broadcast(refused)
        if refused is not None:
            raise refused
        yield taken_over


def refusal(folder: Path, source: str) -> str | None:
    """Why a new run on a source of data cannot begin in a folder; None if it can."""
    if (folder / layout.RECIPE).exists():
        command = advice.resume_command(folder)
        return f"{folder} already holds a run: '{command}' goes on with it, or name another --out"
    return occupied(folder, source)


def check_weights(weights: Path, dataset: Dataset) -> None:
    """Refuses a file that cannot be read, before anything that takes long, and weights of another alphabet.

    Raises:
        UsageError: one line; the same ids would stand for other characters.
    """
    if not weights.is_dir():
        read_own_names(weights)
        return
    run = weights.parent.parent
    theirs, mine = DataFacts.read(run).alphabet if (run / layout.DATA).exists() else None, dataset.alphabet
    if theirs is not None and mine is not None and theirs != mine:
        raise UsageError(
            f"{run} was trained on other characters ({len(theirs):,} of them) than {dataset.name} has "
            f"({len(mine):,}): its weights would read each as another; start without them"
        )


def write_start(trainer: Trainer, weights_from: Path | None) -> None:
    """Creates the run folder with recipe, environment and data facts."""
    folder = trainer.folder
    environment = Environment.current(trainer.device, trainer.precision, weights_from)
    write_json(folder / layout.ENVIRONMENT, environment.to_json())
    write_json(folder / layout.DATA, DataFacts.of(trainer.dataset).to_json())
    recipe = recipes.dumps(trainer.recipe)
    write_marks(folder, recipe, trainer.dataset.fingerprint, minutes=_minutes(trainer))
    write_text(folder / layout.RECIPE, recipe)  # last: it makes the folder a run


def rewrite(trainer: Trainer, damaged_data: str | None, changes: Sequence[Change]) -> tuple[str, ...]:
    """Writes what a resumed run begins with: history, data facts if they were damaged, recipe, marks."""
    folder, recipe = trainer.folder, recipes.dumps(trainer.recipe)
    warnings: tuple[str, ...] = ()
    marks = read_marks(folder)
    history = resumption.history_up_to(folder, trainer.recipe, trainer.counters.round)
    if changes or len(history) != len(read_history(folder)):
        write_history(folder, [*history, *changes])
    if damaged_data is not None:
        write_json(folder / layout.DATA, DataFacts.of(trainer.dataset).to_json())
        warnings += (f"{damaged_data}; it was written again from the data",)
    damaged = {}
    if marks is not None:
        problem = marked_damage(folder, marks, layout.ENVIRONMENT)
        if problem is not None:
            damaged = {layout.ENVIRONMENT: marks.files[layout.ENVIRONMENT]}
            warnings += (problem,)
    write_text(folder / layout.RECIPE, recipe)
    write_marks(folder, recipe, trainer.dataset.fingerprint, damaged, _minutes(trainer))
    return warnings


def _minutes(trainer: Trainer) -> float | None:
    return None if trainer.planner is None else trainer.planner.budget.seconds / 60
