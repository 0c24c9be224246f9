"""The four methods of WGAN-GP's figure 3, on DCGAN's networks for CIFAR-10 (Gulrajani et al. 2017, section 5.3)."""

from __future__ import annotations

import dataclasses
from typing import Any

from steadygan.networks import DCGANCritic, DCGANGenerator
from steadygan.optimizers import Adam, Optimizer, RMSprop
from steadygan.recipe import Recipe
from steadygan.recipes import dcgan, wgan, wgan_gp
from steadygan.schedules import Constant
from steadygan.studies.experiments._trained import unaveraged
from steadygan.types import SampleSpec

_GP, _RMSPROP = {"critic_steps": Constant(5)}, RMSprop(5e-5)
METHODS: dict[str, tuple[Any, Optimizer, dict[str, Any]]] = {
    "gp-adam": (wgan_gp, Adam(1e-4, betas=(0.5, 0.9)), _GP),
    "gp-rmsprop": (wgan_gp, _RMSPROP, _GP),
    "clip": (wgan, _RMSPROP, _GP),
    "dcgan": (dcgan, Adam(2e-4, betas=(0.5, 0.999)), {}),
}
"""the recipe function, the optimizer of both networks, and further changes of each curve"""
TITLES = {
    "gp-adam": "gradient penalty, Adam",
    "gp-rmsprop": "gradient penalty, RMSProp",
    "clip": "weight clipping, RMSProp",
    "dcgan": "DCGAN, Adam",
}
COLOURS = {"gp-adam": "#2563c9", "gp-rmsprop": "#17a2a2", "clip": "#d9690b", "dcgan": "#8b5cf6"}


def recipe_of(method: str, sample: SampleSpec, *, width: int, batch: int, rate: float) -> Recipe:
    """The training of a curve with networks of a width, a batch, and a factor of the rates."""
    function, optimizer, changes = METHODS[method]
    recipe = function(sample)
    assert isinstance(recipe.generator, DCGANGenerator) and isinstance(recipe.critic, DCGANCritic)
    assert isinstance(optimizer, Adam | RMSprop)
    faster = dataclasses.replace(optimizer, lr=optimizer.lr * rate)
    return unaveraged(
        dataclasses.replace(
            recipe,
            name=f"curve-{method}",
            generator=dataclasses.replace(recipe.generator, width=width),
            critic=dataclasses.replace(recipe.critic, width=width),
            generator_optimizer=faster,
            critic_optimizer=faster,
            batch=batch,
            **changes,
        )
    )
