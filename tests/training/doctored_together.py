"""Runs by several processes, with a doctor and without.

``python -m tests.training.forked SIZE doctored_together OUT NAME …`` trains OUT/NAME-with and OUT/NAME-without.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from steadygan.diagnostics.doctor import GameDoctor
from steadygan.diagnostics.schedule import Schedule
from steadygan.losses import RelativisticAverage
from steadygan.networks import DCGANGenerator, ResNetCritic
from steadygan.objectives import Adversarial
from steadygan.recipe import Recipe, RunOptions
from steadygan.training.processes.launch import joined
from steadygan.training.session import new_run
from tests.training.games import image_data, small_recipe
from tests.training.worlds import SAMPLE, made, sample_of

ROUNDS = 6
LOOKS = Schedule((1, 3, 4, 6), frozenset({3, 6}))
RUN = RunOptions(precision="fp32", log_every=2, picture_every=3, checkpoint_every=3, pictured=4)


def recipe_of(name: str) -> Recipe:
    """One whose losses compare the scores of all processes, and whose networks have batch norms over them and spectral
    norms; others by name."""
    if name != "together":
        return dataclasses.replace(made(name, batch=8), rounds=ROUNDS, run=RUN)
    recipe = small_recipe(
        generator=DCGANGenerator(width=4),
        critic=ResNetCritic(width=4, norm="batch", spectral=True),
        objective=Adversarial(RelativisticAverage()),
        penalties=(),
    )
    return dataclasses.replace(recipe, batch=8, rounds=ROUNDS, run=RUN)


def main(out: str, *names: str) -> None:
    """What each of the processes does."""
    for name in names:
        data = image_data(200, SAMPLE if name == "together" else sample_of(name))
        for folder, doctor in (("with", GameDoctor(LOOKS)), ("without", None)):
            with joined(torch.device("cpu")) as world:
                new_run(recipe_of(name), data, Path(out) / f"{name}-{folder}", device="cpu", world=world, doctor=doctor)
