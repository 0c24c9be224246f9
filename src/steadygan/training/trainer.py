"""One run, from the plan to the last checkpoint: rounds, record, pictures, checkpoints, stops. Knows no method."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from steadygan import recipe as recipes
from steadygan.training import checkpoint, guard, memory, pictures, plan
from steadygan.training.checkpoint import Counters
from steadygan.training.draws import Drawer
from steadygan.training.environment import describe_environment
from steadygan.training.feed import Feed
from steadygan.training.files import describe, list_checkpoints, read_json, write_json, write_text
from steadygan.training.game import Game
from steadygan.training.measure import FiniteWatch, NotFiniteError, held_out_score, row
from steadygan.training.observers import Observer, Picture, RunEnd, RunStart
from steadygan.training.precision import choose_device, choose_precision, idle_gpu
from steadygan.training.record import Record
from steadygan.training.step import RoundReport, training_round
from steadygan.training.stop import StopSignals
from steadygan.types import RunError, UsageError

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe

FINISHED = "finished"
INTERRUPTED = "interrupted"


class Trainer:
    """Carries a run in a folder from its last checkpoint to its end."""

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        folder: Path,
        device: torch.device,
        observers: Sequence[Observer] = (),
    ) -> None:
        self.recipe = recipe
        self.dataset = dataset
        self.folder = folder
        self.device = device
        self.precision = choose_precision(recipe.run.precision, device)
        self.observers = list(observers)
        self.record = Record(folder / "metrics.jsonl")
        self.checkpoints = folder / "checkpoints"
        self.counters = Counters()
        self.warnings: tuple[str, ...] = ()

    def prepare(self, minutes: float | None = None) -> plan.Speed:
        """Checks the recipe, measures the device, and settles what the recipe left open.

        Raises:
            UsageError: for a recipe that cannot work on this data.
            RunError: if a step does not fit into memory.
        """
        threads: int | None = None
        if self.device.type == "cpu":
            threads, speed = plan.choose_threads(self.recipe, self._measure)
        else:
            speed = self._measure()
        if minutes is not None:
            self.recipe = plan.fit_minutes(self.recipe, speed, minutes)
        self.recipe = plan.settle(self.recipe, speed, threads)
        return speed

    def build(self) -> Game:
        """The game at round 0, and the feeds."""
        game = Game.build(self.recipe, self.dataset.sample, self.device, self.precision)
        self.feed = Feed(self.recipe, self.dataset.train, self.device)
        self.held_out_feed = Feed(self.recipe, self.dataset.held_out, self.device)
        self.drawer = Drawer(self.recipe, self.dataset.sample, self.dataset.train, self.device)
        return game

    def _measure(self) -> plan.Speed:
        def steps(recipe: Recipe) -> plan.Speed:
            game = Game.build(recipe, self.dataset.sample, self.device, self.precision)
            self.warnings = guard.check(recipe, game.generator, game.critic)
            feed = Feed(recipe, self.dataset.train, self.device)
            return plan.measure_speed(game, feed, Drawer(recipe, self.dataset.sample, self.dataset.train, self.device))

        try:
            return steps(self.recipe)
        except (RuntimeError, MemoryError) as error:
            if not memory.is_out_of_memory(error):
                raise
        raise memory.explain(self.recipe, plan.device_name(self.device), steps)

    def write_start(self, extra: dict[str, Any] | None = None) -> None:
        """Makes the run's folder with recipe, environment and data."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot make the run folder {self.folder}: {describe(error)}") from None
        write_json(
            self.folder / "environment.json",
            {**describe_environment(self.device, self.precision), **(extra or {})},
        )
        audit = self.dataset.audit
        data = audit.to_json() if audit is not None else {"name": self.dataset.name}
        known = {
            "fingerprint": self.dataset.fingerprint,
            "sample": {"shape": list(self.dataset.sample.shape), "classes": self.dataset.sample.classes},
            "class_names": list(self.dataset.class_names),
        }
        write_json(self.folder / "data.json", {**data, **known})
        write_text(self.folder / "recipe.yaml", recipes.dumps(self.recipe))  # last: it makes the folder a run

    def check_data(self) -> None:
        """Refuses to go on with other data than the run began with.

        Raises:
            RunError: names both.
        """
        began = read_json(self.folder / "data.json").get("fingerprint")
        if began != self.dataset.fingerprint:
            raise RunError(
                f"{self.dataset.name} has changed since {self.folder} began (content {self.dataset.fingerprint[:12]}, "
                f"then {str(began)[:12]}): 'steadygan train --from {self.folder}' starts a new run from its weights"
            )

    def run(self, game: Game, speed: plan.Speed | None = None) -> str:
        """Rounds until the recipe's last one, or until someone asks to stop; gives the reason.

        Raises:
            RunError: one line, after the observers were told; the last checkpoint is whole.
        """
        lines: tuple[str, ...] = ()
        if speed is not None:
            left = self.recipe.rounds - self.counters.round
            lines = plan.plan_lines(self.recipe, game, speed, self.counters.round, left)
        notes = [f"warning: {text}" for text in self.warnings]
        gpu = idle_gpu()
        notes += [f"note: {gpu}"] if gpu else []
        start = RunStart(
            self.folder,
            self.recipe.name,
            self.dataset.sample,
            self.counters.round,
            self.recipe.rounds,
            (*lines, *notes),
        )
        for observer in self.observers:
            observer.started(start)
        reason = "stopped by an error"
        try:
            reason = self._rounds(game)
        except NotFiniteError as error:
            saved = list_checkpoints(self.checkpoints)
            good = f"the last good checkpoint is {saved[-1]}" if saved else "no checkpoint had been saved yet"
            reason = f"{error}; {good}. Try a lower rate (--critic-optimizer.lr), or --run.precision fp32"
            raise RunError(reason) from None
        except (RuntimeError, MemoryError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            if not memory.is_out_of_memory(error) or isinstance(error, RunError):
                raise
            half = max(1, (self.recipe.run.micro_batch or max(self.recipe.batch, self.recipe.fakes)) // 2)
            reason = f"out of memory after round {self.counters.round}: resume with --run.micro-batch {half}"
            raise RunError(reason) from None
        except KeyboardInterrupt:
            reason = INTERRUPTED
            raise
        finally:
            end = RunEnd(self.folder, self.counters.round, self.recipe.rounds, reason)
            for observer in self.observers:
                observer.ended(end)
        return reason

    def _rounds(self, game: Game) -> str:
        recipe, options = self.recipe, self.recipe.run
        assert options.log_every and options.checkpoint_every
        watch = FiniteWatch(self.device)
        clock = _Clock(self.counters.seconds)
        with StopSignals() as stop:
            while self.counters.round < recipe.rounds:
                before = self.counters
                draws = self.drawer.round(before.round, before.position)
                report = training_round(game, self.feed, draws, before.round, before.seen)
                watch.look(report, before.round)
                done = before.round + 1
                self.counters = Counters(
                    round=done,
                    critic_steps=before.critic_steps + len(draws.critic),
                    position=before.position + self.drawer.samples_in(before.round),
                    seen=before.seen + recipe.fakes,
                    seconds=clock.total(),
                )
                last = done == recipe.rounds
                if last or done == 1 or done % options.log_every == 0:
                    watch.check()
                    self._log(game, report, clock)
                if last or self._pictured(done):
                    watch.check()
                    self._picture(game)
                if last or done % options.checkpoint_every == 0 or stop.received is not None:
                    watch.check()
                    self.save(game)
                if stop.received is not None and not last:
                    return INTERRUPTED
        return FINISHED

    def _pictured(self, done: int) -> bool:
        """Regularly, and at rounds 1, 2, 4, 8, … at the start, where most changes."""
        every = self.recipe.run.picture_every
        assert every is not None
        return done % every == 0 or (done < every and done & (done - 1) == 0)

    def _log(self, game: Game, report: RoundReport, clock: _Clock) -> None:
        counters = self.counters
        held_out = None
        if len(self.dataset.held_out):
            held_out = held_out_score(game, self.held_out_feed, self.dataset.held_out, counters.round)
        pace = clock.pace(counters.round, counters.critic_steps * self.recipe.batch)
        times = {"seconds": round(counters.seconds, 3)}
        if pace is not None:
            times["samples_per_second"] = round(pace.samples, 1)
            times["seconds_left"] = round((self.recipe.rounds - counters.round) / pace.rounds, 1)
        line = {
            "round": counters.round,
            "critic_steps": counters.critic_steps,
            "samples": counters.position,
            **row(game, report, held_out, counters.round - 1),
            **times,
        }
        self.record.append(line)
        for observer in self.observers:
            observer.logged(line)

    def _picture(self, game: Game) -> None:
        pictures.settle_average(game)
        samples = pictures.picture_samples(game)
        points = not self.dataset.sample.is_image
        picture = Picture(
            folder=self.folder,
            round=self.counters.round,
            samples=samples,
            real=self.dataset.held_out.samples[: len(samples)] if points else None,
            score=pictures.score_points(game) if points else None,
        )
        for observer in self.observers:
            observer.pictured(picture)

    def save(self, game: Game) -> Path:
        """Writes a checkpoint of the present round, and removes those that are no longer kept."""
        pictures.settle_average(game)
        self.record.sync()
        path = checkpoint.save_checkpoint(self.checkpoints, game, self.counters)
        checkpoint.prune(self.checkpoints, self.recipe.run.keep_last, self.recipe.run.keep_every)
        for observer in self.observers:
            observer.saved(self.counters.round, path)
        return path


@dataclasses.dataclass(frozen=True)
class _Pace:
    rounds: float
    """a second"""
    samples: float
    """a second"""


class _Clock:
    """Seconds of training over all sessions, and the pace since the last logged row."""

    def __init__(self, before: float) -> None:
        self.before = before
        self.start = time.perf_counter()
        self.mark: tuple[float, int, int] | None = None

    def total(self) -> float:
        return self.before + time.perf_counter() - self.start

    def pace(self, rounds: int, samples: int) -> _Pace | None:
        """None for the first row of a session, which warm-up would distort."""
        now, last = time.perf_counter(), self.mark
        self.mark = (now, rounds, samples)
        if last is None or rounds == last[1]:
            return None
        seconds = max(1e-9, now - last[0])
        return _Pace((rounds - last[1]) / seconds, (samples - last[2]) / seconds)


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
        weights_from: a checkpoint whose networks this run starts from (fine-tuning)

    Raises:
        UsageError: for a recipe, device or folder that cannot be used.
        RunError: for a run that had to stop.
    """
    if (folder / "recipe.yaml").exists():
        raise UsageError(
            f"{folder} already holds a run: 'steadygan resume {folder}' goes on with it, or name another --out"
        )
    trainer = Trainer(recipe, dataset, folder, choose_device(device), observers)
    speed = trainer.prepare(minutes)
    game = trainer.build()
    extra: dict[str, Any] = {}
    if weights_from is not None:
        checkpoint.load_network(game.generator, weights_from, "average")
        checkpoint.load_network(game.average, weights_from, "average")
        checkpoint.load_network(game.critic, weights_from, "critic")
        extra["weights_from"] = str(weights_from)
    trainer.write_start(extra)
    if weights_from is not None:
        trainer.save(game)
    return trainer.run(game, speed)


@_kept_threads()
def resume_run(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    *,
    device: str = "auto",
    observers: Sequence[Observer] = (),
) -> str:
    """Goes on from a run's last checkpoint, to the last digit as if it had never stopped.

    Raises:
        RunError: for changed data, a damaged checkpoint, or a run that had to stop.
    """
    trainer = Trainer(recipe, dataset, folder, choose_device(device), observers)
    trainer.check_data()
    saved = list_checkpoints(trainer.checkpoints)
    if saved:
        state = checkpoint.read_state(saved[-1])
        if state["precision"] != trainer.precision:
            trainer.warnings += (
                f"the run computed in {state['precision']}, this machine does in {trainer.precision}: "
                "last digits will differ",
            )
    if trainer.device.type == "cpu" and recipe.run.threads is not None:
        torch.set_num_threads(recipe.run.threads)
    game = trainer.build()
    guard.check(recipe, game.generator, game.critic)
    if saved:
        trainer.counters = checkpoint.load_checkpoint(saved[-1], game)
    write_text(folder / "recipe.yaml", recipes.dumps(recipe))  # it may have been extended, or given micro-batches
    trainer.record.cut_back(trainer.counters.round)
    return trainer.run(game)
