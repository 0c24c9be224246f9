"""Architectures drawn from the ranges of WGAN-GP's table 1, and their training by both of its objectives (App. B)."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import Literal, get_args

from steadygan.losses import NonSaturating, Wasserstein
from steadygan.networks import DCGANCritic, DCGANGenerator
from steadygan.networks.dcgan import Activation, Norm
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import GradientPenalty
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.schedules import Constant

Objective = Literal["gan", "wgan-gp"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
ACTIVATIONS: tuple[Activation, ...] = ("relu", "leaky_relu", "smooth_elu", "tanh")
DEPTHS = (4, 8, 12, 20)
"""layers of a network for 32 px, whose four sizes of maps have a quarter of them each (how the paper builds them is not
said); 8 and 16 px have three sizes, and three quarters of the layers"""
FILTERS = (32, 64, 128)
WEIGHT_DECAY = 1e-3
"""of a critic with norm (App. B)"""


@dataclass(frozen=True)
class Side:
    """The choices of one network."""

    activation: Activation
    depth: int
    norm: bool
    filters: int

    @property
    def extra(self) -> int:
        """Convolutions at each size in pixels besides the layer that changes it."""
        return self.depth // DEPTHS[0] - 1

    def __str__(self) -> str:
        return f"{self.activation}, {self.depth} layers, {self.filters} filters, {'norm' if self.norm else 'no norm'}"


SIDES = tuple(Side(*choices) for choices in itertools.product(ACTIVATIONS, DEPTHS, (True, False), FILTERS))


@dataclass(frozen=True)
class Architecture:
    """A pair of networks."""

    generator: Side
    critic: Side

    def __str__(self) -> str:
        return f"G {self.generator}; D {self.critic}"


COUNT = len(SIDES) ** 2
"""architectures in the set"""


def drawn(count: int, seed: int) -> list[Architecture]:
    """``count`` different architectures, uniformly; the first n do not depend on the count."""
    import numpy as np

    order = np.random.default_rng([1704, seed]).permutation(COUNT)[:count]
    return [Architecture(SIDES[number // len(SIDES)], SIDES[number % len(SIDES)]) for number in order.tolist()]


def recipe_of(
    architecture: Architecture, objective: Objective, *, rounds: int, batch: int, shrink: int = 1, rate: float = 1.0
) -> Recipe:
    """The training of an architecture.

    Args:
        architecture: its networks
        objective: 'gan' (Adam 2e-4, 0.5, 0.999; batch norm) or 'wgan-gp' (Adam 1e-4, 0, 0.9; layer norm in the critic)
        rounds: generator iterations
        batch: samples of a step
        shrink: divisor of the filters
        rate: factor of both rates
    """
    penalised = objective == "wgan-gp"
    optimizer = Adam(1e-4 * rate, betas=(0.0, 0.9)) if penalised else Adam(2e-4 * rate, betas=(0.5, 0.999))
    g, d = architecture.generator, architecture.critic
    norm: Norm = "layer" if penalised else "batch"
    return Recipe(
        name=f"random-{objective}",
        generator=DCGANGenerator(g.filters // shrink, "batch" if g.norm else "none", g.activation, extra=g.extra),
        critic=DCGANCritic(d.filters // shrink, norm if d.norm else "none", d.activation, extra=d.extra),
        objective=Adversarial(Wasserstein() if penalised else NonSaturating()),
        penalties=(GradientPenalty(weight=10.0, target=1.0),) if penalised else (),
        critic_steps=Constant(5 if penalised else 1),
        prior=Normal(128),
        generator_optimizer=optimizer,
        critic_optimizer=dataclasses.replace(optimizer, weight_decay=WEIGHT_DECAY if d.norm else 0.0),
        batch=batch,
        rounds=rounds,
    )
