"""Recipes scaled down to what a laptop can train, all by the same rule, for benchmarks over many recipes."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import torch

from benchmarks.speed.cases import Case
from steadygan import api
from steadygan.data import Dataset
from steadygan.errors import UsageError
from steadygan.growth import Growth
from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES
from steadygan.system.device import choose_precision
from steadygan.system.malloc import kept_memory
from steadygan.training.engines.eager import EAGER
from steadygan.training.planning.plan import fit_minutes
from steadygan.training.planning.speed import measure_speed
from steadygan.training.step.drawer import Drawer
from steadygan.training.step.feed import Feed
from steadygan.training.step.game import Game
from steadygan.training.step.setup import Setup
from steadygan.types import SampleSpec

WIDTH, BATCH = 32, 64
FULLY_CONNECTED = ("MLPGenerator", "MLPCritic", "MLPAutoencoderCritic")
"""networks that keep the recipe's width: a step of theirs is cheap"""
OTHERS = ("-cifar10", "-128")
"""endings of presets for one data set or size, whose method has another name"""


def on_a_laptop(recipe: Recipe, width: int = WIDTH, batch: int = BATCH) -> Recipe:
    """The recipe with convolutional networks of at most ``width`` and smaller batches.

    Their width is the field ``width``, or ``most``.

    Fully connected networks stay unchanged. A larger batch is cut to ``batch``, the generator's in proportion.
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
        growth=_smaller(recipe.growth, batch),
    )


def _smaller(growth: Growth | None, batch: int) -> Growth | None:
    if growth is None:
        return None
    return dataclasses.replace(growth, batches=tuple(min(each, batch) for each in growth.batches))


def _narrowed(spec: Any, width: int) -> Any:
    """A network's spec with smaller widths, nested specs included."""
    if not dataclasses.is_dataclass(spec) or isinstance(spec, type) or type(spec).__name__ in FULLY_CONNECTED:
        return spec
    changes = {field.name: _narrowed(getattr(spec, field.name), width) for field in dataclasses.fields(spec)}
    if isinstance(changes.get("width"), int):
        changes["width"] = min(changes["width"], width)
    if isinstance(changes.get("most"), int):  # StyleGAN2's and ProGAN's, whose base would widen small images
        changes["most"] = min(changes["most"], width)
    return dataclasses.replace(spec, **changes)


def small_case(name: str, images: SampleSpec, width: int = WIDTH, batch: int = BATCH) -> Case:
    """A scaled-down recipe on these images, or on its own data if it is not for images."""
    try:
        recipe = on_a_laptop(RECIPES[name](images), width, batch)
        Game.build(recipe, images)
        return Case(name, name, images, recipe)
    except UsageError:
        ready = api.prepare(RECIPES[name])
        return Case(name, name, ready.dataset.sample, on_a_laptop(ready.recipe, width, batch), ready.dataset.train)


def at_rate(recipe: Recipe, factor: float) -> Recipe:
    """The recipe with both players' learning rates multiplied."""
    one, other = recipe.generator_optimizer, recipe.critic_optimizer
    return dataclasses.replace(
        recipe,
        generator_optimizer=dataclasses.replace(one, lr=one.lr * factor),
        critic_optimizer=dataclasses.replace(other, lr=other.lr * factor),
    )


def in_cpu_minutes(recipe: Recipe, dataset: Dataset, minutes: float) -> Recipe:
    """The recipe with rounds and decays fitted to minutes of CPU time, which other processes do not change.

    Sets the number of threads of the process to the recipe's.
    """
    cpu = torch.device("cpu")
    if recipe.run.threads is not None:
        torch.set_num_threads(recipe.run.threads)
    game = Game.build(recipe, dataset.sample, cpu, choose_precision(recipe.run.precision, cpu))
    feed, drawer = Feed(recipe, dataset.train, cpu), Drawer(recipe, dataset.sample, dataset.train, cpu)
    with kept_memory():  # as in the run
        speed = measure_speed(Setup(game, feed, drawer), EAGER, budget=minutes, clock=time.process_time)
    return fit_minutes(recipe, speed, minutes)


def recipes_for(sample: SampleSpec) -> tuple[dict[str, Recipe], dict[str, str]]:
    """The recipes for such samples by name, and for each other recipe a line with the reason.

    The scaled-down networks are built as well: some recipes refuse only then.
    """
    suitable, refused = {}, {}
    for name, function in RECIPES.items():
        if name.endswith(OTHERS):
            refused[name] = "a preset for other data or sizes"
            continue
        try:
            recipe = function(sample)
            Game.build(on_a_laptop(recipe), sample)
            suitable[name] = recipe
        except UsageError as error:
            refused[name] = str(error)
    return suitable, refused
