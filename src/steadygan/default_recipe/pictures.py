"""The default recipes for pictures: networks, batch, mirroring and augmentation by the data and the device."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from steadygan.default_recipe.choice import FEW, Choice, at_batch, count_of, for_count, minutes_on, with_width
from steadygan.networks import R3GANCritic, R3GANGenerator
from steadygan.optimizers import Adam
from steadygan.recipes import lecam, photos, pictures, pictures_by_class

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec

_TINY_MINUTES = 2.0
_AMPLE = 5_000
_PER_CLASS = 50  # pictures, on average, from which classes are learned
_MOST_CLASSES = 1_000  # each has weights in every layer of the generator that the latent acts on


def for_tiny_pictures(dataset: Dataset) -> Choice:
    """LeCam at high rates, for pictures of 8 px, such as the built-in digits."""
    factor = 4
    recipe = with_width(lecam(dataset.sample), 32)
    assert isinstance(recipe.generator_optimizer, Adam)
    rate = dataclasses.replace(recipe.generator_optimizer, lr=factor * recipe.generator_optimizer.lr)
    recipe = dataclasses.replace(recipe, batch=64, generator_optimizer=rate, critic_optimizer=rate)
    count = count_of(dataset)
    why = (
        f"recipe lecam: at 8 px and {factor} times its rates it came closer to the digits than dcgan, dragan, gan and "
        "wgan-gp in the same time of a slow core",
        f"width 32, {_TINY_MINUTES:.0f} minutes: 8 px need no more (--minutes N for another time)",
    )
    recipe, reasons = _for_few(recipe, count)
    return Choice(recipe, _TINY_MINUTES, (*why, *reasons))


def for_pictures(dataset: Dataset, device: str) -> Choice:
    """On a GPU the recipe photos, on a processor pictures, which is cheaper there, or by class (docs/folders.md)."""
    count, minutes = count_of(dataset), minutes_on(device)
    classes = dataset.sample.classes
    by_class = device != "cuda" and 1 < classes <= _MOST_CLASSES and count >= _PER_CLASS * classes
    if device == "cuda":
        base, width, why = _photos_on_a_gpu(dataset.sample)
    else:
        base, width, why = pictures_on_a_processor(dataset.sample, by_class=by_class)
    what = "a GPU" if device == "cuda" else "this device"
    reasons = [
        why,
        f"width {width}, {minutes:.0f} minutes: for {what} (--minutes N for another time, --data.size N for another "
        "size)",
    ]
    recipe, why = _mirrored(base, dataset)
    reasons.append(why)
    if device != "cuda":
        recipe, why = _augmented(recipe, dataset, count)
        reasons.append(why)
    recipe, of_few = _for_few(recipe, count)
    reasons += of_few
    if classes > 1 and not by_class:
        reasons.append(_classes_left(classes, device))
    return Choice(recipe, minutes, tuple(reasons))


def _classes_left(classes: int, device: str) -> str:
    """That classes are not used, and how they are."""
    if device == "cuda":
        learn = "--generator.conditional true --critic.conditional true learn them"
    elif classes > _MOST_CLASSES:
        learn = "so many are slow to learn; the recipe pictures-by-class learns them"
    else:
        learn = f"with {_PER_CLASS} pictures of each the recipe would be pictures-by-class, which learns them"
    return f"its {classes:,} classes are not used: {learn}, so that samples of one can be made"


def _for_few(recipe: Recipe, count: int) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with a smaller batch and smaller rates if the pictures are few, and why."""
    made, reasons = for_count(recipe, count), list[str]()
    if made.batch < recipe.batch:
        made = at_batch(made, recipe.batch)
        rate = made.generator_optimizer.lr
        reasons.append(f"batch {made.batch} at a rate of {rate:.1e}, since there are only {count} pictures")
    if count < FEW:
        reasons.append(f"{count} pictures are few: expect near copies; more of them help more than more rounds")
    return made, tuple(reasons)


def pictures_on_a_processor(sample: SampleSpec, *, by_class: bool = False) -> tuple[Recipe, int, str]:
    """The recipe, its width and why: fewer feature maps for larger pictures, so that enough are seen in the time."""
    side = max(sample.shape[1:])
    width = 24 if side <= 32 else 16 if side <= 64 else 12
    if by_class:
        why = (
            f"recipe pictures-by-class: it learns the {sample.classes:,} classes, so that samples of one can be made, "
            "and came as close to photographs as pictures, which does without classes"
        )
        return with_width(pictures_by_class(sample), width), width, why
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
        chance = "as by chance" if looked.by_chance else f"which is no sign among {looked.images:,}"
        why = f"pictures are mirrored at random: {share}, {chance} (--data.flip false if left and right differ)"
    else:
        why = f"pictures are not mirrored: {share}, so left and right differ (--data.flip true mirrors them anyway)"
    return dataclasses.replace(recipe, data=data), why


def _augmented(recipe: Recipe, dataset: Dataset, count: int) -> tuple[Recipe, str]:
    """The recipe without its augmentation if the pictures are many, or ink on paper, and why."""
    from steadygan.data.alpha import over_white
    from steadygan.data.images.ink import INK, ink_share

    without = dataclasses.replace(recipe, perturbation=None)
    if count >= _AMPLE:
        return without, f"no augmentation: {count:,} pictures are many for a short training"
    images = np.asarray(dataset.train.some()[0])
    share = ink_share(over_white(images)) if images.dtype == np.uint8 else 0.0
    if share >= INK:
        return (
            without,
            f"no augmentation: {share:.0%} of the pixels are black or white, which shifted colours do not suit",
        )
    return recipe, f"augmentation that grows, as for sets below {_AMPLE:,} pictures"
