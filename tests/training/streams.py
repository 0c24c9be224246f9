"""Rounds on a stream, by one process and by several, and what each of them has read.

``python -m tests.training.forked SIZE streams OUT FOLDER`` starts them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from steadygan.data import DataOptions, Dataset, Streamed, open_data
from steadygan.losses import RelativisticPaired
from steadygan.objectives import Adversarial
from steadygan.penalties import R1
from steadygan.recipe import Recipe
from steadygan.training.processes.launch import joined
from steadygan.training.processes.world import World
from tests.training.games import small_recipe
from tests.training.worlds import played_on

WINDOW = 120


class Played(NamedTuple):
    """What a process computed, and what it read for that."""

    gradients: list[torch.Tensor]
    answers: list[torch.Tensor]
    rows: list[int]
    """samples, in order"""
    reads: int
    """row groups, each as often as it was read"""


def streamed(folder: Path) -> Dataset:
    """Grey 8 px pictures of 10 classes, streamed."""
    return open_data(DataOptions(source=str(folder), stream=True, window=WINDOW))


def stream_recipe(**changes: Any) -> Recipe:
    """Two critic steps and a generator step that see real samples, of unequal batches."""
    objective = Adversarial(RelativisticPaired())
    return small_recipe(objective=objective, penalties=(R1(1.0),), batch=16, generator_batch=8, **changes)


def played(folder: Path, world: World, rounds: int = 12) -> Played:
    """Rounds on the stream: 40 samples each."""
    data = streamed(folder)
    assert isinstance(data.train, Streamed)
    asked: list[int] = []
    read = data.train.rows

    def noted(indices: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        asked.extend(indices.tolist())
        return read(indices)

    data.train.rows = noted  # type: ignore[method-assign]
    gradients, answers = played_on(data, stream_recipe(), world, rounds)
    return Played(gradients, answers, asked, data.train.buffer.reads)


def main(out: str, folder: str) -> None:
    """Plays, and writes what came out and what each process has read."""
    with joined(torch.device("cpu")) as world:
        mine = played(Path(folder), world)
        torch.save(mine._asdict(), f"{out}.{world.rank}")
        world.wait()
        if world.first:
            torch.save({rank: torch.load(f"{out}.{rank}") for rank in range(world.size)}, out)
