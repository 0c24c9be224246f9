"""A run that is killed at random moments, and one that is not: ``python -m tests.training.kills FOLDER ROUNDS``.

They leave FOLDER/killed and FOLDER/whole. The runs are forked from a process that has imported everything and computed
nothing, so that kills meet a training and no imports.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import random
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch

from steadygan.recipe import load
from steadygan.run.layout import list_checkpoints
from steadygan.system.files import ASIDE
from steadygan.training.session import new_run, resume_run
from tests.training.games import convolutional_recipe, image_data

KILLS = 4


def run(folder: Path, rounds: int) -> None:
    """Trains to the end; goes on with what is there."""
    if (folder / "recipe.yaml").exists():
        reason = resume_run(load(folder / "recipe.yaml"), image_data(), folder, device="cpu")
    else:
        base = convolutional_recipe(rounds=rounds)
        options = dataclasses.replace(base.run, threads=1, log_every=7, picture_every=50, checkpoint_every=10)
        reason = new_run(dataclasses.replace(base, run=options), image_data(), folder, device="cpu")
    assert reason == "finished"


def saved(checkpoints: Path) -> int:
    """The round of the last checkpoint; 0 before the first."""
    found = list_checkpoints(checkpoints)
    return int(found[-1].name) if found else 0


def started(folder: Path, rounds: int) -> BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=run, args=(folder, rounds))
    process.start()
    return process


def finished(process: BaseProcess) -> bool:
    process.join()
    return process.exitcode == 0


def main(folder: Path, rounds: int) -> int:
    """1 if a run that was left alone did not finish."""
    torch.set_num_threads(1)
    whole, chance = started(folder / "whole", rounds), random.Random(1)
    checkpoints = folder / "killed" / "checkpoints"
    for kill in range(KILLS):
        before = saved(checkpoints)
        process = started(folder / "killed", rounds)
        while saved(checkpoints) == before and process.is_alive():
            time.sleep(0.002)
        if kill % 2:
            time.sleep(chance.uniform(0.0, 0.1))
        else:  # while the next one is written
            while not list(checkpoints.glob(f"{ASIDE}*")) and process.is_alive():
                time.sleep(0.002)
        process.kill()
        process.join()
    return int(not finished(started(folder / "killed", rounds)) or not finished(whole))


if __name__ == "__main__":
    assert hasattr(os, "fork")
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
