"""Default recipe, network size and training time for a data set and a device, with the reasons."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.networks import (
    MLPCritic,
    MLPGenerator,
    R3GANCritic,
    R3GANGenerator,
    SubpixelCritic,
    SubpixelGenerator,
    TextCritic,
    TextGenerator,
)
from steadygan.optimizers import Adam
from steadygan.recipes import lecam, photos, pictures, text, wgan_gp
from steadygan.schedules import Constant

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe

_MINUTES = {"cpu": 20.0, "mps": 30.0, "cuda": 60.0}
_TINY_MINUTES = 2.0
_FEW, _AMPLE, _MANY = 1_000, 5_000, 50_000


@dataclass(frozen=True)
class Choice:
    """A recipe for a data set, how long to train it, and why."""

    recipe: Recipe
    minutes: float | None
    """training time; None: the recipe's own rounds"""
    reasons: tuple[str, ...]


def choose(dataset: Dataset, device: str) -> Choice:
    """The default recipe for a data set.

    Args:
        dataset: opened
        device: 'cpu', 'cuda' or 'mps'
    """
    if dataset.sample.is_text:
        return _for_text(dataset, device)
    if dataset.sample.is_points and dataset.units is not None:
        return _for_table(dataset, device)
    if dataset.sample.is_grid and not dataset.sample.is_picture:
        return _for_grid(dataset, device)
    if dataset.sample.is_points:
        return Choice(
            dataclasses.replace(wgan_gp(dataset.sample), rounds=3_000),
            None,
            ("recipe wgan-gp: its critic's surface shows what it has learned of points; 3,000 rounds show every mode",),
        )
    if dataset.sample.shape[-1] == 8:
        return _tiny(dataset)
    return _photos(dataset, device) if device == "cuda" else _pictures(dataset, device)


def _for_table(dataset: Dataset, device: str) -> Choice:
    rate = Adam(2e-4, betas=(0.0, 0.9))
    recipe = dataclasses.replace(
        wgan_gp(dataset.sample),
        generator=MLPGenerator(width=256),
        critic=MLPCritic(width=256, activation="leaky_relu"),
        generator_optimizer=rate,
        critic_optimizer=rate,
        rounds=10_000,
    )
    columns = dataset.sample.shape[0]
    why = (
        f"recipe wgan-gp: for a table of {columns:,} columns, standardised; fully connected networks of width 256",
        "10,000 rounds (--rounds N or --minutes N for another length)",
    )
    return Choice(recipe, None, why)


def _for_grid(dataset: Dataset, device: str) -> Choice:
    base, minutes = wgan_gp(dataset.sample), _MINUTES.get(device, 20.0)
    rate = Adam(2e-4, betas=(0.0, 0.9))
    width = 64 if device == "cuda" else 16 if dataset.sample.is_volume else 32
    generator: Any = dataclasses.replace(base.generator, width=width)  # type: ignore[type-var]
    critic: Any = dataclasses.replace(base.critic, width=width)  # type: ignore[type-var]
    count = _MANY if dataset.train.endless else len(dataset.train)
    recipe = dataclasses.replace(
        base,
        generator=generator,
        critic=critic,
        generator_optimizer=rate,
        critic_optimizer=rate,
        batch=min(base.batch, max(4, count // 8)),
    )
    over = {"signal": "one dimension", "volume": "three dimensions"}.get(dataset.sample.kind, "two dimensions")
    what = "a GPU" if device == "cuda" else "this device"
    reasons = [
        f"recipe wgan-gp: the steadiest on small sets; a sample is {dataset.sample}: convolutions over {over}",
        f"width {width}, {minutes:.0f} minutes: for {what} (--minutes N for another time)",
    ]
    if count < _FEW:
        reasons.append(f"{count} {dataset.sample.plural} are few: expect near copies; more of them help most")
    return Choice(recipe, minutes, tuple(reasons))


def _tiny(dataset: Dataset) -> Choice:
    base, factor = lecam(dataset.sample), 4
    generator: Any = dataclasses.replace(base.generator, width=32)  # type: ignore[type-var]
    critic: Any = dataclasses.replace(base.critic, width=32)  # type: ignore[type-var]
    rate: Any = base.generator_optimizer
    rate = dataclasses.replace(rate, lr=factor * rate.lr)
    recipe = dataclasses.replace(
        base, generator=generator, critic=critic, batch=64, generator_optimizer=rate, critic_optimizer=rate
    )
    why = (
        f"recipe lecam: at 8 px and {factor} times its rates it came closer to the digits than dcgan, dragan, gan and "
        "wgan-gp in the same time of a slow core",
        f"width 32, {_TINY_MINUTES:.0f} minutes: 8 px need no more (--minutes N for another time)",
    )
    return Choice(recipe, _TINY_MINUTES, why)


def _pictures(dataset: Dataset, device: str) -> Choice:
    """On a processor: the recipe that came closest to photographs and drawings in short trials (docs/folders.md)."""
    base, minutes = pictures(dataset.sample), _MINUTES.get(device, 20.0)
    assert isinstance(base.generator, SubpixelGenerator) and isinstance(base.critic, SubpixelCritic)
    count = _MANY if dataset.train.endless else len(dataset.train)
    width = _width(max(dataset.sample.shape[1:]))
    recipe = dataclasses.replace(
        base,
        generator=dataclasses.replace(base.generator, width=width),
        critic=dataclasses.replace(base.critic, width=width),
        batch=min(base.batch, max(4, count // 8)),
    )
    if recipe.batch < base.batch:
        recipe = _at_batch(recipe, base.batch)
    reasons = [
        "recipe pictures: in trials of minutes on photographs and drawings it came closest, at a part of the cost "
        "of photos",
        _sized(width, minutes, device),
    ]
    recipe, why = _mirrored(recipe, dataset)
    reasons.append(why)
    if count >= _AMPLE:
        recipe = dataclasses.replace(recipe, perturbation=None)
        reasons.append(f"no augmentation: {count:,} pictures are many for a short training")
    else:
        reasons.append(f"augmentation that grows, as for sets below {_AMPLE:,} pictures")
    if recipe.batch < base.batch:
        rate = recipe.generator_optimizer.lr
        reasons.append(f"batch {recipe.batch} at a rate of {rate:.1e}, since there are only {count} pictures")
    if count < _FEW:
        reasons.append(f"{count} pictures are few: expect near copies; more of them help more than more rounds")
    return Choice(recipe, minutes, tuple(reasons))


def _width(side: int) -> int:
    """Feature maps at half the size: fewer for larger pictures, so that enough of them are seen in the time."""
    return 24 if side <= 32 else 16 if side <= 64 else 12


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


def _photos(dataset: Dataset, device: str) -> Choice:
    base, minutes = photos(dataset.sample), _MINUTES.get(device, 20.0)
    assert isinstance(base.generator, R3GANGenerator) and isinstance(base.critic, R3GANCritic)
    count = _MANY if dataset.train.endless else len(dataset.train)
    batch = min(base.batch, max(4, count // 8))
    factor = 2 if device == "cuda" else 1
    width = factor * base.generator.width
    recipe = dataclasses.replace(
        base,
        generator=dataclasses.replace(base.generator, width=width, blocks=factor * base.generator.blocks),
        critic=dataclasses.replace(base.critic, width=width, blocks=factor * base.critic.blocks),
        batch=batch,
    )
    if batch < base.batch:
        recipe = _at_batch(recipe, base.batch)
    reasons = [
        "recipe photos: on 3,000 pictures of 32 px it came closer to the data than wgan-gp in the same time",
        _sized(width, minutes, device),
    ]
    recipe, why = _mirrored(recipe, dataset)
    reasons.append(why)
    if batch < base.batch:
        rate = recipe.generator_optimizer.lr
        reasons.append(f"batch {batch} at a rate of {rate:.1e}, since there are only {count} pictures")
    if count < _FEW:
        reasons.append(f"{count} pictures are few: expect near copies; more of them help more than more rounds")
    return Choice(recipe, minutes, tuple(reasons))


def _at_batch(recipe: Recipe, usual: int) -> Recipe:
    """The recipe with rates scaled by the square root of its batch over the usual one."""

    def rated(spec: Any) -> Any:
        return dataclasses.replace(spec, lr=spec.lr * math.sqrt(recipe.batch / usual))

    generator, critic = rated(recipe.generator_optimizer), rated(recipe.critic_optimizer)
    return dataclasses.replace(recipe, generator_optimizer=generator, critic_optimizer=critic)


def _for_text(dataset: Dataset, device: str) -> Choice:
    base = text(dataset.sample)
    length = dataset.sample.shape[1]
    minutes = _MINUTES.get(device, 20.0)
    on_gpu = device == "cuda"
    width = 256 if on_gpu else 64
    recipe = dataclasses.replace(base, generator=TextGenerator(width), critic=TextCritic(width))
    reasons = [
        f"recipe text: WGAN-GP on characters; a sample is a line of {length} (--data.length N for another length)",
        f"width {width} in place of the paper's 512, {minutes:.0f} minutes: for {'a GPU' if on_gpu else 'a CPU'} "
        "(--minutes N for another time, --generator.width N --critic.width N for other networks)",
    ]
    if not on_gpu:
        rate = Adam(5e-4, betas=(0.5, 0.9))
        recipe = dataclasses.replace(recipe, critic_steps=Constant(5), generator_optimizer=rate, critic_optimizer=rate)
        reasons.append("5 critic steps in place of 10, rates of 5e-4 in place of 1e-4: learns more in the same time")
    return Choice(recipe, minutes, tuple(reasons))


def _sized(width: int, minutes: float, device: str) -> str:
    what = "a GPU" if device == "cuda" else "this device"
    return (
        f"width {width}, {minutes:.0f} minutes: for {what} "
        "(--minutes N for another time, --data.size N for another size)"
    )
