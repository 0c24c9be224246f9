"""The benchmark's cases: recipes on samples of a fixed size, at their own widths or at a laptop's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steadygan import recipes
from steadygan.errors import unknown_name
from steadygan.networks import DCGANCritic, DCGANGenerator
from steadygan.recipe import Recipe
from steadygan.schedules import Constant
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.data import Endless, Stored

POINTS = SampleSpec((2,))
IMAGES = SampleSpec((3, 32, 32))
LARGE = SampleSpec((3, 64, 64))
LINES = SampleSpec((96, 32))  # characters of the paper's size


@dataclass(frozen=True)
class Case:
    """A recipe and its data."""

    name: str
    title: str
    """with the sizes, so that figures of different sizes are not confused"""
    sample: SampleSpec
    recipe: Recipe
    data: Stored | Endless | None = None
    """None: random samples, with labels if there are classes"""


@dataclass(frozen=True)
class _Kind:
    """A case before its widths are chosen."""

    title: str
    sample: SampleSpec
    make: Callable[[SampleSpec], Recipe]
    laptop: int | None = None
    """width of both networks on a laptop; None: the recipe's"""
    widths: tuple[int, int] | None = None
    """widths of generator and critic; None: the recipe's"""
    factor: int = 1
    """on a laptop, the generator's width over the critic's"""


_KINDS = {
    "mlp": _Kind("MLP", POINTS, recipes.wgan_gp),
    "mlp-small": _Kind("small MLP", POINTS, recipes.wgan_gp, widths=(128, 128)),
    "dcgan-32": _Kind("DCGAN-32", IMAGES, recipes.wgan_gp, laptop=32),
    "dcgan-64": _Kind("DCGAN-64", LARGE, recipes.wgan_gp, laptop=16),
    "resnet-32": _Kind("ResNet-32", IMAGES, recipes.wgan_gp_cifar10, laptop=32),
    "resnet-32-wide": _Kind("ResNet-32", IMAGES, recipes.wgan_gp_cifar10, laptop=32, widths=(256, 128), factor=2),
    "began-64": _Kind("BEGAN-64", LARGE, recipes.began, laptop=16),
    "msg-64": _Kind("MSG-64", LARGE, recipes.msg_gan, laptop=16),
    "text": _Kind("text", LINES, recipes.text, laptop=64),
}
NAMES = tuple(_KINDS)


def case(name: str, laptop: bool = False) -> Case:
    """The case with this name.

    Args:
        name: one of ``NAMES``
        laptop: True for narrower convolutional networks, which two cores measure in minutes

    Raises:
        UsageError: for an unknown name.
    """
    if name not in _KINDS:
        raise unknown_name("case", name, NAMES)
    kind = _KINDS[name]
    widths = kind.widths
    if laptop and kind.laptop is not None:
        widths = (kind.factor * kind.laptop, kind.laptop)
    recipe = with_widths(kind.make(kind.sample), widths)
    return Case(name, titled(kind.title, recipe), kind.sample, recipe)


def with_widths(recipe: Recipe, widths: tuple[int, int] | None) -> Recipe:
    """The recipe with these widths of generator and critic; None: unchanged."""
    if widths is None:
        return recipe
    specs: list[Any] = [recipe.generator, recipe.critic]
    generator, critic = (dataclasses.replace(spec, width=width) for spec, width in zip(specs, widths, strict=True))
    return dataclasses.replace(recipe, generator=generator, critic=critic)


def titled(name: str, recipe: Recipe) -> str:
    """The name with widths and batches of the recipe."""
    specs: list[Any] = [recipe.generator, recipe.critic]
    widths = " and ".join(str(width) for width in dict.fromkeys(spec.width for spec in specs))
    batches = " and ".join(str(batch) for batch in dict.fromkeys((recipe.batch, recipe.fakes)))
    return f"{name}, width {widths}, batch {batches}"


VARIABLES = ("batch", "pixels", "width", "n_critic")
"""variables of the scaling measurement"""
_BASE = {"batch": 64, "pixels": 32, "width": 64, "n_critic": 5}
_VALUES = {
    "batch": (16, 32, 64, 128, 256),
    "pixels": (16, 32, 64, 128),
    "width": (32, 64, 128, 256),
    "n_critic": (1, 2, 5, 10),
}
_SMALL_BASE = {"batch": 32, "pixels": 32, "width": 16, "n_critic": 5}
_SMALL = {"batch": (16, 32, 64, 128), "pixels": (16, 32, 64), "width": (8, 16, 32, 64), "n_critic": (1, 2, 5, 10)}


def varied(variable: str, laptop: bool = False) -> dict[int, Case]:
    """WGAN-GP on DCGAN networks without norms, by the values of one of ``VARIABLES``, all else fixed."""
    base, values = (_SMALL_BASE, _SMALL) if laptop else (_BASE, _VALUES)
    cases = {}
    for value in values[variable]:
        sizes = {**base, variable: value}
        sample = SampleSpec((3, sizes["pixels"], sizes["pixels"]))
        recipe = dataclasses.replace(
            recipes.wgan_gp(sample),
            generator=DCGANGenerator(sizes["width"]),
            critic=DCGANCritic(sizes["width"]),
            batch=sizes["batch"],
            critic_steps=Constant(sizes["n_critic"]),
        )
        cases[value] = Case("dcgan", titled(f"DCGAN-{sizes['pixels']}", recipe), sample, recipe)
    return cases
