"""What checks of a recipe read off it and its networks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from steadygan.phases import player_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.recipe import Recipe
    from steadygan.training.step.game import Game

BATCH_NORMS = (torch.nn.modules.batchnorm._BatchNorm, torch.nn.SyncBatchNorm)


def module_names(module: nn.Module, kinds: tuple[type, ...]) -> list[str]:
    return [name or type(part).__name__ for name, part in module.named_modules() if isinstance(part, kinds)]


def gradient_penalties(recipe: Recipe) -> list[str]:
    """Class names of the critic's penalties on input gradients."""
    penalties = [penalty for penalty in recipe.penalties if player_of(penalty) == "critic"]
    return [type(penalty).__name__ for penalty in penalties if getattr(penalty, "at", None) is not None]


def splits_batches(recipe: Recipe, processes: int = 1) -> bool:
    """True if a process takes a batch, of any stage of growing networks, in micro-batches."""
    growing = () if recipe.growth is None else recipe.growth.batches
    largest = max(recipe.batch, recipe.fakes, *growing) // processes
    return recipe.run.micro_batch is not None and recipe.run.micro_batch < largest


def is_own(part: object) -> bool:
    """True for a part whose class is not this package's."""
    return part is not None and not type(part).__module__.startswith("steadygan.")


def nested_objectives(objective: object) -> Iterator[object]:
    """An objective and those inside it, from the outside in."""
    while objective is not None:
        yield objective
        objective = getattr(objective, "base", None)


def zeros(game: Game) -> tuple[Tensor, Tensor | None]:
    """Random numbers of the prior and labels, all 0, for a (micro-)batch."""
    recipe = game.recipe
    count = min(recipe.batch, recipe.run.micro_batch or recipe.batch)
    noise = torch.zeros(count, *recipe.prior.random_spec().shape, device=game.device)
    return noise, torch.zeros(count, dtype=torch.int64, device=game.device) if game.sample.classes else None
