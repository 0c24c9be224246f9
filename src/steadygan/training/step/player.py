"""A player: a network with its optimizer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from steadygan.optimizers import lazily_corrected
from steadygan.phases import lazy_correction
from steadygan.types import PLAYERS, PlayerName

if TYPE_CHECKING:
    from torch import nn

    from steadygan.optimizers import OptimizerLike
    from steadygan.recipe import Recipe


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
