"""One run, from the plan to the last checkpoint: rounds, record, pictures, checkpoints, stops. Knows no method."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan.data.text.alphabet import decode
from steadygan.errors import RunError
from steadygan.run.layout import CHECKPOINTS, EVALUATIONS, METRICS, list_checkpoints
from steadygan.run.records import Record, best_round
from steadygan.system.device import choose_precision
from steadygan.training import checkpoint, fixed_samples, out_of_memory
from steadygan.training.clock import Clock
from steadygan.training.engines.eager import EAGER
from steadygan.training.measurements import FiniteWatch, NotFiniteError, held_out_score, row
from steadygan.training.observers import Picture, RunEnd, RunStart
from steadygan.training.processes.world import ALONE, World
from steadygan.training.setup import SetupBuilder
from steadygan.training.signals import StopSignals
from steadygan.training.step.counters import Counters
from steadygan.training.step.feed import Feed
from steadygan.training.step.prefetch import coming_rows
from steadygan.training.step.round import training_round, whole_report
from steadygan.training.step.setup import Setup

if TYPE_CHECKING:
    import torch

    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.training.engines.base import Engine
    from steadygan.training.observers import Evaluator, Observer, Row
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import RoundReport

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
        evaluator: Evaluator | None = None,
        engine: Engine = EAGER,
        world: World = ALONE,
    ) -> None:
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
        self.checkpoints = folder / CHECKPOINTS
        self.counters = Counters()

    def build(self) -> Game:
        """The game at round 0, and its feeds."""
        builder = SetupBuilder(self.recipe, self.dataset, self.device, self.world)
        self.feed, self.drawer = builder.feed, builder.drawer
        self.held_out_feed = Feed(self.recipe, self.dataset.held_out, self.device)
        return builder.game()

    def run(self, game: Game, lines: Sequence[str] = ()) -> str:
        """Rounds until the recipe's last one, or until someone asks to stop; gives the reason.

        Args:
            game: at the round of the counters
            lines: the plan, for people

        Raises:
            RunError: one line, after the observers were told; the last checkpoint is whole.
        """
        done, rounds = self.counters.round, self.recipe.rounds
        start = RunStart(self.folder, self.recipe.name, self.dataset.sample, done, rounds, tuple(lines))
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
            if not out_of_memory.is_out_of_memory(error) or isinstance(error, RunError):
                raise
            half = max(1, (self.recipe.run.micro_batch or max(self.recipe.batch, self.recipe.fakes)) // 2)
            reason = f"out of memory after round {self.counters.round}: resume with --run.micro-batch {half}"
            raise RunError(reason) from None
        except KeyboardInterrupt:
            reason = INTERRUPTED
            raise
        finally:
            self.feed.close()
            end = RunEnd(self.folder, self.counters.round, rounds, reason, self._closing())
            for observer in self.observers:
                observer.ended(end)
        return reason

    def _rounds(self, game: Game) -> str:
        recipe, options = self.recipe, self.recipe.run
        assert options.log_every and options.checkpoint_every
        evaluate_every = options.evaluate_every or options.checkpoint_every
        watch = FiniteWatch(self.device)
        clock = Clock(self.counters.seconds)
        setup = Setup(game, self.feed, self.drawer)
        self._check_equal(game)
        self.feed.follow(coming_rows(self.drawer, self.world, self.counters.round, self.counters.position))
        with StopSignals() as stop:
            while self.counters.round < recipe.rounds:
                before = self.counters
                steps = game.steps(before.round)
                draws = self.drawer.round(before.round, before.position, steps)
                report = training_round(setup, draws, before, self.engine)
                watch.check_round(report, before.round)
                done = before.round + 1
                self.counters = Counters(
                    round=done,
                    critic_steps=before.critic_steps + steps.critic,
                    position=before.position + self.drawer.samples_in(before.round, steps),
                    seen=before.seen + steps.generator * recipe.fakes,
                    seconds=clock.total(),
                )
                last = done == recipe.rounds
                logged = last or done == 1 or done % options.log_every == 0
                stopped = stop.received is not None
                if self.world.size > 1:  # all stop after the same round, which all have to hear of
                    stopped = logged and self.world.any(stopped)
                if logged:
                    watch.check()
                    report = whole_report(report, self.world)
                    if self.world.first:
                        self._log(game, report, clock)
                if self.world.first and (last or self._pictured(done)):
                    watch.check()
                    self._picture(game)
                judges = self.evaluator is not None or options.keep_best is not None
                judged = judges and (last or done % evaluate_every == 0)
                saved = last or stopped or done % options.checkpoint_every == 0
                if saved:
                    self._check_equal(game)
                if self.world.first and (judged or saved):
                    watch.check()
                    self.save(game, judged=judged)
                if stopped and not last:
                    return INTERRUPTED
        self.world.wait()  # until the first has written everything
        return FINISHED

    def _check_equal(self, game: Game) -> None:
        """Raises RunError where the processes' networks have come apart."""
        if self.world.size > 1:
            networks = {"generator": game.generator, "critic": game.critic}
            held = {f"{player}.{key}": t for player, n in networks.items() for key, t in n.state_dict().items()}
            self.world.check_equal(held, f"after round {self.counters.round}")

    def _pictured(self, done: int) -> bool:
        """Regularly, and at rounds 1, 2, 4, 8, … at the start, where most changes."""
        every = self.recipe.run.picture_every
        assert every is not None
        return done % every == 0 or (done < every and done & (done - 1) == 0)

    def _log(self, game: Game, report: RoundReport, clock: Clock) -> None:
        counters = self.counters
        held_out = None
        if len(self.dataset.held_out):
            held_out = held_out_score(game, self.held_out_feed, self.dataset.held_out, counters.round)
        pace = clock.pace(counters.round, counters.critic_steps * self.recipe.batch, self.feed.waited)
        times: dict[str, float | int] = {"seconds": round(counters.seconds, 3)}
        if pace is not None:
            times["samples_per_second"] = round(pace.samples, 1)
            times["seconds_left"] = round((self.recipe.rounds - counters.round) / pace.rounds, 1)
            if pace.waiting is not None:
                times["data_wait"] = round(pace.waiting, 4)
        if self.feed.replaced:
            times["data_replaced"] = self.feed.replaced
        line: Row = {
            "round": counters.round,
            "critic_steps": counters.critic_steps,
            "generator_steps": counters.seen // self.recipe.fakes,
            "samples": counters.position,
            **row(game, report, held_out, counters.round - 1),
            **times,
        }
        self.record.append(line)
        for observer in self.observers:
            observer.logged(line)

    def _picture(self, game: Game) -> None:
        fixed_samples.settle_average(game, roughly=True)
        *coarser, samples = fixed_samples.picture_samples(game)
        points, alphabet = self.dataset.sample.is_points, self.dataset.alphabet
        picture = Picture(
            folder=self.folder,
            round=self.counters.round,
            samples=samples,
            columns=fixed_samples.picture_columns(game),
            coarser=tuple(coarser),
            real=self.dataset.held_out.samples[: len(samples)] if points else None,
            score=fixed_samples.score_points(game) if points else None,
            lines=None if alphabet is None else tuple(decode(samples, alphabet)),
        )
        for observer in self.observers:
            observer.pictured(picture)

    def _evaluate(self, game: Game) -> None:
        """Samples are judged by what they are: a loss is no reason to stop, nor to go on."""
        line: dict[str, float | int | str] = {"round": self.counters.round, "samples": self.counters.position}
        if self.evaluator is not None:
            line |= self.evaluator(*fixed_samples.evaluation_samples(game, self.evaluator.count))
        best_by = self.recipe.run.keep_best
        if best_by is not None:
            line["judge"] = best_by
            if self.counters.round:  # nothing was measured before the first round
                line[best_by] = float(game.measured(best_by))
        self.evaluations.append(line)
        for observer in self.observers:
            observer.evaluated(line)

    def _closing(self) -> tuple[str, ...]:
        said = () if self.evaluator is None else self.evaluator.closing(self.record.rows(), self.evaluations.rows())
        return (*said, *self.feed.closing())

    def save(self, game: Game, *, judged: bool = False) -> Path:
        """Writes a checkpoint of the present round, and removes those that are no longer kept.

        Args:
            game: at this round
            judged: it is evaluated first; the best checkpoint stays
        """
        fixed_samples.settle_average(game)
        if judged:
            self._evaluate(game)
        self.record.sync()
        self.evaluations.sync()
        path = checkpoint.save_checkpoint(
            self.checkpoints, game, self.counters, {"engine": self.engine.name, "processes": self.world.size}
        )
        options = self.recipe.run
        checkpoint.prune(self.checkpoints, options.keep_last, options.keep_every, best_round(self.evaluations.rows()))
        for observer in self.observers:
            observer.saved(self.counters.round, path)
        return path
