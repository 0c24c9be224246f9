"""Sessions: starting a run in a new folder, and resuming one from its last checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from steadygan import recipe as recipes
from steadygan.errors import RunError, UsageError
from steadygan.run import layout
from steadygan.run.checkpoints import load_network, read_state
from steadygan.run.data_facts import DataFacts
from steadygan.run.environment import Environment
from steadygan.system.device import choose_device, idle_gpu
from steadygan.system.files import describe, write_json, write_text
from steadygan.system.malloc import kept_memory
from steadygan.training import checkpoint, plan, speed, validate
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.select import verified
from steadygan.training.processes.launch import local_device
from steadygan.training.processes.world import ALONE, World
from steadygan.training.resolve import resolve
from steadygan.training.setup import SetupBuilder
from steadygan.training.trainer import Trainer
from steadygan.training.waiting import Say, said, silent, told_to

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.training.engines.base import Engine
    from steadygan.training.observers import Evaluator, Observer


@kept_memory()
@speed.restored_threads()
def new_run(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    *,
    device: str = "auto",
    minutes: float | None = None,
    observers: Sequence[Observer] = (),
    evaluator: Evaluator | None = None,
    weights_from: Path | None = None,
    world: World = ALONE,
) -> str:
    """Trains a recipe from round 0 in a new folder; returns 'finished' or 'interrupted'.

    Args:
        recipe: to train
        dataset: training data
        folder: of the run; must not contain a run yet
        device: 'auto', 'cpu', 'cuda', 'mps'
        minutes: limits the time; rounds and decays are fitted to it
        observers: of the run
        evaluator: of samples during training
        weights_from: checkpoint with the initial weights (fine-tuning)
        world: the processes that train it together; the first one writes

    Raises:
        UsageError: for a recipe, device or folder that cannot be used.
        RunError: for a run that had to stop.
    """
    chosen = choose_device(local_device(device))
    if world.broadcast((folder / layout.RECIPE).exists()):
        raise UsageError(
            f"{folder} already holds a run: 'steadygan resume {folder}' goes on with it, or name another --out"
        )
    if weights_from is not None:
        _check_alphabet(weights_from, dataset)
    _check_same_data(dataset, world)
    say = told_to(observers) if world.first else silent
    resolved = resolve(recipe, dataset, chosen, minutes, evaluator, world, say)
    if chosen.type == "cpu" and resolved.recipe.run.threads is not None:
        torch.set_num_threads(resolved.recipe.run.threads)
    trainer = Trainer(resolved.recipe, dataset, folder, chosen, observers, evaluator, resolved.engine, world)
    game = trainer.build()
    if weights_from is not None:
        for network, saved in ((game.generator, "average"), (game.average, "average"), (game.critic, "critic")):
            load_network(network, weights_from, saved)
    if world.first:
        _write_start(trainer, weights_from)
        if weights_from is not None:
            trainer.save(game, judged=evaluator is not None)
    lines = plan.plan_lines(trainer.recipe, game, resolved.speed, dataset)
    return trainer.run(game, (*lines, *resolved.notes, *_notes(resolved.warnings)))


@kept_memory()
@speed.restored_threads()
def resume_run(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    *,
    device: str = "auto",
    observers: Sequence[Observer] = (),
    evaluator: Evaluator | None = None,
    world: World = ALONE,
) -> str:
    """Resumes a run from its last checkpoint; results are bit-identical to those of an uninterrupted run.

    Raises:
        RunError: for changed data, a damaged checkpoint, or a run that had to stop.
    """
    check_data(folder, dataset)
    chosen = choose_device(local_device(device))
    _check_same_data(dataset, world)
    if chosen.type == "cpu" and recipe.run.threads is not None:
        torch.set_num_threads(recipe.run.threads)
    say = told_to(observers) if world.first else silent
    engine, warnings = _resumed_engine(recipe, dataset, chosen, world, say)
    trainer = Trainer(recipe, dataset, folder, chosen, observers, evaluator, engine, world)
    saved = layout.list_checkpoints(trainer.checkpoints)
    if saved:
        state = read_state(saved[-1])
        warnings += _changed(state, trainer)
    game = trainer.build()
    validate.check_game(game)
    if saved:
        trainer.counters = checkpoint.load_checkpoint(saved[-1], game)
    world.barrier()  # all have read what the first now changes
    if world.first:
        write_text(folder / layout.RECIPE, recipes.dumps(recipe))  # it may have been extended
        for record in (trainer.record, trainer.evaluations):
            record.cut_back(trainer.counters.round)
    return trainer.run(game, _notes(warnings))


def _changed(state: dict[str, Any], trainer: Trainer) -> tuple[str, ...]:
    """Warnings of differences that change the last digits against an uninterrupted run."""
    now = {"precision": trainer.precision, "engine": trainer.engine.name}
    return tuple(
        f"the run was computed with {name} {state[name]}, now with {value}: last digits will differ"
        for name, value in now.items()
        if state.get(name, value) != value
    )


def _resumed_engine(
    recipe: Recipe, dataset: Dataset, device: torch.device, world: World, say: Say
) -> tuple[Engine, tuple[str, ...]]:
    """The engine that the recipe names, or eager with a warning."""
    if recipe.run.engine in ("auto", "eager"):
        return EAGER, ()
    with said(say, f"preparing {recipe.run.engine} steps"):
        engine = verified(recipe.run.engine, SetupBuilder(recipe, dataset, device, world))
    if isinstance(engine, str):
        return EAGER, (f"engine eager, not {recipe.run.engine}: {engine}",)
    return engine, ()


def _check_same_data(dataset: Dataset, world: World) -> None:
    """Raises RunError if the data differs between processes."""
    if world.broadcast(dataset.fingerprint) != dataset.fingerprint:
        raise RunError(f"process {world.rank} has other data than process 0: {dataset.name} differs between machines")


def _notes(warnings: Sequence[str]) -> tuple[str, ...]:
    gpu = idle_gpu()
    return (*(f"warning: {text}" for text in warnings), *([f"note: {gpu}"] if gpu else []))


def _write_start(trainer: Trainer, weights_from: Path | None) -> None:
    """Creates the run folder with recipe, environment and data facts."""
    folder = trainer.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the run folder {folder}: {describe(error)}") from None
    environment = Environment.current(trainer.device, trainer.precision, weights_from)
    write_json(folder / layout.ENVIRONMENT, environment.to_json())
    write_json(folder / layout.DATA, DataFacts.of(trainer.dataset).to_json())
    write_text(folder / layout.RECIPE, recipes.dumps(trainer.recipe))  # last: it makes the folder a run


def _check_alphabet(weights: Path, dataset: Dataset) -> None:
    """Raises UsageError for weights of another alphabet: the same ids would stand for other characters."""
    run = weights.parent.parent
    theirs, mine = DataFacts.read(run).alphabet if (run / layout.DATA).exists() else None, dataset.alphabet
    if theirs is not None and mine is not None and theirs != mine:
        raise UsageError(
            f"{run} was trained on other characters ({len(theirs):,} of them) than {dataset.name} has "
            f"({len(mine):,}): its weights would read each as another; start without them"
        )


def check_data(folder: Path, dataset: Dataset) -> None:
    """Raises RunError unless the data is that with which the run began."""
    began = DataFacts.read(folder).fingerprint
    if began != dataset.fingerprint:
        raise RunError(
            f"{dataset.name} has changed since {folder} began (content {dataset.fingerprint[:12]}, "
            f"then {began[:12]}): 'steadygan train --from {folder}' starts a new run from its weights"
        )
