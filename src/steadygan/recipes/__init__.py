"""One method, one function: each returns a recipe whose networks fit the samples it is given.

The command line looks names up in ``RECIPES``; nothing else does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

from steadygan.recipe import Recipe
from steadygan.recipes.conditional import acgan, acgan_wgan_gp
from steadygan.recipes.energy import ebgan, ebgan_pt
from steadygan.recipes.equilibrium import began
from steadygan.recipes.gan import dcgan, dragan, gan, lsgan
from steadygan.recipes.improved import feature_matching, instance_noise, lecam, minibatch_discrimination
from steadygan.recipes.text import text, text_gan
from steadygan.recipes.wasserstein import wgan, wgan_gp, wgan_gp_cifar10, wgan_gp_one_sided
from steadygan.types import SampleSpec, unknown_name

RecipeFunction = Callable[[SampleSpec], Recipe]

RECIPES: dict[str, RecipeFunction] = {
    "gan": gan,
    "dcgan": dcgan,
    "lsgan": lsgan,
    "dragan": dragan,
    "wgan": wgan,
    "wgan-gp": wgan_gp,
    "wgan-gp-one-sided": wgan_gp_one_sided,
    "wgan-gp-cifar10": wgan_gp_cifar10,
    "began": began,
    "ebgan": ebgan,
    "ebgan-pt": ebgan_pt,
    "acgan": acgan,
    "acgan-wgan-gp": acgan_wgan_gp,
    "text": text,
    "text-gan": text_gan,
    "minibatch-discrimination": minibatch_discrimination,
    "feature-matching": feature_matching,
    "instance-noise": instance_noise,
    "lecam": lecam,
}
"""Every recipe by the name it has on the command line."""


def find(name: str) -> RecipeFunction:
    """The recipe function of a name.

    Raises:
        UsageError: with the nearest names, for an unknown one.
    """
    function = RECIPES.get(name) or RECIPES.get(name.replace("_", "-").lower())
    if function is None:
        raise unknown_name("recipe", name, RECIPES)
    return function


def summary(name: str) -> tuple[str, str]:
    """One line on what a recipe is, and its paper."""
    first, _, rest = inspect.cleandoc(find(name).__doc__ or "").partition("\n\n")
    return " ".join(first.split()), " ".join(rest.split())


__all__ = [
    "RECIPES",
    "acgan",
    "acgan_wgan_gp",
    "began",
    "dcgan",
    "dragan",
    "ebgan",
    "ebgan_pt",
    "feature_matching",
    "find",
    "gan",
    "instance_noise",
    "lecam",
    "lsgan",
    "minibatch_discrimination",
    "summary",
    "text",
    "text_gan",
    "wgan",
    "wgan_gp",
    "wgan_gp_cifar10",
    "wgan_gp_one_sided",
]
