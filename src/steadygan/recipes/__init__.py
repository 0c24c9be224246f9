"""Recipes: one function a method, which returns a recipe with networks that fit the given samples.

The command line looks names up in ``RECIPES`` and ``FAMILIES``; nothing else does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial

from steadygan.errors import UsageError, enumerated, nearest
from steadygan.recipe import Recipe
from steadygan.recipes.biggan import biggan, biggan_128, biggan_cifar10
from steadygan.recipes.conditional import acgan, acgan_wgan_gp, projection
from steadygan.recipes.energy import ebgan, ebgan_pt
from steadygan.recipes.equilibrium import began, began_paper
from steadygan.recipes.gan import dcgan, dragan, gan, lsgan
from steadygan.recipes.improved import feature_matching, instance_noise, lecam, minibatch_discrimination
from steadygan.recipes.lsun import METHODS, ROWS, lsun_grid, resnet101
from steadygan.recipes.multiscale import msg_gan
from steadygan.recipes.photos import photos
from steadygan.recipes.pictures import pictures, pictures_by_class
from steadygan.recipes.progan import NAMES as PROGAN_NAMES
from steadygan.recipes.progan import progan, progan_preset
from steadygan.recipes.relativistic import r3gan, r3gan_cifar10
from steadygan.recipes.sgan import SETTINGS as STACKED
from steadygan.recipes.sgan import sgan, sgan_setting
from steadygan.recipes.spectral import SETTINGS, sagan, sngan, sngan_cifar10, sngan_setting
from steadygan.recipes.stylegan2 import (
    NAMES,
    stylegan2,
    stylegan2_ada,
    stylegan2_ada_preset,
    stylegan2_preset,
)
from steadygan.recipes.text import text, text_gan
from steadygan.recipes.wasserstein import wgan, wgan_gp, wgan_gp_cifar10, wgan_gp_one_sided
from steadygan.types import SampleSpec

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
    "began-paper": began_paper,
    "ebgan": ebgan,
    "ebgan-pt": ebgan_pt,
    "acgan": acgan,
    "acgan-wgan-gp": acgan_wgan_gp,
    "msg-gan": msg_gan,
    "text": text,
    "text-gan": text_gan,
    "minibatch-discrimination": minibatch_discrimination,
    "feature-matching": feature_matching,
    "instance-noise": instance_noise,
    "lecam": lecam,
    "resnet101": resnet101,
    "projection": projection,
    "sngan": sngan,
    "sngan-cifar10": sngan_cifar10,
    "sagan": sagan,
    "biggan": biggan,
    "biggan-cifar10": biggan_cifar10,
    "biggan-128": biggan_128,
    "sgan": sgan,
    "r3gan": r3gan,
    "r3gan-cifar10": r3gan_cifar10,
    "photos": photos,
    "pictures": pictures,
    "pictures-by-class": pictures_by_class,
    "stylegan2": stylegan2,
    "stylegan2-ada": stylegan2_ada,
    "progan": progan,
}
"""Every recipe by the name it has on the command line."""

FAMILIES: dict[str, tuple[Callable[..., Recipe], dict[str, RecipeFunction]]] = {
    "sngan-SETTING": (sngan_setting, {f"sngan-{setting}": partial(sngan_setting, setting) for setting in SETTINGS}),
    "sgan-SETTING": (sgan_setting, {f"sgan-{setting}": partial(sgan_setting, setting) for setting in STACKED}),
    "lsun-ROW-METHOD": (
        lsun_grid,
        {f"lsun-{row}-{method}": partial(lsun_grid, row, method) for row in range(len(ROWS)) for method in METHODS},
    ),
    "stylegan2-PRESET": (stylegan2_preset, {f"stylegan2-{name}": partial(stylegan2_preset, name) for name in NAMES}),
    "stylegan2-ada-PRESET": (
        stylegan2_ada_preset,
        {f"stylegan2-ada-{name}": partial(stylegan2_ada_preset, name) for name in NAMES},
    ),
    "progan-PRESET": (progan_preset, {f"progan-{name}": partial(progan_preset, name) for name in PROGAN_NAMES}),
}
"""Families of recipes with choices in their names: the documented function, and each recipe by its name."""


def find(name: str) -> RecipeFunction:
    """The recipe function of a name.

    Raises:
        UsageError: with the nearest names, for an unknown one.
    """
    every = by_name()
    function = every.get(name) or every.get(name.replace("_", "-").lower())
    if function is None:
        raise UsageError(
            f"unknown recipe '{name}'{nearest(name, every)} (known: {enumerated(listed())}; "
            "'steadygan recipes' lists them)"
        )
    return function


def by_name() -> dict[str, RecipeFunction]:
    """Every recipe function by its name, with the members of families."""
    return {**RECIPES, **{name: make for _, members in FAMILIES.values() for name, make in members.items()}}


def listed() -> list[str]:
    """The names of all recipes, a family's under one."""
    return [*RECIPES, *FAMILIES]


def summary(name: str) -> tuple[str, str]:
    """First line of a recipe's or family's docstring, and the paragraph with its paper."""
    function = FAMILIES[name][0] if name in FAMILIES else find(name)
    first, paper, *_ = [*inspect.cleandoc(function.__doc__ or "").split("\n\n"), "", ""]
    return " ".join(first.split()), " ".join(paper.split())


__all__ = [
    "FAMILIES",
    "RECIPES",
    "acgan",
    "acgan_wgan_gp",
    "began",
    "began_paper",
    "biggan",
    "biggan_128",
    "biggan_cifar10",
    "by_name",
    "dcgan",
    "dragan",
    "ebgan",
    "ebgan_pt",
    "feature_matching",
    "find",
    "gan",
    "instance_noise",
    "lecam",
    "listed",
    "lsgan",
    "lsun_grid",
    "minibatch_discrimination",
    "msg_gan",
    "photos",
    "pictures",
    "pictures_by_class",
    "progan",
    "progan_preset",
    "projection",
    "r3gan",
    "r3gan_cifar10",
    "resnet101",
    "sagan",
    "sgan",
    "sgan_setting",
    "sngan",
    "sngan_cifar10",
    "sngan_setting",
    "stylegan2",
    "stylegan2_ada",
    "stylegan2_ada_preset",
    "stylegan2_preset",
    "summary",
    "text",
    "text_gan",
    "wgan",
    "wgan_gp",
    "wgan_gp_cifar10",
    "wgan_gp_one_sided",
]
