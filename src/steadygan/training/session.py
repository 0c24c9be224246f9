"""Sessions: starting a run in a new folder, and resuming one from its last checkpoint."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from steadygan.checks import above
from steadygan.errors import RunError, UsageError
from steadygan.kinds import Kind
from steadygan.run import layout
from steadygan.run.environment import Environment
from steadygan.run.history import BY_RESUME, DAMAGED, Change, now
from steadygan.run.marks import read_marks
from steadygan.run.reopen import check_data
from steadygan.system.device import choose_device, idle_gpu
from steadygan.system.malloc import kept_memory
from steadygan.system.threads import restored_threads, set_threads
from steadygan.system.torch_defaults import torch_defaults
from steadygan.training import out_of_memory, resumption, starting, validate
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.select import verified
from steadygan.training.planning import plan, speed
from steadygan.training.planning.budget import Budget, Planner, resumed_words, started_words
from steadygan.training.planning.costs import expected_costs
from steadygan.training.processes.launch import local_device
from steadygan.training.processes.world import ALONE, World
from steadygan.training.resolve import resolve
from steadygan.training.run_folder import check_weights, owning, refusal, rewrite, write_start
from steadygan.training.setup import SetupBuilder
from steadygan.training.trainer import Trainer
from steadygan.training.waiting import Say, said, silent, told_to

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.run.checkpoints import CheckpointState
    from steadygan.training.engines.base import Engine
    from steadygan.training.observers import Doctor, Evaluator, Observer
    from steadygan.training.step.game import Game


@torch_defaults()
@kept_memory()
@restored_threads()
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
    began: float | None = None,
    doctor: Doctor | None = None,
) -> str:
    """Trains a recipe from round 0 in a new folder; returns 'finished' or 'interrupted'.

    Args:
        recipe: to train
        dataset: training data
        folder: of the run; must not contain a run yet
        device: 'auto', 'cpu', 'cuda', 'mps'
        minutes: limits the time; rounds and decays are fitted to it, and again as the speed changes
        observers: of the run
        evaluator: of samples during training
        weights_from: checkpoint or file with the initial weights (fine-tuning): what fits by name and shape
        world: the processes that train it together; the first one writes
        began: when the time began, by ``time.perf_counter()``; None: now
        doctor: measures how healthy the training is

    Raises:
        UsageError: for a recipe, device or folder that cannot be used.
        RunError: for a run that had to stop.
    """
    budget = None
    if minutes is not None:
        above("--minutes", minutes, 0)
        budget = Budget(60 * minutes, time.perf_counter() if began is None else began)
    with owning(folder, world):
        return _train(recipe, dataset, folder, device, budget, observers, evaluator, weights_from, world, doctor)


def _train(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    device: str,
    budget: Budget | None,
    observers: Sequence[Observer],
    evaluator: Evaluator | None,
    weights_from: Path | None,
    world: World,
    doctor: Doctor | None,
) -> str:
    chosen = choose_device(local_device(device))
    refused = world.broadcast(refusal(folder, recipe.data.source))
    if refused is not None:
        raise UsageError(refused)
    if weights_from is not None:
        check_weights(weights_from, dataset)
    _check_same_data(dataset, world)
    say = told_to(observers) if world.first else silent
    resolved = resolve(recipe, dataset, chosen, budget, evaluator, world, say)
    if chosen.type == "cpu" and resolved.recipe.run.threads is not None:
        set_threads(resolved.recipe.run.threads)
    planner = None if budget is None else Planner(budget)
    trainer = Trainer(
        resolved.recipe, dataset, folder, chosen, observers, evaluator, resolved.engine, world, planner, doctor
    )
    trainer.expected = expected_costs(resolved.recipe, resolved.speed, evaluator)
    trainer.level_costs = resolved.speed.level_costs(resolved.recipe)
    game = trainer.build()
    taken = () if weights_from is None else starting.start_from(game, weights_from)
    if world.first:
        write_start(trainer, weights_from)
        if weights_from is not None:
            trainer.save(game, judged=evaluator is not None)
    lines = plan.plan_lines(trainer.recipe, game, resolved.speed, dataset)
    late = None if budget is None else started_words(budget)
    time_words = () if late is None else (f"note: {late}",)
    return trainer.run(game, (*lines, *time_words, *taken, *resolved.notes, *_notes(resolved.warnings)))


@torch_defaults()
@kept_memory()
@restored_threads()
def resume_run(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    *,
    device: str = "auto",
    observers: Sequence[Observer] = (),
    evaluator: Evaluator | None = None,
    world: World = ALONE,
    began: float | None = None,
    before: Recipe | None = None,
    from_round: int | None = None,
    kinds: Iterable[Kind] = (),
    by: str = BY_RESUME,
    doctor: Doctor | None = None,
) -> str:
    """Resumes a run from a checkpoint; results are bit-identical to those of an uninterrupted run.

    Args:
        recipe: from the checkpoint's round on
        dataset: training data
        folder: of the run
        device: 'auto', 'cpu', 'cuda', 'mps'
        observers: of the run
        evaluator: of samples during training
        world: the processes that train it together; the first one writes
        began: when this session began, by ``time.perf_counter()``, for a run with a time limit; None: now
        before: the recipe up to now, if it changes: the history gets the fields; None: as in recipe.yaml
        from_round: of the checkpoint, after which everything is dropped; None: the last one
        kinds: spec types of the user's own that the recipe has
        by: who changes the recipe, as the history has it
        doctor: measures how healthy the training is

    Raises:
        UsageError: for a run that another process trains, or a change that it cannot take.
        RunError: for changed data, a damaged checkpoint, or a run that had to stop.
    """
    with owning(folder, world) as taken_over:
        damaged_data = check_data(folder, dataset)
        resumption.check_changes(before or recipe, recipe, folder)
        chosen = choose_device(local_device(device))
        _check_same_data(dataset, world)
        if chosen.type == "cpu" and recipe.run.threads is not None:
            set_threads(recipe.run.threads)
        say = told_to(observers) if world.first else silent
        validate.check_own_parts(recipe, dataset.sample)
        engine, warnings = _resumed_engine(recipe, dataset, chosen, world, say)
        saved = resumption.checkpoint_of(folder, from_round)
        state = None if saved is None else resumption.state_of(saved)
        budget = _left(folder, state, time.perf_counter() if began is None else began)
        time_words = () if budget is None else (f"note: {resumed_words(budget)}",)
        if budget is not None and before is not None and before.rounds != recipe.rounds:
            time_words = (f"note: {recipe.rounds:,} rounds were asked for: the time limit of this run no longer holds",)
            budget = None
        planner = None if budget is None else Planner(budget)
        trainer = Trainer(recipe, dataset, folder, chosen, observers, evaluator, engine, world, planner, doctor)
        if state is not None:
            warnings += _changed(state, trainer)
        if recipe.growth is not None and world.first:  # rounds of each level take another time
            measured = speed.measure_speed(
                SetupBuilder(recipe, dataset, chosen, world).alone().build(), engine, budget=0.5
            )
            trainer.level_costs = measured.level_costs(recipe)
        game = _built(trainer)
        validate.check_game(game)
        taken: tuple[str, ...] = ()
        weights = None if saved is not None else Environment.read(folder).weights_from
        if saved is not None:
            trainer.counters = resumption.load(saved, game)
            trainer.seen_by_doctor = resumption.seen_by_doctor(saved, state)
        elif weights is not None:  # it ended before its first checkpoint
            check_weights(Path(weights), dataset)
            taken = starting.start_from(game, Path(weights))
        world.barrier()  # all have read what the first now changes
        notes = (*time_words, *(() if taken_over is None else (f"note: {taken_over}",)))
        if world.first:
            round_ = trainer.counters.round
            changes = resumption.changes_at(folder, before or recipe, recipe, round_, kinds, by)
            notes += tuple(f"changed: {change}" for change in changes)
            notes += resumption.drop_later(folder, round_)
            for record in trainer.output.records:
                mark = None if state is None or state.records is None else state.records.get(record.path.name)
                problem = record.cut_back(round_, mark)
                if problem is not None:
                    warnings += (f"{problem}: its rows up to round {round_:,} are kept as they can be read",)
                    changes.append(Change(round_, record.path.name, None, None, DAMAGED, now()))
            warnings += rewrite(trainer, damaged_data, changes)
            if weights is not None:
                trainer.save(game, judged=evaluator is not None)
        return trainer.run(game, (*notes, *taken, *_notes(warnings)))


def _left(folder: Path, state: CheckpointState | None, began: float) -> Budget | None:
    """The time limit of a run, of which earlier sessions spent what its checkpoint says."""
    marks = read_marks(folder)
    if marks is None or marks.minutes is None:
        return None
    spent = 0.0 if state is None else state.seconds if state.spent is None else state.spent
    return Budget(60 * marks.minutes, began, spent)


def _built(trainer: Trainer) -> Game:
    """The game at round 0.

    Raises:
        RunError: one line, if memory does not hold it.
    """
    try:
        return trainer.build()
    except (RuntimeError, MemoryError, OverflowError) as error:
        if isinstance(error, RuntimeError) and not out_of_memory.is_out_of_memory(error):
            raise
        raise RunError(f"the networks of {trainer.folder / layout.RECIPE} do not fit into memory") from None


def _changed(state: CheckpointState, trainer: Trainer) -> tuple[str, ...]:
    """Warnings of differences that change the last digits against an uninterrupted run."""
    pairs = (("precision", state.precision, trainer.precision), ("engine", state.engine, trainer.engine.name))
    return tuple(
        f"the run was computed with {name} {before}, now with {value}: last digits will differ"
        for name, before, value in pairs
        if before is not None and before != value
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
