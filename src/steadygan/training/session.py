"""How a run begins: anew, settled on this device, or from its last checkpoint."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from steadygan import recipe as recipes
from steadygan.files import describe, read_json, write_json, write_text
from steadygan.training import checkpoint, guard, memory, plan
from steadygan.training.draws import Drawer
from steadygan.training.environment import describe_environment
from steadygan.training.feed import Feed
from steadygan.training.folder import list_checkpoints
from steadygan.training.game import Game
from steadygan.training.precision import choose_device, choose_precision, idle_gpu
from steadygan.training.trainer import Trainer
from steadygan.types import RunError, UsageError

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.training.observers import Evaluator, Observer


@contextlib.contextmanager
def _kept_threads() -> Iterator[None]:
    """Gives the caller's thread count back."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


@_kept_threads()
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
) -> str:
    """Trains a recipe from round 0 in a new folder; gives 'finished' or 'interrupted'.

    Args:
        recipe: what to train
        dataset: on what
        folder: where the run is kept; must not hold a run yet
        device: 'auto', 'cpu', 'cuda', 'mps'
        minutes: fits rounds and decays to a time
        observers: who watches
        evaluator: judges samples now and then
        weights_from: a checkpoint whose networks this run starts from (fine-tuning)

    Raises:
        UsageError: for a recipe, device or folder that cannot be used.
        RunError: for a run that had to stop.
    """
    if (folder / "recipe.yaml").exists():
        raise UsageError(
            f"{folder} already holds a run: 'steadygan resume {folder}' goes on with it, or name another --out"
        )
    if weights_from is not None:
        _check_alphabet(weights_from, dataset)
    chosen = choose_device(device)
    settled = settle(recipe, dataset, chosen, minutes, evaluator)
    trainer = Trainer(settled.recipe, dataset, folder, chosen, observers, evaluator)
    game = trainer.build()
    extra: dict[str, Any] = {}
    if weights_from is not None:
        checkpoint.load_network(game.generator, weights_from, "average")
        checkpoint.load_network(game.average, weights_from, "average")
        checkpoint.load_network(game.critic, weights_from, "critic")
        extra["weights_from"] = str(weights_from)
    _write_start(trainer, extra)
    if weights_from is not None:
        trainer.save(game, judged=evaluator is not None)
    lines = plan.plan_lines(trainer.recipe, game, settled.speed, dataset)
    return trainer.run(game, (*lines, *_notes(settled.warnings)))


@_kept_threads()
def resume_run(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    *,
    device: str = "auto",
    observers: Sequence[Observer] = (),
    evaluator: Evaluator | None = None,
) -> str:
    """Goes on from a run's last checkpoint, to the last digit as if it had never stopped.

    Raises:
        RunError: for changed data, a damaged checkpoint, or a run that had to stop.
    """
    check_data(folder, dataset)
    trainer = Trainer(recipe, dataset, folder, choose_device(device), observers, evaluator)
    warnings: tuple[str, ...] = ()
    saved = list_checkpoints(trainer.checkpoints)
    if saved:
        state = checkpoint.read_state(saved[-1])
        if state["precision"] != trainer.precision:
            warnings += (
                f"the run computed in {state['precision']}, this machine does in {trainer.precision}: "
                "last digits will differ",
            )
    if trainer.device.type == "cpu" and recipe.run.threads is not None:
        torch.set_num_threads(recipe.run.threads)
    game = trainer.build()
    guard.check_game(game)
    if saved:
        trainer.counters = checkpoint.load_checkpoint(saved[-1], game)
    write_text(folder / "recipe.yaml", recipes.dumps(recipe))  # it may have been extended, or given micro-batches
    for record in (trainer.record, trainer.evaluations):
        record.cut_back(trainer.counters.round)
    return trainer.run(game, _notes(warnings))


class Settled(NamedTuple):
    """A recipe with nothing left open, the speed it was settled by, and what the guard warns of."""

    recipe: Recipe
    speed: plan.Speed
    warnings: tuple[str, ...]


def settle(
    recipe: Recipe,
    dataset: Dataset,
    device: torch.device,
    minutes: float | None = None,
    evaluator: Evaluator | None = None,
) -> Settled:
    """Checks the recipe, measures the device, and settles what the recipe left open.

    Raises:
        UsageError: for a recipe that cannot work on this data.
        RunError: if a step does not fit into memory.
    """
    warnings: tuple[str, ...] = ()
    recipe = dataclasses.replace(recipe, representation=recipe.representation.fitted(dataset.sample))
    precision = choose_precision(recipe.run.precision, device)

    def steps(tried: Recipe) -> plan.Speed:
        nonlocal warnings
        game = Game.build(tried, dataset.sample, device, precision)
        warnings = guard.check_game(game)
        feed = Feed(tried, dataset.train, device)
        return plan.measure_speed(game, feed, Drawer(tried, dataset.sample, dataset.train, device))

    def measure() -> plan.Speed:
        try:
            return steps(recipe)
        except (RuntimeError, MemoryError) as error:
            if not memory.is_out_of_memory(error):
                raise
        raise memory.explain(recipe, plan.device_name(device), steps)

    threads: int | None = None
    if device.type == "cpu":
        threads, speed = plan.choose_threads(recipe, measure)
    else:
        speed = measure()
    fitted = recipe if minutes is None else plan.fit_minutes(recipe, speed, minutes)
    return Settled(plan.settle(fitted, speed, threads, evaluator), speed, warnings)


def _notes(warnings: Sequence[str]) -> tuple[str, ...]:
    gpu = idle_gpu()
    return (*(f"warning: {text}" for text in warnings), *([f"note: {gpu}"] if gpu else []))


def _write_start(trainer: Trainer, extra: dict[str, Any]) -> None:
    """Makes the run's folder with recipe, environment and data."""
    folder, dataset = trainer.folder, trainer.dataset
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the run folder {folder}: {describe(error)}") from None
    environment = describe_environment(trainer.device, trainer.precision)
    write_json(folder / "environment.json", {**environment, **extra})
    data = dataset.audit.to_json() if dataset.audit is not None else {"name": dataset.name}
    known = {
        "fingerprint": dataset.fingerprint,
        "sample": {"shape": list(dataset.sample.shape), "classes": dataset.sample.classes},
        "class_names": list(dataset.class_names),
    }
    if dataset.alphabet is not None:
        known["alphabet"] = dataclasses.asdict(dataset.alphabet)
    write_json(folder / "data.json", {**data, **known})
    write_text(folder / "recipe.yaml", recipes.dumps(trainer.recipe))  # last: it makes the folder a run


def _check_alphabet(weights: Path, dataset: Dataset) -> None:
    """Refuses weights whose characters are others than the data's: the same ids would stand for other characters."""
    run = weights.parent.parent
    theirs = (read_json(run / "data.json") if (run / "data.json").exists() else {}).get("alphabet")
    mine = None if dataset.alphabet is None else dataclasses.asdict(dataset.alphabet)
    if theirs is not None and mine is not None and theirs != mine:
        raise UsageError(
            f"{run} was trained on other characters ({len(theirs['characters']):,} of them) than {dataset.name} has "
            f"({len(mine['characters']):,}): its weights would read each as another; start without them"
        )


def check_data(folder: Path, dataset: Dataset) -> None:
    """Refuses to go on with other data than the run began with.

    Raises:
        RunError: names both.
    """
    began = read_json(folder / "data.json").get("fingerprint")
    if began != dataset.fingerprint:
        raise RunError(
            f"{dataset.name} has changed since {folder} began (content {dataset.fingerprint[:12]}, "
            f"then {str(began)[:12]}): 'steadygan train --from {folder}' starts a new run from its weights"
        )
