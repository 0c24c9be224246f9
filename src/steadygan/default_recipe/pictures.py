"""The default recipes for pictures: networks, batch, mirroring and augmentation by the data and the device."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from steadygan.default_recipe.choice import FEW, Choice, at_batch, count_of, for_count, minutes_on, with_width
from steadygan.networks import R3GANCritic, R3GANGenerator
from steadygan.optimizers import Adam
from steadygan.recipes import lecam, photos, pictures

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec

_TINY_MINUTES = 2.0
_AMPLE = 5_000


def for_tiny_pictures(dataset: Dataset) -> Choice:
    """LeCam at high rates, for pictures of 8 px, such as the built-in digits."""
    factor = 4
    recipe = with_width(lecam(dataset.sample), 32)
    assert isinstance(recipe.generator_optimizer, Adam)
    rate = dataclasses.replace(recipe.generator_optimizer, lr=factor * recipe.generator_optimizer.lr)
    recipe = dataclasses.replace(recipe, batch=64, generator_optimizer=rate, critic_optimizer=rate)
    why = (
        f"recipe lecam: at 8 px and {factor} times its rates it came closer to the digits than dcgan, dragan, gan and "
        "wgan-gp in the same time of a slow core",
        f"width 32, {_TINY_MINUTES:.0f} minutes: 8 px need no more (--minutes N for another time)",
    )
    return Choice(recipe, _TINY_MINUTES, why)


def for_pictures(dataset: Dataset, device: str) -> Choice:
    """On a GPU the recipe photos, on a processor pictures, which is cheaper there (docs/folders.md)."""
    count, minutes = count_of(dataset), minutes_on(device)
    if device == "cuda":
        base, width, why = _photos_on_a_gpu(dataset.sample)
    else:
        base, width, why = pictures_on_a_processor(dataset.sample)
    what = "a GPU" if device == "cuda" else "this device"
    reasons = [
        why,
        f"width {width}, {minutes:.0f} minutes: for {what} (--minutes N for another time, --data.size N for another "
        "size)",
    ]
    recipe, why = _mirrored(for_count(base, count), dataset)
    reasons.append(why)
    if device != "cuda":
        recipe, why = _augmented(recipe, count)
        reasons.append(why)
    if recipe.batch < base.batch:
        recipe = at_batch(recipe, base.batch)
        rate = recipe.generator_optimizer.lr
        reasons.append(f"batch {recipe.batch} at a rate of {rate:.1e}, since there are only {count} pictures")
    if count < FEW:
        reasons.append(f"{count} pictures are few: expect near copies; more of them help more than more rounds")
    return Choice(recipe, minutes, tuple(reasons))


def pictures_on_a_processor(sample: SampleSpec) -> tuple[Recipe, int, str]:
    """The recipe, its width and why: fewer feature maps for larger pictures, so that enough are seen in the time."""
    side = max(sample.shape[1:])
    width = 24 if side <= 32 else 16 if side <= 64 else 12
    why = (
        "recipe pictures: in trials of minutes on photographs and drawings it came closest, at a part of the cost of "
        "photos"
    )
    return with_width(pictures(sample), width), width, why


def _photos_on_a_gpu(sample: SampleSpec) -> tuple[Recipe, int, str]:
    """The recipe, its width and why."""
    recipe, factor = photos(sample), 2
    assert isinstance(recipe.generator, R3GANGenerator) and isinstance(recipe.critic, R3GANCritic)
    width = factor * recipe.generator.width
    generator = dataclasses.replace(recipe.generator, blocks=factor * recipe.generator.blocks)
    critic = dataclasses.replace(recipe.critic, blocks=factor * recipe.critic.blocks)
    recipe = with_width(dataclasses.replace(recipe, generator=generator, critic=critic), width)
    return (
        recipe,
        width,
        "recipe photos: on 3,000 pictures of 32 px it came closer to the data than wgan-gp in the same time",
    )


def _mirrored(recipe: Recipe, dataset: Dataset) -> tuple[Recipe, str]:
    """The recipe with its pictures mirrored at random if they look alike when mirrored, and why."""
    from steadygan.data.images.mirroring import mirroring

    looked = mirroring(np.asarray(dataset.train.some()[0]))
    data = dataclasses.replace(recipe.data, flip=looked.suits)
    share = f"{looked.told:.0%} of them are told from their mirror images"
    if looked.suits:
        why = f"pictures are mirrored at random: {share}, as by chance (--data.flip false if left and right differ)"
    else:
        why = f"pictures are not mirrored: {share}, so left and right differ (--data.flip true mirrors them anyway)"
    return dataclasses.replace(recipe, data=data), why


def _augmented(recipe: Recipe, count: int) -> tuple[Recipe, str]:
    """The recipe without its augmentation if the pictures are many, and why."""
    if count < _AMPLE:
        return recipe, f"augmentation that grows, as for sets below {_AMPLE:,} pictures"
    without = dataclasses.replace(recipe, perturbation=None)
    return without, f"no augmentation: {count:,} pictures are many for a short training"
