"""Runs that one number of processes begins and others go on with, ROUNDS more each time.

``python -m tests.training.handed_on OUT`` trains them: a folder OUT/NAME for each of the recipes.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import torch

from steadygan.optimizers import Adam
from steadygan.recipe import Recipe
from steadygan.training.processes.launch import joined
from steadygan.training.processes.world import World
from steadygan.training.session import new_run, resume_run
from tests.training import forked
from tests.training.games import image_data
from tests.training.worlds import SAMPLE, made

SIZES = (2, 1, 4)
ROUNDS = 5
NAMES = ("began", "adaptive")
"""with states of the objective and of the perturbation"""


def recipe_of(name: str, rounds: int) -> Recipe:
    """A small recipe of so many rounds, with everything fixed that a run would measure."""
    recipe = made(name, batch=16)
    every = {"log_every": 2, "picture_every": 99, "checkpoint_every": 99, "keep_last": 99}
    run = dataclasses.replace(recipe.run, precision="fp32", threads=1, engine="eager", evaluate="none", **every)
    smooth = Adam(1e-2, betas=(0.5, 0.9), eps=1e-2)  # a small one makes whole steps of a zero's rounding noise
    return dataclasses.replace(recipe, rounds=rounds, run=run, generator_optimizer=smooth, critic_optimizer=smooth)


def carry_on(name: str, folder: Path, rounds: int, world: World) -> None:
    """From a folder's last checkpoint, or from the start, to a round."""
    step = resume_run if (folder / "recipe.yaml").exists() else new_run
    step(recipe_of(name, rounds), image_data(200, SAMPLE), folder, device="cpu", world=world)


def main(out: str, rounds: str) -> None:
    """What each of the processes does."""
    with joined(torch.device("cpu")) as world:
        for name in NAMES:
            carry_on(name, Path(out) / name, int(rounds), world)


if __name__ == "__main__":
    for i, size in enumerate(SIZES, 1):
        processes = forked.started(size, "handed_on", [sys.argv[1], str(i * ROUNDS)])
        for process in processes:
            process.join()
        if any(process.exitcode for process in processes):
            sys.exit(1)
