"""Games that lessons are tried on: small GANs for a laptop, in balance and out of it, and DCGAN at its full size."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from steadygan.data.options import DataOptions
from steadygan.data.sources.find import is_built_in
from steadygan.networks import MLPCritic, MLPGenerator
from steadygan.optimizers import Adam
from steadygan.recipe import Recipe
from steadygan.recipes.gan import dcgan, gan
from steadygan.studies import sources
from steadygan.studies.experiments._lessons import Case
from steadygan.studies.study import Scale
from steadygan.types import SampleSpec

WIDTH = 128
"""units of the small networks' three hidden layers"""
UNBALANCED = (1e-4, 1e-3)
"""rates of generator and critic of the game that the critic wins"""


def pictures(size: int = 16, stand_in: int = 8) -> DataOptions:
    """The user's own pictures with sides of ``size`` pixels, or the package's digits with sides of ``stand_in``."""
    source = sources.source("pictures")
    if sources.is_stand_in("pictures"):
        return DataOptions(source=source, size=None if stand_in == 8 else stand_in)
    return DataOptions(source=source, size=size)


def cifar10() -> DataOptions:
    """CIFAR-10, for the scale of the papers: nothing stands in for it."""
    return DataOptions(source="cifar10" if sources.is_stand_in("cifar10") else sources.source("cifar10"))


def title(data: DataOptions) -> str:
    """The name of a game on pictures: the data's, where it is the package's own."""
    return data.source if is_built_in(data.source) else "pictures"


def small_gan(width: int = WIDTH, **changes: Any) -> Callable[[SampleSpec], Recipe]:
    """The original GAN, fully connected, of a width, with further fields of the recipe."""

    def made(sample: SampleSpec) -> Recipe:
        base = gan(sample)
        networks = MLPGenerator(width), MLPCritic(width, activation="leaky_relu")
        return dataclasses.replace(base, generator=networks[0], critic=networks[1], **changes)

    return made


def unbalanced_gan(width: int = WIDTH) -> Callable[[SampleSpec], Recipe]:
    """The same with a critic of ten times the generator's rate, whose loss goes to 0 while the generator's grows."""
    generator, critic = (Adam(rate, betas=(0.5, 0.999)) for rate in UNBALANCED)
    return small_gan(width, generator_optimizer=generator, critic_optimizer=critic)


def unbalanced_dcgan(sample: SampleSpec) -> Recipe:
    """DCGAN with such a critic."""
    generator, critic = (Adam(rate, betas=(0.5, 0.999)) for rate in UNBALANCED)
    return dataclasses.replace(dcgan(sample), generator_optimizer=generator, critic_optimizer=critic)


def balanced(scale: Scale, rounds: int = 3_000) -> list[Case]:
    """Usual games: the small GAN on digits and points; at the papers' scale DCGAN on CIFAR-10."""
    return _cases(scale, small_gan, dcgan, rounds, "")


def unbalanced(scale: Scale, rounds: int = 3_000) -> list[Case]:
    """The same games, won by the critic."""
    return _cases(scale, unbalanced_gan, unbalanced_dcgan, rounds, ", strong critic")


def _cases(
    scale: Scale,
    small: Callable[..., Callable[[SampleSpec], Recipe]],
    full: Callable[[SampleSpec], Recipe],
    rounds: int,
    word: str,
) -> list[Case]:
    if scale == "smoke":
        return [Case(f"8gaussians{word}", small(16), "8gaussians", 6)]
    if scale == "paper":
        return [Case(f"cifar10{word}", full, cifar10(), 100_000)]
    named = pictures()
    return [
        Case(f"{title(named)}{word}", small(), named, rounds),
        Case(f"8gaussians{word}", small(), "8gaussians", rounds),
    ]


def with_rates(recipe: Recipe, generator: float, critic: float) -> Recipe:
    """The recipe with other rates of its optimizers."""
    players = {"generator_optimizer": generator, "critic_optimizer": critic}
    made = {name: dataclasses.replace(getattr(recipe, name), lr=rate) for name, rate in players.items()}
    return dataclasses.replace(recipe, **made)


def with_critic(recipe: Recipe, **changes: Any) -> Recipe:
    """The recipe with other fields of its critic's network."""
    return dataclasses.replace(recipe, critic=dataclasses.replace(recipe.critic, **changes))  # type: ignore[type-var]
