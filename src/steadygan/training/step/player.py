"""A player: a network with its optimizer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from steadygan.optimizers import Adam, lazily_corrected
from steadygan.phases import lazy_correction
from steadygan.rng import Stream, stream_generator, torch_seeded
from steadygan.schedules import LinearDecay
from steadygan.training.step.layout import gains_from_channels_last
from steadygan.types import PLAYERS, PlayerName

if TYPE_CHECKING:
    from torch import nn

    from steadygan.optimizers import OptimizerLike
    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec


@dataclass
class Player:
    """A network with its optimizer."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    spec: OptimizerLike
    correction: float = 1.0
    """factor of ``lazily_corrected`` for the optimizer's settings"""
    parameters: list[nn.Parameter] = field(init=False)
    """trainable ones"""

    def __post_init__(self) -> None:
        self.parameters = [p for p in self.network.parameters() if p.requires_grad]

    def settings(self, round_: int) -> dict[str, Any]:
        """The optimizer's settings in a round."""
        return lazily_corrected(self.spec.settings(round_), self.correction)

    def apply_settings(self, round_: int) -> None:
        """Sets the optimizer to the settings of a round; 0-d tensors are filled in place."""
        for name, value in self.settings(round_).items():
            for group in self.optimizer.param_groups:
                if isinstance(group[name], torch.Tensor):
                    group[name].fill_(value)
                else:
                    group[name] = value


def build_encoder(recipe: Recipe, sample: SampleSpec, device: torch.device) -> Player | None:
    """The recipe's encoder with its optimizer, in eval mode and without gradients; None for recipes without one.

    Raises:
        UsageError: if it cannot be built for such samples.
    """
    spec = recipe.encoder
    if spec is None:
        return None
    with torch_seeded(int(stream_generator(recipe.seed, Stream.WEIGHTS, len(PLAYERS)).integers(2**32))):
        network = spec.build(sample)
    network.to(device).eval()
    if gains_from_channels_last(network):
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = Adam(spec.rate, betas=(0.9, 0.999), lr_factor=LinearDecay(spec.steps))
    player = Player(network, optimizer.build(network.parameters()), optimizer)
    network.requires_grad_(False)
    return player


def build_players(recipe: Recipe, networks: dict[PlayerName, nn.Module]) -> dict[PlayerName, Player]:
    """Both players of a recipe, by name, with new optimizers."""
    specs: dict[PlayerName, OptimizerLike] = {
        "critic": recipe.critic_optimizer,
        "generator": recipe.generator_optimizer,
    }
    return {
        name: Player(
            network=networks[name],
            optimizer=specs[name].build(networks[name].parameters()),
            spec=specs[name],
            correction=lazy_correction(recipe.phases, name),
        )
        for name in PLAYERS
    }
