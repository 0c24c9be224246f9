"""The LSUN grid of WGAN-GP: seven pairs of networks, each under four methods (section 5.2, App. E, Fig. 2)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from steadygan.checks import whole_number
from steadygan.errors import unknown_name
from steadygan.networks import (
    CriticNetwork,
    DCGANCritic,
    DCGANGenerator,
    GeneratorNetwork,
    MLPGenerator,
    ResNet101Critic,
    ResNet101Generator,
)
from steadygan.optimizers import Adam
from steadygan.recipe import Recipe
from steadygan.recipes.gan import dcgan, lsgan
from steadygan.recipes.wasserstein import wgan, wgan_gp
from steadygan.schedules import Constant
from steadygan.types import SampleSpec

BEDROOMS = SampleSpec((3, 64, 64))
"""Samples of the grid: LSUN bedrooms."""

_BASELINE = DCGANCritic(norm="batch", init="uniform_0.02")

ROWS: tuple[tuple[GeneratorNetwork, CriticNetwork], ...] = (
    (DCGANGenerator(init="uniform_0.02"), _BASELINE),
    (DCGANGenerator(norm="none", widths="constant"), _BASELINE),
    (MLPGenerator(width=512, depth=4), _BASELINE),
    (DCGANGenerator(norm="none", init="uniform_0.02"), DCGANCritic(norm="none", init="uniform_0.02")),
    (DCGANGenerator(activation="gated"), DCGANCritic(norm="batch", activation="gated")),
    (DCGANGenerator(activation="tanh", init="uniform_0.02"), dataclasses.replace(_BASELINE, activation="tanh")),
    (ResNet101Generator(), ResNet101Critic(norm="batch")),
)
"""Generator and critic of each row; initial weights as in the authors' 64 px code. Under WGAN-GP the critic has layer
norm instead of batch norm."""

_ADAM = Adam(1e-4, betas=(0.5, 0.9))

METHODS: dict[str, tuple[Callable[[SampleSpec], Recipe], dict[str, Any]]] = {
    "wgan-gp": (wgan_gp, {"generator_optimizer": _ADAM, "critic_optimizer": _ADAM}),
    "wgan": (wgan, {"critic_steps": Constant(5)}),
    "dcgan": (dcgan, {}),
    "lsgan": (lsgan, {}),
}
"""The recipe of each column, and the fields that differ in the grid."""


def lsun_grid(row: int, method: str, sample: SampleSpec = BEDROOMS) -> Recipe:
    """WGAN-GP's LSUN grid: seven pairs of networks (ROW 0 to 6) under four methods (wgan-gp, wgan, dcgan, lsgan).

    Gulrajani et al. 2017, Fig. 2 and App. E, for 64 px: 0 DCGAN; 1 a generator of constant width 64 without norm;
    2 a fully connected generator of 4 x 512; 3 no norm in either; 4 gated; 5 tanh; 6 the 101-layer ResNet.

    Raises:
        UsageError: for a row or method outside of the grid.
    """
    whole_number("row of the LSUN grid", row, 0, len(ROWS) - 1)
    if method not in METHODS:
        raise unknown_name("method of the LSUN grid", method, METHODS)
    make, changes = METHODS[method]
    generator, critic = ROWS[row]
    if method == "wgan-gp":
        critic = _with_layer_norm(critic)
    fields = {"name": f"lsun-{row}-{method}", "generator": generator, "critic": critic, "rounds": 200_000, **changes}
    return dataclasses.replace(make(sample), **fields)


def _with_layer_norm(critic: CriticNetwork) -> CriticNetwork:
    """The critic with layer norm instead of batch norm, which a gradient penalty does not allow."""
    assert isinstance(critic, DCGANCritic | ResNet101Critic)
    return dataclasses.replace(critic, norm="layer") if critic.norm == "batch" else critic


def resnet101(sample: SampleSpec = BEDROOMS) -> Recipe:
    """WGAN-GP on residual networks of 101 layers, generator and critic (64 px; fewer layers at 32 px and below).

    Gulrajani et al. 2017, Fig. 2, row 6: the authors' networks, Adam of App. E (their 64 px code has beta_1 0). Width
    64 is for a GPU: --generator.width 8 --critic.width 8 on a laptop.
    """
    return dataclasses.replace(
        wgan_gp(sample),
        name="resnet101",
        generator=ResNet101Generator(),
        critic=ResNet101Critic(norm="layer"),
        generator_optimizer=Adam(1e-4, betas=(0.5, 0.9)),
        critic_optimizer=Adam(1e-4, betas=(0.5, 0.9)),
    )
