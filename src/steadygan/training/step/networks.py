"""The networks of a recipe, built by its seed, and whether they suit it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadygan.errors import UsageError
from steadygan.networks.building import build_critic, build_generator, spec_name
from steadygan.networks.layers.freezing import freeze_lower
from steadygan.networks.layers.inspect import growing_parts
from steadygan.rng import Stream, stream_generator, torch_seeded

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from steadygan.recipe import Recipe
    from steadygan.types import PlayerName, SampleSpec


def build_networks(recipe: Recipe, sample: SampleSpec) -> dict[PlayerName, nn.Module]:
    """Both networks; their initial weights depend on the seed and the player alone.

    Raises:
        UsageError: if one cannot be built for such samples.
    """
    builders: dict[PlayerName, Callable[[], nn.Module]] = {
        "generator": lambda: build_generator(recipe.generator, sample, recipe.prior.size),
        "critic": lambda: build_critic(recipe.critic, sample),
    }
    networks: dict[PlayerName, nn.Module] = {}
    for index, (name, build) in enumerate(builders.items()):
        with torch_seeded(int(stream_generator(recipe.seed, Stream.WEIGHTS, index).integers(2**32))):
            networks[name] = build()
        if name == "critic":
            freeze_lower(networks[name], recipe.frozen)
        if not any(parameter.requires_grad for parameter in networks[name].parameters()):
            raise UsageError(
                f"the {name} {spec_name(getattr(recipe, name))} has no parameters to train: "
                "are its layers attributes of the module, or in an nn.ModuleList?"
            )
    return networks


def check_growth(recipe: Recipe, generator: nn.Module, critic: nn.Module) -> None:
    """Raises UsageError for a recipe that grows with networks that cannot, or that have another number of levels."""
    growth = recipe.growth
    if growth is None:
        return
    for name, network in (("generator", generator), ("critic", critic)):
        spec, parts = spec_name(getattr(recipe, name)), growing_parts(network)
        if not parts:
            raise UsageError(
                f"the {name} {spec} cannot grow: take ProGANGenerator and ProGANCritic, or leave growth out (null)"
            )
        for part in parts:
            if part.levels != growth.levels:
                raise UsageError(
                    f"growth.batches has batches of {growth.levels - 1} levels below the full size, but the {name} "
                    f"{spec} has {part.levels - 1} for such samples: give it {part.levels - 1}, or name "
                    "the recipe anew, which chooses them by the size"
                )
