"""Recipes brought to what a laptop can train, all by the same rule: for studies and measurements over many recipes."""

from __future__ import annotations

import dataclasses
from typing import Any

from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES
from steadygan.training.game import Game
from steadygan.types import SampleSpec, UsageError

WIDTH, BATCH = 32, 64
FULLY_CONNECTED = ("MLPGenerator", "MLPCritic", "MLPAutoencoderCritic")
"""networks whose width is of another kind: as the recipe has it"""


def on_a_laptop(recipe: Recipe, width: int = WIDTH, batch: int = BATCH) -> Recipe:
    """The recipe with convolutional networks of at most ``width`` maps (their field ``width``) and smaller batches.

    Fully connected networks stay as they are: a step of theirs is cheap. A batch of the recipe's above ``batch`` is cut
    to it, and that of the generator in proportion.
    """
    fakes = recipe.generator_batch
    if recipe.batch > batch and fakes is not None:
        fakes = max(1, fakes * batch // recipe.batch)
    return dataclasses.replace(
        recipe,
        generator=_narrowed(recipe.generator, width),
        critic=_narrowed(recipe.critic, width),
        batch=min(recipe.batch, batch),
        generator_batch=fakes,
    )


def _narrowed(spec: Any, width: int) -> Any:
    """A network's spec, and those inside it, with smaller widths."""
    if not dataclasses.is_dataclass(spec) or isinstance(spec, type) or type(spec).__name__ in FULLY_CONNECTED:
        return spec
    changes = {field.name: _narrowed(getattr(spec, field.name), width) for field in dataclasses.fields(spec)}
    if isinstance(changes.get("width"), int):
        changes["width"] = min(changes["width"], width)
    return dataclasses.replace(spec, **changes)


def at_rate(recipe: Recipe, factor: float) -> Recipe:
    """The recipe with both players' rates multiplied."""
    one, other = recipe.generator_optimizer, recipe.critic_optimizer
    return dataclasses.replace(
        recipe,
        generator_optimizer=dataclasses.replace(one, lr=one.lr * factor),
        critic_optimizer=dataclasses.replace(other, lr=other.lr * factor),
    )


def recipes_for(sample: SampleSpec) -> tuple[dict[str, Recipe], dict[str, str]]:
    """The recipes that are made for such samples by name, and for each other one the line with which it refuses.

    A recipe is asked for its networks too, on a laptop: some refuse only there.
    """
    found, refused = {}, {}
    for name, function in RECIPES.items():
        try:
            recipe = function(sample)
            Game.build(on_a_laptop(recipe), sample)
            found[name] = recipe
        except UsageError as error:
            refused[name] = str(error)
    return found, refused
