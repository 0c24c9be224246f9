"""The trainer: the loop of training rounds with logging, pictures, evaluations and checkpoints, for every method."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.errors import RunError
from steadygan.system.device import choose_precision
from steadygan.timeline import Replan
from steadygan.training import advice, fixed_latents, out_of_memory, pretraining
from steadygan.training.attendance import Attendance
from steadygan.training.clock import Clock
from steadygan.training.engines.eager import EAGER
from steadygan.training.finite_check import FiniteCheck, NotFiniteError, check_finite
from steadygan.training.held_out import HeldOutMeasure
from steadygan.training.observers import RunEnd, RunStart, ending_seconds
from steadygan.training.output import Output
from steadygan.training.planning.costs import EXIT_SECONDS, expected_costs
from steadygan.training.planning.due import due_after
from steadygan.training.planning.replanning import record_replan, tell_replanned
from steadygan.training.planning.timing import Timing
from steadygan.training.processes.world import ALONE, World
from steadygan.training.setup import SetupBuilder
from steadygan.training.signals import StopSignals
from steadygan.training.spread import data_spread
from steadygan.training.step.counters import Counters
from steadygan.training.step.prefetch import coming_rows
from steadygan.training.step.round import reduce_report, training_round
from steadygan.training.step.setup import Setup
from steadygan.training.trouble import Trouble
from steadygan.training.waiting import said, told_to

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from steadygan.balance import Steps
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.training.engines.base import Engine
    from steadygan.training.observers import Doctor, Evaluator, Observer
    from steadygan.training.planning.budget import Planner
    from steadygan.training.step.game import Game

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
        self.output = Output(folder, dataset, self.observers, self.evaluator)
        self.doctor = Attendance(doctor, self.output.signals, self.output.evaluations, self.observers, world)
        self.seen_by_doctor: Mapping[str, Tensor] = {}
        """what the doctor remembers of its looks up to the checkpoint that the session begins with"""
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
        growth, batch = self.recipe.growth, self.recipe.batch
        start = RunStart(
            folder=self.folder,
            name=self.recipe.name,
            sample=self.dataset.sample,
            round=self.counters.round,
            rounds=self.recipe.rounds,
            plan=tuple(lines),
            data_spread=data_spread(self.dataset),
            batch=batch if growth is None else growth.one_batch(batch),
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
            end = RunEnd(
                self.folder,
                self.counters.round,
                self.recipe.rounds,
                reason,
                (*self.output.closing(), *self.feed.closing()),
            )
            for observer in self.observers:
                observer.ended(end)
        return reason

    def _rounds(self, game: Game) -> str:
        if pretraining.is_due(game) and not self._pretrain(game):
            return INTERRUPTED
        finite, clock, doctor = FiniteCheck(self.device, self.world), Clock(self.counters.seconds), self.doctor
        evaluates = self.evaluator is not None or self.recipe.run.keep_best is not None
        begin, look = self.counters.round, self.counters.round + 1
        doctor.begin(game, self.dataset, self.held_out, self.seen_by_doctor)
        timing = Timing(
            self.recipe,
            evaluates=evaluates,
            expected=self.expected,
            done=begin,
            looks=doctor.between,
            costs=self.level_costs,
        )
        setup = Setup(game, self.feed, self.drawer)
        self._check_equal(game)
        self.feed.follow(coming_rows(self.drawer, self.world, self.counters.round, self.counters.position))
        with StopSignals() as stop:
            while self.counters.round < self.recipe.rounds:
                before, done = self.counters, self.counters.round + 1
                due = due_after(done, self.recipe, evaluates=evaluates)
                looked = doctor.prepare(done)
                steps = game.steps(before.round)
                draws = self.drawer.round(before.round, before.position, steps)
                report = training_round(setup, draws, before, self.engine)
                after = self._counters_after(before, steps, clock.total())
                with doctor.looking_last(after, report):
                    finite.update(report, before.round)
                self.counters = after
                stopped = (self.world.size == 1 or due.logged) and stop.agreed(self.world)  # all after the same round
                saved = due.saved or stopped
                if due.logged or looked:
                    report = reduce_report(report, self.world)
                if due.logged or looked or due.pictured or due.evaluated or saved:
                    with doctor.looking_last(after, report):
                        finite.check()
                if looked and self.world.first:
                    with timing.aside("look"):
                        doctor.look(after, report)
                    doctor.check(self.recipe)
                if due.logged and self.world.first:
                    self.output.log(game, after, report, clock, timing, self.feed, self.held_out)
                if self.world.first and due.pictured:
                    with timing.aside("picture"):
                        self.output.picture(game, done)
                    timing.took("ending", EXIT_SECONDS + ending_seconds(self.observers))
                if saved:
                    self._check_equal(game)
                if self.world.first and (due.evaluated or saved):
                    with timing.aside("evaluation" if due.evaluated else "checkpoint"):
                        self.save(game, judged=due.evaluated)
                elif due.evaluated or saved:
                    check_finite(game, done)  # as the first one does
                if looked or due.pictured or due.evaluated or saved:
                    self.world.barrier(patient=True)
                if stopped and not due.last:
                    return INTERRUPTED
                if self.planner is not None and done >= look and not due.last:
                    finite.check()
                    look = self._look(game, self.planner, timing, saved=saved)
        if self.world.first and begin == self.recipe.rounds and begin:  # a run that went back to where it ends
            self.output.picture(game, begin)
        self.world.barrier(patient=True)  # the first process has written everything
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
            if not pretraining.pretrain(setup, lambda: stop.agreed(self.world), save):
                return False
        self._check_equal(game)
        found = pretraining.accuracy(game, self.dataset.held_out) if self.world.first else None
        if found is not None:
            say(f"the encoder classifies {found[0]:.1%} of {found[1]:,} held-out samples rightly")
        self.world.barrier(patient=True)
        return True

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
        self.doctor.replanned(game)
        timing.replanned(recipe)
        self.feed.follow(coming_rows(self.drawer, self.world, counters.round, counters.position))
        tell_replanned(self.observers, recipe.replans)

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

    def save(self, game: Game, *, judged: bool = False) -> Path:
        """Writes a checkpoint of the current round and prunes older ones.

        Args:
            game: at this round
            judged: evaluates samples first; the best checkpoint is kept
        """
        check_finite(game, self.counters.round)  # first: what is not finite has remedies, and points of it no distance
        fixed_latents.settle_average(game)
        if judged:
            self.output.evaluate(game, self.counters)
        return self._write(game)

    def _write(self, game: Game) -> Path:
        notes: dict[str, Any] = {"engine": self.engine.name, "processes": self.world.size}
        if self.planner is not None:
            notes["spent"] = self.planner.budget.spent
        return self.output.save(game, self.counters, notes, self.doctor.state)
