"""What a training leaves in its folder: rows of its log, pictures, evaluations and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.data.classes import class_shares
from steadygan.data.text.alphabet import decode
from steadygan.run.layout import CHECKPOINTS, EVALUATIONS, METRICS, SIGNALS
from steadygan.run.owner import check_still_owned
from steadygan.run.records import Record, best_round
from steadygan.training import checkpoint, fixed_latents
from steadygan.training.finite_check import NotFiniteError
from steadygan.training.observers import Picture, tell
from steadygan.training.record_row import row

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.data import Dataset
    from steadygan.training.clock import Clock
    from steadygan.training.held_out import HeldOutMeasure
    from steadygan.training.observers import Evaluator, Observer, Row
    from steadygan.training.planning.timing import Timing
    from steadygan.training.step.counters import Counters
    from steadygan.training.step.feed import Feed
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import RoundReport


class Output:
    """The records of a run and its checkpoints; its observers hear of each."""

    def __init__(
        self,
        folder: Path,
        dataset: Dataset,
        observers: Sequence[Observer],
        evaluator: Evaluator | None,
    ) -> None:
        """Nothing is written yet.

        Args:
            folder: of the run
            dataset: of the pictures' alphabet, units and real points
            observers: that are told
            evaluator: of samples; None: none are evaluated
        """
        self.folder = folder
        self.dataset = dataset
        self.observers = observers
        self.evaluator = evaluator
        self.metrics = Record(folder / METRICS)
        self.evaluations = Record(folder / EVALUATIONS)
        self.signals = Record(folder / SIGNALS)
        self.records = (self.metrics, self.evaluations, self.signals)
        self.checkpoints = folder / CHECKPOINTS
        self._shares = class_shares(dataset.train.labels, dataset.sample.classes)

    def log(
        self,
        game: Game,
        counters: Counters,
        report: RoundReport,
        clock: Clock,
        timing: Timing,
        feed: Feed,
        held_out: HeldOutMeasure,
    ) -> None:
        """Appends a line to metrics.jsonl: losses and terms of a round, its held-out value, and the pace."""
        check_still_owned(self.folder)
        pace = clock.pace(counters.round, counters.images(game.recipe), feed.waited)
        times: dict[str, float | int] = {"seconds": round(counters.seconds, 3)}
        seconds_left = timing.after(counters.round)
        if pace is not None:
            times["samples_per_second"] = round(pace.samples, 1)
            if seconds_left is not None:
                times["seconds_left"] = round(seconds_left, 1)
            if pace.waiting is not None:
                times["data_wait"] = round(pace.waiting, 4)
        if feed.replaced:
            times["data_replaced"] = feed.replaced
        line: Row = {
            "round": counters.round,
            "critic_steps": counters.critic_steps,
            "generator_steps": counters.generator_steps(game.recipe),
            "samples": counters.position,
            **row(game, report, held_out(game, counters.round), counters.round - 1),
            **times,
        }
        self.metrics.append(line)
        tell(self.observers, "logged", line)

    def picture(self, game: Game, round_: int) -> None:
        """Gives observers samples of fixed latents."""
        check_still_owned(self.folder)
        fixed_latents.settle_average(game, roughly=True)
        *coarser, samples = fixed_latents.picture_samples(game)
        points, alphabet = self.dataset.sample.is_points, self.dataset.alphabet
        picture = Picture(
            folder=self.folder,
            round=round_,
            samples=samples,
            columns=fixed_latents.picture_columns(game),
            coarser=tuple(coarser),
            units=self.dataset.units,
            real=self.dataset.held_out.samples[: len(samples)] if points else None,
            score=fixed_latents.score_points(game) if points else None,
            lines=None if alphabet is None else tuple(decode(samples, alphabet)),
        )
        tell(self.observers, "pictured", picture)

    def evaluate(self, game: Game, counters: Counters) -> None:
        """Appends a line to evaluations.jsonl: metrics of samples, and the number that ``keep_best`` names."""
        check_still_owned(self.folder)
        line: dict[str, float | int | str] = {"round": counters.round, "samples": counters.position}
        if self.evaluator is not None:
            samples, labels = fixed_latents.evaluation_samples(game, self.evaluator.count, self._shares)
            if samples.dtype.kind == "f" and not np.isfinite(samples).all():  # which has remedies; no metric takes them
                raise NotFiniteError(counters.round, "samples")
            line |= self.evaluator(samples, labels)
        number = game.recipe.run.keep_best
        if number is not None:
            line["judge"] = number
            if counters.round:  # it has no value before the first round
                line[number] = float(game.objective_number(number))
        self.evaluations.append(line)
        tell(self.observers, "evaluated", line)

    def save(self, game: Game, counters: Counters, notes: Mapping[str, Any], seen: Mapping[str, Tensor] | None) -> Path:
        """Writes a checkpoint and prunes older ones.

        Args:
            game: at this round
            counters: of the round
            notes: what it says of the session, beside the places of the records
            seen: what the doctor remembers of its looks; None: no doctor
        """
        check_still_owned(self.folder)
        for record in self.records:
            record.sync()
        extra = {**notes, "records": {record.path.name: record.mark.to_json() for record in self.records}}
        path = checkpoint.save_checkpoint(self.checkpoints, game, counters, extra, seen)
        options = game.recipe.run
        checkpoint.prune(self.checkpoints, options.keep_last, options.keep_every, best_round(self.evaluations.rows()))
        tell(self.observers, "saved", counters.round, path)
        return path

    def closing(self) -> tuple[str, ...]:
        """Lines on the best checkpoint."""
        if self.evaluator is None:
            return ()
        return tuple(self.evaluator.closing(self.metrics.rows(), self.evaluations.rows()))
