"""The doctor of a run: looks at a game by a schedule that its recipe decides, one line of signals.jsonl each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from steadygan.diagnostics.fitted import fitted_looker
from steadygan.diagnostics.log import read_log, to_json
from steadygan.diagnostics.looks import Looker
from steadygan.diagnostics.real_side import SAMPLES
from steadygan.diagnostics.remedies import trouble_in
from steadygan.diagnostics.retrace import retraced
from steadygan.diagnostics.schedule import Schedule
from steadygan.diagnostics.steps import mean_step, norm_of_gradients, weights_of
from steadygan.diagnostics.subject import RISE_STEPS
from steadygan.diagnostics.watching import subject_of
from steadygan.diagnostics.work import work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from steadygan.data import Dataset
    from steadygan.diagnostics.subject import Subject
    from steadygan.diagnostics.work import Passes, Work
    from steadygan.training.held_out import HeldOutMeasure
    from steadygan.training.observers import Evaluation
    from steadygan.training.step.counters import Counters
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import RoundReport
    from steadygan.training.trouble import Trouble
    from steadygan.types import PlayerName

USUAL_ROUND = 1_000_001
"""a round after all warm-ups, and none that a warm-up is repeated in"""
_FITTED = "fitted"
"""where the state keeps how many samples a look compares, and to how many rounds that was fitted"""
_LONGER = 4
"""times that a run may grow before this is fitted anew"""


class GameDoctor:
    """Looks at the game of a run; see ``training.observers.Doctor``."""

    def __init__(self, fixed: Schedule | None = None, most: int = SAMPLES) -> None:
        """
        Args:
            fixed: when it looks; None: as often as its share of the time allows
            most: samples of each kind that a look of a fixed schedule compares, at most
        """
        self._fixed, self._most = fixed, most
        self._schedule = Schedule() if fixed is None else fixed
        self._game: Game | None = None
        self._work: Work | None = None
        self._fitted = 0
        self._before: dict[PlayerName, list[Tensor]] = {}

    def begin(self, game: Game, dataset: Dataset, measure: HeldOutMeasure, saved: Mapping[str, Tensor]) -> None:
        """Before the rounds of a session; see the protocol."""
        self._game, self._dataset = game, dataset
        self._work = None
        self._looker = self._sized(
            game, subject_of(game, dataset, measure), {name: each.numpy() for name, each in saved.items()}
        )
        self.replanned(game)

    def _sized(self, game: Game, subject: Subject, saved: Mapping[str, NDArray[np.generic]]) -> Looker:
        """A looker at as many samples as before, or as many as the run has time for."""
        if self._fixed is not None:
            return Looker(subject, saved, self._most)
        samples, self._fitted = (int(number) for number in saved.get(_FITTED, (0, 0)))
        if samples and game.recipe.rounds <= _LONGER * self._fitted:
            return Looker(subject, saved, samples)
        self._fitted = game.recipe.rounds
        return fitted_looker(subject, self._fitted, self._work_of, saved)

    def replanned(self, game: Game) -> None:
        """Schedules the looks at a run of another length."""
        if self._fixed is None:
            self._schedule = self.planned(game.recipe.rounds)

    def looks_at(self, fixed: Schedule) -> None:
        """Looks by another schedule from here on."""
        self._fixed = self._schedule = fixed

    def planned(self, rounds: int) -> Schedule:
        """The looks at a run of so many rounds."""
        return self.work.schedule(rounds)

    @property
    def work(self) -> Work:
        """Of a round and of looks, by the recipe."""
        if self._work is None:
            self._work = self._work_of(self._looker)
        return self._work

    def _work_of(self, looker: Looker, known: Passes | None = None) -> Work:
        assert self._game is not None
        recipe = self._game.recipe
        return work(
            looker.subject,
            looker.real,
            critic_steps=recipe.steps(USUAL_ROUND),
            generator_steps=recipe.generator_steps,
            batch=recipe.batch,
            fakes=recipe.fakes,
            rise=RISE_STEPS,
            known=known,
        )

    @property
    def samples(self) -> int:
        """Of each kind, at most, that a look compares."""
        return self._looker.real.most

    def due(self, round_: int) -> bool:
        return self._schedule.due(round_)

    def between(self, first: int, last: int) -> int:
        return self._schedule.between(first, last)

    def before(self) -> None:
        """Keeps the weights before a round after which it looks."""
        assert self._game is not None
        self._before = {name: weights_of(player.parameters) for name, player in self._game.players.items()}

    def look(
        self, counters: Counters, report: RoundReport, evaluation: Evaluation | None
    ) -> Mapping[str, float | int | str]:
        """A line of signals.jsonl; see the protocol."""
        game = self._game
        assert game is not None
        steps: Mapping[PlayerName, int] = {
            "critic": game.recipe.steps(counters.round - 1),
            "generator": game.recipe.generator_steps,
        }
        numbers: dict[str, Any] = {
            "critic_loss": report.critic_loss if report.penalty is None else report.critic_loss - report.penalty,
            "generator_loss": report.generator_loss,
        }
        for name, player in game.players.items():
            numbers[f"{name}_gradient"] = norm_of_gradients(player.parameters)
            if name in self._before:
                numbers[f"{name}_update"] = mean_step(self._before[name], player.parameters, steps[name])
        self._before = {}
        round_ = counters.round
        progress = {"rounds": game.recipe.rounds, "seen": counters.images(game.recipe)}
        if not self._dataset.train.endless:
            progress["training_samples"] = len(self._dataset.train)
        deep = round_ in self._schedule.deep
        row = self._looker.look(round_, progress, numbers, deep=deep)
        return to_json({**row, **self._score(round_, evaluation)})

    def cause(self, folder: Path, failed: int) -> str | None:
        """Where values that are not finite began; see the protocol."""
        game = self._game
        assert game is not None
        if game.world.size > 1:
            return None
        return retraced(game.recipe, self._dataset, game.device, folder, failed)

    def trouble(self, log: Path) -> Trouble | None:
        """Why the run should not go on; see the protocol."""
        return trouble_in(read_log(log))

    def _score(self, round_: int, evaluation: Evaluation | None) -> dict[str, float]:
        """The number that evaluations judge by, if there was one since the last look, or after it in the same round."""
        if evaluation is None:
            return {}
        place = bisect_left(self._schedule.rounds, round_)
        earlier = self._schedule.rounds[place - 1] if place else -1
        value = evaluation.get(str(evaluation.get("judge")))
        known = isinstance(value, int | float) and evaluation["round"] >= earlier  # type: ignore[operator]
        return {"score": float(value)} if known and value is not None else {}

    @property
    def state(self) -> Mapping[str, Tensor]:
        """What a checkpoint keeps of the looks so far."""
        if self._game is None:
            return {}
        state = {name: torch.from_numpy(each) for name, each in self._looker.state.items()}
        return {**state, _FITTED: torch.tensor([self.samples, self._fitted])} if state else {}


def doctor_of(diagnose: bool) -> GameDoctor | None:
    """The doctor of a run, if it has one."""
    return GameDoctor() if diagnose else None
