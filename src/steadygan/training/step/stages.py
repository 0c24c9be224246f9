"""Stages of networks that grow (Karras et al. 2018): level and fade of a round, in networks, rates and real samples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch

from steadygan.networks.layers.growing import as_grown
from steadygan.networks.layers.inspect import growing_parts
from steadygan.types import Batch, at_each_scale

if TYPE_CHECKING:
    from torch import nn

    from steadygan.recipe import Recipe
    from steadygan.training.step.player import Player


class Stages:
    """The stage of a recipe's networks in this round; before any round they have their full size."""

    def __init__(self, recipe: Recipe, networks: Iterable[nn.Module], device: torch.device) -> None:
        self._growth = recipe.growth
        self._parts = [part for network in networks for part in growing_parts(network)]
        self._fades = False
        self.level = 0 if recipe.growth is None else recipe.growth.levels - 1
        """of the networks; without growth 0"""
        self.fade = torch.zeros((), device=device)
        """share of the level below, 0-d"""

    def set_round(self, recipe: Recipe, round_: int, players: Iterable[Player]) -> None:
        """Brings networks and rates to the stage of a round; with a new stage the optimizers' moments begin anew.

        Args:
            recipe: as it is now: a run that is planned anew has its stages at other rounds
            round_: from 0
            players: whose optimizers follow
        """
        growth = self._growth
        if growth is None:
            return
        stage = recipe.stage(round_)
        self.level, self._fades = stage.level, stage.fades
        self.fade.fill_(stage.fade)
        for part in self._parts:
            part.grow(stage.level, stage.fade)
        begins = round_ > 0 and recipe.stage(round_ - 1).number != stage.number
        for player in players:
            if begins:
                player.optimizer.state.clear()
            for group in player.optimizer.param_groups:
                group["lr"] *= growth.rate_factor(stage.level)  # in place: rates are 0-d tensors

    def shown(self, batch: Batch) -> Batch:
        """A batch of real samples as it is shown to the critic: with the detail of the level."""
        growth = self._growth
        if growth is None:
            return batch
        factor, fade = 1 << (growth.levels - 1 - self.level), self.fade if self._fades else None
        if factor == 1 and fade is None:
            return batch
        return batch._replace(samples=at_each_scale(lambda images: as_grown(images, factor, fade), batch.samples))
