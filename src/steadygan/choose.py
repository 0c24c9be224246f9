"""Which recipe, size and length to take where nobody said: by data and device, with the reasons."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.networks import DCGANCritic, DCGANGenerator
from steadygan.optimizers import Adam
from steadygan.recipes import wgan_gp

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe

_MINUTES = {"cpu": 20.0, "mps": 30.0, "cuda": 60.0}


@dataclass(frozen=True)
class Choice:
    """A recipe for some data, how long to train it, and why."""

    recipe: Recipe
    minutes: float | None
    """None: the recipe's own rounds"""
    reasons: tuple[str, ...]


def choose(dataset: Dataset, device: str) -> Choice:
    """What to train on a data set where no recipe was named.

    Args:
        dataset: opened
        device: 'cpu', 'cuda' or 'mps'
    """
    sample = dataset.sample
    base = wgan_gp(sample)
    if not sample.is_image:
        return Choice(
            dataclasses.replace(base, rounds=3_000),
            None,
            ("recipe wgan-gp: its critic's surface shows what it has learned of points; 3,000 rounds show every mode",),
        )
    size = sample.shape[-1]
    rate = Adam(2e-4, betas=(0.0, 0.9))
    if size == 8:
        recipe = dataclasses.replace(
            base,
            generator=DCGANGenerator(width=32),
            critic=DCGANCritic(width=32),
            generator_optimizer=rate,
            critic_optimizer=rate,
            rounds=3_000,
        )
        return Choice(
            recipe,
            None,
            ("recipe wgan-gp: the steadiest on small sets; 8 px need only width 32, which bears rates of 2e-4",),
        )
    minutes = _MINUTES.get(device, 20.0)
    count = len(dataset.train) if hasattr(dataset.train, "__len__") else 10**9
    width = 64 if device == "cuda" or size <= 32 else 32
    recipe = dataclasses.replace(
        base,
        generator=dataclasses.replace(base.generator, width=width),  # type: ignore[type-var]
        critic=dataclasses.replace(base.critic, width=width),  # type: ignore[type-var]
        generator_optimizer=rate,
        critic_optimizer=rate,
        batch=min(64, max(16, count // 4)),
        data=dataclasses.replace(base.data, flip=True),
    )
    reasons = [
        f"recipe wgan-gp: it trained every network it was tried on in its paper; {size} px follow the pictures",
        f"width {width} and about {minutes:.0f} minutes: what {'a GPU' if device == 'cuda' else 'this device'} "
        "gets through (--minutes N for another time, --data.size N for another size)",
        "pictures are mirrored at random, which doubles what the critic sees "
        "(--data.flip false where left is not right)",
    ]
    if recipe.batch < 64:
        reasons.append(f"batch {recipe.batch}: there are only {count} pictures")
    elif count < 1000:
        reasons.append(f"{count} pictures are few: expect look-alikes; more pictures help more than more rounds")
    return Choice(recipe, minutes, tuple(reasons))
