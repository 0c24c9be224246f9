"""Runs with a time limit by several processes: one whose ends are told, and one by the clock.

``python -m tests.training.forked SIZE limited_together OUT`` trains them; each process leaves OUT/NAME-RANK.json.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import torch

from steadygan.objectives import LeCam
from steadygan.recipe import Recipe, fitted
from steadygan.schedules import LinearDecay
from steadygan.training import session
from steadygan.training.planning import plan
from steadygan.training.planning.budget import Look, Planner
from steadygan.training.processes.launch import joined
from steadygan.training.trainer import Trainer
from tests.training.games import image_data
from tests.training.handed_on import recipe_of
from tests.training.worlds import SAMPLE

ENDS = {4: 8, 6: 11}
"""new ends, by the rounds that were done"""
TOLD, BY_CLOCK = "told", "by the clock"


def limited_recipe(rounds: int) -> Recipe:
    """Small, with rates that decay, an objective that counts steps, and several micro-batches."""
    recipe = recipe_of("lecam", rounds)
    rate = dataclasses.replace(recipe.critic_optimizer, lr_factor=LinearDecay(rounds))
    objective = recipe.objective
    assert isinstance(objective, LeCam)
    return dataclasses.replace(
        recipe,
        critic_optimizer=rate,
        generator_optimizer=rate,
        objective=dataclasses.replace(objective, start=rounds // 2),
    )


def main(out: str) -> None:
    """What each of the processes does."""
    name = ""

    class Told(Planner):
        def look(self, timing, recipe, done):
            assert world.first, "only the first process decides"
            return Look(ENDS.get(done), done + 2 - done % 2)

    class Ends(Trainer):
        def run(self, game, lines=()):
            reason = super().run(game, lines)
            ended = {"round": self.counters.round, "replans": [dataclasses.astuple(r) for r in self.recipe.replans]}
            (Path(out) / f"{name}-{self.world.rank}.json").write_text(json.dumps(ended))
            return reason

    session.Trainer = Ends
    with joined(torch.device("cpu")) as world:
        name, session.Planner = TOLD, Told
        plan.fit_minutes = lambda recipe, *_: recipe
        _train(limited_recipe(12), Path(out) / name, 5.0, world)
        name, session.Planner = BY_CLOCK, Planner
        plan.fit_minutes = lambda recipe, *_: fitted(recipe, 100_000)
        _train(limited_recipe(12), Path(out) / name, 0.02, world)


def _train(recipe, folder, minutes, world):
    session.new_run(recipe, image_data(200, SAMPLE), folder, device="cpu", minutes=minutes, world=world)
