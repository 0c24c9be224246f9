"""Overhead of a run: the time of a short real one in data, logging, pictures, checkpoints and evaluations."""

from __future__ import annotations

import dataclasses
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from benchmarks.speed.cases import titled, with_widths
from benchmarks.speed.timing import Watch
from steadygan import api
from steadygan import recipe as recipes
from steadygan.evaluation.during_training import training_evaluator
from steadygan.recipe import Recipe
from steadygan.report.page import PageObserver
from steadygan.report.pictures import PictureObserver
from steadygan.report.progress import ProgressObserver
from steadygan.report.trackers import observer_for
from steadygan.run.layout import RECIPE, list_checkpoints
from steadygan.system.device import choose_precision
from steadygan.system.files import write_text
from steadygan.system.malloc import kept_memory
from steadygan.training import checkpoint
from steadygan.training.engines.base import Engine
from steadygan.training.engines.by_name import make
from steadygan.training.observers import Evaluator, Observer
from steadygan.training.output import Output
from steadygan.training.planning.plan import choose_intervals, fit_minutes
from steadygan.training.planning.speed import measure_speed, synchronize
from steadygan.training.session import new_run
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.counters import Counters
from steadygan.training.step.drawer import Drawer
from steadygan.training.step.draws import RoundDraws
from steadygan.training.step.feed import Feed
from steadygan.training.step.game import Game
from steadygan.training.trainer import Trainer
from steadygan.types import Batch

PARTS = ("data", "logging", "pictures", "checkpoints", "evaluations")
LIMITS = {"data": 0.02, "logging and pictures": 0.03}
"""targets: shares of the time"""
LAPTOP_WIDTH = 32


class Spent:
    """Seconds by part, nested parts excluded."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._inner = [0.0]

    @contextmanager
    def on(self, part: str) -> Iterator[None]:
        self._inner.append(0.0)
        start = self.clock()
        try:
            yield
        finally:
            elapsed = self.clock() - start
            self.seconds[part] += elapsed - self._inner.pop()
            self._inner[-1] += elapsed


class _TimedFeed(Feed):
    spent: Spent

    def __call__(self, draws: Any) -> Batch:
        synchronize(self.device)
        with self.spent.on("data"):
            return super().__call__(draws)


class _TimedDrawer(Drawer):
    spent: Spent

    def round(self, round_: int, position: int, counts: Any = None) -> RoundDraws:
        synchronize(self.device)
        with self.spent.on("data"):
            return super().round(round_, position, counts)


class _TimedOutput(Output):
    spent: Spent
    device: torch.device

    @contextmanager
    def _on(self, part: str) -> Iterator[None]:
        synchronize(self.device)
        with self.spent.on(part):
            yield

    def log(self, *args: Any) -> None:
        with self._on("logging"):
            super().log(*args)

    def picture(self, game: Game, round_: int) -> None:
        with self._on("pictures"):
            super().picture(game, round_)

    def evaluate(self, game: Game, counters: Counters) -> None:
        with self._on("evaluations"):
            super().evaluate(game, counters)


class TimedTrainer(Trainer):
    """A trainer that measures the time of its parts other than steps.

    Before each part it waits for the device, so that steps still running are not counted with the part.
    """

    def watch(self, spent: Spent) -> None:
        """Measures from now on; call it after ``build``."""
        feed = _TimedFeed(self.recipe, self.dataset.train, self.device)
        drawer = _TimedDrawer(self.recipe, self.dataset.sample, self.dataset.train, self.device, feed.rows_on)
        output = _TimedOutput(self.folder, self.dataset, self.observers, self.evaluator)
        feed.spent = drawer.spent = output.spent = spent
        output.device = self.device
        self.feed, self.drawer, self.output, self.spent = feed, drawer, output, spent

    def save(self, game: Game, *, judged: bool = False) -> Path:
        synchronize(self.device)
        with self.spent.on("checkpoints"):
            return super().save(game, judged=judged)


@kept_memory()  # as in a run
def measure(
    data: str, minutes: float, precision: str, engine: str, watch: Watch, laptop: bool = False, width: int | None = None
) -> dict[str, Any]:
    """Shares of the time of a WGAN-GP training with DCGAN networks at 32 px, as ``steadygan train`` runs it.

    Args:
        data: a source
        minutes: of the training, about
        precision: of its steps
        engine: the name of its engine
        watch: the clock
        laptop: True for narrower networks
        width: of the networks; None: by ``laptop``

    Raises:
        UsageError, RunError: one line, for data, an engine or a run that failed.
    """
    ready = api.prepare("wgan-gp", data, size=32)
    width = width or (LAPTOP_WIDTH if laptop else None)
    recipe = with_widths(ready.recipe, None if width is None else (width, width))
    title = titled(f"WGAN-GP, DCGAN-32 on {ready.dataset.name}", recipe)
    run = dataclasses.replace(recipe.run, precision=choose_precision(precision, watch.device), engine="eager")
    recipe = dataclasses.replace(recipe, run=run)
    evaluator, stepped_by = training_evaluator(recipe, ready.dataset), make(engine)
    recipe = _settled(SetupBuilder(recipe, ready.dataset, watch.device), minutes, stepped_by, evaluator)
    spent = Spent(time.process_time if watch.clock == "cpu" else time.perf_counter)
    with tempfile.TemporaryDirectory() as folder:
        trainer, game = _started(
            SetupBuilder(recipe, ready.dataset, watch.device), Path(folder) / "run", stepped_by, evaluator
        )
        before = trainer.counters.round
        trainer.watch(spent)
        start = watch.now()
        trainer.run(game)
        total = watch.now() - start
    return {
        "title": title,
        "precision": game.precision,
        "engine": engine,
        "minutes": minutes,
        "rounds": recipe.rounds - before,
        "seconds": total,
        "seconds_by_part": spent.seconds,
        "shares": {part: seconds / total for part, seconds in spent.seconds.items()},
    }


def _settled(builder: SetupBuilder, minutes: float, engine: Engine, evaluator: Evaluator | None) -> Recipe:
    """The recipe with rounds fitted to the time, and the intervals that ``steadygan train`` would choose."""
    speed = measure_speed(builder.build(), engine)
    threads = torch.get_num_threads() if builder.device.type == "cpu" else None
    return choose_intervals(fit_minutes(builder.recipe, speed, minutes), speed, threads, evaluator)


def _started(
    builder: SetupBuilder, folder: Path, engine: Engine, evaluator: Evaluator | None
) -> tuple[TimedTrainer, Game]:
    """A run after its first round, which creates the folder, to be continued as ``resume`` does."""
    recipe, dataset, device = builder.recipe, builder.dataset, builder.device
    new_run(dataclasses.replace(recipe, rounds=1), dataset, folder, device=str(device), observers=())
    write_text(folder / RECIPE, recipes.dumps(recipe))
    observers: list[Observer] = [ProgressObserver(_silent_console()), PictureObserver(), PageObserver()]
    observers.append(observer_for("tensorboard"))
    trainer = TimedTrainer(recipe, dataset, folder, device, observers, evaluator, engine)
    game = trainer.build()
    trainer.counters = checkpoint.load_checkpoint(list_checkpoints(trainer.output.checkpoints)[-1], game)
    return trainer, game


def _silent_console() -> Any:
    """A console that prints into memory."""
    from rich.console import Console

    return Console(file=io.StringIO())
