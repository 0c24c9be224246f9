"""The choice of a recipe for a data set: the recipe, the training time, and the reasons."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steadygan.networks import LabelledGenerator

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe

_MINUTES = {"cpu": 20.0, "mps": 30.0, "cuda": 60.0}
FEW = 1_000
"""samples of which many near copies are to be expected"""
_MANY = 50_000  # that stand for endless data


@dataclass(frozen=True)
class Choice:
    """A recipe for a data set, how long to train it, and why."""

    recipe: Recipe
    minutes: float | None
    """training time; None: the recipe's own rounds"""
    reasons: tuple[str, ...]


def minutes_on(device: str) -> float:
    """Minutes of training on a kind of device where none are named."""
    return _MINUTES.get(device, 20.0)


def count_of(dataset: Dataset) -> int:
    """Training samples."""
    return _MANY if dataset.train.endless else len(dataset.train)


def for_count(recipe: Recipe, count: int) -> Recipe:
    """The recipe with a batch of at most an eighth of the samples, but 4 or more; even, for two processes to share."""
    return dataclasses.replace(recipe, batch=min(recipe.batch, max(4, count // 16 * 2)))


def at_batch(recipe: Recipe, usual: int) -> Recipe:
    """The recipe with rates scaled by the square root of its batch over the usual one."""

    def rated(spec: Any) -> Any:
        return dataclasses.replace(spec, lr=spec.lr * math.sqrt(recipe.batch / usual))

    generator, critic = rated(recipe.generator_optimizer), rated(recipe.critic_optimizer)
    return dataclasses.replace(recipe, generator_optimizer=generator, critic_optimizer=critic)


def with_width(recipe: Recipe, width: int) -> Recipe:
    """The recipe with both networks' field ``width``; of a generator with labels, that of the network inside."""

    def wide(network: Any) -> Any:
        if isinstance(network, LabelledGenerator):
            return dataclasses.replace(network, network=wide(network.network))
        return dataclasses.replace(network, width=width)

    return dataclasses.replace(recipe, generator=wide(recipe.generator), critic=wide(recipe.critic))
