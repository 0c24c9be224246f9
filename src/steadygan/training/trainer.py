"""The trainer: the loop of training rounds with logging, pictures, evaluations and checkpoints, for every method."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.data.text.alphabet import decode
from steadygan.errors import RunError
from steadygan.run.layout import CHECKPOINTS, EVALUATIONS, METRICS, SIGNALS
from steadygan.run.records import Record, best_round
from steadygan.system.device import choose_precision
from steadygan.timeline import Replan
from steadygan.training import advice, checkpoint, fixed_latents, out_of_memory, pretraining
from steadygan.training.clock import Clock
from steadygan.training.costs import EXIT_SECONDS, expected_costs
from steadygan.training.engines.eager import EAGER
from steadygan.training.finite_check import FiniteCheck, NotFiniteError
from steadygan.training.held_out import HeldOutMeasure
from steadygan.training.observers import Picture, RunEnd, RunStart, ending_seconds, tell_looked
from steadygan.training.processes.world import ALONE, World
from steadygan.training.record_row import row
from steadygan.training.replanning import record_replan, tell_replanned
from steadygan.training.setup import SetupBuilder
from steadygan.training.signals import StopSignals
from steadygan.training.spread import data_spread
from steadygan.training.step.counters import Counters
from steadygan.training.step.prefetch import coming_rows
from steadygan.training.step.round import reduce_report, training_round
from steadygan.training.step.setup import Setup
from steadygan.training.timing import Timing
from steadygan.training.trouble import Trouble
from steadygan.training.waiting import said, told_to

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from steadygan.balance import Steps
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.training.budget import Planner
    from steadygan.training.engines.base import Engine
    from steadygan.training.observers import Doctor, Evaluator, Observer, Row
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import RoundReport

FINISHED = "finished"
INTERRUPTED = "interrupted"


class Trainer:
    """Trains one run in a folder, from its current round to its last.

    Of several processes all train; the first one alone logs, evaluates and saves.
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        folder: Path,
        device: torch.device,
        observers: Sequence[Observer] = (),
        evaluator: Evaluator | None = None,
        engine: Engine = EAGER,
        world: World = ALONE,
        planner: Planner | None = None,
        doctor: Doctor | None = None,
    ) -> None:
        self.planner = planner
        """moves the end of a run with a time limit"""
        self.engine = engine
        self.world = world
        self.recipe = recipe
        self.dataset = dataset
        self.folder = folder
        self.device = device
        self.precision = choose_precision(recipe.run.precision, device)
        self.observers = list(observers) if world.first else []
        self.evaluator = evaluator if world.first else None
        self.record = Record(folder / METRICS)
        self.evaluations = Record(folder / EVALUATIONS)
        self.signals = Record(folder / SIGNALS)
        self.records = (self.record, self.evaluations, self.signals)
        self.doctor = doctor
        self.seen_by_doctor: Mapping[str, Tensor] = {}
        """what the doctor remembers of its looks up to the checkpoint that the session begins with"""
        self._looked_at = 0
        self.checkpoints = folder / CHECKPOINTS
        self.expected = expected_costs(recipe, None, self.evaluator)
        """seconds of what stands between rounds, until it was timed"""
        self.level_costs: tuple[float, ...] = ()
        """of a round at each level of a recipe that grows, in any unit"""
        self.counters = Counters()
        self._builder = SetupBuilder(recipe, dataset, device, world)
        self.feed, self.drawer = self._builder.feed, self._builder.drawer
        self.held_out = HeldOutMeasure(recipe, dataset, self.feed)

    def build(self) -> Game:
        """A new game at round 0."""
        return self._builder.game()

    def run(self, game: Game, lines: Sequence[str] = ()) -> str:
        """Trains until the recipe's last round or a stop signal; returns 'finished' or 'interrupted'.

        Args:
            game: at the round of the counters
            lines: the plan, for observers to print

        Raises:
            RunError: one line, after the observers' ``ended``; the last checkpoint stays valid.
        """
        start = RunStart(
            folder=self.folder,
            name=self.recipe.name,
            sample=self.dataset.sample,
            round=self.counters.round,
            rounds=self.recipe.rounds,
            plan=tuple(lines),
            data_spread=data_spread(self.dataset),
            batch=self.recipe.batch,
        )
        for observer in self.observers:
            observer.started(start)
        reason = "stopped by an error"
        try:
            reason = self._rounds(game)
        except NotFiniteError as error:
            reason = f"{error}; {advice.after_not_finite(self.folder, self.recipe, self.precision)}"
            raise Trouble(reason, "diverged", self.counters.round, error.round, str(error)) from None
        except (RuntimeError, MemoryError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            if not out_of_memory.is_out_of_memory(error) or isinstance(error, RunError):
                raise
            reason = (
                f"out of memory after round {self.counters.round}: {advice.out_of_memory(self.folder, self.recipe)}"
            )
            raise RunError(reason) from None
        except KeyboardInterrupt:
            reason = INTERRUPTED
            raise
        finally:
            self.feed.close()
            end = RunEnd(self.folder, self.counters.round, self.recipe.rounds, reason, self._closing())
            for observer in self.observers:
                observer.ended(end)
        return reason

    def _rounds(self, game: Game) -> str:
        options = self.recipe.run
        assert options.log_every and options.checkpoint_every
        if pretraining.is_due(game) and not self._pretrain(game):
            return INTERRUPTED
        evaluate_every = options.evaluate_every or options.checkpoint_every
        finite = FiniteCheck(self.device)
        clock = Clock(self.counters.seconds)
        evaluates = self.evaluator is not None or options.keep_best is not None
        begin, look = self.counters.round, self.counters.round + 1
        doctor = self.doctor
        if doctor is not None:
            doctor.begin(game, self.dataset, self.held_out, self.seen_by_doctor)
        looks = None if doctor is None else doctor.between
        timing = Timing(
            self.recipe, evaluates=evaluates, expected=self.expected, done=begin, looks=looks, costs=self.level_costs
        )
        setup = Setup(game, self.feed, self.drawer)
        self._check_equal(game)
        self.feed.follow(coming_rows(self.drawer, self.world, self.counters.round, self.counters.position))
        with StopSignals() as stop:
            while self.counters.round < self.recipe.rounds:
                before = self.counters
                steps = game.steps(before.round)
                draws = self.drawer.round(before.round, before.position, steps)
                done = before.round + 1
                looked = doctor is not None and doctor.due(done)
                if looked and doctor is not None and self.world.first:
                    doctor.before()
                report = training_round(setup, draws, before, self.engine)
                after = self._counters_after(before, steps, clock.total())
                with self._looking_last(after, report):
                    finite.update(report, before.round)
                self.counters = after
                last = done == self.recipe.rounds
                logged = last or done == 1 or done % options.log_every == 0
                stopped = stop.received is not None
                if self.world.size > 1:  # all stop after the same round
                    stopped = logged and self.world.any(stopped)
                if logged or looked:
                    report = reduce_report(report, self.world)
                if looked and self.world.first:
                    with timing.aside("look"):
                        self._look_closer(self.counters, report)
                    self._check_health()
                if logged:
                    with self._looking_last(after, report):
                        finite.check()
                    if self.world.first:
                        self._log(game, report, clock, timing)
                if self.world.first and (last or self._picture_due(done)):
                    finite.check()
                    with timing.aside("picture"):
                        self._picture(game)
                    timing.took("ending", EXIT_SECONDS + ending_seconds(self.observers))
                evaluated = evaluates and (last or done % evaluate_every == 0)
                saved = last or stopped or done % options.checkpoint_every == 0
                if saved:
                    self._check_equal(game)
                if self.world.first and (evaluated or saved):
                    finite.check()
                    with timing.aside("evaluation" if evaluated else "checkpoint"):
                        self.save(game, judged=evaluated)
                if stopped and not last:
                    return INTERRUPTED
                if self.planner is not None and done >= look and not last:
                    finite.check()
                    look = self._look(game, self.planner, timing, saved=saved)
        if self.world.first and begin == self.recipe.rounds and begin:  # a run that went back to where it ends
            self._picture(game)
        self.world.barrier()  # the first process has written everything
        return FINISHED

    def _pretrain(self, game: Game) -> bool:
        """Trains the recipe's encoder before the first round; False if that was stopped."""
        assert self.recipe.encoder is not None
        say, done = told_to(self.observers), int(game.state.pretraining[0])
        what = f"training the encoder in {self.recipe.encoder.steps:,} steps" + (f", from {done:,} on" if done else "")

        def save() -> None:
            if self.world.first:
                self._write(game)

        with StopSignals() as stop, said(say, what):
            setup = Setup(game, self.feed, self.drawer)
            if not pretraining.pretrain(setup, lambda: self.world.any(stop.received is not None), save):
                return False
        self._check_equal(game)
        found = pretraining.accuracy(game, self.dataset.held_out) if self.world.first else None
        if found is not None:
            say(f"the encoder classifies {found[0]:.1%} of {found[1]:,} held-out samples rightly")
        self.world.barrier()
        return True

    def _look_closer(self, counters: Counters, report: RoundReport, failed: NotFiniteError | None = None) -> None:
        """Appends a line to signals.jsonl: what the doctor measures after a round; of one that failed, why."""
        assert self.doctor is not None
        evaluations = self.evaluations.rows()
        seen = self.doctor.look(counters, report, evaluations[-1] if evaluations else None)
        if failed is not None:
            cause = self.doctor.cause(self.folder, failed.round)
            seen = {**seen, "non_finite": cause or failed.term}
        self.signals.append(seen)
        self._looked_at = counters.round
        tell_looked(self.observers, seen)

    def _check_health(self) -> None:
        """Raises Trouble where the doctor finds some that the run is to act on; several processes have no remedies."""
        if self.doctor is None or self.recipe.run.on_trouble == "advise" or self.world.size > 1:
            return
        trouble = self.doctor.trouble(self.signals.path)
        if trouble is not None:
            raise trouble

    @contextlib.contextmanager
    def _looking_last(self, counters: Counters, report: RoundReport) -> Iterator[None]:
        """Looks at a training that turns out not to be finite, so that its log says where that begins."""
        try:
            yield
        except NotFiniteError as error:
            if self.doctor is not None and self.world.first and self._looked_at < counters.round:
                self._look_closer(counters, report, error)
            raise

    def _look(self, game: Game, planner: Planner, timing: Timing, *, saved: bool) -> int:
        """Moves the end of the run if its time asks for it; returns the round of the next look, for all processes."""
        seen = planner.look(timing, self.recipe, self.counters.round) if self.world.first else None
        seen = self.world.broadcast(seen)
        assert seen is not None
        if seen.rounds is not None:
            self._replan(game, timing, seen.rounds, saved=saved)
        return seen.following

    def _replan(self, game: Game, timing: Timing, rounds: int, *, saved: bool) -> None:
        """Moves the end of the run, and the schedules with it; recorded before it holds."""
        counters, before = self.counters, self.recipe
        replan = Replan(counters.round, before.rounds, rounds)
        recipe = dataclasses.replace(before, rounds=rounds, replans=(*before.replans, replan))
        if not saved:
            self._check_equal(game)
        if self.world.first:
            with timing.aside("replan"):
                if not saved:
                    self.save(game)
                record_replan(self.folder, recipe)
        self.recipe = game.recipe = self.drawer.recipe = recipe
        if self.doctor is not None:
            self.doctor.replanned(game)
        timing.replanned(recipe)
        self.feed.follow(coming_rows(self.drawer, self.world, counters.round, counters.position))
        tell_replanned(self.observers, replan)

    def _counters_after(self, before: Counters, steps: Steps, seconds: float) -> Counters:
        """The counters after a round of so many steps."""
        return Counters(
            round=before.round + 1,
            critic_steps=before.critic_steps + steps.critic,
            position=before.position + self.drawer.samples_in(before.round, steps),
            seen=before.seen + steps.generator * self.recipe.samples(before.round)[1],
            seconds=seconds,
        )

    def _check_equal(self, game: Game) -> None:
        """Raises RunError if the networks differ between processes."""
        if self.world.size > 1:
            players = game.trained.items()
            tensors = {f"{name}.{key}": t for name, player in players for key, t in player.network.state_dict().items()}
            self.world.check_equal(tensors, f"after round {self.counters.round}")

    def _picture_due(self, done: int) -> bool:
        """True every ``picture_every`` rounds, and before the first of them at rounds 1, 2, 4, 8, …"""
        every = self.recipe.run.picture_every
        assert every is not None
        return done % every == 0 or (done < every and done & (done - 1) == 0)

    def _log(self, game: Game, report: RoundReport, clock: Clock, timing: Timing) -> None:
        counters = self.counters
        pace = clock.pace(counters.round, counters.images(self.recipe), self.feed.waited)
        times: dict[str, float | int] = {"seconds": round(counters.seconds, 3)}
        seconds_left = timing.after(counters.round)
        if pace is not None:
            times["samples_per_second"] = round(pace.samples, 1)
            if seconds_left is not None:
                times["seconds_left"] = round(seconds_left, 1)
            if pace.waiting is not None:
                times["data_wait"] = round(pace.waiting, 4)
        if self.feed.replaced:
            times["data_replaced"] = self.feed.replaced
        line: Row = {
            "round": counters.round,
            "critic_steps": counters.critic_steps,
            "generator_steps": counters.generator_steps(self.recipe),
            "samples": counters.position,
            **row(game, report, self.held_out(game, counters.round), counters.round - 1),
            **times,
        }
        self.record.append(line)
        for observer in self.observers:
            observer.logged(line)

    def _picture(self, game: Game) -> None:
        fixed_latents.settle_average(game, roughly=True)
        *coarser, samples = fixed_latents.picture_samples(game)
        points, alphabet = self.dataset.sample.is_points, self.dataset.alphabet
        picture = Picture(
            folder=self.folder,
            round=self.counters.round,
            samples=samples,
            columns=fixed_latents.picture_columns(game),
            coarser=tuple(coarser),
            units=self.dataset.units,
            real=self.dataset.held_out.samples[: len(samples)] if points else None,
            score=fixed_latents.score_points(game) if points else None,
            lines=None if alphabet is None else tuple(decode(samples, alphabet)),
        )
        for observer in self.observers:
            observer.pictured(picture)

    def _evaluate(self, game: Game) -> None:
        """Appends a line to evaluations.jsonl: metrics of samples, and the number that ``keep_best`` names."""
        line: dict[str, float | int | str] = {"round": self.counters.round, "samples": self.counters.position}
        if self.evaluator is not None:
            line |= self.evaluator(*fixed_latents.evaluation_samples(game, self.evaluator.count))
        number = self.recipe.run.keep_best
        if number is not None:
            line["judge"] = number
            if self.counters.round:  # it has no value before the first round
                line[number] = float(game.objective_number(number))
        self.evaluations.append(line)
        for observer in self.observers:
            observer.evaluated(line)

    def _closing(self) -> tuple[str, ...]:
        evaluator, record, evaluations = self.evaluator, self.record, self.evaluations
        lines = () if evaluator is None else evaluator.closing(record.rows(), evaluations.rows())
        return (*lines, *self.feed.closing())

    def save(self, game: Game, *, judged: bool = False) -> Path:
        """Writes a checkpoint of the current round and prunes older ones.

        Args:
            game: at this round
            judged: evaluates samples first; the best checkpoint is kept
        """
        fixed_latents.settle_average(game)
        if judged:
            self._evaluate(game)
        return self._write(game)

    def _write(self, game: Game) -> Path:
        for record in self.records:
            record.sync()
        records = {record.path.name: record.mark.to_json() for record in self.records}
        extra: dict[str, Any] = {"engine": self.engine.name, "processes": self.world.size, "records": records}
        if self.planner is not None:
            extra["spent"] = self.planner.budget.spent
        seen = None if self.doctor is None else self.doctor.state
        path = checkpoint.save_checkpoint(self.checkpoints, game, self.counters, extra, seen)
        options = self.recipe.run
        checkpoint.prune(self.checkpoints, options.keep_last, options.keep_every, best_round(self.evaluations.rows()))
        for observer in self.observers:
            observer.saved(self.counters.round, path)
        return path
